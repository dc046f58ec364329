//! The handshake through a lossy pipe in virtual time, with `dimpl` and `rtc-dtls` as clients.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auftakt_media::drops::DropReason;
use auftakt_media::dtls::{Certificate, DtlsOutput, DtlsServer, Fingerprint, KeyingMaterial, SrtpProfile};
use auftakt_media::srtp::{Inbound, Outbound};
use bytes::BytesMut;
use dimpl::{Config, Dtls, DtlsCertificate, Output};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rtc::crypto::default_provider;
use rtc::dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::shared::TransportProtocol;

const DELAY: Duration = Duration::from_millis(20);

/// A client's certificate and its fingerprint by the named hash.
fn client_certificate(hash: &'static aws_lc_rs::digest::Algorithm) -> (DtlsCertificate, String) {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let der = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
    let digest = aws_lc_rs::digest::digest(hash, &der);
    let hex: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    (DtlsCertificate { certificate: der, private_key: key.serialize_der() }, hex.join(":"))
}

fn sha256(der: &[u8]) -> Fingerprint {
    let hex: Vec<String> =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der).as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    Fingerprint::parse("sha-256", &hex.join(":")).unwrap()
}

/// What a client of any make can do.
trait Client {
    fn handle(&mut self, now: Instant, datagram: &[u8]);
    fn handle_timeout(&mut self, now: Instant);
    fn poll_timeout(&self) -> Option<Instant>;
    /// Datagrams to send.
    fn poll(&mut self) -> Vec<Vec<u8>>;
    fn keys(&self) -> Option<(SrtpProfile, Vec<u8>)>;
}

struct DimplClient {
    dtls: Dtls,
    due: Option<Instant>,
    server_certificate: Vec<u8>,
    keys: Option<(SrtpProfile, Vec<u8>)>,
    given_up: bool,
}

impl DimplClient {
    fn new(certificate: DtlsCertificate, now: Instant) -> Self {
        let config =
            Config::builder().flight_start_rto(Duration::from_millis(50)).flight_retries(8).dangerously_set_rng_seed(7).build().unwrap();
        let mut dtls = Dtls::new_12(Arc::new(config), certificate, now);
        dtls.set_active(true);
        dtls.handle_timeout(now).unwrap();
        Self { dtls, due: None, server_certificate: vec![], keys: None, given_up: false }
    }
}

impl Client for DimplClient {
    fn handle(&mut self, now: Instant, datagram: &[u8]) {
        let _ = self.dtls.handle_timeout(now);
        let _ = self.dtls.handle_packet(datagram);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.given_up |= self.dtls.handle_timeout(now).is_err();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.due.filter(|_| !self.given_up)
    }

    fn poll(&mut self) -> Vec<Vec<u8>> {
        let mut buf = vec![0; 4096];
        let mut datagrams = vec![];
        loop {
            match self.dtls.poll_output(&mut buf) {
                Output::Packet(datagram) => datagrams.push(datagram.to_vec()),
                Output::PeerCert(der) => self.server_certificate = der.to_vec(),
                Output::KeyingMaterial(keys, profile) => {
                    let profile = match profile {
                        dimpl::SrtpProfile::AEAD_AES_128_GCM => SrtpProfile::AeadAes128Gcm,
                        dimpl::SrtpProfile::AEAD_AES_256_GCM => SrtpProfile::AeadAes256Gcm,
                        _ => SrtpProfile::Aes128CmSha1_80,
                    };
                    self.keys = Some((profile, keys.to_vec()));
                }
                Output::Timeout(at) => {
                    self.due = Some(at);
                    return datagrams;
                }
                _ => {}
            }
        }
    }

    fn keys(&self) -> Option<(SrtpProfile, Vec<u8>)> {
        self.keys.clone()
    }
}

/// A client whose list of SRTP profiles can be chosen.
struct RtcClient {
    endpoint: Endpoint,
    keys: Option<(SrtpProfile, Vec<u8>)>,
    given_up: bool,
}

fn server_address() -> SocketAddr {
    "192.0.2.1:3478".parse().unwrap()
}

