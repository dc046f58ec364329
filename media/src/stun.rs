//! STUN binding requests as ICE sends them (RFC 8489, RFC 8445 §7): parsed in place, answered into a buffer.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::hmac;

use crate::drops::DropReason;

/// RFC 8489 §5.
const HEADER_LEN: usize = 20;
const MAGIC_COOKIE: u32 = 0x2112_A442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

/// Attribute types (RFC 8489 §18.3, RFC 8445 §20.1, draft-thatcher-ice-renomination-01).
mod attribute {
    pub const USERNAME: u16 = 0x0006;
    pub const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub const ERROR_CODE: u16 = 0x0009;
    pub const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
    pub const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
    pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub const PRIORITY: u16 = 0x0024;
    pub const USE_CANDIDATE: u16 = 0x0025;
    pub const FINGERPRINT: u16 = 0x8028;
    pub const ICE_CONTROLLED: u16 = 0x8029;
    pub const NOMINATION: u16 = 0xC001;
    /// From here on an attribute that is not understood may be ignored (RFC 8489 §14).
    pub const FIRST_OPTIONAL: u16 = 0x8000;
}

const INTEGRITY_LEN: usize = 20;
const FINGERPRINT_LEN: usize = 4;
const FINGERPRINT_XOR: u32 = 0x5354_554E;

/// RFC 8489 §14.3. Both ufrags and the colon.
const USERNAME_LEN_MAX: usize = 508;

/// How many unknown attributes a 420 response names; the next request would bring the rest to light.
const UNKNOWN_MAX: usize = 8;

/// The role that the client claims (RFC 8445 §7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimedRole {
    /// ICE-CONTROLLING, or nothing.
    Controlling,
    /// ICE-CONTROLLED: a conflict, for that role is the server's.
    Controlled,
}

/// A well-formed binding request. Its sender is not authenticated until [`verify`](Self::verify) says so.
#[derive(Clone, Copy)]
pub struct BindingRequest<'a> {
    raw: &'a [u8],
    local_ufrag: &'a str,
    remote_ufrag: &'a str,
    /// Where MESSAGE-INTEGRITY starts.
    integrity_at: usize,
    use_candidate: bool,
    nomination: Option<u32>,
    priority: u32,
    role: ClaimedRole,
    unknown: Unknown,
}

/// Attribute types that we would have to understand and do not.
#[derive(Clone, Copy, Default)]
struct Unknown {
    types: [u16; UNKNOWN_MAX],
    count: usize,
}

impl<'a> BindingRequest<'a> {
    /// Reads one datagram. A request without USERNAME or MESSAGE-INTEGRITY is not ICE's and counts as malformed; a
    /// FINGERPRINT, when there, must hold. What stands behind MESSAGE-INTEGRITY is not authentic and is ignored
    /// (RFC 8489 §14.5).
    pub fn parse(datagram: &'a [u8]) -> Result<Self, DropReason> {
        check_header(datagram)?;
        let mut request = Self {
            raw: datagram,
            local_ufrag: "",
            remote_ufrag: "",
            integrity_at: 0,
            use_candidate: false,
            nomination: None,
            priority: 0,
            role: ClaimedRole::Controlling,
            unknown: Unknown::default(),
        };
        let mut attributes = Attributes { datagram, at: HEADER_LEN };
        while let Some(attribute) = attributes.next()? {
            if request.integrity_at == 0 {
                request.read(attribute)?;
            } else if attribute.kind == attribute::FINGERPRINT {
                check_fingerprint(datagram, attribute)?;
            }
        }
        if request.integrity_at == 0 || request.local_ufrag.is_empty() {
            return Err(DropReason::StunMalformed);
        }
        Ok(request)
    }

    fn read(&mut self, Attribute { kind, at, value }: Attribute<'a>) -> Result<(), DropReason> {
        match kind {
            attribute::USERNAME => {
                let name = std::str::from_utf8(value).ok().filter(|name| name.len() <= USERNAME_LEN_MAX);
                let (local, remote) = name.and_then(|name| name.split_once(':')).ok_or(DropReason::StunMalformed)?;
                (self.local_ufrag, self.remote_ufrag) = (local, remote);
            }
            attribute::MESSAGE_INTEGRITY if value.len() == INTEGRITY_LEN => self.integrity_at = at,
            attribute::MESSAGE_INTEGRITY => return Err(DropReason::StunMalformed),
            // RFC 8445 §7.1.1: without MESSAGE-INTEGRITY before it, a FINGERPRINT ends an unauthenticated request.
            attribute::FINGERPRINT => return Err(DropReason::StunMalformed),
            attribute::PRIORITY => self.priority = read_number(value)?,
            attribute::USE_CANDIDATE => self.use_candidate = true,
            attribute::NOMINATION => self.nomination = Some(read_number(value)?),
            attribute::ICE_CONTROLLED => self.role = ClaimedRole::Controlled,
            // RFC 8489 §9.1.1 allows both integrities in a request; the older one is what ICE uses.
            attribute::MESSAGE_INTEGRITY_SHA256 => {}
            kind if kind < attribute::FIRST_OPTIONAL => self.unknown.push(kind),
            _ => {}
        }
        Ok(())
    }

