//! DTLS-SRTP as server (RFC 5764): handshake, certificate check and key export, around the crate `dimpl`.
//!
//! Once connected, the keys are all that matters: nothing that comes over DTLS afterwards can take them away except an
//! authenticated close_notify. The endpoint lives on to resend its last flight when the client missed it.
//!
//! DTLS 1.2 only, though `dimpl` speaks 1.3: its 1.3 server takes the first SRTP profile of the client's list, and
//! Chromium lists AES-CM first; its 1.2 server prefers GCM. Every browser that offers 1.3 offers 1.2.

mod certificate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::crypto::{CryptoProvider, Dtls12CipherSuite, aws_lc_rs};
use dimpl::{Config, Dtls, NamedGroup, Output};

pub use self::certificate::{Certificate, Fingerprint};
pub use crate::srtp::{KeyingMaterial, SrtpProfile};

use crate::drops::DropReason;

/// No handshake datagram of a browser is longer than its path's MTU.
const DATAGRAM_LEN_MAX: usize = 2048;

/// Datagrams kept while messages are incomplete. A client's longest flight is three.
const QUEUE_MAX: usize = 16;

/// What can be assembled from a full queue, and so the longest certificate that can arrive: `dimpl` asserts that the
/// poll buffer holds it.
const SCRATCH_LEN: usize = QUEUE_MAX * DATAGRAM_LEN_MAX;

/// Content type, version, epoch, sequence number, length (RFC 6347 §4.1).
const RECORD_HEADER_LEN: usize = 13;

/// Our datagrams: what IPv6 and a tunnel leave of 1280.
const MTU: usize = 1200;

/// First retransmission after 200 ms (browsers start at 50; RFC 6347 §4.2.4.1 would wait 1 s), doubling.
const FIRST_RETRANSMISSION: Duration = Duration::from_millis(200);
const RETRANSMISSIONS: usize = 8;

/// From the first ClientHello on. ICE gives up after the same time.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a hello that cannot be served may be answered by starting over. Beyond, the peer fails.
const FRESH_STARTS_MAX: u8 = 16;

/// How long an unfinished hello may block the next. It cannot be told from one that was never meant to be finished.
const HELLO_PATIENCE: Duration = Duration::from_secs(2);

/// `dimpl` gives a time years ahead when nothing is due.
const IDLE: Duration = Duration::from_secs(3600);

