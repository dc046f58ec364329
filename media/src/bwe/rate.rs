//! How fast to send: up while nothing waits in the network, down to what arrives when something does.

use super::loss::Verdict;
use super::rival::{Advice, Rival};
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
const TREND_QUEUE: i64 = 8_000;
/// A queue this long is too long, whatever the trend.
const QUEUE_LONG: i64 = 50_000;
/// The queue counts as empty below this.
const QUEUE_EMPTY: i64 = 10_000;
/// A queue above this for [`GUARD_MICROS`] is a standing one.
const QUEUE_STANDING: i64 = 80_000;
const GUARD_MICROS: u64 = 700_000;
/// And so is a shorter one after a longer time: a short buffer that is always full.
const QUEUE_LASTING: i64 = 15_000;
const LASTING_MICROS: u64 = 2_000_000;
/// A queue that stays so level (and what jitter adds), for so long, while all that is sent arrives, is none: the path became longer. One of
/// ours grows or shrinks, and one that others fill up to loss does too.
const LEVEL: i64 = 8_000;
const LEVEL_MICROS: u64 = 1_000_000;
/// Nobody's path becomes longer by more; other flows keep longer queues.
const LEVEL_MAX: i64 = 120_000;
/// All that is sent arrives, but for what is lost by chance.
const ARRIVES: f64 = 0.85;
/// A flow that sends less than this of what it might.
const IDLE: f64 = 0.6;
/// What it keeps at first of what it sent: that wavers.
const IDLE_KEEPS: f64 = 1.1;
/// What is sent after a queue has been emptied, of what arrived while it was not.
const AFTER: f64 = 0.95;
/// So many cuts must not have emptied a queue before it is taken for somebody else's.
const CUTS_MIN: u32 = 2;
/// What is sent after a cut, of the target: more by pacing and repairs, but no more than this.
const FOLLOWS: f64 = 1.5;
/// Whether loss is congestion is tried with this part of what arrives: surely less than the link carries.
const TRIAL: f64 = 0.92;
/// It is worth a probe to regain so much more.
const REGAIN: f64 = 1.15;
/// What is left each time most is lost.
const COLLAPSE: f64 = 0.7;
/// Of what was sent before somebody else came, this is a fair part.
const FAIR: f64 = 0.5;
/// And so much is fair in any case: a small picture for everybody.
const FAIR_MIN: f64 = 400e3;

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
    /// The same without that.
    pub(super) arrived: Option<f64>,
    /// Over a longer time, with it.
    pub(super) received_long: Option<f64>,
    /// What was sent lately.
    pub(super) sent: f64,
    pub(super) loss: Verdict,
    /// More was lost lately than by chance.
    pub(super) lossy: bool,
    /// Less is sent to see whether less is lost.
    pub(super) trying: bool,
    /// In µs, and how long a change of the rate takes to show.
    pub(super) round_trip: u64,
    pub(super) delay: u64,
}

/// A cut whose effect is awaited.
#[derive(Clone, Copy, Debug)]
struct Drain {
    at: u64,
    before: f64,
    /// When to look again at what arrives.
    recut: Option<u64>,
    queue: i64,
    /// The rate afterwards.
    after: f64,
    /// Too long for a queue that is ours alone.
    until: u64,
}

/// How long the queue has stayed as it is.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    since: u64,
    least: i64,
    most: i64,
}

impl Level {
    fn update(&mut self, round: &Round) {
        let (least, most) = (self.least.min(round.queue), self.most.max(round.queue));
        if most - least > LEVEL + round.jitter {
            *self = Self { since: round.now, least: round.queue, most: round.queue };
        } else {
            (self.least, self.most) = (least, most);
        }
    }

    /// The path became longer, by about this much: nothing has changed since a time (and at most since then).
    fn is_path(&self, round: &Round, from: u64) -> bool {
        let arrives = round.received_long.is_some_and(|received| received > ARRIVES * round.sent);
        arrives && round.now >= self.since.max(from) + LEVEL_MICROS && round.queue < LEVEL_MAX
    }
}

