//! A WebRTC client as a state machine: the other end of the media plane, in virtual time. [`world`] is where it lives, with a worker
//! and a network; [`band`] is who plays there.
//!
//! It offers, checks, shakes hands, sends what it is told to send, answers NACKs, asks for what is missing, and reports every packet
//! it got. No sockets, no clock: the caller carries datagrams and says what time it is. SDP, STUN, RTP and RTCP are read and written by
//! own naive code; only DTLS (the crate `dimpl`, client side) and the SRTP ciphers are shared with the server.

mod arrivals;
pub mod band;
mod connection;
mod offer;
mod receive;
mod send;
pub mod stun;
pub mod wire;
pub mod world;

pub use offer::{AUDIO_LEVEL, DEPENDENCY_DESCRIPTOR, MID, Numbers, ORIENTATION, REPAIRED_RID, RID, TRANSPORT_CC};
pub use receive::{Received, Seen};
pub use send::{Outgoing, SenderSpec};

use arrivals::Arrivals;
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use connection::Connection;
use offer::{Answer, OfferSection, OfferSession, read_answer, write_offer};
use receive::Receiver;
use send::Sender;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use wire::Rtcp;

/// How one client differs from another.
#[derive(Clone, Copy, Debug)]
pub struct ClientConfig {
    /// Everything random comes from it.
    pub seed: u64,
    /// Payload types and extension ids.
    pub numbers: Numbers,
    /// What its own clock shows at the start, since the UNIX epoch. Clients' clocks differ.
    pub wall_clock: Duration,
    /// How much faster its clock goes than the true one, in millionths.
    pub drift_ppm: i32,
    /// Whether it asks for what it misses.
    pub nack: Nacks,
    /// How its picture's retransmissions are sent.
    pub rtx: Rtx,
    /// Whether it tells when what it receives arrives.
    pub feedback: TransportFeedback,
    /// What [`band::join_viewer`] receives sound as.
    pub sound: &'static [Codec],
}

/// Does the client send transport-wide feedback for what it receives?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportFeedback {
    /// Every 100 ms, when something arrived.
    Sent,
    /// Agreed on, and never sent.
    Silent,
    /// Not even offered.
    NotOffered,
}

/// How are retransmissions of a picture sent, both ways? (Those of sound are always the same packets again.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rtx {
    /// Under an SSRC of their own (RFC 4588).
    Offered,
    /// As the same packets again.
    None,
}

/// Does the client repair its losses?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nacks {
    /// Asks every 40 ms for what is missing.
    Sent,
    /// Leaves gaps.
    Silent,
}

impl ClientConfig {
    /// Chromium's numbers, NACKs on.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            numbers: Numbers::CHROMIUM,
            wall_clock: Duration::from_secs(1_700_000_000) + Duration::from_millis(seed % 977),
            drift_ppm: 0,
            nack: Nacks::Sent,
            rtx: Rtx::Offered,
            feedback: TransportFeedback::Sent,
            sound: &[Codec::Opus],
        }
    }
}

/// What happened to a client.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// The handshake is done.
    Connected,
    /// The server closed the connection.
    Closed,
    /// A media packet, in order of arrival; recovered ones too.
    Media(Received),
    /// The server wants a keyframe of what is sent.
    KeyframeWanted { mid: String, rid: Option<String> },
    /// A sender report for what is received.
    SenderReport { mid: String, ntp: u64, rtp: u32, packets: u32 },
    /// The server missed so many packets.
    NackReceived { mid: String, count: usize },
    /// Any other RTCP.
    Report(Rtcp),
}

/// A small generator for test material (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn token(&mut self, len: usize) -> String {
        (0..len).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[(self.next() % 36) as usize])).collect()
    }
}

/// One client.
pub struct Client {
    config: ClientConfig,
    started: Instant,
    random: Random,
    ufrag: String,
    pwd: String,
    version: u32,
    sections: Vec<OfferSection>,
    answer: Answer,
    connection: Connection,
    senders: Vec<Sender>,
    receivers: Vec<Receiver>,
    report_at: Instant,
    events: VecDeque<ClientEvent>,
    transport_sequence: u16,
    arrivals: Arrivals,
    padding: u64,
}

/// Sender and receiver reports leave this often.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

