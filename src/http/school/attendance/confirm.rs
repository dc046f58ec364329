//! Confirming what was, all of a day at once; finalising it; and opening it again.

use super::super::super::App;
use super::super::super::problem::{Problem, ProblemBody};
use super::super::input::{Id, Input, lines};
use super::super::signed::Signed;
use super::super::timetable::{DateInfo, check_category, check_open, put};
use super::super::{Answer, not_found};
use super::day::Seen;
use crate::school::access::Access;
use crate::school::agenda::{Agenda, Entry};
use crate::school::attendance::window;
use crate::school::live::LiveEvent;
use crate::school::notices;
use crate::school::permit::{Action, Object, Relations};
use crate::store::agenda::Scope;
use crate::store::dates::{self, Attendance, LessonDate, Status};
use crate::store::{CategoryId, Connection, CourseId, Day, Flag, Moment, PersonId, journal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// More is no day.
const DATES_MAX: usize = 60;
/// More is no course.
const STUDENTS_MAX: usize = 300;
const NOTE_MAX: usize = 1000;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(confirm)).routes(routes!(finalise)).routes(routes!(reopen))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, Confirmation, ConfirmedDate, ConfirmedStudent, Confirmed, ConfirmedVersion, SeenVersion)
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    dates: Vec<ConfirmedDate>,
}

/// What became of one date.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ConfirmedDate {
    course: CourseId,
    day: Day,
    /// Of the date as it was seen.
    version: i64,
    /// Given, given online or cancelled.
    status: Status,
    /// Of a cancelled date.
    category: Option<CategoryId>,
    /// Null: as long as planned.
    #[schema(minimum = 1, maximum = 720)]
    given_minutes: Option<i64>,
    note: String,
    students: Vec<ConfirmedStudent>,
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ConfirmedStudent {
    id: PersonId,
    present: bool,
    excused: bool,
}

/// What was confirmed.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Confirmed {
    pub dates: Vec<ConfirmedVersion>,
}

#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ConfirmedVersion {
    pub course: CourseId,
    pub day: Day,
    pub version: i64,
}

/// Of the date as it was seen.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SeenVersion {
    version: i64,
}

/// Confirms dates: all of them, or, when anything about one is wrong, none.
#[utoipa::path(post, path = "/api/attendance/confirm", request_body = Confirmation, tag = "attendance",
    responses((status = 200, body = Confirmed), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn confirm(State(app): State<App>, Signed(access): Signed, Input(form): Input<Confirmation>) -> Answer<Confirmed> {
    if form.dates.len() > DATES_MAX {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", format!("at most {DATES_MAX} dates at once")).about("dates"));
    }
    let now = Moment::now();
    let mut db = app.school.store.write().await?;
    let (mut confirmed, mut concerned) = (Vec::with_capacity(form.dates.len()), Vec::with_capacity(form.dates.len()));
    for (index, date) in form.dates.into_iter().enumerate() {
        let (course, day, version) = (date.course.clone(), date.day, date.version);
        // Dropped without a commit, nothing of the others stays either.
        let done = confirm_one(&app, &mut db, &access, date, now).await;
        let people = done.map_err(|problem| problem.within(format!("dates[{index}]")))?;
        concerned.push((people, LiveEvent::DateChanged { course_id: course.clone(), day }));
        confirmed.push(ConfirmedVersion { course, day, version: version + 1 });
    }
    db.commit().await?;
    concerned.iter().for_each(|(people, event)| app.school.live.publish(people, event));
    Ok(Json(Confirmed { dates: confirmed }))
}

async fn confirm_one(
    app: &App,
    db: &mut Connection,
    access: &Access,
    form: ConfirmedDate,
    now: Moment,
) -> Result<BTreeSet<PersonId>, Problem> {
    let zone = app.school.zone;
    let agenda = Agenda::load_date(db, access.id(), &form.course, form.day, None).await?;
    let entry = agenda.entry(form.day).ok_or_else(not_found)?;
    access.require(Action::Update, Object::Date, entry.relations)?;
    check_open(&entry.at.date, form.version)?;
    let (start, end) = entry.at.span(zone);
    let date = checked(&agenda, &entry, &form, start <= now)?;
    put(db, &date).await?;
    dates::clear_attendance(db, &form.course, form.day).await?;
    let concerned = notices::concerned(db, &entry).await?;
    if date.status == Status::Cancelled {
        return Ok(concerned);
    }
    let (from, to) = window(start, end);
    let seen = Seen::load(db, &Scope::Course(form.course.clone()), from, to).await?.propose(&entry, zone, now);
    for student in form.students {
        let seen = seen.as_ref().and_then(|proposal| proposal.students.iter().find(|seen| seen.id == student.id));
        let (from_at, to_at) = seen.filter(|_| student.present).and_then(|seen| seen.span()).unzip();
        let attendance = Attendance {
            course_id: form.course.clone(),
            day: form.day,
            student_id: Some(student.id),
            present: Flag(student.present),
            excused: Flag(student.excused && !student.present),
            from_at,
            to_at,
        };
        dates::put_attendance(db, &attendance).await?;
    }
    Ok(concerned)
}

fn checked(agenda: &Agenda, entry: &Entry<'_>, form: &ConfirmedDate, begun: bool) -> Result<LessonDate, Problem> {
    let wrong = |field: &str, code, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).about(field);
    let mut date = entry.at.date.clone();
    // Who cancels what lies ahead says so on the timetable, where families are told.
    if !begun {
        return Err(wrong("status", "not_begun", "this date has not begun yet"));
    }
    match form.status {
        Status::Given | Status::GivenOnline => (date.status, date.category_id) = (form.status, None),
        Status::Cancelled => {
            let category = form.category.clone().ok_or_else(|| wrong("category", "no_category", "say why it did not take place"))?;
            check_category(agenda, &category, "category")?;
            (date.status, date.category_id) = (Status::Cancelled, Some(category));
        }
        Status::Planned | Status::Moved => return Err(wrong("status", "no_outcome", "given, given online or cancelled")),
    }
    if form.given_minutes.is_some_and(|minutes| !(1..=720).contains(&minutes)) {
        return Err(wrong("given_minutes", "out_of_range", "between 1 and 720"));
    }
    date.given_minutes = form.given_minutes.filter(|_| form.status != Status::Cancelled);
    date.note = lines("note", &form.note, NOTE_MAX)?;
    if form.students.len() > STUDENTS_MAX {
        return Err(wrong("students", "too_many", "more than there are"));
    }
    let stranger = |student: &ConfirmedStudent| !entry.students.iter().any(|enrolled| enrolled.student_id == student.id);
    if form.students.iter().any(stranger) {
        return Err(wrong("students", "not_enrolled", "somebody is not in this course on that day"));
    }
    Ok(date)
}

