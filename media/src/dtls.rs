//! DTLS-SRTP as server (RFC 5764): handshake, certificate check and key export, around the crate `dimpl`.

use std::time::Instant;

pub use crate::srtp::{KeyingMaterial, SrtpProfile};

use crate::drops::DropReason;

/// The certificate of this process with its private key. Cheap to clone.
#[derive(Clone)]
pub struct Certificate {}

impl Certificate {
    /// Makes a self-signed ECDSA P-256 certificate; once per process. `None` when the crypto library fails.
    pub fn generate() -> Option<Self> {
        Some(Self {})
    }

    /// The SHA-256 fingerprint as `a=fingerprint:sha-256` wants it: `AB:CD:…`.
    pub fn fingerprint(&self) -> &str {
        ""
    }
}

/// The hash of the client's certificate, from `a=fingerprint` of its offer (RFC 8122 §5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {}

impl Fingerprint {
    /// `algorithm` is `sha-256`, `sha-384` or `sha-512` in any case; `value` is colon-separated hex.
    pub fn parse(algorithm: &str, value: &str) -> Option<Self> {
        let _ = (algorithm, value);
        None
    }
}

/// What the handshake has for its owner.
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

/// The DTLS endpoint of one peer.
pub struct DtlsServer {}

impl DtlsServer {
    /// `seed` feeds what is not secret in a handshake (timer jitter, hello randoms).
    pub fn new(certificate: &Certificate, remote_fingerprint: Fingerprint, seed: u64, now: Instant) -> Self {
        let _ = (certificate, remote_fingerprint, seed, now);
        Self {}
    }

    /// Takes a datagram from an authenticated address. Poll the output afterwards.
    pub fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<(), DropReason> {
        let _ = (now, datagram);
        Err(DropReason::DtlsMalformed)
    }

    /// Retransmits what is due. Poll the output afterwards.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next output; `buf` wants 2048 bytes.
    pub fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> Option<DtlsOutput<'a>> {
        let _ = buf;
        None
    }
}
