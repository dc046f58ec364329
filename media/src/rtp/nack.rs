//! Uplink loss detection: which sequence numbers to ask the publisher for again, and when.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How patient to be. Audio and video differ.
#[derive(Clone, Copy, Debug)]
pub struct NackPolicy {
    /// A loss older than this is given up.
    pub give_up: Duration,
    /// More losses than this at once mean that the stream jumped: asking for all would only add to the jam.
    pub losses_max: usize,
}

impl NackPolicy {
    /// 600 ms is more than any audio jitter buffer will wait; 64 packets are more than a second.
    pub const AUDIO: Self = Self { give_up: Duration::from_millis(600), losses_max: 64 };
    /// A second is where a decoder is better served by a keyframe.
    pub const VIDEO: Self = Self { give_up: Duration::from_millis(1000), losses_max: 512 };
}

/// What an arrival means to the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// The next one, or the first.
    InOrder,
    /// Numbers before it are missing.
    Gap,
    /// One of the missing.
    Late,
    /// Not missing: a duplicate, or given up before.
    Unexpected,
    /// Far ahead: everything missing was forgotten.
    Jump,
}

/// One per incoming stream (SSRC).
#[derive(Debug)]
pub struct NackGenerator {
    policy: NackPolicy,
    rtt: Duration,
    highest: Option<u64>,
    /// Ascending.
    missing: VecDeque<Missing>,
    abandoned: u64,
}

#[derive(Clone, Copy, Debug)]
struct Missing {
    ext_seq: u64,
    since: Instant,
    due: Instant,
    tries: u8,
}

impl NackGenerator {
    /// Nothing missing yet.
    pub fn new(policy: NackPolicy) -> Self {
        Self { policy, rtt: Duration::from_millis(100), highest: None, missing: VecDeque::new(), abandoned: 0 }
    }

    /// The round trip to the publisher, as last measured.
    pub fn set_round_trip(&mut self, rtt: Duration) {
        self.rtt = rtt;
    }

    /// A packet arrived over its own SSRC: media, padding, or a retransmission without RTX.
    pub fn on_packet(&mut self, _ext_seq: u64, _now: Instant) -> Arrived {
        Arrived::InOrder
    }

    /// A packet was recovered through RTX. False when it was not missing.
    pub fn on_recovered(&mut self, _ext_seq: u64, _now: Instant) -> bool {
        false
    }

    /// Appends the numbers to ask for now, ascending, and plans their next turn.
    pub fn poll(&mut self, _now: Instant, _out: &mut Vec<u16>) {}

    /// When [`NackGenerator::poll`] has something to do next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Losses given up so far.
    pub fn abandoned(&self) -> u64 {
        self.abandoned
    }
}
