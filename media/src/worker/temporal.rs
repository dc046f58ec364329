//! Leaving out temporal layers: frames that no other frame needs once the higher ones of its kind are left out too.

use crate::rtp::seq::timestamp_newer;
use crate::rtp::vp8::Temporal;

/// Which frames of a section go out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TemporalFilter {
    /// The highest layer that should go out.
    target: u8,
    /// The highest that does.
    current: u8,
    /// The timestamp of the newest frame.
    frame: Option<u32>,
}

impl Default for TemporalFilter {
    fn default() -> Self {
        Self { target: u8::MAX, current: u8::MAX, frame: None }
    }
}

impl TemporalFilter {
    /// No layer above this one, from where that can be decoded.
    pub(crate) fn aim(&mut self, target: u8) {
        self.target = target;
    }

    /// A source begins with a keyframe of this timestamp: every layer can.
    pub(crate) fn begin(&mut self, timestamp: u32) {
        self.current = self.target;
        self.frame = Some(timestamp);
    }

    /// Whether a packet of the frame with this timestamp is left out; and if so, whether it is the first of its frame.
    pub(crate) fn leaves_out(&mut self, temporal: Temporal, keyframe_start: bool, timestamp: u32) -> Option<bool> {
        let newer = self.frame.is_none_or(|frame| timestamp_newer(timestamp, frame));
        if newer {
            self.frame = Some(timestamp);
            self.follow(temporal, keyframe_start);
        }
        (temporal.id > self.current).then_some(newer)
    }

    /// Down with any frame. Up one layer at a time, with a frame of it that needs none of those left out, or with a keyframe.
    fn follow(&mut self, temporal: Temporal, keyframe_start: bool) {
        let next = temporal.sync && temporal.id <= self.target && temporal.id == self.current.saturating_add(1);
        if self.target < self.current || keyframe_start {
            self.current = self.target;
        } else if next {
            self.current = temporal.id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(id: u8, sync: bool) -> Temporal {
        Temporal { id, sync }
    }

    /// Frames as `(temporal id, sync)`; which of them go out.
    fn pass(filter: &mut TemporalFilter, from: u32, frames: &[(u8, bool)]) -> Vec<bool> {
        let each = frames.iter().enumerate();
        each.map(|(n, (id, sync))| filter.leaves_out(layer(*id, *sync), false, from + n as u32 * 3000).is_none()).collect()
    }

    #[test]
    fn layers_go_down_at_once_and_come_back_where_they_can_be_decoded() {
        let mut filter = TemporalFilter::default();
        let pattern = [(0, false), (2, false), (1, false), (2, false)];
        assert_eq!(pass(&mut filter, 0, &pattern), [true; 4]);
        filter.aim(0);
        assert_eq!(pass(&mut filter, 100_000, &pattern), [true, false, false, false]);
        filter.aim(2);
        assert_eq!(pass(&mut filter, 200_000, &pattern), [true, false, false, false], "nothing to begin with");
        let synced = [(0, false), (2, true), (1, true), (2, false), (0, false), (2, true), (1, false), (2, false)];
        assert_eq!(pass(&mut filter, 300_000, &synced), [true, false, true, false, true, true, true, true]);
    }

    #[test]
    fn a_keyframe_lets_every_layer_begin() {
        let mut filter = TemporalFilter::default();
        filter.aim(0);
        assert_eq!(pass(&mut filter, 0, &[(0, false), (1, false)]), [true, false]);
        filter.aim(1);
        assert_eq!(filter.leaves_out(layer(0, true), true, 90_000), None);
        assert_eq!(pass(&mut filter, 100_000, &[(1, false)]), [true]);
    }

    #[test]
    fn a_frame_is_left_out_as_a_whole() {
        let mut filter = TemporalFilter::default();
        assert_eq!(filter.leaves_out(layer(1, false), false, 3000), None);
        filter.aim(0);
        assert_eq!(filter.leaves_out(layer(1, false), false, 3000), None, "the rest of what has begun");
        assert_eq!(filter.leaves_out(layer(1, false), false, 6000), Some(true));
        assert_eq!(filter.leaves_out(layer(1, false), false, 6000), Some(false));
        assert_eq!(filter.leaves_out(layer(0, false), false, 9000), None);
        assert_eq!(filter.leaves_out(layer(1, false), false, 6000), Some(false), "late");
    }
}
