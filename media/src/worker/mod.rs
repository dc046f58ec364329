//! One media worker: rooms' worth of peers, whose datagrams go in and whose datagrams come out.
//!
//! The caller reads a batch of datagrams, hands each to [`Worker::handle_datagram`], calls [`Worker::flush`] until it is
//! [`Flushed::Done`], sends what [`Worker::transmits`] holds after each, and looks at [`Worker::poll_event`] and
//! [`Worker::poll_timeout`].

mod events;
mod stats;
mod transmit;

pub use events::{Event, FailReason};
pub use stats::{Counters, Gauges, WorkerStats};
pub use transmit::{RUN_BYTES_MAX, RUN_SEGMENTS_MAX, Run, Runs, TransmitBatch};

use crate::codec::Codec;
use crate::dtls::Certificate;
use crate::id::{MediaKind, Mid, PeerId, TrackId};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a worker is made of.
pub struct WorkerConfig {
    /// Encoded in every ICE user name, so that the IO layer finds the worker of a stray STUN packet.
    pub index: u8,
    /// Our addresses as the clients see them.
    pub candidates: Vec<SocketAddr>,
    /// What `now` is on the wall clock: an instant and its time since the UNIX epoch.
    pub wall_clock: (Instant, Duration),
    /// The source of every random number the worker makes.
    pub seed: [u8; 32],
    /// One per process.
    pub certificate: Certificate,
}

/// The two m-sections of one seat. Either may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatMids {
    /// Where its sound is received.
    pub audio: Option<Mid>,
    /// Where its picture is received.
    pub video: Option<Mid>,
}

/// Whether a track is kept from everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Muted {
    /// Nothing of it is forwarded.
    Yes,
    /// It is forwarded.
    No,
}

/// How much of a simulcast track a downlink section may get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LayerLimit {
    /// The best layer that is sent.
    #[default]
    Best,
    /// No layer better than this one, counted from the smallest (0).
    UpTo(u8),
    /// Nothing, until the limit changes.
    Paused,
}

/// Did everything fit?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushed {
    /// Everything is in the batch.
    Done,
    /// The batch is full enough to be sent; send, clear it, and flush again.
    More,
}

/// One packet of a track that the process itself makes.
#[derive(Clone, Copy, Debug)]
pub struct LocalPacket<'a> {
    /// RTP timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// The RTP marker: last packet of a frame (video), first after silence (audio).
    pub marker: bool,
    /// First packet of a keyframe. Always true for audio.
    pub keyframe_start: bool,
    /// In the codec's RTP payload format.
    pub payload: &'a [u8],
}

/// The answer to an offer, and what it made.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// SDP for the client.
    pub answer: String,
    /// Every live uplink section. Ids are stable over re-offers.
    pub tracks: Vec<(Mid, MediaKind, TrackId)>,
    /// Every live downlink section.
    pub downlinks: Vec<(Mid, MediaKind)>,
}

/// Why an offer was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// The text is not an offer that can be answered; says why.
    #[error("the offer cannot be answered: {0}")]
    Sdp(String),
    /// A re-offer with another certificate: that is a new connection, not a renegotiation.
    #[error("the certificate fingerprint changed")]
    FingerprintChanged,
    /// More m-sections than one peer may have.
    #[error("too many media sections")]
    TooManySections,
    /// The worker holds as many peers as it may.
    #[error("too many connections")]
    TooManyPeers,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Worker {
    transmits: TransmitBatch,
    events: VecDeque<Event>,
    counters: Counters,
}

impl Worker {
    /// A worker without peers.
    pub fn new(_config: WorkerConfig) -> Self {
        Self { transmits: TransmitBatch::default(), events: VecDeque::new(), counters: Counters::default() }
    }

    /// One datagram from the network. Decrypted in place; copied into a ring when it is media.
    pub fn handle_datagram(&mut self, _now: Instant, _from: SocketAddr, _data: &mut [u8]) {}

    /// Forwards what arrived: once after each receive batch, again while it says [`Flushed::More`].
    pub fn flush(&mut self, _now: Instant) -> Flushed {
        Flushed::Done
    }

    /// To be called when [`Worker::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// The first offer of `peer` creates it; later ones renegotiate, restart ICE, or both. `seats` pairs downlink sections.
    pub fn accept_offer(&mut self, _now: Instant, _peer: PeerId, _offer: &str, _seats: &[SeatMids]) -> Result<Accepted, OfferError> {
        Err(OfferError::Sdp("not yet".into()))
    }

    /// Forgets the peer with all its tracks and sections. Unknown peers are fine.
    pub fn remove_peer(&mut self, _now: Instant, _peer: PeerId) {}

    /// Who is heard or seen in a downlink section from now on.
    pub fn assign(&mut self, _now: Instant, _peer: PeerId, _mid: Mid, _source: Option<TrackId>) {}

    /// Enforced here: nothing of a muted track is forwarded. Unknown tracks are fine.
    pub fn set_muted(&mut self, _track: TrackId, _muted: Muted) {}

    /// Bounds the layer a downlink section gets.
    pub fn set_layer_limit(&mut self, _peer: PeerId, _mid: Mid, _limit: LayerLimit) {}

    /// A track that the process itself feeds.
    pub fn add_local_track(&mut self, _now: Instant, _codec: Codec) -> TrackId {
        TrackId(0)
    }

    /// Ends a local track.
    pub fn remove_local_track(&mut self, _now: Instant, _track: TrackId) {}

    /// Feeds a local track. Goes out at the next [`Worker::flush`].
    pub fn push_local(&mut self, _now: Instant, _track: TrackId, _packet: LocalPacket<'_>) {}

    /// What is to be sent. Send, then clear it.
    pub fn transmits(&mut self) -> &mut TransmitBatch {
        &mut self.transmits
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Worker::handle_timeout`] is wanted next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Counters and table sizes.
    pub fn stats(&self) -> WorkerStats {
        WorkerStats { counters: self.counters.clone(), gauges: Gauges::default() }
    }
}
