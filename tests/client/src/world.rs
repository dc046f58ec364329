//! A worker and its clients on a network, in virtual time.

use crate::{Client, ClientConfig, ClientEvent, Received};
use auftakt_media::dtls::Certificate;
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, Event, Flushed, SeatMids, Worker, WorkerConfig, WorkerStats};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// One way through the plain network.
pub const DELAY: Duration = Duration::from_millis(10);
/// Where the worker is.
pub const SERVER: &str = "203.0.113.1:3478";
/// What the server's clock shows at the start, since the UNIX epoch.
pub const SERVER_CLOCK: Duration = Duration::from_secs(1_700_000_000);

/// Which way a datagram goes, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Up(Who),
    Down(Who),
}

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// By index in [`World::clients`].
    Client(usize),
    /// By index in [`World::guests`].
    Guest(usize),
}

/// A datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    pub way: Way,
    /// The client's end.
    pub address: SocketAddr,
    pub datagram: Vec<u8>,
}

/// Carries datagrams, late or never.
pub trait Network {
    fn send(&mut self, now: Instant, flight: Flight);
    /// What has arrived by now, in order of arrival.
    fn poll_arrival(&mut self, now: Instant) -> Option<Flight>;
    /// When the next one arrives.
    fn poll_timeout(&self) -> Option<Instant>;
}

/// The same delay for everything, and nothing is lost.
#[derive(Debug, Default)]
pub struct Plain {
    /// By due time and order of sending.
    flights: BTreeMap<(Instant, u64), Flight>,
    sent: u64,
}

impl Network for Plain {
    fn send(&mut self, now: Instant, flight: Flight) {
        self.sent += 1;
        self.flights.insert((now + DELAY, self.sent), flight);
    }

    fn poll_arrival(&mut self, now: Instant) -> Option<Flight> {
        self.flights.first_entry().filter(|e| e.key().0 <= now).map(|e| e.remove())
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.flights.keys().next().map(|(at, _)| *at)
    }
}

/// Another WebRTC stack than [`Client`], driven the same way.
pub trait Endpoint {
    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]);
    fn handle_timeout(&mut self, now: Instant);
    fn poll_timeout(&self) -> Option<Instant>;
    fn poll_transmit(&mut self) -> Option<Vec<u8>>;
}

/// Decides who is lost before the network: sees every datagram once.
pub type Loss = Box<dyn FnMut(Way, &[u8]) -> bool>;

pub struct World {
    pub worker: Worker,
    pub now: Instant,
    pub clients: Vec<Participant>,
    pub guests: Vec<Guest>,
    pub loss: Loss,
    pub network: Box<dyn Network>,
    /// What the worker said, in order.
    pub events: Vec<Event>,
}

pub struct Participant {
    pub client: Client,
    pub peer: PeerId,
    /// Where it sends from.
    pub address: SocketAddr,
    /// Where it can be reached besides.
    pub also: Vec<SocketAddr>,
    pub events: Vec<ClientEvent>,
    pub accepted: Option<Accepted>,
}

pub struct Guest {
    pub endpoint: Box<dyn Endpoint>,
    pub peer: PeerId,
    pub address: SocketAddr,
}

/// One for the process: making one takes long.
pub fn certificate() -> Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| Certificate::generate().expect("a certificate")).clone()
}

