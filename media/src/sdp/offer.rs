//! The offer, parsed into types.

use super::codecs::OfferedCodec;
use super::error::SdpError;
use super::extensions::OfferedExtension;
use crate::id::{MediaKind, Mid, Rid};
use std::fmt;

/// The client's ICE credentials: its checks carry `ours:ufrag`; `pwd` is for checks of our own, which an ICE-lite agent does not send.
#[derive(Clone, PartialEq, Eq)]
pub struct IceParameters {
    /// 4-256 ICE characters.
    pub ufrag: String,
    /// 22-256 ICE characters.
    pub pwd: String,
}

impl fmt::Debug for IceParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IceParameters {{ ufrag: {:?}, pwd: redacted }}", self.ufrag)
    }
}

/// What `a=fingerprint` says of the client's certificate (RFC 8122 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedFingerprint {
    /// `sha-256`, `sha-384` or `sha-512`.
    pub algorithm: &'static str,
    /// Upper-case hex bytes between colons, as many as the algorithm has.
    pub value: String,
}

/// Who sends, from the client's point of view (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both; what SDP means when it says nothing.
    #[default]
    SendRecv,
    /// The client.
    SendOnly,
    /// We.
    RecvOnly,
    /// Nobody.
    Inactive,
}

/// One simulcast encoding the client sends (RFC 8851).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedRid {
    /// Its name.
    pub rid: Rid,
    /// The payload types it is restricted to; empty means any.
    pub payload_types: Vec<u8>,
    /// `~` in `a=simulcast`: begins paused.
    pub paused: bool,
}

/// One m-section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedSection {
    /// Its name.
    pub mid: Mid,
    /// `None`: neither audio nor video (a data channel, say).
    pub kind: Option<MediaKind>,
    /// Port 0 and not `bundle-only`: out of use.
    pub stopped: bool,
    /// The client's point of view.
    pub direction: Direction,
    /// In the client's order of preference.
    pub codecs: Vec<OfferedCodec>,
    /// Of the kinds this server knows.
    pub extensions: Vec<OfferedExtension>,
    /// Encodings the client wants to send, best first as it lists them. Empty without simulcast.
    pub rids: Vec<OfferedRid>,
    /// What the client will send with, when it says so.
    pub ssrcs: Vec<u32>,
    /// `a=ssrc-group:FID`: a stream and its retransmissions.
    pub fid: Vec<(u32, u32)>,
    /// Milliseconds of audio per packet that the client asks for.
    pub ptime_ms: Option<u32>,
    pub(super) rtcp_mux: bool,
    pub(super) media_line: MediaLine,
}

/// What a rejection must repeat of the m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaLine {
    pub media: String,
    pub protocol: String,
    pub formats: Vec<String>,
}

/// A client's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// One transport, hence one set of credentials. A change of both is an ICE restart.
    pub ice: IceParameters,
    /// The certificate to expect.
    pub fingerprint: OfferedFingerprint,
    /// The client understands one packet with one-byte and the next with two-byte extensions (RFC 8285 §4.3).
    pub extmap_allow_mixed: bool,
    /// The client sends the NOMINATION attribute when we say so too (draft-thatcher-ice-renomination).
    pub renomination: bool,
    /// In order; an answer has the same.
    pub sections: Vec<OfferedSection>,
}

impl Offer {
    /// Reads an offer. Everything in it is within the bounds of this module, and every value of the type it should have.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        let _ = text;
        Err(SdpError::NotSdp)
    }
}
