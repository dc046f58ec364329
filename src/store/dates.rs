//! What was said of lesson dates: moved, cancelled, given; and who was there.

use super::agenda::{Scope, scoped};
use super::{AttendanceId, CategoryId, Connection, CourseId, Day, Flag, Moment, PersonId, PresenceId, Result};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::ToSchema;

super::words! {
    /// What became of a lesson date.
    Status {
        /// Nothing was said yet.
        Planned = "planned",
        /// Erteilt.
        Given = "given",
        /// Erteilt (Online).
        GivenOnline = "given_online",
        /// Ausfall, with a category.
        Cancelled = "cancelled",
        /// Termin verlegt: to another day, another time, or both.
        Moved = "moved",
    }
}

/// One date of a course. A date without a row is as its course plans it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct LessonDate {
    pub course_id: CourseId,
    /// As planned; stays when the date moves.
    pub day: Day,
    pub status: Status,
    pub category_id: Option<CategoryId>,
    pub moved_day: Option<Day>,
    pub moved_minute: Option<i64>,
    pub substitute_id: Option<PersonId>,
    /// `None`: as the course is.
    pub online: Option<Flag>,
    /// `None`: as long as planned.
    pub given_minutes: Option<i64>,
    pub note: String,
    /// Grows with every change; whoever changes says which they saw.
    pub version: i64,
    pub finalised_at: Option<Moment>,
    /// Name, as a signature.
    pub finalised_by: Option<String>,
}

impl LessonDate {
    /// As its course plans it.
    pub fn planned(course_id: CourseId, day: Day) -> Self {
        Self {
            course_id,
            day,
            status: Status::Planned,
            category_id: None,
            moved_day: None,
            moved_minute: None,
            substitute_id: None,
            online: None,
            given_minutes: None,
            note: String::new(),
            version: 0,
            finalised_at: None,
            finalised_by: None,
        }
    }
}

/// That somebody was there on a date, or not.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Attendance {
    pub course_id: CourseId,
    pub day: Day,
    /// `None`: of somebody who was erased.
    pub student_id: Option<PersonId>,
    pub present: Flag,
    pub excused: Flag,
    pub from_at: Option<Moment>,
    pub to_at: Option<Moment>,
}

/// That somebody was in the online room of a course.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Presence {
    pub course_id: CourseId,
    pub person_id: PersonId,
    pub from_at: Moment,
    pub to_at: Moment,
}

/// Why lessons do not take place.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize, ToSchema, ts_rs::TS)]
pub struct Category {
    pub id: CategoryId,
    pub name: String,
    /// The school's side cancelled, not the family's.
    pub by_school: Flag,
    pub position: i64,
    pub archived_at: Option<Moment>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT course_id, day, status, category_id, moved_day, moved_minute, substitute_id, online, given_minutes, note, version, \
             finalised_at, finalised_by FROM lesson_dates ",
            $rest
        )
    };
}

/// One date, if anything was said of it.
pub async fn find(db: &mut Connection, course: &CourseId, day: Day) -> Result<Option<LessonDate>> {
    Ok(sqlx::query_as(select!("WHERE course_id = $1 AND day = $2")).bind(course).bind(day).fetch_optional(db).await?)
}

/// Of a course, planned in these days or moved into them.
pub async fn of_course(db: &mut Connection, course: &CourseId, from: Day, to: Day) -> Result<Vec<LessonDate>> {
    let query = select!("WHERE course_id = $1 AND ((day >= $2 AND day <= $3) OR (moved_day >= $2 AND moved_day <= $3)) ORDER BY day");
    Ok(sqlx::query_as(query).bind(course).bind(from).bind(to).fetch_all(db).await?)
}

/// Of the whole school, planned in these days or moved into them.
pub async fn between(db: &mut Connection, from: Day, to: Day) -> Result<Vec<LessonDate>> {
    let query = select!("WHERE (day >= $1 AND day <= $2) OR (moved_day >= $1 AND moved_day <= $2) ORDER BY day, course_id");
    Ok(sqlx::query_as(query).bind(from).bind(to).fetch_all(db).await?)
}