pub fn mid(text: &str) -> Mid {
    Mid::parse(text).expect("a mid")
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    pub fn new() -> Self {
        Self::on(Box::new(Plain::default()), 7)
    }

    /// A world on another network. Everything random in the worker comes from the seed.
    pub fn on(network: Box<dyn Network>, seed: u8) -> Self {
        // From here on time is virtual.
        let now = Instant::now();
        let worker = Worker::new(WorkerConfig {
            index: 3,
            candidates: vec![SERVER.parse().expect("an address")],
            wall_clock: (now, SERVER_CLOCK),
            seed: [seed; 32],
            certificate: certificate(),
        });
        Self { worker, now, clients: vec![], guests: vec![], loss: Box::new(|_, _| false), network, events: vec![] }
    }

    /// A client that has not offered yet.
    pub fn add(&mut self, config: ClientConfig) -> usize {
        let index = self.clients.len();
        self.clients.push(Participant {
            client: Client::new(config, self.now),
            peer: PeerId(100 + index as u32),
            address: SocketAddr::from(([198, 51, 100, index as u8 + 1], 40_000 + index as u16)),
            also: vec![],
            events: vec![],
            accepted: None,
        });
        index
    }

    /// Where the next guest will be: its stack wants to know before it begins.
    pub fn guest_address(&self) -> SocketAddr {
        let index = self.guests.len();
        SocketAddr::from(([192, 0, 2, index as u8 + 1], 50_000 + index as u16))
    }

    /// A guest at [`World::guest_address`] that has written its offer.
    pub fn admit(&mut self, endpoint: Box<dyn Endpoint>, offer: &str, seats: &[SeatMids]) -> (usize, Accepted) {
        let (index, address) = (self.guests.len(), self.guest_address());
        let peer = PeerId(500 + index as u32);
        let accepted = self.worker.accept_offer(self.now, peer, offer, seats).expect("an acceptable offer");
        self.guests.push(Guest { endpoint, peer, address });
        (index, accepted)
    }

    /// Offer and answer, without delay: signalling is somebody else's.
    pub fn negotiate(&mut self, client: usize, seats: &[SeatMids]) -> Accepted {
        let participant = &mut self.clients[client];
        let offer = participant.client.offer();
        let accepted = self.worker.accept_offer(self.now, participant.peer, &offer, seats).expect("an acceptable offer");
        participant.client.handle_answer(self.now, &accepted.answer);
        participant.accepted = Some(accepted.clone());
        accepted
    }

    pub fn track(&self, client: usize, at: &str) -> TrackId {
        let accepted = self.clients[client].accepted.as_ref().expect("negotiated");
        accepted.tracks.iter().find(|(m, _, _)| *m == mid(at)).expect("an uplink").2
    }

    pub fn assign(&mut self, client: usize, at: &str, source: Option<TrackId>) {
        self.worker.assign(self.now, self.clients[client].peer, mid(at), source);
        self.carry();
    }

    /// Lets the time pass.
    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        self.carry();
        while let Some(next) = self.next_event().filter(|at| *at <= end) {
            self.now = next.max(self.now);
            self.step();
        }
        self.now = end;
    }

    fn next_event(&self) -> Option<Instant> {
        let clients = self.clients.iter().filter_map(|p| p.client.poll_timeout());
        let guests = self.guests.iter().filter_map(|g| g.endpoint.poll_timeout());
        clients.chain(guests).chain(self.network.poll_timeout()).chain(self.worker.poll_timeout()).min()
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some(flight) = self.network.poll_arrival(now) {
            self.arrive(now, flight);
        }
        self.worker.handle_timeout(now);
        for participant in &mut self.clients {
            participant.client.handle_timeout(now);
        }
        for guest in &mut self.guests {
            guest.endpoint.handle_timeout(now);
        }
        self.carry();
    }

    fn arrive(&mut self, now: Instant, Flight { way, address, mut datagram }: Flight) {
        match way {
            Way::Up(_) => {
                self.worker.handle_datagram(now, address, &mut datagram);
            }
            Way::Down(Who::Guest(guest)) => self.guests[guest].endpoint.handle_datagram(now, &datagram),
            Way::Down(Who::Client(client)) => {
                let participant = &mut self.clients[client];
                // It may have moved since.
                if participant.is_at(address) {
                    participant.client.handle_datagram(now, &datagram);
                }
            }
        }
    }

    /// Takes what everybody wants to send, and what happened.
    pub fn carry(&mut self) {
        loop {
            let flushed = self.worker.flush(self.now);
            let runs: Vec<(SocketAddr, Vec<u8>)> = self
                .worker
                .transmits()
                .runs()
                .flat_map(|run| run.bytes.chunks(run.segment_size).map(move |d| (run.to, d.to_vec())))
                .collect();
            self.worker.transmits().clear();
            for (to, datagram) in runs {
                if let Some(who) = self.who_is_at(to) {
                    self.launch(Way::Down(who), to, datagram);
                }
            }
            if flushed == Flushed::Done {
                break;
            }
        }
        for index in 0..self.clients.len() {
            while let Some(datagram) = self.clients[index].client.poll_transmit() {
                let from = self.clients[index].address;
                self.launch(Way::Up(Who::Client(index)), from, datagram);
            }
            while let Some(event) = self.clients[index].client.poll_event() {
                self.clients[index].events.push(event);
            }
        }
        for index in 0..self.guests.len() {
            while let Some(datagram) = self.guests[index].endpoint.poll_transmit() {
                let from = self.guests[index].address;
                self.launch(Way::Up(Who::Guest(index)), from, datagram);
            }
        }
        while let Some(event) = self.worker.poll_event() {
            self.events.push(event);
        }
    }

    fn who_is_at(&self, address: SocketAddr) -> Option<Who> {
        let client = self.clients.iter().position(|p| p.is_at(address)).map(Who::Client);
        client.or_else(|| self.guests.iter().position(|g| g.address == address).map(Who::Guest))
    }

    fn launch(&mut self, way: Way, address: SocketAddr, datagram: Vec<u8>) {
        if !(self.loss)(way, &datagram) {
            self.network.send(self.now, Flight { way, address, datagram });
        }
    }

    /// A datagram from anywhere, now.
    pub fn inject(&mut self, from: SocketAddr, datagram: &[u8]) {
        self.worker.handle_datagram(self.now, from, &mut datagram.to_vec());
        self.carry();
    }

    pub fn stats(&self) -> WorkerStats {
        self.worker.stats()
    }

    /// What a client received in a section, in order of arrival.
    pub fn received(&self, client: usize, at: &str) -> Vec<Received> {
        let media = |event: &ClientEvent| match event {
            ClientEvent::Media(received) if received.mid == at => Some(received.clone()),
            _ => None,
        };
        self.clients[client].events.iter().filter_map(media).collect()
    }

    /// How often a client was asked for a keyframe of an encoding.
    pub fn keyframes_wanted(&self, client: usize, at: &str, of: Option<&str>) -> usize {
        let wanted = |event: &&ClientEvent| matches!(event, ClientEvent::KeyframeWanted { mid, rid } if mid == at && rid.as_deref() == of);
        self.clients[client].events.iter().filter(wanted).count()
    }
}

impl Participant {
    fn is_at(&self, address: SocketAddr) -> bool {
        self.address == address || self.also.contains(&address)
    }

    /// A line of the answer to its last offer, such as `a=ice-ufrag:`, without that.
    pub fn answered(&self, name: &str) -> String {
        let answer = &self.accepted.as_ref().expect("negotiated").answer;
        answer.lines().find_map(|line| line.strip_prefix(name)).expect("in the answer").to_owned()
    }
}
