//! Rooms as state machines, and the wire messages shared with the browser.
//!
//! A [`Room`] is told what happened ([`Room::handle`]) and when; it says what is to be done ([`Room::poll_output`]) and when
//! it wants to be woken ([`Room::poll_timeout`]). It owns no socket, no clock and no randomness.

#![warn(missing_docs)]

mod names;
mod rate;
mod room;
mod secret;
pub mod wire;

pub use names::{ChatText, ChatTextError, DisplayName, NameError, RoomName, RoomNameError};
pub use rate::TokenBucket;
pub use room::{
    CloseReason, ExternalEvent, ExternalId, ExternalOffer, ExternalRefusal, ExternalRole, Flow, Input, JoinRequest, Limits, LinkId,
    LinkState, MediaCommand, OfferSerial, Output, PeerTrouble, Room, RoomConfig, SEATS_MAX, SocketId, Standing,
};
pub use secret::ResumeSecret;