/// Writes a date that had `date.version` when it was read. False when somebody else was faster: then nothing is written.
pub async fn put(db: &mut Connection, date: &LessonDate) -> Result<bool> {
    let upsert = "INSERT INTO lesson_dates (course_id, day, status, category_id, moved_day, moved_minute, substitute_id, online, given_minutes, \
                  note, version, finalised_at, finalised_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 + 1, $12, $13) \
                  ON CONFLICT (course_id, day) DO UPDATE SET status = excluded.status, category_id = excluded.category_id, \
                  moved_day = excluded.moved_day, moved_minute = excluded.moved_minute, substitute_id = excluded.substitute_id, \
                  online = excluded.online, given_minutes = excluded.given_minutes, note = excluded.note, version = excluded.version, \
                  finalised_at = excluded.finalised_at, finalised_by = excluded.finalised_by WHERE lesson_dates.version = $11";
    let done = sqlx::query(upsert)
        .bind(&date.course_id)
        .bind(date.day)
        .bind(date.status)
        .bind(&date.category_id)
        .bind(date.moved_day)
        .bind(date.moved_minute)
        .bind(&date.substitute_id)
        .bind(date.online)
        .bind(date.given_minutes)
        .bind(&date.note)
        .bind(date.version)
        .bind(date.finalised_at)
        .bind(&date.finalised_by)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether anything was said of any date of a course.
pub async fn any_of(db: &mut Connection, course: &CourseId) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM lesson_dates WHERE course_id = $1").bind(course).fetch_one(db).await?;
    Ok(count > 0)
}

/// Whether somebody stands in for the teacher of a course on a date in these days.
pub async fn substitutes(db: &mut Connection, person: &PersonId, course: &CourseId, from: Day, to: Day) -> Result<bool> {
    let query = "SELECT count(*) FROM lesson_dates WHERE course_id = $1 AND substitute_id = $2 \
                 AND ((day >= $3 AND day <= $4) OR (moved_day >= $3 AND moved_day <= $4))";
    let count: i64 = sqlx::query_scalar(query).bind(course).bind(person).bind(from).bind(to).fetch_one(db).await?;
    Ok(count > 0)
}

/// Forgets who was there on a date: it did not take place after all.
pub async fn clear_attendance(db: &mut Connection, course: &CourseId, day: Day) -> Result<()> {
    sqlx::query("DELETE FROM attendance WHERE course_id = $1 AND day = $2").bind(course).bind(day).execute(db).await?;
    Ok(())
}

/// Who was there on a date.
pub async fn attendance(db: &mut Connection, course: &CourseId, day: Day) -> Result<Vec<Attendance>> {
    let query =
        "SELECT course_id, day, student_id, present, excused, from_at, to_at FROM attendance WHERE course_id = $1 AND day = $2 ORDER BY id";
    Ok(sqlx::query_as(query).bind(course).bind(day).fetch_all(db).await?)
}

/// Who was there in these days, in a course or (`None`) in all.
pub async fn attendance_between(db: &mut Connection, course: Option<&CourseId>, from: Day, to: Day) -> Result<Vec<Attendance>> {
    let query = "SELECT course_id, day, student_id, present, excused, from_at, to_at FROM attendance \
                 WHERE day >= $1 AND day <= $2 AND ($3 = '' OR course_id = $3) ORDER BY day, course_id, id";
    let course = course.map_or("", CourseId::as_str);
    Ok(sqlx::query_as(query).bind(from).bind(to).bind(course).fetch_all(db).await?)
}

