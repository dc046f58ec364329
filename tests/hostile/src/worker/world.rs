//! The lesson around the hostile one. The network takes no time; time passes when the input says so.

use super::packets::{HostileRtcp, HostileRtp, Names, Sequence};
use crate::beginning;
use crate::edit::{Damage, LineEdit, edited};
use crate::sdp::check_text;
use auftakt_client::stun::write_request;
use auftakt_client::{Client, ClientConfig, ClientEvent, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::dtls::Certificate;
use auftakt_media::id::{MediaKind, Mid, PeerId, TrackId};
use auftakt_media::worker::{Event, Flushed, Gauges, LayerLimit, Muted, SeatMids, Worker, WorkerConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub(super) const TEACHER: usize = 0;
pub(super) const STUDENT: usize = 1;
pub(super) const HOSTILE: usize = 2;

/// Peers that only offer.
const STRANGERS: u8 = 8;
/// Client sections of the hostile one: two that send, then a seat.
const HOSTILE_SECTIONS: [&str; 4] = ["0", "1", "2", "3"];
/// The student's second seat, in which the hostile one sits.
const SECOND_SEAT: [&str; 2] = ["2", "3"];

pub(super) struct World {
    worker: Worker,
    now: Instant,
    participants: Vec<Participant>,
    strangers: BTreeSet<u8>,
    tracks: Vec<TrackId>,
    /// Of the hostile one, by SSRC.
    numbers: BTreeMap<u32, u16>,
    spoken: u32,
    heard: usize,
    frames: u32,
}

struct Participant {
    client: Client,
    peer: PeerId,
    address: SocketAddr,
    /// The last datagrams it sent.
    sent: Vec<Vec<u8>>,
}

fn certificate() -> Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| Certificate::generate().expect("a certificate")).clone()
}

fn mid(text: &str) -> Mid {
    Mid::parse(text).expect("a mid")
}

/// The participants' addresses, another one of the hostile one, and two of people who are not here.
fn address(which: u8) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, which % 6], 40_000))
}

fn may_be_sent_to(address: SocketAddr) -> bool {
    (0..4).any(|which| self::address(which) == address)
}

impl World {
    pub(super) fn new(kind: u8) -> Self {
        let now = beginning();
        let worker = Worker::new(WorkerConfig {
            index: 1,
            candidates: vec![SocketAddr::from(([203, 0, 113, 1], 3478))],
            wall_clock: (now, Duration::from_secs(1_700_000_000)),
            seed: [7; 32],
            certificate: certificate(),
        });
        let mut world = Self {
            worker,
            now,
            participants: vec![],
            strangers: BTreeSet::new(),
            tracks: vec![],
            numbers: BTreeMap::new(),
            spoken: 0,
            heard: 0,
            frames: 0,
        };
        let both = [(MediaKind::Audio, Codec::Opus), (MediaKind::Video, Codec::Vp8)];
        world.join(|client| {
            for (kind, codec) in both {
                client.add_sender(&SenderSpec { kind, codecs: &[codec], rids: &[] });
            }
        });
        world.join(|client| {
            (0..2).for_each(|_| add_seat(client));
        });
        world.join(|client| hostile_sections(client, kind));
        let teacher = world.tracks.clone();
        for participant in [STUDENT, HOSTILE] {
            let at = if participant == STUDENT { ["0", "1"] } else { [HOSTILE_SECTIONS[2], HOSTILE_SECTIONS[3]] };
            let peer = world.participants[participant].peer;
            (0..2).for_each(|i| world.worker.assign(world.now, peer, mid(at[i]), Some(teacher[i])));
        }
        let student = world.participants[STUDENT].peer;
        (0..2).for_each(|i| world.worker.assign(world.now, student, mid(SECOND_SEAT[i]), teacher.get(2 + i).copied()));
        world.settle();
        world.tick();
        world
    }

