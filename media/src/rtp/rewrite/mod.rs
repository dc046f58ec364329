//! The rewriter of a seat: whoever sits in it, the receiver sees one continuous stream.
//!
//! Every change of the source is the same to it: another participant, another simulcast layer, the same source after a
//! pause. A **stay** is the time from one such change to the next. Sequence numbers go on by one, timestamps follow a line
//! that runs with the server's clock, picture ids and frame numbers go on by one. What went out can be found again by its number, and
//! goes out again exactly as it did.

mod frames;
mod line;
mod segments;

pub use line::SeatLine;

use crate::rtp::clock::NtpTime;
use crate::rtp::counters::Counters;
use crate::rtp::ring::StoredPacket;
use std::time::Duration;

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

/// How long a person may be seen in a seat that already bears another's name.
pub const HOLD_MAX: Duration = Duration::from_secs(1);

/// Where a line begins: random, as RFC 3550 §5.1 wants it.
#[derive(Clone, Copy, Debug)]
pub struct LineStart {
    /// First sequence number. Its highest bit is ignored: a wrap among the first packets, of which some may be lost, would
    /// leave the receiver's rollover counter (RFC 3711 §3.3.1) behind for good.
    pub sequence: u16,
    /// Timestamp at the time the line begins.
    pub timestamp: u32,
    /// First sequence number of the retransmission stream, taken like `sequence`.
    pub rtx_sequence: u16,
    /// First picture id, 15 bit.
    pub picture_id: u16,
    /// First TL0PICIDX.
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
    /// What counts its pictures.
    pub counters: Counters,
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
            counters: packet.counters,
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
    /// What counts its pictures on the downlink.
    pub counters: Counters,
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
