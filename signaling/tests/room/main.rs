//! Rooms from outside: what each participant is told, and what the media plane is told to do.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod conference_seats;
mod externals;
mod leading;
mod lobby;
mod offers;
mod presence;
mod screens;
mod seats;
mod speakers;
mod storm;
mod talking;
mod views;
mod world;