    fn join(&mut self, sections: impl FnOnce(&mut Client)) {
        let index = self.participants.len();
        let mut client = Client::new(ClientConfig::seeded(index as u64), self.now);
        sections(&mut client);
        let peer = PeerId(index as u32);
        let offer = client.offer();
        let accepted = self.worker.accept_offer(self.now, peer, &offer, &[]).expect("an acceptable offer");
        client.handle_answer(self.now, &accepted.answer);
        self.tracks.extend(accepted.tracks.iter().map(|(_, _, track)| *track));
        self.participants.push(Participant { client, peer, address: address(index as u8), sent: vec![] });
        for _ in 0..100 {
            self.run_for(Duration::from_millis(5));
            if self.participants[index].client.is_connected() {
                return;
            }
        }
        panic!("no connection");
    }

    /// 20 ms of the lesson: the teacher speaks and moves.
    pub(super) fn tick(&mut self) {
        let now = self.now;
        self.spoken += 1;
        let teacher = &mut self.participants[TEACHER].client;
        teacher.send(now, "0", &Outgoing::plain(Codec::Opus, self.spoken * 960, false, &[0xFC, 1, 2, 3]));
        let key = self.spoken % 16 == 1;
        let id = (self.spoken as u16 | 0x8000).to_be_bytes();
        teacher.send(now, "1", &Outgoing::plain(Codec::Vp8, self.spoken * 1800, true, &[0x90, 0x80, id[0], id[1], u8::from(!key), 7, 7]));
        self.settle();
        self.run_for(Duration::from_millis(20));
    }

    fn names(&self) -> Names {
        let client = &self.participants[HOSTILE].client;
        let sending = HOSTILE_SECTIONS.iter().flat_map(|mid| client.sending_ssrcs(mid)).flat_map(|(media, rtx)| [media, rtx]).collect();
        let receiving = HOSTILE_SECTIONS.iter().flat_map(|mid| client.answered_ssrcs(mid)).copied().collect();
        let newest = client.seen(HOSTILE_SECTIONS[3]).and_then(|seen| seen.highest).unwrap_or_default() as u16;
        Names { sending, receiving, newest }
    }

    pub(super) fn send_rtp(&mut self, packet: &HostileRtp) {
        let names = self.names();
        let ssrc = packet.ssrc(&names);
        let newest = self.numbers.get(&packet.repaired(&names)).copied().unwrap_or_default();
        let last = self.numbers.entry(ssrc).or_insert(ssrc as u16 & 0x3FFF);
        let sequence = match packet.sequence {
            Sequence::Next => last.wrapping_add(1),
            Sequence::Near(step) => last.wrapping_add_signed(step.into()),
            Sequence::Any(any) => any,
        };
        *last = sequence;
        self.frames = self.frames.wrapping_add(1);
        let (bytes, header_len) = packet.write(ssrc, sequence, newest, self.frames.wrapping_mul(960));
        self.participants[HOSTILE].client.send_raw(&bytes, header_len);
        self.settle();
    }

    pub(super) fn send_rtcp(&mut self, packets: &[HostileRtcp], damage: &Damage) {
        let names = self.names();
        let mut compound = vec![];
        packets.iter().take(16).for_each(|packet| packet.write(&mut compound, &names));
        damage.apply(&mut compound);
        self.participants[HOSTILE].client.send_rtcp(&compound);
        self.settle();
    }

    pub(super) fn inject(&mut self, from: u8, datagram: &[u8]) {
        self.worker.handle_datagram(self.now, address(from), &mut datagram.to_vec());
        self.settle();
    }

    pub(super) fn again(&mut self, sender: u8, from: u8, damage: &Damage) {
        let sender = usize::from(sender) % self.participants.len();
        let Some(mut datagram) = self.participants[sender].sent.last().cloned() else { return };
        // A copied check is valid from anywhere (RFC 8445 §19.2), with or without its fingerprint: who reads and forges on the path is
        // the path.
        let is_check = datagram.first().is_some_and(|first| *first <= 3);
        damage.apply(&mut datagram);
        self.inject(if is_check { sender as u8 } else { from }, &datagram);
    }

