//! One media worker: rooms' worth of peers, whose datagrams go in and whose datagrams come out.
//!
//! The caller reads a batch of datagrams, hands each to [`Worker::handle_datagram`], calls [`Worker::flush`] until it is
//! [`Flushed::Done`], sends what [`Worker::transmits`] holds after each, and looks at [`Worker::poll_event`] and
//! [`Worker::poll_timeout`].

mod allocate;
mod bandwidth;
mod bindings;
mod bucket;
mod downlink;
mod dynacast;
mod events;
mod fanout;
mod feedback;
mod grant;
mod hash;
mod ingest;
mod keyframes;
mod layer;
mod membership;
mod negotiation;
mod neighbours;
mod numbers;
mod pacing;
mod payload_types;
mod peer;
mod probing;
mod rates;
mod redundancy;
mod reports;
mod slab;
mod slot;
mod stats;
mod sublayers;
mod temporal;
mod timers;
mod track;
mod transmit;

pub use crate::activity::Activity;
pub use crate::rtp::layers::Sublayers;
pub use events::{Event, FailReason};
pub use neighbours::{AddressChange, Claim, Stray};
pub use stats::{Counters, Gauges, WorkerStats};
pub use transmit::{RUN_BYTES_MAX, RUN_SEGMENTS_MAX, Run, Runs, TransmitBatch};

use crate::codec::Codec;
use crate::dtls::Certificate;
use crate::id::{MediaKind, Mid, PeerId, TrackId};
use crate::path::Path;
use crate::rtcp::{ReportBlock, SenderInfo};
use crate::rtp::clock::WallClock;
use crate::rtp::rewrite::SourceKey;
use crate::sdp::AnswerParams;
use allocate::{Allocation, Demand};
use fanout::{Began, Dirty, Held};
use feedback::Resend;
use hash::TrustedMap;
use neighbours::Neighbours;
use pacing::Pacing;
use peer::{Peer, PeerKey};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use slab::Slab;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use timers::Timers;
use track::{Track, TrackKey};

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

/// How the picture of a downlink section is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewing {
    /// Physical pixels. 0 × 0: not at all, and nothing is sent.
    pub width: u16,
    /// Physical pixels.
    pub height: u16,
    /// Against the other sections of the same receiver.
    pub importance: Importance,
}

/// Who gets bandwidth first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// One of many.
    #[default]
    Ordinary,
    /// Speaks, or spoke last.
    Speaking,
    /// Chosen by the viewer, or for everybody.
    Pinned,
    /// Text must be readable.
    Screen,
}

impl Default for Viewing {
    /// As large as it comes.
    fn default() -> Self {
        Self { width: u16::MAX, height: u16::MAX, importance: Importance::Ordinary }
    }
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
pub struct Worker {
    index: u8,
    candidates: Vec<SocketAddr>,
    certificate: Certificate,
    answer_params: AnswerParams,
    wall_clock: WallClock,
    rng: ChaCha20Rng,
    /// The latest `now` that was told.
    now: Instant,

    peers: Slab<Peer>,
    peer_keys: TrustedMap<PeerId, PeerKey>,
    /// Authenticated 4-tuples (our end is one port).
    addresses: TrustedMap<SocketAddr, PeerKey>,
    /// Those of the other workers of the port.
    neighbours: Option<Neighbours>,
    /// The last sender found in `addresses`.
    last_source: Option<(SocketAddr, PeerKey)>,
    /// Looked up with what strangers write: ordered, so that no choice of theirs makes it slow.
    ufrags: BTreeMap<String, PeerKey>,

    tracks: Slab<Track>,
    track_keys: TrustedMap<TrackId, TrackKey>,
    track_ids: TrackIds,
    /// Which track an encoding belongs to.
    sources: TrustedMap<SourceKey, TrackKey>,
    source_keys: SourceKeys,

    dirty: Dirty,
    resends: VecDeque<Resend>,
    pacing: Pacing,
    /// Receivers whose bandwidth is divided anew at the next flush.
    unallocated: Vec<PeerKey>,
    timers: Timers,
    out: Out,

