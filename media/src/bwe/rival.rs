//! A queue that is not ours: somebody else fills it and would, whatever we do.
//!
//! Whoever steps back from every queue is starved by flows that stop only at loss. So when sending clearly less does not shorten the
//! queue, delay is no longer a reason to send less; loss is, as for the others. From time to time half is sent for a moment: does
//! the queue become empty then, there is nobody else, or it was one of us.

/// Before the first such test, between two of them, and how long one lasts at most.
const TEST_FIRST: u64 = 3_000_000;
const TEST_INTERVAL: u64 = 9_000_000;
const TEST_MICROS: u64 = 1_300_000;
/// What is sent in a test, of the target.
const TEST_FACTOR: f64 = 0.5;
/// A queue that changes less than this in a test, without any loss, is none: the path became longer.
const LONGER_PATH: i64 = 8_000;
/// Growth a second, below and above what is fair: like a TCP connection's of a usual round trip.
const GROWTH_BELOW: (f64, f64) = (80e3, 0.2);
const GROWTH_ABOVE: (f64, f64) = (30e3, 0.02);
/// After loss so much of the target is left, once in this time: nearly all below what is fair, as much as CUBIC leaves above.
const LOSS_BELOW: f64 = 0.96;
const LOSS_ABOVE: f64 = 0.75;
const LOSS_INTERVAL: u64 = 1_000_000;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Advice {
    /// Send this much.
    Target(f64),
    /// The queue is empty: control it by delay again.
    Gone,
    /// There is no queue: the path became longer.
    LongerPath,
}

/// While somebody competes.
#[derive(Debug)]
pub(super) struct Rival {
    target: f64,
    fair: f64,
    last: u64,
    cut_at: u64,
    next_test: u64,
    test: Option<Test>,
    lost: bool,
}

#[derive(Clone, Copy, Debug)]
struct Test {
    until: u64,
    before: i64,
    least: i64,
}

impl Rival {
    /// Begins with `target`; `fair` is a fair share as far as it is known.
    pub(super) fn new(now: u64, target: f64, fair: f64) -> Self {
        Self { target, fair, last: now, cut_at: now, next_test: now + TEST_FIRST, test: None, lost: false }
    }

    /// A feedback told of this queue and, when it is below `empty`, that there is none; `lost`: more is lost than by chance.
    pub(super) fn update(&mut self, now: u64, queue: i64, empty: i64, lost: bool) -> Advice {
        let elapsed = now.saturating_sub(self.last).min(500_000) as f64 / 1e6;
        self.last = now;
        if queue <= empty {
            return Advice::Gone;
        }
        self.lost |= lost;
        if let Some(test) = &mut self.test {
            test.least = test.least.min(queue);
            if now < test.until {
                return Advice::Target(self.target * TEST_FACTOR);
            }
            let unchanged = test.least > test.before - LONGER_PATH;
            self.test = None;
            self.next_test = now + TEST_INTERVAL;
            if unchanged && !std::mem::take(&mut self.lost) {
                return Advice::LongerPath;
            }
        } else if now >= self.next_test {
            self.test = Some(Test { until: now + TEST_MICROS, before: queue, least: queue });
        } else if lost && now >= self.cut_at + LOSS_INTERVAL {
            self.cut_at = now;
            self.target *= if self.target < self.fair { LOSS_BELOW } else { LOSS_ABOVE };
        } else if !lost {
            let (step, growth) = if self.target < self.fair { GROWTH_BELOW } else { GROWTH_ABOVE };
            self.target += (self.target * growth).max(step) * elapsed;
        }
        Advice::Target(self.target)
    }

    /// Does not grow beyond what is sent: nobody knows whether it would arrive.
    pub(super) fn limit(&mut self, target: f64) {
        self.target = self.target.min(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: i64 = 10_000;
    const FULL: i64 = 300_000;

    /// Feedback every 100 ms for so many seconds, with a queue that depends on what is sent.
    fn run(rival: &mut Rival, seconds: u64, queue: impl Fn(f64) -> i64, lost: bool) -> Vec<Advice> {
        let mut target = 1e6;
        let mut all = vec![];
        for round in 1..=seconds * 10 {
            let advice = rival.update(round * 100_000, queue(target), EMPTY, lost);
            if let Advice::Target(bps) = advice {
                target = bps;
            }
            all.push(advice);
            if !matches!(advice, Advice::Target(_)) {
                break;
            }
        }
        all
    }

    #[test]
    fn grows_below_what_is_fair_and_gives_way_above() {
        let mut rival = Rival::new(0, 500e3, 1e6);
        let all = run(&mut rival, 2, |_| FULL, false);
        assert!(matches!(all.last(), Some(Advice::Target(bps)) if *bps > 600e3), "{all:?}");
        let mut rival = Rival::new(0, 2e6, 1e6);
        let all = run(&mut rival, 2, |_| FULL, true);
        assert!(matches!(all.last(), Some(Advice::Target(bps)) if *bps <= 1.5e6), "{all:?}");
    }

    #[test]
    fn sees_that_the_queue_was_ours_and_that_a_path_is_longer() {
        let ours = |bps: f64| if bps < 800e3 { 0 } else { FULL };
        assert_eq!(run(&mut Rival::new(0, 1e6, 1e6), 10, ours, false).last(), Some(&Advice::Gone));
        assert_eq!(run(&mut Rival::new(0, 1e6, 1e6), 10, |_| 60_000, false).last(), Some(&Advice::LongerPath));
        assert!(matches!(run(&mut Rival::new(0, 1e6, 1e6), 30, |_| FULL, true).last(), Some(Advice::Target(_))));
    }
}
