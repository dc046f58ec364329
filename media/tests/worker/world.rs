//! A worker and its clients on a network with a fixed delay and chosen losses, in virtual time.

use auftakt_client::{Client, ClientConfig, ClientEvent, Received};
use auftakt_media::dtls::Certificate;
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, Event, Flushed, SeatMids, Worker, WorkerConfig, WorkerStats};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// One way through the network.
pub const DELAY: Duration = Duration::from_millis(10);
pub const SERVER: &str = "203.0.113.1:3478";

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Up(usize),
    Down(usize),
}

/// Decides who is lost: sees every datagram once.
pub type Loss = Box<dyn FnMut(Way, &[u8]) -> bool>;

pub struct World {
    pub worker: Worker,
    pub now: Instant,
    pub clients: Vec<Participant>,
    pub loss: Loss,
    /// What the worker said, in order.
    pub events: Vec<Event>,
    /// In flight: due time and order of sending.
    flights: BTreeMap<(Instant, u64), (Way, SocketAddr, Vec<u8>)>,
    sent: u64,
}

pub struct Participant {
    pub client: Client,
    pub peer: PeerId,
    pub address: SocketAddr,
    pub events: Vec<ClientEvent>,
    pub accepted: Option<Accepted>,
}

pub fn certificate() -> Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| Certificate::generate().expect("a certificate")).clone()
}

pub fn mid(text: &str) -> Mid {
    Mid::parse(text).expect("a mid")
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "an Instant to begin with; from here on time is virtual")]
    pub fn new() -> Self {
        let now = Instant::now();
        let worker = Worker::new(WorkerConfig {
            index: 3,
            candidates: vec![SERVER.parse().expect("an address")],
            wall_clock: (now, Duration::from_secs(1_700_000_000)),
            seed: [7; 32],
            certificate: certificate(),
        });
        Self { worker, now, clients: vec![], loss: Box::new(|_, _| false), events: vec![], flights: BTreeMap::new(), sent: 0 }
    }

    /// A client that has not offered yet.
    pub fn add(&mut self, config: ClientConfig) -> usize {
        let index = self.clients.len();
        self.clients.push(Participant {
            client: Client::new(config, self.now),
            peer: PeerId(100 + index as u32),
            address: SocketAddr::from(([198, 51, 100, index as u8 + 1], 40_000 + index as u16)),
            events: vec![],
            accepted: None,
        });
        index
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
        let flight = self.flights.keys().next().map(|(at, _)| *at);
        let clients = self.clients.iter().filter_map(|p| p.client.poll_timeout());
        clients.chain(flight).chain(self.worker.poll_timeout()).min()
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some(entry) = self.flights.first_entry().filter(|e| e.key().0 <= now) {
            let (way, from, mut datagram) = entry.remove();
            match way {
                Way::Up(_) => self.worker.handle_datagram(now, from, &mut datagram),
                Way::Down(client) => self.clients[client].client.handle_datagram(now, &datagram),
            }
        }
        self.worker.handle_timeout(now);
        for participant in &mut self.clients {
            participant.client.handle_timeout(now);
        }
        self.carry();
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
                if let Some(client) = self.clients.iter().position(|p| p.address == to) {
                    self.launch(Way::Down(client), to, datagram);
                }
            }
            if flushed == Flushed::Done {
                break;
            }
        }
        for index in 0..self.clients.len() {
            while let Some(datagram) = self.clients[index].client.poll_transmit() {
                let from = self.clients[index].address;
                self.launch(Way::Up(index), from, datagram);
            }
            while let Some(event) = self.clients[index].client.poll_event() {
                self.clients[index].events.push(event);
            }
        }
        while let Some(event) = self.worker.poll_event() {
            self.events.push(event);
        }
    }

    fn launch(&mut self, way: Way, from: SocketAddr, datagram: Vec<u8>) {
        if !(self.loss)(way, &datagram) {
            self.sent += 1;
            self.flights.insert((self.now + DELAY, self.sent), (way, from, datagram));
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
