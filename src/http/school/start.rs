//! The start page of each role: what is next, what is new, what is missing.

#[cfg(test)]
mod tests;

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::Answer;
use super::conferences::ConferenceInfo;
use super::signed::Signed;
use super::threads::{Unread, waiting};
use super::timetable::{DateInfo, PersonName};
use crate::school::access::Access;
use crate::school::agenda::{Agenda, Entry};
use crate::school::permit::{Action, Object, Relation, Relations};
use crate::school::relations::Family;
use crate::school::timetable::{local, shifted};
use crate::store::agenda::{self, Scope};
use crate::store::dates::Status;
use crate::store::{Connection, Day, Moment, PersonId, conferences, people};
use axum::Json;
use axum::extract::State;
use chrono_tz::Tz;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What lies further back is the sheet's matter.
const BACK_DAYS: i64 = 14;
/// Over the longest holidays.
const AHEAD_DAYS: i64 = 60;
/// More are not shown, only counted.
const UNCONFIRMED_MAX: usize = 50;
const CONFERENCES_MAX: i64 = 10;
const CONFERENCES_AHEAD: Duration = Duration::from_secs(30 * 24 * 3600);
/// A conference is shown while it may still be going on.
const CONFERENCES_BACK: Duration = Duration::from_secs(24 * 3600);

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(start))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, Start, NextDate, ChildStart, SchoolNumbers)
}

/// What somebody sees first.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Start {
    /// By the server's clock.
    pub now: Moment,
    pub day: Day,
    /// The lesson that is on or comes next, to teach or to have.
    pub next: Option<NextDate>,
    /// By time.
    pub today: Vec<DateInfo>,
    /// What one taught in the last two weeks and has not confirmed, by time; not more than fifty.
    pub unconfirmed: Vec<DateInfo>,
    pub unconfirmed_total: i64,
    /// What waits to be read.
    pub unread: Unread,
    /// Not over yet, by time.
    pub conferences: Vec<ConferenceInfo>,
    pub children: Vec<ChildStart>,
    /// For office and head.
    pub school: Option<SchoolNumbers>,
}

/// A lesson that is on or comes next.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct NextDate {
    pub date: DateInfo,
    /// Until it begins; 0 when it has.
    pub minutes_to_go: i64,
    /// Who of it is in the online room now.
    pub present: Vec<PersonName>,
}

/// The same for each child of a guardian.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ChildStart {
    pub child: PersonName,
    pub given_name: String,
    pub next: Option<NextDate>,
    pub today: Vec<DateInfo>,
}

/// The school in numbers.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct SchoolNumbers {
    pub people: i64,
    pub courses: i64,
    /// Dates of the last two weeks that nobody confirmed.
    pub unconfirmed: i64,
    /// Mails that could not be sent so far; the office's.
    pub mails_with_problem: Option<i64>,
}

/// What is needed to show dates to somebody.
struct View<'a> {
    app: &'a App,
    access: &'a Access,
    agenda: &'a Agenda,
    zone: Tz,
    now: Moment,
    today: Day,
}

/// What is next, what is on today, and what waits to be done.
#[utoipa::path(get, path = "/api/start", tag = "start", responses((status = 200, body = Start), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn start(State(app): State<App>, Signed(access): Signed) -> Answer<Start> {
    let (zone, now) = (app.school.zone, Moment::now());
    let (today, _) = local(zone, now);
    let mut db = app.school.store.read().await?;
    let scope = Scope::Person(access.id().clone());
    let agenda = Agenda::load(&mut db, access.id(), &scope, shifted(today, -BACK_DAYS), shifted(today, AHEAD_DAYS)).await?;
    let children = if agenda.family.children.is_empty() { vec![] } else { people::children(&mut db, access.id()).await? };
    let conferences = upcoming(&mut db, &access, now).await?;
    let unread = waiting(&mut db, &access).await?;
    let school = numbers(&mut db, &access, zone, now).await?;
    drop(db);

    let view = View { app: &app, access: &access, agenda: &agenda, zone, now, today };
    let entries = agenda.entries();
    let mine: Vec<&Entry<'_>> = entries.iter().filter(|entry| access.may(Action::Read, Object::Date, entry.relations)).collect();
    let open: Vec<&Entry<'_>> = mine.iter().copied().filter(|entry| view.taught(entry) && unconfirmed(entry, zone, now)).collect();
    let children = children.into_iter().map(|child| {
        let alone = Family::alone(&child.id);
        let dates: Vec<&Entry<'_>> = mine.iter().copied().filter(|entry| entry.concerns(&alone)).collect();
        let (next, today) = (view.next(&dates), view.today(&dates));
        ChildStart { given_name: child.given_name.clone(), child: PersonName { name: child.name(), id: child.id }, next, today }
    });
    Ok(Json(Start {
        now,
        day: today,
        next: view.next(&mine),
        today: view.today(&mine),
        unconfirmed_total: open.len() as i64,
        unconfirmed: open.into_iter().take(UNCONFIRMED_MAX).map(|entry| view.date(entry)).collect(),
        unread,
        conferences,
        children: children.collect(),
        school,
    }))
}

