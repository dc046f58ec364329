//! Who reads and who writes in which conversation, and who is told of a message.

use super::access::Access;
use super::live::{Live, LiveEvent, MessageInfo};
use super::permit::{Action, Object, Relation, Relations, may};
use super::timetable::{local, shifted};
use crate::store::mails::{self, Mail};
use crate::store::people::{Language, PersonRole};
use crate::store::threads::{self, Listed, Reached, Reader, Standing, ThreadKind};
use crate::store::{Connection, Day, MailId, MessageId, Moment, PersonId, Result, Store, StoreError, ThreadId};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Who has left a course reads its conversation this much longer: last arrangements are made after the last lesson.
pub const GRACE_DAYS: i64 = 30;
/// How long a mail about a message waits at least, in case that it is read meanwhile.
const NOTICE_WAIT: Duration = Duration::from_secs(3 * 60);
/// At most one mail of a conversation to somebody in this time.
const NOTICE_EVERY: Duration = Duration::from_secs(15 * 60);

/// So many are looked up one by one; more than these, everybody at once.
const FEW: usize = 100;

/// Enrolments that ended before this day count no more. A day more or less is nothing beside the grace, so it needs no time zone.
pub fn since(now: Moment) -> Day {
    shifted(local(chrono_tz::UTC, now).0, -GRACE_DAYS)
}

impl From<Standing> for Relations {
    fn from(standing: Standing) -> Self {
        Self::NONE
            .with(Relation::Own, standing.own.0)
            .with(Relation::Child, standing.child.0)
            .with(Relation::Taught, standing.taught.0)
            .with(Relation::Attended, standing.attended.0)
            .with(Relation::Invited, standing.invited.0)
    }
}

/// Whether somebody who stands so to a conversation may read it.
pub fn may_read(access: &Access, kind: ThreadKind, standing: Standing) -> bool {
    may_with(&access.roles, Action::Read, kind, standing)
}

/// Whether somebody may write in one. Notices are not answered; a family's conversation ends with its lessons.
pub fn may_write(access: &Access, listed: &Listed) -> bool {
    let kind = listed.thread.kind;
    kind != ThreadKind::Notice && listed.open.0 && may_with(&access.roles, Action::Create, kind, listed.standing)
}

fn may_with(roles: &[PersonRole], action: Action, kind: ThreadKind, standing: Standing) -> bool {
    let to_all = kind == ThreadKind::Notice && standing.everybody.0;
    (to_all && may(roles, action, Object::Notice, Relations::NONE)) || may(roles, action, Object::Thread, standing.into())
}

/// Whoever asks, as the store takes it.
pub fn reader(access: &Access, now: Moment) -> Reader<'_> {
    Reader { person: access.id(), since: since(now) }
}

/// A conversation that somebody may read; what they may not is not there for them.
///
/// # Errors
/// The database.
pub async fn readable(db: &mut Connection, access: &Access, id: &ThreadId) -> Result<Option<Listed>> {
    let found = threads::find(db, reader(access, Moment::now()), id).await?;
    Ok(found.filter(|listed| may_read(access, listed.thread.kind, listed.standing)))
}

/// Everybody who may read a conversation now.
///
/// # Errors
/// The database.
pub async fn readers(db: &mut Connection, thread: &ThreadId, kind: ThreadKind, now: Moment) -> Result<BTreeSet<PersonId>> {
    let rows = threads::members(db, thread, since(now)).await?;
    let may = |(_, role, standing): &(_, PersonRole, Standing)| may_with(&[*role], Action::Read, kind, *standing);
    Ok(rows.into_iter().filter(may).map(|(person, _, _)| person).collect())
}

/// Tells the open pages of a message anew: it has got its files. Call it after the commit.
///
/// # Errors
/// The database.
pub async fn announce(store: &Store, live: &Live, id: &MessageId) -> Result<()> {
    let mut db = store.read().await?;
    let Some(message) = threads::message(&mut db, id).await? else { return Ok(()) };
    let Some(kind) = threads::kind(&mut db, &message.thread_id).await? else { return Ok(()) };
    let files = threads::attachments(&mut db, &message.thread_id, message.sent_at, message.sent_at).await?;
    let people = readers(&mut db, &message.thread_id, kind, Moment::now()).await?;
    live.publish(&people, &LiveEvent::Message { message: MessageInfo::of(message, files) });
    Ok(())
}

