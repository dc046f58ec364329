//! When the next picture packet may go out, so that a frame does not fill the queue of a narrow link all at once.
//!
//! Only the budget is kept here; the caller owns what waits. Sound is never held back, but it is debited, so that pictures make
//! room for it.

use std::time::{Duration, Instant};

/// What may go out at once after a pause.
const BURST: Duration = Duration::from_millis(5);
/// At least so much: a few packets, so that one system call still sends several of them on a slow link.
const BURST_BYTES_MIN: i64 = 4 * 1200;
/// When the budget is used up, it is waited for so much of it: at high rates that is several packets, and few wake-ups.
const RUN: Duration = Duration::from_millis(2);
/// Debt is forgiven beyond this time: sound alone may take more than the rate, and pictures must not starve for ever.
const DEBT: Duration = Duration::from_millis(250);
/// Below this there is no pacing: a packet must go out within finite time.
const RATE_MIN_BPS: u64 = 10_000;
/// Time is counted in bytes × 8 × 10⁶ / rate, so that no fraction of a byte is lost: the budget is held in millionths of a bit.
const SCALE: i64 = 8_000_000;
/// A gap longer than this fills any budget.
const GAP_MAX: Duration = Duration::from_secs(1);
/// Beyond this (16 Gbit/s) the arithmetic would leave 64 bit.
const RATE_MAX_BPS: u64 = 1 << 34;

/// A budget of bytes that fills with the rate.
#[derive(Clone, Debug)]
pub struct Pacer {
    rate_bps: u64,
    /// In millionths of a bit; negative is debt.
    budget: i64,
    filled: Instant,
}

impl Pacer {
    /// With a full budget and no bound until [`Pacer::set_rate`].
    pub fn new(now: Instant) -> Self {
        let mut pacer = Self { rate_bps: RATE_MAX_BPS, budget: 0, filled: now };
        pacer.budget = pacer.burst();
        pacer
    }

    /// How fast everything together should go out from now on: for the time of a probe its rate, else the target or a little more.
    pub fn set_rate(&mut self, now: Instant, bps: u64) {
        self.fill(now);
        self.rate_bps = bps.clamp(RATE_MIN_BPS, RATE_MAX_BPS);
        self.budget = self.budget.clamp(-self.amount(DEBT), self.burst());
    }

    /// Whether a picture packet may go out now. Debts come after it: the packet may be larger than what is left.
    pub fn may_send(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.budget > 0
    }

    /// Something went out, paced or not; `bytes` with all headers.
    pub fn on_sent(&mut self, now: Instant, bytes: usize) {
        self.fill(now);
        let cost = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_mul(SCALE);
        self.budget = self.budget.saturating_sub(cost).max(-self.amount(DEBT));
    }

    /// When to ask [`Pacer::may_send`] again; `None` when it is true already.
    pub fn next_at(&mut self, now: Instant) -> Option<Instant> {
        self.fill(now);
        if self.budget > 0 {
            return None;
        }
        let missing = self.amount(RUN).min(self.burst()) - self.budget;
        // Rounded up, so that waking then is never too early.
        let micros = missing.unsigned_abs().div_ceil(self.rate_bps) + 1;
        Some(now + Duration::from_micros(micros))
    }

    fn fill(&mut self, now: Instant) {
        let gap = now.saturating_duration_since(self.filled);
        if gap.is_zero() {
            return;
        }
        self.filled = now;
        self.budget = self.budget.saturating_add(self.amount(gap.min(GAP_MAX))).min(self.burst());
    }

    fn burst(&self) -> i64 {
        self.amount(BURST).max(BURST_BYTES_MIN * SCALE)
    }

    /// What the rate gives in `time` (up to [`GAP_MAX`]): bits a second times microseconds are millionths of a bit.
    fn amount(&self, time: Duration) -> i64 {
        self.rate_bps as i64 * time.as_micros() as i64
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]
mod tests {
    use super::*;

    const PACKET: usize = 1200;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Bytes that go out within `time` when there is always something to send.
    fn greedy(pacer: &mut Pacer, start: Instant, time: Duration) -> (usize, usize) {
        let (mut now, mut bytes, mut wakes) = (start, 0, 0);
        while now < start + time {
            while pacer.may_send(now) {
                pacer.on_sent(now, PACKET);
                bytes += PACKET;
            }
            wakes += 1;
            now = pacer.next_at(now).expect("the budget is used up");
        }
        (bytes, wakes)
    }

    #[test]
    fn keeps_the_rate_at_every_speed() {
        let start = Instant::now();
        for bps in [60_000, 300_000, 2_500_000, 50_000_000, 900_000_000] {
            let mut pacer = Pacer::new(start);
            pacer.set_rate(start, bps);
            let (bytes, _) = greedy(&mut pacer, start, ms(4000));
            let expected = bps as f64 * 4.0 / 8.0;
            let burst = (bps as f64 * 0.007 / 8.0).max(6.0 * PACKET as f64);
            assert!((bytes as f64 - expected).abs() <= burst, "{bps}: {bytes} of {expected}");
        }
    }

    #[test]
    fn wakes_seldom_at_high_rates() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        pacer.set_rate(start, 50_000_000);
        let (_, wakes) = greedy(&mut pacer, start, ms(1000));
        assert!(wakes <= 510, "{wakes} wake-ups in a second");
    }

    #[test]
    fn a_pause_allows_a_few_packets_and_not_more() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        pacer.set_rate(start, 500_000);
        greedy(&mut pacer, start, ms(500));
        let later = start + Duration::from_secs(60);
        let mut burst = 0;
        while pacer.may_send(later) {
            pacer.on_sent(later, PACKET);
            burst += 1;
        }
        assert_eq!(burst, 4);
    }

    #[test]
    fn sound_is_debited_and_its_debt_is_bounded() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        pacer.set_rate(start, 100_000);
        for _ in 0..100 {
            pacer.on_sent(start, 300);
        }
        assert!(!pacer.may_send(start + ms(200)));
        assert!(pacer.may_send(start + ms(251)));
    }

    #[test]
    fn a_probe_goes_out_at_its_rate_and_the_old_one_holds_after_it() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        pacer.set_rate(start, 300_000);
        greedy(&mut pacer, start, ms(100));
        let probe = start + ms(200);
        pacer.set_rate(probe, 3_000_000);
        let (bytes, _) = greedy(&mut pacer, probe, ms(40));
        assert!((15_000..21_000).contains(&bytes), "{bytes} bytes in 40 ms");
        let after = probe + ms(60);
        pacer.set_rate(after, 300_000);
        let (bytes, _) = greedy(&mut pacer, after, ms(1000));
        assert!((36_000..44_000).contains(&bytes), "{bytes} bytes in a second");
    }

    #[test]
    fn time_going_backwards_and_absurd_values_change_nothing_for_the_worse() {
        let start = Instant::now() + ms(1000);
        let mut pacer = Pacer::new(start);
        pacer.set_rate(start, 0);
        pacer.on_sent(start, usize::MAX);
        assert!(!pacer.may_send(start - ms(500)));
        assert!(pacer.next_at(start).is_some_and(|at| at <= start + Duration::from_secs(1)));
        pacer.set_rate(start, u64::MAX);
        assert!(pacer.may_send(start + ms(1)));
    }
}
