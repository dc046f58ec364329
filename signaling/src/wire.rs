//! The messages of the WebSocket, shared with the browser.
//!
//! Every message is one JSON object with a `type`. The TypeScript side is generated from this file
//! (`UPDATE=1 cargo test -p auftakt-signaling --test bindings` writes `web/src/generated/wire.ts`); `docs/protocol.md` tells the
//! same in prose.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Version of this protocol. A server answers a client of another version with [`ErrorCode::VersionMismatch`], and the page reloads itself.
pub const PROTOCOL_VERSION: u32 = 1;

/// Identifies a participant within one room, for as long as the participant stays (resuming keeps it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct ParticipantId(pub u32);

/// What kind of room this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// One teacher with one to four students: everybody has a seat at once.
    Lesson,
    /// The staff meets; seats follow who speaks.
    Conference,
}

/// The role a join link gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Leads a lesson; may mute others.
    Teacher,
    /// Has the lesson.
    Student,
    /// Sits in: a parent, a colleague.
    Guest,
    /// Leads a conference; may mute others.
    Moderator,
    /// Takes part in a conference.
    Attendee,
}

/// What a sent track shows or plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TrackSource {
    /// The instrument or the voice.
    Microphone,
    /// The picture that belongs to the microphone.
    Camera,
    /// Another camera: hands, keyboard, overhead.
    SecondCamera,
    /// The shared screen or window.
    Screen,
    /// The sound of the shared screen.
    ScreenSound,
}

/// What one seat shows: a sound and a picture that belong together.
///
/// `Main` is microphone and camera, `SecondCamera` a picture alone, `Screen` the shared screen with its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Microphone and camera.
    Main,
    /// The second camera, without sound.
    SecondCamera,
    /// The screen and its sound.
    Screen,
}

/// The sound profile a participant sends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
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
pub struct TrackInfo {
    /// Which track.
    pub source: TrackSource,
    /// Muted by its owner, or by a moderator: the server forwards nothing of it.
    pub muted: bool,
    /// True while a moderator's mute holds; only the owner's own unmute lifts it.
    pub muted_by_other: bool,
}

/// A participant as the others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ParticipantInfo {
    /// Stays the same while the participant stays.
    pub id: ParticipantId,
    /// As the participant calls itself: any text without control characters, at most 64 characters.
    pub name: String,
    /// From the join link.
    pub role: Role,
    /// How it sends sound.
    pub sound_profile: SoundProfile,
    /// What it publishes now.
    pub tracks: Vec<TrackInfo>,
    /// False while the participant's socket is lost and the server still keeps its place (30 s).
    pub present: bool,
}

/// One chat message. Chat lives as long as its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatMessage {
    /// Counts up within the room.
    pub id: u32,
    /// Who said it.
    pub from: ParticipantId,
    /// The sender's name when it was sent: the sender may have left since.
    pub name: String,
    /// At most 2000 characters; may hold line breaks.
    pub text: String,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub sent_at: u64,
}

/// Who sits in one of the receiver's seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SeatedStream {
    /// Whose stream.
    pub participant: ParticipantId,
    /// Which of its streams.
    pub stream: StreamKind,
}

/// The whole room as one participant sees it; deltas follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Snapshot {
    /// The name of the room.
    pub room: String,
    /// Its kind.
    pub kind: RoomKind,
    /// Milliseconds since 1970 when the first participant came.
    #[ts(type = "number")]
    pub started_at: u64,
    /// Everybody, yourself included, in order of joining.
    pub participants: Vec<ParticipantInfo>,
    /// The most recent messages, oldest first.
    pub chat: Vec<ChatMessage>,
    /// By seat index; `null` is an empty seat.
    pub seats: Vec<Option<SeatedStream>>,
}

/// A track the client sends, announced with the offer that carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OfferedTrack {
    /// The `a=mid` of its m-section (RFC 8843 §3).
    pub mid: String,
    /// What it is.
    pub source: TrackSource,
    /// A track starts as its owner wants it; it is never unmuted by reconnecting.
    pub muted: bool,
}

/// A pair of recvonly m-sections: one seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OfferedSeat {
    /// Where the sound is received.
    pub audio_mid: String,
    /// Where the picture is received.
    pub video_mid: String,
}

/// From the browser to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// The first message on every socket.
    Join {
        /// [`PROTOCOL_VERSION`] of the client.
        version: u32,
        /// The token of the join link.
        token: String,
        /// Display name; the link's own name is the suggestion.
        name: String,
        /// How sound will be sent.
        sound_profile: SoundProfile,
        /// From `Welcome`, to continue after a lost socket.
        resume: Option<String>,
    },
    /// A new offer: the first one, more tracks or seats, or an ICE restart. Answered with `Answer` of the same `id` or `Error` with it.
    Offer {
        /// Chosen by the client; counts up.
        id: u32,
        /// The offer.
        sdp: String,
        /// Everything that is sent from now on: what is missing here is no longer published.
        tracks: Vec<OfferedTrack>,
        /// All seats from now on, by index.
        seats: Vec<OfferedSeat>,
        /// True when the offer comes from a new peer connection: the old one is thrown away.
        fresh: bool,
    },
    /// The owner mutes or unmutes one of its tracks.
    SetMuted {
        /// Which of its own tracks.
        source: TrackSource,
        /// Whether it is silent from now on.
        muted: bool,
    },
    /// A teacher or moderator mutes somebody else. There is no way to unmute somebody else.
    MuteOther {
        /// Who.
        participant: ParticipantId,
        /// Which of its tracks.
        source: TrackSource,
    },
    /// Tells the others how sound is sent from now on.
    SetSoundProfile {
        /// How.
        profile: SoundProfile,
    },
    /// Says something to everybody in the room.
    Chat {
        /// At most 2000 characters.
        text: String,
    },
    /// Answered with `Pong` at once: keeps the socket alive and measures the signalling round trip.
    Ping {
        /// Comes back in the `Pong`.
        id: u32,
    },
    /// Leaves at once, without the 30 s of a lost socket. The server closes the socket.
    Leave,
}

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

/// Why something was refused. The browser has the words for each, in the user's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The link is broken or was made by another server. Fatal.
    LinkInvalid,
    /// The link has expired. Fatal.
    LinkExpired,
    /// The room holds as many as it may. Fatal.
    RoomFull,
    /// Joined from another tab or device with the same resume token. Fatal.
    ReplacedElsewhere,
    /// The page is of another version than the server: reload it. Fatal.
    VersionMismatch,
    /// Not JSON of this protocol. Fatal.
    BadMessage,
    /// Longer than 64 KiB (offers: 256 KiB). Fatal.
    MessageTooLarge,
    /// Too many messages; wait and try again. Fatal when it goes on.
    TooFast,
    /// The client reads too slowly. Fatal; resume.
    TooSlow,
    /// Your role does not allow this.
    NotAllowed,
    /// The display name is empty. Fatal.
    NameMissing,
    /// The display name has more than 64 characters. Fatal.
    NameTooLong,
    /// There is nothing visible in the chat message.
    ChatEmpty,
    /// The chat message has more than 2000 characters.
    ChatTooLong,
    /// The offer cannot be answered. Carries its `id`.
    OfferRefused,
    /// The first message was not `Join`, or did not come in time. Fatal.
    NotJoined,
    /// The server is shutting down or has a fault of its own. Try again.
    ServerFault,
}
