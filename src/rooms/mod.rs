//! The live rooms: who owns them, and how to reach them.

mod outbox;
mod records;
mod task;

pub use outbox::{Frame, Outbox};
pub use records::Records;

use crate::media_io::MediaHandle;
use auftakt_media::id::{PeerId, TrackId};
use auftakt_media::worker::Event;
use auftakt_signaling::wire::{RoomKind, SoundProfile, TrackSource};
use auftakt_signaling::{
    DisplayName, ExternalId, ExternalOffer, ExternalRefusal, ExternalRole, Flow, Input, JoinRequest, Limits, PeerTrouble, RoomName,
    SocketId,
};
use dashmap::DashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, mpsc, oneshot};

/// Messages that wait for a room. Full: the sender waits; a room never waits for a socket.
const MAILBOX: usize = 256;
/// A room may end in the moment somebody comes. The next one starts at once, so this is not reached by anything but a fault.
const ATTEMPTS: usize = 5;

/// Every live room of this process. Cheap to clone. The only place that starts rooms, and the only way to them: when rooms
/// are spread over several machines one day, this is what asks who owns one.
#[derive(Clone)]
pub struct Rooms(Arc<Shared>);

struct Shared {
    live: DashMap<RoomName, RoomHandle>,
    /// Whose connection it is, for the events of the media plane.
    peers: DashMap<PeerId, RoomHandle>,
    /// Who wants to know when a room starts.
    starts: DashMap<RoomName, Arc<Notify>>,
    media: MediaHandle,
    limits: Limits,
    wall_clock: (Instant, Duration),
    next_id: AtomicU64,
    boot: u64,
    /// No room starts any more.
    closing: AtomicBool,
}

/// One life of a room, from the first who comes to the last who goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLife {
    /// Of which start of the server. Random.
    boot: u64,
    /// Counts up with every room that starts.
    number: u64,
}

impl RoomLife {
    /// Whether what was allowed in `earlier` still is now: in the same life, and after a restart of the server, which nobody has left the
    /// room for. Not when the room came to its end and began anew.
    pub fn continues(self, earlier: Self) -> bool {
        self == earlier || self.boot != earlier.boot
    }
}

/// Talks to one live room.
#[derive(Clone)]
pub struct RoomHandle {
    life: RoomLife,
    mailbox: mpsc::Sender<ToRoom>,
}

/// The room has ended; a new one of the same name may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the room has ended")]
pub struct RoomEnded;

/// Why an external connection did not come to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalError {
    /// The room says so.
    Refused(ExternalRefusal),
    /// The server is about to end.
    Stopping,
}

enum ToRoom {
    /// Somebody wants to come in. Dropped without a word by a room that ends.
    Join {
        request: JoinRequest,
        outbox: Outbox,
        taken: oneshot::Sender<()>,
    },
    Input(Input),
    External {
        offer: ExternalOffer,
        answer: oneshot::Sender<Result<String, ExternalRefusal>>,
        ended: oneshot::Sender<()>,
    },
    Local {
        external: ExternalId,
        local: Local,
        ended: oneshot::Sender<()>,
    },
    Count(oneshot::Sender<(usize, usize)>),
}

/// A participant that the process itself plays.
pub struct Local {
    /// What it is called.
    pub name: DisplayName,
    /// How it sounds.
    pub sound_profile: SoundProfile,
    /// Its local tracks.
    pub tracks: Vec<(TrackSource, TrackId)>,
}

/// An external connection that was let in.
pub struct Admitted {
    /// How to say more.
    pub room: RoomHandle,
    /// For the other side.
    pub answer: String,
    /// Resolves when it is no longer in the room.
    pub ended: oneshot::Receiver<()>,
}

