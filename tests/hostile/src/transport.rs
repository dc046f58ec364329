//! Everything before there are keys: demultiplexing, ICE, DTLS.

use crate::beginning;
use crate::edit::Damage;
use arbitrary::{Arbitrary, Unstructured};
use auftakt_client::stun::write_request;
use auftakt_media::demux::{Packet, classify};
use auftakt_media::dtls::{Certificate, DtlsOutput, DtlsServer, Fingerprint};
use auftakt_media::ice::{ADDRESSES_MAX, Credentials, IceLite};
use auftakt_media::stun::BindingRequest;
use dimpl::{Config, Dtls, DtlsCertificate, Output};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What one input may ask for.
const STEPS_MAX: usize = 64;

pub(crate) fn demux(data: &[u8]) {
    if let Ok(Packet::Rtp | Packet::Rtcp) = classify(data) {
        assert!(data.len() >= 12, "a fixed header is there");
    }
}

#[derive(Arbitrary, Debug)]
enum StunStep {
    Check(Check),
    Restart,
    Wait { tenths: u16 },
    Timeout,
}

#[derive(Arbitrary, Debug)]
struct Check {
    from: u8,
    name: Name,
    signed: Signed,
    attributes: Vec<(AttributeKind, Vec<u8>)>,
    damage: Damage,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Current,
    Previous,
    Other(String),
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    WithCurrent,
    WithPrevious,
    Wrongly,
}

#[derive(Arbitrary, Debug)]
enum AttributeKind {
    UseCandidate,
    Priority,
    Nomination,
    Controlled,
    Other(u16),
}

impl AttributeKind {
    fn number(&self) -> u16 {
        match *self {
            Self::UseCandidate => 0x0025,
            Self::Priority => 0x0024,
            Self::Nomination => 0xC001,
            Self::Controlled => 0x8029,
            Self::Other(kind) => kind,
        }
    }
}

/// The bytes as a datagram, and as a story of checks, restarts and time passing.
pub(crate) fn stun(data: &[u8]) {
    let (mut rng, mut now) = (ChaCha8Rng::seed_from_u64(1), beginning());
    let mut current = Credentials::generate(&mut rng, 1);
    let mut previous = current.clone();
    let mut ice = IceLite::new(current.clone(), now);
    check(&mut ice, now, 0, data);
    let mut input = Unstructured::new(data);
    for _ in 0..STEPS_MAX {
        match input.arbitrary() {
            Ok(StunStep::Check(wish)) => {
                let request = wish.write(&current, &previous);
                let accepted = check(&mut ice, now, wish.from, &request);
                assert!(!(accepted && wish.signed == Signed::Wrongly), "a wrong password opens nothing");
            }
            Ok(StunStep::Restart) => {
                previous = std::mem::replace(&mut current, Credentials::generate(&mut rng, 1));
                ice.restart(current.clone(), now);
                assert!(ice.accepts_ufrag(&current.ufrag));
            }
            Ok(StunStep::Wait { tenths }) => now += Duration::from_millis(u64::from(tenths % 400) * 100),
            Ok(StunStep::Timeout) => {
                let due = ice.poll_timeout();
                now = due.map_or(now, |due| due.max(now));
                ice.handle_timeout(now);
                poll_forgotten(&mut ice);
                assert!(ice.poll_timeout().is_none_or(|at| at > now), "a timeout that was handled is over");
            }
            Err(_) => return,
        }
        if input.is_empty() {
            return;
        }
    }
}

impl Check {
    fn write(&self, current: &Credentials, previous: &Credentials) -> Vec<u8> {
        let ours = match &self.name {
            Name::Current => &current.ufrag,
            Name::Previous => &previous.ufrag,
            Name::Other(name) => name,
        };
        let username = format!("{ours}:them");
        let mut attributes: Vec<(u16, &[u8])> = vec![(0x0006, username.as_bytes())];
        // A datagram has no room for more.
        attributes.extend(self.attributes.iter().take(20).map(|(kind, value)| (kind.number(), &value[..value.len().min(64)])));
        let pwd = match self.signed {
            Signed::WithCurrent => &current.pwd,
            Signed::WithPrevious => &previous.pwd,
            Signed::Wrongly => "what could it be, I wonder?",
        };
        let mut request = write_request([7; 12], &attributes, pwd);
        self.damage.apply(&mut request);
        request
    }
}

