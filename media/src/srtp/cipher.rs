//! The two transforms: AES-GCM (RFC 7714) and AES-CM with HMAC-SHA1-80 (RFC 3711), for RTP and for RTCP.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::EncryptingKey;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use super::kdf::{Label, aes_cm, counter_key, derive};
use super::{MasterKey, SrtpProfile};

/// The tag did not hold, or a packet was too short to have one.
#[derive(Debug)]
pub(super) struct Unauthentic;

/// A tag; as many of the bytes as the transform's tag is long.
pub(super) struct Tag {
    bytes: [u8; 16],
    len: usize,
}

impl Tag {
    fn new(tag: &[u8], len: usize) -> Self {
        let mut bytes = [0; 16];
        bytes[..len].copy_from_slice(&tag[..len]);
        Self { bytes, len }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The session keys of one direction, for RTP or for RTCP.
pub(super) enum Cipher {
    Gcm {
        key: LessSafeKey,
        salt: [u8; 12],
    },
    /// Boxed: a kilobyte and a half that a peer with GCM need not carry.
    CmHmac {
        key: Box<EncryptingKey>,
        salt: [u8; 14],
        auth: Box<hmac::Key>,
    },
}

/// Length of the HMAC-SHA1 tag of RFC 3711 §4.2, and of its key.
const CM_TAG_LEN: usize = 10;
const CM_AUTH_KEY_LEN: usize = 20;
const GCM_TAG_LEN: usize = 16;

impl Cipher {
    pub(super) fn rtp(profile: SrtpProfile, master: &MasterKey) -> Self {
        Self::derive(profile, master, [Label::RtpEncryption, Label::RtpAuthentication, Label::RtpSalt])
    }

    pub(super) fn rtcp(profile: SrtpProfile, master: &MasterKey) -> Self {
        Self::derive(profile, master, [Label::RtcpEncryption, Label::RtcpAuthentication, Label::RtcpSalt])
    }

    fn derive(profile: SrtpProfile, master: &MasterKey, [encryption, authentication, salt]: [Label; 3]) -> Self {
        let key: [u8; 32] = derive(profile, master, encryption);
        let key = &key[..profile.key_len()];
        let algorithm = match profile {
            SrtpProfile::AeadAes128Gcm => &AES_128_GCM,
            SrtpProfile::AeadAes256Gcm => &AES_256_GCM,
            SrtpProfile::Aes128CmSha1_80 => {
                let auth: [u8; CM_AUTH_KEY_LEN] = derive(profile, master, authentication);
                return Self::CmHmac {
                    key: Box::new(counter_key(key)),
                    salt: derive(profile, master, salt),
                    auth: Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth)),
                };
            }
        };
        let key = UnboundKey::new(algorithm, key).expect("the profile gives the key's length");
        Self::Gcm { key: LessSafeKey::new(key), salt: derive(profile, master, salt) }
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => GCM_TAG_LEN,
            Self::CmHmac { .. } => CM_TAG_LEN,
        }
    }

    /// Encrypts `payload` of the packet that starts with `header`; returns the tag.
    #[inline]
    pub(super) fn seal_rtp(&self, header: &[u8], payload: &mut [u8], ssrc: u32, index: u64) -> Result<Tag, Unauthentic> {
        match self {
            Self::Gcm { key, salt } => seal_gcm(key, rtp_nonce(salt, ssrc, index), header, payload),
            Self::CmHmac { key, salt, auth } => {
                aes_cm(key, counter_block(salt, ssrc, index), payload);
                let tag = cm_tag(auth, [header, payload, &rollover_counter(index)]);
                Ok(Tag::new(tag.as_ref(), CM_TAG_LEN))
            }
        }
    }

    /// Authenticates and decrypts `body` (payload and tag); returns the length of the payload.
    #[inline]
    pub(super) fn open_rtp(&self, header: &[u8], body: &mut [u8], ssrc: u32, index: u64) -> Result<usize, Unauthentic> {
        match self {
            Self::Gcm { key, salt } => open_gcm(key, rtp_nonce(salt, ssrc, index), header, body),
            Self::CmHmac { key, salt, auth } => {
                let len = body.len().checked_sub(CM_TAG_LEN).ok_or(Unauthentic)?;
                let (payload, tag) = body.split_at_mut(len);
                let expected = cm_tag(auth, [header, payload, &rollover_counter(index)]);
                verify_slices_are_equal(&expected.as_ref()[..CM_TAG_LEN], tag).map_err(|_| Unauthentic)?;
                aes_cm(key, counter_block(salt, ssrc, index), payload);
                Ok(len)
            }
        }
    }

    /// Encrypts `payload` of a compound RTCP packet behind `header` (the first eight bytes) and appends index and tag
    /// in this transform's order. `word` is the E flag and the 31 bit index (RFC 3711 §3.4).
    pub(super) fn seal_rtcp(&self, header: [u8; 8], payload: &mut [u8], ssrc: u32, word: u32) -> Result<RtcpTrailer, Unauthentic> {
        let index = u64::from(word & !super::inbound::RTCP_ENCRYPTED);
        match self {
            Self::Gcm { key, salt } => {
                let tag = seal_gcm(key, rtcp_nonce(salt, ssrc, index), &rtcp_aad(header, word), payload)?;
                Ok(RtcpTrailer::new(tag.as_slice(), &word.to_be_bytes()))
            }
            Self::CmHmac { key, salt, auth } => {
                aes_cm(key, counter_block(salt, ssrc, index), payload);
                let tag = cm_tag(auth, [&header, payload, &word.to_be_bytes()]);
                Ok(RtcpTrailer::new(&word.to_be_bytes(), &tag.as_ref()[..CM_TAG_LEN]))
            }
        }
    }

    /// The index word of an SRTCP packet's trailer, not yet authentic: RFC 7714 puts it last, RFC 3711 before the tag.
    pub(super) fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let from_end = match self {
            Self::Gcm { .. } => 4,
            Self::CmHmac { .. } => 4 + CM_TAG_LEN,
        };
        super::read_u32(packet, packet.len().checked_sub(from_end)?)
    }

    /// Authenticates and decrypts `body` (payload, tag and index word); returns the length of the payload.
    pub(super) fn open_rtcp(&self, header: [u8; 8], body: &mut [u8], ssrc: u32, word: u32) -> Result<usize, Unauthentic> {
        let index = u64::from(word & !super::inbound::RTCP_ENCRYPTED);
        match self {
            Self::Gcm { key, salt } => {
                let len = body.len().checked_sub(4).ok_or(Unauthentic)?;
                open_gcm(key, rtcp_nonce(salt, ssrc, index), &rtcp_aad(header, word), &mut body[..len])
            }
            Self::CmHmac { key, salt, auth } => {
                let len = body.len().checked_sub(4 + CM_TAG_LEN).ok_or(Unauthentic)?;
                let (payload, trailer) = body.split_at_mut(len);
                let (word, tag) = trailer.split_at(4);
                let expected = cm_tag(auth, [&header, payload, word]);
                verify_slices_are_equal(&expected.as_ref()[..CM_TAG_LEN], tag).map_err(|_| Unauthentic)?;
                aes_cm(key, counter_block(salt, ssrc, index), payload);
                Ok(len)
            }
        }
    }
}