impl Rooms {
    /// No rooms yet.
    pub fn new(media: MediaHandle, limits: Limits) -> Self {
        // Without randomness the start's time tells two starts apart as well.
        let mut boot = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_le_bytes();
        let _ = aws_lc_rs::rand::fill(&mut boot);
        let boot = u64::from_le_bytes(*boot.first_chunk().unwrap_or(&[0; 8]));
        Self(Arc::new(Shared {
            live: DashMap::new(),
            peers: DashMap::new(),
            starts: DashMap::new(),
            media,
            limits,
            wall_clock: (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            next_id: AtomicU64::new(1),
            boot,
            closing: AtomicBool::new(false),
        }))
    }

    /// A name for a socket; never given twice.
    pub fn next_socket(&self) -> SocketId {
        SocketId(self.0.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// A name for an external connection; never given twice.
    pub fn next_external(&self) -> ExternalId {
        ExternalId(self.0.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Brings a socket into a room. What the room says to it, a refusal too, comes through the outbox. What is asked of the room may
    /// depend on which life of it is met.
    pub async fn join(
        &self,
        name: &RoomName,
        kind: RoomKind,
        request: impl Fn(RoomLife) -> JoinRequest,
        outbox: Outbox,
    ) -> Result<RoomHandle, RoomEnded> {
        for _ in 0..ATTEMPTS {
            let room = self.live_or_new(name, kind)?;
            let (taken, joined) = oneshot::channel();
            let message = ToRoom::Join { request: request(room.life), outbox: outbox.clone(), taken };
            if room.mailbox.send(message).await.is_ok() && joined.await.is_ok() {
                return Ok(room);
            }
        }
        Err(RoomEnded)
    }

    /// Brings an external connection into a room.
    pub async fn add_external(
        &self,
        name: &RoomName,
        kind: RoomKind,
        external: ExternalId,
        role: ExternalRole,
        sdp: String,
    ) -> Result<Admitted, ExternalError> {
        for _ in 0..ATTEMPTS {
            let Ok(room) = self.live_or_new(name, kind) else { break };
            let offer = ExternalOffer { external, role: role.clone(), sdp: sdp.clone(), spare: self.0.media.next_peer_id() };
            let (ended, when_ended) = oneshot::channel();
            match room.external_offer(offer, ended).await {
                Ok(Ok(answer)) => return Ok(Admitted { room, answer, ended: when_ended }),
                Ok(Err(refusal)) => return Err(ExternalError::Refused(refusal)),
                Err(RoomEnded) => {}
            }
        }
        Err(ExternalError::Stopping)
    }

    /// Is told every time this room starts: for whoever plays there while somebody listens.
    pub fn when_started(&self, room: &RoomName) -> Arc<Notify> {
        self.0.starts.entry(room.clone()).or_default().clone()
    }

    /// Brings a participant that the process itself plays into a live room. Resolves when it is no longer there.
    pub async fn add_local(&self, room: &RoomName, local: Local) -> Result<oneshot::Receiver<()>, RoomEnded> {
        let room = self.0.live.get(room).map(|entry| entry.value().clone()).ok_or(RoomEnded)?;
        let (ended, when_ended) = oneshot::channel();
        let message = ToRoom::Local { external: self.next_external(), local, ended };
        room.mailbox.send(message).await.map_err(|_| RoomEnded)?;
        Ok(when_ended)
    }

    /// Live rooms, participants, viewers.
    pub async fn count(&self) -> (usize, usize, usize) {
        let rooms = self.all();
        let mut sum = (rooms.len(), 0, 0);
        for room in rooms {
            let (reply, counted) = oneshot::channel();
            if room.mailbox.send(ToRoom::Count(reply)).await.is_ok()
                && let Ok((participants, viewers)) = counted.await
            {
                sum = (sum.0, sum.1 + participants, sum.2 + viewers);
            }
        }
        sum
    }

    /// Tells everybody in every room that the server stops. Nobody comes in any more.
    pub async fn shut_down(&self) {
        self.0.closing.store(true, Ordering::SeqCst);
        for room in self.all() {
            room.input(Input::Shutdown).await;
        }
    }

    /// Passes the media plane's news on to the rooms, until there are none any more.
    pub async fn follow(&self, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            let (peer, input) = match event {
                Event::Failed { peer, .. } => (peer, Input::PeerTrouble { peer, trouble: PeerTrouble::Failed }),
                Event::Disconnected { peer } => (peer, Input::PeerTrouble { peer, trouble: PeerTrouble::Silent }),
                Event::Activity { peer, track, activity } => (peer, Input::Activity { peer, track, activity }),
                Event::LayersWanted { peer, track, layers } => (peer, Input::LayersWanted { peer, track, layers }),
                Event::PictureStarved { peer, mid } => (peer, Input::Picture { peer, mid, flow: Flow::Starved }),
                Event::PictureFed { peer, mid } => (peer, Input::Picture { peer, mid, flow: Flow::Fed }),
                _ => continue,
            };
            // The entry's lock is not held while waiting.
            let room = self.0.peers.get(&peer).map(|entry| entry.value().clone());
            if let Some(room) = room {
                room.input(input).await;
            }
        }
    }

    fn next_life(&self) -> RoomLife {
        RoomLife { boot: self.0.boot, number: self.0.next_id.fetch_add(1, Ordering::Relaxed) }
    }

    fn all(&self) -> Vec<RoomHandle> {
        self.0.live.iter().map(|entry| entry.value().clone()).collect()
    }

    fn live_or_new(&self, name: &RoomName, kind: RoomKind) -> Result<RoomHandle, RoomEnded> {
        let start = || {
            if let Some(waiting) = self.0.starts.get(name) {
                waiting.notify_one();
            }
            task::start(self.clone(), name.clone(), kind)
        };
        let entry = self.0.live.entry(name.clone());
        // Asked under the entry's lock: whoever shuts down has not looked here yet, or has said so before.
        if self.0.closing.load(Ordering::SeqCst) {
            return Err(RoomEnded);
        }
        let mut room = entry.or_insert_with(start);
        // Only after a panic in its task: a room takes itself out before it closes.
        if room.mailbox.is_closed() {
            *room = start();
        }
        Ok(room.clone())
    }

    /// A room takes itself out, unless another one has taken its place.
    fn forget(&self, name: &RoomName, room: &RoomHandle) {
        self.0.live.remove_if(name, |_, live| live.mailbox.same_channel(&room.mailbox));
    }
}

impl RoomHandle {
    /// Tells the room something. A room that has ended needs to know nothing.
    pub async fn input(&self, input: Input) {
        let _ = self.mailbox.send(ToRoom::Input(input)).await;
    }

    /// An offer of an external connection, the first or a later one.
    pub async fn external_offer(
        &self,
        offer: ExternalOffer,
        ended: oneshot::Sender<()>,
    ) -> Result<Result<String, ExternalRefusal>, RoomEnded> {
        let (answer, answered) = oneshot::channel();
        self.mailbox.send(ToRoom::External { offer, answer, ended }).await.map_err(|_| RoomEnded)?;
        answered.await.map_err(|_| RoomEnded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_io::{MediaConfig, MediaPlane};
    use auftakt_signaling::wire::Role;
    use auftakt_signaling::{LinkId, LinkState, ResumeSecret, Standing};
    use std::net::Ipv4Addr;

    #[test]
    fn what_was_allowed_lasts_for_a_life_and_over_a_restart() {
        let life = RoomLife { boot: 1, number: 7 };
        assert!(life.continues(life));
        assert!(!RoomLife { number: 8, ..life }.continues(life), "it ended and began anew");
        assert!(RoomLife { boot: 2, number: 3 }.continues(life), "the server was restarted");
    }

    #[tokio::test]
    async fn nobody_comes_in_while_the_server_stops() {
        let media = MediaPlane::start(MediaConfig::listen((Ipv4Addr::LOCALHOST, 0).into())).expect("a port");
        let rooms = Rooms::new(media.handle(), Limits { participants: 2, viewers: 2, heard: 5 });
        let name = RoomName::parse("Geige").expect("a name");
        let request = JoinRequest {
            socket: rooms.next_socket(),
            link: LinkId(1),
            link_state: LinkState::Valid,
            role: Role::Student,
            name: DisplayName::parse("Mia").expect("a name"),
            sound_profile: SoundProfile::Music,
            resume: None,
            standing: Standing::New,
            secret: ResumeSecret::new("secret".into()),
            waiting_secret: ResumeSecret::new("waiting".into()),
        };
        let (outbox, mut frames) = Outbox::new();
        rooms.join(&name, RoomKind::Lesson, |_| request.clone(), outbox).await.expect("a place");
        rooms.shut_down().await;
        while frames.recv().await.is_some() {}
        let again = JoinRequest { socket: rooms.next_socket(), ..request };
        assert!(rooms.join(&name, RoomKind::Lesson, |_| again.clone(), Outbox::new().0).await.is_err());
        let external = rooms.add_external(&name, RoomKind::Lesson, rooms.next_external(), ExternalRole::Viewer(vec![]), String::new());
        assert!(matches!(external.await, Err(ExternalError::Stopping)));
    }
}
