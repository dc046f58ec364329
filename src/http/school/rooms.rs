//! From the timetable into the room: links made for whoever is signed in, and links for guests.

#[cfg(test)]
mod tests;

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Id, Input, line};
use super::not_found;
use super::signed::Signed;
use crate::links::{JoinClaims, join_url, seconds_now};
use crate::school::access::Access;
use crate::school::permit::{Action, Object, Relation, Relations};
use crate::school::relations;
use crate::school::timetable::local;
use crate::store::{ConferenceId, CourseId, Moment, conferences, courses};
use auftakt_signaling::wire::{Role, RoomKind};
use auftakt_signaling::{DisplayName, RoomName};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A link that is used at once; whoever is in the room may come back for longer.
const ENTER_SECONDS: u64 = 4 * 3600;
/// A guest's link: until the day of the lesson comes, no longer.
const GUEST_HOURS_MAX: u32 = 14 * 24;
/// What a display name holds.
const NAME_CHARS: usize = 64;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(enter_course)).routes(routes!(enter_conference)).routes(routes!(invite_guest))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, Entrance, GuestForm)
}

/// A link into a room.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Entrance {
    pub url: String,
    /// Until when it lets in.
    pub until: Moment,
}

/// Opens the online room of a course: teachers and substitutes lead, students and their guardians take part.
#[utoipa::path(post, path = "/api/courses/{id}/enter", params(("id" = CourseId, Path)), tag = "rooms",
    responses((status = 200, body = Entrance), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn enter_course(State(app): State<App>, Signed(access): Signed, Id(id): Id<CourseId>) -> Result<Json<Entrance>, Problem> {
    let mut db = app.school.store.read().await?;
    let (today, _) = local(app.school.zone, Moment::now());
    let course = courses::find(&mut db, &id).await?.filter(|course| course.archived_at.is_none()).ok_or_else(not_found)?;
    let relations = relations::to_room(&mut db, access.id(), &course, today).await?;
    let role = if access.may(Action::Lead, Object::Room, relations) {
        Role::Teacher
    } else {
        access.require(Action::Join, Object::Room, relations)?;
        let has_lesson = courses::is_enrolled(&mut db, access.id(), &id, today).await?;
        // A parent sits in.
        if has_lesson { Role::Student } else { Role::Guest }
    };
    Ok(Json(entrance(&app, &access, &course.room, RoomKind::Lesson, role)?))
}

/// Opens the online room of a conference: its moderator and the head lead, who is invited takes part.
#[utoipa::path(post, path = "/api/conferences/{id}/enter", params(("id" = ConferenceId, Path)), tag = "rooms",
    responses((status = 200, body = Entrance), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn enter_conference(State(app): State<App>, Signed(access): Signed, Id(id): Id<ConferenceId>) -> Result<Json<Entrance>, Problem> {
    let mut db = app.school.store.read().await?;
    let conference = conferences::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let invited = conferences::is_invited(&mut db, &id, access.id()).await?;
    let own = conference.moderator_id.as_ref() == Some(access.id());
    let relations = Relations::NONE.with(Relation::Own, own).with(Relation::Invited, invited);
    let role = if access.may(Action::Lead, Object::Conference, relations) {
        Role::Moderator
    } else {
        access.require(Action::Join, Object::Conference, relations)?;
        Role::Attendee
    };
    if conference.cancelled_at.is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, "cancelled", "this conference is cancelled"));
    }
    Ok(Json(entrance(&app, &access, &conference.room, RoomKind::Conference, role)?))
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct GuestForm {
    /// What the guest is called unless they say otherwise.
    name: String,
    /// For how long the link lets in.
    #[schema(minimum = 1, maximum = 336)]
    hours: u32,
}

/// Makes a link for somebody without an account; a locked room lets them wait at its door.
#[utoipa::path(post, path = "/api/courses/{id}/guest-link", params(("id" = CourseId, Path)), request_body = GuestForm, tag = "rooms",
    responses((status = 201, body = Entrance), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn invite_guest(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<CourseId>,
    Input(form): Input<GuestForm>,
) -> Result<(StatusCode, Json<Entrance>), Problem> {
    let mut db = app.school.store.read().await?;
    let (today, _) = local(app.school.zone, Moment::now());
    let course = courses::find(&mut db, &id).await?.filter(|course| course.archived_at.is_none()).ok_or_else(not_found)?;
    let relations = relations::to_room(&mut db, access.id(), &course, today).await?;
    access.require(Action::Lead, Object::Room, relations)?;
    let name = DisplayName::parse(&line("name", &form.name, NAME_CHARS)?);
    let name = name.map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty", error.to_string()).about("name"))?;
    if !(1..=GUEST_HOURS_MAX).contains(&form.hours) {
        let detail = format!("between 1 and {GUEST_HOURS_MAX} hours");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", detail).about("hours"));
    }
    let claims = JoinClaims {
        room: course.room,
        kind: RoomKind::Lesson,
        role: Role::Guest,
        name: name.as_str().to_owned(),
        expires: seconds_now() + u64::from(form.hours) * 3600,
        person: None,
    };
    Ok((StatusCode::CREATED, Json(link(&app, claims)?)))
}

fn entrance(app: &App, access: &Access, room: &str, kind: RoomKind, role: Role) -> Result<Entrance, Problem> {
    let claims = JoinClaims {
        room: room.to_owned(),
        kind,
        role,
        name: access.person.name().chars().take(NAME_CHARS).collect(),
        expires: seconds_now() + ENTER_SECONDS,
        person: Some(access.id().as_str().to_owned()),
    };
    link(app, claims)
}

fn link(app: &App, claims: JoinClaims) -> Result<Entrance, Problem> {
    let room = RoomName::parse(&claims.room).map_err(|_| Problem::internal("the room's name is none"))?;
    let until = Moment(i64::try_from(claims.expires.saturating_mul(1000)).unwrap_or(i64::MAX));
    Ok(Entrance { url: join_url(&app.url, &room, &app.key.sign_join(claims)), until })
}
