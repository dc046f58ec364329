//! One incoming track: its encodings, and who receives it.

use super::dynacast::Wanted;
use super::keyframes::KeyframeRequests;
use super::layer::Ranks;
use super::peer::PeerKey;
use super::rates::Rates;
use super::slab::Key;
use crate::activity::Detector;
use crate::codec::Codec;
use crate::drops::DropReason;
use crate::id::{MediaKind, Rid, TrackId};
use crate::rtp::clock::{NtpTime, PeerClock, SourceClock};
use crate::rtp::counters::Counters;
use crate::rtp::dependency_descriptor::{Mandatory, Structure, brings_structure};
use crate::rtp::layers::{Layers, Sublayers};
use crate::rtp::nack::{Arrived, NackGenerator, NackPolicy};
use crate::rtp::payload::inspect;
use crate::rtp::rewrite::SourceKey;
use crate::rtp::ring::{Inserted, PassedExtensions, Ring, RingLimits, StoredPacket};
use crate::rtp::stats::ReceiveStats;
use std::time::{Duration, Instant};

pub(crate) type TrackKey = Key<Track>;

/// Simulcast encodings of one track; the offer is bounded to as many.
pub(crate) const ENCODINGS_MAX: usize = 4;
/// An encoding of which nothing came for this long is not forwarded any more when another one is still coming.
const SILENT_AFTER: Duration = Duration::from_millis(500);

/// One incoming track, of a peer or of the process itself.
pub(crate) struct Track {
    pub id: TrackId,
    pub kind: MediaKind,
    /// `None`: a local track.
    pub owner: Option<PeerKey>,
    pub muted: bool,
    /// Of a local track.
    pub local_codec: Option<Codec>,
    pub encodings: Vec<Encoding>,
    pub subscribers: Vec<Subscriber>,
    pub fan_out: FanOut,
    /// One bit per encoding that is coming in, as the subscribers' choice of layers knows it.
    pub active: u8,
    /// The order of the encodings, as the subscribers' choice of layers knows it.
    pub ranks: Ranks,
    /// The last packet of any encoding.
    pub arrived_at: Option<Instant>,
    /// Encodings that the publisher may send; 1 without simulcast.
    pub announced: u8,
    /// How many of them its receivers want.
    pub wanted: Wanted,
    /// Whether somebody speaks or plays, for sound.
    pub activity: Detector,
}

/// A downlink section that the track's packets are offered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscriber {
    pub peer: PeerKey,
    pub slot: u16,
}

/// A packet that waits to be forwarded. Its contents are in the ring; padding has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fresh {
    pub source: SourceKey,
    pub encoding: u8,
    pub ext_seq: u64,
    pub padding: bool,
}

/// Where forwarding stands.
#[derive(Debug, Default)]
pub(crate) struct FanOut {
    /// In order of arrival.
    pub fresh: Vec<Fresh>,
    /// How many of them are going out in this round.
    pub round: usize,
    /// The next subscriber of this round.
    pub next: usize,
    /// In the worker's queue.
    pub queued: bool,
}

impl FanOut {
    /// Forgets what waits, but stays in the queue, which empties by itself.
    pub(crate) fn discard(&mut self) {
        self.fresh.clear();
        (self.round, self.next) = (0, 0);
    }
}

/// One stream of a track: an SSRC and its retransmissions.
pub(crate) struct Encoding {
    pub source: SourceKey,
    pub rid: Option<Rid>,
    /// Its place in the offer's list of encodings.
    pub order: usize,
    /// What came last.
    pub codec: Option<Codec>,
    /// Packets below this came while the track was muted, or should have: nobody gets them.
    pub floor: u64,
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
    pub ring: Ring,
    pub nack: NackGenerator,
    pub stats: ReceiveStats,
    pub clock: SourceClock,
    pub keyframes: KeyframeRequests,
    pub arrived_at: Option<Instant>,
    /// How much it sends.
    pub rates: Rates,
    /// Of its last keyframe, where that is known.
    pub height: Option<u16>,
    /// What its dependency descriptors refer to.
    structure: Option<Box<Structure>>,
    /// The best layers seen since the last keyframe, of a scalable encoding.
    pub sublayers: Option<Sublayers>,
}

/// What a packet's header said, once it is authenticated.
pub(crate) struct Incoming<'a> {
    pub ext_seq: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub codec: Codec,
    pub extensions: PassedExtensions,
    pub dependency_descriptor: &'a [u8],
    /// Without padding.
    pub payload: &'a [u8],
    pub way: Way,
}

/// How a packet came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Under its own SSRC.
    Direct,
    /// As RTX.
    Repair,
}

/// What [`Encoding::take`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Something is missing now that was not before.
    pub gap: bool,
    /// It filled a gap.
    pub recovered: bool,
    /// A receiver can begin with it.
    pub keyframe_start: bool,
    /// How long sound lasts, in ticks.
    pub duration: u32,
}

impl Track {
    pub(crate) fn new(id: TrackId, kind: MediaKind, owner: Option<PeerKey>) -> Self {
        Self {
            id,
            kind,
            owner,
            muted: false,
            local_codec: None,
            encodings: Vec::new(),
            subscribers: Vec::new(),
            fan_out: FanOut::default(),
            active: 0,
            ranks: Ranks::default(),
            arrived_at: None,
            announced: 1,
            wanted: Wanted::all(1),
            activity: Detector::default(),
        }
    }

    pub(crate) fn encoding_of(&self, source: SourceKey) -> Option<usize> {
        self.encodings.iter().position(|e| e.source == source)
    }

    /// The encoding that a waiting packet is of, unless another one has taken its place since.
    #[inline]
    pub(crate) fn encoding_at(&self, fresh: &Fresh) -> Option<&Encoding> {
        self.encodings.get(usize::from(fresh.encoding)).filter(|e| e.source == fresh.source)
    }