/// Signs a date: it is closed then.
#[utoipa::path(post, path = "/api/dates/{course}/{day}/finalise", params(("course" = CourseId, Path), ("day" = Day, Path)), request_body = SeenVersion,
    tag = "attendance", responses((status = 200, body = DateInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn finalise(
    State(app): State<App>,
    Signed(access): Signed,
    Id((course, day)): Id<(CourseId, Day)>,
    Input(form): Input<SeenVersion>,
) -> Answer<DateInfo> {
    let mut db = app.school.store.write().await?;
    let agenda = Agenda::load_date(&mut db, access.id(), &course, day, None).await?;
    let entry = agenda.entry(day).ok_or_else(not_found)?;
    access.require(Action::Finalise, Object::Date, entry.relations)?;
    check_open(&entry.at.date, form.version)?;
    let mut date = entry.at.date.clone();
    if !matches!(date.status, Status::Given | Status::GivenOnline | Status::Cancelled) {
        return Err(Problem::new(StatusCode::CONFLICT, "unconfirmed", "say first what became of this date"));
    }
    (date.finalised_at, date.finalised_by) = (Some(Moment::now()), Some(access.person.name()));
    put(&mut db, &date).await?;
    answer(&app, db, &access, &course, day).await
}

/// Opens a date again that was finalised.
#[utoipa::path(post, path = "/api/dates/{course}/{day}/reopen", params(("course" = CourseId, Path), ("day" = Day, Path)), request_body = SeenVersion,
    tag = "attendance", responses((status = 200, body = DateInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn reopen(
    State(app): State<App>,
    Signed(access): Signed,
    Id((course, day)): Id<(CourseId, Day)>,
    Input(form): Input<SeenVersion>,
) -> Answer<DateInfo> {
    access.require(Action::Reopen, Object::Date, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let mut date = dates::find(&mut db, &course, day).await?.ok_or_else(not_found)?;
    if date.finalised_at.is_none() {
        return Err(Problem::new(StatusCode::CONFLICT, "not_finalised", "this date is open"));
    }
    (date.finalised_at, date.finalised_by, date.version) = (None, None, form.version);
    put(&mut db, &date).await?;
    journal::note(&mut db, access.id(), "reopen", "date", &format!("{course}/{day}")).await?;
    answer(&app, db, &access, &course, day).await
}

async fn answer(app: &App, mut db: crate::store::Write, access: &Access, course: &CourseId, day: Day) -> Answer<DateInfo> {
    let agenda = Agenda::load_date(&mut db, access.id(), course, day, None).await?;
    let entry = agenda.entry(day).ok_or_else(not_found)?;
    let info = DateInfo::of(&entry, &agenda, access, app.school.zone);
    let concerned = notices::concerned(&mut db, &entry).await?;
    db.commit().await?;
    app.school.live.publish(&concerned, &LiveEvent::DateChanged { course_id: course.clone(), day });
    Ok(Json(info))
}
