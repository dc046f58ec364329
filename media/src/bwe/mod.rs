//! How much a receiver's network carries: an estimate from transport-wide feedback, and when to probe for more.
//!
//! The caller numbers what it sends to one receiver (one transport), tells [`Estimator::on_sent`], hands feedback to
//! [`Estimator::on_feedback`], and keeps what it sends below [`Estimator::target_bps`]. What it would like to send beyond that it
//! says with [`Estimator::set_wanted`]; the estimator then asks for probes.

mod acked;
mod history;
mod loss;
mod pacer;
mod probe;
mod queue;
mod rate;
mod rival;
mod sending;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]
mod tests;
mod trend;

pub use pacer::Pacer;

use crate::rtp::twcc::{Feedback, TICK_MICROS};
use acked::Acked;
use history::{History, State};
use loss::Loss;
use probe::{Bursts, Schedule, Shown};
use queue::Queue;
use rate::{Rate, Round};
use sending::Sending;
use std::time::{Duration, Instant};
use trend::Trend;

/// What a sent packet was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Sound: never held back.
    Audio,
    /// Pictures, and what was sent again of them.
    Video,
    /// Padding, or something sent again, that belongs to a probe.
    Probe(ProbeId),
}

/// Names a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeId(pub u32);

/// A short burst that shows whether the network carries a higher rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// To be told with each of its packets.
    pub id: ProbeId,
    /// How fast all that is sent together should go out meanwhile.
    pub rate_bps: u64,
    /// How much: the probe is over when so much went out, or after `duration`.
    pub bytes: usize,
    /// How long at most.
    pub duration: Duration,
}

/// What is sent before anything is known. Probes raise it within a few round trips.
pub const START_BPS: u64 = 300_000;
/// Feedback is awaited so long while something is sent, before less is sent.
const SILENCE: Duration = Duration::from_millis(800);
/// And between one reduction for that and the next.
const SILENCE_AGAIN: Duration = Duration::from_millis(500);
/// After so many µs without feedback what was known before is too old.
const SILENCE_KNOWN: u64 = 10_000_000;
/// Over how much time what arrives is measured for a cut, in µs.
const RECEIVED_MICROS: i64 = 200_000;
/// Arrivals beyond this many µs of the receiver's clock (24 bit of 64 ms each) cannot be told.
const ARRIVAL_MAX: i64 = 1 << 41;

/// Estimates the capacity towards one receiver.
#[derive(Debug)]
pub struct Estimator {
    epoch: Instant,
    wanted_bps: u64,
    history: History,
    acked: Acked,
    trend: Trend,
    queue: Queue,
    loss: Loss,
    bursts: Bursts,
    schedule: Schedule,
    rate: Rate,
    sending: Sending,
    /// Highest number told of.
    told: u64,
    /// Numbers below this went over another path.
    path_from: u64,
    /// Least and smoothed time from sending to feedback, in µs.
    round_trip: u64,
    silence_at: Option<Instant>,
    /// Since when feedback is missing, and the target until then.
    before_silence: Option<(u64, f64)>,
    /// The probe that a timeout was for.
    announced: Option<u64>,
}

