//! What the workers of one port have to say to each other: which addresses are whose, and datagrams that came to the wrong one.
//!
//! Rings without locks. An address is told before anything is sent to it, and every thread looks for such news between reading its
//! sockets and handling what it read: so a client's next datagram never comes to a thread that does not know whose it is.

use super::command::Waker;
use super::steering::Table;
use auftakt_media::Path;
use auftakt_media::worker::{AddressChange, Claim, Stray, Worker};
use crossbeam_queue::ArrayQueue;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Changes of addresses on the way from one worker to another. Full: they stay in the worker, in order.
const CHANGES: usize = 1024;
/// Datagrams on the way to one worker from addresses that are its own. Full: dropped and counted.
const STRAYS: usize = 512;
/// ICE checks on the way to one worker from strangers, who can write as many as they like. Full: dropped and counted; a client checks again.
const STRANGERS: usize = 64;
/// The longest datagram that is handed on. What WebRTC sends fits into an Ethernet frame.
const STRAY_BYTES: usize = 2048;

/// What lies ready for one worker.
struct Desk {
    waker: Waker,
    /// Something is in `changes`.
    news: AtomicBool,
    /// By the worker that tells.
    changes: Vec<ArrayQueue<AddressChange>>,
    /// Something is in `strays` or `strangers`.
    post: AtomicBool,
    strays: Letters,
    strangers: Letters,
}

/// A ring of buffers that go round: no datagram costs an allocation.
struct Letters {
    free: ArrayQueue<Box<Letter>>,
    full: ArrayQueue<Box<Letter>>,
}

struct Letter {
    path: Path,
    len: usize,
    bytes: [u8; STRAY_BYTES],
}

/// One worker's end.
pub(super) struct Exchange {
    index: u8,
    desks: Arc<[Desk]>,
    table: Option<Arc<Table>>,
    /// Whom to wake, by index.
    to_wake: Vec<bool>,
}

/// One end for each of the workers that are woken so. With `table` the kernel is told too.
pub(super) fn exchange(wakers: Vec<Waker>, table: Option<&Arc<Table>>) -> Vec<Exchange> {
    let count = wakers.len();
    let desk = |waker| Desk {
        waker,
        news: AtomicBool::new(false),
        changes: (0..count).map(|_| ArrayQueue::new(CHANGES)).collect(),
        post: AtomicBool::new(false),
        strays: Letters::new(STRAYS),
        strangers: Letters::new(STRANGERS),
    };
    let desks: Arc<[Desk]> = wakers.into_iter().map(desk).collect();
    let end = |index| Exchange { index, desks: desks.clone(), table: table.cloned(), to_wake: vec![false; count] };
    (0..count as u8).map(end).collect()
}

impl Exchange {
    /// For the other worker to handle. `false`: there was no room.
    pub(super) fn hand_on(&mut self, stray: Stray, path: Path, datagram: &[u8]) -> bool {
        let at = usize::from(stray.worker);
        let Some(desk) = self.desks.get(at) else { return false };
        let letters = match stray.claim {
            Claim::Address => &desk.strays,
            Claim::UserName => &desk.strangers,
        };
        let posted = letters.post(path, datagram);
        self.to_wake[at] |= posted;
        posted
    }

    /// Tells the others what the worker has to say of its addresses: before it sends anything.
    pub(super) fn announce(&mut self, worker: &mut Worker) {
        let others = || self.desks.iter().enumerate().filter(|(at, _)| *at != usize::from(self.index));
        let from = usize::from(self.index);
        let mut told = false;
        // Nobody else pushes into these rings, so room that was seen stays.
        while others().all(|(_, desk)| !desk.changes[from].is_full()) && self.table.as_ref().is_none_or(|table| table.has_room(self.index))
        {
            let Some(change) = worker.poll_address_change() else { break };
            for (_, desk) in others() {
                let _ = desk.changes[from].push(change);
            }
            if let Some(table) = &self.table {
                table.push(self.index, change);
            }
            told = true;
        }
        if told {
            others().for_each(|(_, desk)| desk.news.store(true, Ordering::Release));
            if let Some(table) = &self.table {
                table.wake();
            }
        }
    }

    /// Wakes everybody to whom something was handed on.
    pub(super) fn wake(&mut self) {
        for (to_wake, desk) in self.to_wake.iter_mut().zip(self.desks.iter()) {
            if std::mem::take(to_wake) {
                desk.post.store(true, Ordering::Release);
                desk.waker.wake();
            }
        }
    }

    /// What the others said of their addresses.
    pub(super) fn take_news(&self, worker: &mut Worker) {
        let desk = &self.desks[usize::from(self.index)];
        if !desk.news.load(Ordering::Acquire) || !desk.news.swap(false, Ordering::AcqRel) {
            return;
        }
        for (from, changes) in desk.changes.iter().enumerate() {
            while let Some(change) = changes.pop() {
                worker.handle_address_change(from as u8, change);
            }
        }
    }

    /// What the others handed on. Returns the number of datagrams, at most as many as the rings hold.
    pub(super) fn take_strays(&self, now: Instant, worker: &mut Worker) -> u64 {
        let desk = &self.desks[usize::from(self.index)];
        if !desk.post.load(Ordering::Acquire) || !desk.post.swap(false, Ordering::AcqRel) {
            return 0;
        }
        let (strays, strangers) = (desk.strays.take(STRAYS, now, worker), desk.strangers.take(STRANGERS, now, worker));
        if !desk.strays.full.is_empty() || !desk.strangers.full.is_empty() {
            // The wake-up for these may have been the one that was just answered.
            desk.post.store(true, Ordering::Release);
            desk.waker.wake();
        }
        strays + strangers
    }
}

impl Letters {
    fn new(count: usize) -> Self {
        let nowhere = Path::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        let letters = Self { free: ArrayQueue::new(count), full: ArrayQueue::new(count) };
        for _ in 0..count {
            let _ = letters.free.push(Box::new(Letter { path: nowhere, len: 0, bytes: [0; STRAY_BYTES] }));
        }
        letters
    }

    fn post(&self, path: Path, datagram: &[u8]) -> bool {
        let Some(mut letter) = self.free.pop() else { return false };
        let fits = datagram.len() <= STRAY_BYTES;
        if fits {
            letter.path = path;
            letter.len = datagram.len();
            letter.bytes[..datagram.len()].copy_from_slice(datagram);
        }
        // There are as many letters as places.
        let _ = if fits { self.full.push(letter) } else { self.free.push(letter) };
        fits
    }

    fn take(&self, max: usize, now: Instant, worker: &mut Worker) -> u64 {
        let mut taken = 0;
        for mut letter in std::iter::from_fn(|| self.full.pop()).take(max) {
            let Letter { path, len, bytes } = &mut *letter;
            worker.handle_stray(now, *path, &mut bytes[..*len]);
            let _ = self.free.push(letter);
            taken += 1;
        }
        taken
    }
}
