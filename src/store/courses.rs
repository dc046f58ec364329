//! Courses, who is in them, and when the school is closed.

use super::{Connection, CourseId, Day, EnrolmentId, Flag, HolidayId, Moment, PersonId, Result, folded, like};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::ToSchema;

super::words! {
    /// How many are taught together.
    CourseKind { Single = "single", Partner = "partner", Group = "group", Ensemble = "ensemble" }
}

/// A course (Veranstaltung).
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Course {
    pub id: CourseId,
    /// In the administration program.
    pub code: Option<String>,
    pub name: String,
    pub subject: String,
    pub kind: CourseKind,
    pub teacher_id: Option<PersonId>,
    /// 1 is Monday.
    pub weekday: i64,
    /// Minutes since midnight, in the school's time zone.
    pub start_minute: i64,
    pub duration_minutes: i64,
    /// Where it is when it is not online; may be empty.
    pub place: String,
    /// Online unless a date says otherwise.
    pub online: Flag,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    /// Its online room.
    pub room: String,
    pub archived_at: Option<Moment>,
}

/// That somebody is in a course (Belegung).
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Enrolment {
    pub id: EnrolmentId,
    pub course_id: CourseId,
    pub student_id: PersonId,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
}

/// Days on which no course takes place.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize, ToSchema, ts_rs::TS)]
pub struct Holiday {
    pub id: HolidayId,
    pub name: String,
    pub first_day: Day,
    pub last_day: Day,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, code, name, subject, kind, teacher_id, weekday, start_minute, duration_minutes, place, online, valid_from, \
             valid_to, room, archived_at FROM courses ",
            $rest
        )
    };
}

/// Adds one.
///
/// # Errors
/// Code or room is another's.
pub async fn insert(db: &mut Connection, course: &Course) -> Result<()> {
    let insert = "INSERT INTO courses (id, code, name, folded, subject, kind, teacher_id, weekday, start_minute, duration_minutes, place, \
                  online, valid_from, valid_to, room, created_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    sqlx::query(insert)
        .bind(&course.id)
        .bind(&course.code)
        .bind(&course.name)
        .bind(folded(&course.name))
        .bind(&course.subject)
        .bind(course.kind)
        .bind(&course.teacher_id)
        .bind(course.weekday)
        .bind(course.start_minute)
        .bind(course.duration_minutes)
        .bind(&course.place)
        .bind(course.online)
        .bind(course.valid_from)
        .bind(course.valid_to)
        .bind(&course.room)
        .bind(Moment::now())
        .execute(db)
        .await?;
    Ok(())
}

