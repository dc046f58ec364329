//! The certificate of the process, and the fingerprint of a client's.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use dimpl::DtlsCertificate;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SerialNumber};

/// The certificate of this process with its private key. Cheap to clone. Prints only its fingerprint.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    dtls: DtlsCertificate,
    fingerprint: String,
}

impl Certificate {
    /// Makes a self-signed ECDSA P-256 certificate with a key from the crypto library; once per process.
    /// `None` when the library cannot.
    pub fn generate() -> Option<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).ok()?;
        let mut params = CertificateParams::new(Vec::new()).ok()?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "WebRTC");
        // Only the fingerprint is checked (RFC 8827 §6.5): a fixed validity tells nobody when the server started.
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2049, 12, 31);
        // Firefox refuses two certificates of the same issuer and serial number: make it as unique as the key.
        let mut serial = digest::digest(&digest::SHA256, key.public_key_raw()).as_ref()[..16].to_vec();
        // Positive, and without a leading zero, in DER.
        serial[0] = serial[0] & 0x7f | 0x40;
        params.serial_number = Some(SerialNumber::from(serial));

        let certificate = params.self_signed(&key).ok()?.der().to_vec();
        let fingerprint = colon_hex(digest::digest(&digest::SHA256, &certificate).as_ref());
        let dtls = DtlsCertificate { certificate, private_key: key.serialize_der() };
        Some(Self(Arc::new(Inner { dtls, fingerprint })))
    }

    /// The SHA-256 fingerprint as `a=fingerprint:sha-256` wants it: `AB:CD:…`.
    pub fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    pub(super) fn for_engine(&self) -> DtlsCertificate {
        self.0.dtls.clone()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint())
    }
}

/// The hash of the client's certificate, from `a=fingerprint` of its offer (RFC 8122 §5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    hash: Hash,
    /// As many as the hash is long; the rest is zero.
    bytes: [u8; 64],
}

/// The hash functions that RFC 8122 §5 names and that are not broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

impl Fingerprint {
    /// `algorithm` is `sha-256`, `sha-384` or `sha-512`, `value` colon-separated hex, both in any case.
    pub fn parse(algorithm: &str, value: &str) -> Option<Self> {
        let hash = [("sha-256", Hash::Sha256), ("sha-384", Hash::Sha384), ("sha-512", Hash::Sha512)]
            .into_iter()
            .find_map(|(name, hash)| algorithm.eq_ignore_ascii_case(name).then_some(hash))?;
        let mut bytes = [0; 64];
        let mut len = 0;
        for pair in value.split(':') {
            let byte =
                (pair.len() == 2 && pair.bytes().all(|c| c.is_ascii_hexdigit())).then(|| u8::from_str_radix(pair, 16).ok()).flatten()?;
            *bytes.get_mut(len)? = byte;
            len += 1;
        }
        (len == hash.algorithm().output_len()).then_some(Self { hash, bytes })
    }

    /// Whether it is the hash of this certificate.
    pub(super) fn matches(&self, der: &[u8]) -> bool {
        let digest = digest::digest(self.hash.algorithm(), der);
        digest.as_ref() == &self.bytes[..digest.as_ref().len()]
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.hash.algorithm().output_len();
        write!(f, "{:?} {}", self.hash, colon_hex(&self.bytes[..len]))
    }
}

fn colon_hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}
