//! Rooms from outside: what each participant is told, and what the media plane is told to do.

mod externals;
mod offers;
mod presence;
mod seats;
mod talking;
mod world;
