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
        let first = *payload.first()?;
        let mut at = 1;
        let mut picture_id = None;
        let mut tl0_index = None;
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
                at += 1;
            }
        }
        let header = *payload.get(at)?;
        let frame_start = first & 0x17 == 0x10;
        // RFC 7741 §4.3: P is the lowest bit of the first payload byte, and inverse: 0 is a keyframe.
        Some(Self { frame_start, keyframe_start: frame_start && header & 1 == 0, picture_id, tl0_index })
    }
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
