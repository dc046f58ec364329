use super::MAX_OFFER_BYTES;
use crate::id::{Mid, Rid};

/// What is wrong with an offer, in words for the developer of the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// More bytes than any honest offer has.
    #[error("the offer has {bytes} bytes; at most {MAX_OFFER_BYTES} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Some other text.
    #[error("this is not SDP: the first line must be v=0")]
    NotSdp,
    /// One line cannot be read.
    #[error("line {line}: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What was expected there.
        problem: &'static str,
    },
    /// A list is longer than its bound.
    #[error("line {line}: more than {limit} {what}")]
    TooMany {
        /// Where the list became too long, counted from 1.
        line: usize,
        /// Of what.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// Nothing to answer.
    #[error("the offer has no m-section")]
    NoSections,
    /// Nothing in the offer that could be sent or received here.
    #[error("none of the m-sections can be used: {}", describe(.reasons))]
    NothingUsable {
        /// The first reasons, by m-section.
        reasons: Vec<(Mid, super::RejectReason)>,
    },
    /// m-sections are told apart by their mid.
    #[error("m-section {index} (counted from 0) has no a=mid")]
    MissingMid {
        /// Counted from 0.
        index: usize,
    },
    /// Two m-sections of one name.
    #[error("two m-sections have a=mid:{}", .mid.as_str())]
    DuplicateMid {
        /// The name.
        mid: Mid,
    },
    /// Several m-sections without one transport for them.
    #[error("m-section {} is not in the BUNDLE group; this server has one transport per connection (a=group:BUNDLE with every mid)", .mid.as_str())]
    NotBundled {
        /// The one left out.
        mid: Mid,
    },
    /// RTCP on a port of its own.
    #[error("m-section {} has no a=rtcp-mux; this server receives RTP and RTCP on one port only", .mid.as_str())]
    MissingRtcpMux {
        /// The section.
        mid: Mid,
    },
    /// No credentials, so no connectivity checks.
    #[error("the offer has no a=ice-ufrag and a=ice-pwd")]
    MissingIce,
    /// No certificate to expect, so no encryption.
    #[error("the offer has no a=fingerprint with sha-256, sha-384 or sha-512")]
    MissingFingerprint,
    /// BUNDLE means one transport, hence one value of each transport attribute.
    #[error("m-section {} has another {what} than the sections before it, although they are bundled", .mid.as_str())]
    TransportMismatch {
        /// The section that differs.
        mid: Mid,
        /// The attribute.
        what: &'static str,
    },
    /// Both ends would wait for the other's checks.
    #[error("the offer says a=ice-lite; this server is ICE-lite itself, so the client must be a full ICE agent")]
    BothIceLite,
    /// Both ends would wait for the other's ClientHello.
    #[error("the offer says a=setup:{offered}; this server is the DTLS server, so the client must offer actpass or active")]
    SetupNotActive {
        /// What it says.
        offered: &'static str,
    },
    /// One id, two meanings, one transport (RFC 9143 §9 forbids it).
    #[error("header extension id {id} has two meanings in one BUNDLE group")]
    ExtensionConflict {
        /// The id.
        id: u8,
    },
    /// No way to tell whose packets those are.
    #[error("m-section {} can be told apart neither by the mid header extension nor by a=ssrc lines", .mid.as_str())]
    Unroutable {
        /// The section.
        mid: Mid,
    },
    /// A simulcast line names an encoding that no `a=rid` describes.
    #[error("a=simulcast names {} without an a=rid:{} send line", .rid.as_str(), .rid.as_str())]
    UnknownRid {
        /// The encoding.
        rid: Rid,
    },
    /// m-sections may be added by a re-offer, never removed, moved or renamed while in use (RFC 8829 §5.2.2).
    #[error("m-section {index} (counted from 0) was {} in the offer before; sections keep their place", .before.as_str())]
    SectionMoved {
        /// Counted from 0.
        index: usize,
        /// What stood there before.
        before: Mid,
    },
}

fn describe(reasons: &[(Mid, super::RejectReason)]) -> String {
    let words: Vec<String> = reasons.iter().map(|(mid, reason)| format!("{}: {reason}", mid.as_str())).collect();
    words.join("; ")
}
