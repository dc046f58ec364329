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