/// Tag and index word, in the order in which the transform sends them.
pub(super) struct RtcpTrailer {
    bytes: [u8; 4 + GCM_TAG_LEN],
    len: usize,
}

impl RtcpTrailer {
    fn new(first: &[u8], second: &[u8]) -> Self {
        let mut bytes = [0; 4 + GCM_TAG_LEN];
        let len = first.len() + second.len();
        bytes[..first.len()].copy_from_slice(first);
        bytes[first.len()..len].copy_from_slice(second);
        Self { bytes, len }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn seal_gcm(key: &LessSafeKey, nonce: Nonce, aad: &[u8], payload: &mut [u8]) -> Result<Tag, Unauthentic> {
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), payload).map_err(|_| Unauthentic)?;
    Ok(Tag::new(tag.as_ref(), GCM_TAG_LEN))
}

fn open_gcm(key: &LessSafeKey, nonce: Nonce, aad: &[u8], body: &mut [u8]) -> Result<usize, Unauthentic> {
    key.open_in_place(nonce, Aad::from(aad), body).map(|payload| payload.len()).map_err(|_| Unauthentic)
}

/// RFC 7714 §8.1: zero, SSRC, rollover counter, sequence number; the last two are the index.
fn rtp_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut nonce = *salt;
    xor(&mut nonce[2..6], &ssrc.to_be_bytes());
    xor(&mut nonce[6..12], &index.to_be_bytes()[2..]);
    Nonce::assume_unique_for_key(nonce)
}

