//! Who is signed in, on which device.

use super::{Connection, Moment, PersonId, Result, SessionId};
use sqlx::FromRow;

/// One device that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Session {
    pub id: SessionId,
    pub person_id: PersonId,
    /// "Safari, iPad": for its owner to know it by.
    pub device: String,
    pub created_at: Moment,
    pub seen_at: Moment,
    pub expires_at: Moment,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, person_id, device, created_at, seen_at, expires_at FROM sessions ", $rest)
    };
}

/// Begins one; only the digest of its secret is kept.
pub async fn insert(db: &mut Connection, session: &Session, secret_hash: &str) -> Result<()> {
    let insert =
        "INSERT INTO sessions (id, secret_hash, person_id, device, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(insert)
        .bind(&session.id)
        .bind(secret_hash)
        .bind(&session.person_id)
        .bind(&session.device)
        .bind(session.created_at)
        .bind(session.seen_at)
        .bind(session.expires_at)
        .execute(db)
        .await?;
    Ok(())
}

/// The one with this secret, unless it has expired, its account is shut, or its person has left.
pub async fn by_secret(db: &mut Connection, secret_hash: &str, now: Moment) -> Result<Option<Session>> {
    let query = select!(
        "WHERE secret_hash = $1 AND expires_at > $2 \
         AND EXISTS (SELECT 1 FROM persons p WHERE p.id = person_id AND p.archived_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.person_id = sessions.person_id AND a.disabled_at IS NOT NULL)"
    );
    Ok(sqlx::query_as(query).bind(secret_hash).bind(now).fetch_optional(db).await?)
}

/// It was used.
pub async fn touch(db: &mut Connection, id: &SessionId, now: Moment, expires_at: Moment) -> Result<()> {
    let update = "UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE id = $1";
    sqlx::query(update).bind(id).bind(now).bind(expires_at).execute(db).await?;
    Ok(())
}

/// Somebody's, the last used first.
pub async fn of(db: &mut Connection, person: &PersonId, now: Moment) -> Result<Vec<Session>> {
    let query = select!("WHERE person_id = $1 AND expires_at > $2 ORDER BY seen_at DESC, id");
    Ok(sqlx::query_as(query).bind(person).bind(now).fetch_all(db).await?)
}

/// Ends one of somebody's. False when there is none such.
pub async fn delete(db: &mut Connection, person: &PersonId, id: &SessionId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM sessions WHERE id = $1 AND person_id = $2").bind(id).bind(person).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all of somebody's but one.
pub async fn delete_others(db: &mut Connection, person: &PersonId, keep: Option<&SessionId>) -> Result<()> {
    let keep = keep.map_or("", SessionId::as_str);
    sqlx::query("DELETE FROM sessions WHERE person_id = $1 AND id <> $2").bind(person).bind(keep).execute(db).await?;
    Ok(())
}

/// Forgets those that have expired.
pub async fn delete_expired(db: &mut Connection, now: Moment) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(now).execute(db).await?;
    Ok(())
}
