//! SRTP and SRTCP in place (RFC 3711, RFC 7714): one [`Inbound`] and one [`Outbound`] per peer.
//!
//! Nothing here allocates per packet; state for an SSRC comes into being with its first authentic packet and is
//! bounded. The session keys never change: a key derivation rate is not negotiable in DTLS-SRTP (RFC 5764 §4.1.2).

mod cipher;
mod inbound;
mod kdf;
mod outbound;
mod window;

use std::fmt;

pub use inbound::{Inbound, Opened};
pub use outbound::Outbound;

/// A protection profile that DTLS-SRTP negotiated (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SrtpProfile {
    /// AEAD_AES_128_GCM.
    AeadAes128Gcm,
    /// AEAD_AES_256_GCM.
    AeadAes256Gcm,
    /// SRTP_AES128_CM_HMAC_SHA1_80.
    Aes128CmSha1_80,
}

impl SrtpProfile {
    /// Length of a master key, and of the encryption keys derived from it.
    pub const fn key_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::Aes128CmSha1_80 => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Length of a master salt, and of the salts derived from it.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            Self::Aes128CmSha1_80 => 14,
        }
    }

    /// Bytes that sealing adds to an RTP packet.
    pub const fn tag_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
            Self::Aes128CmSha1_80 => 10,
        }
    }
}

/// Master key and salt of one direction, each as long as the profile says.
#[derive(Clone, Copy)]
pub(crate) struct MasterKey {
    key: [u8; 32],
    salt: [u8; 14],
}

/// The master keys and salts of both directions, seen from the server. Prints without them.
#[derive(Clone)]
pub struct KeyingMaterial {
    profile: SrtpProfile,
    client: MasterKey,
    server: MasterKey,
}

impl KeyingMaterial {
    /// Splits what the handshake exported: client key, server key, client salt, server salt (RFC 5764 §4.2).
    /// `None` when the length is not the profile's.
    pub fn from_export(profile: SrtpProfile, exported: &[u8]) -> Option<Self> {
        let (key_len, salt_len) = (profile.key_len(), profile.salt_len());
        if exported.len() != 2 * (key_len + salt_len) {
            return None;
        }
        let (keys, salts) = exported.split_at(2 * key_len);
        let master = |key: &[u8], salt: &[u8]| {
            let mut master = MasterKey { key: [0; 32], salt: [0; 14] };
            master.key[..key_len].copy_from_slice(key);
            master.salt[..salt_len].copy_from_slice(salt);
            master
        };
        let client = master(&keys[..key_len], &salts[..salt_len]);
        let server = master(&keys[key_len..], &salts[salt_len..]);
        Some(Self { profile, client, server })
    }

    /// What they are for.
    pub fn profile(&self) -> SrtpProfile {
        self.profile
    }

    /// The same with the roles exchanged: what the client of the handshake makes its contexts from.
    pub fn swapped(&self) -> Self {
        Self { profile: self.profile, client: self.server, server: self.client }
    }
}

impl fmt::Debug for KeyingMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyingMaterial({:?})", self.profile)
    }
}

/// Reads a big-endian number at `at`. `None` past the end.
fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// Reads a big-endian number at `at`. `None` past the end.
fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}
