//! The courses themselves: the office's to keep; everybody else sees their own.

use super::super::super::App;
use super::super::super::problem::{Problem, ProblemBody};
use super::super::input::{Asked, Id, Input, line, optional_line};
use super::super::signed::Signed;
use super::super::{Answer, not_found};
use super::enrolments::EnrolmentInfo;
use super::{PersonName, named};
use crate::school::access::Access;
use crate::school::permit::{Action, Object, Relations};
use crate::school::timetable::local;
use crate::school::{relations, room_names};
use crate::store::agenda::{CourseRow, Scope};
use crate::store::courses::{self, Course, CourseKind};
use crate::store::people::{self, PersonRole};
use crate::store::{Connection, CourseId, Day, Flag, Moment, PersonId, agenda, dates, folded, journal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const PAGE: i64 = 100;
const CODE_MAX: usize = 40;
const TEXT_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, update, delete))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, CourseKind, Courses, CourseInfo, CourseDetail, CourseForm, Removed, RemovalOutcome)
}

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// Somewhere in the name.
    words: String,
    /// With those that have ended.
    archived: bool,
    #[param(minimum = 0, maximum = 1_000_000)]
    offset: i64,
}

/// A page of a list.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Courses {
    pub courses: Vec<CourseInfo>,
    /// In the whole list.
    pub total: i64,
}

/// A course (Veranstaltung).
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct CourseInfo {
    pub id: CourseId,
    pub name: String,
    pub subject: String,
    pub kind: CourseKind,
    pub teacher: Option<PersonName>,
    /// 1 is Monday.
    pub weekday: i64,
    /// Minutes since midnight.
    pub start_minute: i64,
    pub duration_minutes: i64,
    pub place: String,
    pub online: bool,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    pub archived: bool,
    /// Of the administration program; the office's alone.
    pub code: Option<String>,
}

/// A course with who is in it.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct CourseDetail {
    pub course: CourseInfo,
    /// Everybody who ever was for the office and the head; for the others who is now or will be.
    pub enrolments: Vec<EnrolmentInfo>,
    /// Whether whoever asks teaches it.
    pub taught: bool,
}

/// A course as the office writes it.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct CourseForm {
    /// Of the administration program; empty: none.
    code: String,
    name: String,
    subject: String,
    kind: CourseKind,
    teacher: Option<PersonId>,
    /// 1 is Monday.
    #[schema(minimum = 1, maximum = 7)]
    weekday: i64,
    #[schema(minimum = 0, maximum = 1439)]
    start_minute: i64,
    #[schema(minimum = 5, maximum = 720)]
    duration_minutes: i64,
    place: String,
    online: bool,
    valid_from: Day,
    valid_to: Option<Day>,
    archived: bool,
}

/// What became of what was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum RemovalOutcome {
    Deleted,
    /// Kept for what was said of it.
    Archived,
}

#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Removed {
    pub outcome: RemovalOutcome,
}

impl CourseInfo {
    pub fn of(row: &CourseRow, to: &Access) -> Self {
        let course = &row.course;
        Self {
            id: course.id.clone(),
            name: course.name.clone(),
            subject: course.subject.clone(),
            kind: course.kind,
            teacher: named(course.teacher_id.as_ref(), row.teacher_name()),
            weekday: course.weekday,
            start_minute: course.start_minute,
            duration_minutes: course.duration_minutes,
            place: course.place.clone(),
            online: course.online.0,
            valid_from: course.valid_from,
            valid_to: course.valid_to,
            archived: course.archived_at.is_some(),
            code: course.code.clone().filter(|_| to.may(Action::Update, Object::Course, Relations::NONE)),
        }
    }
}

