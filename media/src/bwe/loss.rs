//! Whether loss is congestion: radio loses packets at any rate, a full queue only above its own.
//!
//! What is always lost is the base. Loss well above it is taken for congestion and tried: when sending less does not lessen it, it
//! was no congestion, and becomes the base.

/// A measurement takes this many packets and this long.
const PACKETS_MIN: u32 = 40;
const WINDOW_MICROS: u64 = 400_000;
/// Or this long, whatever came.
const WINDOW_MAX_MICROS: u64 = 2_000_000;
/// Loss this far above the base is suspicious, beyond what chance explains.
const MARGIN: f64 = 0.03;
/// Standard deviations that chance explains.
const CHANCE: f64 = 2.5;
/// How fast the base follows from one measurement to the next: upwards so slowly that it cannot follow loss that grows with the rate.
const FOLLOW_DOWN: f64 = 0.15;
const FOLLOW_UP: f64 = 0.03;
/// A base beyond this is no network for pictures.
const BASE_MAX: f64 = 0.5;

/// What a measurement says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Nothing new.
    Usual,
    /// More is lost than usual.
    Suspicious,
    /// Sending less helped: it was congestion.
    Congestion,
    /// Most is lost: nothing gets through any more.
    Collapse,
    /// It did not help: what was taken away can be given back.
    Chance,
}

/// Counts what is lost.
#[derive(Debug)]
pub(super) struct Loss {
    lost: u32,
    total: u32,
    since: u64,
    base: f64,
    /// Of the last measurement.
    fraction: f64,
    /// When sending less was tried, at which loss.
    trial: Option<(u64, f64)>,
    known: bool,
}

impl Loss {
    pub(super) fn new() -> Self {
        Self { lost: 0, total: 0, since: 0, base: 0.0, fraction: 0.0, trial: None, known: false }
    }

    pub(super) fn arrived(&mut self) {
        self.total += 1;
    }

    pub(super) fn lost(&mut self) {
        self.total += 1;
        self.lost += 1;
    }

    /// What was told as lost arrived after all.
    pub(super) fn late(&mut self) {
        self.lost = self.lost.saturating_sub(1);
    }

    /// What is lost whatever is sent.
    pub(super) fn base(&self) -> f64 {
        self.base
    }

    /// What was lost lately.
    pub(super) fn lately(&self) -> f64 {
        self.fraction
    }

    /// Whether more than the base was lost lately.
    pub(super) fn above_base(&self) -> bool {
        self.fraction > self.base + MARGIN / 2.0 + self.base / 3.0
    }

    /// Whether it is being tried what sending less does.
    pub(super) fn trying(&self) -> bool {
        self.trial.is_some()
    }

    /// The feedback has been read. `round` is how long a change of the rate takes to show; `queued` whether delay says that the queue
    /// is not empty: then it decides, and loss says nothing about the base.
    pub(super) fn finish(&mut self, now: u64, round: u64, queued: bool) -> Verdict {
        let age = now.saturating_sub(self.since);
        if age < WINDOW_MICROS || self.total < PACKETS_MIN && age < WINDOW_MAX_MICROS {
            return Verdict::Usual;
        }
        let (lost, total) = (f64::from(self.lost), f64::from(self.total));
        (self.lost, self.total, self.since) = (0, 0, now);
        if total < 4.0 {
            return Verdict::Usual;
        }
        self.fraction = lost / total;
        let limit = self.limit(total);
        match self.trial {
            _ if self.fraction > BASE_MAX => {
                self.trial = None;
                Verdict::Collapse
            }
            // The whole measurement must be of the time after.
            Some((tried, _)) if now < tried + round + age => Verdict::Usual,
            Some((_, before)) => {
                self.trial = None;
                if self.fraction < (self.base + before) / 2.0 {
                    self.base = self.base.min(self.fraction);
                    Verdict::Congestion
                } else {
                    self.base = self.fraction.min(BASE_MAX);
                    Verdict::Chance
                }
            }
            None if queued => Verdict::Usual,
            None if !self.known => {
                // The first measurement is of a rate that no network is too narrow for.
                self.base = self.fraction.min(BASE_MAX);
                self.known = true;
                Verdict::Usual
            }
            None if self.fraction > limit => {
                self.trial = Some((now, self.fraction));
                Verdict::Suspicious
            }
            None => {
                let follow = if self.fraction < self.base { FOLLOW_DOWN } else { FOLLOW_UP };
                self.base += follow * (self.fraction - self.base);
                Verdict::Usual
            }
        }
    }

    fn limit(&self, total: f64) -> f64 {
        let deviation = (self.base.max(0.01) * (1.0 - self.base) / total).sqrt();
        self.base + MARGIN + CHANCE * deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(loss: &mut Loss, now: u64, lost: u32, total: u32) -> Verdict {
        for count in 0..total {
            if count < lost { loss.lost() } else { loss.arrived() }
        }
        loss.finish(now, 200_000, false)
    }

    #[test]
    fn random_loss_becomes_the_base() {
        let mut loss = Loss::new();
        for round in 1..10 {
            assert_eq!(measure(&mut loss, round * 500_000, 10, 100), Verdict::Usual);
        }
        assert!((loss.base() - 0.1).abs() < 0.01);
        assert_eq!(measure(&mut loss, 5_000_000, 30, 100), Verdict::Suspicious);
        assert_eq!(measure(&mut loss, 5_500_000, 30, 100), Verdict::Usual, "not of the time after yet");
        assert_eq!(measure(&mut loss, 6_000_000, 30, 100), Verdict::Chance);
        assert!((loss.base() - 0.3).abs() < 0.01);
    }

    #[test]
    fn loss_that_ends_with_the_rate_is_congestion() {
        let mut loss = Loss::new();
        measure(&mut loss, 500_000, 0, 100);
        assert_eq!(measure(&mut loss, 1_000_000, 12, 100), Verdict::Suspicious);
        measure(&mut loss, 1_500_000, 12, 100);
        assert_eq!(measure(&mut loss, 2_000_000, 0, 100), Verdict::Congestion);
        assert!(loss.base() < 0.01);
    }

    #[test]
    fn what_comes_late_was_not_lost() {
        let mut loss = Loss::new();
        for _ in 0..50 {
            loss.lost();
            loss.late();
        }
        loss.late();
        loss.finish(1_000_000, 0, false);
        assert_eq!(loss.fraction, 0.0);
    }
}
