//! The VP8 payload descriptor (RFC 7741 §4.2): keyframes, and the two counters that must stay continuous in a seat.

/// What the rewriter needs to know of one packet. Small and copied into the ring, so that it is parsed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// First packet of a frame: start of partition 0.
    pub frame_start: bool,
    /// First packet of a keyframe.
    pub keyframe_start: bool,
    /// The picture id, if there is one.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX, if there is one, and its place in the payload.
    pub tl0_index: Option<(u8, u8)>,
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

/// A picture id and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureId {
    /// 15 or 7 bit.
    pub value: u16,
    /// Byte of the payload where it begins.
    pub at: u8,
    /// Two bytes (15 bit) instead of one (7 bit).
    pub long: bool,
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
        let mut picture_id = None;
        let mut tl0_index = None;
        let mut temporal = None;
        if first & 0x80 != 0 {
            let present = *payload.get(at)?;
            at += 1;
            if present & 0x80 != 0 {
                let high = *payload.get(at)?;
                let long = high & 0x80 != 0;
                let low = if long { *payload.get(at + 1)? } else { 0 };
                let value = if long { u16::from_be_bytes([high & 0x7f, low]) } else { u16::from(high) };
                picture_id = Some(PictureId { value, at: at as u8, long });
                at += 1 + usize::from(long);
            }
            if present & 0x40 != 0 {
                tl0_index = Some((*payload.get(at)?, at as u8));
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
        Some((Self { frame_start, keyframe_start: frame_start && header & 1 == 0, picture_id, tl0_index, temporal }, body))
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

/// New values for the counters of one packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// Replaces the picture id.
    pub picture_id: Option<PictureId>,
    /// Replaces TL0PICIDX: value and place.
    pub tl0_index: Option<(u8, u8)>,
}

impl Patch {
    /// Writes the values into a copy of the payload that the descriptor was parsed from.
    pub fn apply(&self, payload: &mut [u8]) {
        if let Some(id) = self.picture_id {
            let bytes = (id.value | 0x8000).to_be_bytes();
            let at = usize::from(id.at);
            match (id.long, payload.get_mut(at..at + 1 + usize::from(id.long))) {
                (true, Some(place)) => place.copy_from_slice(&bytes),
                (false, Some(place)) => place[0] = id.value as u8 & 0x7f,
                (_, None) => {}
            }
        }
        if let Some((value, at)) = self.tl0_index
            && let Some(place) = payload.get_mut(usize::from(at))
        {
            *place = value;
        }
    }
}
