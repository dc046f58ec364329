//! The media workers' threads and their UDP port.
//!
//! One thread per worker owns its sockets and its [`Worker`]; nothing of either is shared. tokio code talks to a worker through its
//! [`MediaHandle`]: commands go in through a bounded ring and an eventfd, events of all come out through one bounded channel.
//!
//! ```text
//! MediaHandle ── commands + eventfd ──▶ thread ──▶ Worker ──▶ TransmitBatch ──▶ sendmmsg, UDP_SEGMENT
//!      ▲                                  │▲
//!      └── one event stream ◀─────────────┘└── recvmmsg, UDP_GRO
//! ```
//!
//! All workers have one port (SO_REUSEPORT), and every socket sends from it. A room lives on one worker (`placement`), so a
//! datagram must get to the worker of its sender. The kernel knows that from a program (`filter`) that is written anew when a check
//! has authenticated an address (`steering`); what still comes to another worker is handed on (`exchange`). With one worker there
//! is nothing of all this.

mod candidates;
mod command;
mod exchange;
mod filter;
mod handle;
mod placement;
mod socket;
mod stats;
mod steering;
mod sys;
mod thread;

pub use handle::{LocalMedia, LocalTrack, Media, MediaHandle, MediaPlace, OfferError, Stopped};
pub use stats::{IoStats, MediaStats};

use auftakt_media::dtls::Certificate;
use auftakt_media::worker::{Event, Worker, WorkerConfig};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};

/// Commands that wait for the worker. Full: an awaiting caller waits; packets of a local track are dropped and counted.
const COMMANDS: usize = 1024;
/// Events that wait for the rooms. Full: they stay in the worker, in order, because a lost event would leave a room wrong.
const EVENTS: usize = 1024;

/// More have no letter in the user names by which the kernel tells them apart, and no machine that such a school would have.
pub const WORKERS_MAX: u8 = 16;

/// How the datagrams of one client come to its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steering {
    /// The kernel is told, as far as it can be; the workers do the rest.
    ByKernel,
    /// The workers do it all: what is left where the kernel refuses.
    ByWorkers,
}

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
    /// Threads that handle media, 1 to [`WORKERS_MAX`]. A room has one of them.
    pub workers: u8,
    /// How the datagrams of one client come to its worker.
    pub steering: Steering,
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
            workers: 1,
            steering: Steering::ByKernel,
            // A second of 60 Mbit/s: what may arrive while the machine does something else.
            socket_buffer_bytes: 8 << 20,
        }
    }
}

/// Why the media plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket could not be had.
    #[error("UDP {address} cannot be opened")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Two addresses of one family, two ports, or none at all.
    #[error("media needs one port, and one IPv4 or IPv6 address or one of each")]
    Listen,
    /// Not from 1 to [`WORKERS_MAX`].
    #[error("media needs 1 to {WORKERS_MAX} workers")]
    Workers,
    /// No certificate could be made.
    #[error("no DTLS certificate could be made")]
    Certificate,
    /// Something else the system refused.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// The running media plane. Dropping it stops the threads and closes the port.
#[derive(Debug)]
pub struct MediaPlane {
    media: Media,
    events: Option<Events>,
    candidates: Vec<SocketAddr>,
    receive_buffer_bytes: usize,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    _steering: Option<steering::Steering>,
}

/// The events of all workers.
#[derive(Debug)]
pub struct Events {
    events: mpsc::Receiver<Event>,
    /// Turns true when the first thread has ended.
    ended: watch::Receiver<bool>,
}

