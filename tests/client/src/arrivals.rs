//! When the packets of the whole transport arrived, as a browser tells its sender.

use crate::wire::write_transport_feedback;
use std::time::{Duration, Instant};

/// How often a browser tells.
const INTERVAL: Duration = Duration::from_millis(100);
/// Browsers keep what is older no longer.
const STATUSES_MAX: u64 = 2000;

/// Notes arrivals, and tells of each once.
pub(crate) struct Arrivals {
    started: Instant,
    /// Extended numbers with their times in 250 µs, in order of arrival; not told yet.
    fresh: Vec<(u64, i64)>,
    /// One past the highest number told.
    next: Option<u64>,
    highest: Option<u64>,
    count: u8,
    due: Option<Instant>,
}

impl Arrivals {
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, fresh: vec![], next: None, highest: None, count: 0, due: None }
    }

    pub(crate) fn note(&mut self, number: u16, now: Instant) {
        let number = match self.highest {
            None => 0x1_0000 + u64::from(number),
            Some(highest) => highest.wrapping_add_signed(i64::from(number.wrapping_sub(highest as u16) as i16)),
        };
        self.highest = self.highest.max(Some(number));
        let ticks = now.saturating_duration_since(self.started).as_micros() / 250;
        self.fresh.push((number, ticks as i64));
        self.due.get_or_insert(now + INTERVAL);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// The feedback that is due, one packet.
    pub(crate) fn poll(&mut self, now: Instant, media_ssrc: u32) -> Option<Vec<u8>> {
        self.due.filter(|at| *at <= now)?;
        self.due = None;
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_unstable();
        fresh.dedup_by_key(|(number, _)| *number);
        let (first, last) = (fresh.first()?.0, fresh.last()?.0);
        let begin = self.next.map_or(first, |next| next.min(first)).max(last.saturating_sub(STATUSES_MAX));
        self.next = Some(self.next.unwrap_or(0).max(last + 1));
        let arrival = |number: u64| fresh.iter().find(|(n, _)| *n == number).map(|(_, ticks)| *ticks);
        let statuses: Vec<Option<i64>> = (begin..=last).map(arrival).collect();
        self.count = self.count.wrapping_add(1);
        Some(write_transport_feedback(media_ssrc, begin as u16, self.count, &statuses))
    }
}
