//! The media workers' threads and the one UDP port they share.

use auftakt_media::dtls::Certificate;
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, Event, Muted, OfferError, SeatMids, Worker, WorkerConfig, WorkerStats};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};

/// Events that wait for the rooms. Full: the workers wait, because a lost event would leave a room wrong.
const EVENTS: usize = 1024;

/// Where the media plane listens and what it tells the clients.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// The UDP socket.
    pub bind: SocketAddr,
    /// Our addresses as the clients see them; the port is that of `bind`.
    pub addresses: Vec<IpAddr>,
    /// Number of worker threads; 0 means one per core.
    pub workers: usize,
}

/// Talks to the media workers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MediaHandle {
    commands: mpsc::UnboundedSender<Command>,
    peers: Arc<AtomicU32>,
}

enum Command {
    Offer { peer: PeerId, offer: String, seats: Vec<SeatMids>, reply: oneshot::Sender<Result<Accepted, OfferError>> },
    Remove(PeerId),
    Assign { peer: PeerId, mid: Mid, source: Option<TrackId> },
    SetMuted { track: TrackId, muted: Muted },
    Stats(oneshot::Sender<WorkerStats>),
}

/// Starts the workers.
pub fn start(config: MediaConfig) -> io::Result<(MediaHandle, mpsc::Receiver<Event>)> {
    let (commands, commands_in) = mpsc::unbounded_channel();
    let (events_out, events) = mpsc::channel(EVENTS);
    let mut seed = [0; 32];
    aws_lc_rs::rand::fill(&mut seed).map_err(|_| io::Error::other("the system has no randomness"))?;
    let worker = Worker::new(WorkerConfig {
        index: 0,
        candidates: config.addresses.iter().map(|ip| SocketAddr::new(*ip, config.bind.port())).collect(),
        wall_clock: (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        seed,
        certificate: Certificate::generate().ok_or_else(|| io::Error::other("no certificate could be made"))?,
    });
    std::thread::Builder::new().name("media-0".into()).spawn(move || run(worker, commands_in, events_out))?;
    Ok((MediaHandle { commands, peers: Arc::default() }, events))
}

fn run(mut worker: Worker, mut commands: mpsc::UnboundedReceiver<Command>, events: mpsc::Sender<Event>) {
    while let Some(command) = commands.blocking_recv() {
        let now = Instant::now();
        match command {
            Command::Offer { peer, offer, seats, reply } => {
                let _ = reply.send(worker.accept_offer(now, peer, &offer, &seats));
            }
            Command::Remove(peer) => worker.remove_peer(now, peer),
            Command::Assign { peer, mid, source } => worker.assign(now, peer, mid, source),
            Command::SetMuted { track, muted } => worker.set_muted(track, muted),
            Command::Stats(reply) => {
                let _ = reply.send(worker.stats());
            }
        }
        while let Some(event) = worker.poll_event() {
            if events.blocking_send(event).is_err() {
                return;
            }
        }
    }
}

impl MediaHandle {
    /// A new name for a connection; never given twice.
    pub fn next_peer_id(&self) -> PeerId {
        PeerId(self.peers.fetch_add(1, Ordering::Relaxed))
    }

    /// Answers an offer. The first offer of a peer creates it.
    pub async fn offer(&self, peer: PeerId, offer: String, seats: Vec<SeatMids>) -> Result<Accepted, OfferError> {
        let (reply, answer) = oneshot::channel();
        let stopped = || OfferError::Sdp("the media workers have stopped".into());
        self.commands.send(Command::Offer { peer, offer, seats, reply }).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Forgets a peer and all of its tracks.
    pub fn remove(&self, peer: PeerId) {
        self.send(Command::Remove(peer));
    }

    /// Who is heard or seen in a downlink section from now on.
    pub fn assign(&self, peer: PeerId, mid: Mid, source: Option<TrackId>) {
        self.send(Command::Assign { peer, mid, source });
    }

    /// Nothing of a muted track is forwarded.
    pub fn set_muted(&self, track: TrackId, muted: Muted) {
        self.send(Command::SetMuted { track, muted });
    }

    /// The counters of every worker.
    pub async fn stats(&self) -> Vec<WorkerStats> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Stats(reply));
        answer.await.into_iter().collect()
    }

    fn send(&self, command: Command) {
        // Fails only while the process ends.
        let _ = self.commands.send(command);
    }
}
