//! Payload types of an m-section: `a=rtpmap`, `a=fmtp`, `a=rtcp-fb`.

/// The feedback messages that both ends understand (RFC 4585, RFC 5104).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Generic NACK.
    pub nack: bool,
    /// Picture loss indication.
    pub pli: bool,
    /// Full intra request.
    pub fir: bool,
    /// Transport-wide congestion control.
    pub transport_cc: bool,
}

/// The parameters of one payload type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fmtp(String);

/// One payload type as the client offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedCodec {
    /// 0-127.
    pub payload_type: u8,
    /// The encoding name in lower case.
    pub name: String,
    /// RTP timestamp units per second.
    pub clock_rate: u32,
    /// 1 when the line says nothing.
    pub channels: u8,
    /// Empty when there is no `a=fmtp`.
    pub fmtp: Fmtp,
    /// What `a=rtcp-fb` allows.
    pub feedback: Feedback,
}
