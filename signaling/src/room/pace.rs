//! News that comes often and is told seldom.

use std::time::{Duration, Instant};

/// Collects changes: the first is told at once, and what follows soon is told together.
#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    next: Option<Instant>,
    stale: bool,
}

impl Pace {
    /// Told at most once in `every`.
    pub(super) fn new(every: Duration) -> Self {
        Self { every, next: None, stale: false }
    }

    /// Something changed.
    pub(super) fn mark(&mut self) {
        self.stale = true;
    }

    /// Something changed, and somebody waits to see it.
    pub(super) fn mark_now(&mut self) {
        self.stale = true;
        self.next = None;
    }

    /// True when it is to be told now; it counts as told then.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let due = self.stale && self.next.is_none_or(|next| now >= next);
        if due {
            self.stale = false;
            self.next = Some(now + self.every);
        }
        due
    }

    /// When [`Pace::take`] says yes by time alone.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.next.filter(|_| self.stale)
    }
}
