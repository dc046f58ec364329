//! Who of the administration saw or changed what. Written in the transaction of what it is about, and never changed.

use super::{Connection, JournalId, Moment, PersonId, Result};
use sqlx::FromRow;

/// One line. `action` and `object` are words of the program, never of people.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Line {
    pub id: JournalId,
    pub at: Moment,
    pub actor_id: PersonId,
    pub action: String,
    pub object: String,
    pub object_id: String,
}

/// Adds a line.
pub async fn note(db: &mut Connection, actor: &PersonId, action: &'static str, object: &'static str, object_id: &str) -> Result<()> {
    sqlx::query("INSERT INTO journal (id, at, actor_id, action, object, object_id) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(JournalId::new())
        .bind(Moment::now())
        .bind(actor)
        .bind(action)
        .bind(object)
        .bind(object_id)
        .execute(db)
        .await?;
    Ok(())
}

/// The newest lines, before `before`.
pub async fn list(db: &mut Connection, before: Moment, limit: i64) -> Result<Vec<Line>> {
    let query = "SELECT id, at, actor_id, action, object, object_id FROM journal WHERE at < $1 ORDER BY at DESC, id DESC LIMIT $2";
    Ok(sqlx::query_as(query).bind(before).bind(limit).fetch_all(db).await?)
}
