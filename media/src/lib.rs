//! The media plane as a state machine: datagrams, commands and time in; datagrams and events out.

pub mod codec;
pub mod demux;
pub mod drops;
pub mod dtls;
pub mod ice;
pub mod id;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod srtp;
pub mod stun;
pub mod worker;
