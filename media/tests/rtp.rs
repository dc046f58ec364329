//! RTP and RTCP of the media plane, tested from outside: vectors by hand, random input, and an independent reader.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "an Instant to begin with; from here on time is virtual")]

#[path = "rtp/clocks.rs"]
mod clocks;
#[path = "rtp/headers.rs"]
mod headers;
#[path = "rtp/layers.rs"]
mod layers;
#[path = "rtp/nack.rs"]
mod nack;
#[path = "rtp/payloads.rs"]
mod payloads;
#[path = "rtp/rewriter.rs"]
mod rewriter;
#[path = "rtp/rewriter_random.rs"]
mod rewriter_random;
#[path = "rtp/ring.rs"]
mod ring;
#[path = "rtp/rtcp.rs"]
mod rtcp;
#[path = "rtp/twcc.rs"]
mod twcc;
