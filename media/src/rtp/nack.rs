//! Uplink loss detection: which sequence numbers to ask the publisher for again, and when.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How patient to be. Audio and video differ.
#[derive(Clone, Copy, Debug)]
pub struct NackPolicy {
    /// A loss older than this is given up, unless the round trip is so long that `TRIES_MIN` requests take longer.
    pub give_up: Duration,
    /// More losses than this at once mean that the stream jumped: asking for all would only add to the jam.
    pub losses_max: usize,
}

impl NackPolicy {
    /// 800 ms is more than any audio jitter buffer will wait; 64 packets are more than a second.
    pub const AUDIO: Self = Self { give_up: Duration::from_millis(800), losses_max: 64 };
    /// After a second a decoder is better served by a keyframe.
    pub const VIDEO: Self = Self { give_up: Duration::from_millis(1000), losses_max: 512 };
}

/// With 5 % loss each way one in ten requests fails; five leave one loss in 100,000.
const TRIES_MIN: u32 = 5;
/// Nothing is asked for more often, however short the round trip.
const TRIES_MAX: u8 = 20;
/// How long a number may be late before it counts as lost, on a network that does not reorder.
const REORDER_WAIT_MIN: Duration = Duration::from_millis(5);
/// And at most, on one that does.
const REORDER_WAIT_MAX: Duration = Duration::from_millis(100);
/// So many later packets prove a loss at once (RFC 5681's three duplicate acknowledgements), unless reordering was seen.
const REORDER_PACKETS: u64 = 3;
/// The answer to a request has this much time beyond the round trip: the sender's pacer and jitter.
const ANSWER_SLACK: Duration = Duration::from_millis(10);
const RTT_MIN: Duration = Duration::from_millis(10);
/// Before anything was measured.
const RTT_UNKNOWN: Duration = Duration::from_millis(100);
const RTT_MAX: Duration = Duration::from_secs(1);

/// What an arrival means to the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// The next one, or the first.
    InOrder,
    /// Numbers before it are missing.
    Gap,
    /// One of the missing.
    Late,
    /// Not missing: a duplicate, or given up before.
    Unexpected,
    /// Far ahead: everything missing was forgotten.
    Jump,
}

/// One per incoming stream (SSRC).
#[derive(Debug)]
pub struct NackGenerator {
    policy: NackPolicy,
    /// As the publisher's reports tell. Who receives nothing sends none; then the answers must tell.
    rtt: Option<Duration>,
    /// How long answers to requests took, lately at most: the way and the sender's pacer.
    answer: Duration,
    reorder_wait: Duration,
    highest: Option<u64>,
    /// Ascending, at most `losses_max`; when full, the oldest is given up.
    missing: VecDeque<Missing>,
    /// Not later than the earliest `due` in `missing`.
    next_due: Option<Instant>,
    abandoned: u64,
}

#[derive(Clone, Copy, Debug)]
struct Missing {
    ext_seq: u64,
    since: Instant,
    /// When to ask, again or for the first time.
    due: Instant,
    asked: Option<Instant>,
    tries: u8,
}

impl NackGenerator {
    /// Nothing missing yet.
    pub fn new(policy: NackPolicy) -> Self {
        Self {
            policy,
            rtt: None,
            answer: Duration::ZERO,
            reorder_wait: REORDER_WAIT_MIN,
            highest: None,
            missing: VecDeque::new(),
            next_due: None,
            abandoned: 0,
        }
    }

    /// The round trip to the publisher, as last measured.
    pub fn set_round_trip(&mut self, rtt: Duration) {
        self.rtt = Some(rtt.clamp(RTT_MIN, RTT_MAX));
    }

    /// A packet arrived over its own SSRC: media, padding, or a retransmission without RTX.
    pub fn on_packet(&mut self, ext_seq: u64, now: Instant) -> Arrived {
        let Some(highest) = self.highest else {
            self.highest = Some(ext_seq);
            return Arrived::InOrder;
        };
        if ext_seq <= highest {
            return self.on_late(ext_seq, now);
        }
        self.highest = Some(ext_seq);
        let gap = ext_seq - highest - 1;
        if gap > self.policy.losses_max as u64 {
            self.abandoned += gap + self.missing.len() as u64;
            self.missing.clear();
            return Arrived::Jump;
        }
        for number in highest + 1..ext_seq {
            self.note_missing(number, now);
        }
        self.hasten(ext_seq, now);
        if gap == 0 { Arrived::InOrder } else { Arrived::Gap }
    }

