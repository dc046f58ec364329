//! What the messages are made of.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
    /// The hand is up; counts up within the room, so that the smallest number was first.
    pub hand: Option<u32>,
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
    /// Only for this participant, and seen by nobody else. `null`: for everybody.
    pub to: Option<ParticipantId>,
    /// At most 2000 characters; may hold line breaks.
    pub text: String,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub sent_at: u64,
}

/// Who sits in one of the receiver's seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct SeatedStream {
    /// Whose stream.
    pub participant: ParticipantId,
    /// Which of its streams.
    pub stream: StreamKind,
}

/// How a room is led; changed by moderators (in a lesson by the teacher).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoomSettings {
    /// Whoever comes now waits until let in, with a link or without. Who was inside already comes back by itself.
    pub locked: bool,
    /// How many may share their screen at once.
    pub screens: ScreenPolicy,
    /// Everybody sees this stream large.
    pub spotlight: Option<SeatedStream>,
    /// Has been given the word: is heard however many others sound.
    pub floor: Option<ParticipantId>,
}

/// How many may share their screen at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ScreenPolicy {
    /// Who shares takes over from who shared before.
    #[default]
    One,
    /// Several at a time.
    Many,
}

/// Who speaks or plays, and who is heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Speakers {
    /// Who speaks or plays now, who matters most first.
    pub speaking: Vec<ParticipantId>,
    /// Whose sound the others get when there is any: all who are not muted while they are few; else the loudest, the moderators, and
    /// who has the floor. In order of joining.
    pub heard: Vec<ParticipantId>,
}

/// Somebody who waits to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WaitingInfo {
    /// Becomes the participant's id.
    pub id: ParticipantId,
    /// As the person calls itself.
    pub name: String,
    /// From the link.
    pub role: Role,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub since: u64,
}

/// A sign that passes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Applause.
    Applause,
    /// Agreement.
    ThumbsUp,
    /// Disagreement.
    ThumbsDown,
    /// Joy.
    Heart,
    /// Laughter.
    Laughter,
}

/// How large the picture of one seat is shown, in physical pixels. Nothing is sent for 0 × 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SeatSize {
    /// Physical pixels (CSS pixels × `devicePixelRatio`).
    pub width: u16,
    /// Physical pixels.
    pub height: u16,
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
    /// The most recent messages that you may see, oldest first.
    pub chat: Vec<ChatMessage>,
    /// How the room is led.
    pub settings: RoomSettings,
    /// Who speaks or plays, and who is heard.
    pub speakers: Speakers,
    /// Who waits to be let in. Empty for who may not let anybody in.
    pub lobby: Vec<WaitingInfo>,
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

/// A pair of recvonly m-sections: one seat. In a conference, seats for sound alone come after those with a picture: whoever is heard and not
/// seen sits there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OfferedSeat {
    /// Where the sound is received.
    pub audio_mid: String,
    /// Where the picture is received. `null`: a seat for sound alone.
    pub video_mid: Option<String>,
}
