//! How fast to send: up while nothing waits in the network, down to what arrives when something does.

use super::loss::Verdict;
use super::trend::Usage;

/// Sound and one small picture; less is not worth controlling.
pub(super) const MIN: f64 = 60e3;
pub(super) const MAX: f64 = 100e6;

/// Growth a second, away from the last known capacity and near it.
const GROWTH_FAR: f64 = 0.15;
const GROWTH_NEAR: f64 = 0.02;
/// And near it at least so much, in bit/s each second: this is what lets flows that share a link come to share it evenly.
const GROWTH_STEP: f64 = 40e3;
/// A trend without so much of a queue is noise.
const TREND_QUEUE: i64 = 10_000;
/// A queue this long is too long, whatever the trend.
const QUEUE_LONG: i64 = 50_000;
/// The queue counts as empty below this.
const QUEUE_EMPTY: i64 = 10_000;
/// A queue above this for [`GUARD_MICROS`] is a standing one.
const QUEUE_STANDING: i64 = 80_000;
const GUARD_MICROS: u64 = 700_000;
/// What is sent after a queue has been emptied, of what arrived while it was not.
const AFTER: f64 = 0.95;

/// What one feedback told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) now: u64,
    pub(super) usage: Usage,
    /// µs.
    pub(super) queue: i64,
    /// What of it may be chance, µs.
    pub(super) jitter: i64,
    /// What arrived lately, what is lost whatever happens already counted in.
    pub(super) received: Option<f64>,
    /// What was sent lately.
    pub(super) sent: f64,
    pub(super) loss: Verdict,
    /// How long a change takes to show, in µs.
    pub(super) delay: u64,
}

/// A cut whose effect is awaited.
#[derive(Clone, Copy, Debug)]
struct Drain {
    /// The rate afterwards.
    after: f64,
    /// Too long for a queue that is ours alone.
    until: u64,
}

/// The controlled rate.
#[derive(Debug)]
pub(super) struct Rate {
    target: f64,
    /// What the link gave when it was full.
    link: Option<f64>,
    drain: Option<Drain>,
    standing_since: Option<u64>,
    last: u64,
    /// Before a cut because of loss that may turn out as chance.
    before_trial: f64,
    /// The target may have been wrong about the link upwards.
    pub(super) beyond: bool,
    pub(super) cut_at: u64,
}

impl Rate {
    pub(super) fn new(start: f64) -> Self {
        Self { target: start, link: None, drain: None, standing_since: None, last: 0, before_trial: 0.0, beyond: false, cut_at: 0 }
    }

    pub(super) fn target(&self) -> f64 {
        self.target
    }

    pub(super) fn set(&mut self, target: f64) {
        self.target = target.clamp(MIN, MAX);
    }

    pub(super) fn draining(&self) -> bool {
        self.drain.is_some()
    }

    /// A probe showed what the link gives.
    pub(super) fn on_link(&mut self, bps: f64) {
        self.link = Some(bps);
    }

    pub(super) fn forget_link(&mut self) {
        self.link = None;
        self.drain = None;
        self.standing_since = None;
    }

    pub(super) fn update(&mut self, round: &Round) {
        let elapsed = round.now.saturating_sub(self.last).min(500_000) as f64 / 1e6;
        self.last = round.now;
        self.guard(round);
        match round.loss {
            Verdict::Suspicious => {
                self.before_trial = self.target;
                if let Some(received) = round.received {
                    self.target = self.target.min(received * 0.95).max(self.target * 0.7).max(MIN);
                }
            }
            Verdict::Chance => self.target = self.target.max(self.before_trial),
            Verdict::Congestion | Verdict::Usual => {}
        }
        if let Some(drain) = self.drain {
            if round.queue <= QUEUE_EMPTY + round.jitter / 2 {
                self.target = self.target.max(drain.after);
                self.drain = None;
            } else if round.now > drain.until {
                // It did not empty: cut again.
                self.drain = None;
                self.cut(round);
            }
            return;
        }
        let standing = self.standing_since.is_some_and(|since| round.now >= since + GUARD_MICROS);
        let over = round.usage == Usage::Over && round.queue > TREND_QUEUE + round.jitter;
        let long = round.queue > QUEUE_LONG + round.jitter && round.usage != Usage::Under;
        if over || long || standing {
            self.cut(round);
        } else if round.usage == Usage::Normal && round.queue < QUEUE_LONG / 2 + round.jitter {
            self.grow(round, elapsed);
        }
    }

    fn guard(&mut self, round: &Round) {
        if round.queue > QUEUE_STANDING + round.jitter {
            self.standing_since.get_or_insert(round.now);
        } else {
            self.standing_since = None;
        }
    }

    fn cut(&mut self, round: &Round) {
        let Some(received) = round.received else { return };
        let received = received.min(self.target);
        let factor = match round.queue {
            ..30_000 => 0.88,
            30_000..80_000 => 0.8,
            80_000..160_000 => 0.65,
            _ => 0.5,
        };
        self.target = (received * factor).max(MIN);
        self.link = Some(match self.link {
            Some(link) if (received / link - 1.0).abs() < 0.15 => link + 0.3 * (received - link),
            _ => received,
        });
        self.standing_since = None;
        self.cut_at = round.now;
        let emptied = (round.queue as f64 / (1.0 - factor)) as u64;
        self.drain = Some(Drain { after: received * AFTER, until: round.now + round.delay + emptied * 3 / 2 + 200_000 });
    }

    fn grow(&mut self, round: &Round, elapsed: f64) {
        // Nobody knows whether what is not sent would arrive.
        if round.sent < 0.8 * self.target {
            return;
        }
        let step = match self.link {
            Some(link) if self.target < 0.85 * link => self.target * GROWTH_FAR,
            Some(link) if self.target <= 1.08 * link => (self.target * GROWTH_NEAR).max(GROWTH_STEP),
            Some(_) => {
                self.link = None;
                self.beyond = true;
                self.target * GROWTH_FAR
            }
            None => self.target * GROWTH_FAR,
        };
        self.target = (self.target + step * elapsed).min(MAX);
    }
}
