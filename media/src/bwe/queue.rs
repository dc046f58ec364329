//! How much waits in the network: one-way delay above its base, on clocks that need not agree.
//!
//! Feedback that is slow on its way back does not count, as it would in a round trip.

/// The base is the least delay within the last [`BASES`] of these.
const BASE_MICROS: u64 = 3_000_000;
const BASES: usize = 12;
/// Packets whose least delay stands for the queue: jitter disappears in it.
const PACKETS_MIN: u32 = 10;
/// Minima kept for that, one of each feedback.
const RECENT: usize = 10;
/// Older ones no longer count.
const RECENT_MICROS: u64 = 400_000;
/// And all within so many times the jitter count: where order is kept, one late packet delays those behind it too.
const JITTER_SPAN: u64 = 25;
/// Delay that differs so much from the last comes of a clock that was set, not of a queue.
const LEAP_MICROS: i64 = 10_000_000;

/// How fast the mean change of the delay is followed, and, slower, so that a queue that grows fast is not taken for it, jitter.
const DRIFT_FOLLOW: f64 = 1.0 / 8.0;
const JITTER_FOLLOW: f64 = 1.0 / 64.0;
const JITTER_MAX: f64 = 40_000.0;

#[derive(Clone, Copy, Debug)]
struct Minimum {
    at: u64,
    delay: i64,
    packets: u32,
}

/// The queue as the receiver's arrivals show it.
#[derive(Debug)]
pub(super) struct Queue {
    bases: [i64; BASES],
    base_from: u64,
    recent: [Minimum; RECENT],
    next: usize,
    /// Of the feedback that is read now.
    current: Option<Minimum>,
    last: Option<i64>,
    micros: i64,
    /// Mean change of the delay from packet to packet, and mean distance from it.
    drift: f64,
    jitter: f64,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            bases: [i64::MAX; BASES],
            base_from: 0,
            recent: [Minimum { at: 0, delay: 0, packets: 0 }; RECENT],
            next: 0,
            current: None,
            last: None,
            micros: 0,
            drift: 0.0,
            jitter: 0.0,
        }
    }

    /// A packet arrived this much after it was sent, on two clocks. False: the clocks no longer fit what was known.
    pub(super) fn add(&mut self, sent: u64, delay: i64) -> bool {
        if self.last.is_some_and(|last| !(-LEAP_MICROS..LEAP_MICROS).contains(&delay.saturating_sub(last))) {
            *self = Self::new();
            self.last = Some(delay);
            return false;
        }
        if let Some(last) = self.last.replace(delay) {
            let change = (delay - last) as f64;
            self.drift += DRIFT_FOLLOW * (change - self.drift);
            self.jitter += JITTER_FOLLOW * ((change - self.drift).abs().min(JITTER_MAX) - self.jitter);
        }
        let current = self.current.get_or_insert(Minimum { at: sent, delay, packets: 0 });
        current.delay = current.delay.min(delay);
        current.packets += 1;
        true
    }

    /// The feedback has been read. `hold`: somebody else keeps the queue filled, so the base may be old.
    pub(super) fn finish(&mut self, now: u64, hold: bool) {
        let Some(current) = self.current.take() else { return };
        if !hold {
            // After a pause all are too old: clocks drift apart by some ms a minute.
            let passed = (now.saturating_sub(self.base_from) / BASE_MICROS).min(BASES as u64);
            for _ in 0..passed {
                self.base_from = now;
                self.bases.rotate_right(1);
                self.bases[0] = i64::MAX;
            }
        }
        self.bases[0] = self.bases[0].min(current.delay);
        self.recent[self.next] = Minimum { at: now, ..current };
        self.next = (self.next + 1) % RECENT;
        let span = (self.jitter as u64 * JITTER_SPAN).min(RECENT_MICROS);
        let (mut packets, mut least) = (0, i64::MAX);
        for back in 1..=RECENT {
            let minimum = self.recent[(self.next + RECENT - back) % RECENT];
            let enough = packets >= PACKETS_MIN && minimum.at + span < now;
            if minimum.packets == 0 || packets > 0 && (enough || minimum.at + RECENT_MICROS < now) {
                break;
            }
            packets += minimum.packets;
            least = least.min(minimum.delay);
        }
        let base = self.base();
        self.micros = least - base;
    }

    /// How long a packet waits now, in µs.
    pub(super) fn micros(&self) -> i64 {
        self.micros
    }

    /// How much delay changes from one packet to the next for reasons of the network, in µs.
    pub(super) fn jitter(&self) -> i64 {
        self.jitter as i64
    }

    /// The present delay is that of a longer path: it becomes the base.
    pub(super) fn accept(&mut self) {
        let base = self.base() + self.micros;
        self.bases = [i64::MAX; BASES];
        self.bases[0] = base;
        self.micros = 0;
    }

    fn base(&self) -> i64 {
        self.bases.iter().copied().min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(queue: &mut Queue, now: u64, delays: impl IntoIterator<Item = i64>) {
        for delay in delays {
            queue.add(now, delay);
        }
        queue.finish(now, false);
    }

    #[test]
    fn sees_a_queue_through_jitter() {
        let mut queue = Queue::new();
        let jitter = [0, 31, 12, 55, 7, 44, 3, 60, 22, 18].map(|ms| ms * 1000);
        for round in 0..20 {
            feed(&mut queue, round * 100_000, jitter);
        }
        assert_eq!(queue.micros(), 0);
        for round in 20..30 {
            feed(&mut queue, round * 100_000, jitter.map(|delay| delay + 90_000));
        }
        assert_eq!(queue.micros(), 90_000);
        queue.accept();
        assert_eq!(queue.micros(), 0);
    }

    #[test]
    fn forgets_an_old_base_and_clocks_that_were_set() {
        let mut queue = Queue::new();
        feed(&mut queue, 0, [-5_000_000; 10]);
        for round in 1..700 {
            feed(&mut queue, round * 100_000, [-4_950_000; 10]);
        }
        assert_eq!(queue.micros(), 0);
        assert!(!queue.add(70_000_000, i64::MAX / 4));
        assert!(!queue.add(70_000_000, i64::MIN / 4));
    }
}