impl View<'_> {
    fn date(&self, entry: &Entry<'_>) -> DateInfo {
        DateInfo::of(entry, self.agenda, self.access, self.zone)
    }

    fn taught(&self, entry: &Entry<'_>) -> bool {
        self.access.may(Action::Finalise, Object::Date, entry.relations)
    }

    fn today(&self, entries: &[&Entry<'_>]) -> Vec<DateInfo> {
        entries.iter().filter(|entry| entry.at.day == self.today).map(|entry| self.date(entry)).collect()
    }

    fn next(&self, entries: &[&Entry<'_>]) -> Option<NextDate> {
        let next = entries.iter().find(|entry| entry.at.takes_place() && entry.at.span(self.zone).1 > self.now)?;
        let minutes = (next.at.span(self.zone).0.0 - self.now.0).max(0);
        let date = self.date(next);
        // A parent who is there for a child shows nobody's name but the child's: that they are there the room itself shows.
        let inside: Vec<PersonId> = self.app.school.presence.inside(&next.course.course.room);
        let known = date.teacher.iter().chain(&date.substitute).chain(&date.students);
        let present = known.filter(|person| inside.contains(&person.id)).cloned().collect();
        // A minute that has begun is one to go.
        Some(NextDate { minutes_to_go: (minutes + 59_999) / 60_000, present, date })
    }
}

/// Whether a date is over and nobody said what became of it.
fn unconfirmed(entry: &Entry<'_>, zone: Tz, now: Moment) -> bool {
    matches!(entry.at.date.status, Status::Planned | Status::Moved) && entry.at.span(zone).1 <= now
}

/// One's own conferences that are not over yet.
async fn upcoming(db: &mut Connection, access: &Access, now: Moment) -> Result<Vec<ConferenceInfo>, Problem> {
    if !access.may(Action::Read, Object::Conference, Relations::NONE.with(Relation::Invited, true)) {
        return Ok(vec![]);
    }
    let (from, to) = (now.minus(CONFERENCES_BACK), now.plus(CONFERENCES_AHEAD));
    let found = conferences::of(db, access.id(), from, to, CONFERENCES_MAX * 2).await?;
    let lasts = |minutes: i64| Duration::from_secs(minutes.unsigned_abs() * 60);
    let ahead = found.iter().filter(|one| one.cancelled_at.is_none() && one.starts_at.plus(lasts(one.duration_minutes)) > now);
    Ok(ahead.take(CONFERENCES_MAX as usize).map(|one| ConferenceInfo::of(one, access)).collect())
}

/// For those who see the whole school.
async fn numbers(db: &mut Connection, access: &Access, zone: Tz, now: Moment) -> Result<Option<SchoolNumbers>, Problem> {
    if !access.may(Action::Read, Object::Date, Relations::NONE) {
        return Ok(None);
    }
    let counts = agenda::counts(db).await?;
    let (today, _) = local(zone, now);
    let school = Agenda::load(db, access.id(), &Scope::School, shifted(today, -BACK_DAYS), today).await?;
    let open = school.entries().iter().filter(|entry| unconfirmed(entry, zone, now)).count();
    let mails = access.may(Action::Read, Object::Contact, Relations::NONE).then_some(counts.mails_with_problem);
    Ok(Some(SchoolNumbers { people: counts.people, courses: counts.courses, unconfirmed: open as i64, mails_with_problem: mails }))
}
