//! The VP8 payload descriptor (RFC 7741 §4.2): keyframes, temporal layers and counters.

use crate::rtp::counters::{Counters, PictureId};

/// What forwarding needs to know of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// First packet of a frame: start of partition 0.
    pub frame_start: bool,
    /// First packet of a keyframe.
    pub keyframe_start: bool,
    /// Picture id and TL0PICIDX.
    pub counters: Counters,
    /// The temporal layer of the frame, if it says one.
    pub temporal: Option<Temporal>,
}

/// Which temporal layer a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temporal {
    /// TID: 0 is the base layer.
    pub id: u8,
    /// Y: it needs nothing but base-layer frames, so that a receiver can begin to get its layer here.
    pub sync: bool,
}

impl Descriptor {
    /// `None` when the descriptor is cut short or nothing follows it.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        Self::split(payload).map(|(descriptor, _)| descriptor)
    }

    /// The descriptor and what follows it, which is not empty.
    fn split(payload: &[u8]) -> Option<(Self, &[u8])> {
        let first = *payload.first()?;
        let mut at = 1;
        let mut counters = Counters::default();
        let mut temporal = None;
        if first & 0x80 != 0 {
            let present = *payload.get(at)?;
            at += 1;
            if present & 0x80 != 0 {
                let id = PictureId::read(payload, at)?;
                counters.picture_id = Some(id);
                at += id.len();
            }
            if present & 0x40 != 0 {
                counters.tl0_index = Some((*payload.get(at)?, at as u8));
                at += 1;
            }
            if present & 0x30 != 0 {
                let byte = *payload.get(at)?;
                temporal = (present & 0x20 != 0).then_some(Temporal { id: byte >> 6, sync: byte & 0x20 != 0 });
                at += 1;
            }
        }
        let (header, body) = (*payload.get(at)?, &payload[at..]);
        let frame_start = first & 0x17 == 0x10;
        // RFC 7741 §4.3: P is the lowest bit of the first payload byte, and inverse: 0 is a keyframe.
        Some((Self { frame_start, keyframe_start: frame_start && header & 1 == 0, counters, temporal }, body))
    }
}

/// Width and height of the keyframe that begins in this payload (RFC 6386 §9.1). `None` for anything else.
pub fn keyframe_size(payload: &[u8]) -> Option<(u16, u16)> {
    const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];
    // The two upper bits of each say how a decoder may scale it.
    const SIZE: u16 = 0x3fff;
    let (_, body) = Descriptor::split(payload).filter(|(descriptor, _)| descriptor.keyframe_start)?;
    let &[_, _, _, a, b, c, width_low, width_high, height_low, height_high] = body.first_chunk()?;
    ([a, b, c] == START_CODE)
        .then(|| (u16::from_le_bytes([width_low, width_high]) & SIZE, u16::from_le_bytes([height_low, height_high]) & SIZE))
}