    /// The part of USERNAME that is ours: the receiver's fragment stands first (RFC 8445 §7.2.2).
    pub fn local_ufrag(&self) -> &'a str {
        self.local_ufrag
    }

    /// The part of USERNAME that is the client's.
    pub fn remote_ufrag(&self) -> &'a str {
        self.remote_ufrag
    }

    /// Whether MESSAGE-INTEGRITY was made with our password.
    pub fn verify(&self, pwd: &str) -> bool {
        let key = integrity_key(pwd);
        let end = self.integrity_at + 4 + INTEGRITY_LEN;
        let Some(tag) = self.raw.get(self.integrity_at + 4..end) else { return false };
        let expected = integrity(&key, &self.raw[..self.integrity_at]);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), tag).is_ok()
    }

    /// Whether the client nominates this path.
    pub fn use_candidate(&self) -> bool {
        self.use_candidate
    }

    /// The value of the renomination attribute (0xC001), if there is one: of two nominations the higher value wins.
    pub fn nomination(&self) -> Option<u32> {
        self.nomination
    }

    /// The priority that a peer-reflexive candidate of this check would get.
    pub fn priority(&self) -> u32 {
        self.priority
    }

    /// The role that the client claims.
    pub fn role(&self) -> ClaimedRole {
        self.role
    }

    /// Whether it has attributes that must be understood and are not: to be refused with 420.
    pub fn has_unknown_attributes(&self) -> bool {
        self.unknown.count > 0
    }

    fn transaction(&self) -> &'a [u8] {
        self.raw.get(8..HEADER_LEN).unwrap_or(&[0; 12])
    }
}

impl Unknown {
    fn push(&mut self, kind: u16) {
        if let Some(free) = self.types.get_mut(self.count) {
            *free = kind;
            self.count += 1;
        }
    }
}

fn check_header(datagram: &[u8]) -> Result<(), DropReason> {
    let header = datagram.first_chunk::<HEADER_LEN>().ok_or(DropReason::StunMalformed)?;
    let number = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (kind, len) = (number(0), usize::from(number(2)));
    let cookie = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    if cookie != MAGIC_COOKIE || len % 4 != 0 || datagram.len() != HEADER_LEN + len {
        return Err(DropReason::StunMalformed);
    }
    if kind == BINDING_REQUEST { Ok(()) } else { Err(DropReason::StunNotRequest) }
}

#[derive(Clone, Copy)]
struct Attribute<'a> {
    kind: u16,
    at: usize,
    value: &'a [u8],
}

struct Attributes<'a> {
    datagram: &'a [u8],
    at: usize,
}

impl<'a> Attributes<'a> {
    fn next(&mut self) -> Result<Option<Attribute<'a>>, DropReason> {
        let at = self.at;
        let Some(rest) = self.datagram.get(at..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let &[kind_high, kind_low, len_high, len_low, ..] = rest else { return Err(DropReason::StunMalformed) };
        let len = usize::from(u16::from_be_bytes([len_high, len_low]));
        let value = rest.get(4..4 + len).ok_or(DropReason::StunMalformed)?;
        self.at = at + 4 + len.next_multiple_of(4);
        Ok(Some(Attribute { kind: u16::from_be_bytes([kind_high, kind_low]), at, value }))
    }
}

fn read_number(value: &[u8]) -> Result<u32, DropReason> {
    value.try_into().map(u32::from_be_bytes).map_err(|_| DropReason::StunMalformed)
}

fn check_fingerprint(datagram: &[u8], attribute: Attribute<'_>) -> Result<(), DropReason> {
    let last = attribute.at + 4 + FINGERPRINT_LEN == datagram.len();
    let holds = last && read_number(attribute.value)? == fingerprint(&datagram[..attribute.at]);
    if holds { Ok(()) } else { Err(DropReason::StunUnauthenticated) }
}

/// Writes the success response to `req`, seen from `mapped`, authenticated with `pwd`. Appends to `out`.
pub fn write_success(req: &BindingRequest<'_>, mapped: SocketAddr, pwd: &str, out: &mut Vec<u8>) {
    let mut response = Response::begin(BINDING_SUCCESS, req, out);
    response.xor_mapped_address(req, mapped);
    response.finish(pwd);
}

