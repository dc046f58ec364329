//! ICE-lite (RFC 8445 §2.5): which addresses are the client's, and which of them media is sent to.
//!
//! The client finds the path; this side only answers authenticated checks, remembers from where they came and follows
//! the client's nomination. A change of network needs no new offer: a nominated check from a new address moves the path.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::Rng;

use crate::drops::DropReason;
use crate::path::Path;
use crate::stun::{self, BindingRequest, ClaimedRole};

/// RFC 7675 §5.1: consent to send ends 30 s after the last authenticated check. An address is forgotten by the same rule.
pub const CONSENT: Duration = Duration::from_secs(30);

/// Addresses remembered per peer: a tablet with WLAN, mobile network and a VPN, both IP versions, and again after a
/// change of network. Full: the one not checked for longest gives way, the selected one last.
pub const ADDRESSES_MAX: usize = 12;

/// `ice-char` of RFC 8839 §5.4.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One for the worker, and 66 random bit so that nobody guesses whom to knock at (RFC 8445 §5.3 wants 24).
pub(crate) const UFRAG_LEN: usize = 12;

/// 144 bit (RFC 8445 §5.3 wants 128).
const PWD_LEN: usize = 24;

/// Username fragment and password of one ICE generation. Prints without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub pwd: String,
}

impl Credentials {
    /// Draws new ones. The first character of the ufrag names the worker (up to 64), so that any socket can hand a
    /// stray on.
    pub fn generate(rng: &mut impl Rng, worker_index: u8) -> Self {
        let mut ufrag = String::with_capacity(UFRAG_LEN);
        ufrag.push(char::from(ICE_CHARS[usize::from(worker_index) % ICE_CHARS.len()]));
        extend_random(&mut ufrag, rng, UFRAG_LEN - 1);
        let mut pwd = String::with_capacity(PWD_LEN);
        extend_random(&mut pwd, rng, PWD_LEN);
        Self { ufrag, pwd }
    }

    /// The worker that a ufrag of ours names.
    pub fn worker_index(ufrag: &str) -> Option<u8> {
        let first = ufrag.bytes().next()?;
        ICE_CHARS.iter().position(|&c| c == first).map(|at| at as u8)
    }
}

fn extend_random(text: &mut String, rng: &mut impl Rng, count: usize) {
    text.extend((0..count).map(|_| char::from(ICE_CHARS[rng.random_range(0..ICE_CHARS.len())])));
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.ufrag)
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
    /// Those before a restart, until a check with the current ones arrives.
    previous: Option<Credentials>,
    addresses: Vec<Known>,
    selected: Option<Path>,
    nominated: Nominated,
    last_check: Instant,
    /// Whether [`handle_timeout`](Self::handle_timeout) has seen the consent expire: then nothing is due any more.
    lapsed: bool,
    /// Bounded by what one call can forget.
    forgotten: VecDeque<SocketAddr>,
}

/// An address from which an authenticated check came, and where the last one arrived.
struct Known {
    path: Path,
    last_check: Instant,
}

/// How the selected address came to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nominated {
    /// By being first; any nomination beats it.
    No,
    /// By USE-CANDIDATE; the next one wins.
    Plainly,
    /// By the renomination attribute; a higher value wins.
    WithValue(u32),
}

impl IceLite {
    /// Starts with the credentials that stand in the answer.
    pub fn new(credentials: Credentials, now: Instant) -> Self {
        Self {
            current: credentials,
            previous: None,
            addresses: Vec::with_capacity(ADDRESSES_MAX),
            selected: None,
            nominated: Nominated::No,
            last_check: now,
            lapsed: false,
            forgotten: VecDeque::new(),
        }
    }

    /// ICE restart: `credentials` stand in the new answer. The old ones stay valid until the first check with these,
    /// and media keeps flowing where it flows until the client nominates again.
    pub fn restart(&mut self, credentials: Credentials, now: Instant) {
        let replaced = std::mem::replace(&mut self.current, credentials);
        // An earlier restart that no check confirmed: the client still uses those from before it.
        self.previous.get_or_insert(replaced);
        self.last_check = now;
        self.lapsed = false;
    }

    /// The credentials that an answer written now must carry.
    pub fn credentials(&self) -> &Credentials {
        &self.current
    }

    /// The ufrag from before a restart, while it is still valid.
    pub fn previous_ufrag(&self) -> Option<&str> {
        self.previous.as_ref().map(|credentials| credentials.ufrag.as_str())
    }

    /// Whether a request to `ufrag` is for this agent.
    pub fn accepts_ufrag(&self, ufrag: &str) -> bool {
        self.current.ufrag == ufrag || self.previous_ufrag() == Some(ufrag)
    }

