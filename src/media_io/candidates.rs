//! Which addresses the clients are told to send to.

use super::MediaConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// In the order of `config`; for a wildcard the machine's real addresses come before loopback, because clients try in order.
pub(super) fn choose(config: &MediaConfig, port: u16) -> io::Result<Vec<SocketAddr>> {
    if !config.candidates.is_empty() {
        return Ok(config.candidates.clone());
    }
    if !config.addresses.is_empty() {
        return Ok(with_port(config.addresses.iter().copied(), port));
    }
    let mut addresses = Vec::new();
    for listen in config.listen.iter().map(SocketAddr::ip) {
        if listen.is_unspecified() {
            // `[::]` alone is a dual-stack socket; with an IPv4 address beside it, that one says which IPv4 addresses.
            let dual_stack = listen.is_ipv6() && config.listen.iter().all(SocketAddr::is_ipv6);
            let interfaces = interface_addresses()?;
            addresses.extend(interfaces.into_iter().filter(|ip| dual_stack || ip.is_ipv4() == listen.is_ipv4()));
        } else {
            addresses.push(listen);
        }
    }
    addresses.sort_by_key(IpAddr::is_loopback);
    Ok(with_port(addresses, port))
}

fn with_port(addresses: impl IntoIterator<Item = IpAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
}

/// Addresses that a client can be told. Link-local IPv6 is left out: it means nothing without the client's own zone.
fn interface_addresses() -> io::Result<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for interface in nix::ifaddrs::getifaddrs()? {
        let Some(address) = interface.address else { continue };
        let v4 = address.as_sockaddr_in().map(|a| IpAddr::from(a.ip()));
        let v6 = address.as_sockaddr_in6().map(|a| a.ip()).filter(|ip| !ip.is_unicast_link_local()).map(IpAddr::from);
        if let Some(ip) = v4.or(v6)
            && !addresses.contains(&ip)
        {
            addresses.push(ip);
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const PORT: u16 = 4_000;

    fn chosen(config: &MediaConfig) -> Vec<SocketAddr> {
        choose(config, PORT).expect("the machine's addresses")
    }

    #[test]
    fn what_is_configured_is_told() {
        let wildcard = MediaConfig::listen((Ipv4Addr::UNSPECIFIED, PORT).into());
        let ip = IpAddr::from([192, 0, 2, 7]);
        let with_address = MediaConfig { addresses: vec![ip], ..wildcard.clone() };
        assert_eq!(chosen(&with_address), [SocketAddr::new(ip, PORT)]);
        let elsewhere = SocketAddr::new(ip, 5_000);
        assert_eq!(chosen(&MediaConfig { candidates: vec![elsewhere], ..with_address }), [elsewhere]);
    }

    #[test]
    fn a_certain_address_is_told_as_it_is() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        assert_eq!(chosen(&MediaConfig::listen(address)), [address]);
    }

    #[test]
    fn a_wildcard_stands_for_all_addresses_with_loopback_last() {
        let candidates = chosen(&MediaConfig::listen((Ipv4Addr::UNSPECIFIED, PORT).into()));
        assert_eq!(candidates.last(), Some(&SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))));
        assert!(candidates.iter().all(|c| c.is_ipv4() && c.port() == PORT && !c.ip().is_unspecified()));
        let both = chosen(&MediaConfig::listen((Ipv6Addr::UNSPECIFIED, PORT).into()));
        assert!(candidates.iter().all(|c| both.contains(c)), "[::] serves IPv4 too");
    }
}