impl RtcClient {
    fn new(profiles: &[SrtpProtectionProfile], now: Instant) -> (Self, Fingerprint) {
        let provider = default_provider().unwrap();
        let certificate = rtc::dtls::crypto::Certificate::generate_self_signed(vec!["client".to_owned()], provider.crypto()).unwrap();
        let fingerprint = sha256(certificate.certificate[0].as_ref());
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(profiles.to_vec())
            .with_insecure_skip_verify(true)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .build(true, None)
            .unwrap();
        let mut endpoint = Endpoint::new("192.0.2.2:5000".parse().unwrap(), TransportProtocol::UDP, None);
        endpoint.connect(now, server_address(), Arc::new(config), None).unwrap();
        (Self { endpoint, keys: None, given_up: false }, fingerprint)
    }
}

impl Client for RtcClient {
    fn handle(&mut self, now: Instant, datagram: &[u8]) {
        for event in self.endpoint.read(now, server_address(), None, BytesMut::from(datagram)).unwrap_or_default() {
            if let EndpointEvent::HandshakeComplete = event {
                let state = self.endpoint.get_connection_state(server_address()).unwrap();
                let profile = match state.srtp_protection_profile() {
                    SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => SrtpProfile::AeadAes128Gcm,
                    SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => SrtpProfile::AeadAes256Gcm,
                    _ => SrtpProfile::Aes128CmSha1_80,
                };
                let len = 2 * (profile.key_len() + profile.salt_len());
                let keys = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], len).unwrap();
                self.keys = Some((profile, keys.as_ref().to_vec()));
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.given_up |= self.endpoint.handle_timeout(server_address(), now).is_err();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout(&server_address()).filter(|_| !self.given_up)
    }

    fn poll(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.endpoint.poll_transmit()).map(|transmit| transmit.message.to_vec()).collect()
    }

    fn keys(&self) -> Option<(SrtpProfile, Vec<u8>)> {
        self.keys.clone()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum To {
    Server,
    Client,
}

/// What a bad network, or an enemy in it, does to datagrams. Reordering comes from an uneven delay.
struct Weather {
    rng: ChaCha8Rng,
    loss: f64,
    duplication: f64,
    corruption: f64,
}

impl Weather {
    fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), loss: 0.0, duplication: 0.0, corruption: 0.0 }
    }

    fn copies(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut copies = vec![];
        if !self.rng.random_bool(self.loss) {
            copies.push(datagram.to_vec());
        }
        if self.rng.random_bool(self.duplication) {
            copies.push(datagram.to_vec());
        }
        if self.rng.random_bool(self.corruption) {
            let mut corrupt = datagram.to_vec();
            for _ in 0..self.rng.random_range(1..4) {
                let at = self.rng.random_range(0..corrupt.len());
                corrupt[at] = self.rng.random();
            }
            copies.push(corrupt);
        }
        copies
    }
}

/// One client and the server, a pipe with a delay between them, and a clock that only moves by events.
struct World<C> {
    start: Instant,
    now: Instant,
    client: C,
    server: DtlsServer,
    pipe: VecDeque<(Instant, To, Vec<u8>)>,
    sent: usize,
    lose: Vec<usize>,
    weather: Option<Weather>,
    server_keys: Option<KeyingMaterial>,
    failed: bool,
    closed: bool,
}

impl<C: Client> World<C> {
    fn new(client: C, fingerprint: Fingerprint, now: Instant) -> Self {
        let server = DtlsServer::new(&Certificate::generate().unwrap(), fingerprint, 42, now);
        Self {
            start: now,
            now,
            client,
            server,
            pipe: VecDeque::new(),
            sent: 0,
            lose: vec![],
            weather: None,
            server_keys: None,
            failed: false,
            closed: false,
        }
    }

    fn losing(mut self, nth: impl IntoIterator<Item = usize>) -> Self {
        self.lose.extend(nth);
        self
    }

    fn send(&mut self, to: To, datagram: Vec<u8>) {
        if let Some(mut weather) = self.weather.take() {
            for copy in weather.copies(&datagram) {
                let delay = DELAY + Duration::from_millis(weather.rng.random_range(0..30));
                self.deliver(delay, to, copy);
            }
            self.weather = Some(weather);
        } else if !self.lose.contains(&self.sent) {
            self.deliver(DELAY, to, datagram);
        }
        self.sent += 1;
    }

