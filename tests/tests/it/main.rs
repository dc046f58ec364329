//! The real server on loopback: its HTTP, its WebSocket and its UDP port, with friends and with enemies.

mod conference;
mod house;
mod http;
mod insiders;
mod sockets;
mod strangers;
mod streams;
mod webrtc_rs;