/// Writes everything of one but its room. False when it is not there.
///
/// # Errors
/// The code is another's.
pub async fn update(db: &mut Connection, course: &Course) -> Result<bool> {
    let update = "UPDATE courses SET code = $2, name = $3, folded = $4, subject = $5, kind = $6, teacher_id = $7, weekday = $8, \
                  start_minute = $9, duration_minutes = $10, place = $11, online = $12, valid_from = $13, valid_to = $14, archived_at = $15 \
                  WHERE id = $1";
    let done = sqlx::query(update)
        .bind(&course.id)
        .bind(&course.code)
        .bind(&course.name)
        .bind(folded(&course.name))
        .bind(&course.subject)
        .bind(course.kind)
        .bind(&course.teacher_id)
        .bind(course.weekday)
        .bind(course.start_minute)
        .bind(course.duration_minutes)
        .bind(&course.place)
        .bind(course.online)
        .bind(course.valid_from)
        .bind(course.valid_to)
        .bind(course.archived_at)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a course away, with its enrolments. False when it is not there.
pub async fn delete(db: &mut Connection, id: &CourseId) -> Result<bool> {
    Ok(sqlx::query("DELETE FROM courses WHERE id = $1").bind(id).execute(db).await?.rows_affected() == 1)
}

/// One of them.
pub async fn find(db: &mut Connection, id: &CourseId) -> Result<Option<Course>> {
    Ok(sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await?)
}

/// By the code of the administration program.
pub async fn by_code(db: &mut Connection, code: &str) -> Result<Option<Course>> {
    Ok(sqlx::query_as(select!("WHERE code = $1")).bind(code).fetch_optional(db).await?)
}

/// The course whose online room this is.
pub async fn by_room(db: &mut Connection, room: &str) -> Result<Option<Course>> {
    Ok(sqlx::query_as(select!("WHERE room = $1")).bind(room).fetch_optional(db).await?)
}

/// Of the whole school, by name.
pub async fn list(db: &mut Connection, words: &str, archived: bool, limit: i64, offset: i64) -> Result<Vec<Course>> {
    let query = select!("WHERE folded LIKE $1 ESCAPE '\\' AND ($2 = 1 OR archived_at IS NULL) ORDER BY name, id LIMIT $3 OFFSET $4");
    let query = sqlx::query_as(query).bind(like(words)).bind(i64::from(archived));
    Ok(query.bind(limit).bind(offset).fetch_all(db).await?)
}

/// How many a list would show.
pub async fn count(db: &mut Connection, words: &str, archived: bool) -> Result<i64> {
    let query = "SELECT count(*) FROM courses WHERE folded LIKE $1 ESCAPE '\\' AND ($2 = 1 OR archived_at IS NULL)";
    Ok(sqlx::query_scalar(query).bind(like(words)).bind(i64::from(archived)).fetch_one(db).await?)
}

/// What somebody teaches.
pub async fn taught_by(db: &mut Connection, teacher: &PersonId) -> Result<Vec<Course>> {
    let query = select!("WHERE teacher_id = $1 AND archived_at IS NULL ORDER BY weekday, start_minute, id");
    Ok(sqlx::query_as(query).bind(teacher).fetch_all(db).await?)
}

/// What somebody, or one of somebody's children, is in or was in.
pub async fn attended_by(db: &mut Connection, person: &PersonId) -> Result<Vec<Course>> {
    let query = select!(
        "WHERE archived_at IS NULL AND id IN (SELECT course_id FROM enrolments WHERE student_id = $1 \
         OR student_id IN (SELECT student_id FROM guardians WHERE guardian_id = $1)) ORDER BY weekday, start_minute, id"
    );
    Ok(sqlx::query_as(query).bind(person).fetch_all(db).await?)
}

/// Those in which somebody stands in on some date.
pub async fn substituted_by(db: &mut Connection, person: &PersonId) -> Result<Vec<Course>> {
    let query = select!("WHERE archived_at IS NULL AND id IN (SELECT course_id FROM lesson_dates WHERE substitute_id = $1) ORDER BY id");
    Ok(sqlx::query_as(query).bind(person).fetch_all(db).await?)
}

/// Everybody who is or was in a course.
pub async fn enrolments(db: &mut Connection, course: &CourseId) -> Result<Vec<Enrolment>> {
    let query = "SELECT id, course_id, student_id, valid_from, valid_to FROM enrolments WHERE course_id = $1 ORDER BY valid_from, id";
    Ok(sqlx::query_as(query).bind(course).fetch_all(db).await?)
}

/// All there are of somebody.
pub async fn enrolments_of(db: &mut Connection, student: &PersonId) -> Result<Vec<Enrolment>> {
    let query = "SELECT id, course_id, student_id, valid_from, valid_to FROM enrolments WHERE student_id = $1 ORDER BY valid_from, id";
    Ok(sqlx::query_as(query).bind(student).fetch_all(db).await?)
}

/// Puts somebody into a course, or changes until when.
pub async fn enrol(db: &mut Connection, enrolment: &Enrolment) -> Result<()> {
    let upsert = "INSERT INTO enrolments (id, course_id, student_id, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5) \
                  ON CONFLICT (course_id, student_id, valid_from) DO UPDATE SET valid_to = excluded.valid_to";
    sqlx::query(upsert)
        .bind(&enrolment.id)
        .bind(&enrolment.course_id)
        .bind(&enrolment.student_id)
        .bind(enrolment.valid_from)
        .bind(enrolment.valid_to)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes an enrolment away as if it had never been. False when it is not there.
pub async fn delete_enrolment(db: &mut Connection, course: &CourseId, id: &EnrolmentId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM enrolments WHERE id = $1 AND course_id = $2").bind(id).bind(course).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Whether somebody, or one of somebody's children, is in a course on or after a day.
pub async fn attends(db: &mut Connection, person: &PersonId, course: &CourseId, day: Day) -> Result<bool> {
    let query = "SELECT count(*) FROM enrolments WHERE course_id = $2 AND (valid_to IS NULL OR valid_to >= $3) AND (student_id = $1 \
                 OR student_id IN (SELECT student_id FROM guardians WHERE guardian_id = $1))";
    let count: i64 = sqlx::query_scalar(query).bind(person).bind(course).bind(day).fetch_one(db).await?;
    Ok(count > 0)
}

/// Whether somebody teaches a student, now or before.
pub async fn teaches(db: &mut Connection, teacher: &PersonId, student: &PersonId) -> Result<bool> {
    let query = "SELECT count(*) FROM enrolments e JOIN courses c ON c.id = e.course_id WHERE c.teacher_id = $1 AND e.student_id = $2";
    let count: i64 = sqlx::query_scalar(query).bind(teacher).bind(student).fetch_one(db).await?;
    Ok(count > 0)
}

/// All of them, by time.
pub async fn holidays(db: &mut Connection) -> Result<Vec<Holiday>> {
    Ok(sqlx::query_as("SELECT id, name, first_day, last_day FROM holidays ORDER BY first_day, id").fetch_all(db).await?)
}

/// Adds one, or changes it.
pub async fn put_holiday(db: &mut Connection, holiday: &Holiday) -> Result<()> {
    let upsert = "INSERT INTO holidays (id, name, first_day, last_day) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (id) DO UPDATE SET name = excluded.name, first_day = excluded.first_day, last_day = excluded.last_day";
    sqlx::query(upsert).bind(&holiday.id).bind(&holiday.name).bind(holiday.first_day).bind(holiday.last_day).execute(db).await?;
    Ok(())
}

/// Takes one away. False when it is not there.
pub async fn delete_holiday(db: &mut Connection, id: &HolidayId) -> Result<bool> {
    Ok(sqlx::query("DELETE FROM holidays WHERE id = $1").bind(id).execute(db).await?.rows_affected() == 1)
}

/// Whether somebody is in a course on or after a day themselves, not through a child.
pub async fn is_enrolled(db: &mut Connection, student: &PersonId, course: &CourseId, day: Day) -> Result<bool> {
    let query = "SELECT count(*) FROM enrolments WHERE course_id = $2 AND student_id = $1 AND (valid_to IS NULL OR valid_to >= $3)";
    let count: i64 = sqlx::query_scalar(query).bind(student).bind(course).bind(day).fetch_one(db).await?;
    Ok(count > 0)
}
