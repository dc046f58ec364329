//! The media plane as a state machine: datagrams, commands and time in; datagrams and events out.
//!
//! No sockets, threads, clocks or randomness of its own: the caller says what time it is, seeds the randomness, and carries the bytes
//! (`clippy.toml` forbids the rest). Everything starts at [`Worker`].
//!
//! The road of one packet:
//!
//! 1. [`demux`] names its protocol by its first bytes; the worker knows its sender by the address that [`ice`] authenticated.
//! 2. [`srtp`] opens it in place; [`rtp`] takes its header apart, notes losses and arrival times, and keeps it in the ring of its
//!    encoding, which all its receivers share.
//! 3. When the receive batch is in, the worker goes through the tracks that got something, sound first: for each receiver the
//!    [`rtp::rewrite`] line of the seat gives the packet its number, timestamp and picture id; header and payload are written into
//!    the outgoing arena and sealed there.
//! 4. The caller sends the arena, run by run.
//!
//! A connection begins with an offer: [`sdp`] reads and answers it, [`stun`] and [`ice`] find the way, [`dtls`] makes the keys.
//! What is dropped on the road has a name and a counter: [`drops`].

#![warn(missing_docs)]

pub mod activity;
pub mod bwe;
pub mod codec;
pub mod demux;
pub mod drops;
pub mod dtls;
pub mod ice;
pub mod id;
pub mod path;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod srtp;
pub mod stun;
pub mod worker;

pub use codec::Codec;
pub use drops::DropReason;
pub use id::{MediaKind, Mid, PeerId, Rid, TrackId};
pub use path::Path;
pub use worker::{Worker, WorkerConfig};