/// What the handshake has for its owner.
#[derive(Debug)]
pub enum DtlsOutput<'a> {
    /// To be sent to the peer.
    Datagram(&'a [u8]),
    /// The handshake is done, the client's certificate is the one of its offer. Once.
    Connected(KeyingMaterial),
    /// The handshake failed for good. Once.
    Failed,
    /// The client said goodbye (authenticated close_notify). Once.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was sent yet: whatever goes wrong, the next hello starts over.
    Listening,
    Handshaking,
    /// The handshake is done and the export of keys is due in the same poll; without a common profile there is none.
    AwaitingKeys,
    Connected,
    /// Failed or closed, not yet told.
    Ending(End),
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Failed,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientCertificate {
    Awaited,
    Accepted,
}

/// The DTLS endpoint of one peer.
pub struct DtlsServer {
    engine: Dtls,
    certificate: Certificate,
    remote_fingerprint: Fingerprint,
    seed: u64,
    phase: Phase,
    client_certificate: ClientCertificate,
    due: Option<Instant>,
    last_now: Instant,
    /// When the first part of a hello came that was not answered yet.
    heard: Option<Instant>,
    fresh_starts: u8,
    /// Where the engine's output is polled to.
    scratch: Vec<u8>,
}

impl DtlsServer {
    /// `seed` feeds what is not secret in a handshake (timer jitter, the server's random); keys come from the crypto
    /// library.
    pub fn new(certificate: &Certificate, remote_fingerprint: Fingerprint, seed: u64, now: Instant) -> Self {
        Self {
            engine: engine(certificate, seed, now),
            certificate: certificate.clone(),
            remote_fingerprint,
            seed,
            phase: Phase::Listening,
            client_certificate: ClientCertificate::Awaited,
            due: None,
            last_now: now,
            heard: None,
            fresh_starts: 0,
            scratch: Vec::new(),
        }
    }

    /// Whether keys were exported: from then on the peer's media can be opened.
    pub fn is_connected(&self) -> bool {
        self.phase == Phase::Connected
    }

    /// Takes a datagram from an authenticated address. Poll the output afterwards, after an error too.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<(), DropReason> {
        if datagram.len() > DATAGRAM_LEN_MAX {
            return Err(DropReason::DtlsMalformed);
        }
        match self.phase {
            Phase::Ending(_) | Phase::Ended => return Err(DropReason::DtlsFailed),
            Phase::Listening | Phase::Handshaking | Phase::AwaitingKeys => inspect_unprotected(datagram)?,
            Phase::Connected => {}
        }
        self.last_now = now;
        if self.phase == Phase::Listening {
            let heard = *self.heard.get_or_insert(now);
            if now.saturating_duration_since(heard) >= HELLO_PATIENCE {
                self.start_afresh(now);
            }
        }
        let result = self.engine.handle_timeout(now).and_then(|()| self.engine.handle_packet(datagram));
        // What was read changes the timers; until they are polled, they are due.
        self.due = Some(now);
        result.map_err(|_| {
            self.engine_failed(now);
            DropReason::DtlsFailed
        })
    }

    /// Retransmits what is due. Poll the output afterwards.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.last_now = now;
        if matches!(self.phase, Phase::Ending(_) | Phase::Ended) || self.due.is_none_or(|due| due > now) {
            return;
        }
        if self.engine.handle_timeout(now).is_err() {
            match self.phase {
                Phase::Connected => {}
                _ => self.end(End::Failed),
            }
        }
    }

    /// Says goodbye (close_notify) to a client that is connected; others are not told. Poll the output afterwards.
    pub fn close(&mut self) {
        if self.phase == Phase::Connected {
            // Unsaid, it is noticed when consent has run out, as it is when the datagram gets lost.
            self.engine.close().ok();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Ending(_) => Some(self.last_now),
            Phase::Ended => None,
            _ => self.due,
        }
    }

    /// The next output; `buf` must hold 1500 bytes. Poll until `None`.
    pub fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> Option<DtlsOutput<'a>> {
        loop {
            if let Phase::Ending(end) = self.phase {
                self.phase = Phase::Ended;
                self.due = None;
                return Some(match end {
                    End::Failed => DtlsOutput::Failed,
                    End::Closed => DtlsOutput::Closed,
                });
            }
            if self.phase == Phase::Ended {
                return None;
            }
            match self.poll_engine() {
                Polled::Nothing => return None,
                Polled::Again => {}
                Polled::Datagram(len) => {
                    let (Some(to), Some(from)) = (buf.get_mut(..len), self.scratch.get(..len)) else {
                        self.end(End::Failed);
                        continue;
                    };
                    to.copy_from_slice(from);
                    if self.phase == Phase::Listening {
                        self.phase = Phase::Handshaking;
                    }
                    return Some(DtlsOutput::Datagram(&buf[..len]));
                }
                Polled::Keys(keys) => {
                    self.phase = Phase::Connected;
                    return Some(DtlsOutput::Connected(keys));
                }
            }
        }
    }

    fn poll_engine(&mut self) -> Polled {
        let needed = if self.phase == Phase::Connected { DATAGRAM_LEN_MAX } else { SCRATCH_LEN };
        self.scratch.resize(needed.max(self.scratch.len()), 0);
        match self.engine.poll_output(&mut self.scratch) {
            Output::Packet(datagram) => Polled::Datagram(datagram.len()),
            Output::PeerCert(der) if self.remote_fingerprint.matches(der) => {
                self.client_certificate = ClientCertificate::Accepted;
                Polled::Again
            }
            Output::KeyingMaterial(exported, profile) if self.client_certificate == ClientCertificate::Accepted => {
                match profile_of(profile).and_then(|profile| KeyingMaterial::from_export(profile, &exported)) {
                    Some(keys) => Polled::Keys(keys),
                    None => self.end_again(End::Failed),
                }
            }
            // A foreign certificate, or keys without one.
            Output::PeerCert(_) | Output::KeyingMaterial(..) => self.end_again(End::Failed),
            Output::CloseNotify => self.end_again(End::Closed),
            Output::Timeout(at) => {
                self.due = (at.saturating_duration_since(self.last_now) < IDLE).then_some(at);
                match self.phase {
                    Phase::AwaitingKeys => return self.end_again(End::Failed),
                    Phase::Connected => self.scratch = Vec::new(),
                    _ => {}
                }
                Polled::Nothing
            }
            // A record longer than the scratch cannot be: its datagram was shorter.
            Output::BufferTooSmall { .. } => self.end_again(End::Failed),
            Output::Connected => {
                self.phase = Phase::AwaitingKeys;
                Polled::Again
            }
            // Data channels are refused in the answer; whatever comes is discarded.
            _ => Polled::Again,
        }
    }

    fn engine_failed(&mut self, now: Instant) {
        match self.phase {
            // A record made with the session's keys that makes no sense, or a fatal alert: the keys stay good.
            Phase::Connected | Phase::Ending(_) | Phase::Ended => {}
            Phase::Listening if self.fresh_starts < FRESH_STARTS_MAX => {
                self.fresh_starts += 1;
                self.start_afresh(now);
            }
            Phase::Listening | Phase::Handshaking | Phase::AwaitingKeys => self.end(End::Failed),
        }
    }

    fn start_afresh(&mut self, now: Instant) {
        self.seed = self.seed.wrapping_add(1);
        self.engine = engine(&self.certificate, self.seed, now);
        self.heard = None;
        self.due = None;
    }

    fn end(&mut self, end: End) {
        self.phase = Phase::Ending(end);
    }

    fn end_again(&mut self, end: End) -> Polled {
        self.end(end);
        Polled::Again
    }
}