    /// The hostile one knows its own password, and forges addresses.
    pub(super) fn check(&mut self, from: u8, attributes: &[(u16, [u8; 4])], damage: &Damage) {
        let (username, pwd) = self.participants[HOSTILE].client.check_credentials();
        let mut all: Vec<(u16, &[u8])> = vec![(0x0006, username.as_bytes())];
        all.extend(attributes.iter().take(8).map(|(kind, value)| (*kind, value.as_slice())));
        let mut request = write_request([9; 12], &all, &pwd);
        damage.apply(&mut request);
        // From where nobody is it would be believed.
        self.inject(from % 4, &request);
    }

    pub(super) fn offer(&mut self, edits: &[(u16, LineEdit)], restart: bool) {
        let hostile = &mut self.participants[HOSTILE];
        if restart {
            hostile.client.restart_ice();
        }
        let offer = edited(&hostile.client.offer(), edits);
        let seats = [SeatMids { audio: Some(mid("2")), video: Some(mid("3")) }];
        if let Ok(accepted) = self.worker.accept_offer(self.now, hostile.peer, &offer, &seats) {
            check_text(&accepted.answer);
            hostile.client.handle_answer(self.now, &accepted.answer);
            self.tracks.truncate(4);
            self.tracks.extend(accepted.tracks.iter().map(|(_, _, track)| *track));
        }
        self.settle();
    }

    pub(super) fn stranger_offers(&mut self, peer: u8, offer: &str) {
        let peer = peer % STRANGERS;
        if let Ok(accepted) = self.worker.accept_offer(self.now, PeerId(100 + u32::from(peer)), offer, &[]) {
            check_text(&accepted.answer);
            self.strangers.insert(peer);
            for (section, _) in &accepted.downlinks {
                self.worker.assign(self.now, PeerId(100 + u32::from(peer)), *section, self.tracks.first().copied());
            }
        }
        self.settle();
    }

    pub(super) fn stranger_leaves(&mut self, peer: u8) {
        self.worker.remove_peer(self.now, PeerId(100 + u32::from(peer % STRANGERS)));
        self.strangers.remove(&(peer % STRANGERS));
    }

    pub(super) fn assign(&mut self, to: usize, section: u8, track: u8) {
        let sections = if to == STUDENT { SECOND_SEAT } else { [HOSTILE_SECTIONS[2], HOSTILE_SECTIONS[3]] };
        let track = self.tracks.get(usize::from(track) % (self.tracks.len() + 1)).copied();
        self.worker.assign(self.now, self.participants[to].peer, mid(sections[usize::from(section) % 2]), track);
        self.settle();
    }

    pub(super) fn mute(&mut self, track: u8, muted: bool) {
        // The first two are the teacher's, whose sound is listened to.
        let index = 1 + usize::from(track) % self.tracks.len().saturating_sub(1).max(1);
        let Some(&track) = self.tracks.get(index) else { return };
        self.worker.set_muted(track, if muted { Muted::Yes } else { Muted::No });
        self.settle();
    }

    pub(super) fn limit(&mut self, section: u8, limit: LayerLimit) {
        let peer = self.participants[STUDENT].peer;
        self.worker.set_layer_limit(peer, mid(SECOND_SEAT[usize::from(section) % 2]), limit);
        self.settle();
    }

