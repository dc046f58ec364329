//! How often something may happen.

use std::time::{Duration, Instant};

/// A token bucket: `burst` at once, then one per `interval`.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    interval: Duration,
    /// How far ahead of the steady rate the past may be.
    credit: Duration,
    /// When the bucket is (or was) full again: the generic cell rate algorithm's theoretical arrival time.
    full_at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(now: Instant, burst: u32, interval: Duration) -> Self {
        Self { interval, credit: interval * burst.saturating_sub(1), full_at: now }
    }

    /// Takes one token; false when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now);
        if full_at.duration_since(now) > self.credit {
            return false;
        }
        self.full_at = full_at + self.interval;
        true
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_steady_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(start, 3, Duration::from_millis(100));
        assert!((0..3).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        assert!(!bucket.take(start + Duration::from_millis(99)));
        assert!(bucket.take(start + Duration::from_millis(100)));
        assert!(!bucket.take(start + Duration::from_millis(101)));
        let later = start + Duration::from_secs(60);
        assert!((0..3).all(|_| bucket.take(later)), "rest fills it up again");
        assert!(!bucket.take(later), "but not beyond its size");
    }
}