    /// One bit per encoding that is coming in. Silence is measured against the other encodings: a paused camera is no reason to
    /// change layers, a paused layer is.
    pub(crate) fn active_mask(&self) -> u8 {
        let Some(latest) = self.arrived_at else { return 0 };
        let is_active = |e: &Encoding| e.arrived_at.is_some_and(|at| latest.saturating_duration_since(at) < SILENT_AFTER);
        self.encodings.iter().enumerate().filter(|(_, e)| is_active(e)).fold(0, |mask, (i, _)| mask | 1 << i)
    }

    pub(crate) fn subscribe(&mut self, subscriber: Subscriber) {
        if !self.subscribers.contains(&subscriber) {
            self.subscribers.push(subscriber);
        }
    }

    /// Keeps the order of the others, and the place of a round that is under way.
    pub(crate) fn unsubscribe(&mut self, subscriber: Subscriber) {
        if let Some(index) = self.subscribers.iter().position(|s| *s == subscriber) {
            self.subscribers.remove(index);
            self.fan_out.next -= usize::from(index < self.fan_out.next);
        }
    }
}

impl Encoding {
    pub(crate) fn new(source: SourceKey, kind: MediaKind, rid: Option<Rid>, order: usize, ssrc: u32) -> Self {
        let (limits, policy, rate) = match kind {
            MediaKind::Audio => (RingLimits::AUDIO, NackPolicy::AUDIO, 48_000),
            MediaKind::Video => (RingLimits::VIDEO, NackPolicy::VIDEO, 90_000),
        };
        Self {
            source,
            rid,
            order,
            codec: None,
            floor: 0,
            ssrc,
            rtx_ssrc: None,
            ring: Ring::new(limits),
            nack: NackGenerator::new(policy),
            stats: ReceiveStats::new(rate),
            clock: SourceClock::new(rate),
            keyframes: KeyframeRequests::default(),
            arrived_at: None,
            rates: Rates::default(),
            height: None,
            structure: None,
            sublayers: None,
        }
    }

    /// Stores a packet. Padding has its number noted, so that nobody asks for it, and is not stored.
    pub(crate) fn take(&mut self, packet: &Incoming<'_>, now: Instant, arrival: NtpTime, peer: &PeerClock) -> Result<Taken, DropReason> {
        let arrived = match packet.way {
            Way::Direct => {
                self.stats.on_packet(packet.ext_seq, packet.timestamp, arrival);
                self.nack.on_packet(packet.ext_seq, now)
            }
            Way::Repair if self.nack.on_recovered(packet.ext_seq, now) => Arrived::Late,
            Way::Repair => return Err(DropReason::RtpDuplicate),
        };
        let gap = matches!(arrived, Arrived::Gap);
        if self.arrived_at.is_none_or(|at| now > at + SILENT_AFTER) {
            self.rates.begin_anew();
        }
        self.arrived_at = Some(now);
        if packet.payload.is_empty() {
            return Ok(Taken { gap, recovered: false, keyframe_start: false, duration: 0 });
        }
        let info = inspect(packet.codec, packet.payload);
        self.rates.count(now, packet.payload.len(), info.temporal);
        let layers = self.layers(packet.dependency_descriptor).or(info.layers);
        let size = info.size.or(self.structure.as_ref().and_then(|structure| structure.size()));
        self.height = size.map(|(_, height)| height).or(self.height);
        // What describes itself by the structure of another keyframe is no beginning for somebody who has not got that.
        let keyframe_start =
            info.keyframe_start && (packet.dependency_descriptor.is_empty() || brings_structure(packet.dependency_descriptor));
        self.note_layers(layers.as_ref(), keyframe_start);
        let stored = StoredPacket {
            ext_seq: packet.ext_seq,
            timestamp: packet.timestamp,
            marker: packet.marker,
            keyframe_start,
            codec: packet.codec,
            duration: info.duration,
            counters: Counters { frame: Mandatory::parse(packet.dependency_descriptor).map(|m| m.frame), ..info.counters },
            temporal: info.temporal,
            layers,
            capture: self.clock.on_packet(peer, packet.timestamp, arrival),
            arrival: now,
            extensions: packet.extensions,
            dependency_descriptor: packet.dependency_descriptor,
            payload: packet.payload,
        };
        match self.ring.insert(&stored) {
            Inserted::Newest | Inserted::Late => {
                let recovered = arrived == Arrived::Late;
                Ok(Taken { gap, recovered, keyframe_start, duration: info.duration })
            }
            Inserted::Duplicate => Err(DropReason::RtpDuplicate),
            Inserted::Refused => Err(DropReason::RtpTooOld),
        }
    }

    /// What the descriptor says of the packet. The structure that keyframes bring has one place, taken when the first one comes.
    fn layers(&mut self, descriptor: &[u8]) -> Option<Layers> {
        if descriptor.is_empty() {
            return None;
        }
        self.structure.get_or_insert_default().read(descriptor)
    }

    fn note_layers(&mut self, layers: Option<&Layers>, keyframe_start: bool) {
        let before = self.sublayers.take_if(|_| keyframe_start || layers.is_none());
        let Some(layers) = layers else { return };
        let known = self.sublayers.unwrap_or(Sublayers { spatial_max: 0, temporal_max: before.map_or(0, |b| b.temporal_max) });
        self.sublayers =
            Some(Sublayers { spatial_max: known.spatial_max.max(layers.spatial), temporal_max: known.temporal_max.max(layers.temporal) });
    }

    /// Bytes per second, once a whole interval has been seen.
    pub(crate) fn rate(&self) -> Option<u64> {
        self.rates.bytes_per_second()
    }
}