impl Client {
    /// A client without sections.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        let mut random = Random(config.seed);
        Self {
            config,
            started: now,
            ufrag: random.token(4),
            pwd: random.token(24),
            version: 1,
            sections: vec![],
            answer: Answer::default(),
            connection: Connection::new(now, random.next()),
            senders: vec![],
            receivers: vec![],
            report_at: now + REPORT_INTERVAL,
            events: VecDeque::new(),
            transport_sequence: 0,
            arrivals: Arrivals::new(now),
            padding: 0,
            random,
        }
    }

    /// Adds a section that sends; returns its mid.
    pub fn add_sender(&mut self, spec: &SenderSpec<'_>) -> String {
        let mid = self.sections.len().to_string();
        let sender = Sender::new(mid.clone(), spec, self.config.numbers, &mut self.random);
        self.sections.push(OfferSection {
            mid: mid.clone(),
            kind: spec.kind,
            direction: "sendonly",
            codecs: spec.codecs.to_vec(),
            rids: spec.rids.iter().map(|r| r.to_string()).collect(),
            ssrcs: sender.announced_ssrcs(self.config.rtx),
            rtx: self.config.rtx,
            transport_feedback: true,
        });
        self.senders.push(sender);
        mid
    }

    /// Adds a section that receives; returns its mid.
    pub fn add_receiver(&mut self, kind: MediaKind, codecs: &[Codec]) -> String {
        let mid = self.sections.len().to_string();
        self.sections.push(OfferSection {
            mid: mid.clone(),
            kind,
            direction: "recvonly",
            codecs: codecs.to_vec(),
            rids: vec![],
            ssrcs: vec![],
            rtx: self.config.rtx,
            transport_feedback: self.config.feedback != TransportFeedback::NotOffered,
        });
        self.receivers.push(Receiver::new(mid.clone(), self.config.numbers));
        mid
    }

    /// The next offer says that this section is over.
    pub fn stop_section(&mut self, mid: &str) {
        for section in self.sections.iter_mut().filter(|s| s.mid == mid) {
            section.direction = "inactive";
        }
    }

    /// The next offer restarts ICE.
    pub fn restart_ice(&mut self) {
        self.ufrag = self.random.token(4);
        self.pwd = self.random.token(24);
    }

    /// The offer of the sections as they are now.
    pub fn offer(&mut self) -> String {
        self.version += 1;
        let session = OfferSession {
            ufrag: &self.ufrag,
            pwd: &self.pwd,
            fingerprint: self.connection.fingerprint(),
            version: self.version,
            numbers: self.config.numbers,
        };
        write_offer(&session, &self.sections)
    }

    /// Takes the server's answer; checks start.
    pub fn handle_answer(&mut self, now: Instant, answer: &str) {
        self.answer = read_answer(answer);
        for section in &self.answer.sections {
            for receiver in self.receivers.iter_mut().filter(|r| r.mid == section.mid) {
                receiver.set_ssrcs(&section.ssrcs);
            }
        }
        let username = format!("{}:{}", self.answer.ufrag, self.ufrag);
        self.connection.set_remote(now, username, self.answer.pwd.clone());
    }

    /// Takes the fragment that answers an ICE restart by `PATCH` (RFC 9725 §4.3.1): only credentials are in it.
    pub fn handle_restart(&mut self, now: Instant, fragment: &str) {
        let restarted = read_answer(fragment);
        (self.answer.ufrag, self.answer.pwd) = (restarted.ufrag, restarted.pwd);
        let username = format!("{}:{}", self.answer.ufrag, self.ufrag);
        self.connection.set_remote(now, username, self.answer.pwd.clone());
    }

    /// Its own user name fragment and password.
    pub fn credentials(&self) -> (&str, &str) {
        (&self.ufrag, &self.pwd)
    }

    /// The payload types the server chose for a section, in its order.
    pub fn answered_payload_types(&self, mid: &str) -> &[u8] {
        self.answer.sections.iter().find(|s| s.mid == mid).map_or(&[], |s| &s.payload_types)
    }

    /// The SSRCs a section receives: media, then retransmissions.
    pub fn answered_ssrcs(&self, mid: &str) -> &[u32] {
        self.answer.sections.iter().find(|s| s.mid == mid).map_or(&[], |s| &s.ssrcs)
    }

    /// Checks leave at once: the network changed.
    pub fn check_now(&mut self, now: Instant) {
        self.connection.check_now(now);
    }

    /// Whether the last check of a new path has been answered.
    pub fn is_checked(&self) -> bool {
        self.connection.is_checked()
    }

    /// Whether the handshake is done.
    pub fn is_connected(&self) -> bool {
        self.connection.is_connected()
    }

    /// Sends a media packet.
    pub fn send(&mut self, now: Instant, mid: &str, packet: &Outgoing<'_>) {
        let Some(sender) = self.senders.iter_mut().find(|s| s.mid == mid) else { return };
        let rtp = sender.packet(now, packet, &mut self.transport_sequence);
        self.connection.send_rtp(&rtp.0, rtp.1);
    }

    /// Skips sequence numbers of an encoding, as if the packets were lost before the first hop.
    pub fn lose(&mut self, mid: &str, packet: &Outgoing<'_>, now: Instant) {
        let Some(sender) = self.senders.iter_mut().find(|s| s.mid == mid) else { return };
        sender.packet(now, packet, &mut self.transport_sequence);
    }

    /// Starts an encoding's sequence numbers somewhere, before its first packet: wrap-around is a test case.
    pub fn start_at(&mut self, mid: &str, rid: Option<&str>, sequence: u16) {
        if let Some(sender) = self.senders.iter_mut().find(|s| s.mid == mid) {
            sender.start_at(rid, sequence);
        }
    }

    /// The same for its timestamps: what is added to those of [`Outgoing`].
    pub fn start_timestamps_at(&mut self, mid: &str, offset: u32) {
        if let Some(sender) = self.senders.iter_mut().find(|s| s.mid == mid) {
            sender.start_timestamps_at(offset);
        }
    }

    /// From now on checks carry this nomination value (draft-thatcher-ice-renomination).
    pub fn nominate_with(&mut self, value: u32) {
        self.connection.nominate_with(value);
    }

    /// Sends a packet as it is, whatever it claims to be.
    pub fn send_rtp(&mut self, packet: &wire::Rtp) {
        let (bytes, header_len) = packet.write();
        self.connection.send_rtp(&bytes, header_len);
    }

    /// Seals and sends any bytes whose first `header_len` are an RTP header, 12 at least: what no honest sender writes.
    pub fn send_raw(&mut self, packet: &[u8], header_len: usize) {
        self.connection.send_rtp(packet, header_len);
    }

    /// The SSRCs a section sends with: the media's and its retransmissions', by encoding.
    pub fn sending_ssrcs(&self, mid: &str) -> Vec<(u32, u32)> {
        self.senders.iter().find(|s| s.mid == mid).map(Sender::ssrcs).unwrap_or_default()
    }

    /// What a check to the server must be signed with: the user name (`remote:local`) and the password.
    pub fn check_credentials(&self) -> (String, String) {
        (format!("{}:{}", self.answer.ufrag, self.ufrag), self.answer.pwd.clone())
    }

    /// Sends a compound as it is.
    pub fn send_rtcp(&mut self, compound: &[u8]) {
        self.connection.send_rtcp(compound);
    }

    /// Asks for a keyframe of what a section receives.
    pub fn request_keyframe(&mut self, mid: &str) {
        if let Some(ssrc) = self.answered_ssrcs(mid).first().copied() {
            let mut compound = wire::write_receiver_report(1);
            compound.extend(wire::write_pli(1, ssrc));
            self.connection.send_rtcp(&compound);
        }
    }

    /// How a section has been received.
    pub fn seen(&self, mid: &str) -> Option<&Seen> {
        self.receivers.iter().find(|r| r.mid == mid).map(|r| &r.seen)
    }

    /// A datagram from the server.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) {
        match datagram.first() {
            Some(128..=191) if matches!(datagram.get(1), Some(192..=223)) => {
                if let Some(compound) = self.connection.open_rtcp(datagram) {
                    self.handle_rtcp(&compound);
                }
            }
            Some(128..=191) => self.handle_rtp(now, datagram),
            _ => {
                for event in self.connection.handle_datagram(now, datagram) {
                    self.events.push_back(event);
                }
            }
        }
    }

    fn handle_rtp(&mut self, now: Instant, datagram: &[u8]) {
        let Some((rtp, index)) = self.connection.open_rtp(datagram) else { return };
        if let Some(number) = rtp.extension(self.config.numbers.extension(TRANSPORT_CC)).and_then(|value| value.try_into().ok()) {
            self.arrivals.note(u16::from_be_bytes(number), now);
        }
        self.padding += u64::from(rtp.payload.is_empty());
        let receiver = self.receivers.iter_mut().find(|r| r.owns(rtp.ssrc));
        if let Some(received) = receiver.and_then(|r| r.handle(now, rtp, index)) {
            self.events.push_back(ClientEvent::Media(received));
        }
    }

    fn handle_rtcp(&mut self, compound: &[u8]) {
        for packet in wire::read_rtcp(compound) {
            match packet {
                Rtcp::Nack { ssrc, sequences } => self.answer_nack(ssrc, &sequences),
                Rtcp::Pli { ssrc } => {
                    if let Some((mid, rid)) = self.senders.iter().find_map(|s| s.encoding_name(ssrc)) {
                        self.events.push_back(ClientEvent::KeyframeWanted { mid, rid });
                    }
                }
                Rtcp::SenderReport { ssrc, ntp, rtp, packets } => {
                    if let Some(receiver) = self.receivers.iter().find(|r| r.owns(ssrc)) {
                        let mid = receiver.mid.clone();
                        self.events.push_back(ClientEvent::SenderReport { mid, ntp, rtp, packets });
                    }
                }
                other => self.events.push_back(ClientEvent::Report(other)),
            }
        }
    }

    fn answer_nack(&mut self, ssrc: u32, sequences: &[u16]) {
        let Some(sender) = self.senders.iter_mut().find(|s| s.encoding_name(ssrc).is_some()) else { return };
        let mid = sender.mid.clone();
        for (bytes, header) in sender.retransmissions(ssrc, sequences, self.config.rtx, &mut self.transport_sequence) {
            self.connection.send_rtp(&bytes, header);
        }
        self.events.push_back(ClientEvent::NackReceived { mid, count: sequences.len() });
    }

    /// To be called when [`Client::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        for event in self.connection.handle_timeout(now) {
            self.events.push_back(event);
        }
        if !self.connection.is_connected() {
            return;
        }
        if now >= self.report_at {
            self.report_at = now + REPORT_INTERVAL;
            self.send_reports(now);
        }
        if self.config.feedback == TransportFeedback::Sent {
            let media_ssrc = self.receivers.iter().find_map(Receiver::ssrc).unwrap_or(0);
            if let Some(feedback) = self.arrivals.poll(now, media_ssrc) {
                self.connection.send_rtcp(&feedback);
            }
        }
        if self.config.nack == Nacks::Sent {
            for receiver in &mut self.receivers {
                if let Some((ssrc, missing)) = receiver.poll_nack(now) {
                    let mut compound = wire::write_receiver_report(1);
                    compound.extend(wire::write_nack(1, ssrc, &missing));
                    self.connection.send_rtcp(&compound);
                }
            }
        }
    }

    /// Packets of nothing but padding that came so far.
    pub fn padding_received(&self) -> u64 {
        self.padding
    }

    fn send_reports(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.started).as_secs_f64() * (1.0 + f64::from(self.config.drift_ppm) / 1e6);
        let wall = self.config.wall_clock + Duration::from_secs_f64(elapsed);
        for sender in &self.senders {
            for report in sender.reports(now, wall) {
                self.connection.send_rtcp(&report);
            }
        }
    }

    /// When [`Client::handle_timeout`] is wanted next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let nack = self.receivers.iter().filter_map(Receiver::poll_timeout).min().filter(|_| self.config.nack == Nacks::Sent);
        let report = self.connection.is_connected().then_some(self.report_at);
        let feedback = self.arrivals.poll_timeout().filter(|_| self.is_connected() && self.config.feedback == TransportFeedback::Sent);
        [self.connection.poll_timeout(), nack.filter(|_| self.is_connected()), report, feedback].into_iter().flatten().min()
    }

    /// The next datagram for the server.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.connection.poll_transmit()
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }
}
