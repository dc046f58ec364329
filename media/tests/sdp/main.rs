//! Offers of real browsers, and what is made of them by hand and by chance.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod errors;
mod hostile;
mod negotiation;
mod reoffers;
mod world;
