//! STUN binding requests as ICE sends them (RFC 8489, RFC 8445 §7): parsed in place, answered into a buffer.

use std::net::SocketAddr;

use crate::drops::DropReason;

/// A well-formed binding request. Its sender is not authenticated until [`verify`](Self::verify) says so.
#[derive(Clone, Copy, Debug)]
pub struct BindingRequest<'a> {
    raw: &'a [u8],
}

impl<'a> BindingRequest<'a> {
    /// Reads one datagram.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, DropReason> {
        let _ = datagram;
        Err(DropReason::StunMalformed)
    }

    /// The part of USERNAME that is ours: the receiver's fragment stands first (RFC 8445 §7.2.2).
    pub fn local_ufrag(&self) -> &'a str {
        let _ = self.raw;
        ""
    }

    /// Whether MESSAGE-INTEGRITY was made with our password.
    pub fn verify(&self, pwd: &str) -> bool {
        let _ = pwd;
        false
    }

    /// Whether the client nominates this path.
    pub fn use_candidate(&self) -> bool {
        false
    }

    /// The value of the renomination attribute (0xC001), if there is one.
    pub fn nomination(&self) -> Option<u32> {
        None
    }
}

/// Writes the success response to `req`, seen from `mapped`, authenticated with `pwd`. Appends to `out`.
pub fn write_success(req: &BindingRequest<'_>, mapped: SocketAddr, pwd: &str, out: &mut Vec<u8>) {
    let _ = (req, mapped, pwd, out);
}