/// Puts mails into the queue for those who have no page open. They say that there is something to read, and nothing of what.
///
/// # Errors
/// The database.
pub async fn queue_notices(db: &mut Connection, live: &Live, url: &str, told: &Told<'_>) -> Result<()> {
    let away: BTreeSet<&PersonId> = told.readers.iter().filter(|person| *person != told.author && !live.is_open(person)).collect();
    let reached = if away.len() > FEW {
        threads::reached(db, None).await?
    } else {
        let mut reached = Vec::new();
        for person in &away {
            reached.extend(threads::reached(db, Some(person)).await?);
        }
        reached
    };
    for reached in reached.iter().filter(|reached| away.contains(&reached.person_id)) {
        mails::queue(db, &notice(reached, told.thread, url, told.now)).await?;
    }
    Ok(())
}

/// What [`queue_notices`] is about.
pub struct Told<'a> {
    pub thread: &'a ThreadId,
    pub author: &'a PersonId,
    pub readers: &'a BTreeSet<PersonId>,
    pub now: Moment,
}

/// The key under which mails about a conversation to somebody are one.
pub fn notice_key(thread: &ThreadId, person: &PersonId) -> String {
    format!("thread:{thread}:{person}")
}

fn notice(reached: &Reached, thread: &ThreadId, url: &str, now: Moment) -> Mail {
    let key = notice_key(thread, &reached.person_id);
    let (subject, body) = match reached.language {
        Language::German => (
            "Neue Nachricht der Musikschule",
            format!("Guten Tag,\n\nin Auftakt wartet eine neue Nachricht auf Sie. Hier lesen Sie sie:\n\n{url}/messages/{thread}\n"),
        ),
        Language::English => (
            "New message from the music school",
            format!("Hello,\n\na new message waits for you in Auftakt. Read it here:\n\n{url}/messages/{thread}\n"),
        ),
    };
    Mail {
        id: MailId::new(),
        person_id: Some(reached.person_id.clone()),
        email: reached.email.clone(),
        subject: subject.to_owned(),
        body,
        calendar: None,
        due_at: notice_due(now, &key),
        merge_key: Some(key),
        attempts: 0,
    }
}

/// When a mail about a message is due: mails under one key go at instants that lie [`NOTICE_EVERY`] apart, so there is never more than one in that
/// time, though nothing remembers when the last one went. Each key has other instants, lest a whole school's mails go at once.
fn notice_due(now: Moment, key: &str) -> Moment {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let every = i64::try_from(NOTICE_EVERY.as_millis()).unwrap_or(i64::MAX);
    let phase = i64::try_from(hasher.finish() % every.unsigned_abs()).unwrap_or_default();
    let earliest = now.plus(NOTICE_WAIT).0;
    Moment(earliest + (phase - earliest).rem_euclid(every))
}

/// Somebody has read until an instant; a mail that would say there is something to read goes with it. `None`: there is no such conversation.
///
/// # Errors
/// The database.
pub async fn mark_read(db: &mut Connection, access: &Access, listed: &Listed, until: Moment) -> Result<Moment> {
    let thread = &listed.thread;
    let until = threads::mark_read(db, &thread.id, access.id(), until).await?.ok_or(StoreError::Missing)?;
    if until >= thread.last_at {
        mails::forget(db, &notice_key(&thread.id, access.id())).await?;
    }
    Ok(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_of_one_conversation_are_never_closer_than_a_quarter_of_an_hour() {
        let start = 1_790_000_000_000;
        let due = |at: i64| notice_due(Moment(start + at), "thread:a:b").0 - start;
        let mut sent = Vec::new();
        for at in (0..7_200_000).step_by(10_000) {
            assert!(due(at) >= at + 180_000 && due(at) < at + 180_000 + 900_000, "not too early, not too late");
            sent.push(due(at));
        }
        sent.dedup();
        assert!(sent.windows(2).all(|pair| pair[1] - pair[0] == 900_000), "{sent:?}");
        assert_ne!(notice_due(Moment(start), "thread:a:b"), notice_due(Moment(start), "thread:a:c"), "not all at once");
    }

    #[test]
    fn a_notice_names_nobody_and_says_nothing() {
        let reached = Reached { person_id: PersonId::new(), email: "a@b.example".into(), language: Language::German };
        let thread = ThreadId::new();
        let mail = notice(&reached, &thread, "https://musik.example", Moment(0));
        assert!(mail.body.contains(&format!("https://musik.example/messages/{thread}")));
        assert_eq!(mail.subject, "Neue Nachricht der Musikschule");
    }
}