/// Hands one datagram in; whether it was authentic.
fn check(ice: &mut IceLite, now: Instant, from: u8, datagram: &[u8]) -> bool {
    let from = SocketAddr::from(([192, 0, 2, from], 1000));
    let Ok(request) = BindingRequest::parse(datagram) else { return false };
    assert!(!request.local_ufrag().is_empty());
    let (_, _, _) = (request.priority(), request.nomination(), request.use_candidate());
    let before = ice.is_authenticated(from);
    let mut out = vec![0xAA; 4];
    let outcome = ice.handle_request(now, from, &request, &mut out);
    poll_forgotten(ice);
    assert!(ice.authenticated_addresses().count() <= ADDRESSES_MAX);
    assert!(ice.selected().is_none_or(|selected| ice.is_authenticated(selected)), "media goes to who proved to be there");
    match outcome {
        Ok(outcome) => {
            assert!((24..=200).contains(&out.len()), "a response: {}", out.len());
            assert!(!outcome.newly_authenticated || ice.is_authenticated(from));
        }
        Err(_) => {
            assert_eq!(out.len(), 4, "no response to a stranger");
            assert_eq!(ice.is_authenticated(from), before);
        }
    }
    outcome.is_ok()
}

fn poll_forgotten(ice: &mut IceLite) {
    while let Some(address) = ice.poll_forgotten() {
        assert!(!ice.is_authenticated(address), "what is forgotten is not known any more");
    }
}

#[derive(Arbitrary, Debug)]
enum DtlsStep {
    /// The oldest datagram under way arrives.
    Deliver {
        to: End,
        damage: Damage,
    },
    Lose {
        to: End,
    },
    Repeat {
        to: End,
        damage: Damage,
    },
    /// A datagram that nobody sent: one record around these bytes, or the bytes alone.
    Forge {
        to: End,
        record: Option<(u8, u8, u8)>,
        bytes: Vec<u8>,
    },
    Wait {
        millis: u16,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum End {
    Client,
    Server,
}

struct Handshake {
    now: Instant,
    client: Dtls,
    server: DtlsServer,
    to_client: VecDeque<Vec<u8>>,
    to_server: VecDeque<Vec<u8>>,
    last: [Vec<u8>; 2],
    buffer: Vec<u8>,
    connected: bool,
    ended: bool,
    received: usize,
    sent: usize,
}

fn certificates() -> &'static (Certificate, DtlsCertificate, Fingerprint) {
    static CERTIFICATES: OnceLock<(Certificate, DtlsCertificate, Fingerprint)> = OnceLock::new();
    CERTIFICATES.get_or_init(|| {
        let client = dimpl::certificate::generate_self_signed_certificate().expect("a test machine can make a certificate");
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &client.certificate);
        let hex: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let fingerprint = Fingerprint::parse("sha-256", &hex.join(":")).expect("a fingerprint");
        (Certificate::generate().expect("a certificate"), client, fingerprint)
    })
}

/// A handshake with a real client on a network that does what the bytes say.
pub(crate) fn dtls(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let expected = input.ratio(7, 8).unwrap_or(true);
    let mut handshake = Handshake::begin(expected);
    for _ in 0..STEPS_MAX {
        let Ok(step) = input.arbitrary() else { break };
        handshake.step(step);
        if input.is_empty() {
            break;
        }
    }
    assert!(expected || !handshake.connected, "a certificate that was not announced");
    // What ICE authenticated may be flooded by its own client, but not by much.
    assert!(handshake.sent <= handshake.received * 8 + 40_000, "{} bytes out for {} in", handshake.sent, handshake.received);
}

