//! Conferences with invitees and agenda.

mod invitations;
#[cfg(test)]
mod tests;

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Asked, Id, Input, line, lines};
use super::signed::Signed;
use super::timetable::PersonName;
use super::{Answer, not_found};
use crate::school::access::Access;
use crate::school::live::LiveEvent;
use crate::school::permit::{Action, Object, Relation, Relations};
use crate::school::room_names;
use crate::store::conferences::{self, Conference};
use crate::store::people::{self, Person};
use crate::store::{ConferenceId, Connection, Moment, PersonId, journal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use invitations::{Word, invite};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const TITLE_MAX: usize = 120;
const AGENDA_MAX: usize = 5000;
/// The whole staff of a large school, and the parents of a class.
const INVITEES_MAX: usize = 300;
const LIST_MAX: i64 = 500;
/// A day: what was planned longer is a mistake.
const MINUTES: std::ops::RangeInclusive<i64> = 5..=1440;
/// The year 2100; a time further away is a mistake, too.
const LATEST: i64 = 4_102_444_800_000;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, schedule)).routes(routes!(show, change, cancel))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, ConferenceInfo, ConferenceDetail, ConferenceForm, ConferenceChange)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct When {
    from: Moment,
    to: Moment,
}

/// A conference in a list.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ConferenceInfo {
    pub id: ConferenceId,
    pub title: String,
    pub starts_at: Moment,
    pub duration_minutes: i64,
    pub cancelled: bool,
    /// Whether whoever asks leads it.
    pub leads: bool,
}

/// A conference with everything.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ConferenceDetail {
    pub conference: ConferenceInfo,
    pub agenda: String,
    pub moderator: Option<PersonName>,
    pub invitees: Vec<PersonName>,
    /// What a change has to bring.
    pub sequence: i64,
    pub may_change: bool,
}

/// A conference as it is scheduled.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ConferenceForm {
    title: String,
    agenda: String,
    starts_at: Moment,
    #[schema(minimum = 5, maximum = 1440)]
    duration_minutes: i64,
    /// Null: whoever schedules it.
    moderator: Option<PersonId>,
    #[schema(max_items = 300)]
    invitees: Vec<PersonId>,
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ConferenceChange {
    /// Of the conference as it was seen.
    sequence: i64,
    conference: ConferenceForm,
}

impl ConferenceInfo {
    pub fn of(conference: &Conference, access: &Access) -> Self {
        let own = conference.moderator_id.as_ref() == Some(access.id());
        Self {
            id: conference.id.clone(),
            title: conference.title.clone(),
            starts_at: conference.starts_at,
            duration_minutes: conference.duration_minutes,
            cancelled: conference.cancelled_at.is_some(),
            leads: access.may(Action::Lead, Object::Conference, Relations::NONE.with(Relation::Own, own)),
        }
    }
}

