//! The VP9 payload descriptor (RFC 9628 §4.2): keyframes, layers and counters.

use crate::rtp::counters::{Counters, PictureId};
use crate::rtp::layers::{Layers, cells_from};

/// What forwarding needs to know of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Picture id, and TL0PICIDX in the non-flexible mode with layers.
    pub counters: Counters,
    /// Predicted from another picture (P).
    pub predicted: bool,
    /// References are in the packet (F), instead of in a pattern that repeats.
    pub flexible: bool,
    /// First packet of its frame (B).
    pub frame_start: bool,
    /// Last packet of its frame (E).
    pub frame_end: bool,
    /// What stands in the layer byte (L).
    pub layer: Option<Layer>,
    /// Width and height of the best spatial layer, where the scalability structure says it.
    pub size: Option<(u16, u16)>,
    /// Bytes of the descriptor.
    pub len: usize,
}

/// The layer byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// TID.
    pub temporal: u8,
    /// SID.
    pub spatial: u8,
    /// U: switching up point.
    pub switch_up: bool,
    /// D: needs the spatial layer below.
    pub depends: bool,
}

/// Reference pictures of one packet: two bits of the descriptor say no more (RFC 9628 §4.2).
const REFERENCES_MAX: usize = 3;

impl Descriptor {
    /// `None` when the descriptor is cut short or nothing follows it.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        let bit = |mask: u8| first & mask != 0;
        let (predicted, flexible) = (bit(0x40), bit(0x10));
        let mut at = 1;
        let mut counters = Counters::default();
        if bit(0x80) {
            let id = PictureId::read(payload, at)?;
            counters.picture_id = Some(id);
            at += id.len();
        }
        let mut layer = None;
        if bit(0x20) {
            let byte = *payload.get(at)?;
            at += 1;
            layer = Some(Layer { temporal: byte >> 5, switch_up: byte & 0x10 != 0, spatial: byte >> 1 & 7, depends: byte & 1 != 0 });
            if !flexible {
                counters.tl0_index = Some((*payload.get(at)?, at as u8));
                at += 1;
            }
        }
        if flexible && predicted {
            let mut more = true;
            for _ in 0..REFERENCES_MAX {
                if more {
                    more = payload.get(at)? & 1 != 0;
                    at += 1;
                }
            }
            if more {
                return None;
            }
        }
        let mut size = None;
        if bit(0x02) {
            let (len, best) = read_structure(payload.get(at..)?)?;
            at += len;
            size = best;
        }
        payload.get(at)?;
        Some(Self { counters, predicted, flexible, frame_start: bit(0x08), frame_end: bit(0x04), layer, size, len: at })
    }

    /// Whether this packet begins a keyframe: not predicted from another picture, begin of a frame, lowest spatial layer.
    pub fn is_keyframe_start(&self) -> bool {
        !self.predicted && self.frame_start && self.layer.is_none_or(|layer| layer.spatial == 0)
    }

    /// Its layers, if it has any.
    pub fn layers(&self) -> Option<Layers> {
        let Layer { temporal, spatial, switch_up, .. } = self.layer?;
        let row = cells_from(spatial, 0) & !cells_from(spatial.saturating_add(1), 0);
        // A picture whose lowest layer needs no other one begins anew with all of its layers. (One that begins anew higher up comes too
        // late: for who has the lower layers the picture has ended by then.)
        let switch = if self.predicted || spatial > 0 { 0 } else { cells_from(0, temporal) };
        Some(Layers {
            spatial,
            temporal,
            needed: cells_from(spatial, temporal),
            switch,
            top: row,
            switch_up,
            frame_start: self.frame_start,
            frame_end: self.frame_end,
        })
    }
}

/// The scalability structure: sizes of the spatial layers, and the pictures of the pattern. Returns its length, and the size of the last
/// layer, which is the best.
fn read_structure(bytes: &[u8]) -> Option<(usize, Option<(u16, u16)>)> {
    let first = *bytes.first()?;
    let mut at = 1;
    let mut size = None;
    if first & 0x10 != 0 {
        at += 4 * (usize::from(first >> 5) + 1);
        let &[width_high, width_low, height_high, height_low] = bytes.get(at - 4..at)?.first_chunk()?;
        size = Some((u16::from_be_bytes([width_high, width_low]), u16::from_be_bytes([height_high, height_low])));
    }
    if first & 0x08 != 0 {
        let pictures = *bytes.get(at)?;
        at += 1;
        for _ in 0..pictures {
            let references = bytes.get(at)? >> 2 & 3;
            at += 1 + usize::from(references);
        }
    }
    (at <= bytes.len()).then_some((at, size))
}