impl Estimator {
    /// Before anything is known.
    pub fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            wanted_bps: 0,
            history: History::new(),
            acked: Acked::new(),
            trend: Trend::new(),
            queue: Queue::new(),
            loss: Loss::new(),
            bursts: Bursts::default(),
            schedule: Schedule::new(),
            rate: Rate::new(START_BPS as f64),
            sending: Sending::new(),
            told: 0,
            path_from: 0,
            round_trip: 200_000,
            silence_at: None,
            before_silence: None,
            announced: None,
        }
    }

    /// A packet with this transport-wide number goes out; `bytes` with all headers down to UDP and IP.
    pub fn on_sent(&mut self, now: Instant, number: u16, bytes: usize, what: Sent) {
        let micros = self.micros(now);
        let number = self.history.insert(number, micros, bytes);
        self.sending.add(micros, bytes);
        let probe = if let Sent::Probe(id) = what { Some(id) } else { None };
        self.bursts.on_sent(micros, number, bytes, probe);
        if self.silence_at.is_none() {
            self.silence_at = Some(now + SILENCE);
        }
    }

    /// Feedback arrived. Every one is hostile: it may name what was never sent, or nothing at all.
    pub fn on_feedback(&mut self, now: Instant, feedback: &Feedback<'_>) {
        let micros = self.micros(now);
        let mut named = false;
        let mut newest_sent = None;
        for (number, ticks) in feedback.statuses() {
            let Some((number, packet)) = self.history.find(number) else { continue };
            let before = packet.state;
            if self.told > 0 && number > self.told + 1 {
                self.acked.gap();
            }
            self.told = self.told.max(number);
            let arrival = ticks.map(|ticks| ticks.saturating_mul(TICK_MICROS as i64)).filter(|at| (-ARRIVAL_MAX..ARRIVAL_MAX).contains(at));
            let Some(arrival) = arrival else {
                if before == State::Unknown {
                    packet.state = State::Lost;
                    self.loss.lost();
                    named = true;
                }
                continue;
            };
            if before == State::Arrived {
                continue;
            }
            packet.state = State::Arrived;
            let (sent, bytes) = (packet.sent, packet.bytes);
            named = true;
            if before == State::Lost {
                // Sent again under the same number (sound), or overtaken: when it was sent first says nothing of the delay.
                self.loss.late();
                continue;
            }
            self.loss.arrived();
            if number >= self.path_from {
                newest_sent = newest_sent.max(Some(sent));
                self.on_arrival(number, sent, arrival, bytes);
            }
        }
        if named {
            self.finish(now, micros, newest_sent);
        }
    }

    fn on_arrival(&mut self, number: u64, sent: u64, arrival: i64, bytes: u16) {
        if !self.queue.add(sent, arrival - sent as i64) {
            self.trend = Trend::new();
            self.acked = Acked::new();
        }
        self.acked.add(arrival, bytes);
        if self.bursts.covers(number) {
            self.bursts.on_arrival(sent, arrival, bytes);
        } else {
            self.trend.add(sent, arrival);
        }
    }

    /// A feedback that told something new has been read.
    fn finish(&mut self, now: Instant, micros: u64, newest_sent: Option<u64>) {
        self.queue.finish(micros, self.rate.competes());
        if let Some(sent) = newest_sent {
            let round_trip = micros.saturating_sub(sent).min(2_000_000);
            self.round_trip = (self.round_trip * 7 + round_trip) / 8;
        }
        self.silence_at = self.history.newest().is_some_and(|newest| newest > self.told).then(|| now + SILENCE);
        if let Some((since, before)) = self.before_silence.take()
            && micros < since + SILENCE_KNOWN
            && self.queue.micros() < 50_000
        {
            self.rate.set(self.rate.target().max(before * 0.9));
        }
        let delay = self.round_trip + 100_000;
        let queued = self.rate.competes() || self.queue.micros() > 15_000 + 2 * self.queue.jitter();
        let loss = self.loss.finish(micros, delay, queued);
        let arrived_of = 1.0 - self.loss.base();
        if let Some(shown) = self.bursts.finish(micros, self.told) {
            self.on_shown(micros, shown);
        }
        self.rate.update(&Round {
            now: micros,
            usage: self.trend.usage(),
            queue: self.queue.micros(),
            jitter: self.queue.jitter(),
            received: self.acked.rate(RECEIVED_MICROS + 20 * self.queue.jitter()).map(|bps| bps / arrived_of),
            arrived: self.acked.rate(RECEIVED_MICROS),
            received_long: self.acked.rate(3 * RECEIVED_MICROS).map(|bps| bps / arrived_of),
            sent: self.sending.rate(micros),
            loss,
            lossy: self.loss.above_base(),
            trying: self.loss.trying(),
            round_trip: self.round_trip * 4 / 5,
            delay,
        });
        if std::mem::take(&mut self.rate.longer_path) {
            self.queue.accept();
        }
        if self.rate.cut_at == micros {
            self.schedule.delay(micros, 1_000_000);
        }
        if std::mem::take(&mut self.rate.beyond) {
            self.schedule.hurry(micros, 2.0);
        }
        if let Some(before) = self.rate.emptied.take() {
            self.schedule.retry(micros, (before / self.rate.target()).min(2.0));
        }
    }

    fn on_shown(&mut self, now: u64, shown: Shown) {
        let target = self.rate.target();
        let given = 1.0 / (1.0 - self.loss.base());
        let found = match shown {
            Shown::Nothing => return self.schedule.learned_nothing(now),
            Shown::Passed(bps) => bps * given,
            Shown::Full(bps) => {
                self.rate.on_link(bps * given);
                bps * given * 0.93
            }
        };
        if found > target * 1.03 && !self.rate.draining() {
            self.rate.set(found);
            if matches!(shown, Shown::Passed(_)) {
                self.rate.forget_link();
                self.schedule.succeeded(now);
                return;
            }
        }
        self.schedule.failed(now);
    }

    /// What would be sent if there were no bound: the sum of all that the receiver looks at, at its best. Decides whether probing is worth
    /// anything.
    pub fn set_wanted(&mut self, now: Instant, wanted_bps: u64) {
        let target = self.rate.target();
        let before = std::mem::replace(&mut self.wanted_bps, wanted_bps);
        if before as f64 <= target * 1.1 && wanted_bps as f64 > target * 1.1 {
            let micros = self.micros(now);
            self.schedule.hurry(micros, 5.0);
        }
    }

    /// What may be sent to this receiver now, sound, repairs and headers included.
    pub fn target_bps(&self) -> u64 {
        self.rate.target() as u64
    }

    /// Whether the network's bound is near: it was seen, or not everything that is wanted goes through. While it is not, bursts harm nobody,
    /// and holding them back would only make them late.
    pub fn is_bound(&self) -> bool {
        self.wanted_bps as f64 > self.rate.target() || self.has_seen_bound()
    }

    /// Whether the network was seen to carry no more than the target, or to carry nothing.
    pub fn has_seen_bound(&self) -> bool {
        self.rate.is_bound() || self.before_silence.is_some()
    }

    /// How many thousandths of what was sent lately, whatever it was, did not arrive at the first try.
    pub fn lost_permille(&self) -> u32 {
        (self.loss.lately() * 1000.0) as u32
    }

    /// A probe to send now. To be asked for after each feedback, timeout and [`Estimator::set_wanted`]; it is given once.
    pub fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        let micros = self.micros(now);
        if !self.may_probe() {
            return None;
        }
        let rate = self.schedule.rate(micros, self.rate.target(), self.wanted_bps as f64)?;
        self.schedule.asked(micros);
        Some(self.bursts.ask(micros, rate, self.queue.jitter().unsigned_abs()))
    }

    /// When [`Estimator::handle_timeout`] is wanted next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = self.schedule.next();
        let worth = self.may_probe() && self.wanted_bps as f64 > self.rate.target() * 1.02 && self.announced != Some(due);
        let probe = worth.then(|| self.epoch + Duration::from_micros(due));
        match (self.silence_at, probe) {
            (Some(silence), Some(probe)) => Some(silence.min(probe)),
            (silence, probe) => silence.or(probe),
        }
    }

    /// To be called when [`Estimator::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.schedule.next() <= self.micros(now) {
            // Said once: whoever does not fetch the probe is not woken for it again and again.
            self.announced = Some(self.schedule.next());
        }
        if self.silence_at.is_some_and(|at| at <= now) {
            self.silence_at = Some(now + SILENCE_AGAIN);
            let target = self.rate.target();
            let micros = self.micros(now);
            self.before_silence.get_or_insert((micros, target));
            self.rate.set(target * 0.7);
        }
    }

    /// The receiver is reached on another path now (another network, an ICE restart): what was measured on the old one no longer
    /// holds, but it is a better guess than none.
    pub fn on_path_change(&mut self, now: Instant) {
        let micros = self.micros(now);
        self.path_from = self.history.newest().map_or(0, |newest| newest + 1);
        self.queue = Queue::new();
        self.trend = Trend::new();
        self.acked = Acked::new();
        self.loss = Loss::new();
        self.bursts = Bursts::default();
        self.rate.forget_link();
        self.schedule.hurry(micros, 2.0);
        self.silence_at = self.silence_at.map(|_| now + SILENCE);
    }

    fn may_probe(&self) -> bool {
        self.bursts.idle() && !self.rate.draining() && !self.rate.competes() && self.queue.micros() < 25_000 + self.queue.jitter()
    }

    fn micros(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.epoch);
        // Cheaper than `as_micros`, which divides 128 bit.
        since.as_secs() * 1_000_000 + u64::from(since.subsec_micros())
    }
}
