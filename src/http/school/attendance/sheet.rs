//! A month as a sheet, of a course or of a teacher: rows ready to be printed.

use super::super::super::App;
use super::super::super::problem::{Problem, ProblemBody};
use super::super::input::Asked;
use super::super::signed::Signed;
use super::super::timetable::{DateInfo, PersonName};
use super::super::{Answer, not_found};
use super::day::{StudentNoted, by_date};
use crate::school::agenda::{Agenda, Entry};
use crate::school::permit::{Action, Object, Relations};
use crate::store::agenda::Scope;
use crate::store::dates::{self, Status};
use crate::store::{CourseId, Day, PersonId, people};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, MonthSheet, SheetRow, SheetSums)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SheetAsked {
    /// Like 2026-11.
    month: String,
    course: Option<CourseId>,
    teacher: Option<PersonId>,
}

/// A month of a course or of a teacher.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct MonthSheet {
    /// The course's or the teacher's name.
    pub title: String,
    pub first_day: Day,
    pub last_day: Day,
    /// Everybody who was to be there on some date, by name.
    pub students: Vec<PersonName>,
    /// By time.
    pub rows: Vec<SheetRow>,
    pub sums: SheetSums,
}

#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct SheetRow {
    pub date: DateInfo,
    pub students: Vec<StudentNoted>,
}

#[derive(Default, Serialize, ToSchema, ts_rs::TS)]
pub struct SheetSums {
    pub dates: i64,
    pub given: i64,
    pub given_online: i64,
    pub cancelled: i64,
    /// Neither given nor cancelled, as far as was said.
    pub open: i64,
    pub planned_minutes: i64,
    pub given_minutes: i64,
}

/// The month of a course or of a teacher (without either: one's own).
#[utoipa::path(get, path = "/api/attendance/sheet", params(SheetAsked), tag = "attendance",
    responses((status = 200, body = MonthSheet), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<SheetAsked>) -> Answer<MonthSheet> {
    let (first_day, last_day) = month(&asked.month)?;
    let all = access.may(Action::Read, Object::Date, Relations::NONE);
    let teacher = asked.teacher.filter(|_| asked.course.is_none()).unwrap_or_else(|| access.id().clone());
    if teacher != *access.id() {
        access.require(Action::Read, Object::Date, Relations::NONE)?;
    }
    let scope = asked.course.clone().map_or_else(|| Scope::Person(teacher.clone()), Scope::Course);
    let mut db = app.school.store.read().await?;
    let agenda = Agenda::load(&mut db, access.id(), &scope, first_day, last_day).await?;
    let teaches = |entry: &&Entry<'_>| {
        let (course, date) = (&entry.course.course, &entry.at.date);
        asked.course.is_some() || course.teacher_id.as_ref() == Some(&teacher) || date.substitute_id.as_ref() == Some(&teacher)
    };
    let allowed = |entry: &&Entry<'_>| all || access.may(Action::Update, Object::Date, entry.relations);
    let entries = agenda.entries();
    let entries: Vec<&Entry<'_>> = entries.iter().filter(teaches).filter(allowed).collect();
    let title = match &asked.course {
        Some(_) => {
            let row = agenda.courses().first().ok_or_else(not_found)?;
            if entries.is_empty() && !all {
                // A month without dates is still the teacher's to see.
                let relations = agenda.family.to_date(&row.course, None, []);
                access.require(Action::Update, Object::Date, relations)?;
            }
            row.course.name.clone()
        }
        None => people::find(&mut db, &teacher).await?.ok_or_else(not_found)?.name(),
    };
    let days = || entries.iter().map(|entry| entry.at.date.day);
    let mut noted = match days().min().zip(days().max()) {
        Some((first, last)) => by_date(dates::attendance_in(&mut db, &scope, first, last).await?),
        None => BTreeMap::new(),
    };
    drop(db);
    let mut students: Vec<PersonName> = entries.iter().flat_map(|entry| entry.students.iter().copied().map(PersonName::from)).collect();
    students.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    students.dedup();
    let sums = sums(&entries);
    let rows = entries.iter().map(|entry| {
        let noted = noted.remove(&(entry.at.date.course_id.clone(), entry.at.date.day)).unwrap_or_default();
        SheetRow { date: DateInfo::of(entry, &agenda, &access, app.school.zone), students: noted.iter().map(StudentNoted::from).collect() }
    });
    Ok(Json(MonthSheet { title, first_day, last_day, students, rows: rows.collect(), sums }))
}

fn sums(entries: &[&Entry<'_>]) -> SheetSums {
    let mut sums = SheetSums::default();
    for entry in entries {
        sums.dates += 1;
        sums.planned_minutes += entry.at.duration_minutes;
        let (count, given) = match entry.at.date.status {
            Status::Given => (&mut sums.given, true),
            Status::GivenOnline => (&mut sums.given_online, true),
            Status::Cancelled => (&mut sums.cancelled, false),
            Status::Planned | Status::Moved => (&mut sums.open, false),
        };
        *count += 1;
        if given {
            sums.given_minutes += entry.at.date.given_minutes.unwrap_or(entry.at.duration_minutes);
        }
    }
    sums
}

/// Its first and last day.
fn month(text: &str) -> Result<(Day, Day), Problem> {
    let wrong = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", "expected a month like 2026-11").about("month");
    let first: Day = format!("{text}-01").parse().map_err(|_| wrong())?;
    let last: Option<NaiveDate> = first.0.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
    Ok((first, Day(last.ok_or_else(wrong)?)))
}

#[test]
fn a_month_has_a_first_and_a_last_day() {
    let days = |text: &str| month(text).map(|(first, last)| format!("{first} {last}"));
    assert_eq!(days("2028-02"), Ok("2028-02-01 2028-02-29".to_owned()));
    assert_eq!(days("2026-12"), Ok("2026-12-01 2026-12-31".to_owned()));
    assert!(["2026-13", "2026", "2026-1", "", "2026-11-01"].iter().all(|text| days(text).is_err()));
}
