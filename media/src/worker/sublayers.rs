//! Which layers of a scalable encoding one receiver gets: packet by packet, changed only where its decoder can follow.

use crate::rtp::layers::{Layers, SPATIAL_COUNT, Sublayers, TEMPORAL_COUNT, cell};

/// Packets whose marker is remembered: as many as the ring of a source holds.
const REMEMBERED: usize = 2048;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct SublayerFilter {
    wanted: Sublayers,
    spatial: u8,
    temporal: u8,
    /// A finer temporal layer can begin with the next picture.
    open: bool,
    /// The newest packet seen, and its picture.
    newest: Option<(u64, u32)>,
    marks: Option<Box<Marks>>,
}

/// Two bits for each downlink number: not sent yet, sent as it came, sent as the end of its picture. One number must not go out with two
/// headers.
#[derive(Debug)]
struct Marks {
    bits: [u64; REMEMBERED / 32],
    end: u64,
}

const AS_IT_CAME: u64 = 1;
const ENDS: u64 = 2;

impl SublayerFilter {
    /// What the receiver should get. Less begins with the next picture, more where its decoder can follow.
    pub(crate) fn set(&mut self, wanted: Sublayers) {
        self.wanted =
            Sublayers { spatial_max: wanted.spatial_max.min(SPATIAL_COUNT - 1), temporal_max: wanted.temporal_max.min(TEMPORAL_COUNT - 1) };
    }

    /// A source begins with this packet, which begins a keyframe.
    pub(crate) fn begin(&mut self, layers: &Layers, ext_seq: u64, timestamp: u32) {
        (self.spatial, self.temporal, self.open) = (0, self.wanted.temporal_max, false);
        self.newest = Some((ext_seq, timestamp));
        self.rise(layers);
    }

    /// Whether a packet of the source that is here goes out.
    pub(crate) fn passes(&mut self, layers: &Layers, ext_seq: u64, timestamp: u32) -> bool {
        if self.newest.is_none_or(|(newest, _)| ext_seq > newest) {
            let new_picture = self.newest.is_none_or(|(_, picture)| picture != timestamp);
            self.newest = Some((ext_seq, timestamp));
            if new_picture {
                self.fall();
            }
            if layers.frame_start {
                self.rise(layers);
            }
        }
        layers.needed & cell(self.spatial, self.temporal) != 0
    }

    /// Something better is wanted than what goes out, and only a keyframe leads there for certain.
    pub(crate) fn wants_keyframe(&self, available: Sublayers) -> bool {
        self.spatial < self.wanted.spatial_max.min(available.spatial_max)
    }

    fn fall(&mut self) {
        self.spatial = self.spatial.min(self.wanted.spatial_max);
        self.temporal = self.temporal.min(self.wanted.temporal_max);
        if std::mem::take(&mut self.open) {
            self.temporal = self.wanted.temporal_max;
        }
    }

    fn rise(&mut self, layers: &Layers) {
        let Sublayers { spatial_max, temporal_max } = self.wanted;
        if layers.switch_up && layers.spatial <= self.spatial {
            // By RFC 9628 what follows in finer layers needs nothing from before; Chromium says it with the first frame of those itself.
            self.open |= layers.temporal <= self.temporal && self.temporal < temporal_max;
            if layers.temporal > self.temporal {
                self.temporal = layers.temporal.min(temporal_max);
            }
        }
        if (self.spatial, self.temporal) == (spatial_max, temporal_max) {
            return;
        }
        let better = (self.spatial..=spatial_max).rev().flat_map(|spatial| (self.temporal..=temporal_max).rev().map(move |t| (spatial, t)));
        let reachable = better.into_iter().find(|(spatial, temporal)| layers.switch & cell(*spatial, *temporal) != 0);
        if let Some((spatial, temporal)) = reachable {
            (self.spatial, self.temporal) = (spatial, temporal);
        }
    }

    /// Whether the packet that goes out as `seq` ends its picture for this receiver though it does not for everybody; the same answer
    /// whenever it is asked again. `None` when that is too long ago to be known.
    pub(crate) fn ends_picture(&mut self, seq: u64, layers: &Layers) -> Option<bool> {
        let ends = layers.frame_end && layers.top & cell(self.spatial, self.temporal) != 0;
        self.marks.get_or_insert_with(|| Box::new(Marks { bits: [0; REMEMBERED / 32], end: seq })).note(seq, ends)
    }
}

impl Marks {
    fn note(&mut self, seq: u64, ends: bool) -> Option<bool> {
        if seq + (REMEMBERED as u64) < self.end {
            return None;
        }
        let from = self.end.max(seq.saturating_sub(REMEMBERED as u64 - 1));
        for number in from..=seq {
            let (word, shift) = self.place(number);
            *word &= !(3 << shift);
        }
        self.end = self.end.max(seq + 1);
        let (word, shift) = self.place(seq);
        let known = *word >> shift & 3;
        if known != 0 {
            return Some(known == ENDS);
        }
        *word |= (if ends { ENDS } else { AS_IT_CAME }) << shift;
        Some(ends)
    }

    fn place(&mut self, seq: u64) -> (&mut u64, u32) {
        let index = seq as usize % REMEMBERED;
        (&mut self.bits[index / 32], (index % 32 * 2) as u32)
    }
}
