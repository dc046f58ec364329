//! Everything that touches the outside world: UDP, TCP, TLS, HTTP, WebSocket, files, configuration and the command line.

pub mod bot;
pub mod media_io;
