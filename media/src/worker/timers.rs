//! When which peer wants to be looked at.

use super::peer::PeerKey;
use std::collections::BTreeSet;
use std::time::Instant;

/// At most one entry per peer, kept in [`super::peer::Peer::wake_at`] too, so that it is found again: the queue cannot grow beyond the peers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Instant, PeerKey)>,
}

impl Timers {
    /// Wakes `key` at `at` or earlier. `slot` is where the peer remembers its entry.
    #[inline]
    pub(crate) fn wake_by(&mut self, key: PeerKey, slot: &mut Option<Instant>, at: Instant) {
        if slot.is_some_and(|current| current <= at) {
            return;
        }
        self.cancel(key, slot);
        self.queue.insert((at, key));
        *slot = Some(at);
    }

    pub(crate) fn cancel(&mut self, key: PeerKey, slot: &mut Option<Instant>) {
        if let Some(current) = slot.take() {
            self.queue.remove(&(current, key));
        }
    }

    /// The next entry that is due, taken out. The caller clears the peer's memory of it.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<PeerKey> {
        let &(at, key) = self.queue.first()?;
        (at <= now).then(|| {
            self.queue.pop_first();
            key
        })
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}
