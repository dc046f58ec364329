//! How fast bytes arrive, on the receiver's clock.

/// One place of the ring.
const BUCKET_MICROS: i64 = 16_384;
/// Just over a second.
const BUCKETS: usize = 64;
/// A pause this long begins a new measurement: what comes after it says nothing about the time before.
const PAUSE_MICROS: i64 = 250_000;
/// Less than this is no measurement.
const SPAN_MIN_MICROS: i64 = 40_000;

/// Bytes by arrival time.
#[derive(Debug)]
pub(super) struct Acked {
    buckets: [u32; BUCKETS],
    /// Number of the newest bucket, counted from the receiver's zero.
    head: i64,
    /// The newest arrival, and the first after the last pause.
    last: i64,
    since: Option<i64>,
}

impl Acked {
    pub(super) fn new() -> Self {
        Self { buckets: [0; BUCKETS], head: 0, last: 0, since: None }
    }

    pub(super) fn add(&mut self, arrival: i64, bytes: u16) {
        let bucket = arrival.div_euclid(BUCKET_MICROS);
        if self.since.is_none() || arrival > self.last.saturating_add(PAUSE_MICROS) {
            self.buckets = [0; BUCKETS];
            (self.head, self.last, self.since) = (bucket, arrival, Some(arrival));
        }
        // Each place is cleared when it is reached; a pause has cleared them all, so this is never far.
        while self.head < bucket {
            self.head += 1;
            self.buckets[self.head.rem_euclid(BUCKETS as i64) as usize] = 0;
        }
        if self.head - bucket < BUCKETS as i64 {
            let place = &mut self.buckets[bucket.rem_euclid(BUCKETS as i64) as usize];
            *place = place.saturating_add(u32::from(bytes));
        }
        self.last = self.last.max(arrival);
    }

    /// Arrivals are missing here: a feedback was lost, not what it would have told of.
    pub(super) fn gap(&mut self) {
        self.since = None;
    }

    /// bit/s over about the last `window` µs before the newest arrival (at most a second).
    pub(super) fn rate(&self, window: i64) -> Option<f64> {
        let since = self.since?;
        let count = (window / BUCKET_MICROS).clamp(2, BUCKETS as i64 - 1);
        let from = ((self.head - count) * BUCKET_MICROS).max(since);
        let span = self.last - from;
        if span < SPAN_MIN_MICROS {
            return None;
        }
        let bytes: u64 = (self.head - count..=self.head).map(|n| u64::from(self.buckets[n.rem_euclid(BUCKETS as i64) as usize])).sum();
        Some(bytes as f64 * 8e6 / span as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_a_steady_rate_over_any_window() {
        let mut acked = Acked::new();
        for count in 0..1000 {
            acked.add(count * 9_600, 1200);
        }
        for window in [100_000, 300_000, 1_000_000] {
            let rate = acked.rate(window).expect("enough");
            assert!((900_000.0..1_150_000.0).contains(&rate), "{rate}");
        }
    }

    #[test]
    fn a_pause_begins_anew_and_absurd_times_do_no_harm() {
        let mut acked = Acked::new();
        acked.add(i64::MIN / 4, 1200);
        acked.add(0, 1200);
        acked.add(-5_000_000, 1200);
        acked.add(100_000, 1200);
        let rate = acked.rate(500_000).expect("enough");
        assert!((150_000.0..200_000.0).contains(&rate), "{rate}");
        acked.add(i64::MAX / 4, 1200);
        assert!(acked.rate(500_000).is_none());
    }
}
