//! The messages of the WebSocket, shared with the browser.
//!
//! Every message is one JSON object with a `type`. The TypeScript side is generated from this file
//! (`cargo test -p auftakt-signaling export_bindings` writes `web/src/generated/`); `docs/protocol.md` tells the same in prose.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Version of this protocol. A server answers a client of another version with [`ErrorCode::VersionMismatch`], and the page reloads itself.
pub const PROTOCOL_VERSION: u32 = 1;

/// Identifies a participant within one room, for as long as the participant stays (resuming keeps it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ParticipantId(pub u32);

/// What kind of room this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RoomKind {
    /// One teacher with one to four students: everybody has a seat at once.
    Lesson,
    /// The staff meets; seats follow who speaks.
    Conference,
}

/// The role a join link gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Role {
    Teacher,
    Student,
    Guest,
    Moderator,
    Attendee,
}

/// What a sent track shows or plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TrackSource {
    Microphone,
    Camera,
    SecondCamera,
    Screen,
    ScreenSound,
}

/// What one seat shows: a sound and a picture that belong together.
///
/// `Main` is microphone and camera, `SecondCamera` a picture alone, `Screen` the shared screen with its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum StreamKind {
    Main,
    SecondCamera,
    Screen,
}

/// The sound profile a participant sends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SoundProfile {
    /// Mono 48 kbit/s, browser processing on.
    Speech,
    /// Stereo 128 kbit/s, processing off.
    Music,
    /// Stereo 256 kbit/s, 10 ms frames, processing off.
    Studio,
}

/// One published track as the others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TrackInfo {
    pub source: TrackSource,
    /// Muted by its owner, or by a moderator: the server forwards nothing of it.
    pub muted: bool,
    /// True while a moderator's mute holds; only the owner's own unmute lifts it.
    pub muted_by_other: bool,
}

/// A participant as the others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ParticipantInfo {
    pub id: ParticipantId,
    pub name: String,
    pub role: Role,
    pub sound_profile: SoundProfile,
    pub tracks: Vec<TrackInfo>,
    /// False while the participant's socket is lost and the server still keeps its place (30 s).
    pub present: bool,
}

/// One chat message. Chat lives as long as its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ChatMessage {
    /// Counts up within the room.
    pub id: u32,
    pub from: ParticipantId,
    /// The sender's name when it was sent: the sender may have left since.
    pub name: String,
    pub text: String,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub sent_at: u64,
}

/// Who sits in one of the receiver's seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SeatedStream {
    pub participant: ParticipantId,
    pub stream: StreamKind,
}

/// The whole room as one participant sees it; deltas follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Snapshot {
    pub room: String,
    pub kind: RoomKind,
    /// Milliseconds since 1970 when the first participant came.
    #[ts(type = "number")]
    pub started_at: u64,
    pub participants: Vec<ParticipantInfo>,
    /// The most recent messages, oldest first.
    pub chat: Vec<ChatMessage>,
    /// By seat index; `null` is an empty seat.
    pub seats: Vec<Option<SeatedStream>>,
}

/// A track the client sends, announced with the offer that carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OfferedTrack {
    /// The `a=mid` of its m-section (RFC 8843 §3).
    pub mid: String,
    pub source: TrackSource,
    /// A track starts as its owner wants it; it is never unmuted by reconnecting.
    pub muted: bool,
}

/// A pair of recvonly m-sections: one seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OfferedSeat {
    pub audio_mid: String,
    pub video_mid: String,
}

/// From the browser to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[ts(export)]
pub enum ClientMessage {
    /// The first message on every socket.
    Join {
        version: u32,
        /// The token of the join link.
        token: String,
        /// Display name; the link's own name is the suggestion.
        name: String,
        sound_profile: SoundProfile,
        /// From `Welcome`, to continue after a lost socket.
        resume: Option<String>,
    },
    /// A new offer: the first one, more tracks or seats, or an ICE restart. Answered with `Answer` of the same `id` or `Error` with it.
    Offer {
        id: u32,
        sdp: String,
        tracks: Vec<OfferedTrack>,
        seats: Vec<OfferedSeat>,
        /// True when the offer comes from a new peer connection: the old one is thrown away.
        fresh: bool,
    },
    /// The owner mutes or unmutes one of its tracks.
    SetMuted { source: TrackSource, muted: bool },
    /// A teacher or moderator mutes somebody else. There is no way to unmute somebody else.
    MuteOther { participant: ParticipantId, source: TrackSource },
    SetSoundProfile { profile: SoundProfile },
    Chat { text: String },
    /// Answered with `Pong` at once: keeps the socket alive and measures the signalling round trip.
    Ping { id: u32 },
    Leave,
}

/// From the server to the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum ServerMessage {
    /// Answers `Join`: who you are, how to come back, and the whole room.
    Welcome {
        you: ParticipantId,
        role: Role,
        /// Secret; sent back in `Join.resume`.
        resume: String,
        /// True when the participant was still there and its media goes on: no new peer connection is needed.
        resumed: bool,
        snapshot: Snapshot,
    },
    Answer { id: u32, sdp: String },
    ParticipantJoined { participant: ParticipantInfo },
    ParticipantChanged { participant: ParticipantInfo },
    ParticipantLeft { participant: ParticipantId },
    /// All seats after a change, by seat index.
    Seats { seats: Vec<Option<SeatedStream>> },
    Chat { message: ChatMessage },
    /// One of your own tracks was muted by somebody.
    MutedBy { source: TrackSource, by: ParticipantId },
    Pong { id: u32 },
    Error {
        code: ErrorCode,
        /// The `id` of the offer that failed, when the error answers one.
        id: Option<u32>,
    },
}

/// Why something was refused. The browser has the words for each, in the user's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// The link is broken or was made by another server. Fatal.
    LinkInvalid,
    /// The link has expired. Fatal.
    LinkExpired,
    RoomFull,
    /// Joined from another tab or device with the same resume token. Fatal.
    ReplacedElsewhere,
    VersionMismatch,
    /// Not JSON of this protocol. Fatal.
    BadMessage,
    /// Longer than 64 KiB (offers: 256 KiB). Fatal.
    MessageTooLarge,
    /// Too many messages; wait and try again. Fatal when it goes on.
    TooFast,
    /// The client reads too slowly. Fatal; resume.
    TooSlow,
    NotAllowed,
    NameMissing,
    NameTooLong,
    ChatEmpty,
    ChatTooLong,
    OfferRefused,
    NotJoined,
    /// The server is shutting down or has a fault of its own. Try again.
    ServerFault,
}
