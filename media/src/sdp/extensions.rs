//! RTP header extensions as SDP names them (RFC 8285 §6).

/// A header extension this server reads, writes or passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtensionKind {
    /// Which m-section (RFC 9143 §15.2).
    Mid,
    /// Which simulcast encoding (RFC 8852).
    Rid,
    /// Which simulcast encoding is being repaired (RFC 8852).
    RepairedRid,
    /// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    TransportCc,
    /// When it was sent, 24 bit of NTP.
    AbsSendTime,
    /// Loudness of the sender (RFC 6464).
    AudioLevel,
    /// Bounds for the receiver's playout delay.
    PlayoutDelay,
    /// Which way up (3GPP TS 26.114).
    VideoOrientation,
    /// AV1's (and others') frame dependencies.
    DependencyDescriptor,
}

/// One `a=extmap` line of a known kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedExtension {
    /// 1-14 in the one-byte form; 16-255 only with `a=extmap-allow-mixed`.
    pub id: u8,
    /// What it carries.
    pub kind: ExtensionKind,
    /// In which direction the client means it; `SendRecv` when the line says nothing.
    pub direction: super::Direction,
}
