//! Transport-wide feedback to publishers (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::time::{Duration, Instant};

/// How often a publisher is told. libwebrtc uses 50 to 250 ms; shorter lets its estimate grow faster.
pub const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);

/// Notes when packets of one transport arrived.
#[derive(Debug)]
pub struct TwccRecorder {
    epoch: Instant,
    feedback_count: u8,
}

impl TwccRecorder {
    /// `epoch` is where the reference time begins to count.
    pub fn new(epoch: Instant) -> Self {
        Self { epoch, feedback_count: 0 }
    }

    /// A packet with this transport-wide sequence number arrived.
    pub fn record(&mut self, _sequence: u16, _now: Instant) {}

    /// When the next feedback is due; `None` while there is nothing to tell.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Appends one feedback packet; false (and nothing appended) when there is nothing left to tell. Call until false: what
    /// does not fit one packet goes into the next.
    pub fn write_feedback(&mut self, _now: Instant, _sender_ssrc: u32, _media_ssrc: u32, _out: &mut Vec<u8>) -> bool {
        false
    }
}
