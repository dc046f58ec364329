//! A bad network for browser tests, without root: a UDP proxy between the clients and the server.
//!
//! The server tells its clients the proxy's address (`--media-candidate`), so ICE finds its way through it: every client gets a
//! socket of its own towards the server, which sees that socket's address. [`Link`] is the model of one direction of one
//! client's line, in virtual time; [`Proxy`] runs a pair of them per client on real sockets.

mod link;
mod proxy;
mod settings;

pub use link::{Link, LinkStats};
pub use proxy::{Proxy, ProxyStats};
pub use settings::{Direction, Settings, SettingsError};
