//! Everything that touches the outside world: UDP, TCP, TLS, HTTP, WebSocket, files, configuration and the command line.

pub mod bot;
mod check;
pub mod cli;
pub mod config;
mod demo;
mod http;
pub mod linger;
pub mod links;
mod listener;
mod lock;
pub mod media_io;
mod memory;
mod pages;
pub mod redact;
mod rooms;
mod school;
pub mod server;
mod shares;
mod stalls;
pub mod store;
mod system;
mod tls;
