//! What hostile input does to each parser of network bytes: one function per target, fed with bytes that mean whatever the target
//! makes of them.
//!
//! The functions panic when a promise is broken; so do the parsers themselves when they have a fault. `tests/fuzz` lets libFuzzer
//! look for such bytes, `script/fuzz` runs it, and `tests/seeded.rs` tries some thousands of seeded random ones with every `cargo test`.

mod bwe;
mod edit;
mod room;
mod rtcp;
mod rtp;
mod sdp;
mod signalling;
mod srtp;
mod stream;
mod transport;
mod worker;

use std::sync::OnceLock;
use std::time::Instant;

/// One function that takes hostile bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As in `tests/fuzz`.
    pub name: &'static str,
    /// Panics when a promise is broken.
    pub run: fn(&[u8]),
    /// How many random inputs a test can afford.
    pub tries: u32,
}

macro_rules! targets {
    ($($name:ident = $run:path, $tries:literal;)+) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: $run, tries: $tries }),+];
    };
}

targets! {
    demux = transport::demux, 5000;
    stun = transport::stun, 3000;
    dtls = transport::dtls, 150;
    srtp = srtp::run, 1000;
    rtp = rtp::header, 5000;
    payload = rtp::payload, 5000;
    stream = stream::run, 2000;
    rtcp = rtcp::compound, 5000;
    twcc = rtcp::transport_feedback, 1000;
    bwe = bwe::estimator, 3000;
    sdp = sdp::offers, 200;
    sdpfrag = sdp::fragment, 500;
    message = signalling::message, 5000;
    room = room::run, 3000;
    link = signalling::link, 2000;
    worker = worker::run, 100;
}

/// Runs the target of that name.
///
/// # Panics
/// There is none of that name, or the target panics.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(data);
}

/// An instant to begin with; from there on time is virtual.
fn beginning() -> Instant {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    *BEGINNING.get_or_init(Instant::now)
}