    fn deliver(&mut self, delay: Duration, to: To, datagram: Vec<u8>) {
        let at = self.now + delay;
        let place = self.pipe.partition_point(|earlier| earlier.0 <= at);
        self.pipe.insert(place, (at, to, datagram));
    }

    fn poll(&mut self) {
        for datagram in self.client.poll() {
            self.send(To::Server, datagram);
        }
        let mut buf = [0; 1500];
        while let Some(output) = self.server.poll_output(&mut buf) {
            match output {
                DtlsOutput::Datagram(datagram) => {
                    let datagram = datagram.to_vec();
                    self.send(To::Client, datagram);
                }
                DtlsOutput::Connected(keys) => assert!(self.server_keys.replace(keys).is_none(), "connected twice"),
                DtlsOutput::Failed => assert!(!std::mem::replace(&mut self.failed, true), "failed twice"),
                DtlsOutput::Closed => assert!(!std::mem::replace(&mut self.closed, true), "closed twice"),
            }
        }
    }

    /// Runs until both sides are through, something ended, or so much time has passed.
    fn run(&mut self, at_most: Duration) {
        let end = self.now + at_most;
        loop {
            self.poll();
            if self.client.keys().is_some() && self.server_keys.is_some() && self.pipe.is_empty() {
                return;
            }
            let next = [self.pipe.front().map(|next| next.0), self.client.poll_timeout(), self.server.poll_timeout()];
            let Some(next) = next.into_iter().flatten().min().filter(|&next| next < end) else {
                self.now = end;
                return;
            };
            self.now = next.max(self.now);
            if self.pipe.front().is_some_and(|first| first.0 <= self.now) {
                match self.pipe.pop_front() {
                    Some((_, To::Server, datagram)) => drop(self.server.handle_datagram(self.now, &datagram)),
                    Some((_, To::Client, datagram)) => self.client.handle(self.now, &datagram),
                    None => {}
                }
            } else {
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Both sides derived the same keys: what the client seals, the server opens, and back.
    fn assert_connected(&self) {
        let server = self.server_keys.as_ref().expect("the server connected");
        let (profile, exported) = self.client.keys().expect("the client connected");
        assert_eq!(server.profile(), profile);
        let client = KeyingMaterial::from_export(profile, &exported).unwrap().swapped();
        for (sender, receiver) in [(&client, server), (server, &client)] {
            let mut packet = vec![0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4];
            Outbound::new(sender).seal_rtp(&mut packet, 0, 12, 1);
            let opened = Inbound::new(receiver).open_rtp(&mut packet, 12).unwrap();
            assert_eq!(packet[12..opened.len], [1, 2, 3, 4]);
        }
        assert!(self.server.is_connected() && !self.failed && !self.closed);
    }
}

fn dimpl_world() -> World<DimplClient> {
    let now = Instant::now();
    let (certificate, fingerprint) = client_certificate(&aws_lc_rs::digest::SHA256);
    World::new(DimplClient::new(certificate, now), Fingerprint::parse("SHA-256", &fingerprint).unwrap(), now)
}

#[test]
fn the_handshake_takes_two_round_trips() {
    let mut world = dimpl_world();
    world.run(Duration::from_secs(5));
    world.assert_connected();
    assert_eq!(world.elapsed(), 4 * DELAY);
    assert_eq!(world.server_keys.as_ref().unwrap().profile(), SrtpProfile::AeadAes256Gcm);
    assert!(world.server.poll_timeout().is_none(), "nothing is due any more");
}

#[test]
fn the_server_shows_the_certificate_of_the_answer() {
    let now = Instant::now();
    let (certificate, _) = client_certificate(&aws_lc_rs::digest::SHA256);
    let fingerprint = sha256(&certificate.certificate);
    let mut world = World::new(DimplClient::new(certificate, now), fingerprint, now);
    let ours = Certificate::generate().unwrap();
    world.server = DtlsServer::new(&ours, fingerprint, 1, now);
    world.run(Duration::from_secs(5));
    world.assert_connected();
    assert_eq!(Fingerprint::parse("sha-256", ours.fingerprint()), Some(sha256(&world.client.server_certificate)));
    assert_ne!(ours.fingerprint(), Certificate::generate().unwrap().fingerprint());
}

#[test]
fn any_one_datagram_of_the_handshake_may_be_lost() {
    let mut lossless = dimpl_world();
    lossless.run(Duration::from_secs(5));
    assert!(lossless.sent >= 4);
    for nth in 0..lossless.sent {
        let mut world = dimpl_world().losing([nth]);
        world.run(Duration::from_secs(10));
        world.assert_connected();
        assert!(world.elapsed() < Duration::from_millis(600), "datagram {nth}: {:?}", world.elapsed());
    }
}

#[test]
fn any_two_datagrams_of_the_handshake_may_be_lost() {
    for first in 0..8 {
        for second in first + 1..12 {
            let mut world = dimpl_world().losing([first, second]);
            world.run(Duration::from_secs(10));
            world.assert_connected();
            assert!(world.elapsed() < Duration::from_secs(2), "datagrams {first}, {second}: {:?}", world.elapsed());
        }
    }
}

#[test]
fn a_bad_network_only_delays_the_handshake() {
    for seed in 0..150 {
        let mut world = dimpl_world();
        world.weather = Some(Weather { loss: 0.2, duplication: 0.2, ..Weather::new(seed) });
        world.run(Duration::from_secs(28));
        assert!(world.server_keys.is_some(), "seed {seed}");
        world.assert_connected();
    }
}

#[test]
fn corrupted_copies_end_a_handshake_at_worst() {
    for seed in 0..150 {
        let mut world = dimpl_world();
        world.weather = Some(Weather { corruption: 0.7, ..Weather::new(seed) });
        world.run(Duration::from_secs(60));
        assert!(world.server_keys.is_some() || world.failed, "seed {seed}");
    }
}

#[test]
fn a_certificate_that_is_not_the_offers_fails() {
    let now = Instant::now();
    let (certificate, _) = client_certificate(&aws_lc_rs::digest::SHA256);
    let (_, other) = client_certificate(&aws_lc_rs::digest::SHA256);
    let mut world = World::new(DimplClient::new(certificate, now), Fingerprint::parse("sha-256", &other).unwrap(), now);
    world.run(Duration::from_secs(60));
    assert!(world.failed && world.server_keys.is_none() && world.client.keys().is_none());
    assert_eq!(world.server.handle_datagram(world.now, &[22; 100]), Err(DropReason::DtlsFailed));
}

#[test]
fn fingerprints_by_longer_hashes_count_too() {
    for (name, hash) in [("sha-384", &aws_lc_rs::digest::SHA384), ("sha-512", &aws_lc_rs::digest::SHA512)] {
        let now = Instant::now();
        let (certificate, fingerprint) = client_certificate(hash);
        let mut world = World::new(DimplClient::new(certificate, now), Fingerprint::parse(name, &fingerprint).unwrap(), now);
        world.run(Duration::from_secs(5));
        world.assert_connected();
        assert_eq!(Fingerprint::parse("sha-256", &fingerprint), None);
    }
    for bad in ["", "AB", "AB:CD:", "zz:zz", "+1:00"] {
        assert_eq!(Fingerprint::parse("sha-256", bad), None);
    }
    assert_eq!(Fingerprint::parse("sha-1", &["00"; 20].join(":")), None);
}

use SrtpProtectionProfile::{
    Srtp_Aead_Aes_128_Gcm as GCM_128, Srtp_Aead_Aes_256_Gcm as GCM_256, Srtp_Aes128_Cm_Hmac_Sha1_32 as CM_32,
    Srtp_Aes128_Cm_Hmac_Sha1_80 as CM_80,
};

#[test]
fn gcm_is_chosen_whenever_the_client_has_it() {
    let cases: [(&[SrtpProtectionProfile], SrtpProfile); 5] = [
        // Chromium's order.
        (&[CM_80, GCM_256, GCM_128], SrtpProfile::AeadAes256Gcm),
        (&[CM_80, GCM_128], SrtpProfile::AeadAes128Gcm),
        (&[GCM_128, CM_80], SrtpProfile::AeadAes128Gcm),
        (&[CM_80], SrtpProfile::Aes128CmSha1_80),
        (&[CM_32, CM_80], SrtpProfile::Aes128CmSha1_80),
    ];
    for (offered, chosen) in cases {
        let now = Instant::now();
        let (client, fingerprint) = RtcClient::new(offered, now);
        let mut world = World::new(client, fingerprint, now);
        world.run(Duration::from_secs(5));
        world.assert_connected();
        assert_eq!(world.server_keys.as_ref().unwrap().profile(), chosen, "{offered:?}");
    }
}

#[test]
fn without_a_common_profile_the_handshake_fails() {
    let now = Instant::now();
    let (client, fingerprint) = RtcClient::new(&[CM_32], now);
    let mut world = World::new(client, fingerprint, now);
    world.run(Duration::from_secs(60));
    assert!(world.failed && world.server_keys.is_none());
}

/// The first datagram of somebody else.
fn foreign_hello(now: Instant) -> Vec<u8> {
    DimplClient::new(client_certificate(&aws_lc_rs::digest::SHA256).0, now).poll().remove(0)
}

fn alert(level: u8, description: u8) -> Vec<u8> {
    vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 77, 0, 2, level, description]
}

#[test]
fn nothing_unauthenticated_ends_a_session() {
    let mut world = dimpl_world();
    world.run(Duration::from_secs(5));
    let hello = foreign_hello(world.now);
    let mut protected = vec![23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 9, 9, 0, 40];
    protected.extend([5; 40]);
    let mut false_farewell = alert(1, 0);
    false_farewell[4] = 1;
    let noise: Vec<Vec<u8>> =
        vec![hello, alert(2, 40), alert(1, 0), false_farewell, protected, vec![22; 50], vec![20], vec![63; 2000], vec![22; 4000]];
    for datagram in noise.iter().cycle().take(1000) {
        let _ = world.server.handle_datagram(world.now, datagram);
        world.server.handle_timeout(world.now);
        world.poll();
        world.now += Duration::from_millis(7);
    }
    world.pipe.clear();
    world.assert_connected();

    world.client.dtls.handle_timeout(world.now).unwrap();
    world.client.dtls.close().unwrap();
    world.client.keys = None;
    world.run(Duration::from_secs(1));
    assert!(world.closed && !world.failed);
}

#[test]
fn a_hello_that_cannot_be_served_does_not_block_the_clients() {
    let mut world = dimpl_world();
    let hello = foreign_hello(world.now);
    let mut old_version = hello.clone();
    old_version[25..27].copy_from_slice(&[0xfe, 0xff]);
    let mut no_compression = hello.clone();
    no_compression.truncate(60);
    for datagram in [old_version, no_compression, alert(2, 40), vec![22; 13], vec![25; 700]] {
        let _ = world.server.handle_datagram(world.now, &datagram);
        world.poll();
    }
    world.run(Duration::from_secs(10));
    world.assert_connected();
    assert!(world.elapsed() < Duration::from_millis(600), "{:?}", world.elapsed());
}

#[test]
fn half_a_hello_blocks_the_clients_only_for_a_moment() {
    let mut world = dimpl_world();
    // The first fragment of a message of which the rest never comes.
    let mut half = foreign_hello(world.now);
    half.truncate(13 + 12 + 40);
    half[11..13].copy_from_slice(&52u16.to_be_bytes());
    half[22..25].copy_from_slice(&[0, 0, 40]);
    assert_eq!(world.server.handle_datagram(world.now, &half), Ok(()));
    world.run(Duration::from_secs(20));
    world.assert_connected();
    assert!(world.elapsed() < Duration::from_secs(5), "{:?}", world.elapsed());
}

#[test]
fn a_client_that_falls_silent_is_given_up() {
    let mut world = dimpl_world().losing(2..10_000);
    world.run(Duration::from_secs(29));
    assert!(!world.failed);
    world.run(Duration::from_secs(10));
    assert!(world.failed);
    assert_eq!(world.server.poll_timeout(), None);
}
