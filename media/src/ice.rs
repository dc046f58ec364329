//! ICE-lite (RFC 8445 §2.5): which addresses are the client's, and which of them media is sent to.

use std::net::SocketAddr;
use std::time::Instant;

use rand::Rng;

use crate::drops::DropReason;
use crate::stun::BindingRequest;

/// Username fragment and password of one ICE generation.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub pwd: String,
}

impl Credentials {
    /// Draws new ones. The first character of the ufrag names the worker, so that any socket can hand a stray on.
    pub fn generate(rng: &mut impl Rng, worker_index: u8) -> Self {
        let _ = (rng, worker_index);
        Self { ufrag: String::new(), pwd: String::new() }
    }

    /// The worker that a ufrag of ours names.
    pub fn worker_index(ufrag: &str) -> Option<u8> {
        let _ = ufrag;
        None
    }
}

/// What one authenticated check changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IceOutcome {
    /// Its source was not known before.
    pub newly_authenticated: bool,
    /// [`IceLite::selected`] is another address now.
    pub selected_changed: bool,
    /// It was the first check with the credentials of a restart: the old ones are void now.
    pub restarted: bool,
}

/// The ICE agent of one peer: always lite, always controlled.
pub struct IceLite {
    current: Credentials,
}

impl IceLite {
    /// Starts with the credentials that stand in the answer.
    pub fn new(credentials: Credentials, now: Instant) -> Self {
        let _ = now;
        Self { current: credentials }
    }

    /// ICE restart: `credentials` stand in the new answer. The old ones stay valid until the first check with these.
    pub fn restart(&mut self, credentials: Credentials, now: Instant) {
        let _ = now;
        self.current = credentials;
    }

    /// The credentials that an answer written now must carry.
    pub fn credentials(&self) -> &Credentials {
        &self.current
    }

    /// Whether a request to `ufrag` is for this agent.
    pub fn accepts_ufrag(&self, ufrag: &str) -> bool {
        self.current.ufrag == ufrag
    }

    /// Handles a check from `from`; appends the response to `out`, to be sent back to `from` from the same socket.
    pub fn handle_request(
        &mut self,
        now: Instant,
        from: SocketAddr,
        req: &BindingRequest<'_>,
        out: &mut Vec<u8>,
    ) -> Result<IceOutcome, DropReason> {
        let _ = (now, from, req, out);
        Err(DropReason::StunUnknownUser)
    }

    /// Forgets addresses that were not checked for 30 s; read them with [`poll_forgotten`](Self::poll_forgotten).
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due: an address or the consent expires.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// An address that is no longer this peer's (expired, or displaced by newer ones).
    pub fn poll_forgotten(&mut self) -> Option<SocketAddr> {
        None
    }

    /// Whether a check from this address was authenticated and has not expired.
    pub fn is_authenticated(&self, address: SocketAddr) -> bool {
        let _ = address;
        false
    }

    /// Every address of which that is true; a bounded number.
    pub fn authenticated_addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        std::iter::empty()
    }

    /// Where media goes: the nominated address, or before any nomination the first authenticated one.
    pub fn selected(&self) -> Option<SocketAddr> {
        None
    }

    /// Whether 30 s passed without an authenticated check (RFC 7675 §5.1).
    pub fn consent_expired(&self, now: Instant) -> bool {
        let _ = now;
        false
    }
}
