//! Conferences of the staff, and whoever else is invited.

use super::{ConferenceId, Connection, Moment, PersonId, Result};
use sqlx::FromRow;

/// One conference.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Conference {
    pub id: ConferenceId,
    pub title: String,
    pub agenda: String,
    pub starts_at: Moment,
    pub duration_minutes: i64,
    /// Its online room.
    pub room: String,
    /// Whoever scheduled it, or was asked to lead it.
    pub moderator_id: Option<PersonId>,
    /// Grows with every change, for calendars.
    pub sequence: i64,
    pub cancelled_at: Option<Moment>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, title, agenda, starts_at, duration_minutes, room, moderator_id, sequence, cancelled_at FROM conferences ",
            $rest
        )
    };
}

/// Adds one.
///
/// # Errors
/// The room is another's.
pub async fn insert(db: &mut Connection, conference: &Conference) -> Result<()> {
    let insert = "INSERT INTO conferences (id, title, agenda, starts_at, duration_minutes, room, moderator_id, sequence, cancelled_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sqlx::query(insert)
        .bind(&conference.id)
        .bind(&conference.title)
        .bind(&conference.agenda)
        .bind(conference.starts_at)
        .bind(conference.duration_minutes)
        .bind(&conference.room)
        .bind(&conference.moderator_id)
        .bind(conference.sequence)
        .bind(conference.cancelled_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes everything of one but its room, when its sequence is still the one that was read; it grows by one. False when somebody else was faster.
pub async fn update(db: &mut Connection, conference: &Conference) -> Result<bool> {
    let update = "UPDATE conferences SET title = $2, agenda = $3, starts_at = $4, duration_minutes = $5, moderator_id = $6, \
                  sequence = sequence + 1, cancelled_at = $7 WHERE id = $1 AND sequence = $8";
    let done = sqlx::query(update)
        .bind(&conference.id)
        .bind(&conference.title)
        .bind(&conference.agenda)
        .bind(conference.starts_at)
        .bind(conference.duration_minutes)
        .bind(&conference.moderator_id)
        .bind(conference.cancelled_at)
        .bind(conference.sequence)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// One of them.
pub async fn find(db: &mut Connection, id: &ConferenceId) -> Result<Option<Conference>> {
    Ok(sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await?)
}

/// Those that somebody leads or is invited to and that begin in a span, by time.
pub async fn of(db: &mut Connection, person: &PersonId, from: Moment, to: Moment, limit: i64) -> Result<Vec<Conference>> {
    let query = select!(
        "WHERE (moderator_id = $1 OR id IN (SELECT conference_id FROM invitees WHERE person_id = $1)) \
         AND starts_at >= $2 AND starts_at <= $3 ORDER BY starts_at, id LIMIT $4"
    );
    Ok(sqlx::query_as(query).bind(person).bind(from).bind(to).bind(limit).fetch_all(db).await?)
}

/// All that begin in a span, by time.
pub async fn between(db: &mut Connection, from: Moment, to: Moment, limit: i64) -> Result<Vec<Conference>> {
    let query = select!("WHERE starts_at >= $1 AND starts_at <= $2 ORDER BY starts_at, id LIMIT $3");
    Ok(sqlx::query_as(query).bind(from).bind(to).bind(limit).fetch_all(db).await?)
}

/// Who is invited, by name.
pub async fn invitees(db: &mut Connection, id: &ConferenceId) -> Result<Vec<super::people::Person>> {
    let query = "SELECT id, number, given_name, family_name, born, language, archived_at FROM persons \
                 WHERE id IN (SELECT person_id FROM invitees WHERE conference_id = $1) ORDER BY family_name, given_name, id";
    Ok(sqlx::query_as(query).bind(id).fetch_all(db).await?)
}

/// Whether somebody is invited.
pub async fn is_invited(db: &mut Connection, id: &ConferenceId, person: &PersonId) -> Result<bool> {
    let query = "SELECT count(*) FROM invitees WHERE conference_id = $1 AND person_id = $2";
    let count: i64 = sqlx::query_scalar(query).bind(id).bind(person).fetch_one(db).await?;
    Ok(count > 0)
}

/// From now on these are invited and nobody else.
///
/// # Errors
/// One of them is not there.
pub async fn set_invitees(db: &mut Connection, id: &ConferenceId, people: &[PersonId]) -> Result<()> {
    sqlx::query("DELETE FROM invitees WHERE conference_id = $1").bind(id).execute(&mut *db).await?;
    for person in people {
        let insert = "INSERT INTO invitees (conference_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(insert).bind(id).bind(person).execute(&mut *db).await?;
    }
    Ok(())
}
