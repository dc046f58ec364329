//! Asking a publisher for keyframes, but not too often.

use std::time::{Duration, Instant};

/// A keyframe is ten times a frame: more often than this it costs the publisher its picture. Waiting seats ask again after 300 ms
/// each, so that at least every second of their requests goes through.
const INTERVAL: Duration = Duration::from_millis(250);

/// The throttle of one encoding.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyframeRequests {
    asked_at: Option<Instant>,
    /// Somebody asked during the interval: ask again when it is over.
    again: bool,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Now,
    Later,
}

impl KeyframeRequests {
    pub(crate) fn ask(&mut self, now: Instant) -> Asked {
        if self.asked_at.is_some_and(|at| now < at + INTERVAL) {
            self.again = true;
            return Asked::Later;
        }
        self.asked_at = Some(now);
        self.again = false;
        Asked::Now
    }

    /// A request is put off already.
    pub(crate) fn is_planned(&self) -> bool {
        self.again
    }

    /// A put-off request is due: [`KeyframeRequests::ask`] will let it through.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|at| at <= now)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.asked_at.filter(|_| self.again).map(|at| at + INTERVAL)
    }

    /// One has come: what was put off has it too.
    pub(crate) fn satisfied(&mut self) {
        self.again = false;
    }
}
