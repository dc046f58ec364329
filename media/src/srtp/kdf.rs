//! Session keys from a master key (RFC 3711 §4.3).

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::{MasterKey, SrtpProfile};

/// Which key is derived: `<label>` of RFC 3711 §4.3.2.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// Derives `LEN` bytes. The salt of a GCM profile is 12 bytes and counts as followed by two zero bytes (RFC 7714 §11).
pub(super) fn derive<const LEN: usize>(profile: SrtpProfile, master: &MasterKey, label: Label) -> [u8; LEN] {
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(&master.salt);
    // key_id is label and a 48 bit index that is 0 without a key derivation rate; right-aligned to the salt.
    iv[7] ^= label as u8;
    let mut out = [0; LEN];
    aes_cm(&counter_key(&master.key[..profile.key_len()]), iv, &mut out);
    out
}

/// An AES key for counter mode: 16 or 32 bytes.
pub(super) fn counter_key(key: &[u8]) -> EncryptingKey {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    let key = UnboundCipherKey::new(algorithm, key).expect("the profile gives the key's length");
    EncryptingKey::ctr(key).expect("AES has a counter mode")
}

/// Adds the key stream that starts at `iv` (RFC 3711 §4.1.1).
pub(super) fn aes_cm(key: &EncryptingKey, iv: [u8; 16], in_out: &mut [u8]) {
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(in_out, context).expect("counter mode takes any length");
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    fn master(key: &str, salt: &str) -> MasterKey {
        let (key, salt) = (hex(key), hex(salt));
        let mut master = MasterKey { key: [0; 32], salt: [0; 14] };
        master.key[..key.len()].copy_from_slice(&key);
        master.salt[..salt.len()].copy_from_slice(&salt);
        master
    }

    #[test]
    fn rfc3711_b2_key_stream() {
        let key = counter_key(&hex("2B7E151628AED2A6ABF7158809CF4F3C"));
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
        let mut stream = vec![0; 0xff02 * 16];
        aes_cm(&key, iv, &mut stream);
        assert_eq!(stream[..16], hex("E03EAD0935C95E80E166B16DD92B4EB4"));
        assert_eq!(stream[16..32], hex("D23513162B02D0F72A43A2FE4A5F97AB"));
        assert_eq!(
            stream[0xfeff * 16..][..48],
            hex("EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44")
        );
    }

    #[test]
    fn rfc3711_b3_key_derivation() {
        let profile = SrtpProfile::Aes128CmSha1_80;
        let master = master("E1F97A0D3E018BE0D64FA32C06DE4139", "0EC675AD498AFEEBB6960B3AABE6");
        assert_eq!(derive::<16>(profile, &master, Label::RtpEncryption).to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derive::<14>(profile, &master, Label::RtpSalt).to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        let auth = "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2";
        assert_eq!(derive::<94>(profile, &master, Label::RtpAuthentication).to_vec(), hex(auth));
    }

    #[test]
    fn rfc6188_7_2_key_derivation_with_256_bit() {
        let profile = SrtpProfile::AeadAes256Gcm;
        let master = master("F0F04914B513F2763A1B1FA130F10E2998F6F6E43E4309D1E622A0E332B9F1B6", "3B04803DE51EE7C96423AB5B78D2");
        let key = "5BA1064E30EC51613CAD926C5A28EF731EC7FB397F70A960653CAF06554CD8C4";
        assert_eq!(derive::<32>(profile, &master, Label::RtpEncryption).to_vec(), hex(key));
        assert_eq!(derive::<14>(profile, &master, Label::RtpSalt).to_vec(), hex("FA31791685CA444A9E07C6C64E93"));
    }
}