/// Notes whether somebody was there.
pub async fn put_attendance(db: &mut Connection, attendance: &Attendance) -> Result<()> {
    let upsert = "INSERT INTO attendance (id, course_id, day, student_id, present, excused, from_at, to_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                  ON CONFLICT (course_id, day, student_id) DO UPDATE SET present = excluded.present, excused = excluded.excused, \
                  from_at = excluded.from_at, to_at = excluded.to_at";
    sqlx::query(upsert)
        .bind(AttendanceId::new())
        .bind(&attendance.course_id)
        .bind(attendance.day)
        .bind(&attendance.student_id)
        .bind(attendance.present)
        .bind(attendance.excused)
        .bind(attendance.from_at)
        .bind(attendance.to_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that somebody was in a course's room.
pub async fn add_presence(db: &mut Connection, presence: &Presence) -> Result<()> {
    sqlx::query("INSERT INTO presence (id, course_id, person_id, from_at, to_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(PresenceId::new())
        .bind(&presence.course_id)
        .bind(&presence.person_id)
        .bind(presence.from_at)
        .bind(presence.to_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that somebody has been in the room of a course until `to`; the same stay again is longer. Nothing when the room is no course's,
/// or the person is not there any more.
pub async fn extend_presence(db: &mut Connection, id: &PresenceId, room: &str, person: &PersonId, from: Moment, to: Moment) -> Result<()> {
    let upsert = "INSERT INTO presence (id, course_id, person_id, from_at, to_at) \
                  SELECT $1, c.id, p.id, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM courses c, persons p WHERE c.room = $4 AND p.id = $5 \
                  ON CONFLICT (id) DO UPDATE SET to_at = excluded.to_at";
    sqlx::query(upsert).bind(id).bind(from).bind(to).bind(room).bind(person).execute(db).await?;
    Ok(())
}

/// Who was in a course's room between two instants.
pub async fn presence(db: &mut Connection, course: &CourseId, from: Moment, to: Moment) -> Result<Vec<Presence>> {
    let query = "SELECT course_id, person_id, from_at, to_at FROM presence WHERE course_id = $1 AND from_at < $3 AND to_at > $2 ORDER BY from_at, id";
    Ok(sqlx::query_as(query).bind(course).bind(from).bind(to).fetch_all(db).await?)
}

/// Who was in the rooms of the courses in scope between two instants.
pub async fn presence_in(db: &mut Connection, scope: &Scope, from: Moment, to: Moment) -> Result<Vec<Presence>> {
    let query = scoped!(
        scope,
        "SELECT course_id, person_id, from_at, to_at FROM presence WHERE",
        "course_id",
        "AND from_at < $3 AND to_at > $2 ORDER BY from_at, id"
    );
    Ok(query.bind(from).bind(to).fetch_all(db).await?)
}

/// Who was there on dates of the courses in scope that are planned in these days.
pub async fn attendance_in(db: &mut Connection, scope: &Scope, from: Day, to: Day) -> Result<Vec<Attendance>> {
    let query = scoped!(
        scope,
        "SELECT course_id, day, student_id, present, excused, from_at, to_at FROM attendance WHERE",
        "course_id",
        "AND day >= $2 AND day <= $3 ORDER BY day, course_id, id"
    );
    Ok(query.bind(from).bind(to).fetch_all(db).await?)
}

/// All categories, in the office's order.
pub async fn categories(db: &mut Connection) -> Result<Vec<Category>> {
    Ok(sqlx::query_as("SELECT id, name, by_school, position, archived_at FROM categories ORDER BY position, name").fetch_all(db).await?)
}

/// Adds one, or changes it.
///
/// # Errors
/// The name is another's.
pub async fn put_category(db: &mut Connection, category: &Category) -> Result<()> {
    let upsert = "INSERT INTO categories (id, name, by_school, position, archived_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE \
                  SET name = excluded.name, by_school = excluded.by_school, position = excluded.position, archived_at = excluded.archived_at";
    sqlx::query(upsert)
        .bind(&category.id)
        .bind(&category.name)
        .bind(category.by_school)
        .bind(category.position)
        .bind(category.archived_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes one away. False when it is not there.
///
/// # Errors
/// [`super::StoreError::Missing`] when a date has it.
pub async fn delete_category(db: &mut Connection, id: &CategoryId) -> Result<bool> {
    Ok(sqlx::query("DELETE FROM categories WHERE id = $1").bind(id).execute(db).await?.rows_affected() == 1)
}

/// Whether a date has this category.
pub async fn uses_category(db: &mut Connection, id: &CategoryId) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM lesson_dates WHERE category_id = $1").bind(id).fetch_one(db).await?;
    Ok(count > 0)
}
