//! Two workers on one port: whose a datagram is that comes to the wrong one.

use auftakt_client::{Client, ClientConfig};
use auftakt_media::codec::Codec;
use auftakt_media::dtls::Certificate;
use auftakt_media::id::{MediaKind, PeerId};
use auftakt_media::worker::{AddressChange, Claim, Stray, Worker, WorkerConfig};
use auftakt_media::{DropReason, Path};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1)), 50_000);
const STRANGER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 2)), 50_000);
const BY_ADDRESS: Option<Stray> = Some(Stray { worker: 1, claim: Claim::Address });

struct Port {
    workers: [Worker; 2],
    now: Instant,
}

impl Port {
    fn new() -> Self {
        let now = Instant::now();
        let certificate = Certificate::generate().expect("a certificate");
        let workers = [0, 1].map(|index| {
            let wall_clock = (now, Duration::from_secs(1_700_000_000));
            let config = WorkerConfig { index, candidates: vec![], wall_clock, seed: [index; 32], certificate: certificate.clone() };
            let mut worker = Worker::new(config);
            worker.share_port(2);
            worker
        });
        Self { workers, now }
    }

    /// A client of one worker, before its first check.
    fn join(&mut self, worker: usize, peer: u32) -> Client {
        let mut client = Client::new(ClientConfig::seeded(peer.into()), self.now);
        client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
        let accepted = self.workers[worker].accept_offer(self.now, PeerId(peer), &client.offer(), &[]).expect("an answer");
        client.handle_answer(self.now, &accepted.answer);
        client
    }

    fn check(&self, client: &mut Client) -> Vec<u8> {
        client.check_now(self.now);
        client.handle_timeout(self.now);
        std::iter::from_fn(|| client.poll_transmit()).find(|datagram| datagram[0] == 0).expect("a check")
    }

    fn arrives(&mut self, worker: usize, from: SocketAddr, datagram: &[u8]) -> Option<Stray> {
        self.workers[worker].handle_datagram(self.now, from, &mut datagram.to_vec())
    }

    fn hand_on(&mut self, worker: usize, from: SocketAddr, datagram: &[u8]) {
        self.workers[worker].handle_stray(self.now, Path::from(from), &mut datagram.to_vec());
    }

    /// Carries what the workers have to tell each other.
    fn tell(&mut self) -> Vec<(u8, AddressChange)> {
        let mut told = vec![];
        for from in [0, 1] {
            while let Some(change) = self.workers[from].poll_address_change() {
                self.workers[1 - from].handle_address_change(from as u8, change);
                told.push((from as u8, change));
            }
        }
        told
    }

    fn dropped(&self, worker: usize, reason: DropReason) -> u64 {
        self.workers[worker].stats().counters.drops.of(reason)
    }
}

const HELLO: [u8; 30] = [22; 30];
const SOUND: [u8; 60] = [0x80; 60];

#[test]
fn an_address_is_found_from_its_first_check_until_its_owner_leaves() {
    let mut port = Port::new();
    let mut client = port.join(1, 7);
    let check = port.check(&mut client);
    assert_eq!(port.arrives(0, HERE, &check), Some(Stray { worker: 1, claim: Claim::UserName }));
    port.hand_on(1, HERE, &check);
    assert_eq!(port.workers[1].transmits().datagrams().map(|(to, _)| to).collect::<Vec<_>>(), [HERE], "it is answered");
    assert_eq!(port.tell(), [(1, AddressChange::Claimed(HERE))]);
    for datagram in [&HELLO[..], &SOUND, &check] {
        assert_eq!(port.arrives(0, HERE, datagram), BY_ADDRESS);
    }
    assert_eq!(port.arrives(1, HERE, &check), None, "it is at home");
    assert_eq!(port.workers[0].stats().counters.datagrams_received, 0, "counted where it belongs");
    port.workers[1].remove_peer(port.now, PeerId(7));
    assert_eq!(port.tell(), [(1, AddressChange::Released(HERE))]);
    assert_eq!(port.arrives(0, HERE, &SOUND), None);
    assert_eq!(port.dropped(0, DropReason::UnknownSource), 1);
}

#[test]
fn nothing_else_of_strangers_is_handed_on() {
    let mut port = Port::new();
    let mut client = port.join(1, 7);
    let check = port.check(&mut client);
    let named = |ufrag: &str| {
        use auftakt_client::stun::{Check, write_check};
        let username = format!("{ufrag}:abcd");
        write_check(&Check { username: &username, pwd: "none", transaction: [3; 12], nominate: true, nomination: None })
    };
    let cut = &check[..check.len() - 4];
    for datagram in [&HELLO[..], &SOUND, cut, &named("B"), &named("B12345678901234"), &named("A12345678901"), &named("C12345678901"), &[]] {
        assert_eq!(port.arrives(0, STRANGER, datagram), None, "{datagram:?}");
    }
    // One that names the worker and nobody there gets that far and no further.
    let forged = named("B12345678901");
    assert_eq!(port.arrives(0, STRANGER, &forged), Some(Stray { worker: 1, claim: Claim::UserName }));
    port.hand_on(1, STRANGER, &forged);
    assert_eq!(port.dropped(1, DropReason::StunUnknownUser), 1);
    assert!(port.workers[1].transmits().is_empty() && port.tell().is_empty());
}

/// As on one worker: who forges the sender of a check takes nobody's address away.
#[test]
fn an_address_is_not_taken_from_another_workers_peer() {
    let mut port = Port::new();
    let (mut owner, mut insider) = (port.join(1, 7), port.join(0, 8));
    let check = port.check(&mut owner);
    port.arrives(1, HERE, &check);
    port.tell();
    let forged = port.check(&mut insider);
    assert_eq!(port.arrives(0, HERE, &forged), BY_ADDRESS, "its owner is asked");
    port.hand_on(1, HERE, &forged);
    assert!(port.tell().is_empty(), "who proved to be there stays");
    assert!(port.workers[0].transmits().is_empty());
    // Long after the last sign of it somebody else may have the address.
    port.now += Duration::from_secs(16);
    let genuine = port.check(&mut insider);
    assert_eq!(port.arrives(0, HERE, &genuine), BY_ADDRESS);
    port.hand_on(1, HERE, &genuine);
    assert_eq!(port.tell(), [(1, AddressChange::Released(HERE))]);
    let again = port.check(&mut insider);
    assert_eq!(port.arrives(0, HERE, &again), None);
    assert_eq!(port.tell(), [(0, AddressChange::Claimed(HERE))]);
}