/// Refuses with 487 a client that claims the server's role (RFC 8445 §7.3.1.1): it will switch. Appends to `out`.
pub fn write_role_conflict(req: &BindingRequest<'_>, pwd: &str, out: &mut Vec<u8>) {
    let mut response = Response::begin(BINDING_ERROR, req, out);
    response.error(4, 87, "Role Conflict");
    response.finish(pwd);
}

/// Refuses with 420 a request whose attributes are not all understood (RFC 8489 §6.3.1). Appends to `out`.
pub fn write_unknown_attributes(req: &BindingRequest<'_>, pwd: &str, out: &mut Vec<u8>) {
    let mut response = Response::begin(BINDING_ERROR, req, out);
    response.error(4, 20, "Unknown Attribute");
    let mut types = [0; 2 * UNKNOWN_MAX];
    for (bytes, kind) in types.chunks_exact_mut(2).zip(req.unknown.types) {
        bytes.copy_from_slice(&kind.to_be_bytes());
    }
    response.attribute(attribute::UNKNOWN_ATTRIBUTES, &types[..2 * req.unknown.count]);
    response.finish(pwd);
}

/// A response under construction at the end of a buffer.
struct Response<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl<'o> Response<'o> {
    fn begin(kind: u16, req: &BindingRequest<'_>, out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&MAGIC_COOKIE.to_be_bytes());
        out.extend_from_slice(req.transaction());
        Self { out, start }
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.out.extend_from_slice(&kind.to_be_bytes());
        self.out.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.out.extend_from_slice(value);
        let padding = value.len().next_multiple_of(4) - value.len();
        self.out.extend_from_slice(&[0; 3][..padding]);
    }

    /// RFC 8489 §14.8.
    fn error(&mut self, class: u8, number: u8, reason: &str) {
        let mut value = [0; 32];
        value[2] = class;
        value[3] = number;
        let len = 4 + reason.len();
        value[4..len].copy_from_slice(reason.as_bytes());
        self.attribute(attribute::ERROR_CODE, &value[..len]);
    }

    /// RFC 8489 §14.2: port and address XORed with cookie and transaction.
    fn xor_mapped_address(&mut self, req: &BindingRequest<'_>, mapped: SocketAddr) {
        let mut mask = [0; 16];
        mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        mask[4..].copy_from_slice(req.transaction());

        let mut value = [0; 20];
        let port = mapped.port() ^ (MAGIC_COOKIE >> 16) as u16;
        value[2..4].copy_from_slice(&port.to_be_bytes());
        // A socket of both families shows IPv4 peers as mapped addresses; to the client it is IPv4.
        let len = match mapped.ip().to_canonical() {
            IpAddr::V4(ip) => {
                value[1] = 1;
                value[4..8].copy_from_slice(&ip.octets());
                8
            }
            IpAddr::V6(ip) => {
                value[1] = 2;
                value[4..20].copy_from_slice(&ip.octets());
                20
            }
        };
        for (byte, mask) in value[4..len].iter_mut().zip(mask) {
            *byte ^= mask;
        }
        self.attribute(attribute::XOR_MAPPED_ADDRESS, &value[..len]);
    }

    fn finish(mut self, pwd: &str) {
        let tag = integrity(&integrity_key(pwd), &self.out[self.start..]);
        self.attribute(attribute::MESSAGE_INTEGRITY, tag.as_ref());
        self.set_len(4 + FINGERPRINT_LEN);
        let sum = fingerprint(&self.out[self.start..]);
        self.attribute(attribute::FINGERPRINT, &sum.to_be_bytes());
    }

    fn set_len(&mut self, still_to_come: usize) {
        let len = (self.out.len() - self.start - HEADER_LEN + still_to_come) as u16;
        self.out[self.start + 2..self.start + 4].copy_from_slice(&len.to_be_bytes());
    }
}

/// ICE uses short-term credentials: the password is the key (RFC 8489 §9.1.1).
fn integrity_key(pwd: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, pwd.as_bytes())
}

/// The tag over a message up to MESSAGE-INTEGRITY, whose length field then counts that attribute and nothing
/// after it (RFC 8489 §14.5).
fn integrity(key: &hmac::Key, message: &[u8]) -> hmac::Tag {
    let len = (message.len() - HEADER_LEN + 4 + INTEGRITY_LEN) as u16;
    let mut context = hmac::Context::with_key(key);
    context.update(&message[..2]);
    context.update(&len.to_be_bytes());
    context.update(&message[4..]);
    context.sign()
}

/// RFC 8489 §14.7, over a message whose length field already counts the FINGERPRINT.
fn fingerprint(message: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in message {
        crc = CRC_TABLE[usize::from((crc as u8) ^ byte)] ^ (crc >> 8);
    }
    !crc ^ FINGERPRINT_XOR
}

/// CRC-32 of ITU-T V.42, reflected.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut crc = n as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};