/// Before the first of several cuts.
#[derive(Clone, Copy, Debug)]
struct Episode {
    at: u64,
    target: f64,
    /// What of it was sent.
    sent: f64,
    /// The longest queue since then.
    longest: i64,
}

/// The controlled rate.
#[derive(Debug)]
pub(super) struct Rate {
    target: f64,
    /// What the link gave when it was full.
    link: Option<f64>,
    drain: Option<Drain>,
    rival: Option<Rival>,
    /// The first of the cuts that followed one another without emptying the queue.
    episode: Option<Episode>,
    /// How many they are.
    cuts: u32,
    /// The present delay shall be the base.
    pub(super) longer_path: bool,
    level: Level,
    /// When the feedback before came, and the queue it told of.
    previous: (u64, i64),
    standing_since: Option<u64>,
    lasting_since: Option<u64>,
    /// Before a cut because of loss that may turn out as chance.
    before_trial: f64,
    /// What arrived then.
    tried: f64,
    /// The target may have been wrong about the link upwards.
    pub(super) beyond: bool,
    pub(super) cut_at: u64,
    /// A queue has been emptied, at the cost of much of this rate.
    pub(super) emptied: Option<f64>,
}

impl Rate {
    pub(super) fn new(start: f64) -> Self {
        Self {
            target: start,
            link: None,
            drain: None,
            rival: None,
            episode: None,
            cuts: 0,
            longer_path: false,
            level: Level::default(),
            previous: (0, 0),
            standing_since: None,
            lasting_since: None,
            before_trial: 0.0,
            tried: 0.0,
            beyond: false,
            cut_at: 0,
            emptied: None,
        }
    }

    pub(super) fn target(&self) -> f64 {
        self.target
    }

    pub(super) fn set(&mut self, target: f64) {
        self.target = target.clamp(MIN, MAX);
    }

    /// What the link gives was seen, or something waits in it.
    pub(super) fn is_bound(&self) -> bool {
        self.link.is_some() || self.drain.is_some() || self.rival.is_some()
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
        self.rival = None;
        self.episode = None;
        (self.standing_since, self.lasting_since) = (None, None);
    }

    /// Somebody else fills the queue.
    pub(super) fn competes(&self) -> bool {
        self.rival.is_some()
    }

    pub(super) fn update(&mut self, round: &Round) {
        self.control(round);
        self.previous = (round.now, round.queue);
    }

    fn control(&mut self, round: &Round) {
        let elapsed = round.now.saturating_sub(self.previous.0).min(500_000) as f64 / 1e6;
        if self.rival.is_some() {
            self.compete(round);
            return;
        }
        self.guard(round);
        self.level.update(round);
        if let Some(episode) = &mut self.episode {
            episode.longest = episode.longest.max(round.queue);
        }
        match round.loss {
            Verdict::Suspicious => {
                self.before_trial = self.target;
                if let Some(arrived) = round.arrived {
                    self.target = self.target.min(arrived * TRIAL).max(MIN);
                    self.tried = arrived;
                }
            }
            Verdict::Chance => self.target = self.target.max(self.before_trial),
            Verdict::Collapse => self.set(self.target * COLLAPSE),
            Verdict::Congestion => self.link = Some(self.tried),
            Verdict::Usual => {}
        }
        if let Some(drain) = self.drain {
            let cut_at = self.episode.map_or(drain.at, |first| first.at);
            if round.queue <= QUEUE_EMPTY + 3 * round.jitter / 2 {
                // Emptied before less could have arrived: it was no queue, or somebody else's for a moment.
                let too_soon = round.now < drain.at + round.round_trip;
                self.target = self.target.max(if too_soon { drain.before } else { drain.after });
                self.drain = None;
                // Whoever filled it may have gone: look whether what was possible before is again.
                self.emptied = self.episode.take().map(|before| before.sent).filter(|before| *before > self.target * REGAIN);
            } else if self.level.is_path(round, (cut_at + round.delay).saturating_sub(LEVEL_MICROS / 2)) {
                // A short queue that is full is level, too, and loses packets; but not after a cut.
                self.lengthen(round);
            } else if drain.recut.is_some_and(|at| round.now > at) {
                self.recut(round, drain);
            } else if round.now > drain.until {
                self.drain = None;
                self.not_emptied(round, drain);
            }
            return;
        }
        let filled = round.lossy && round.queue > QUEUE_LASTING + 2 * round.jitter;
        let over = round.usage == Usage::Over && round.queue > TREND_QUEUE + 5 * round.jitter / 2;
        let long = round.queue > QUEUE_LONG + 2 * round.jitter && round.usage != Usage::Under;
        let stands = self.stands(round.now);
        if stands && !round.lossy && self.level.is_path(round, 0) {
            self.lengthen(round);
        } else if over || long || filled || stands {
            self.cut(round);
        } else if round.usage == Usage::Normal && !round.trying && round.queue < QUEUE_LONG + round.jitter {
            self.grow(round, elapsed);
        }
    }

