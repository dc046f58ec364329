//! The media worker's thread and its UDP port.
//!
//! One thread per worker owns the sockets and the [`Worker`]; nothing of either is shared. tokio code talks to it through
//! [`MediaHandle`]: commands go in through a bounded ring and an eventfd, events come out through one bounded channel.
//!
//! ```text
//! MediaHandle ── commands + eventfd ──▶ thread ──▶ Worker ──▶ TransmitBatch ──▶ sendmmsg, UDP_SEGMENT
//!      ▲                                  │▲
//!      └── one event stream ◀─────────────┘└── recvmmsg, UDP_GRO
//! ```
//!
//! There is one worker now. What more of them need is in place: the worker's index is in every ICE user name, sockets are
//! made per worker, and every command names the peer or the track whose worker it is for.

mod candidates;
mod command;
mod handle;
mod socket;
mod stats;
mod sys;
mod thread;

pub use handle::{LocalMedia, LocalTrack, MediaHandle, OfferError, Stopped};
pub use stats::{IoStats, MediaStats};

use auftakt_media::dtls::Certificate;
use auftakt_media::worker::{Event, Worker, WorkerConfig};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// Commands that wait for the worker. Full: an awaiting caller waits; packets of a local track are dropped and counted.
const COMMANDS: usize = 1024;
/// Events that wait for the rooms. Full: they stay in the worker, in order, because a lost event would leave a room wrong.
const EVENTS: usize = 1024;

/// Where the media plane listens and what it tells the clients.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// At most one address per family, all with the same port. `[::]` alone serves IPv4 too. Port 0 picks one.
    pub listen: Vec<SocketAddr>,
    /// Our addresses as the clients see them. Empty: those we listen on; for a wildcard all of the machine's.
    pub addresses: Vec<IpAddr>,
    /// Told to the clients instead of all that when not empty: what stands in front of us (port forwarding, a test's proxy).
    pub candidates: Vec<SocketAddr>,
    /// How long a busy worker lets datagrams gather before it reads them: fewer, larger batches against this much latency.
    pub gather: Duration,
    /// Asked of the kernel for each direction of each socket. It may grant less, see [`MediaPlane::receive_buffer_bytes`].
    pub socket_buffer_bytes: usize,
}

impl MediaConfig {
    /// Listens on `address` with the defaults for everything else.
    pub fn listen(address: SocketAddr) -> Self {
        Self {
            listen: vec![address],
            addresses: Vec::new(),
            candidates: Vec::new(),
            gather: Duration::ZERO,
            // A second of 60 Mbit/s: what may arrive while the machine does something else.
            socket_buffer_bytes: 8 << 20,
        }
    }
}

/// Why the media plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket could not be had.
    #[error("UDP {address} cannot be opened: {source}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Two addresses of one family, two ports, or none at all.
    #[error("media needs one port, and one IPv4 or IPv6 address or one of each")]
    Listen,
    /// No certificate could be made.
    #[error("no DTLS certificate could be made")]
    Certificate,
    /// Something else the system refused.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// The running media plane. Dropping it stops the thread and closes the port.
#[derive(Debug)]
pub struct MediaPlane {
    handle: MediaHandle,
    events: Option<mpsc::Receiver<Event>>,
    candidates: Vec<SocketAddr>,
    receive_buffer_bytes: usize,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MediaPlane {
    /// Opens the port and starts the worker's thread.
    pub fn start(config: MediaConfig) -> Result<Self, StartError> {
        let sockets = socket::open(&config.listen, config.socket_buffer_bytes)?;
        let candidates = candidates::choose(&config, sockets.port())?;
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| std::io::Error::other("the system has no randomness"))?;
        let worker = Worker::new(WorkerConfig {
            index: 0,
            candidates: candidates.clone(),
            wall_clock: (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            seed,
            certificate: Certificate::generate().ok_or(StartError::Certificate)?,
        });
        let (ring, inbox) = command::ring(COMMANDS)?;
        let (outbox, events) = mpsc::channel(EVENTS);
        let stop = Arc::new(AtomicBool::new(false));
        let receive_buffer_bytes = sockets.receive_buffer_bytes();
        let thread = thread::Thread { worker, sockets, inbox, events: outbox, stop: stop.clone(), gather: config.gather };
        let thread = std::thread::Builder::new().name("media-0".into()).spawn(move || thread.run())?;
        Ok(Self { handle: MediaHandle::new(ring), events: Some(events), candidates, receive_buffer_bytes, stop, thread: Some(thread) })
    }

    /// For everybody who has something to say to the worker.
    pub fn handle(&self) -> MediaHandle {
        self.handle.clone()
    }

    /// The one stream of events; given out once. It ends when the worker's thread has: after a crash there is nothing to
    /// serve any more, so whoever reads it should end the process.
    pub fn take_events(&mut self) -> Option<mpsc::Receiver<Event>> {
        self.events.take()
    }

    /// What the clients are told to send to.
    pub fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// What the kernel granted; below [`MediaConfig::socket_buffer_bytes`] the operator should raise `net.core.rmem_max`.
    pub fn receive_buffer_bytes(&self) -> usize {
        self.receive_buffer_bytes
    }
}

impl Drop for MediaPlane {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.handle.wake();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            let _ = thread.join();
        }
    }
}
