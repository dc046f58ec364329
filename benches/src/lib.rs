//! The load generator's parts: many WebRTC participants in one light process, and what is measured of the server under them.
//!
//! The participants run on `str0m`, a stack independent of the server's own, so that every run also proves interoperability.

pub mod attendee;
pub mod auftakt;
pub mod conference;
pub mod generator;
pub mod health;
pub mod janus;
pub mod latency;
pub mod line;
pub mod measure;
pub mod media;
pub mod metrics;
pub mod page;
pub mod participant;
pub mod process;
pub mod scenario;
pub mod soak;
pub mod socket;
pub mod stamp;
pub mod storm;
