//! What the server says.

use super::{
    ChatMessage, ErrorCode, ParticipantId, ParticipantInfo, Reaction, Role, RoomKind, RoomSettings, SeatedStream, Snapshot, Speakers,
    TrackSource, WaitingInfo,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// From the server to the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// Answers `Join`: who you are, how to come back, and the whole room.
    Welcome {
        /// Your own id.
        you: ParticipantId,
        /// Your role, from the link.
        role: Role,
        /// Secret; sent back in `Join.resume`.
        resume: String,
        /// True when the participant was still there and its media goes on: no new peer connection is needed.
        resumed: bool,
        /// The room as it is now; deltas follow.
        snapshot: Snapshot,
    },
    /// Answers `Offer`.
    Answer {
        /// The `id` of the offer.
        id: u32,
        /// The answer.
        sdp: String,
    },
    /// Somebody came.
    ParticipantJoined {
        /// Who.
        participant: ParticipantInfo,
    },
    /// Something about somebody (or yourself) changed: name, sound profile, tracks, mutes, presence.
    ParticipantChanged {
        /// Everything about the participant, as it is now.
        participant: ParticipantInfo,
    },
    /// Somebody is gone.
    ParticipantLeft {
        /// Who.
        participant: ParticipantId,
    },
    /// All seats after a change, by seat index.
    Seats {
        /// `null` is an empty seat.
        seats: Vec<Option<SeatedStream>>,
    },
    /// Somebody said something; your own words come back too.
    Chat {
        /// What.
        message: ChatMessage,
    },
    /// One of your own tracks was muted by somebody.
    MutedBy {
        /// Which of your tracks.
        source: TrackSource,
        /// Who did it.
        by: ParticipantId,
    },
    /// Answers `Join` when somebody must let you in first. `Welcome` follows, or an `Error`.
    Waiting {
        /// Secret; sent back in `Join.resume`.
        resume: String,
        /// Your role, from the link.
        role: Role,
        /// The name of the room.
        room: String,
        /// Its kind.
        kind: RoomKind,
        /// Milliseconds since 1970 when you came.
        #[ts(type = "number")]
        since: u64,
        /// Names of those who can let you in. Sent anew when they change; empty: nobody is there yet.
        hosts: Vec<String>,
    },
    /// For who may let people in: everybody who waits, in order of coming.
    Lobby {
        /// Who waits.
        waiting: Vec<WaitingInfo>,
    },
    /// The room is led otherwise now.
    RoomChanged {
        /// All settings.
        settings: RoomSettings,
    },
    /// Who speaks, and who is heard. At most four times a second.
    Speakers {
        /// Both lists as they are now.
        speakers: Speakers,
    },
    /// Somebody made a sign; your own comes back too.
    Reacted {
        /// Who.
        participant: ParticipantId,
        /// Which.
        reaction: Reaction,
    },
    /// Somebody asks you to unmute your microphone. Nothing happens unless you do.
    AskedToUnmute {
        /// Who asks.
        by: ParticipantId,
    },
    /// Somebody else shares a screen now, and only one may: yours is no longer shown to anybody. Stop sharing.
    ScreenTakenOver {
        /// Who shares now.
        by: ParticipantId,
    },
    /// How much of one of your pictures anybody looks at. Switch the other encodings off.
    SendLayers {
        /// Which of your pictures.
        source: TrackSource,
        /// How many simulcast layers, counted from the smallest. 0: nobody looks.
        layers: u8,
    },
    /// Seats whose picture your network cannot carry now; it comes back by itself.
    PicturesPaused {
        /// Seat indices, ascending.
        seats: Vec<u16>,
    },
    /// Answers `Ping`.
    Pong {
        /// The `id` of the ping.
        id: u32,
    },
    /// Something was refused.
    Error {
        /// Why.
        code: ErrorCode,
        /// The `id` of the offer that failed, when the error answers one.
        id: Option<u32>,
    },
}
