//! RTP: what is in a packet, and what the packet path remembers of one.
//!
//! Everything here only computes: no clock, no lock, and no allocation per packet in steady state. Sequence numbers are
//! extended to 64 bit as soon as SRTP knows them, so nothing but the parsers ever sees one wrap around.

pub mod av1;
mod bits;
pub mod clock;
pub mod counters;
pub mod dependency_descriptor;
pub mod ext;
pub mod h264;
pub mod layers;
pub mod nack;
pub mod opus;
pub mod packet;
pub mod payload;
pub mod red;
pub mod rewrite;
pub mod ring;
pub mod rtx;
pub mod seq;
pub mod stats;
pub mod twcc;
pub mod vp8;
pub mod vp9;
