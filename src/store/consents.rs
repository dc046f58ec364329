//! What guardians allowed for their children. Nothing is overwritten: what was said last counts, what was said before stays known.

use super::{Connection, ConsentId, Flag, Moment, PersonId, Result};
use sqlx::FromRow;
use std::collections::BTreeMap;

super::words! {
    /// What is allowed, or not.
    ConsentKind {
        /// That the child is seen in the online room.
        Camera = "camera",
        /// That the child is recorded.
        Recording = "recording",
    }
}

/// What was said once.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Consent {
    pub id: ConsentId,
    pub student_id: PersonId,
    pub kind: ConsentKind,
    pub given: Flag,
    /// Who said it, or wrote down what was said on paper.
    pub by_person: Option<PersonId>,
    pub said_at: Moment,
}

/// Adds what was said.
pub async fn add(db: &mut Connection, consent: &Consent) -> Result<()> {
    let insert = "INSERT INTO consents (id, student_id, kind, given, by_person, said_at) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(insert)
        .bind(&consent.id)
        .bind(&consent.student_id)
        .bind(consent.kind)
        .bind(consent.given)
        .bind(&consent.by_person)
        .bind(consent.said_at)
        .execute(db)
        .await?;
    Ok(())
}

/// All that was said about a student, the newest first.
pub async fn of(db: &mut Connection, student: &PersonId, limit: i64) -> Result<Vec<Consent>> {
    let query = "SELECT id, student_id, kind, given, by_person, said_at FROM consents WHERE student_id = $1 ORDER BY said_at DESC, id DESC LIMIT $2";
    Ok(sqlx::query_as(query).bind(student).bind(limit).fetch_all(db).await?)
}

/// What holds now; a kind that nobody said anything about is not in it.
pub async fn current(db: &mut Connection, student: &PersonId) -> Result<BTreeMap<ConsentKind, bool>> {
    let query = "SELECT kind, given FROM consents WHERE student_id = $1 ORDER BY said_at, id";
    let said: Vec<(ConsentKind, Flag)> = sqlx::query_as(query).bind(student).fetch_all(db).await?;
    Ok(said.into_iter().map(|(kind, given)| (kind, given.0)).collect())
}
