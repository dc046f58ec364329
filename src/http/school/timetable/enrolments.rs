//! Who is in which course, from when to when: the office's to keep.

use super::super::super::App;
use super::super::super::problem::{Problem, ProblemBody};
use super::super::input::{Id, Input};
use super::super::not_found;
use super::super::signed::Signed;
use super::PersonName;
use super::courses::check_days;
use crate::school::permit::{Action, Object, Relations};
use crate::store::agenda::EnrolmentRow;
use crate::store::courses::{self, Enrolment};
use crate::store::people::{self, PersonRole};
use crate::store::{CourseId, Day, EnrolmentId, PersonId, journal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(enrol)).routes(routes!(change, delete))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, EnrolmentInfo, EnrolmentForm, EnrolmentEnd)
}

/// That somebody is in a course (Belegung).
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct EnrolmentInfo {
    pub id: EnrolmentId,
    pub student: PersonName,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
}

impl From<EnrolmentRow> for EnrolmentInfo {
    fn from(row: EnrolmentRow) -> Self {
        let student = PersonName { name: row.name(), id: row.student_id };
        Self { id: row.id, student, valid_from: row.valid_from, valid_to: row.valid_to }
    }
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentForm {
    student: PersonId,
    valid_from: Day,
    valid_to: Option<Day>,
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentEnd {
    /// The last day; null: no end is known.
    valid_to: Option<Day>,
}

/// Puts somebody into a course.
#[utoipa::path(post, path = "/api/courses/{id}/enrolments", params(("id" = CourseId, Path)), request_body = EnrolmentForm, tag = "timetable",
    responses((status = 201, body = EnrolmentInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn enrol(
    State(app): State<App>,
    Signed(access): Signed,
    Id(course): Id<CourseId>,
    Input(form): Input<EnrolmentForm>,
) -> Result<(StatusCode, Json<EnrolmentInfo>), Problem> {
    access.require(Action::Create, Object::Enrolment, Relations::NONE)?;
    check_days(form.valid_from, form.valid_to)?;
    let mut db = app.school.store.write().await?;
    courses::find(&mut db, &course).await?.ok_or_else(not_found)?;
    let student = people::find(&mut db, &form.student).await?.filter(|person| person.archived_at.is_none());
    let is_student = people::roles(&mut db, &form.student).await?.contains(&PersonRole::Student);
    let Some(student) = student.filter(|_| is_student) else {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_student", "this person is no student here").about("student"));
    };
    // Twice at the same time would count twice.
    let there = courses::enrolments(&mut db, &course).await?;
    let overlaps = |one: &Enrolment| {
        one.student_id == student.id
            && one.valid_to.is_none_or(|last| last >= form.valid_from)
            && form.valid_to.is_none_or(|last| last >= one.valid_from)
    };
    if there.iter().any(overlaps) {
        let detail = "this person is in the course already at that time";
        return Err(Problem::new(StatusCode::CONFLICT, "enrolled_already", detail).about("valid_from"));
    }
    let id = EnrolmentId::new();
    let enrolment = Enrolment {
        id: id.clone(),
        course_id: course,
        student_id: student.id.clone(),
        valid_from: form.valid_from,
        valid_to: form.valid_to,
    };
    courses::enrol(&mut db, &enrolment).await?;
    journal::note(&mut db, access.id(), "create", "enrolment", id.as_str()).await?;
    db.commit().await?;
    let student = PersonName { name: student.name(), id: student.id };
    Ok((StatusCode::CREATED, Json(EnrolmentInfo { id, student, valid_from: form.valid_from, valid_to: form.valid_to })))
}

/// Says until when somebody is in a course.
#[utoipa::path(put, path = "/api/courses/{id}/enrolments/{enrolment}", params(("id" = CourseId, Path), ("enrolment" = EnrolmentId, Path)),
    request_body = EnrolmentEnd, tag = "timetable", responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    Signed(access): Signed,
    Id((course, id)): Id<(CourseId, EnrolmentId)>,
    Input(form): Input<EnrolmentEnd>,
) -> Result<StatusCode, Problem> {
    access.require(Action::Update, Object::Enrolment, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let there = courses::enrolments(&mut db, &course).await?.into_iter().find(|one| one.id == id).ok_or_else(not_found)?;
    check_days(there.valid_from, form.valid_to)?;
    courses::enrol(&mut db, &Enrolment { valid_to: form.valid_to, ..there }).await?;
    journal::note(&mut db, access.id(), "update", "enrolment", id.as_str()).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an enrolment away as if it had never been: for mistakes. Who leaves gets an end instead.
#[utoipa::path(delete, path = "/api/courses/{id}/enrolments/{enrolment}", params(("id" = CourseId, Path), ("enrolment" = EnrolmentId, Path)),
    tag = "timetable", responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete(
    State(app): State<App>,
    Signed(access): Signed,
    Id((course, id)): Id<(CourseId, EnrolmentId)>,
) -> Result<StatusCode, Problem> {
    access.require(Action::Delete, Object::Enrolment, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    if !courses::delete_enrolment(&mut db, &course, &id).await? {
        return Err(not_found());
    }
    journal::note(&mut db, access.id(), "delete", "enrolment", id.as_str()).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
