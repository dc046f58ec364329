//! What decides how fast a flow sends: the estimator under test, or the yardstick.

use auftakt_media::bwe::{Estimator, Probe, Sent};
use auftakt_media::rtp::twcc::Feedback;
use std::time::Instant;

pub trait Controller {
    fn on_sent(&mut self, now: Instant, number: u16, bytes: usize, what: Sent);
    /// `fci` as it came over the network.
    fn on_feedback(&mut self, now: Instant, fci: &[u8]);
    fn set_wanted(&mut self, now: Instant, bps: u64);
    fn target_bps(&self) -> u64;
    fn poll_probe(&mut self, now: Instant) -> Option<Probe>;
    fn poll_timeout(&self) -> Option<Instant>;
    fn handle_timeout(&mut self, now: Instant);
    fn on_path_change(&mut self, now: Instant);
}

impl Controller for Estimator {
    fn on_sent(&mut self, now: Instant, number: u16, bytes: usize, what: Sent) {
        self.on_sent(now, number, bytes, what);
    }

    fn on_feedback(&mut self, now: Instant, fci: &[u8]) {
        self.on_feedback(now, &Feedback::parse(fci).expect("the recorder writes what can be read"));
    }

    fn set_wanted(&mut self, now: Instant, bps: u64) {
        self.set_wanted(now, bps);
    }

    fn target_bps(&self) -> u64 {
        self.target_bps()
    }

    fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        self.poll_probe(now)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.handle_timeout(now);
    }

    fn on_path_change(&mut self, now: Instant) {
        self.on_path_change(now);
    }
}
