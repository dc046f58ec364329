//! A histogram of latencies: fixed memory, resolution better than 2 %.

/// Buckets of 1/64 of a power of two over nanoseconds.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

const SUB_BITS: u32 = 6;

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; 64 << SUB_BITS], total: 0 }
    }
}

impl Histogram {
    /// Counts one latency in nanoseconds.
    pub fn record(&mut self, ns: u64) {
        self.counts[bucket(ns)] += 1;
        self.total += 1;
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The latency in milliseconds below which the share `quantile` (0..=1) lies; 0 when empty.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        let wanted = (self.total as f64 * quantile).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return upper_ns(index) as f64 / 1e6;
            }
        }
        0.0
    }
}

fn bucket(ns: u64) -> usize {
    let ns = ns.max(1 << SUB_BITS);
    let exponent = 63 - ns.leading_zeros();
    let sub = (ns >> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1);
    ((u64::from(exponent) << SUB_BITS) | sub) as usize
}

fn upper_ns(index: usize) -> u64 {
    let (exponent, sub) = (index as u32 >> SUB_BITS, index as u64 & ((1 << SUB_BITS) - 1));
    ((1 << SUB_BITS) | (sub + 1)) << exponent.saturating_sub(SUB_BITS)
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn quantiles_are_within_two_percent() {
        let mut histogram = Histogram::default();
        (1..=1000u64).for_each(|ms| histogram.record(ms * 1_000_000));
        for (quantile, expected) in [(0.5, 500.0), (0.99, 990.0)] {
            let got = histogram.quantile_ms(quantile);
            assert!((got / expected - 1.0).abs() < 0.02, "{quantile}: {got}");
        }
    }
}