    /// What was taken for a queue is the path's own delay. What was cut because of it is given back, unless there was a queue on top.
    fn lengthen(&mut self, round: &Round) {
        if let Some(before) = self.episode.take() {
            if before.longest <= self.level.most + LEVEL + round.jitter {
                self.target = before.target.max(self.target);
            } else {
                self.beyond = true;
            }
        }
        (self.link, self.drain, self.longer_path) = (None, None, true);
        (self.standing_since, self.lasting_since) = (None, None);
    }

    /// Less was sent for long enough, and the queue is still there.
    fn not_emptied(&mut self, round: &Round, drain: Drain) {
        // Through a link that we fill alone arrives less than is sent, or more while the queue empties. When as much arrives as is sent,
        // and the queue stays, somebody sends the rest.
        let sent = self.target.min(round.sent).max(1.0);
        let as_sent = round.received_long.is_some_and(|received| (0.94..1.1).contains(&(received / sent)));
        // Sound goes out whatever the target is. When it alone is more than that, the queue is its own.
        let followed = round.sent < FOLLOWS * self.target;
        let stays = round.queue > QUEUE_LONG + 2 * round.jitter && round.queue > drain.queue * 3 / 5;
        match self.episode {
            Some(before) if as_sent && followed && stays && self.cuts >= CUTS_MIN => {
                self.target = self.target.max(before.sent * FAIR);
                let fair = (before.sent * FAIR).max(FAIR_MIN);
                self.rival = Some(Rival::new(round.now, self.target, fair));
                self.episode = None;
            }
            _ => self.cut(round),
        }
    }

    /// The first cut shows by now. Where the queue is still long, what arrives is now known without what arrived before.
    fn recut(&mut self, round: &Round, drain: Drain) {
        let drain = Drain { recut: None, ..drain };
        if round.queue < QUEUE_LONG + round.jitter || round.queue < drain.queue / 2 {
            self.drain = Some(drain);
            return;
        }
        let received = round.received.unwrap_or(drain.after).min(drain.after / AFTER);
        self.target = self.target.min((received * factor(round.queue)).max(MIN));
        self.cuts += 1;
        self.drain = Some(Drain { after: received * AFTER, queue: round.queue, until: drained_at(round), ..drain });
    }

    fn compete(&mut self, round: &Round) {
        let Some(rival) = &mut self.rival else { return };
        if round.sent < 0.8 * self.target {
            rival.limit(self.target);
        }
        match rival.update(round.now, round.queue, QUEUE_EMPTY + round.jitter / 2, round.lossy) {
            Advice::Target(target) => self.target = target.clamp(MIN, MAX),
            Advice::Gone => self.rival = None,
            Advice::LongerPath => (self.rival, self.longer_path) = (None, true),
        }
    }

