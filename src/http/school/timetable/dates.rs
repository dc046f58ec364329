//! Lesson dates as they are shown.

use super::super::super::App;
use super::super::super::problem::{Problem, ProblemBody};
use super::super::Answer;
use super::super::input::Asked;
use super::super::signed::Signed;
use super::{PersonName, named};
use crate::school::access::Access;
use crate::school::agenda::{Agenda, Entry};
use crate::school::permit::{Action, Object, Relations};
use crate::school::relations::Family;
use crate::school::timetable::SPAN_DAYS_MAX;
use crate::store::agenda::Scope;
use crate::store::courses::CourseKind;
use crate::store::dates::Status;
use crate::store::{CategoryId, CourseId, Day, Moment, PersonId};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Of the whole school at once: a month has some seven thousand dates.
const SCHOOL_SPAN_DAYS_MAX: i64 = 31;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, Status, DateInfo)
}

/// A lesson date (Termin), as it is to take place or did.
#[derive(Clone, Serialize, ToSchema, ts_rs::TS)]
pub struct DateInfo {
    pub course: CourseId,
    /// As planned; with the course it names the date, wherever it was moved to.
    pub day: Day,
    /// As planned.
    pub planned_minute: i64,
    pub name: String,
    pub subject: String,
    pub kind: CourseKind,
    pub teacher: Option<PersonName>,
    pub substitute: Option<PersonName>,
    pub students: Vec<PersonName>,
    /// When it takes place: another day or minute than planned when it was moved.
    pub on: Day,
    pub start_minute: i64,
    pub duration_minutes: i64,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub place: String,
    pub online: bool,
    pub status: Status,
    /// Why it does not take place, the note, and how long it was are for those who teach, and for office and head.
    pub category: Option<CategoryId>,
    pub category_name: Option<String>,
    pub note: String,
    pub given_minutes: Option<i64>,
    /// What a change has to bring.
    pub version: i64,
    pub finalised_at: Option<Moment>,
    pub finalised_by: Option<String>,
    /// Whether whoever asks may change it, while it is not finalised.
    pub may_change: bool,
    /// Whether whoever asks teaches it.
    pub taught: bool,
}

impl DateInfo {
    pub fn of(entry: &Entry<'_>, agenda: &Agenda, access: &Access, zone: Tz) -> Self {
        let (course, date) = (&entry.course.course, &entry.at.date);
        let (starts_at, ends_at) = entry.at.span(zone);
        let may_change = access.may(Action::Update, Object::Date, entry.relations);
        // Of a family that was ill the other families of a group need not know.
        let inside = may_change || access.may(Action::Read, Object::Date, Relations::NONE);
        let category = date.category_id.clone().filter(|_| inside);
        Self {
            course: course.id.clone(),
            day: date.day,
            planned_minute: course.start_minute,
            name: course.name.clone(),
            subject: course.subject.clone(),
            kind: course.kind,
            teacher: named(course.teacher_id.as_ref(), entry.course.teacher_name()),
            substitute: named(date.substitute_id.as_ref(), entry.substitute.clone()),
            students: entry.students.iter().copied().map(PersonName::from).collect(),
            on: entry.at.day,
            start_minute: entry.at.start_minute,
            duration_minutes: entry.at.duration_minutes,
            starts_at,
            ends_at,
            place: course.place.clone(),
            online: entry.at.online,
            status: date.status,
            category_name: category.as_ref().and_then(|id| agenda.categories.get(id)).map(|category| category.name.clone()),
            category,
            note: if inside { date.note.clone() } else { String::new() },
            given_minutes: date.given_minutes.filter(|_| inside),
            version: date.version,
            finalised_at: date.finalised_at,
            finalised_by: date.finalised_by.clone().filter(|_| inside),
            may_change,
            taught: access.may(Action::Finalise, Object::Date, entry.relations),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Span {
    from: Day,
    to: Day,
    /// Of this course alone.
    course: Option<CourseId>,
    /// Of what this person teaches, stands in for, or is in, or their children are.
    person: Option<PersonId>,
}

/// The lesson dates of some days, by time: one's own and one's children's; for office and head those of the whole school.
#[utoipa::path(get, path = "/api/dates", params(Span), tag = "timetable",
    responses((status = 200, body = Vec<DateInfo>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<Span>) -> Answer<Vec<DateInfo>> {
    let all = access.may(Action::Read, Object::Date, Relations::NONE);
    let scope = match (&asked.course, &asked.person) {
        (Some(course), _) => Scope::Course(course.clone()),
        (None, Some(person)) if all => Scope::Person(person.clone()),
        (None, None) if all => Scope::School,
        (None, _) => Scope::Person(access.id().clone()),
    };
    let longest = if scope == Scope::School { SCHOOL_SPAN_DAYS_MAX } else { SPAN_DAYS_MAX };
    check_span(asked.from, asked.to, longest)?;
    let mut db = app.school.store.read().await?;
    let agenda = Agenda::load(&mut db, access.id(), &scope, asked.from, asked.to).await?;
    let whose = match &asked.person {
        Some(person) if all || person == access.id() => Some(Family::of(&mut db, person).await?),
        // Whose child somebody is, is not to be found out.
        Some(person) => Some(Family::alone(person)),
        None => None,
    };
    drop(db);
    let shown = |entry: &Entry<'_>| {
        let wanted = whose.as_ref().is_none_or(|family| entry.concerns(family));
        wanted && access.may(Action::Read, Object::Date, entry.relations)
    };
    let entries = agenda.entries();
    Ok(Json(entries.iter().filter(|entry| shown(entry)).map(|entry| DateInfo::of(entry, &agenda, &access, app.school.zone)).collect()))
}

/// Days in their order, and not too many.
fn check_span(from: Day, to: Day, longest: i64) -> Result<(), Problem> {
    let unprocessable = |code, detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).about("to");
    match (to.0 - from.0).num_days() {
        days if days < 0 => Err(unprocessable("ends_before", "this ends before it begins".to_owned())),
        days if days > longest => Err(unprocessable("span_too_long", format!("at most {longest} days at once"))),
        _ => Ok(()),
    }
}