/// The conferences that begin in a span of time: one's own and those one is invited to; all for office and head.
#[utoipa::path(get, path = "/api/conferences", params(When), tag = "conferences",
    responses((status = 200, body = Vec<ConferenceInfo>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<When>) -> Answer<Vec<ConferenceInfo>> {
    // Everybody who can be invited has some.
    access.require(Action::Read, Object::Conference, Relations::NONE.with(Relation::Invited, true))?;
    let mut db = app.school.store.read().await?;
    let found = if access.may(Action::Read, Object::Conference, Relations::NONE) {
        conferences::between(&mut db, asked.from, asked.to, LIST_MAX).await?
    } else {
        conferences::of(&mut db, access.id(), asked.from, asked.to, LIST_MAX).await?
    };
    Ok(Json(found.iter().map(|conference| ConferenceInfo::of(conference, &access)).collect()))
}

/// One conference.
#[utoipa::path(get, path = "/api/conferences/{id}", params(("id" = ConferenceId, Path)), tag = "conferences",
    responses((status = 200, body = ConferenceDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Id(id): Id<ConferenceId>) -> Answer<ConferenceDetail> {
    let mut db = app.school.store.read().await?;
    let conference = conferences::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let relations = relations(&mut db, &access, &conference).await?;
    access.require(Action::Read, Object::Conference, relations)?;
    Ok(Json(describe(&mut db, &access, &id).await?))
}

/// Schedules a conference; it gets an online room, and whoever is invited a mail.
#[utoipa::path(post, path = "/api/conferences", request_body = ConferenceForm, tag = "conferences",
    responses((status = 201, body = ConferenceDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn schedule(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<ConferenceForm>,
) -> Result<(StatusCode, Json<ConferenceDetail>), Problem> {
    let moderator = form.moderator.clone().unwrap_or_else(|| access.id().clone());
    access.require(Action::Create, Object::Conference, Relations::NONE.with(Relation::Own, moderator == *access.id()))?;
    let mut db = app.school.store.write().await?;
    let id = ConferenceId::new();
    let (mut conference, invitees) = check(&mut db, id.clone(), form, moderator).await?;
    conference.room = room_names::unused(&mut db, &app.records, &conference.title).await?.as_str().to_owned();
    conferences::insert(&mut db, &conference).await?;
    conferences::set_invitees(&mut db, &id, &ids(&invitees)).await?;
    journal::note(&mut db, access.id(), "create", "conference", id.as_str()).await?;
    invite(&mut db, &app, &conference, &invitees, Word::Invited, access.id()).await?;
    let detail = describe(&mut db, &access, &id).await?;
    db.commit().await?;
    app.school.live.publish(&ids(&invitees), &LiveEvent::StartChanged);
    Ok((StatusCode::CREATED, Json(detail)))
}

/// Changes a conference. Whoever is invited is told; whoever no longer is, that it is cancelled for them.
#[utoipa::path(put, path = "/api/conferences/{id}", params(("id" = ConferenceId, Path)), request_body = ConferenceChange, tag = "conferences",
    responses((status = 200, body = ConferenceDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<ConferenceId>,
    Input(form): Input<ConferenceChange>,
) -> Answer<ConferenceDetail> {
    let mut db = app.school.store.write().await?;
    let before = open(&mut db, &access, &id, Action::Update).await?;
    let moderator = form.conference.moderator.clone().or(before.moderator_id.clone()).unwrap_or_else(|| access.id().clone());
    let (mut after, invitees) = check(&mut db, id.clone(), form.conference, moderator).await?;
    (after.room, after.sequence) = (before.room.clone(), form.sequence);
    let invited_before = conferences::invitees(&mut db, &id).await?;
    write(&mut db, &after).await?;
    conferences::set_invitees(&mut db, &id, &ids(&invitees)).await?;
    journal::note(&mut db, access.id(), "update", "conference", id.as_str()).await?;
    after.sequence += 1;
    let was = |person: &&Person| invited_before.iter().any(|before| before.id == person.id);
    let stays = |person: &&Person| invitees.iter().any(|after| after.id == person.id);
    let gone: Vec<Person> = invited_before.iter().filter(|person| !stays(person)).cloned().collect();
    let (old, new): (Vec<Person>, Vec<Person>) = invitees.iter().cloned().partition(|person| was(&person));
    let same_time = (before.starts_at, before.duration_minutes, &before.title) == (after.starts_at, after.duration_minutes, &after.title);
    invite(&mut db, &app, &after, &gone, Word::Cancelled, access.id()).await?;
    invite(&mut db, &app, &after, &new, Word::Invited, access.id()).await?;
    if !same_time {
        invite(&mut db, &app, &after, &old, Word::Changed, access.id()).await?;
    }
    let detail = describe(&mut db, &access, &id).await?;
    db.commit().await?;
    app.school.live.publish(ids(&invitees).iter().chain(&ids(&gone)), &LiveEvent::StartChanged);
    Ok(Json(detail))
}

/// Cancels a conference; whoever is invited is told.
#[utoipa::path(delete, path = "/api/conferences/{id}", params(("id" = ConferenceId, Path)), tag = "conferences",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn cancel(State(app): State<App>, Signed(access): Signed, Id(id): Id<ConferenceId>) -> Result<StatusCode, Problem> {
    let mut db = app.school.store.write().await?;
    let mut conference = open(&mut db, &access, &id, Action::Delete).await?;
    conference.cancelled_at = Some(Moment::now());
    write(&mut db, &conference).await?;
    conference.sequence += 1;
    journal::note(&mut db, access.id(), "delete", "conference", id.as_str()).await?;
    let invitees = conferences::invitees(&mut db, &id).await?;
    invite(&mut db, &app, &conference, &invitees, Word::Cancelled, access.id()).await?;
    db.commit().await?;
    app.school.live.publish(&ids(&invitees), &LiveEvent::StartChanged);
    Ok(StatusCode::NO_CONTENT)
}

/// A conference that whoever asks may do this to, and that is not cancelled.
async fn open(db: &mut Connection, access: &Access, id: &ConferenceId, action: Action) -> Result<Conference, Problem> {
    let conference = conferences::find(db, id).await?.ok_or_else(not_found)?;
    let relations = relations(db, access, &conference).await?;
    access.require(action, Object::Conference, relations)?;
    if conference.cancelled_at.is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, "cancelled", "this conference is cancelled"));
    }
    Ok(conference)
}

async fn write(db: &mut Connection, conference: &Conference) -> Result<(), Problem> {
    if conferences::update(db, conference).await? {
        return Ok(());
    }
    Err(Problem::new(StatusCode::CONFLICT, "changed_meanwhile", "somebody else changed this conference; look at it again"))
}

/// How whoever asks stands to a conference.
async fn relations(db: &mut Connection, access: &Access, conference: &Conference) -> Result<Relations, Problem> {
    let own = conference.moderator_id.as_ref() == Some(access.id());
    let invited = conferences::is_invited(db, &conference.id, access.id()).await?;
    Ok(Relations::NONE.with(Relation::Own, own).with(Relation::Invited, invited))
}

async fn describe(db: &mut Connection, access: &Access, id: &ConferenceId) -> Result<ConferenceDetail, Problem> {
    let conference = conferences::find(db, id).await?.ok_or_else(not_found)?;
    let moderator = match &conference.moderator_id {
        Some(moderator) => people::find(db, moderator).await?,
        None => None,
    };
    let name = |person: Person| PersonName { name: person.name(), id: person.id };
    let relations = relations(db, access, &conference).await?;
    Ok(ConferenceDetail {
        invitees: conferences::invitees(db, id).await?.into_iter().map(name).collect(),
        moderator: moderator.map(name),
        may_change: access.may(Action::Update, Object::Conference, relations) && conference.cancelled_at.is_none(),
        sequence: conference.sequence,
        agenda: conference.agenda.clone(),
        conference: ConferenceInfo::of(&conference, access),
    })
}

fn ids(people: &[Person]) -> Vec<PersonId> {
    people.iter().map(|person| person.id.clone()).collect()
}

async fn check(
    db: &mut Connection,
    id: ConferenceId,
    form: ConferenceForm,
    moderator: PersonId,
) -> Result<(Conference, Vec<Person>), Problem> {
    let wrong = |field: &str, code, detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).about(field);
    if !MINUTES.contains(&form.duration_minutes) {
        return Err(wrong("duration_minutes", "out_of_range", format!("between {} and {}", MINUTES.start(), MINUTES.end())));
    }
    if !(0..=LATEST).contains(&form.starts_at.0) {
        return Err(wrong("starts_at", "out_of_range", "this is not in our century".to_owned()));
    }
    if form.invitees.len() > INVITEES_MAX {
        return Err(wrong("invitees", "too_many", format!("at most {INVITEES_MAX} people")));
    }
    let here = |person: Option<Person>| person.filter(|person| person.archived_at.is_none());
    if here(people::find(db, &moderator).await?).is_none() {
        return Err(wrong("moderator", "no_person", "this person is not here".to_owned()));
    }
    let mut invitees = vec![];
    // Who leads it is there, too.
    for invitee in form.invitees.into_iter().chain([moderator.clone()]).collect::<BTreeSet<_>>() {
        let person = here(people::find(db, &invitee).await?);
        invitees.push(person.ok_or_else(|| wrong("invitees", "no_person", "one of these people is not here".to_owned()))?);
    }
    let conference = Conference {
        id,
        title: line("title", &form.title, TITLE_MAX)?,
        agenda: lines("agenda", &form.agenda, AGENDA_MAX)?,
        starts_at: form.starts_at,
        duration_minutes: form.duration_minutes,
        room: String::new(),
        moderator_id: Some(moderator),
        sequence: 0,
        cancelled_at: None,
    };
    Ok((conference, invitees))
}
