//! Bursts that show whether more is possible: when to ask for one, and what it showed.

use super::{Probe, ProbeId};
use std::time::Duration;

/// How long a burst lasts, and how many packets it has at least: fewer say nothing.
const DURATION_MICROS: u64 = 30_000;
/// And how much longer where packets jitter, in times of it: their distances would say nothing.
const JITTER_TIMES: u64 = 5;
const BYTES_MIN: usize = 6 * 1200;
/// One that was not begun, or not told of, after this time is given up.
const PATIENCE_MICROS: u64 = 1_500_000;
/// Packets that must have arrived, and the least time between them.
const PACKETS_MIN: u32 = 5;
const SPAN_MIN_MICROS: i64 = 4_000;
/// Arriving slower than this, against sending, shows that the link was full.
const FULL: f64 = 0.9;
/// Arriving faster than this: packets were gathered on the way, and their distances say nothing.
const GATHERED: f64 = 1.6;

/// What a burst showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shown {
    /// At least so much is possible (bit/s).
    Passed(f64),
    /// The link gave so much and not more (bit/s).
    Full(f64),
    /// Nothing.
    Nothing,
}

/// The burst under way.
#[derive(Debug)]
struct Burst {
    id: u32,
    rate_bps: f64,
    /// What may still belong to it: so many bytes, until this time.
    left: usize,
    until: u64,
    /// When it is given up.
    patience: u64,
    /// Extended numbers of all that was sent meanwhile.
    numbers: Option<(u64, u64)>,
    arrived: Arrived,
}

#[derive(Debug, Default)]
struct Arrived {
    packets: u32,
    bytes: u64,
    /// Of the packet that arrived first and of the one that was sent last.
    first_bytes: u16,
    last_bytes: u16,
    sent: Option<(u64, u64)>,
    arrival: Option<(i64, i64)>,
}

/// One burst at a time.
#[derive(Debug, Default)]
pub(super) struct Bursts {
    next_id: u32,
    burst: Option<Burst>,
}

impl Bursts {
    pub(super) fn idle(&self) -> bool {
        self.burst.is_none()
    }

    pub(super) fn ask(&mut self, now: u64, rate_bps: f64, jitter: u64) -> Probe {
        let duration = DURATION_MICROS + JITTER_TIMES * jitter;
        let bytes = ((rate_bps * duration as f64 / 8e6) as usize).max(BYTES_MIN);
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let micros = (bytes as f64 * 8e6 / rate_bps) as u64 * 3 / 2;
        let (until, patience) = (now + micros, now + micros + PATIENCE_MICROS);
        self.burst = Some(Burst { id, rate_bps, left: bytes, until, patience, numbers: None, arrived: Arrived::default() });
        Probe { id: ProbeId(id), rate_bps: rate_bps as u64, bytes, duration: Duration::from_micros(micros) }
    }

    /// Something went out. What goes out between padding counts too: it takes the same road.
    pub(super) fn on_sent(&mut self, now: u64, number: u64, bytes: usize, probe: Option<ProbeId>) {
        let Some(burst) = &mut self.burst else { return };
        if (burst.left == 0 || now > burst.until) && probe != Some(ProbeId(burst.id)) {
            return;
        }
        burst.left = burst.left.saturating_sub(bytes);
        burst.numbers = Some(burst.numbers.map_or((number, number), |(first, last)| (first, last.max(number))));
    }

    /// Whether a packet was sent within the burst.
    pub(super) fn covers(&self, number: u64) -> bool {
        self.burst.as_ref().is_some_and(|burst| burst.numbers.is_some_and(|(first, last)| (first..=last).contains(&number)))
    }

    /// A packet of it arrived.
    pub(super) fn on_arrival(&mut self, sent: u64, arrival: i64, bytes: u16) {
        let Some(burst) = &mut self.burst else { return };
        let arrived = &mut burst.arrived;
        arrived.packets += 1;
        arrived.bytes += u64::from(bytes);
        let (first, last) = arrived.arrival.get_or_insert((i64::MAX, i64::MIN));
        if arrival < *first {
            (*first, arrived.first_bytes) = (arrival, bytes);
        }
        *last = (*last).max(arrival);
        let (first, last) = arrived.sent.get_or_insert((sent, sent));
        *first = (*first).min(sent);
        if sent >= *last {
            (*last, arrived.last_bytes) = (sent, bytes);
        }
    }

    /// The feedback has been read; it told of numbers up to `told`. Some when the burst is over.
    pub(super) fn finish(&mut self, now: u64, told: u64) -> Option<Shown> {
        let burst = self.burst.as_ref()?;
        let sent = burst.left == 0 || now > burst.until;
        let complete = sent && burst.numbers.is_some_and(|(_, last)| told >= last);
        if !complete && now < burst.patience {
            return None;
        }
        let burst = self.burst.take()?;
        // A few packets may pass faster than asked for: that is the size of a bucket somewhere, not a rate.
        Some(match burst.arrived.shown() {
            Shown::Passed(bps) => Shown::Passed(bps.min(burst.rate_bps)),
            Shown::Full(bps) if bps > burst.rate_bps => Shown::Passed(burst.rate_bps),
            shown => shown,
        })
    }
}

