//! Connectivity checks of a controlling agent (RFC 8445 §7.2.2): one request, written from scratch, nothing shared with the server's code.

use aws_lc_rs::hmac;

const MAGIC: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;

/// What a check carries.
#[derive(Clone, Debug)]
pub struct Check<'a> {
    /// Ours, remote first: `remote:local`.
    pub username: &'a str,
    /// The server's password.
    pub pwd: &'a str,
    /// 96 bits that tell the response.
    pub transaction: [u8; 12],
    /// Whether this pair is nominated.
    pub nominate: bool,
    /// The value of a renomination.
    pub nomination: Option<u32>,
}

/// The bytes of a binding request.
pub fn write_check(check: &Check<'_>) -> Vec<u8> {
    let priority = 0x6E7F_1EFFu32.to_be_bytes();
    let mut attributes: Vec<(u16, &[u8])> = vec![(0x0006, check.username.as_bytes()), (0x0024, &priority), (0x802A, &[7; 8])];
    if check.nominate {
        attributes.push((0x0025, &[]));
    }
    let nomination = check.nomination.map(u32::to_be_bytes);
    if let Some(value) = &nomination {
        attributes.push((0xC001, value));
    }
    write_request(check.transaction, &attributes, check.pwd)
}

/// A binding request with any attributes, signed with `pwd` and fingerprinted.
pub fn write_request(transaction: [u8; 12], attributes: &[(u16, &[u8])], pwd: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&BINDING_REQUEST.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&transaction);
    for (kind, value) in attributes {
        attribute(&mut out, *kind, value);
    }
    set_length(&mut out, 24);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, pwd.as_bytes());
    let tag = hmac::sign(&key, &out);
    attribute(&mut out, 0x0008, tag.as_ref());
    set_length(&mut out, 8);
    let crc = crc32(&out) ^ 0x5354_554E;
    attribute(&mut out, 0x8028, &crc.to_be_bytes());
    out
}

/// The transaction of a success response; its integrity is not looked at, the network of the tests is not hostile to clients.
pub fn success_transaction(datagram: &[u8]) -> Option<[u8; 12]> {
    let success = datagram.len() >= 20 && datagram[..2] == BINDING_SUCCESS.to_be_bytes() && datagram[4..8] == MAGIC;
    success.then(|| datagram[8..20].try_into().ok()).flatten()
}

fn attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// The length field counts the attribute about to be appended.
fn set_length(out: &mut [u8], next_attribute: usize) {
    let len = (out.len() - 20 + next_attribute) as u16;
    out[2..4].copy_from_slice(&len.to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
