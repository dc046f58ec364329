//! Calendars at secret addresses, for calendar programs.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::calendar::{self, Event, Method, Pupil, Span, View};
use crate::school::permit::{Action, Object, Relation, may};
use crate::school::secret::{Secret, hash_of};
use crate::school::timetable::{local, moment, shifted};
use crate::store::feeds::{self, Place};
use crate::store::{Connection, Moment, PersonId, StoreError, courses, dates, people};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What a calendar covers, before and after today.
const DAYS_BACK: i64 = 30;
const DAYS_AHEAD: i64 = 200;
/// Calendars made at once: programs ask for them by themselves, and people must not wait for that.
const AT_ONCE: usize = 2;
/// Longer than any of our secrets.
const SECRET_MAX: usize = 100;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, create, revoke)).routes(routes!(read))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, FeedInfo, FeedAddress)
}

/// Whether one's calendar has an address. The address itself is shown once, when it is made.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct FeedInfo {
    /// `None`: it has none.
    pub since: Option<Moment>,
}

/// A calendar's address: whoever has it sees the calendar.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct FeedAddress {
    pub url: String,
}

/// Whether one's calendar has an address.
#[utoipa::path(get, path = "/api/me/calendar", tag = "calendar", responses((status = 200, body = FeedInfo), (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed) -> Answer<FeedInfo> {
    let mut db = app.school.store.read().await?;
    Ok(Json(FeedInfo { since: feeds::since(&mut db, access.id()).await? }))
}

