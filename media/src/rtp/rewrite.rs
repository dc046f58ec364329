//! The rewriter of a seat: whoever sits in it, the receiver sees one continuous stream.

use crate::drops::DropReason;
use crate::id::MediaKind;
use crate::rtp::clock::{NtpTime, PeerClock, SourceClock};
use crate::rtp::ring::StoredPacket;
use crate::rtp::vp8;
use std::time::Instant;

/// One incoming encoding: a layer of a track. Given by the worker, which never uses a key for two encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceKey(pub u32);

/// What becomes of the old source while the new one has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// It ends now: somebody left, or was muted.
    Cut,
    /// It is shown until the new one begins, but no longer than [`HOLD_MAX`]: another person takes the seat.
    HoldBriefly,
    /// It is shown until the new one begins: another layer of the same picture.
    Hold,
}

/// See [`Old::HoldBriefly`].
pub const HOLD_MAX: std::time::Duration = std::time::Duration::from_secs(1);

/// Where a line begins: random, as RFC 3550 §5.1 wants it.
#[derive(Clone, Copy, Debug)]
pub struct LineStart {
    /// First sequence number.
    pub sequence: u16,
    /// Timestamp at `time`.
    pub timestamp: u32,
    /// First sequence number of the retransmission stream.
    pub rtx_sequence: u16,
    /// First VP8 picture id, 15 bit.
    pub picture_id: u16,
    /// First VP8 TL0PICIDX.
    pub tl0_index: u8,
}

/// A packet of a source, as the line sees it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// Whose.
    pub source: SourceKey,
    /// Extended sequence number of the source.
    pub ext_seq: u64,
    /// RTP timestamp of the source.
    pub timestamp: u32,
    /// When it was captured, on the server's clock.
    pub capture: NtpTime,
    /// The line can switch here. Always true for audio.
    pub keyframe_start: bool,
    /// How long an audio packet lasts, in ticks; 0 for video.
    pub duration: u32,
    /// For VP8.
    pub vp8: Option<vp8::Descriptor>,
}

impl Incoming {
    /// A packet out of the ring of `source`.
    pub fn new(source: SourceKey, packet: &StoredPacket<'_>) -> Self {
        Self {
            source,
            ext_seq: packet.ext_seq,
            timestamp: packet.timestamp,
            capture: packet.capture,
            keyframe_start: packet.keyframe_start,
            duration: packet.duration,
            vp8: packet.vp8,
        }
    }
}

/// How a packet goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Extended sequence number on the downlink; the SRTP index.
    pub seq: u64,
    /// Timestamp on the downlink.
    pub timestamp: u32,
    /// For VP8.
    pub vp8: Option<vp8::Patch>,
    /// A new source begins with this packet: send a sender report, and look whether later packets of it have come already.
    pub began: bool,
}

/// Where a downlink packet came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whose packet it is.
    pub source: SourceKey,
    /// Its number at the source.
    pub ext_seq: u64,
    /// Its number on the downlink.
    pub seq: u64,
}

/// One downlink section's stream.
#[derive(Debug)]
pub struct SeatLine {
    current: Option<SourceKey>,
    rtx_seq: u64,
}

impl SeatLine {
    /// An empty seat. `time` is now.
    pub fn new(_kind: MediaKind, start: LineStart, _time: NtpTime) -> Self {
        Self { current: None, rtx_seq: u64::from(start.rtx_sequence) }
    }

    /// Who is heard or seen from now on; video switches at its next keyframe.
    pub fn switch_to(&mut self, _source: Option<SourceKey>, _old: Old, _now: Instant) {}

    /// Whose packets go out now.
    pub fn current(&self) -> Option<SourceKey> {
        self.current
    }

    /// Who will follow at the next keyframe (video) or packet (audio).
    pub fn pending(&self) -> Option<SourceKey> {
        None
    }

    /// Decides over one packet of the current or pending source. Each packet must be given once, or be skipped once.
    pub fn forward(&mut self, _packet: &Incoming, _now: Instant) -> Result<Forward, DropReason> {
        Err(DropReason::NotMyLayer)
    }

    /// A packet of a source is left out on purpose (padding, filtered): its number must not look lost to the receiver.
    pub fn skip(&mut self, _source: SourceKey, _ext_seq: u64) {}

    /// The source to ask for a keyframe now, if it is time to.
    pub fn wants_keyframe(&mut self, _now: Instant) -> Option<SourceKey> {
        None
    }

    /// The source a receiver's own keyframe request (PLI, FIR) is for; `None` for an empty seat, or when one is awaited anyway.
    pub fn keyframe_request_target(&self) -> Option<SourceKey> {
        None
    }

    /// When [`SeatLine::wants_keyframe`] is to be asked again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// What went out under this number. `None` when it is too old, or never was.
    pub fn lookup(&self, _sequence: u16) -> Option<Origin> {
        None
    }

    /// How the packet of `origin` goes out again: exactly as the first time.
    pub fn resend(&mut self, _origin: &Origin, _timestamp: u32, _vp8: Option<vp8::Descriptor>) -> Option<Forward> {
        None
    }

    /// The next number of the retransmission stream, extended; the SRTP index.
    pub fn next_rtx_seq(&mut self) -> u64 {
        self.rtx_seq += 1;
        self.rtx_seq - 1
    }

    /// The timestamp of the stream at `time`, for a sender report: through the clock of the current source. `None` while
    /// nobody sits here.
    pub fn timestamp_at(&self, _clock: &SourceClock, _peer: &PeerClock, _time: NtpTime) -> Option<u32> {
        None
    }
}
