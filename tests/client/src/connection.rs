//! ICE (controlling), DTLS (client) and SRTP of one client.

use crate::wire::Rtp;
use crate::{ClientEvent, Random, stun};
use auftakt_media::srtp::{Inbound, KeyingMaterial, Outbound, SrtpProfile};
use dimpl::crypto::{CryptoProvider, Dtls12CipherSuite, aws_lc_rs};
use dimpl::{Config, Dtls, DtlsCertificate, NamedGroup, Output};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Until the first response.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// Consent, once connected (RFC 7675 §5.1 says 5 s, browsers take half).
const CONSENT_INTERVAL: Duration = Duration::from_millis(2500);

pub(crate) struct Connection {
    random: Random,
    remote: Option<Remote>,
    checked: bool,
    check_at: Option<Instant>,
    transaction: [u8; 12],
    nomination: Option<u32>,
    dtls: Dtls,
    dtls_timeout: Option<Instant>,
    dtls_started: bool,
    keys: Option<(Inbound, Outbound)>,
    /// Per SSRC: the last sequence number sent and its roll-overs.
    sent: BTreeMap<u32, u64>,
    out: VecDeque<Vec<u8>>,
}

struct Remote {
    username: String,
    pwd: String,
}

/// One certificate serves every client of a process: the server tells them apart by ufrag.
fn certificate() -> &'static (DtlsCertificate, String) {
    static CERTIFICATE: OnceLock<(DtlsCertificate, String)> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let certificate = dimpl::certificate::generate_self_signed_certificate().expect("a test machine can make a certificate");
        let hash = ::aws_lc_rs::digest::digest(&::aws_lc_rs::digest::SHA256, &certificate.certificate);
        let hex: Vec<String> = hash.as_ref().iter().map(|b| format!("{b:02X}")).collect();
        (certificate, hex.join(":"))
    })
}

/// What browsers put first, and nothing more: `dimpl` tests each part of its provider whenever a configuration is made, which takes
/// longer than the handshake.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(slow) = provider.kx_groups.iter().position(|group| group.name() == NamedGroup::Secp384r1) {
        provider.kx_groups = &provider.kx_groups[..slow];
    }
    let suites = provider.cipher_suites;
    if let Some(at) = suites.iter().position(|suite| suite.suite() == Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256) {
        provider.cipher_suites = &suites[at..=at];
    }
    provider.dtls13_cipher_suites = &provider.dtls13_cipher_suites[..1];
    provider
}