/// The school's courses for office and head; one's own, and one's children's, for the others.
#[utoipa::path(get, path = "/api/courses", params(Search), tag = "timetable",
    responses((status = 200, body = Courses), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<Search>) -> Answer<Courses> {
    let mut db = app.school.store.read().await?;
    if access.may(Action::Read, Object::Course, Relations::NONE) {
        let total = courses::count(&mut db, &asked.words, asked.archived).await?;
        let offset = asked.offset.clamp(0, i64::from(u32::MAX));
        let rows = agenda::search_courses(&mut db, &asked.words, asked.archived, PAGE, offset).await?;
        return Ok(Json(Courses { courses: rows.iter().map(|row| CourseInfo::of(row, &access)).collect(), total }));
    }
    let (today, _) = local(app.school.zone, Moment::now());
    let rows = agenda::courses(&mut db, &Scope::Person(access.id().clone())).await?;
    let relations = relations::to_courses(&mut db, access.id(), &rows, today).await?;
    let words = folded(&asked.words);
    let shown = |(row, relations): &(&CourseRow, Relations)| {
        let wanted = asked.archived || row.course.archived_at.is_none();
        wanted && folded(&row.course.name).contains(words.trim()) && access.may(Action::Read, Object::Course, *relations)
    };
    let own: Vec<CourseInfo> = rows.iter().zip(relations).filter(shown).map(|(row, _)| CourseInfo::of(row, &access)).collect();
    Ok(Json(Courses { total: own.len() as i64, courses: own }))
}

