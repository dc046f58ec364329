//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): written to publishers, read from receivers.

mod feedback;
mod recorder;

pub use feedback::{Feedback, Statuses};
pub use recorder::{FEEDBACK_INTERVAL, TwccRecorder};

/// Arrival times count in 250 µs.
pub const TICK_MICROS: u64 = 250;
/// The reference time counts in 64 ms.
const TICKS_PER_REFERENCE: i64 = 256;
/// Not received; received with a one-byte delta; with a two-byte delta.
const NOT_RECEIVED: u8 = 0;
const SMALL_DELTA: u8 = 1;
const LARGE_DELTA: u8 = 2;
