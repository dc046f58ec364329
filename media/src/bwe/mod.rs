//! How much a receiver's network carries: an estimate from transport-wide feedback, and when to probe for more.
//!
//! The caller numbers what it sends to one receiver (one transport), tells [`Estimator::on_sent`], hands feedback to
//! [`Estimator::on_feedback`], and keeps what it sends below [`Estimator::target_bps`]. What it would like to send beyond that it
//! says with [`Estimator::set_wanted`]; the estimator then asks for probes.

mod pacer;

pub use pacer::Pacer;

use crate::rtp::twcc::Feedback;
use std::time::{Duration, Instant};

/// What a sent packet was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Sound: never held back.
    Audio,
    /// Pictures, and what was sent again of them.
    Video,
    /// Padding, or something sent again, that belongs to a probe.
    Probe(ProbeId),
}

/// Names a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeId(pub u32);

/// A short burst that shows whether the network carries a higher rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// To be told with each of its packets.
    pub id: ProbeId,
    /// How fast all that is sent together should go out meanwhile.
    pub rate_bps: u64,
    /// How much: the probe is over when so much went out, or after `duration`.
    pub bytes: usize,
    /// How long at most.
    pub duration: Duration,
}

/// Estimates the capacity towards one receiver.
#[derive(Debug)]
pub struct Estimator {
    target_bps: u64,
    wanted_bps: u64,
}

impl Estimator {
    /// Before anything is known.
    pub fn new(_now: Instant) -> Self {
        Self { target_bps: 10_000_000, wanted_bps: 0 }
    }

    /// A packet with this transport-wide number goes out; `bytes` with all headers down to UDP and IP.
    pub fn on_sent(&mut self, _now: Instant, _number: u16, _bytes: usize, _what: Sent) {}

    /// Feedback arrived. Every one is hostile: it may name what was never sent, or nothing at all.
    pub fn on_feedback(&mut self, _now: Instant, _feedback: &Feedback<'_>) {}

    /// What would be sent if there were no bound: the sum of all that the receiver looks at, at its best. Decides whether probing is worth
    /// anything.
    pub fn set_wanted(&mut self, _now: Instant, wanted_bps: u64) {
        self.wanted_bps = wanted_bps;
    }

    /// What may be sent to this receiver now, sound, repairs and headers included.
    pub fn target_bps(&self) -> u64 {
        self.target_bps
    }

    /// A probe to send now.
    pub fn poll_probe(&mut self, _now: Instant) -> Option<Probe> {
        None
    }

    /// When [`Estimator::handle_timeout`] is wanted next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// To be called when [`Estimator::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// The receiver is reached on another path now (another network, an ICE restart): what was measured on the old one no longer
    /// holds, but it is a better guess than none.
    pub fn on_path_change(&mut self, _now: Instant) {}
}
