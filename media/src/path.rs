//! Where a datagram comes from and where it arrived: what an answer goes back along.

use std::net::{IpAddr, SocketAddr};

/// A client's address, and which of ours it uses. An answer must leave from the address that the question was for, or the client (and
/// every NAT in between) takes it for somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The client's address.
    pub remote: SocketAddr,
    /// Our address; `None` where there is but one, or the caller leaves the choice to the system.
    pub local: Option<IpAddr>,
}

impl From<SocketAddr> for Path {
    fn from(remote: SocketAddr) -> Self {
        Self { remote, local: None }
    }
}
