//! What counts pictures beside the RTP header: picture id and TL0PICIDX in the payloads of VP8 and VP9, and the frame number in the
//! dependency descriptor of any codec.
//!
//! A decoder takes a picture that counts below what it has seen for an old one. So whoever begins in a seat goes on where the one
//! before was, and keeps its own steps from then on: what refers to other frames does so by distance.

/// The counters of one packet, as they came or as they go out. Small and copied into the ring, so that they are parsed once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The picture id, if there is one.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX, if there is one, and its place in the payload.
    pub tl0_index: Option<(u8, u8)>,
    /// The frame number of the dependency descriptor, if there is one.
    pub frame: Option<u16>,
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

impl PictureId {
    /// As VP8 (RFC 7741 §4.2) and VP9 (RFC 9628 §4.2) write it: the highest bit says whether it is long.
    pub(crate) fn read(payload: &[u8], at: usize) -> Option<Self> {
        let high = *payload.get(at)?;
        let long = high & 0x80 != 0;
        let value = if long { u16::from_be_bytes([high & 0x7f, *payload.get(at + 1)?]) } else { u16::from(high) };
        Some(Self { value, at: at as u8, long })
    }

    /// How many bytes it has.
    pub(crate) fn len(self) -> usize {
        1 + usize::from(self.long)
    }

    fn mask(self) -> u16 {
        if self.long { 0x7fff } else { 0x7f }
    }
}

impl Counters {
    /// Writes what stands in the payload into a copy of the one it was read from.
    pub fn apply(&self, payload: &mut [u8]) {
        if let Some(id) = self.picture_id {
            let bytes = (id.value | 0x8000).to_be_bytes();
            let at = usize::from(id.at);
            match (id.long, payload.get_mut(at..at + id.len())) {
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

    /// As they go out.
    pub(crate) fn moved(&self, by: &Offsets) -> Self {
        Self {
            picture_id: self.picture_id.map(|id| PictureId { value: id.value.wrapping_add(by.picture_id) & id.mask(), ..id }),
            tl0_index: self.tl0_index.map(|(value, at)| (value.wrapping_add(by.tl0_index), at)),
            frame: self.frame.map(|frame| frame.wrapping_add(by.frame)),
        }
    }
}

/// What is added to the counters of one source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offsets {
    pub picture_id: u16,
    pub tl0_index: u8,
    pub frame: u16,
}

/// The newest of each that went out in a seat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latest {
    picture_id: u16,
    tl0_index: u8,
    frame: u16,
}

impl Latest {
    /// Nothing yet: these come first, and frame 0.
    pub(crate) fn before(picture_id: u16, tl0_index: u8) -> Self {
        Self { picture_id: picture_id.wrapping_sub(1) & 0x7fff, tl0_index: tl0_index.wrapping_sub(1), frame: u16::MAX }
    }

    /// What makes a source that begins with `first` go on by one.
    pub(crate) fn continued_by(&self, first: &Counters) -> Offsets {
        let picture_id = first.picture_id.map_or(0, |id| id.value);
        let tl0_index = first.tl0_index.map_or(0, |(value, _)| value);
        Offsets {
            picture_id: self.picture_id.wrapping_add(1).wrapping_sub(picture_id),
            tl0_index: self.tl0_index.wrapping_add(1).wrapping_sub(tl0_index),
            frame: self.frame.wrapping_add(1).wrapping_sub(first.frame.unwrap_or(0)),
        }
    }

    /// A packet went out that is newer than all before it.
    pub(crate) fn note(&mut self, sent: &Counters) {
        self.picture_id = sent.picture_id.map_or(self.picture_id, |id| id.value);
        self.tl0_index = sent.tl0_index.map_or(self.tl0_index, |(value, _)| value);
        self.frame = sent.frame.unwrap_or(self.frame);
    }

    /// A packet went out late. Its picture may be the newest all the same, when what came before it was skipped.
    pub(crate) fn note_late(&mut self, sent: &Counters) {
        let newer = |value: u16, before: u16, mask: u16| (1..=mask / 2).contains(&(value.wrapping_sub(before) & mask));
        if sent.picture_id.is_some_and(|id| newer(id.value, self.picture_id, id.mask())) {
            self.note(&Counters { frame: None, ..*sent });
        }
        if sent.frame.is_some_and(|frame| newer(frame, self.frame, u16::MAX)) {
            self.note(&Counters { frame: sent.frame, ..Counters::default() });
        }
    }
}