    /// A packet was recovered through RTX. False when it was not missing.
    pub fn on_recovered(&mut self, ext_seq: u64, now: Instant) -> bool {
        let Some(missing) = self.take(ext_seq) else { return false };
        // It was lost indeed: waiting longer would not have helped.
        self.reorder_wait = (self.reorder_wait - self.reorder_wait / 16).max(REORDER_WAIT_MIN);
        self.note_answer(&missing, now);
        true
    }

    fn note_answer(&mut self, missing: &Missing, now: Instant) {
        // Only one request can have been answered by it (RFC 6298 §3, Karn's algorithm).
        if let (1, Some(asked)) = (missing.tries, missing.asked) {
            let took = now.saturating_duration_since(asked).min(RTT_MAX);
            self.answer = if took > self.answer { took } else { self.answer - (self.answer - took) / 8 };
        }
    }

    /// Appends the numbers to ask for now, ascending, and plans their next turn.
    pub fn poll(&mut self, now: Instant, out: &mut Vec<u16>) {
        if self.next_due.is_none_or(|due| now < due) {
            return;
        }
        let answer = self.answer_time();
        let give_up = self.policy.give_up.max(answer * TRIES_MIN);
        let mut next_due: Option<Instant> = None;
        let before = self.missing.len();
        self.missing.retain_mut(|missing| {
            if now.saturating_duration_since(missing.since) >= give_up || missing.tries >= TRIES_MAX {
                return false;
            }
            if now >= missing.due {
                out.push(missing.ext_seq as u16);
                // Slower each time, so that a jammed uplink is not jammed further.
                missing.due = now + answer + answer * u32::from(missing.tries) / 4;
                missing.tries += 1;
                missing.asked = Some(now);
            }
            next_due = Some(next_due.map_or(missing.due, |due| due.min(missing.due)));
            true
        });
        self.abandoned += (before - self.missing.len()) as u64;
        self.next_due = next_due;
    }

    /// When [`NackGenerator::poll`] has something to do next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_due.filter(|_| !self.missing.is_empty())
    }

    /// How many are missing now.
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Losses given up so far.
    pub fn abandoned(&self) -> u64 {
        self.abandoned
    }

    fn answer_time(&self) -> Duration {
        let rtt = match self.rtt {
            Some(rtt) => rtt.max(self.answer),
            None if self.answer.is_zero() => RTT_UNKNOWN,
            None => self.answer.max(RTT_MIN),
        };
        rtt + rtt / 4 + ANSWER_SLACK
    }

    fn note_missing(&mut self, ext_seq: u64, now: Instant) {
        if self.missing.len() >= self.policy.losses_max {
            self.missing.pop_front();
            self.abandoned += 1;
        }
        let due = now + self.reorder_wait;
        self.missing.push_back(Missing { ext_seq, since: now, due, asked: None, tries: 0 });
        self.be_due(due);
    }

    fn be_due(&mut self, at: Instant) {
        self.next_due = Some(self.next_due.map_or(at, |due| due.min(at)));
    }

    /// Numbers that enough later packets prove to be lost are due now.
    fn hasten(&mut self, highest: u64, now: Instant) {
        if self.reorder_wait > REORDER_WAIT_MIN || self.missing.is_empty() {
            return;
        }
        let mut any = false;
        let proven = self.missing.iter_mut().rev().filter(|missing| missing.ext_seq + REORDER_PACKETS <= highest);
        for missing in proven.take_while(|missing| missing.tries == 0 && missing.due > now) {
            missing.due = now;
            any = true;
        }
        if any {
            self.be_due(now);
        }
    }

    fn on_late(&mut self, ext_seq: u64, now: Instant) -> Arrived {
        let Some(missing) = self.take(ext_seq) else { return Arrived::Unexpected };
        // Sooner than an answer could be here: it was not lost, only slow.
        let soonest = self.rtt.unwrap_or(RTT_MIN) / 2;
        let answered = missing.asked.is_some_and(|asked| now.saturating_duration_since(asked) >= soonest);
        if answered && self.rtt.is_none() {
            self.note_answer(&missing, now);
        } else if !answered {
            let delay = now.saturating_duration_since(missing.since);
            self.reorder_wait = self.reorder_wait.max(delay + delay / 4).min(REORDER_WAIT_MAX);
        }
        Arrived::Late
    }

    fn take(&mut self, ext_seq: u64) -> Option<Missing> {
        let index = self.missing.binary_search_by_key(&ext_seq, |missing| missing.ext_seq).ok()?;
        self.missing.remove(index)
    }
}
