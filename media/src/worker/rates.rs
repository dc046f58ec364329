//! How much an encoding sends: in all, and up to each temporal layer.

use crate::rtp::vp8;
use std::time::{Duration, Instant};

/// Temporal layers that are told apart: VP8 has two bits for them.
pub(crate) const TEMPORAL_MAX: usize = 4;
/// Over how long is measured: a second holds what a publisher's encoder evens out.
const WINDOW: Duration = Duration::from_secs(1);
/// What a packet weighs besides its payload: headers of RTP, SRTP, UDP and IP.
const OVERHEAD: u64 = 12 + 8 + 16 + 8 + 20;

/// The rates of one encoding. Counts by itself while packets come; a stream that pauses keeps its last rate until
/// [`Rates::begin_anew`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    window: Option<Instant>,
    bytes: [u64; TEMPORAL_MAX],
    /// Of each temporal layer, in bytes per second.
    per_second: [u64; TEMPORAL_MAX],
    windows: u8,
    /// What it sent before it paused: a better guess than none.
    before: Option<([u64; TEMPORAL_MAX], u8)>,
    /// The highest temporal layer of this window, and of the last.
    highest: u8,
    temporal: u8,
}

impl Rates {
    pub(crate) fn begin_anew(&mut self) {
        let before = self.bps().map(|bps| (bps, self.temporal_layers()));
        *self = Self { before, ..Self::default() };
    }

    #[inline]
    pub(crate) fn count(&mut self, now: Instant, payload: usize, temporal: Option<vp8::Temporal>) {
        let window = *self.window.get_or_insert(now);
        if now > window + WINDOW {
            self.roll(now, now - window);
        }
        let layer = temporal.map_or(0, |t| t.id & (TEMPORAL_MAX as u8 - 1));
        self.bytes[usize::from(layer)] += payload as u64 + OVERHEAD;
        self.highest = self.highest.max(layer);
    }

    fn roll(&mut self, now: Instant, span: Duration) {
        let millis = (span.as_millis() as u64).max(1);
        for (rate, bytes) in self.per_second.iter_mut().zip(&mut self.bytes) {
            let new = std::mem::take(bytes) * 1000 / millis;
            // Half of it new: one large keyframe must not change the order of the layers.
            *rate = if self.windows == 0 { new } else { *rate / 2 + new / 2 };
        }
        self.temporal = std::mem::take(&mut self.highest);
        self.window = Some(now);
        self.windows = self.windows.saturating_add(1);
    }

    /// Bytes per second on the wire, once two windows have been seen: the first holds the keyframe it began with.
    pub(crate) fn bytes_per_second(&self) -> Option<u64> {
        (self.windows >= 2).then(|| self.per_second.iter().sum())
    }

    /// Bits per second on the wire up to each temporal layer, once a window has been seen, or of before a pause.
    pub(crate) fn bps(&self) -> Option<[u64; TEMPORAL_MAX]> {
        let mut sum = 0;
        (self.windows >= 1)
            .then(|| {
                self.per_second.map(|rate| {
                    sum += rate * 8;
                    sum
                })
            })
            .or(self.before.map(|(bps, _)| bps))
    }

    /// How many temporal layers there are.
    pub(crate) fn temporal_layers(&self) -> u8 {
        let before = self.before.filter(|_| self.windows == 0).map_or(1, |(_, layers)| layers);
        before.max(self.temporal.max(self.highest) + 1)
    }
}
