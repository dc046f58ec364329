//! How much is sent.

/// Measured over so many windows of this length.
const WINDOW_MICROS: u64 = 250_000;
const WINDOWS: usize = 4;

/// Bytes sent within the last second.
#[derive(Debug)]
pub(super) struct Sending {
    bytes: [u64; WINDOWS],
    window: u64,
}

impl Sending {
    pub(super) fn new() -> Self {
        Self { bytes: [0; WINDOWS], window: 0 }
    }

    pub(super) fn add(&mut self, now: u64, bytes: usize) {
        self.advance(now);
        self.bytes[self.window as usize % WINDOWS] += bytes as u64;
    }

    /// bit/s over the last second or so.
    pub(super) fn rate(&mut self, now: u64) -> f64 {
        self.advance(now);
        let begun = (now / WINDOW_MICROS).saturating_sub(WINDOWS as u64 - 1) * WINDOW_MICROS;
        let bytes: u64 = self.bytes.iter().sum();
        bytes as f64 * 8e6 / now.saturating_sub(begun).max(WINDOW_MICROS) as f64
    }

    fn advance(&mut self, now: u64) {
        let window = now / WINDOW_MICROS;
        let passed = window.saturating_sub(self.window).min(WINDOWS as u64);
        for step in 1..=passed {
            self.bytes[(self.window + step) as usize % WINDOWS] = 0;
        }
        self.window = self.window.max(window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_what_is_sent_and_forgets_it() {
        let mut sending = Sending::new();
        for count in 0..500 {
            sending.add(count * 10_000, 1250);
        }
        let rate = sending.rate(5_000_000);
        assert!((900_000.0..1_100_000.0).contains(&rate), "{rate}");
        assert_eq!(sending.rate(60_000_000), 0.0);
    }
}
