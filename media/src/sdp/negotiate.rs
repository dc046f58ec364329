//! Choosing from an offer what this server can do.

use super::codecs::Feedback;
use super::error::SdpError;
use super::extensions::ExtensionKind;
use super::offer::{MediaLine, Offer};
use crate::codec::Codec;
use crate::id::{MediaKind, Mid, Rid};
use std::fmt;

/// Redundant audio (RFC 2198).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedPolicy {
    /// Never negotiated.
    Never,
    /// In the place the client gives it: a client that lists RED before Opus sends it.
    #[default]
    AsOffered,
    /// Before Opus whenever it is offered: every such client sends it.
    Preferred,
}

/// What the server wants, beyond what an offer allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerParams {
    /// Best first; a codec that is missing here is not negotiated. Browsers send the first one of the answer.
    pub video_preference: Vec<Codec>,
    /// Redundant audio.
    pub red: RedPolicy,
    /// Upper bound of Opus' `maxaveragebitrate`, 6000-510000; what is asked for when the offer names none.
    pub opus_bitrate_bps_max: u32,
}

impl Default for AnswerParams {
    /// VP8 first: every receiver has it.
    fn default() -> Self {
        Self {
            video_preference: vec![Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1],
            red: RedPolicy::AsOffered,
            opus_bitrate_bps_max: 510_000,
        }
    }
}

/// Why an m-section cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// The client itself stopped it (port 0).
    Stopped,
    /// Neither audio nor video.
    NotMedia,
    /// An RTP profile without encryption or feedback.
    Protocol,
    /// None of its codecs is known here.
    NoCodec,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "stopped by the client",
            Self::NotMedia => "neither audio nor video",
            Self::Protocol => "its protocol is not UDP/TLS/RTP/SAVPF",
            Self::NoCodec => "none of its codecs is supported (Opus; VP8, H264 with packetization-mode=1, VP9 profile 0, AV1)",
        })
    }
}

/// What an m-section is for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionRole {
    /// The client sends; we answer `recvonly`.
    Uplink,
    /// The client receives; we answer `sendonly`.
    Downlink,
    /// Kept, but nobody sends.
    Inactive,
    /// Answered with port 0.
    Rejected(RejectReason),
}

/// One payload type of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegotiatedCodec {
    /// What it carries.
    pub codec: Codec,
    /// The client's number for it.
    pub payload_type: u8,
    /// The client's number for its retransmissions.
    pub rtx: Option<u8>,
    /// What may be fed back, either way.
    pub feedback: Feedback,
    /// The parameters as the answer says them.
    pub fmtp: Option<String>,
}

/// One m-section of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub mid: Mid,
    /// `None` only when rejected.
    pub kind: Option<MediaKind>,
    /// What it is for us.
    pub role: SectionRole,
    /// In the order of the answer; empty when rejected.
    pub codecs: Vec<NegotiatedCodec>,
    /// Ids are the client's.
    pub extensions: Vec<(u8, ExtensionKind)>,
    /// Simulcast encodings of an uplink, in the client's order. Empty without simulcast.
    pub rids: Vec<Rid>,
    /// What the client announced to send with; packets without a mid extension are told apart by it.
    pub ssrcs: Vec<u32>,
    /// Streams and their retransmissions among `ssrcs`.
    pub fid: Vec<(u32, u32)>,
    pub(super) ptime_ms: Option<u32>,
    pub(super) media_line: MediaLine,
}

/// What was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// In the order of the offer.
    pub sections: Vec<Section>,
    pub(super) extmap_allow_mixed: bool,
    pub(super) renomination: bool,
}

/// Chooses codecs, extensions and roles for every m-section of `offer`.
pub fn negotiate(offer: &Offer, params: &AnswerParams) -> Result<Negotiated, SdpError> {
    let _ = params;
    Ok(Negotiated { sections: Vec::new(), extmap_allow_mixed: offer.extmap_allow_mixed, renomination: offer.renomination })
}

impl Negotiated {
    /// A re-offer must leave every section of `previous` in its place. Only a rejected or stopped one may be reused under another mid.
    pub fn check_continues(&self, previous: &Self) -> Result<(), SdpError> {
        let _ = previous;
        Ok(())
    }
}