    fn guard(&mut self, round: &Round) {
        let since = |above: bool, since: Option<u64>| above.then(|| since.unwrap_or(round.now));
        self.standing_since = since(round.queue > QUEUE_STANDING + round.jitter, self.standing_since);
        self.lasting_since = since(round.queue > QUEUE_LASTING + 2 * round.jitter, self.lasting_since);
    }

    /// Whether a queue has been there for too long.
    fn stands(&self, now: u64) -> bool {
        self.standing_since.is_some_and(|since| now >= since + GUARD_MICROS)
            || self.lasting_since.is_some_and(|since| now >= since + LASTING_MICROS)
    }

    fn cut(&mut self, round: &Round) {
        let received = round.received.unwrap_or(self.target).min(self.target);
        let factor = factor(round.queue + self.growing(round));
        let before = self.target;
        // When little was sent, and far less than might have been, what arrives says nothing about the link, and the delay may be the path's:
        // first no more than that is sent, and the next look decides. (More than a little would fill the queue until then.)
        let idle = self.episode.is_none() && round.sent < FAIR_MIN.min(IDLE * before) && round.queue < LEVEL_MAX;
        let kept = if idle { round.sent * IDLE_KEEPS } else { MIN };
        self.target = (received * factor).max(kept);
        self.link = Some(match self.link {
            Some(link) if (received / link - 1.0).abs() < 0.15 => link + 0.3 * (received - link),
            _ => received,
        });
        self.cuts = if self.episode.is_some() { self.cuts + 1 } else { 1 };
        self.episode.get_or_insert(Episode {
            at: round.now,
            target: before,
            sent: before.min(round.sent.max(received)),
            longest: round.queue,
        });
        (self.standing_since, self.lasting_since) = (None, None);
        self.cut_at = round.now;
        self.drain = Some(Drain {
            at: round.now,
            before,
            recut: Some(round.now + round.delay),
            queue: round.queue,
            after: received * AFTER,
            until: drained_at(round),
        });
    }

    /// How much longer the queue will be when a cut shows.
    fn growing(&self, round: &Round) -> i64 {
        let (at, queue) = self.previous;
        let passed = round.now.saturating_sub(at).max(1) as i64;
        (round.queue - queue).max(0).saturating_mul(round.delay as i64) / passed
    }

    fn grow(&mut self, round: &Round, elapsed: f64) {
        // Nobody knows whether what is not sent would arrive.
        if round.sent < 0.8 * self.target {
            return;
        }
        let step = match self.link {
            Some(link) if self.target < 0.85 * link => self.target * GROWTH_FAR,
            // A little above it something would wait.
            Some(link) if self.target <= 1.03 * link || round.lossy || round.queue > QUEUE_EMPTY + round.jitter / 2 => {
                (self.target * GROWTH_NEAR).max(GROWTH_STEP)
            }
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

/// What is left of the rate while the queue empties: the longer it is, the less, so that none takes more than about a second.
fn factor(queue: i64) -> f64 {
    match queue {
        ..30_000 => 0.88,
        30_000..80_000 => 0.8,
        80_000..160_000 => 0.65,
        _ => 0.5,
    }
}

/// When a queue that is ours alone is surely empty.
fn drained_at(round: &Round) -> u64 {
    let emptied = round.queue.max(0) as f64 / (1.0 - factor(round.queue));
    round.now + round.delay + (emptied * 1.5) as u64 + 200_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_within_the_first_moments_is_cut_for_like_any_other() {
        let mut rate = Rate::new(300e3);
        for now in [50_000, 100_000, 150_000] {
            rate.update(&Round {
                now,
                usage: Usage::Over,
                queue: 60_000,
                jitter: 0,
                received: Some(250e3),
                arrived: Some(250e3),
                received_long: Some(250e3),
                sent: 300e3,
                loss: Verdict::Usual,
                lossy: false,
                trying: false,
                round_trip: 40_000,
                delay: 150_000,
            });
            assert!(rate.draining() && rate.target() < 250e3, "after {now} µs");
        }
    }
}
