//! The load generator's parts: many WebRTC participants in one light process, and what is measured of the server under them.
//!
//! The participants run on `str0m`, a stack independent of the server's own, so that every run also proves interoperability.

pub mod auftakt;
pub mod generator;
pub mod janus;
pub mod latency;
pub mod media;
pub mod participant;
pub mod process;
pub mod scenario;
pub mod socket;
