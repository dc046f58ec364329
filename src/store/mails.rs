//! Mail that waits to be sent: it is written down in the transaction that gives rise to it, so that none is lost.

use super::people::{Language, Person};
use super::{Connection, MailId, Moment, PersonId, Result};
use sqlx::FromRow;
use std::time::Duration;

/// One mail.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct Mail {
    pub id: MailId,
    /// Whose it is; it goes with them.
    pub person_id: Option<PersonId>,
    pub email: String,
    pub subject: String,
    pub body: String,
    /// An attachment of type text/calendar.
    pub calendar: Option<String>,
    /// A later mail with the same key takes the place of one that still waits.
    pub merge_key: Option<String>,
    pub due_at: Moment,
    pub attempts: i64,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

/// Puts one into the queue.
pub async fn queue(db: &mut Connection, mail: &Mail) -> Result<()> {
    let insert = "INSERT INTO mails (id, person_id, email, subject, body, calendar, merge_key, due_at, attempts) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) \
                  ON CONFLICT (merge_key) DO UPDATE SET subject = excluded.subject, body = excluded.body, calendar = excluded.calendar";
    sqlx::query(insert)
        .bind(&mail.id)
        .bind(&mail.person_id)
        .bind(&mail.email)
        .bind(&mail.subject)
        .bind(&mail.body)
        .bind(&mail.calendar)
        .bind(&mail.merge_key)
        .bind(mail.due_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Those that are due, the longest waiting first.
pub async fn due(db: &mut Connection, now: Moment, limit: i64) -> Result<Vec<Mail>> {
    let query = "SELECT id, person_id, email, subject, body, calendar, merge_key, due_at, attempts FROM mails \
                 WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    Ok(sqlx::query_as(query).bind(now).bind(limit).fetch_all(db).await?)
}

/// It has been taken by the school's mail server.
pub async fn sent(db: &mut Connection, id: &MailId) -> Result<()> {
    sqlx::query("DELETE FROM mails WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// It has not; `problem` is a code without anything of a person.
pub async fn postpone(db: &mut Connection, id: &MailId, problem: &str, next: Moment) -> Result<()> {
    let update = "UPDATE mails SET attempts = attempts + 1, problem = $2, due_at = $3 WHERE id = $1";
    sqlx::query(update).bind(id).bind(problem).bind(next).execute(db).await?;
    Ok(())
}

/// A one-time link. It is asked for again when it does not come: an old one is never sent late.
pub fn sign_in_link(person: &Person, email: &str, link: &str, now: Moment) -> Mail {
    let (subject, body) = match person.language {
        Language::German => (
            "Ihr Link zum Anmelden",
            format!(
                "Guten Tag,\n\nmit diesem Link melden Sie sich an. Er gilt eine Stunde und nur einmal:\n\n{link}\n\nSie haben keinen Link angefordert? Dann ist nichts zu tun.\n"
            ),
        ),
        Language::English => (
            "Your link to sign in",
            format!(
                "Hello,\n\nthis link signs you in. It holds for one hour and works once:\n\n{link}\n\nYou did not ask for a link? Then there is nothing to do.\n"
            ),
        ),
    };
    Mail {
        id: MailId::new(),
        person_id: Some(person.id.clone()),
        email: email.to_owned(),
        subject: subject.to_owned(),
        body,
        calendar: None,
        merge_key: None,
        due_at: now.plus(Duration::ZERO),
        attempts: 0,
    }
}

/// What waits under a key is not needed any more.
pub async fn forget(db: &mut Connection, merge_key: &str) -> Result<()> {
    sqlx::query("DELETE FROM mails WHERE merge_key = $1").bind(merge_key).execute(db).await?;
    Ok(())
}
