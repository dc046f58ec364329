//! Several workers on one port: the kernel brings some datagrams to the wrong one, and this is how the right one is found.
//!
//! A worker tells the others of every address that a check has authenticated. A datagram from an address that another one told of
//! is handed to it, and so is an ICE check whose user name begins with its index: nothing else from strangers goes anywhere.

use super::hash::TrustedMap;
use super::peer::PeerKey;
use super::{Path, Worker};
use crate::drops::DropReason;
use crate::ice::{Credentials, UFRAG_LEN};
use crate::stun::BindingRequest;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

/// A datagram that belongs to another worker, to be handed to its [`Worker::handle_stray`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Whose it is.
    pub worker: u8,
    /// Why.
    pub claim: Claim,
}

/// Why a datagram is another worker's. Of the first kind nobody can make more than participants' networks carry; the second is what
/// strangers can write, so the two must not wait in one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It comes from an address that a check authenticated there.
    Address,
    /// It is a check from an address that nobody knows, and its user name begins with the worker's index.
    UserName,
}

/// What the other workers must know, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressChange {
    /// A check authenticated it here: what comes from there is ours.
    Claimed(SocketAddr),
    /// It is nobody's any more.
    Released(SocketAddr),
}

/// Bounded by the addresses that the other workers' peers may have.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// All workers of the port, this one too.
    workers: u8,
    elsewhere: TrustedMap<SocketAddr, u8>,
    changes: VecDeque<AddressChange>,
}

impl Worker {
    /// To be called once, before anything arrives: the port is shared with others, `workers` in all with indices from 0.
    /// From then on the caller reads [`Worker::poll_address_change`] and obeys what [`Worker::handle_datagram`] returns.
    pub fn share_port(&mut self, workers: u8) {
        self.neighbours = (workers > 1).then(|| Neighbours { workers, ..Neighbours::default() });
    }

    /// A datagram that another worker found to be ours. Whatever we think of it, it is not handed on again.
    pub fn handle_stray(&mut self, now: Instant, path: Path, data: &mut [u8]) {
        self.now = now;
        self.count_arrival(data.len());
        if let Err(reason) = self.take_datagram(now, path, data) {
            // May find out that the address is to be given up.
            self.find_owner(now, path.remote, data, reason);
            self.out.counters.drops.count(reason);
        }
    }

    /// A stray for which there was no room on the way.
    pub fn count_lost_stray(&mut self) {
        self.out.counters.drops.count(DropReason::Overload);
    }

    /// What another worker said of an address.
    pub fn handle_address_change(&mut self, worker: u8, change: AddressChange) {
        let Some(neighbours) = &mut self.neighbours else { return };
        match change {
            AddressChange::Claimed(address) => drop(neighbours.elsewhere.insert(address, worker)),
            AddressChange::Released(address) => {
                if neighbours.elsewhere.get(&address) == Some(&worker) {
                    neighbours.elsewhere.remove(&address);
                }
                // Two had claimed it at the same moment.
                if self.addresses.contains_key(&address) {
                    neighbours.changes.push_back(AddressChange::Claimed(address));
                }
            }
        }
    }

    /// What the other workers are to be told, before what is to be sent is sent: the client's next datagram may come to any of them.
    pub fn poll_address_change(&mut self) -> Option<AddressChange> {
        self.neighbours.as_mut()?.changes.pop_front()
    }

    pub(super) fn claim_address(&mut self, address: SocketAddr, key: PeerKey) {
        self.last_source = None;
        let known = self.addresses.insert(address, key).is_some();
        if let Some(neighbours) = self.neighbours.as_mut().filter(|_| !known) {
            neighbours.changes.push_back(AddressChange::Claimed(address));
        }
    }

    pub(super) fn release_address(&mut self, address: SocketAddr) {
        self.last_source = None;
        let known = self.addresses.remove(&address).is_some();
        if let Some(neighbours) = self.neighbours.as_mut().filter(|_| known) {
            neighbours.changes.push_back(AddressChange::Released(address));
        }
    }

    pub(super) fn is_elsewhere(&self, address: SocketAddr) -> bool {
        self.neighbours.as_ref().is_some_and(|neighbours| neighbours.elsewhere.contains_key(&address))
    }

    /// Whose a datagram is that was refused here with `reason`. Only refusals come here: the road of our own packets is not longer for it.
    #[cold]
    pub(super) fn find_owner(&mut self, now: Instant, from: SocketAddr, data: &[u8], reason: DropReason) -> Option<Stray> {
        let neighbours = self.neighbours.as_ref()?;
        let holder = self.addresses.get(&from).copied();
        let owner = neighbours.elsewhere.get(&from).filter(|_| holder.is_none());
        match (reason, owner) {
            (DropReason::UnknownSource | DropReason::StunUnknownUser | DropReason::AddressHeld, Some(&worker)) => {
                return Some(Stray { worker, claim: Claim::Address });
            }
            (DropReason::StunUnknownUser, None) => {}
            _ => return None,
        }
        let worker = named_worker(data).filter(|&worker| worker != self.index && worker < neighbours.workers)?;
        if let Some(holder) = holder {
            if self.holds(now, from, holder) {
                return None;
            }
            // Who was there has been silent for long; somebody of another worker may have the address now.
            self.release_address(from);
        }
        Some(Stray { worker, claim: Claim::UserName })
    }
}

/// The worker that a check is for. Our user names have one length.
fn named_worker(data: &[u8]) -> Option<u8> {
    let ufrag = BindingRequest::parse(data).ok()?.local_ufrag();
    Credentials::worker_index(ufrag).filter(|_| ufrag.len() == UFRAG_LEN)
}
