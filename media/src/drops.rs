//! Why a packet was dropped: every drop has a name and a counter.

/// The reason a packet from the network went no further. Counted per worker, never logged per packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DropReason {
    /// Empty, or a first byte that RFC 7983 gives to nobody here.
    UnknownProtocol,
    /// Not STUN, or cut short.
    StunMalformed,
    /// STUN without our ufrag.
    StunUnknownUser,
    /// STUN whose MESSAGE-INTEGRITY or FINGERPRINT does not hold.
    StunUnauthenticated,
    /// STUN other than a binding request.
    StunNotRequest,
    /// STUN for one peer from an address where another one is.
    AddressHeld,
    /// DTLS, RTP or RTCP from an address that no ICE check authenticated.
    UnknownSource,
    /// A DTLS record that could not be read.
    DtlsMalformed,
    /// DTLS that failed: wrong certificate, no common profile, alert.
    DtlsFailed,
    /// RTP or RTCP before the handshake was done.
    NoKeys,
    /// Shorter than its own header says, or wrong version.
    RtpMalformed,
    /// SRTP authentication failed.
    RtpUnauthenticated,
    /// SRTP seen before, or older than the window.
    RtpReplayed,
    /// More than one peer may send.
    UplinkTooFast,
    /// An SSRC, mid or rid that was not negotiated, or too many of them.
    RtpUnknownStream,
    /// A payload type that was not negotiated.
    RtpUnknownPayload,
    /// A retransmission of what had arrived.
    RtpDuplicate,
    /// Older than the retransmission ring.
    RtpTooOld,
    /// Its track is muted.
    Muted,
    /// No codec data in it: padding, a probe.
    Empty,
    /// RTCP whose framing or contents do not hold.
    RtcpMalformed,
    /// SRTCP authentication failed.
    RtcpUnauthenticated,
    /// SRTCP seen before, or older than the window.
    RtcpReplayed,
    /// Feedback about something this peer does not receive.
    RtcpUnknownStream,
    /// Feedback beyond the rate limit (keyframe requests, NACKs).
    RtcpThrottled,
    /// A NACK for a packet that is no longer in the ring.
    NackMissed,
    /// No room in the outgoing batch or hand-over ring.
    Overload,
    /// A layer the receiver does not get.
    NotMyLayer,
    /// Waiting for a keyframe.
    AwaitingKeyframe,
    /// Sound of a new source while that of the old one still lasts.
    SwitchOverlap,
    /// A codec the receiver did not negotiate.
    CodecMismatch,
}

impl DropReason {
    /// How many there are.
    pub const COUNT: usize = Self::CodecMismatch as usize + 1;

    /// Every one, for whoever lists them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::UnknownProtocol,
        Self::StunMalformed,
        Self::StunUnknownUser,
        Self::StunUnauthenticated,
        Self::StunNotRequest,
        Self::AddressHeld,
        Self::UnknownSource,
        Self::DtlsMalformed,
        Self::DtlsFailed,
        Self::NoKeys,
        Self::RtpMalformed,
        Self::RtpUnauthenticated,
        Self::RtpReplayed,
        Self::UplinkTooFast,
        Self::RtpUnknownStream,
        Self::RtpUnknownPayload,
        Self::RtpDuplicate,
        Self::RtpTooOld,
        Self::Muted,
        Self::Empty,
        Self::RtcpMalformed,
        Self::RtcpUnauthenticated,
        Self::RtcpReplayed,
        Self::RtcpUnknownStream,
        Self::RtcpThrottled,
        Self::NackMissed,
        Self::Overload,
        Self::NotMyLayer,
        Self::AwaitingKeyframe,
        Self::SwitchOverlap,
        Self::CodecMismatch,
    ];
}

/// One counter per [`DropReason`].
#[derive(Clone, Debug)]
pub struct DropCounters([u64; DropReason::COUNT]);

impl Default for DropCounters {
    fn default() -> Self {
        Self([0; DropReason::COUNT])
    }
}

impl DropCounters {
    /// Counts one drop.
    #[inline]
    pub fn count(&mut self, reason: DropReason) {
        self.0[reason as usize] += 1;
    }

    /// How often `reason` was counted.
    pub fn of(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }
}