impl Arrived {
    fn shown(&self) -> Shown {
        let (Some(sent), Some(arrival)) = (self.sent, self.arrival) else { return Shown::Nothing };
        let (sent, arrival) = ((sent.1 - sent.0) as i64, arrival.1.saturating_sub(arrival.0));
        if self.packets < PACKETS_MIN || sent < SPAN_MIN_MICROS || arrival < SPAN_MIN_MICROS {
            return Shown::Nothing;
        }
        let sent = self.bytes.saturating_sub(u64::from(self.last_bytes)) as f64 * 8e6 / sent as f64;
        let arrived = self.bytes.saturating_sub(u64::from(self.first_bytes)) as f64 * 8e6 / arrival as f64;
        if arrived > GATHERED * sent {
            Shown::Nothing
        } else if arrived >= FULL * sent {
            Shown::Passed(arrived.min(sent))
        } else {
            Shown::Full(arrived)
        }
    }
}

/// When to ask.
const INTERVAL_MICROS: u64 = 1_500_000;
const INTERVAL_MAX_MICROS: u64 = 5_000_000;
/// At the beginning nothing is known, and steps are larger.
const START_MICROS: u64 = 2_000_000;
/// And a probe that showed nothing is repeated so soon then.
const START_AGAIN_MICROS: u64 = 100_000;

/// Decides when more is worth asking for, and how much more.
#[derive(Debug)]
pub(super) struct Schedule {
    interval: u64,
    next: u64,
    /// How much more than the target is tried.
    factor: f64,
}

impl Schedule {
    pub(super) fn new() -> Self {
        Self { interval: INTERVAL_MICROS, next: 0, factor: 4.0 }
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The rate to try, when one is due.
    pub(super) fn rate(&self, now: u64, target: f64, wanted: f64) -> Option<f64> {
        (now >= self.next && wanted > target * 1.02).then(|| (target * self.factor).min(wanted * 1.15))
    }

    pub(super) fn asked(&mut self, now: u64) {
        self.next = now + self.interval;
    }

    /// It raised the target: go on at once.
    pub(super) fn succeeded(&mut self, now: u64) {
        (self.interval, self.next, self.factor) = (INTERVAL_MICROS, now, if now < START_MICROS { 3.0 } else { 2.0 });
    }

    /// Too little of it arrived, or in a heap.
    pub(super) fn learned_nothing(&mut self, now: u64) {
        if now < START_MICROS {
            self.next = self.next.min(now + START_AGAIN_MICROS);
        }
    }

    /// The link is full: not so soon again, and less.
    pub(super) fn failed(&mut self, now: u64) {
        self.interval = (self.interval * 3 / 2).min(INTERVAL_MAX_MICROS);
        (self.next, self.factor) = (now + self.interval, 2.0);
    }

    /// Something suggests that more is possible.
    pub(super) fn hurry(&mut self, now: u64, factor: f64) {
        (self.interval, self.next, self.factor) = (INTERVAL_MICROS, self.next.min(now), factor);
    }

    /// Congestion has passed: is the old rate possible again?
    pub(super) fn retry(&mut self, now: u64, factor: f64) {
        (self.next, self.factor) = (now, factor);
    }

    /// Congestion: let it pass first.
    pub(super) fn delay(&mut self, now: u64, micros: u64) {
        self.next = self.next.max(now + micros);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A burst of ten packets at 1 Mbit/s that arrive so many µs apart.
    fn burst(spacing: i64) -> Option<Shown> {
        let mut bursts = Bursts::default();
        let probe = bursts.ask(0, 1e6, 0);
        for number in 0..10 {
            bursts.on_sent(number * 9_600, number, 1200, Some(probe.id));
        }
        for number in (0..10).filter(|number| bursts.covers(*number)).collect::<Vec<_>>() {
            bursts.on_arrival(number * 9_600, 500_000 + number as i64 * spacing, 1200);
        }
        bursts.finish(300_000, 9)
    }

    #[test]
    fn shows_what_the_link_gives() {
        let shown = |spacing| burst(spacing).expect("all were told of");
        assert!(matches!(shown(9_600), Shown::Passed(bps) if (bps - 1e6).abs() < 1e4));
        assert!(matches!(shown(19_200), Shown::Full(bps) if (bps - 5e5).abs() < 1e4));
        assert_eq!(shown(3_000), Shown::Nothing, "gathered on the way");
        assert_eq!(shown(0), Shown::Nothing);
    }

    #[test]
    fn is_given_up_when_nobody_begins_it() {
        let mut bursts = Bursts::default();
        bursts.ask(0, 1e6, 0);
        assert_eq!(bursts.finish(1_000_000, 100), None);
        assert_eq!(bursts.finish(2_000_000, 100), Some(Shown::Nothing));
        assert!(bursts.idle());
    }

    #[test]
    fn comes_less_often_while_it_shows_nothing_new() {
        let mut schedule = Schedule::new();
        let (mut now, mut times) = (10_000_000, vec![]);
        for _ in 0..6 {
            now = schedule.next().max(now);
            assert!(schedule.rate(now, 1e6, 4e6).is_some_and(|rate| rate > 1.5e6));
            schedule.asked(now);
            schedule.failed(now);
            times.push(schedule.next() - now);
        }
        assert!(times.is_sorted() && times[5] == INTERVAL_MAX_MICROS, "{times:?}");
        assert!(schedule.rate(u64::MAX, 1e6, 1e6).is_none(), "nothing more is wanted");
    }
}