fn engine(certificate: &Certificate, seed: u64, now: Instant) -> Dtls {
    let config = Config::builder()
        .with_crypto_provider(provider())
        .mtu(MTU)
        .max_queue_rx(QUEUE_MAX)
        .require_client_certificate(true)
        // The cookie proves that the client receives at its address: ICE did. It would cost a round trip.
        .use_server_cookie(false)
        .flight_start_rto(FIRST_RETRANSMISSION)
        .flight_retries(RETRANSMISSIONS)
        .handshake_timeout(HANDSHAKE_TIMEOUT)
        .dangerously_set_rng_seed(seed)
        .build()
        .expect("a constant configuration");
    Dtls::new_12(Arc::new(config), certificate.for_engine(), now)
}

/// What RFC 8827 §6.5 makes every client offer, and nothing more: `dimpl` tests each part of its provider whenever a
/// configuration is made, which took 1.1 ms of the worker's time per peer with all of them and takes 0.3 ms with these.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let groups = provider.kx_groups;
    // X25519 and P-256 stand before it.
    if let Some(slow) = groups.iter().position(|group| group.name() == NamedGroup::Secp384r1) {
        provider.kx_groups = &groups[..slow];
    }
    let suites = provider.cipher_suites;
    if let Some(at) = suites.iter().position(|suite| suite.suite() == Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256) {
        provider.cipher_suites = &suites[at..=at];
    }
    // Never used, but there must be one.
    provider.dtls13_cipher_suites = &provider.dtls13_cipher_suites[..1];
    provider
}

fn profile_of(profile: dimpl::SrtpProfile) -> Option<SrtpProfile> {
    match profile {
        dimpl::SrtpProfile::AEAD_AES_128_GCM => Some(SrtpProfile::AeadAes128Gcm),
        dimpl::SrtpProfile::AEAD_AES_256_GCM => Some(SrtpProfile::AeadAes256Gcm),
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => Some(SrtpProfile::Aes128CmSha1_80),
        _ => None,
    }
}

/// Looks at the records of a datagram that comes before there are keys. An alert is then unauthenticated: `dimpl`
/// would end the handshake over it, so that anybody who can forge a source address could.
fn inspect_unprotected(datagram: &[u8]) -> Result<(), DropReason> {
    const ALERT: u8 = 21;
    let mut rest = datagram;
    while !rest.is_empty() {
        let header = rest.first_chunk::<RECORD_HEADER_LEN>().ok_or(DropReason::DtlsMalformed)?;
        let len = RECORD_HEADER_LEN + usize::from(u16::from_be_bytes([header[11], header[12]]));
        rest = rest.get(len..).ok_or(DropReason::DtlsMalformed)?;
        if header[0] == ALERT && header[3..5] == [0, 0] {
            return Err(DropReason::DtlsFailed);
        }
    }
    Ok(())
}

enum Polled {
    Nothing,
    Again,
    /// So many bytes of the scratch are to be sent.
    Datagram(usize),
    Keys(KeyingMaterial),
}
