//! Who may sign in, and how: an address with a password, a one-time link, or the account of a town's single sign-on.

use super::{Connection, Moment, PersonId, Result};
use sqlx::FromRow;

/// How somebody signs in.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct Account {
    pub person_id: PersonId,
    /// As it is compared: see [`normalised`].
    pub email: String,
    /// PHC string; `None`: by link alone.
    pub password_hash: Option<String>,
    pub disabled_at: Option<Moment>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

super::words! {
    /// What a one-time link is for.
    LinkPurpose {
        /// Somebody signs in.
        SignIn = "sign_in",
        /// The first operator is set up.
        SetUp = "set_up",
    }
}

/// An address as it is compared: without the blanks and capitals of whoever typed it.
pub fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT person_id, email, password_hash, disabled_at FROM accounts ", $rest)
    };
}

/// By the address, however it was typed.
pub async fn by_email(db: &mut Connection, email: &str) -> Result<Option<Account>> {
    Ok(sqlx::query_as(select!("WHERE email = $1")).bind(normalised(email)).fetch_optional(db).await?)
}

/// Somebody's.
pub async fn of(db: &mut Connection, person: &PersonId) -> Result<Option<Account>> {
    Ok(sqlx::query_as(select!("WHERE person_id = $1")).bind(person).fetch_optional(db).await?)
}

/// By the identity that single sign-on gives.
pub async fn by_subject(db: &mut Connection, subject: &str) -> Result<Option<Account>> {
    Ok(sqlx::query_as(select!("WHERE subject = $1")).bind(subject).fetch_optional(db).await?)
}

/// Remembers the identity that single sign-on gave.
pub async fn set_subject(db: &mut Connection, person: &PersonId, subject: &str) -> Result<()> {
    sqlx::query("UPDATE accounts SET subject = $2 WHERE person_id = $1").bind(person).bind(subject).execute(db).await?;
    Ok(())
}

/// Makes an account, or gives the one there is another address.
///
/// # Errors
/// The address is somebody else's.
pub async fn put(db: &mut Connection, person: &PersonId, email: &str) -> Result<()> {
    let upsert = "INSERT INTO accounts (person_id, email, created_at) VALUES ($1, $2, $3) \
                  ON CONFLICT (person_id) DO UPDATE SET email = excluded.email";
    sqlx::query(upsert).bind(person).bind(normalised(email)).bind(Moment::now()).execute(db).await?;
    Ok(())
}

/// Sets the password's hash, or takes the password away.
pub async fn set_password(db: &mut Connection, person: &PersonId, hash: Option<&str>) -> Result<()> {
    sqlx::query("UPDATE accounts SET password_hash = $2 WHERE person_id = $1").bind(person).bind(hash).execute(db).await?;
    Ok(())
}

/// Shuts somebody out, or lets them in again.
pub async fn set_disabled(db: &mut Connection, person: &PersonId, at: Option<Moment>) -> Result<()> {
    sqlx::query("UPDATE accounts SET disabled_at = $2 WHERE person_id = $1").bind(person).bind(at).execute(db).await?;
    Ok(())
}

/// Ends it: nobody signs in with it any more.
pub async fn delete(db: &mut Connection, person: &PersonId) -> Result<()> {
    sqlx::query("DELETE FROM accounts WHERE person_id = $1").bind(person).execute(db).await?;
    Ok(())
}

/// Notes a one-time link by the digest of its secret.
pub async fn add_link(
    db: &mut Connection,
    secret_hash: &str,
    person: Option<&PersonId>,
    purpose: LinkPurpose,
    until: Moment,
) -> Result<()> {
    sqlx::query("INSERT INTO sign_in_links (secret_hash, person_id, purpose, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(secret_hash)
        .bind(person)
        .bind(purpose)
        .bind(until)
        .execute(db)
        .await?;
    Ok(())
}

/// Uses a link up: whoever comes second finds nothing. `Some(None)` is one that is nobody's yet.
pub async fn take_link(db: &mut Connection, secret_hash: &str, purpose: LinkPurpose, now: Moment) -> Result<Option<Option<PersonId>>> {
    let delete = "DELETE FROM sign_in_links WHERE secret_hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING person_id";
    let taken: Option<(Option<PersonId>,)> = sqlx::query_as(delete).bind(secret_hash).bind(purpose).bind(now).fetch_optional(db).await?;
    Ok(taken.map(|(person,)| person))
}

/// Forgets links of a kind: all, or those that have expired by `before`.
pub async fn forget_links(db: &mut Connection, purpose: LinkPurpose, before: Moment) -> Result<()> {
    sqlx::query("DELETE FROM sign_in_links WHERE purpose = $1 AND expires_at <= $2").bind(purpose).bind(before).execute(db).await?;
    Ok(())
}
