//! What the open pages hear as it happens. A registry of who has a page open; each page is a bounded outbox.
//!
//! Publish after the commit, never before: a page must not show what then was not written.

use crate::store::threads::Message;
use crate::store::{CourseId, Day, Moment, PersonId, SessionId, ThreadId};
use axum::extract::ws::Utf8Bytes;
use dashmap::DashMap;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// Events that may wait for one page. Full: the page is closed, and asks anew when it has connected again.
const OUTBOX: usize = 64;
/// Pages of one person. One more: the oldest is closed, for it is likely one that a network lost.
const PAGES_EACH: usize = 10;

/// What a page hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// The connection stands: whatever was missed is to be asked for.
    Hello,
    /// A message was written, or got a file.
    Message { message: MessageInfo },
    /// A conversation began or changed.
    Thread { thread_id: ThreadId },
    /// One has read a conversation, on whichever of one's devices.
    Read { thread_id: ThreadId, until: Moment },
    /// A lesson date changed.
    DateChanged { course_id: CourseId, day: Day },
    /// Something of the start page changed.
    StartChanged,
}

/// A message as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct MessageInfo {
    pub id: crate::store::MessageId,
    pub thread_id: ThreadId,
    pub author_id: PersonId,
    pub author: String,
    /// As it was written: plain text.
    pub text: String,
    pub sent_at: Moment,
    pub files: Vec<crate::store::threads::Attachment>,
}

impl MessageInfo {
    /// With its files.
    pub fn of(message: Message, files: Vec<crate::store::threads::Attachment>) -> Self {
        Self {
            id: message.id,
            thread_id: message.thread_id,
            author_id: message.author_id,
            author: message.author_name,
            text: message.text,
            sent_at: message.sent_at,
            files,
        }
    }
}

/// The open pages.
#[derive(Default)]
pub struct Live {
    pages: DashMap<PersonId, Vec<Page>>,
    next: AtomicU64,
}

struct Page {
    number: u64,
    session: SessionId,
    outbox: mpsc::Sender<Utf8Bytes>,
}

/// The other end of an outbox. It ends when the page was too slow, or when its session ended.
pub struct Inbox {
    pub events: mpsc::Receiver<Utf8Bytes>,
    number: u64,
}

impl Live {
    /// A page opens.
    pub fn open(&self, person: &PersonId, session: &SessionId) -> Inbox {
        let (outbox, events) = mpsc::channel(OUTBOX);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut pages = self.pages.entry(person.clone()).or_default();
        if pages.len() >= PAGES_EACH {
            pages.remove(0);
        }
        pages.push(Page { number, session: session.clone(), outbox });
        Inbox { events, number }
    }

    /// It closes.
    pub fn close(&self, person: &PersonId, inbox: &Inbox) {
        self.keep(person, |page| page.number != inbox.number);
    }

    /// Sessions of somebody have ended: their pages close. `kept` is the one that has not.
    pub fn end_sessions(&self, person: &PersonId, kept: Option<&SessionId>) {
        self.keep(person, |page| Some(&page.session) == kept);
    }

    /// One session has ended.
    pub fn end_session(&self, person: &PersonId, session: &SessionId) {
        self.keep(person, |page| page.session != *session);
    }

    /// Whether somebody has a page open.
    pub fn is_open(&self, person: &PersonId) -> bool {
        self.pages.contains_key(person)
    }

    /// Tells these people, each once, on all their pages. Call it after the commit.
    pub fn publish<'a>(&self, people: impl IntoIterator<Item = &'a PersonId>, event: &LiveEvent) {
        // Our own types have string keys only, so this does not fail.
        let text = Utf8Bytes::from(serde_json::to_string(event).unwrap_or_default());
        for person in people {
            // A page that has no room for it would miss it: it goes, and asks anew.
            self.keep(person, |page| page.outbox.try_send(text.clone()).is_ok());
        }
    }

    fn keep(&self, person: &PersonId, stays: impl FnMut(&Page) -> bool) {
        let Some(mut pages) = self.pages.get_mut(person) else { return };
        pages.retain(stays);
        let empty = pages.is_empty();
        drop(pages);
        if empty {
            self.pages.remove_if(person, |_, pages| pages.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(inbox: &mut Inbox) -> Vec<String> {
        std::iter::from_fn(|| inbox.events.try_recv().ok()).map(|text| text.to_string()).collect()
    }

    #[test]
    fn all_pages_of_those_it_concerns_hear_it_and_nobody_else() {
        let live = Live::default();
        let (one, other, session) = (PersonId::new(), PersonId::new(), SessionId::new());
        let (mut tablet, mut phone, mut stranger) = (live.open(&one, &session), live.open(&one, &session), live.open(&other, &session));
        live.publish([&one], &LiveEvent::StartChanged);
        let told = vec![r#"{"type":"start_changed"}"#.to_owned()];
        assert_eq!((heard(&mut tablet), heard(&mut phone), heard(&mut stranger)), (told.clone(), told, vec![]));
    }

    #[test]
    fn a_page_that_does_not_keep_up_is_let_go() {
        let live = Live::default();
        let (one, session) = (PersonId::new(), SessionId::new());
        let mut slow = live.open(&one, &session);
        (0..OUTBOX + 1).for_each(|_| live.publish([&one], &LiveEvent::StartChanged));
        assert!(!live.is_open(&one));
        assert_eq!(heard(&mut slow).len(), OUTBOX);
        assert!(slow.events.is_closed());
    }

    #[test]
    fn the_oldest_page_goes_when_there_are_too_many() {
        let live = Live::default();
        let (one, session) = (PersonId::new(), SessionId::new());
        let mut pages: Vec<Inbox> = (0..=PAGES_EACH).map(|_| live.open(&one, &session)).collect();
        assert!(pages[0].events.is_closed() && !pages[1].events.is_closed());
        pages.drain(..).for_each(|page| live.close(&one, &page));
        assert!(!live.is_open(&one));
    }

    #[test]
    fn pages_close_with_their_session() {
        let live = Live::default();
        let (one, here, there) = (PersonId::new(), SessionId::new(), SessionId::new());
        let (kept, mut ended) = (live.open(&one, &here), live.open(&one, &there));
        live.end_sessions(&one, Some(&here));
        assert!(!kept.events.is_closed());
        assert!(heard(&mut ended).is_empty() && ended.events.is_closed());
        live.end_session(&one, &here);
        assert!(kept.events.is_closed());
    }
}
