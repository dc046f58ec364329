//! A client on a socket of its own, for tests with the real server.

use auftakt_client::{Client, ClientEvent, Outgoing, Received};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

/// Far beyond what anything in these tests takes; reached only when something is broken.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A [`Client`] with its socket.
pub struct Browser {
    pub client: Client,
    pub socket: UdpSocket,
    /// Everything it sent.
    pub sent: Vec<Vec<u8>>,
}

impl Browser {
    /// On a new port of loopback.
    pub async fn new(client: Client, server: SocketAddr) -> Self {
        Self { client, socket: socket(server).await, sent: vec![] }
    }

    /// Goes on from another port, as after a change of network.
    pub async fn move_away(&mut self) {
        let server = self.socket.peer_addr().expect("connected");
        self.socket = socket(server).await;
    }

    /// Sends a packet now.
    pub async fn send(&mut self, mid: &str, packet: &Outgoing<'_>) {
        self.client.send(Instant::now(), mid, packet);
        self.flush().await;
    }

    /// Sends what waits.
    pub async fn flush(&mut self) {
        while let Some(datagram) = self.client.poll_transmit() {
            self.socket.send(&datagram).await.expect("sent");
            self.sent.push(datagram);
        }
    }

    /// Takes what has arrived, without waiting.
    pub async fn catch_up(&mut self) {
        let mut buffer = [0; 2_048];
        while let Ok(len) = self.socket.try_recv(&mut buffer) {
            self.client.handle_datagram(Instant::now(), &buffer[..len]);
        }
        self.client.handle_timeout(Instant::now());
        self.flush().await;
    }

    /// Checks the path until there is an answer: before that a client sends nothing else along it (RFC 8445 §12.1).
    pub async fn checked(&mut self) {
        self.client.check_now(Instant::now());
        self.catch_up().await;
        while !self.client.is_checked() {
            self.wakes().await;
            self.catch_up().await;
        }
    }

    /// Carries datagrams until something happens to the client.
    pub async fn event(&mut self) -> ClientEvent {
        let mut buffer = [0; 2_048];
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.flush().await;
            if let Some(event) = self.client.poll_event() {
                return event;
            }
            let wake = self.client.poll_timeout().map_or(deadline, |at| deadline.min(at.into()));
            tokio::select! {
                len = self.socket.recv(&mut buffer) => self.client.handle_datagram(Instant::now(), &buffer[..len.expect("received")]),
                () = tokio::time::sleep_until(wake) => self.client.handle_timeout(Instant::now()),
            }
            assert!(tokio::time::Instant::now() < deadline, "nothing happens any more");
        }
    }

    /// The same, while another one goes on too.
    pub async fn event_beside(&mut self, other: &mut Self) -> ClientEvent {
        loop {
            other.catch_up().await;
            tokio::select! {
                event = self.event() => return event,
                () = other.wakes() => {}
            }
        }
    }

    /// Until there is something for [`Browser::catch_up`] to do.
    async fn wakes(&self) {
        let wake = self.client.poll_timeout().map_or(Instant::now() + PATIENCE, |at| at);
        tokio::select! {
            ready = self.socket.readable() => ready.expect("a socket"),
            () = tokio::time::sleep_until(wake.into()) => {}
        }
    }

    /// ICE and DTLS are done.
    pub async fn connected(&mut self) {
        while self.event().await != ClientEvent::Connected {}
    }

    /// The next media packet.
    pub async fn media(&mut self) -> Received {
        loop {
            if let ClientEvent::Media(received) = self.event().await {
                return received;
            }
        }
    }
}

async fn socket(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    socket.connect(server).await.expect("connected");
    socket
}
