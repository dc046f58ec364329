//! How tokio code talks to the media workers.

use super::command::{Command, Reserved, Ring};
use super::placement::{Place, Placement};
use super::stats::{IoStats, MediaStats};
use auftakt_media::codec::Codec;
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{self, Accepted, LayerLimit, Muted, SeatMids, Viewing, WorkerStats};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;
use tokio::sync::oneshot;

/// All workers of the media plane. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Media(Arc<Workers>);

#[derive(Debug)]
struct Workers {
    handles: Vec<MediaHandle>,
    placement: Arc<Placement>,
    next_peer: AtomicU32,
}

/// Talks to one worker of the media plane. Cheap to clone. Commands are carried out in the order in which one caller gives them. Peers
/// and tracks belong to the worker that made them, and no other one knows them.
#[derive(Clone, Debug)]
pub struct MediaHandle {
    ring: Ring,
}

/// The worker that a room was given to, for as long as this is kept.
#[derive(Debug)]
pub struct MediaPlace {
    media: MediaHandle,
    _place: Place,
}

/// The media plane has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the media plane has stopped")]
pub struct Stopped;

/// Why there is no answer to an offer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// The client's fault, or its limits.
    #[error(transparent)]
    Refused(#[from] worker::OfferError),
    /// Ours: the process is about to end.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Media {
    pub(super) fn new(rings: Vec<Ring>, placement: Arc<Placement>) -> Self {
        let handles = rings.into_iter().map(|ring| MediaHandle { ring }).collect();
        Self(Arc::new(Workers { handles, placement, next_peer: AtomicU32::new(0) }))
    }

    /// One by one, in the order of their indices.
    pub fn workers(&self) -> &[MediaHandle] {
        &self.0.handles
    }

    /// A name for a new connection; never given twice, whichever worker it is for.
    pub fn next_peer_id(&self) -> PeerId {
        PeerId(self.0.next_peer.fetch_add(1, Ordering::Relaxed))
    }

    /// For a connection that belongs to no room.
    pub fn least_busy(&self) -> MediaHandle {
        self.0.handles[self.0.placement.least_busy(Instant::now())].clone()
    }

    /// For a new room, which stays there.
    pub fn place(&self) -> MediaPlace {
        let place = self.0.placement.place(Instant::now());
        MediaPlace { media: self.0.handles[place.worker()].clone(), _place: place }
    }

    /// Counters of every worker.
    pub async fn stats(&self) -> Result<MediaStats, Stopped> {
        let mut stats = MediaStats { rooms: self.0.placement.rooms(), ..MediaStats::default() };
        for handle in &self.0.handles {
            let (worker, io) = handle.stats().await?;
            stats.workers.push(worker);
            stats.io.push(io);
        }
        Ok(stats)
    }
}

impl MediaPlace {
    /// How to talk to the worker.
    pub fn media(&self) -> &MediaHandle {
        &self.media
    }
}

impl MediaHandle {
    pub(super) fn wake(&self) {
        self.ring.wake();
    }

    /// Answers an offer. The first offer of a peer creates it; whoever does not want it any more calls [`MediaHandle::remove`].
    pub async fn offer(&self, peer: PeerId, offer: String, seats: Vec<SeatMids>) -> Result<Accepted, OfferError> {
        Ok(self.ask(|reply| Command::Offer { peer, offer, seats, reply }).await??)
    }

    /// Forgets a peer with all its tracks. Unknown peers are fine.
    pub async fn remove(&self, peer: PeerId) {
        self.tell(Command::Remove(peer)).await;
    }

    /// Who is heard or seen in a downlink section from now on.
    pub async fn assign(&self, peer: PeerId, mid: Mid, source: Option<TrackId>) {
        self.tell(Command::Assign { peer, mid, source }).await;
    }

    /// Enforced by the worker: nothing of a muted track is forwarded.
    pub async fn set_muted(&self, track: TrackId, muted: Muted) {
        self.tell(Command::SetMuted { track, muted }).await;
    }

    /// Bounds the layer a downlink section gets.
    pub async fn set_layer_limit(&self, peer: PeerId, mid: Mid, limit: LayerLimit) {
        self.tell(Command::SetLayerLimit { peer, mid, limit }).await;
    }

    /// How the picture of a downlink section is looked at.
    pub async fn set_viewing(&self, peer: PeerId, mid: Mid, viewing: Viewing) {
        self.tell(Command::SetViewing { peer, mid, viewing }).await;
    }

    /// A track that this process feeds. It ends when the returned value is dropped.
    pub async fn add_local_track(&self, codec: Codec) -> Result<LocalTrack, Stopped> {
        let removal = self.ring.reserve().await.ok_or(Stopped)?;
        let keyframe_wanted = Arc::new(AtomicBool::new(false));
        let wanted = keyframe_wanted.clone();
        let id = self.ask(|reply| Command::AddLocal { codec, keyframe_wanted: wanted, reply }).await?;
        Ok(LocalTrack { id, ring: self.ring.clone(), removal: Some(removal), keyframe_wanted })
    }

    /// What the worker did, and what its thread did.
    pub async fn stats(&self) -> Result<(WorkerStats, IoStats), Stopped> {
        self.ask(Command::Stats).await
    }

    async fn tell(&self, command: Command) {
        // Fails only while the process ends, when nobody is left to be told.
        let _ = self.ring.send(command).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        if !self.ring.send(command(reply)).await {
            return Err(Stopped);
        }
        answer.await.map_err(|_| Stopped)
    }
}

/// One packet of a track that this process makes.
#[derive(Clone, Debug)]
pub struct LocalMedia {
    /// RTP timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// The RTP marker: last packet of a frame (video), first after silence (audio).
    pub marker: bool,
    /// First packet of a keyframe. Always true for audio.
    pub keyframe_start: bool,
    /// In the codec's RTP payload format.
    pub payload: Bytes,
}

/// A track that this process feeds; ends when dropped.
#[derive(Debug)]
pub struct LocalTrack {
    id: TrackId,
    ring: Ring,
    // Dropping cannot wait for room in the ring, so the room is taken beforehand.
    removal: Option<Reserved>,
    keyframe_wanted: Arc<AtomicBool>,
}

impl LocalTrack {
    /// What the rooms assign to seats.
    pub fn id(&self) -> TrackId {
        self.id
    }

    /// Never waits: a packet that finds the ring full is dropped and counted, because a late one is worth nothing.
    pub fn push(&self, packet: LocalMedia) -> Result<(), Stopped> {
        let LocalMedia { timestamp, marker, keyframe_start, payload } = packet;
        let sent = self.ring.send_or_drop(Command::PushLocal { track: self.id, timestamp, marker, keyframe_start, payload });
        sent.then_some(()).ok_or(Stopped)
    }

    /// Whether a receiver has needed a keyframe since the last call.
    pub fn take_keyframe_request(&self) -> bool {
        self.keyframe_wanted.swap(false, Ordering::AcqRel)
    }
}

impl Drop for LocalTrack {
    fn drop(&mut self) {
        if let Some(removal) = self.removal.take() {
            removal.send(Command::RemoveLocal(self.id));
        }
    }
}
