//! Secrets that are handed out once and kept as digests: sessions, one-time links, calendar addresses.

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

const BYTES: usize = 32;

/// A secret; prints as nothing.
pub struct Secret(String);

impl Secret {
    /// A new one, 256 bits. `None` when the system has no randomness.
    pub fn new() -> Option<Self> {
        let mut bytes = [0; BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(BASE64.encode(bytes)))
    }

    /// What goes to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What stays here.
    pub fn hash(&self) -> String {
        hash_of(&self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The digest of what somebody brings. 256 random bits need no salt.
pub fn hash_of(secret: &str) -> String {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
