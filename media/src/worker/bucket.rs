//! How much a peer may ask for: a bucket of tokens that fills with time.

use std::time::{Duration, Instant};

/// See the module's documentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    limit: Limit,
    tokens: u32,
    filled_at: Instant,
}

/// How many at once, and how long each one takes to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub burst: u32,
    pub each: Duration,
}

impl Bucket {
    pub(crate) fn new(limit: Limit, now: Instant) -> Self {
        Self { limit, tokens: limit.burst, filled_at: now }
    }

    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.take_many(now, 1)
    }

    /// Takes `cost` tokens; `false`, and takes none, when there are fewer.
    pub(crate) fn take_many(&mut self, now: Instant, cost: u32) -> bool {
        let gained = now.saturating_duration_since(self.filled_at).as_micros() / self.limit.each.as_micros().max(1);
        if gained > 0 {
            let missing = self.limit.burst - self.tokens;
            if gained >= u128::from(missing) {
                (self.tokens, self.filled_at) = (self.limit.burst, now);
            } else {
                self.tokens += gained as u32;
                self.filled_at += self.limit.each * gained as u32;
            }
        }
        let rest = self.tokens.checked_sub(cost);
        self.tokens = rest.unwrap_or(self.tokens);
        rest.is_some()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_so_many_in_a_time() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Limit { burst: 3, each: Duration::from_millis(100) }, start);
        let mut taken = |millis: u64| (0..10).filter(|_| bucket.take(start + Duration::from_millis(millis))).count();
        assert_eq!(taken(0), 3);
        assert_eq!(taken(250), 2);
        assert_eq!(taken(299), 0);
        assert_eq!(taken(300), 1, "fractions are not lost");
        assert_eq!(taken(60_000), 3);
        assert_eq!(taken(0), 0, "time does not go back");
    }
}
