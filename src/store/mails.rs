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

/// When a mail is due that was given up: it stays until the office has seen to it.
const NEVER: Moment = Moment(i64::MAX);

/// One that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Waiting {
    #[sqlx(flatten)]
    pub mail: Mail,
    /// Not sent after this.
    pub expires_at: Option<Moment>,
}

/// One that could not be sent, for the office: whose, and a code that says why.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Failed {
    pub person_id: Option<PersonId>,
    pub problem: String,
}

/// Puts one into the queue.
pub async fn queue(db: &mut Connection, mail: &Mail) -> Result<()> {
    queue_until(db, mail, None).await
}

/// The same, for one that is of no use after `expires_at`.
pub async fn queue_until(db: &mut Connection, mail: &Mail, expires_at: Option<Moment>) -> Result<()> {
    let insert = "INSERT INTO mails (id, person_id, email, subject, body, calendar, merge_key, due_at, expires_at, attempts) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) \
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
        .bind(expires_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Those that are due: first what soon is of no use (somebody waits for the link to sign in), then the longest waiting.
pub async fn due(db: &mut Connection, now: Moment, limit: i64) -> Result<Vec<Waiting>> {
    let query = "SELECT id, person_id, email, subject, body, calendar, merge_key, due_at, expires_at, attempts FROM mails WHERE due_at <= $1 \
                 ORDER BY CASE WHEN expires_at IS NULL THEN 1 ELSE 0 END, due_at, id LIMIT $2";
    Ok(sqlx::query_as(query).bind(now).bind(limit).fetch_all(db).await?)
}

/// It has been taken by the school's mail server. One that was changed meanwhile stays: what it says now has not been sent.
pub async fn sent(db: &mut Connection, mail: &Mail) -> Result<()> {
    let delete = "DELETE FROM mails WHERE id = $1 AND subject = $2 AND body = $3 AND COALESCE(calendar, '') = $4";
    let calendar = mail.calendar.as_deref().unwrap_or_default();
    sqlx::query(delete).bind(&mail.id).bind(&mail.subject).bind(&mail.body).bind(calendar).execute(db).await?;
    Ok(())
}

/// It has not; `problem` is a code without anything of a person.
pub async fn postpone(db: &mut Connection, id: &MailId, problem: &str, next: Moment) -> Result<()> {
    let update = "UPDATE mails SET attempts = attempts + 1, problem = $2, due_at = $3 WHERE id = $1";
    sqlx::query(update).bind(id).bind(problem).bind(next).execute(db).await?;
    Ok(())
}

/// It never will be by itself: it stays as a problem. Later ones that would have been merged with it are tried on their own.
pub async fn give_up(db: &mut Connection, id: &MailId, problem: &str) -> Result<()> {
    let update = "UPDATE mails SET attempts = attempts + 1, problem = $2, due_at = $3, merge_key = NULL WHERE id = $1";
    sqlx::query(update).bind(id).bind(problem).bind(NEVER).execute(db).await?;
    Ok(())
}

/// Forgets what is of no use any more.
pub async fn drop_expired(db: &mut Connection, now: Moment) -> Result<u64> {
    Ok(sqlx::query("DELETE FROM mails WHERE expires_at <= $1").bind(now).execute(db).await?.rows_affected())
}

/// Whether there is something to forget.
pub async fn any_expired(db: &mut Connection, now: Moment) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM mails WHERE expires_at <= $1").bind(now).fetch_one(db).await?;
    Ok(count > 0)
}

/// How many wait, and how many were given up.
pub async fn counts(db: &mut Connection) -> Result<(i64, i64)> {
    let query = "SELECT count(*), CAST(COALESCE(sum(CASE WHEN due_at = $1 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM mails";
    let (all, given_up): (i64, i64) = sqlx::query_as(query).bind(NEVER).fetch_one(db).await?;
    Ok((all - given_up, given_up))
}

/// Those that were given up, the newest first.
pub async fn failed(db: &mut Connection, limit: i64) -> Result<Vec<Failed>> {
    let query = "SELECT person_id, COALESCE(problem, '') AS problem FROM mails WHERE due_at = $1 ORDER BY id DESC LIMIT $2";
    Ok(sqlx::query_as(query).bind(NEVER).bind(limit).fetch_all(db).await?)
}

/// What was given up is tried again: an address or the mail server has been put right.
pub async fn retry(db: &mut Connection, now: Moment) -> Result<()> {
    let update = "UPDATE mails SET due_at = $2, attempts = 0, problem = NULL WHERE due_at = $1";
    sqlx::query(update).bind(NEVER).bind(now).execute(db).await?;
    Ok(())
}

/// What was given up is forgotten.
pub async fn forget_failed(db: &mut Connection) -> Result<()> {
    sqlx::query("DELETE FROM mails WHERE due_at = $1").bind(NEVER).execute(db).await?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::databases;

    #[tokio::test]
    async fn the_queue_is_the_same_on_both_databases() {
        for store in &databases().await.all {
            let mut db = store.write().await.expect("the database");
            let mail = |key: &str, due: i64| Mail {
                id: MailId::new(),
                person_id: None,
                email: "a@b.example".into(),
                subject: "s".into(),
                body: key.into(),
                calendar: None,
                merge_key: Some(key.into()).filter(|key: &String| !key.is_empty()),
                due_at: Moment(due),
                attempts: 0,
            };
            let (first, second, link) = (mail("k", 10), mail("k", 20), mail("", 30));
            queue(&mut db, &first).await.expect("queued");
            queue(&mut db, &Mail { body: "new".into(), ..second }).await.expect("merged");
            queue_until(&mut db, &link, Some(Moment(100))).await.expect("queued");
            let waiting = due(&mut db, Moment(30), 10).await.expect("mails");
            assert_eq!(
                waiting.iter().map(|one| (one.mail.id.clone(), one.mail.body.as_str(), one.expires_at)).collect::<Vec<_>>(),
                [(link.id.clone(), "", Some(Moment(100))), (first.id.clone(), "new", None)]
            );
            assert!(!any_expired(&mut db, Moment(99)).await.expect("a look") && any_expired(&mut db, Moment(100)).await.expect("a look"));
            assert_eq!(drop_expired(&mut db, Moment(100)).await.expect("dropped"), 1);
            postpone(&mut db, &first.id, "smtp_451", Moment(500)).await.expect("postponed");
            assert!(due(&mut db, Moment(499), 10).await.expect("mails").is_empty());
            give_up(&mut db, &first.id, "smtp_550").await.expect("given up");
            assert_eq!((counts(&mut db).await.expect("counts"), failed(&mut db, 10).await.expect("problems").len()), ((0, 1), 1));
            retry(&mut db, Moment(600)).await.expect("again");
            assert_eq!(counts(&mut db).await.expect("counts"), (1, 0));
            sent(&mut db, &first).await.expect("not what was sent");
            assert_eq!(counts(&mut db).await.expect("counts"), (1, 0));
            sent(&mut db, &Mail { body: "new".into(), ..first }).await.expect("sent");
            assert_eq!(counts(&mut db).await.expect("counts"), (0, 0));
            queue(&mut db, &mail("read", 0)).await.expect("queued");
            forget(&mut db, "read").await.expect("forgotten");
            forget_failed(&mut db).await.expect("none");
            assert_eq!(counts(&mut db).await.expect("counts"), (0, 0));
        }
    }
}