/// One course, with who is in it.
#[utoipa::path(get, path = "/api/courses/{id}", params(("id" = CourseId, Path)), tag = "timetable",
    responses((status = 200, body = CourseDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Id(id): Id<CourseId>) -> Answer<CourseDetail> {
    let mut db = app.school.store.read().await?;
    let (today, _) = local(app.school.zone, Moment::now());
    Ok(Json(describe(&mut db, &access, &id, today).await?))
}

/// Adds a course; it gets an online room.
#[utoipa::path(post, path = "/api/courses", request_body = CourseForm, tag = "timetable",
    responses((status = 201, body = CourseDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<CourseForm>,
) -> Result<(StatusCode, Json<CourseDetail>), Problem> {
    access.require(Action::Create, Object::Course, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let id = CourseId::new();
    let mut course = check(id.clone(), form, None)?;
    check_teacher(&mut db, course.teacher_id.as_ref()).await?;
    course.room = room_names::unused(&mut db, &app.records, &course.name).await?.as_str().to_owned();
    courses::insert(&mut db, &course).await?;
    if course.archived_at.is_some() {
        courses::update(&mut db, &course).await?;
    }
    journal::note(&mut db, access.id(), "create", "course", id.as_str()).await?;
    let (today, _) = local(app.school.zone, Moment::now());
    let detail = describe(&mut db, &access, &id, today).await?;
    db.commit().await?;
    Ok((StatusCode::CREATED, Json(detail)))
}

/// Changes a course. What was said of its dates stays.
#[utoipa::path(put, path = "/api/courses/{id}", params(("id" = CourseId, Path)), request_body = CourseForm, tag = "timetable",
    responses((status = 200, body = CourseDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn update(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<CourseId>,
    Input(form): Input<CourseForm>,
) -> Answer<CourseDetail> {
    access.require(Action::Update, Object::Course, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let before = courses::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let mut course = check(id.clone(), form, before.archived_at)?;
    if course.teacher_id != before.teacher_id {
        check_teacher(&mut db, course.teacher_id.as_ref()).await?;
    }
    course.room = before.room;
    courses::update(&mut db, &course).await?;
    journal::note(&mut db, access.id(), "update", "course", id.as_str()).await?;
    let (today, _) = local(app.school.zone, Moment::now());
    let detail = describe(&mut db, &access, &id, today).await?;
    db.commit().await?;
    Ok(Json(detail))
}

/// Deletes a course of which nothing was ever said. Otherwise it ends today and is kept.
#[utoipa::path(delete, path = "/api/courses/{id}", params(("id" = CourseId, Path)), tag = "timetable",
    responses((status = 200, body = Removed), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete(State(app): State<App>, Signed(access): Signed, Id(id): Id<CourseId>) -> Answer<Removed> {
    access.require(Action::Delete, Object::Course, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let mut course = courses::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let outcome = if dates::any_of(&mut db, &id).await? {
        let now = Moment::now();
        let (today, _) = local(app.school.zone, now);
        course.archived_at.get_or_insert(now);
        course.valid_to = Some(course.valid_to.map_or(today, |last| last.min(today)));
        courses::update(&mut db, &course).await?;
        RemovalOutcome::Archived
    } else {
        courses::delete(&mut db, &id).await?;
        RemovalOutcome::Deleted
    };
    journal::note(&mut db, access.id(), "delete", "course", id.as_str()).await?;
    db.commit().await?;
    Ok(Json(Removed { outcome }))
}

async fn describe(db: &mut Connection, access: &Access, id: &CourseId, today: Day) -> Result<CourseDetail, Problem> {
    let scope = Scope::Course(id.clone());
    let row = agenda::courses(db, &scope).await?.into_iter().next().ok_or_else(not_found)?;
    let relations = relations::to_course(db, access.id(), &row.course, today).await?;
    access.require(Action::Read, Object::Course, relations)?;
    let all = access.may(Action::Read, Object::Enrolment, Relations::NONE);
    let enrolments = agenda::enrolments(db, id).await?;
    let shown = enrolments.into_iter().filter(|one| all || one.valid_to.is_none_or(|last| last >= today));
    let taught = access.may(Action::Finalise, Object::Date, relations);
    Ok(CourseDetail { course: CourseInfo::of(&row, access), enrolments: shown.map(EnrolmentInfo::from).collect(), taught })
}

/// Whoever teaches is a teacher who is still here.
pub async fn check_teacher(db: &mut Connection, teacher: Option<&PersonId>) -> Result<(), Problem> {
    let Some(teacher) = teacher else { return Ok(()) };
    let here = people::find(db, teacher).await?.is_some_and(|person| person.archived_at.is_none());
    if here && people::roles(db, teacher).await?.contains(&PersonRole::Teacher) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_teacher", "this person does not teach here").about("teacher"))
}

fn check(id: CourseId, form: CourseForm, archived_at: Option<Moment>) -> Result<Course, Problem> {
    let within = |field: &'static str, value: i64, from: i64, to: i64| match (from..=to).contains(&value) {
        true => Ok(value),
        false => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", format!("between {from} and {to}")).about(field)),
    };
    let code = optional_line("code", &form.code, CODE_MAX)?;
    let duration_minutes = within("duration_minutes", form.duration_minutes, 5, 720)?;
    check_days(form.valid_from, form.valid_to)?;
    Ok(Course {
        id,
        code: Some(code).filter(|code| !code.is_empty()),
        name: line("name", &form.name, TEXT_MAX)?,
        subject: line("subject", &form.subject, TEXT_MAX)?,
        kind: form.kind,
        teacher_id: form.teacher,
        weekday: within("weekday", form.weekday, 1, 7)?,
        // A lesson ends on the day on which it begins.
        start_minute: within("start_minute", form.start_minute, 0, 1440 - duration_minutes)?,
        duration_minutes,
        place: optional_line("place", &form.place, TEXT_MAX)?,
        online: Flag(form.online),
        valid_from: form.valid_from,
        valid_to: form.valid_to,
        room: String::new(),
        archived_at: form.archived.then(|| archived_at.unwrap_or_else(Moment::now)),
    })
}

/// What ends does not end before it begins.
pub fn check_days(valid_from: Day, valid_to: Option<Day>) -> Result<(), Problem> {
    match valid_to {
        Some(last) if last < valid_from => {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "ends_before", "this ends before it begins").about("valid_to"))
        }
        _ => Ok(()),
    }
}
