//! The model of one direction of a line, in virtual time.

use super::Settings;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// Packets on their way. Full: dropped as by the queue; only absurd settings get there (a second at 60,000 packets).
const HELD_MAX: usize = 65_536;
const QUEUE: Duration = Duration::from_millis(200);
const LATE: std::ops::Range<f64> = 0.005..0.025;

/// Carries packets of any kind from [`Link::push`] to [`Link::pop`]. The same seed and packets give the same fate.
#[derive(Debug)]
pub struct Link<P> {
    settings: Settings,
    rng: ChaCha8Rng,
    held: BinaryHeap<Reverse<Held<P>>>,
    /// When the line will have sent all that waits before it.
    free: Option<Instant>,
    /// Nothing comes out before this, so that jitter alone reorders nothing.
    latest: Option<Instant>,
    /// In the middle of a burst of losses.
    losing: bool,
    pushed: u64,
    stats: LinkStats,
}

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Delivered, copies included.
    pub delivered: u64,
    /// Bytes of those.
    pub delivered_bytes: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Dropped because the queue was full.
    pub queue_dropped: u64,
    /// Delivered once more.
    pub duplicated: u64,
    /// Held back.
    pub reordered: u64,
}

#[derive(Debug)]
struct Held<P> {
    due: Instant,
    order: u64,
    bytes: usize,
    packet: P,
}

impl<P> PartialEq for Held<P> {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.order) == (other.due, other.order)
    }
}

impl<P> Eq for Held<P> {}

impl<P> PartialOrd for Held<P> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> Ord for Held<P> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

impl<P: Clone> Link<P> {
    /// A line with these faults.
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            rng: ChaCha8Rng::seed_from_u64(seed),
            held: BinaryHeap::new(),
            free: None,
            latest: None,
            losing: false,
            pushed: 0,
            stats: LinkStats::default(),
        }
    }

    /// From now on. What is on its way stays as it is.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// A packet of so many bytes enters.
    pub fn push(&mut self, now: Instant, packet: P, bytes: usize) {
        if self.is_lost() {
            self.stats.lost += 1;
            return;
        }
        let Some(sent) = self.transmit(now, bytes).filter(|_| self.held.len() < HELD_MAX) else {
            self.stats.queue_dropped += 1;
            return;
        };
        let copy = self.chance(self.settings.duplicate).then(|| packet.clone());
        let due = self.arrival(sent);
        self.hold(due, packet, bytes);
        if let Some(copy) = copy {
            self.stats.duplicated += 1;
            self.hold(due, copy, bytes);
        }
    }

    /// What has arrived by now, in order of arrival.
    pub fn pop(&mut self, now: Instant) -> Option<P> {
        self.held.peek().filter(|Reverse(held)| held.due <= now)?;
        let Reverse(held) = self.held.pop()?;
        self.stats.delivered += 1;
        self.stats.delivered_bytes += held.bytes as u64;
        Some(held.packet)
    }

    /// When the next packet arrives.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.held.peek().map(|Reverse(held)| held.due)
    }

    /// What became of the packets so far.
    pub fn stats(&self) -> LinkStats {
        self.stats
    }

    fn hold(&mut self, due: Instant, packet: P, bytes: usize) {
        self.pushed += 1;
        self.held.push(Reverse(Held { due, order: self.pushed, bytes, packet }));
    }

    fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.rng.random_bool(share.min(1.0))
    }

    /// Each for itself, or in bursts: two states, of which one loses everything (Gilbert), with the same mean.
    fn is_lost(&mut self) -> bool {
        let Settings { loss, burst, .. } = self.settings;
        if burst <= 1.0 || loss <= 0.0 || loss >= 1.0 {
            self.losing = false;
            return self.chance(loss);
        }
        let leave = 1.0 / burst;
        let enter = loss * leave / (1.0 - loss);
        self.losing = if self.losing { !self.chance(leave) } else { self.chance(enter) };
        self.losing
    }

    /// When the last bit is on the line; `None` when the queue before it is full.
    fn transmit(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        if self.settings.rate_bps == 0 {
            return Some(now);
        }
        let queue = if self.settings.queue.is_zero() { QUEUE } else { self.settings.queue };
        let begin = self.free.map_or(now, |free| free.max(now));
        if begin - now > queue {
            return None;
        }
        let sent = begin + Duration::from_secs_f64(bytes as f64 * 8.0 / self.settings.rate_bps as f64);
        self.free = Some(sent);
        Some(sent)
    }

    fn arrival(&mut self, sent: Instant) -> Instant {
        let jitter = self.settings.jitter.as_secs_f64() * (self.rng.random::<f64>() - self.rng.random::<f64>());
        let on_time = sent + Duration::from_secs_f64((self.settings.delay.as_secs_f64() + jitter).max(0.0));
        if self.chance(self.settings.reorder) {
            self.stats.reordered += 1;
            return on_time + Duration::from_secs_f64(self.rng.random_range(LATE));
        }
        let due = self.latest.map_or(on_time, |latest| latest.max(on_time));
        self.latest = Some(due);
        due
    }
}