impl Handshake {
    fn begin(expected: bool) -> Self {
        let now = beginning();
        let (certificate, client, fingerprint) = certificates();
        let foreign = Fingerprint::parse("sha-256", &["00"; 32].join(":")).expect("a fingerprint");
        let config = Config::builder().dangerously_set_rng_seed(7).build().expect("defaults are valid");
        let mut dtls = Dtls::new_12(Arc::new(config), client.clone(), now);
        dtls.set_active(true);
        let _ = dtls.handle_timeout(now);
        let mut handshake = Self {
            now,
            client: dtls,
            server: DtlsServer::new(certificate, if expected { *fingerprint } else { foreign }, 3, now),
            to_client: VecDeque::new(),
            to_server: VecDeque::new(),
            last: [vec![], vec![]],
            buffer: vec![0; 4096],
            connected: false,
            ended: false,
            received: 0,
            sent: 0,
        };
        handshake.poll();
        handshake
    }

    fn step(&mut self, step: DtlsStep) {
        match step {
            DtlsStep::Deliver { to, damage } => {
                let Some(mut datagram) = self.queue(to).pop_front() else { return };
                self.last[to as usize].clone_from(&datagram);
                damage.apply(&mut datagram);
                self.arrive(to, &datagram);
            }
            DtlsStep::Lose { to } => drop(self.queue(to).pop_front()),
            DtlsStep::Repeat { to, damage } => {
                let mut datagram = self.last[to as usize].clone();
                damage.apply(&mut datagram);
                self.arrive(to, &datagram);
            }
            DtlsStep::Forge { to, record: None, bytes } => self.arrive(to, &bytes),
            DtlsStep::Forge { to, record: Some((kind, epoch, number)), bytes } => {
                let len = (bytes.len() as u16).to_be_bytes();
                let mut datagram = vec![20 + kind % 8, 0xFE, 0xFD, 0, epoch % 3, 0, 0, 0, 0, 0, number, len[0], len[1]];
                datagram.extend(bytes);
                self.arrive(to, &datagram);
            }
            DtlsStep::Wait { millis } => {
                self.now += Duration::from_millis(millis.into());
                let _ = self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
                self.poll();
            }
        }
    }

    fn queue(&mut self, to: End) -> &mut VecDeque<Vec<u8>> {
        match to {
            End::Client => &mut self.to_client,
            End::Server => &mut self.to_server,
        }
    }

    fn arrive(&mut self, to: End, datagram: &[u8]) {
        match to {
            // The client is no part of what is tested; it only has to go on.
            End::Client => drop(self.client.handle_packet(datagram)),
            End::Server => {
                self.received += datagram.len();
                let _ = self.server.handle_datagram(self.now, datagram);
            }
        }
        self.poll();
    }

    fn poll(&mut self) {
        for _ in 0..100 {
            match self.client.poll_output(&mut self.buffer) {
                Output::Packet(bytes) => self.to_server.push_back(bytes.to_vec()),
                Output::BufferTooSmall { needed } => self.buffer.resize(needed, 0),
                Output::Timeout(_) => break,
                _ => {}
            }
        }
        let mut outputs = 0;
        let mut buffer = [0; 1500];
        while let Some(output) = self.server.poll_output(&mut buffer) {
            outputs += 1;
            assert!(outputs < 1000, "an end comes");
            match output {
                DtlsOutput::Datagram(datagram) => {
                    self.sent += datagram.len();
                    self.to_client.push_back(datagram.to_vec());
                }
                DtlsOutput::Connected(_) => {
                    assert!(!std::mem::replace(&mut self.connected, true), "connected once");
                    assert!(!self.ended);
                }
                DtlsOutput::Failed | DtlsOutput::Closed => assert!(!std::mem::replace(&mut self.ended, true), "ended once"),
            }
        }
        assert!(!self.server.is_connected() || self.connected);
    }
}