/// Makes an address for one's calendar; one from before holds no more.
#[utoipa::path(post, path = "/api/me/calendar", tag = "calendar",
    responses((status = 201, body = FeedAddress), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(State(app): State<App>, Signed(access): Signed) -> Result<(StatusCode, Json<FeedAddress>), Problem> {
    let secret = Secret::new().ok_or_else(|| Problem::internal("the system has no randomness"))?;
    let mut db = app.school.store.write().await?;
    feeds::put(&mut db, access.id(), &secret.hash(), Moment::now()).await?;
    db.commit().await?;
    Ok((StatusCode::CREATED, Json(FeedAddress { url: format!("{}/calendar/{}.ics", app.url, secret.reveal()) })))
}

/// Takes the address of one's calendar away.
#[utoipa::path(delete, path = "/api/me/calendar", tag = "calendar", responses((status = 204), (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn revoke(State(app): State<App>, Signed(access): Signed) -> Result<StatusCode, Problem> {
    let mut db = app.school.store.write().await?;
    feeds::delete(&mut db, access.id()).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A calendar at its secret address (`….ics`).
#[utoipa::path(get, path = "/calendar/{secret}", params(("secret" = String, Path)), security(()), tag = "calendar",
    responses((status = 200, body = String, content_type = "text/calendar"), (status = 404, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn read(State(app): State<App>, Path(file): Path<String>) -> Result<Response, Problem> {
    let busy = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too much at once; try again in a moment").retry_after(30);
    let secret = file.strip_suffix(".ics").filter(|secret| secret.len() <= SECRET_MAX).ok_or_else(not_found)?;
    let _place = PLACES.try_acquire().map_err(busy)?;
    let mut db = app.school.store.read().await?;
    let person = feeds::by_secret(&mut db, &hash_of(secret)).await?.ok_or_else(not_found)?;
    let events = events(&mut db, &app, &person, Moment::now()).await?;
    let text = calendar::write(Method::Publish, &events, Moment::now());
    let headers = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}

/// Everything of somebody's that their roles let them see.
async fn events(db: &mut Connection, app: &App, person: &PersonId, now: Moment) -> Result<Vec<Event>, StoreError> {
    let zone = app.config.time_zone;
    let today = local(zone, now).0;
    let holidays = courses::holidays(db).await?;
    let span = Span { from: shifted(today, -DAYS_BACK), to: shifted(today, DAYS_AHEAD), zone, holidays: &holidays, url: &app.url };
    let roles = people::roles(db, person).await?;
    let mut events = Vec::new();
    if may(&roles, Action::Read, Object::Date, Relation::Taught.into()) {
        taught(db, person, span, &mut events).await?;
    }
    if may(&roles, Action::Read, Object::Date, Relation::Attended.into()) {
        attended(db, person, span, &mut events).await?;
    }
    if may(&roles, Action::Read, Object::Conference, Relation::Invited.into()) {
        let (from, to) = (moment(zone, span.from, 0), moment(zone, span.to, 0));
        for found in feeds::conferences(db, person, from, to).await? {
            let (id, cancelled) = (found.id.as_str(), found.cancelled_at.is_some());
            events.push(Event::conference(id, found.sequence, &found.title, found.starts_at, found.duration_minutes, cancelled));
        }
    }
    Ok(events)
}

/// What somebody teaches, also for others.
async fn taught(db: &mut Connection, person: &PersonId, span: Span<'_>, events: &mut Vec<Event>) -> Result<(), StoreError> {
    let mut teaching = courses::taught_by(db, person).await?;
    let mut others: BTreeSet<_> =
        feeds::substituted(db, person, span.from, span.to).await?.into_iter().map(|date| date.course_id).collect();
    others.retain(|id| teaching.iter().all(|course| course.id != *id));
    for id in &others {
        teaching.extend(courses::find(db, id).await?);
    }
    for course in &teaching {
        let said = dates::of_course(db, &course.id, span.from, span.to).await?;
        let pupils: Vec<Pupil> = feeds::places(db, &course.id).await?.into_iter().map(pupil).collect();
        events.extend(calendar::lessons(course, &said, View::Teacher { teacher: person, pupils: &pupils }, span));
    }
    Ok(())
}

/// What somebody or somebody's children have lessons in.
async fn attended(db: &mut Connection, person: &PersonId, span: Span<'_>, events: &mut Vec<Event>) -> Result<(), StoreError> {
    let places = feeds::family_places(db, person).await?;
    let several = places.iter().map(|place| &place.student_id).collect::<BTreeSet<_>>().len() > 1;
    let mut teachers = BTreeMap::new();
    for place in places {
        let Some(course) = courses::find(db, &place.course_id).await?.filter(|course| course.archived_at.is_none()) else { continue };
        let said = dates::of_course(db, &course.id, span.from, span.to).await?;
        if let Some(id) = &course.teacher_id
            && !teachers.contains_key(id)
        {
            teachers.insert(id.clone(), people::find(db, id).await?.map(|teacher| teacher.name()).unwrap_or_default());
        }
        let teacher = course.teacher_id.as_ref().and_then(|id| teachers.get(id)).map_or("", String::as_str);
        let view = View::Family { teacher, child: &pupil(place), several };
        events.extend(calendar::lessons(&course, &said, view, span));
    }
    Ok(())
}

fn pupil(place: Place) -> Pupil {
    Pupil { given_name: place.given_name, valid_from: place.valid_from, valid_to: place.valid_to }
}

#[cfg(test)]
mod tests {
    use super::super::world::World;
    use super::*;
    use crate::store::conformance::databases;
    use crate::store::courses::{Course, CourseKind, Enrolment};
    use crate::store::people::PersonRole;
    use crate::store::{CourseId, EnrolmentId, Flag};

    #[tokio::test]
    async fn a_calendar_is_its_owners_until_its_address_is_taken_away() {
        let world = World::open().await;
        let (teacher, student) =
            (world.person("Tara Teacher", &[PersonRole::Teacher]).await, world.person("Sami Student", &[PersonRole::Student]).await);
        let today = local(chrono_tz::Europe::Berlin, Moment::now()).0;
        let course = Course {
            id: CourseId::new(),
            code: None,
            name: "Violine, Stufe 2".into(),
            subject: "Violine".into(),
            kind: CourseKind::Single,
            teacher_id: Some(teacher.id.clone()),
            weekday: 1,
            start_minute: 900,
            duration_minutes: 45,
            place: "Raum 3".into(),
            online: Flag(false),
            valid_from: shifted(today, -100),
            valid_to: None,
            room: "violine".into(),
            archived_at: None,
        };
        let mut db = world.store.write().await.expect("the database");
        courses::insert(&mut db, &course).await.expect("a course");
        let enrolment = Enrolment {
            id: EnrolmentId::new(),
            course_id: course.id.clone(),
            student_id: student.id.clone(),
            valid_from: course.valid_from,
            valid_to: None,
        };
        courses::enrol(&mut db, &enrolment).await.expect("an enrolment");
        db.commit().await.expect("written");

        let make = async || {
            let reply = teacher.post("/api/me/calendar", serde_json::json!({})).await;
            assert_eq!(reply.status, 201, "{reply:?}");
            let url = reply.json["url"].as_str().expect("an address").to_owned();
            url.split_at(url.find("/calendar/").expect("a path")).1.to_owned()
        };
        let (program, first) = (world.stranger(), make().await);
        let reply = program.get(&first).await;
        let text = String::from_utf8(reply.bytes.clone()).expect("text");
        assert_eq!(
            (reply.status, reply.header("content-type"), reply.header("cache-control")),
            (200, "text/calendar; charset=utf-8", "no-store")
        );
        assert!(text.contains("SUMMARY:Violine – Sami\r\n") && text.matches("BEGIN:VEVENT").count() > 30, "{text}");
        assert!(!text.contains("Student"), "first names are enough");
        let second = make().await;
        for gone in [first.as_str(), "/calendar/unknown.ics", second.trim_end_matches(".ics"), "/calendar/%2e%2e.ics"] {
            let reply = program.get(gone).await;
            assert_eq!((reply.status, reply.code()), (404, "not_found"), "{gone}");
        }
        student.post("/api/me/calendar", serde_json::json!({})).await;
        assert!(!student.get("/api/me/calendar").await.json["since"].is_null());
        assert_eq!(teacher.delete("/api/me/calendar").await.status, 204);
        assert_eq!(program.get(&second).await.status, 404);
        assert!(teacher.get("/api/me/calendar").await.json["since"].is_null());
    }

    #[tokio::test]
    async fn both_databases_know_what_a_calendar_is_made_of() {
        for store in &databases().await.all {
            let mut db = store.write().await.expect("the database");
            let (person, day) = (PersonId::new(), shifted(local(chrono_tz::UTC, Moment::now()).0, 0));
            assert_eq!(feeds::by_secret(&mut db, "x").await.expect("nobody"), None);
            assert!(feeds::family_places(&mut db, &person).await.expect("none").is_empty());
            assert!(feeds::places(&mut db, &CourseId::new()).await.expect("none").is_empty());
            assert!(feeds::substituted(&mut db, &person, day, day).await.expect("none").is_empty());
            assert!(feeds::conferences(&mut db, &person, Moment(0), Moment(1)).await.expect("none").is_empty());
        }
    }
}