    // Reused buffers, empty between calls.
    scratch: Vec<u8>,
    began: Vec<Began>,
    held: Vec<Held>,
    demands: Vec<Demand>,
    demanding: Vec<u16>,
    allocation: Allocation,
    wanted: Vec<SourceKey>,
    lost: Vec<u16>,
    blocks: Vec<ReportBlock>,
    infos: Vec<SenderInfo>,
}

/// Everything that leaves the worker.
#[derive(Debug, Default)]
struct Out {
    transmits: TransmitBatch,
    events: VecDeque<Event>,
    counters: Counters,
}

/// Track ids of one worker: unique in the process, because the worker's index is in them.
#[derive(Debug)]
struct TrackIds {
    next: u32,
}

impl TrackIds {
    fn next(&mut self) -> TrackId {
        let id = TrackId(self.next);
        // 16 million tracks, then from the beginning: the first ones are long gone.
        self.next = self.next & 0xFF00_0000 | self.next.wrapping_add(1) & 0x00FF_FFFF;
        id
    }
}

#[derive(Debug, Default)]
struct SourceKeys {
    next: u32,
}

impl SourceKeys {
    fn next(&mut self) -> SourceKey {
        self.next = self.next.wrapping_add(1);
        SourceKey(self.next)
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("index", &self.index).field("gauges", &self.gauges()).finish_non_exhaustive()
    }
}

/// The largest DTLS datagram.
const SCRATCH_BYTES: usize = 2048;

impl Worker {
    /// A worker without peers.
    pub fn new(config: WorkerConfig) -> Self {
        let (base, since_unix_epoch) = config.wall_clock;
        Self {
            index: config.index,
            candidates: config.candidates,
            certificate: config.certificate,
            answer_params: AnswerParams::default(),
            wall_clock: WallClock::new(base, since_unix_epoch),
            rng: ChaCha20Rng::from_seed(config.seed),
            now: base,
            peers: Slab::default(),
            peer_keys: TrustedMap::default(),
            addresses: TrustedMap::default(),
            neighbours: None,
            last_source: None,
            ufrags: BTreeMap::new(),
            tracks: Slab::default(),
            track_keys: TrustedMap::default(),
            track_ids: TrackIds { next: u32::from(config.index) << 24 },
            sources: TrustedMap::default(),
            source_keys: SourceKeys::default(),
            dirty: Dirty::default(),
            resends: VecDeque::new(),
            pacing: Pacing::new(base),
            unallocated: Vec::new(),
            timers: Timers::default(),
            out: Out::default(),
            scratch: vec![0; SCRATCH_BYTES],
            began: Vec::new(),
            held: Vec::new(),
            demands: Vec::new(),
            demanding: Vec::new(),
            allocation: Allocation::default(),
            wanted: Vec::new(),
            lost: Vec::new(),
            blocks: Vec::new(),
            infos: Vec::new(),
        }
    }

    /// One datagram from the network, with who sent it (and which of our addresses it was for). Decrypted in place; copied into a ring
    /// when it is media. `Some`: it is not ours but another worker's, as it was. That happens only after [`Worker::share_port`].
    pub fn handle_datagram(&mut self, now: Instant, path: impl Into<Path>, data: &mut [u8]) -> Option<Stray> {
        self.now = now;
        let path = path.into();
        if let Err(reason) = self.take_datagram(now, path, data) {
            if let Some(stray) = self.find_owner(now, path.remote, data, reason) {
                return Some(stray);
            }
            self.out.counters.drops.count(reason);
        }
        self.count_arrival(data.len());
        None
    }

    fn count_arrival(&mut self, len: usize) {
        self.out.counters.datagrams_received += 1;
        self.out.counters.bytes_received += len as u64;
    }

    /// Forwards what arrived: once after each receive batch, again while it says [`Flushed::More`].
    pub fn flush(&mut self, now: Instant) -> Flushed {
        self.now = now;
        self.forward_all(now)
    }

    /// To be called when [`Worker::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.run_timers(now);
    }

