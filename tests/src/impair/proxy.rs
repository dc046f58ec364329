//! The model on real sockets.

use super::{Link, LinkStats, Settings};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Clients at a time. Full: packets of further ones are ignored.
const CLIENTS_MAX: usize = 512;
/// A client that has been quiet for so long (twice the ICE consent of RFC 7675) is forgotten.
const QUIET: Duration = Duration::from_secs(60);
/// Packets read from the server that wait for the model. Full: the reader waits, and the kernel's buffer fills up.
const WAITING: usize = 4_096;
const DATAGRAM_MAX: usize = 65_536;

/// Sits between many clients and one server.
pub struct Proxy {
    listen: UdpSocket,
    server: SocketAddr,
    clients: HashMap<SocketAddr, Client>,
    from_server: (mpsc::Sender<FromServer>, mpsc::Receiver<FromServer>),
    up: Settings,
    down: Settings,
    seed: u64,
    /// Of clients that were forgotten.
    past: ProxyStats,
    buffer: Vec<u8>,
}

struct FromServer {
    client: SocketAddr,
    datagram: Vec<u8>,
}

/// One client's line.
struct Client {
    upstream: Arc<UdpSocket>,
    reader: JoinHandle<()>,
    up: Link<Vec<u8>>,
    down: Link<Vec<u8>>,
    heard: Instant,
}

/// Sums over all clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProxyStats {
    /// Clients that have been seen.
    pub clients: u64,
    /// From the clients to the server.
    pub up: LinkStats,
    /// From the server to the clients.
    pub down: LinkStats,
}

impl Proxy {
    /// Listens for clients of `server`. Lines are perfect until [`Proxy::set`].
    pub async fn bind(listen: SocketAddr, server: SocketAddr, seed: u64) -> io::Result<Self> {
        Ok(Self {
            listen: UdpSocket::bind(listen).await?,
            server,
            clients: HashMap::new(),
            from_server: mpsc::channel(WAITING),
            up: Settings::default(),
            down: Settings::default(),
            seed,
            past: ProxyStats::default(),
            buffer: vec![0; DATAGRAM_MAX],
        })
    }

    /// Where the clients send to.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listen.local_addr()
    }

    /// The settings of both directions, for all clients from now on.
    pub fn set(&mut self, up: Settings, down: Settings) {
        (self.up, self.down) = (up, down);
        for client in self.clients.values_mut() {
            client.up.set(up);
            client.down.set(down);
        }
    }

    /// The settings of both directions.
    pub fn settings(&self) -> (Settings, Settings) {
        (self.up, self.down)
    }

    /// What became of the packets so far.
    pub fn stats(&self) -> ProxyStats {
        let mut sum = self.past;
        for client in self.clients.values() {
            add(&mut sum, client);
        }
        sum
    }

    /// Carries packets until `deadline`, or until the caller drops the future: nothing is lost by that but one packet.
    pub async fn run_until(&mut self, deadline: Option<Instant>) {
        loop {
            self.deliver();
            let next = self.clients.values().flat_map(|c| [c.up.poll_timeout(), c.down.poll_timeout()]).flatten().min();
            let wake = next.into_iter().chain(deadline).min().unwrap_or_else(|| Instant::now() + QUIET);
            tokio::select! {
                received = self.listen.recv_from(&mut self.buffer) => {
                    // An error is the ICMP answer to an earlier packet: that client has gone.
                    if let Ok((len, from)) = received {
                        self.take_from_client(from, len).await;
                    }
                }
                Some(FromServer { client, datagram }) = self.from_server.1.recv() => {
                    if let Some(client) = self.clients.get_mut(&client) {
                        let len = datagram.len();
                        client.down.push(Instant::now(), datagram, len);
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => {
                    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                        return;
                    }
                }
            }
        }
    }

    async fn take_from_client(&mut self, from: SocketAddr, len: usize) {
        let now = Instant::now();
        if !self.clients.contains_key(&from) {
            self.forget_quiet_ones(now);
            // Out of sockets or of places: as good as a lost packet, the client will try again.
            let Ok(client) = self.new_client(from, now).await else { return };
            self.clients.insert(from, client);
            self.past.clients += 1;
        }
        if let Some(client) = self.clients.get_mut(&from) {
            client.heard = now;
            client.up.push(now, self.buffer[..len].to_vec(), len);
        }
    }

    async fn new_client(&self, from: SocketAddr, now: Instant) -> io::Result<Client> {
        if self.clients.len() >= CLIENTS_MAX {
            return Err(io::Error::other("too many clients"));
        }
        let any = if self.server.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
        let upstream = Arc::new(UdpSocket::bind((any, 0)).await?);
        upstream.connect(self.server).await?;
        let reader = tokio::spawn(read(upstream.clone(), from, self.from_server.0.clone()));
        // Two lines of one client, and those of any two clients, have different luck.
        let seed = self.seed.wrapping_add(2 * self.past.clients);
        Ok(Client { upstream, reader, up: Link::new(self.up, seed), down: Link::new(self.down, seed + 1), heard: now })
    }

    /// Sends what is due. Sockets that are full or gone lose it, as they would without a proxy.
    fn deliver(&mut self) {
        let now = Instant::now();
        for (address, client) in &mut self.clients {
            while let Some(datagram) = client.up.pop(now) {
                let _ = client.upstream.try_send(&datagram);
            }
            while let Some(datagram) = client.down.pop(now) {
                let _ = self.listen.try_send_to(&datagram, *address);
            }
        }
    }

    fn forget_quiet_ones(&mut self, now: Instant) {
        let past = &mut self.past;
        self.clients.retain(|_, client| {
            let quiet = now.duration_since(client.heard) > QUIET;
            if quiet {
                add(past, client);
            }
            !quiet
        });
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn add(sum: &mut ProxyStats, client: &Client) {
    for (sum, stats) in [(&mut sum.up, client.up.stats()), (&mut sum.down, client.down.stats())] {
        sum.delivered += stats.delivered;
        sum.delivered_bytes += stats.delivered_bytes;
        sum.lost += stats.lost;
        sum.queue_dropped += stats.queue_dropped;
        sum.duplicated += stats.duplicated;
        sum.reordered += stats.reordered;
    }
}

/// Until the proxy or the socket is gone.
async fn read(upstream: Arc<UdpSocket>, client: SocketAddr, to: mpsc::Sender<FromServer>) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        match upstream.recv(&mut buffer).await {
            Ok(len) => {
                if to.send(FromServer { client, datagram: buffer[..len].to_vec() }).await.is_err() {
                    return;
                }
            }
            // The server is not there (yet): it says so with ICMP, each of which is one error.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(_) => return,
        }
    }
}
