//! Rooms from outside: what each participant is told, and what the media plane is told to do.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod externals;
mod offers;
mod presence;
mod seats;
mod talking;
mod world;
