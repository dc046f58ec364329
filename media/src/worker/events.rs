//! What the worker tells its caller.

use crate::activity::Activity;
use crate::id::{Mid, PeerId, TrackId};

/// Something the rooms want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are done: media flows.
    Connected {
        /// Whose.
        peer: PeerId,
    },
    /// No authenticated check for 30 s (RFC 7675). The peer stays until removed, and comes back by itself or by an ICE restart.
    Disconnected {
        /// Whose.
        peer: PeerId,
    },
    /// Checks arrive again after [`Event::Disconnected`].
    Reconnected {
        /// Whose.
        peer: PeerId,
    },
    /// It will not work any more: remove the peer.
    Failed {
        /// Whose.
        peer: PeerId,
        /// Why.
        reason: FailReason,
    },
    /// The first packet of an uplink track arrived, or the first after a silence.
    TrackActive {
        /// Which.
        track: TrackId,
    },
    /// Nothing has arrived of an uplink track for two seconds.
    TrackSilent {
        /// Which.
        track: TrackId,
    },
    /// A re-offer ended this track; its id is dead.
    TrackEnded {
        /// Which.
        track: TrackId,
    },
    /// A peer's audio track began to sound, sounds otherwise (told at most every 250 ms), or fell quiet.
    Activity {
        /// Whose.
        peer: PeerId,
        /// Which.
        track: TrackId,
        /// How it sounds now.
        activity: Activity,
    },
    /// How many simulcast layers of a peer's video track anybody gets or may soon get, counted from the smallest. 0: nobody looks.
    LayersWanted {
        /// Whose.
        peer: PeerId,
        /// Which.
        track: TrackId,
        /// How many.
        layers: u8,
    },
    /// The receiver's network does not carry the picture of this section now.
    PictureStarved {
        /// Whose section.
        peer: PeerId,
        /// Which.
        mid: Mid,
    },
    /// It does again.
    PictureFed {
        /// Whose section.
        peer: PeerId,
        /// Which.
        mid: Mid,
    },
    /// A receiver needs a keyframe of a local track.
    KeyframeWanted {
        /// Which.
        track: TrackId,
    },
}

/// Why a peer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailReason {
    /// No check of it ever came: its network blocks UDP, or it gave up.
    Unreachable,
    /// The DTLS handshake failed: wrong certificate, no common SRTP profile, alert, timeout.
    Handshake,
    /// The other side closed its connection properly.
    Closed,
}