    /// Lets the time pass.
    pub(super) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        self.settle();
        while let Some(next) = self.next_timeout().filter(|at| *at <= end) {
            self.now = next.max(self.now);
            self.worker.handle_timeout(self.now);
            assert!(self.worker.poll_timeout().is_none_or(|at| at > self.now), "a timeout that was handled is over");
            for participant in &mut self.participants {
                participant.client.handle_timeout(self.now);
            }
            self.settle();
        }
        self.now = end;
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.participants.iter().filter_map(|p| p.client.poll_timeout()).chain(self.worker.poll_timeout()).min()
    }

    /// Carries datagrams until nobody has any more.
    fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 1000, "an end comes");
            let delivered = self.deliver() + self.collect();
            self.look_at_events();
            if delivered == 0 {
                return;
            }
        }
    }

    fn deliver(&mut self) -> usize {
        let mut delivered = 0;
        loop {
            let flushed = self.worker.flush(self.now);
            let runs = self.worker.transmits().runs();
            let datagrams: Vec<(SocketAddr, Vec<u8>)> =
                runs.flat_map(|run| run.bytes.chunks(run.segment_size).map(move |d| (run.to, d.to_vec()))).collect();
            self.worker.transmits().clear();
            for (to, datagram) in datagrams {
                assert!(may_be_sent_to(to), "{to} never asked for anything");
                assert!(datagram.len() <= 1500, "{} bytes in one datagram", datagram.len());
                delivered += 1;
                if let Some(participant) = self.participants.iter_mut().find(|p| p.address == to) {
                    participant.client.handle_datagram(self.now, &datagram);
                }
            }
            if flushed == Flushed::Done {
                return delivered;
            }
        }
    }

    fn collect(&mut self) -> usize {
        let mut delivered = 0;
        for participant in &mut self.participants {
            while let Some(mut datagram) = participant.client.poll_transmit() {
                delivered += 1;
                participant.sent = vec![datagram.clone()];
                self.worker.handle_datagram(self.now, participant.address, &mut datagram);
            }
        }
        delivered
    }

    fn look_at_events(&mut self) {
        while let Some(event) = self.worker.poll_event() {
            if let Event::Failed { peer, .. } | Event::Disconnected { peer } = event {
                assert!(peer.0 >= HOSTILE as u32, "the lesson goes on: {event:?}");
            }
        }
        for (index, participant) in self.participants.iter_mut().enumerate() {
            while let Some(event) = participant.client.poll_event() {
                match event {
                    ClientEvent::Media(packet) if index == STUDENT && packet.mid == "0" => self.heard += 1,
                    _ => {}
                }
            }
        }
    }

    /// The student heard all of it, and nothing stays behind.
    pub(super) fn finish(mut self) {
        self.tick();
        self.run_for(Duration::from_millis(100));
        assert_eq!(self.heard, self.spoken as usize, "packets of the teacher that the student heard");
        let seen = self.participants[STUDENT].client.seen("0").expect("a section");
        assert!(seen.missing.is_empty() && seen.duplicates == 0, "{seen:?}");
        for index in 0..self.participants.len() {
            self.worker.remove_peer(self.now, self.participants[index].peer);
        }
        for peer in std::mem::take(&mut self.strangers) {
            self.stranger_leaves(peer);
        }
        let dirty = self.worker.stats().gauges.dirty;
        while self.worker.flush(self.now) == Flushed::More {}
        assert_eq!(self.worker.stats().gauges, Gauges::default(), "{dirty} tracks were waiting");
    }
}

/// What the hostile one offers at first.
fn hostile_sections(client: &mut Client, kind: u8) {
    let rids: &[&str] = if kind.is_multiple_of(2) { &["a", "b", "c"] } else { &[] };
    let video: &[Codec] = match kind / 2 % 4 {
        0 => &[Codec::Vp8, Codec::H264],
        1 => &[Codec::H264, Codec::Vp8],
        2 => &[Codec::Vp9, Codec::Vp8],
        _ => &[Codec::Av1, Codec::Vp8],
    };
    client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus, Codec::Red], rids: &[] });
    client.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: video, rids });
    add_seat(client);
}

fn add_seat(client: &mut Client) {
    client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    client.add_receiver(MediaKind::Video, &[Codec::Vp8, Codec::H264]);
}
