//! Rooms as state machines, and the wire messages shared with the browser.

pub mod wire;
