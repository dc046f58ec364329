//! RTP header extensions (RFC 8285).

/// An extension this server understands or passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExtensionKind {
    /// RFC 9143 §15: which m-section.
    Mid,
    /// RFC 8852: which simulcast encoding.
    Rid,
    /// RFC 8852: which simulcast encoding a retransmission belongs to.
    RepairedRid,
    /// draft-holmer-rmcat-transport-wide-cc-extensions-01: transport-wide sequence number.
    TransportCc,
    /// RFC 6464: level of the sound, client to mixer.
    AudioLevel,
    /// Least and greatest delay a receiver should play with, 12 bit each in 10 ms.
    PlayoutDelay,
    /// 3GPP TS 26.114: how a picture is rotated.
    VideoOrientation,
    /// AV1 RTP specification, appendix: which frames a frame needs.
    DependencyDescriptor,
}

impl ExtensionKind {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Mid,
        Self::Rid,
        Self::RepairedRid,
        Self::TransportCc,
        Self::AudioLevel,
        Self::PlayoutDelay,
        Self::VideoOrientation,
        Self::DependencyDescriptor,
    ];

    /// The name in `a=extmap`.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Self::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Self::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Self::TransportCc => "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
            Self::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Self::PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
            Self::VideoOrientation => "urn:3gpp:video-orientation",
            Self::DependencyDescriptor => "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
        }
    }

    /// The kind an `a=extmap` names, if it is one of these.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.uri() == uri)
    }
}

/// Which id stands for which extension in one m-section (or bundle).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionMap {
    /// Id by kind; 0 is none (RFC 8285 §4.2: id 0 is padding).
    ids: [u8; ExtensionKind::COUNT],
}

impl ExtensionMap {
    /// Nothing negotiated.
    pub fn new() -> Self {
        Self::default()
    }

    /// Negotiates `kind` as `id`. False, and nothing changed, when the id is 0, 15 (reserved), or taken by another kind.
    pub fn insert(&mut self, id: u8, kind: ExtensionKind) -> bool {
        let taken = self.kind(id).is_some_and(|other| other != kind);
        if id == 0 || id == 15 || taken {
            return false;
        }
        self.ids[kind as usize] = id;
        true
    }

    /// The id of a kind.
    pub fn id(&self, kind: ExtensionKind) -> Option<u8> {
        Some(self.ids[kind as usize]).filter(|&id| id != 0)
    }

    /// The kind of an id.
    pub fn kind(&self, id: u8) -> Option<ExtensionKind> {
        if id == 0 {
            return None;
        }
        self.ids.iter().position(|&other| other == id).map(|index| ExtensionKind::ALL[index])
    }

    /// Everything negotiated.
    pub fn iter(&self) -> impl Iterator<Item = (u8, ExtensionKind)> + '_ {
        ExtensionKind::ALL.into_iter().filter_map(|kind| self.id(kind).map(|id| (id, kind)))
    }
}

/// Bytes of an element: its length is one byte (RFC 8285 §4.3).
pub const ELEMENT_MAX: usize = 255;

const ONE_BYTE_PROFILE: u16 = 0xbede;
const TWO_BYTE_PROFILE: u16 = 0x1000;

/// Iterates the elements of an extension block, skipping kinds that were not negotiated and stopping where it is malformed.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    map: &'a ExtensionMap,
    rest: &'a [u8],
    two_byte: bool,
}

impl<'a> Extensions<'a> {
    /// `elements` is the block without its 4 byte head. Unknown profiles have no elements.
    pub fn new(profile: u16, elements: &'a [u8], map: &'a ExtensionMap) -> Self {
        // RFC 8285 §4.3: the low four bits of the two-byte profile are "appbits", to be ignored.
        let two_byte = profile & 0xfff0 == TWO_BYTE_PROFILE;
        let known = two_byte || profile == ONE_BYTE_PROFILE;
        Self { map, rest: if known { elements } else { &[] }, two_byte }
    }

    fn next_element(&mut self) -> Option<(u8, &'a [u8])> {
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let (id, len, body) = match (self.two_byte, self.rest) {
            (true, [id, len, body @ ..]) => (*id, usize::from(*len), body),
            // RFC 8285 §4.2: id 15 means that the rest must be ignored.
            (false, [head, body @ ..]) if head >> 4 != 15 => (head >> 4, usize::from(head & 0x0f) + 1, body),
            _ => return None,
        };
        let (value, rest) = body.split_at_checked(len)?;
        self.rest = rest;
        Some((id, value))
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (ExtensionKind, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (id, value) = self.next_element()?;
            if let Some(kind) = self.map.kind(id) {
                return Some((kind, value));
            }
        }
    }
}

/// Appends the extension block, its head included; writes nothing and says false when no element remains. Elements are
/// left out when their kind was not negotiated or they are longer than 255 bytes. The two-byte form is used only when an
/// element needs it.
pub fn write_extensions(out: &mut Vec<u8>, map: &ExtensionMap, elements: &[(ExtensionKind, &[u8])]) -> bool {
    let fitting =
        || elements.iter().filter(|(_, value)| value.len() <= ELEMENT_MAX).filter_map(|(kind, value)| Some((map.id(*kind)?, *value)));
    if fitting().next().is_none() {
        return false;
    }
    let one_byte = fitting().all(|(id, value)| id < 15 && (1..=16).contains(&value.len()));
    let start = out.len();
    let profile = if one_byte { ONE_BYTE_PROFILE } else { TWO_BYTE_PROFILE };
    out.extend_from_slice(&profile.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    for (id, value) in fitting() {
        if one_byte {
            out.push(id << 4 | (value.len() - 1) as u8);
        } else {
            out.extend_from_slice(&[id, value.len() as u8]);
        }
        out.extend_from_slice(value);
    }
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
    true
}
