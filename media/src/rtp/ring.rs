//! The retransmission ring: the last packets of one incoming encoding, shared by all its receivers.

use crate::codec::Codec;
use crate::rtp::clock::NtpTime;
use crate::rtp::vp8;
use std::time::Instant;

/// How large a ring may grow.
#[derive(Clone, Copy, Debug)]
pub struct RingLimits {
    /// Of the arena.
    pub bytes_max: usize,
    /// Power of two.
    pub packets_max: usize,
}

impl RingLimits {
    /// More than two seconds of RED at studio quality.
    pub const AUDIO: Self = Self { bytes_max: 128 * 1024, packets_max: 512 };
    /// More than two seconds at 3 Mbit/s.
    pub const VIDEO: Self = Self { bytes_max: 1024 * 1024, packets_max: 2048 };
}

/// Extensions that are passed from publisher to receiver as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassedExtensions {
    /// RFC 6464.
    pub audio_level: Option<u8>,
    /// 3GPP TS 26.114.
    pub video_orientation: Option<u8>,
    /// Two 12 bit values.
    pub playout_delay: Option<[u8; 3]>,
}

/// A packet as the ring holds it: decrypted, without padding, header taken apart.
#[derive(Clone, Copy, Debug)]
pub struct StoredPacket<'a> {
    /// Extended sequence number of the publisher (SRTP index).
    pub ext_seq: u64,
    /// RTP timestamp of the publisher.
    pub timestamp: u32,
    /// RTP marker.
    pub marker: bool,
    /// A receiver can begin here.
    pub keyframe_start: bool,
    /// What the payload is.
    pub codec: Codec,
    /// How long an audio packet lasts, in ticks; 0 for video.
    pub duration: u32,
    /// For VP8.
    pub vp8: Option<vp8::Descriptor>,
    /// When it was captured, on the server's clock.
    pub capture: NtpTime,
    /// When it arrived.
    pub arrival: Instant,
    /// Passed on as they are.
    pub extensions: PassedExtensions,
    /// Passed on as it is; empty when there is none.
    pub dependency_descriptor: &'a [u8],
    /// Decrypted, without padding.
    pub payload: &'a [u8],
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is newer than all before.
    Newest,
    /// It filled a gap.
    Late,
    /// It is there already.
    Duplicate,
    /// Older than the ring reaches, or larger than it takes.
    Refused,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Ring {
    limits: RingLimits,
}

impl Ring {
    /// An empty ring, small at first.
    pub fn new(limits: RingLimits) -> Self {
        Self { limits }
    }

    /// Stores a packet; the oldest make room.
    pub fn insert(&mut self, _packet: &StoredPacket<'_>) -> Inserted {
        Inserted::Refused
    }

    /// The packet of this number, if it is still there.
    pub fn get(&self, _ext_seq: u64) -> Option<StoredPacket<'_>> {
        None
    }

    /// The highest number so far.
    pub fn highest(&self) -> Option<u64> {
        None
    }

    /// Bytes of memory held.
    pub fn memory(&self) -> usize {
        self.limits.bytes_max
    }
}