/// RFC 7714 §9.1: zero, SSRC, zero, index.
fn rtcp_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    // The index has 31 bit: what is zero here is the upper part of the 48 bit of an RTP index.
    rtp_nonce(salt, ssrc, index)
}

/// RFC 7714 §9.2: the header that stays readable, then E flag and index.
fn rtcp_aad(header: [u8; 8], word: u32) -> [u8; 12] {
    let mut aad = [0; 12];
    aad[..8].copy_from_slice(&header);
    aad[8..].copy_from_slice(&word.to_be_bytes());
    aad
}

/// RFC 3711 §4.1.1: salt, SSRC and index, with a block counter of 0.
fn counter_block(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let mut block = [0; 16];
    block[..14].copy_from_slice(salt);
    xor(&mut block[4..8], &ssrc.to_be_bytes());
    xor(&mut block[8..14], &index.to_be_bytes()[2..]);
    block
}

/// RFC 3711 §4.2: the rollover counter is authenticated though it is not sent.
fn rollover_counter(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

fn cm_tag(key: &hmac::Key, parts: [&[u8]; 3]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

fn xor(target: &mut [u8], value: &[u8]) {
    for (t, v) in target.iter_mut().zip(value) {
        *t ^= v;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: String = text.split_whitespace().collect();
        (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
    }

    /// The key and salt of RFC 7714 §16 and §17 are session keys: nothing is derived.
    fn rfc7714(key_len: usize) -> Cipher {
        let key: Vec<u8> = (0..key_len as u8).collect();
        let algorithm = if key_len == 16 { &AES_128_GCM } else { &AES_256_GCM };
        Cipher::Gcm { key: LessSafeKey::new(UnboundKey::new(algorithm, &key).unwrap()), salt: *b"Quid pro quo" }
    }

    const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573";
    const RTCP: &str =
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef";

    #[test]
    fn rfc7714_16_rtp() {
        let cases = [
            (
                16,
                "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
            ),
            (
                32,
                "32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
            ),
        ];
        for (key_len, expected) in cases {
            let cipher = rfc7714(key_len);
            let plain = hex(RTP);
            let (header, payload) = plain.split_at(12);
            let mut body = payload.to_vec();
            let tag = cipher.seal_rtp(header, &mut body, 0x5501_a0b2, 0xf17b).ok().unwrap();
            body.extend_from_slice(tag.as_slice());
            assert_eq!(body, hex(expected));
            let len = cipher.open_rtp(header, &mut body, 0x5501_a0b2, 0xf17b).unwrap();
            assert_eq!(&body[..len], payload);
        }
    }

    #[test]
    fn rfc7714_17_rtcp() {
        let cases = [
            (
                16,
                "63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
            ),
            (
                32,
                "d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
            ),
        ];
        for (key_len, expected) in cases {
            let cipher = rfc7714(key_len);
            let plain = hex(RTCP);
            let (header, payload) = plain.split_first_chunk::<8>().unwrap();
            let mut body = payload.to_vec();
            let trailer = cipher.seal_rtcp(*header, &mut body, 0x4d61_7273, 0x8000_05d4).ok().unwrap();
            body.extend_from_slice(trailer.as_slice());
            assert_eq!(body, hex(expected));
            assert_eq!(cipher.rtcp_word(&body), Some(0x8000_05d4));
            let len = cipher.open_rtcp(*header, &mut body, 0x4d61_7273, 0x8000_05d4).unwrap();
            assert_eq!(&body[..len], payload);
        }
    }
}
