//! What somebody may do per second: a token bucket.

use std::time::{Duration, Instant};

/// After this long every bucket is full, and arithmetic on it is far from its bounds.
const FULL_AFTER: Duration = Duration::from_secs(60);

/// Holds at most `CAPACITY` tokens, and gains `PER_SECOND`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget<const CAPACITY: u32, const PER_SECOND: u32> {
    tokens: u32,
    refilled_at: Instant,
}

impl<const CAPACITY: u32, const PER_SECOND: u32> Budget<CAPACITY, PER_SECOND> {
    /// A full one.
    pub(crate) fn new(now: Instant) -> Self {
        Self { tokens: CAPACITY, refilled_at: now }
    }

    /// Gains what the time since the last call is worth.
    pub(crate) fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.refilled_at).min(FULL_AFTER).as_nanos() as u64;
        let gained = elapsed * u64::from(PER_SECOND) / 1_000_000_000;
        if gained > 0 {
            // What is left of a token's time counts next time.
            let left = elapsed - gained * 1_000_000_000 / u64::from(PER_SECOND);
            self.refilled_at = now.checked_sub(Duration::from_nanos(left)).unwrap_or(now);
            self.tokens = (u64::from(self.tokens) + gained).min(u64::from(CAPACITY)) as u32;
        }
    }

    /// Takes `cost`; `false`, and takes nothing, when there is less.
    pub(crate) fn take(&mut self, cost: u32) -> bool {
        let rest = self.tokens.checked_sub(cost);
        self.tokens = rest.unwrap_or(self.tokens);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_holds_however_often_it_is_looked_at() {
        for step in [Duration::from_micros(90), Duration::from_micros(1900), Duration::from_millis(70)] {
            let start = Instant::now();
            let mut budget = Budget::<100, 1000>::new(start);
            let mut now = start;
            let mut taken = 0_u32;
            while now < start + Duration::from_secs(10) {
                now += step;
                budget.refill(now);
                while budget.take(1) {
                    taken += 1;
                }
            }
            let allowed = 100 + (now - start).as_millis() as u32;
            assert!((allowed - 100..=allowed).contains(&taken), "{taken} of {allowed} at {step:?}");
        }
    }
}
