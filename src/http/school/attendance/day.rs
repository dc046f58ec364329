//! A teacher's day: the dates, what presence proposes for each, and what is confirmed already.

use super::super::super::App;
use super::super::super::problem::ProblemBody;
use super::super::Answer;
use super::super::input::Asked;
use super::super::signed::Signed;
use super::super::timetable::DateInfo;
use crate::school::agenda::{Agenda, Entry};
use crate::school::attendance::{Lesson, Proposal, propose, window};
use crate::school::permit::{Action, Object, Relations};
use crate::school::timetable::moment;
use crate::store::agenda::{self, Scope};
use crate::store::dates::{self, Attendance, Presence, Status};
use crate::store::{CourseId, Day, Moment, PersonId};
use axum::Json;
use axum::extract::State;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DAY_MILLIS: i64 = 26 * 3_600_000;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, DayDate, ProposalInfo, StudentSeen, StudentNoted, OnlineSpan)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DayAsked {
    day: Day,
    /// Whose day; office and head may ask for anybody's.
    teacher: Option<PersonId>,
}

/// A date of a teacher's day.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct DayDate {
    pub date: DateInfo,
    /// What presence proposes; null while the date has not begun, when it is cancelled, and once it is confirmed.
    pub proposal: Option<ProposalInfo>,
    /// What is noted already.
    pub students: Vec<StudentNoted>,
}

#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ProposalInfo {
    /// Given or given online; null: nothing speaks for one or the other.
    pub status: Option<Status>,
    pub students: Vec<StudentSeen>,
}

#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct StudentSeen {
    pub id: PersonId,
    pub present: bool,
    /// When they were in the online room, by time.
    pub online: Vec<OnlineSpan>,
}

#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct OnlineSpan {
    pub from: Moment,
    pub to: Moment,
}

#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct StudentNoted {
    /// Null: of somebody who was erased.
    pub id: Option<PersonId>,
    pub present: bool,
    pub excused: bool,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
}

impl From<&Attendance> for StudentNoted {
    fn from(noted: &Attendance) -> Self {
        Self { id: noted.student_id.clone(), present: noted.present.0, excused: noted.excused.0, from: noted.from_at, to: noted.to_at }
    }
}

impl From<Proposal> for ProposalInfo {
    fn from(proposal: Proposal) -> Self {
        let students = proposal.students.into_iter().map(|seen| StudentSeen {
            id: seen.id,
            present: seen.present,
            online: seen.online.into_iter().map(|(from, to)| OnlineSpan { from, to }).collect(),
        });
        Self { status: proposal.status, students: students.collect() }
    }
}

/// What is needed to propose for the dates of some courses.
pub struct Seen {
    presence: Vec<Presence>,
    /// By student.
    guardians: BTreeMap<PersonId, Vec<PersonId>>,
}

impl Seen {
    pub async fn load(db: &mut crate::store::Connection, scope: &Scope, from: Moment, to: Moment) -> crate::store::Result<Self> {
        let mut guardians = BTreeMap::<_, Vec<_>>::new();
        for (guardian, student) in agenda::guardians(db, scope).await? {
            guardians.entry(student).or_default().push(guardian);
        }
        Ok(Self { presence: dates::presence_in(db, scope, from, to).await?, guardians })
    }

    /// What presence proposes for a date; nothing for one that is cancelled or has not begun.
    pub fn propose(&self, entry: &Entry<'_>, zone: Tz, now: Moment) -> Option<Proposal> {
        if !entry.at.takes_place() {
            return None;
        }
        let course = &entry.course.course;
        let leaders: Vec<PersonId> = [&course.teacher_id, &entry.at.date.substitute_id].into_iter().flatten().cloned().collect();
        let through = |id: &PersonId| self.guardians.get(id).cloned().unwrap_or_default();
        let students: Vec<(PersonId, Vec<PersonId>)> =
            entry.students.iter().map(|student| (student.student_id.clone(), through(&student.student_id))).collect();
        let (start, end) = entry.at.span(zone);
        let here: Vec<Presence> = self.presence.iter().filter(|stay| stay.course_id == course.id).cloned().collect();
        propose(&Lesson { start, end, online: entry.at.online, leaders: &leaders, students: &students }, &here, now)
    }
}

/// The dates of a teacher's day, with what presence proposes for each.
#[utoipa::path(get, path = "/api/attendance", params(DayAsked), tag = "attendance",
    responses((status = 200, body = Vec<DayDate>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<DayAsked>) -> Answer<Vec<DayDate>> {
    let (zone, now) = (app.school.zone, Moment::now());
    let all = access.may(Action::Read, Object::Date, Relations::NONE);
    let teacher = match asked.teacher {
        Some(teacher) if teacher != *access.id() => {
            access.require(Action::Read, Object::Date, Relations::NONE)?;
            teacher
        }
        _ => access.id().clone(),
    };
    let scope = Scope::Person(teacher.clone());
    let mut db = app.school.store.read().await?;
    let agenda = Agenda::load(&mut db, access.id(), &scope, asked.day, asked.day).await?;
    let start = moment(zone, asked.day, 0);
    let (from, to) = window(start, Moment(start.0 + DAY_MILLIS));
    let seen = Seen::load(&mut db, &scope, from, to).await?;
    let teaches = |entry: &&Entry<'_>| {
        let (course, date) = (&entry.course.course, &entry.at.date);
        course.teacher_id.as_ref() == Some(&teacher) || date.substitute_id.as_ref() == Some(&teacher)
    };
    let allowed = |entry: &&Entry<'_>| all || access.may(Action::Update, Object::Date, entry.relations);
    let entries = agenda.entries();
    let entries: Vec<&Entry<'_>> = entries.iter().filter(teaches).filter(allowed).collect();
    let days = || entries.iter().map(|entry| entry.at.date.day);
    let noted = match days().min().zip(days().max()) {
        Some((first, last)) => by_date(dates::attendance_in(&mut db, &scope, first, last).await?),
        None => BTreeMap::new(),
    };
    drop(db);
    let show = |entry: &&Entry<'_>| {
        let date = &entry.at.date;
        let open = matches!(date.status, Status::Planned | Status::Moved);
        let noted = noted.get(&(date.course_id.clone(), date.day)).map_or(&[][..], Vec::as_slice);
        DayDate {
            date: DateInfo::of(entry, &agenda, &access, zone),
            proposal: if open { seen.propose(entry, zone, now).map(ProposalInfo::from) } else { None },
            students: noted.iter().map(StudentNoted::from).collect(),
        }
    };
    Ok(Json(entries.iter().map(show).collect()))
}

/// Who was there, by course and planned day.
pub fn by_date(rows: Vec<Attendance>) -> BTreeMap<(CourseId, Day), Vec<Attendance>> {
    let mut noted = BTreeMap::<_, Vec<_>>::new();
    rows.into_iter().for_each(|row| noted.entry((row.course_id.clone(), row.day)).or_default().push(row));
    noted
}