impl Connection {
    pub(crate) fn new(now: Instant, seed: u64) -> Self {
        let config =
            Config::builder().with_crypto_provider(provider()).dangerously_set_rng_seed(seed).build().expect("constant but for the seed");
        let mut dtls = Dtls::new_12(Arc::new(config), certificate().0.clone(), now);
        dtls.set_active(true);
        Self {
            random: Random(seed),
            remote: None,
            checked: false,
            check_at: None,
            transaction: [0; 12],
            nomination: None,
            dtls,
            dtls_timeout: None,
            dtls_started: false,
            keys: None,
            sent: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    pub(crate) fn fingerprint(&self) -> &str {
        &certificate().1
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    pub(crate) fn set_remote(&mut self, now: Instant, username: String, pwd: String) {
        self.remote = Some(Remote { username, pwd });
        self.check_now(now);
    }

    pub(crate) fn check_now(&mut self, now: Instant) {
        self.checked = false;
        self.check_at = Some(now);
    }

    pub(crate) fn is_checked(&self) -> bool {
        self.checked
    }

    pub(crate) fn nominate_with(&mut self, value: u32) {
        self.nomination = Some(value);
    }

    fn check(&mut self, now: Instant) {
        let Some(remote) = &self.remote else { return };
        for half in self.transaction.chunks_mut(8) {
            let random = self.random.next().to_be_bytes();
            half.copy_from_slice(&random[..half.len()]);
        }
        let check = stun::Check {
            username: &remote.username,
            pwd: &remote.pwd,
            transaction: self.transaction,
            nominate: true,
            nomination: self.nomination,
        };
        self.out.push_back(stun::write_check(&check));
        self.check_at = Some(now + if self.checked { CONSENT_INTERVAL } else { CHECK_INTERVAL });
    }

    pub(crate) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Vec<ClientEvent> {
        if let Some(transaction) = stun::success_transaction(datagram) {
            if transaction == self.transaction && !self.checked {
                self.checked = true;
                self.check_at = Some(now + CONSENT_INTERVAL);
            }
            if self.checked && !self.dtls_started {
                self.dtls_started = true;
                let _ = self.dtls.handle_timeout(now);
            }
        } else if matches!(datagram.first(), Some(20..=63)) {
            let _ = self.dtls.handle_timeout(now);
            let _ = self.dtls.handle_packet(datagram);
        }
        self.poll_dtls()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<ClientEvent> {
        if self.check_at.is_some_and(|at| at <= now) {
            self.check(now);
        }
        if self.dtls_started && self.dtls_timeout.is_some_and(|at| at <= now) {
            self.dtls_timeout = None;
            let _ = self.dtls.handle_timeout(now);
            return self.poll_dtls();
        }
        vec![]
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let dtls = self.dtls_timeout.filter(|_| self.dtls_started);
        self.check_at.into_iter().chain(dtls).min()
    }

    fn poll_dtls(&mut self) -> Vec<ClientEvent> {
        let mut events = vec![];
        if !self.dtls_started {
            return events;
        }
        let mut buffer = vec![0; 2048];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(bytes) => self.out.push_back(bytes.to_vec()),
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                Output::KeyingMaterial(keys, profile) => {
                    let profile = match profile {
                        dimpl::SrtpProfile::AEAD_AES_256_GCM => SrtpProfile::AeadAes256Gcm,
                        dimpl::SrtpProfile::AEAD_AES_128_GCM => SrtpProfile::AeadAes128Gcm,
                        _ => SrtpProfile::Aes128CmSha1_80,
                    };
                    if let Some(keys) = KeyingMaterial::from_export(profile, &keys) {
                        let mirrored = keys.swapped();
                        self.keys = Some((Inbound::new(&mirrored), Outbound::new(&mirrored)));
                        events.push(ClientEvent::Connected);
                    }
                }
                Output::CloseNotify => events.push(ClientEvent::Closed),
                Output::Timeout(at) => {
                    self.dtls_timeout = Some(at);
                    return events;
                }
                _ => {}
            }
        }
    }

    pub(crate) fn send_rtp(&mut self, packet: &[u8], header_len: usize) {
        let Some((_, outbound)) = &self.keys else { return };
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        let last = self.sent.entry(ssrc).or_insert(u64::from(sequence));
        let index = last.checked_add_signed(i64::from(sequence.wrapping_sub(*last as u16) as i16)).unwrap_or(u64::from(sequence));
        *last = index.max(*last);
        let mut sealed = packet.to_vec();
        outbound.seal_rtp(&mut sealed, 0, header_len, index);
        self.out.push_back(sealed);
    }

    pub(crate) fn send_rtcp(&mut self, compound: &[u8]) {
        let Some((_, outbound)) = &mut self.keys else { return };
        let mut sealed = compound.to_vec();
        outbound.seal_rtcp(&mut sealed, 0);
        self.out.push_back(sealed);
    }

    pub(crate) fn open_rtp(&mut self, datagram: &[u8]) -> Option<(Rtp, u64)> {
        let (inbound, _) = self.keys.as_mut()?;
        let header = Rtp::header_len(datagram)?;
        let mut packet = datagram.to_vec();
        let opened = inbound.open_rtp(&mut packet, header).ok()?;
        Some((Rtp::read(&packet[..opened.len])?, opened.index))
    }

    pub(crate) fn open_rtcp(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let (inbound, _) = self.keys.as_mut()?;
        let mut packet = datagram.to_vec();
        let len = inbound.open_rtcp(&mut packet).ok()?;
        packet.truncate(len);
        Some(packet)
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }
}
