//! The client offers, the server answers: parsing the offer, choosing from it, writing the answer (RFC 8866, 8829, 9143).
//!
//! ```text
//! text --Offer::parse--> Offer --negotiate--> Negotiated --write_answer--> text
//! ```
//!
//! - An offer is hostile input: every list in it is bounded (`MAX_…`), and nothing of its text reaches the answer unchecked.
//! - m-sections never move. One that sends to us is an [`SectionRole::Uplink`] (a `sendrecv` one too: it is answered `recvonly`), one
//!   that only receives is a [`SectionRole::Downlink`], and what cannot be used is rejected in its place.
//! - All sections share one transport (BUNDLE, rtcp-mux); we are ICE-lite and the DTLS server.
//! - The sender of a microphone says by its own offer what it wants to be asked for: `maxaveragebitrate` and `sprop-stereo=0` of the
//!   Opus fmtp, and `a=ptime`, are mirrored within the server's limits. Without them the server asks for the best.

mod answer;
mod choose;
mod codecs;
mod error;
mod extensions;
pub mod fragment;
mod lines;
mod negotiate;
mod offer;
mod section;
mod transport;

pub use answer::{AnswerIdentity, DownlinkMedia, write_answer};
pub use codecs::{Feedback, Fmtp, OfferedCodec};
pub use error::SdpError;
pub use extensions::OfferedExtension;
pub use negotiate::{AnswerParams, Negotiated, NegotiatedCodec, RedPolicy, RejectReason, Section, SectionRole, negotiate};
pub use offer::Offer;
pub use section::{Direction, OfferedRid, OfferedSection};
pub use transport::{IceParameters, OfferedFingerprint};

/// Longest offer that is read: a hundred seats are about 600 kB in Chromium's words, forty are 240 kB.
pub const MAX_OFFER_BYTES: usize = 256 * 1024;
/// Most m-sections of an offer.
pub const MAX_SECTIONS: usize = 128;
/// Most payload types of one m-section; there are 128 numbers.
pub const MAX_CODECS: usize = 128;
/// Most `a=extmap` lines of one m-section.
pub const MAX_EXTENSIONS: usize = 32;
/// Most simulcast encodings of one m-section.
pub const MAX_RIDS: usize = 4;
/// Most SSRCs announced by one m-section: each encoding has one, one more for RTX, and one for FEC.
pub const MAX_SSRCS: usize = 3 * MAX_RIDS;