    /// Handles a check that came along `path`; appends the response to `out`, to be sent back along it.
    ///
    /// An authentic request that must be refused (487, 420) is answered too and changes nothing. Whatever is not
    /// authentic gets no response at all, so that this port cannot be used to reflect.
    pub fn handle_request(
        &mut self,
        now: Instant,
        path: impl Into<Path>,
        req: &BindingRequest<'_>,
        out: &mut Vec<u8>,
    ) -> Result<IceOutcome, DropReason> {
        let path = path.into();
        let is_current = req.local_ufrag() == self.current.ufrag;
        let previous = self.previous.as_ref().filter(|previous| previous.ufrag == req.local_ufrag());
        let credentials = if is_current { &self.current } else { previous.ok_or(DropReason::StunUnknownUser)? };
        if !req.verify(&credentials.pwd) {
            return Err(DropReason::StunUnauthenticated);
        }
        if req.has_unknown_attributes() {
            stun::write_unknown_attributes(req, &credentials.pwd, out);
            return Ok(IceOutcome::default());
        }
        if req.role() == ClaimedRole::Controlled {
            stun::write_role_conflict(req, &credentials.pwd, out);
            return Ok(IceOutcome::default());
        }
        stun::write_success(req, path.remote, &credentials.pwd, out);

        let restarted = is_current && self.previous.take().is_some();
        if restarted {
            // A value of the old generation must not outbid the new one's.
            self.nominated = Nominated::No;
        }
        self.last_check = now;
        self.lapsed = false;
        // In this order: an address that comes back when it was due to be forgotten stays what it was.
        let newly_authenticated = self.remember(path, now);
        self.forget_expired(now);
        let selected_changed = self.select(path, req);
        Ok(IceOutcome { newly_authenticated, selected_changed, restarted })
    }

    fn remember(&mut self, path: Path, now: Instant) -> bool {
        if let Some(known) = self.addresses.iter_mut().find(|known| known.path.remote == path.remote) {
            *known = Known { path, last_check: now };
            return false;
        }
        if self.addresses.len() >= ADDRESSES_MAX {
            let selected = self.selected();
            let stalest = self.addresses.iter().enumerate().filter(|(_, known)| Some(known.path.remote) != selected);
            if let Some((at, _)) = stalest.min_by_key(|(_, known)| known.last_check) {
                self.forgotten.push_back(self.addresses.swap_remove(at).path.remote);
            }
        }
        self.addresses.push(Known { path, last_check: now });
        true
    }

    fn select(&mut self, path: Path, req: &BindingRequest<'_>) -> bool {
        let nominated = match (req.nomination(), req.use_candidate(), self.nominated) {
            (Some(value), _, Nominated::WithValue(best)) if value < best => return false,
            (Some(value), ..) => Nominated::WithValue(value),
            (None, true, _) => Nominated::Plainly,
            (None, false, _) if self.selected.is_none() => Nominated::No,
            (None, false, _) => return false,
        };
        self.nominated = nominated;
        self.selected.replace(path) != Some(path)
    }

    /// Forgets addresses that were not checked for 30 s; read them with [`poll_forgotten`](Self::poll_forgotten).
    pub fn handle_timeout(&mut self, now: Instant) {
        self.lapsed = self.consent_expired(now);
        self.forget_expired(now);
    }

    fn forget_expired(&mut self, now: Instant) {
        let forgotten = &mut self.forgotten;
        self.addresses.retain(|known| {
            let valid = now.saturating_duration_since(known.last_check) < CONSENT;
            if !valid {
                forgotten.push_back(known.path.remote);
            }
            valid
        });
        if self.selected().is_some_and(|selected| !self.is_authenticated(selected)) {
            let freshest = self.addresses.iter().max_by_key(|known| known.last_check);
            self.selected = freshest.map(|known| known.path);
            self.nominated = Nominated::No;
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due: an address or the consent expires.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let oldest = self.addresses.iter().map(|known| known.last_check).min();
        let consent = (!self.lapsed).then_some(self.last_check);
        Some(oldest.or(consent)? + CONSENT)
    }

    /// An address that is no longer this peer's (expired, or displaced by newer ones).
    pub fn poll_forgotten(&mut self) -> Option<SocketAddr> {
        self.forgotten.pop_front()
    }

    /// Whether a check from this address was authenticated and has not expired.
    pub fn is_authenticated(&self, address: SocketAddr) -> bool {
        self.checked_at(address).is_some()
    }

    /// When the last authenticated check came from this address.
    pub fn checked_at(&self, address: SocketAddr) -> Option<Instant> {
        self.addresses.iter().find(|known| known.path.remote == address).map(|known| known.last_check)
    }

    /// Every address of which that is true; at most [`ADDRESSES_MAX`].
    pub fn authenticated_addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.addresses.iter().map(|known| known.path.remote)
    }

    /// Where media goes: the nominated address, or before any nomination the first authenticated one.
    pub fn selected(&self) -> Option<SocketAddr> {
        self.selected.map(|path| path.remote)
    }

    /// The same with the address of ours that the client nominated together with it.
    pub fn selected_path(&self) -> Option<Path> {
        self.selected
    }

    /// Whether 30 s passed without an authenticated check (RFC 7675 §5.1).
    pub fn consent_expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_check) >= CONSENT
    }
}
