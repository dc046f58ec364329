//! Secret addresses of calendars, and what a calendar is made of.

use super::dates::LessonDate;
use super::{ConferenceId, Connection, CourseId, Day, Moment, PersonId, Result};
use sqlx::FromRow;

/// Gives somebody a secret address; the one before holds no more.
pub async fn put(db: &mut Connection, person: &PersonId, secret_hash: &str, now: Moment) -> Result<()> {
    let upsert = "INSERT INTO feeds (person_id, secret_hash, created_at) VALUES ($1, $2, $3) \
                  ON CONFLICT (person_id) DO UPDATE SET secret_hash = excluded.secret_hash, created_at = excluded.created_at";
    sqlx::query(upsert).bind(person).bind(secret_hash).bind(now).execute(db).await?;
    Ok(())
}

/// Since when somebody has one.
pub async fn since(db: &mut Connection, person: &PersonId) -> Result<Option<Moment>> {
    Ok(sqlx::query_scalar("SELECT created_at FROM feeds WHERE person_id = $1").bind(person).fetch_optional(db).await?)
}

/// It holds no more.
pub async fn delete(db: &mut Connection, person: &PersonId) -> Result<()> {
    sqlx::query("DELETE FROM feeds WHERE person_id = $1").bind(person).execute(db).await?;
    Ok(())
}

/// Whose it is, unless that person has left or is shut out.
pub async fn by_secret(db: &mut Connection, secret_hash: &str) -> Result<Option<PersonId>> {
    let query = "SELECT f.person_id FROM feeds f JOIN persons p ON p.id = f.person_id WHERE f.secret_hash = $1 AND p.archived_at IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = f.person_id AND a.disabled_at IS NOT NULL)";
    Ok(sqlx::query_scalar(query).bind(secret_hash).fetch_optional(db).await?)
}

/// That somebody is in a course.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Place {
    pub course_id: CourseId,
    pub student_id: PersonId,
    pub given_name: String,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
}

/// Of a course, everybody in it.
pub async fn places(db: &mut Connection, course: &CourseId) -> Result<Vec<Place>> {
    let query = "SELECT e.course_id, e.student_id, p.given_name, e.valid_from, e.valid_to FROM enrolments e JOIN persons p ON p.id = e.student_id \
                 WHERE e.course_id = $1 ORDER BY p.given_name, e.id";
    Ok(sqlx::query_as(query).bind(course).fetch_all(db).await?)
}

/// Of somebody and somebody's children, all courses.
pub async fn family_places(db: &mut Connection, person: &PersonId) -> Result<Vec<Place>> {
    let query = "SELECT e.course_id, e.student_id, p.given_name, e.valid_from, e.valid_to FROM enrolments e JOIN persons p ON p.id = e.student_id \
                 WHERE e.student_id = $1 OR e.student_id IN (SELECT student_id FROM guardians WHERE guardian_id = $1) ORDER BY e.course_id, e.id";
    Ok(sqlx::query_as(query).bind(person).fetch_all(db).await?)
}

/// The dates that somebody gives for somebody else.
pub async fn substituted(db: &mut Connection, person: &PersonId, from: Day, to: Day) -> Result<Vec<LessonDate>> {
    let query = "SELECT course_id, day, status, category_id, moved_day, moved_minute, substitute_id, online, given_minutes, note, version, \
                 finalised_at, finalised_by FROM lesson_dates WHERE substitute_id = $1 \
                 AND ((day >= $2 AND day <= $3) OR (moved_day >= $2 AND moved_day <= $3)) ORDER BY course_id, day";
    Ok(sqlx::query_as(query).bind(person).bind(from).bind(to).fetch_all(db).await?)
}

/// A conference, as a calendar shows it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Invited {
    pub id: ConferenceId,
    pub title: String,
    pub starts_at: Moment,
    pub duration_minutes: i64,
    pub sequence: i64,
    pub cancelled_at: Option<Moment>,
}

/// Those that somebody is invited to or leads.
pub async fn conferences(db: &mut Connection, person: &PersonId, from: Moment, to: Moment) -> Result<Vec<Invited>> {
    let query = "SELECT id, title, starts_at, duration_minutes, sequence, cancelled_at FROM conferences WHERE starts_at >= $2 AND starts_at <= $3 \
                 AND (moderator_id = $1 OR id IN (SELECT conference_id FROM invitees WHERE person_id = $1)) ORDER BY starts_at, id LIMIT 500";
    Ok(sqlx::query_as(query).bind(person).bind(from).bind(to).fetch_all(db).await?)
}