/// One thread is there.
struct Alive(watch::Sender<bool>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

impl Events {
    /// The next one. `None` when a worker's thread has ended: after a crash its rooms cannot be served any more, so whoever reads this
    /// should end the process.
    pub async fn recv(&mut self) -> Option<Event> {
        tokio::select! {
            biased;
            _ = self.ended.wait_for(|ended| *ended) => None,
            event = self.events.recv() => event,
        }
    }
}

impl MediaPlane {
    /// Opens the port and starts the workers' threads.
    pub fn start(config: MediaConfig) -> Result<Self, StartError> {
        if !(1..=WORKERS_MAX).contains(&config.workers) {
            return Err(StartError::Workers);
        }
        let sockets = socket::open(&config.listen, config.socket_buffer_bytes, config.workers)?;
        let first = sockets.first().ok_or(StartError::Listen)?;
        let candidates = candidates::choose(&config, first.port())?;
        let receive_buffer_bytes = sockets.iter().map(socket::Sockets::receive_buffer_bytes).min().unwrap_or(0);
        let steering = steer(&config, first)?;
        let workers = make_workers(&config, &candidates)?;
        let (rings, inboxes): (Vec<_>, Vec<_>) =
            workers.iter().map(|_| command::ring(COMMANDS)).collect::<std::io::Result<Vec<_>>>()?.into_iter().unzip();
        let exchanges = exchanges(&rings, steering.as_ref());
        let loads: Vec<Arc<placement::Load>> = workers.iter().map(|_| Arc::default()).collect();
        let (outbox, events) = mpsc::channel(EVENTS);
        let (alive, ended) = watch::channel(false);
        let mut plane = Self {
            media: Media::new(rings, placement::Placement::new(loads.clone())),
            events: Some(Events { events, ended }),
            candidates,
            receive_buffer_bytes,
            stop: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
            _steering: steering,
        };
        for (index, ((((worker, sockets), inbox), exchange), load)) in
            workers.into_iter().zip(sockets).zip(inboxes).zip(exchanges).zip(loads).enumerate()
        {
            let (events, stop) = (outbox.clone(), plane.stop.clone());
            let thread = thread::Thread {
                worker,
                sockets,
                inbox,
                events,
                stop,
                gather: config.gather,
                exchange,
                load,
                _alive: Alive(alive.clone()),
            };
            // When one does not start, dropping the plane ends the others.
            plane.threads.push(std::thread::Builder::new().name(format!("media-{index}")).spawn(move || thread.run())?);
        }
        Ok(plane)
    }

    /// For everybody who has something to say to the workers.
    pub fn media(&self) -> Media {
        self.media.clone()
    }

    /// The one stream of events; given out once.
    pub fn take_events(&mut self) -> Option<Events> {
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
        self.media.workers().iter().for_each(MediaHandle::wake);
        for thread in self.threads.drain(..) {
            // A panic in there has been printed already.
            let _ = thread.join();
        }
    }
}

fn make_workers(config: &MediaConfig, candidates: &[SocketAddr]) -> Result<Vec<Worker>, StartError> {
    let certificate = Certificate::generate().ok_or(StartError::Certificate)?;
    let wall_clock = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    let make = |index| {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| std::io::Error::other("the system has no randomness"))?;
        let candidates = candidates.to_vec();
        let mut worker = Worker::new(WorkerConfig { index, candidates, wall_clock, seed, certificate: certificate.clone() });
        worker.share_port(config.workers);
        Ok(worker)
    };
    (0..config.workers).map(make).collect()
}

/// Where the kernel refuses, the workers hand on what comes to the wrong one.
fn steer(config: &MediaConfig, sockets: &socket::Sockets) -> Result<Option<steering::Steering>, StartError> {
    if config.workers == 1 || config.steering == Steering::ByWorkers {
        return Ok(None);
    }
    let steering = steering::start(sockets.handles()?, config.workers);
    if let Err(error) = &steering {
        tracing::warn!("the kernel does not bring datagrams to their worker, they go a longer way: {error}");
    }
    Ok(steering.ok())
}

/// None for a worker that is alone.
fn exchanges(rings: &[command::Ring], steering: Option<&steering::Steering>) -> Vec<Option<exchange::Exchange>> {
    match rings {
        [_] => vec![None],
        _ => {
            let wakers = rings.iter().map(command::Ring::waker).collect();
            exchange::exchange(wakers, steering.map(steering::Steering::table)).into_iter().map(Some).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The process ends then: what a dead worker's rooms had cannot be served by another.
    #[tokio::test]
    async fn the_events_end_with_the_first_thread_that_ends() {
        let (outbox, events) = mpsc::channel(1);
        let (alive, ended) = watch::channel(false);
        let mut events = Events { events, ended };
        let (first, _second) = (Alive(alive.clone()), Alive(alive));
        let happened = Event::Connected { peer: auftakt_media::PeerId(1) };
        outbox.try_send(happened).expect("room");
        assert_eq!(events.recv().await, Some(happened));
        let died = std::thread::spawn(move || {
            let _first = first;
            panic!("as a fault would");
        });
        assert!(died.join().is_err());
        assert_eq!(events.recv().await, None);
    }

    #[test]
    fn another_server_does_not_get_the_port() {
        for workers in [1, 3] {
            let config = MediaConfig { workers, ..MediaConfig::listen(([127, 0, 0, 1], 0).into()) };
            let plane = MediaPlane::start(config.clone()).expect("a port");
            let again = MediaPlane::start(MediaConfig { listen: plane.candidates().to_vec(), ..config });
            assert!(matches!(again, Err(StartError::Bind { .. })), "{again:?}");
        }
    }
}