    /// The first offer of `peer` creates it; later ones renegotiate, restart ICE, or both. `seats` pairs downlink sections.
    pub fn accept_offer(&mut self, now: Instant, peer: PeerId, offer: &str, seats: &[SeatMids]) -> Result<Accepted, OfferError> {
        self.now = now;
        self.accept(now, peer, offer, seats)
    }

    /// Forgets the peer with all its tracks and sections. Unknown peers are fine.
    pub fn remove_peer(&mut self, now: Instant, peer: PeerId) {
        self.now = now;
        if let Some(&key) = self.peer_keys.get(&peer) {
            self.drop_peer(key);
        }
    }

    /// Who is heard or seen in a downlink section from now on. Unknown peers, sections and tracks are fine, and so is a track of
    /// the other kind: nobody sits there then.
    pub fn assign(&mut self, now: Instant, peer: PeerId, mid: Mid, source: Option<TrackId>) {
        self.now = now;
        self.assign_slot(now, peer, mid, source);
    }

    /// Enforced here: nothing of a muted track is forwarded. Unknown tracks are fine.
    pub fn set_muted(&mut self, track: TrackId, muted: Muted) {
        self.mute(track, muted);
    }

    /// Bounds the layer a downlink section gets.
    pub fn set_layer_limit(&mut self, peer: PeerId, mid: Mid, limit: LayerLimit) {
        self.limit_layer(peer, mid, limit);
    }

    /// Bounds the layers of scalable encodings (SVC) that a downlink section gets. Unknown peers and sections are fine.
    pub fn set_sublayers(&mut self, now: Instant, peer: PeerId, mid: Mid, sublayers: Sublayers) {
        self.now = now;
        self.limit_sublayers(now, peer, mid, sublayers);
    }

    /// How the picture of a downlink section is looked at. Unknown peers and sections are fine.
    pub fn set_viewing(&mut self, now: Instant, peer: PeerId, mid: Mid, viewing: Viewing) {
        self.now = now;
        self.view_slot(now, peer, mid, viewing);
    }

    /// A track that the process itself feeds.
    pub fn add_local_track(&mut self, now: Instant, codec: Codec) -> TrackId {
        self.now = now;
        self.create_local_track(codec)
    }

    /// Ends a local track. Peers' tracks end by their offers.
    pub fn remove_local_track(&mut self, now: Instant, track: TrackId) {
        self.now = now;
        let key = self.track_keys.get(&track).copied();
        let is_local = |key: &TrackKey| self.tracks.get(*key).is_some_and(|t| t.owner.is_none());
        if let Some(key) = key.filter(is_local) {
            self.drop_track(key);
        }
    }

    /// Feeds a local track. Goes out at the next [`Worker::flush`].
    pub fn push_local(&mut self, now: Instant, track: TrackId, packet: LocalPacket<'_>) {
        self.now = now;
        self.store_local(now, track, packet);
    }

    /// What is to be sent. Send, then clear it.
    pub fn transmits(&mut self) -> &mut TransmitBatch {
        &mut self.out.transmits
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.out.events.pop_front()
    }

    /// When [`Worker::handle_timeout`] is wanted next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.timers.next(), self.pacing.poll_timeout()].into_iter().flatten().min()
    }

    /// Counters and table sizes.
    pub fn stats(&self) -> WorkerStats {
        WorkerStats { counters: self.out.counters.clone(), gauges: self.gauges() }
    }

    /// Media packets taken and sent so far: what load is measured by.
    pub fn packets_handled(&self) -> u64 {
        self.out.counters.packets_received + self.out.counters.packets_forwarded
    }

    fn gauges(&self) -> Gauges {
        let live = || self.peers.iter().flat_map(|(_, p)| &p.slots).filter(|s| s.live);
        Gauges {
            peers: self.peers.len(),
            tracks: self.tracks.len(),
            encodings: self.sources.len(),
            slots: live().count(),
            subscriptions: self.tracks.iter().map(|(_, t)| t.subscribers.len()).sum(),
            addresses: self.addresses.len(),
            ufrags: self.ufrags.len(),
            timers: self.timers.len(),
            dirty: self.dirty.len(),
        }
    }
}
