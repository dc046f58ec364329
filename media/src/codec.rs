//! The codecs the media plane forwards.

use crate::id::MediaKind;

/// What is in a payload. Retransmission (RTX) is not a codec here: it is a second payload type of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 7587, 48 kHz.
    Opus,
    /// Redundant Opus (RFC 2198), 48 kHz.
    Red,
    /// RFC 7741.
    Vp8,
    /// RFC 6184, packetization mode 1.
    H264,
    /// RFC 9628; scalable (SVC) by its payload descriptor.
    Vp9,
    /// AOMedia RTP specification; scalable (SVC) by its dependency descriptor.
    Av1,
}

impl Codec {
    /// Audio or video.
    pub fn kind(self) -> MediaKind {
        match self {
            Self::Opus | Self::Red => MediaKind::Audio,
            Self::Vp8 | Self::H264 | Self::Vp9 | Self::Av1 => MediaKind::Video,
        }
    }

    /// RTP timestamp units per second.
    pub fn clock_rate(self) -> u32 {
        match self.kind() {
            MediaKind::Audio => 48_000,
            MediaKind::Video => 90_000,
        }
    }
}
