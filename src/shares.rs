//! How much of something scarce one address may hold, so that one visitor does not lock out all others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Hands out shares. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    each: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// One share; given back when dropped.
#[derive(Debug)]
pub struct Share {
    of: Shares,
    /// `None`: not counted.
    network: Option<IpAddr>,
}

impl Shares {
    /// `each` is for one address: a school behind one router must fit.
    pub fn new(each: usize) -> Self {
        Self(Arc::new(Inner { each, held: Mutex::default() }))
    }

    /// `None` when the address holds all it may.
    pub fn take(&self, address: IpAddr) -> Option<Share> {
        let network = network(address);
        if let Some(network) = network {
            let mut held = self.held();
            let count = held.entry(network).or_default();
            if *count >= self.0.each {
                return None;
            }
            *count += 1;
        }
        Some(Share { of: self.clone(), network })
    }

    /// Whole after every statement under the lock, so a panic elsewhere spoils nothing.
    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut held = self.of.held();
        if let Some(count) = held.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                held.remove(&network);
            }
        }
    }
}

/// What counts as one visitor. Behind a proxy on this machine everybody has its address, so that is nobody's.
fn network(address: IpAddr) -> Option<IpAddr> {
    Some(visitor(address)).filter(|_| !address.to_canonical().is_loopback())
}

/// The one address that stands for all that a visitor may take: one household or device has at least a /64.
pub fn visitor(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn nobody_takes_more_than_a_share_and_everybody_has_one() {
        let shares = Shares::new(2);
        let first = shares.take(address("192.0.2.1")).expect("the first");
        let _second = shares.take(address("::ffff:192.0.2.1")).expect("the second, as a dual-stack socket sees it");
        assert!(shares.take(address("192.0.2.1")).is_none());
        assert!(shares.take(address("192.0.2.2")).is_some());
        drop(first);
        assert!(shares.take(address("192.0.2.1")).is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_visitor() {
        let shares = Shares::new(1);
        let _first = shares.take(address("2001:db8::1")).expect("the first");
        assert!(shares.take(address("2001:db8::2:1")).is_none());
        assert!(shares.take(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_one_visitor() {
        let shares = Shares::new(1);
        let held: Vec<_> = (0..10).map(|_| shares.take(address("127.0.0.1"))).collect();
        assert!(held.iter().all(Option::is_some));
    }

    #[test]
    fn nothing_is_remembered_of_who_left() {
        let shares = Shares::new(3);
        drop((shares.take(address("192.0.2.1")), shares.take(address("192.0.2.1"))));
        assert!(shares.held().is_empty());
    }
}
