// Generated from signaling/src/wire.rs by `UPDATE=1 cargo test -p auftakt-signaling --test bindings`. Do not edit.

/** Version of this protocol. */
export const PROTOCOL_VERSION = 1;

/**
 * Identifies a participant within one room, for as long as the participant stays (resuming keeps it).
 */
export type ParticipantId = number;

/**
 * What kind of room this is.
 */
export type RoomKind = "lesson" | "conference";

/**
 * The role a join link gives.
 */
export type Role = "teacher" | "student" | "guest" | "moderator" | "attendee";

/**
 * What a sent track shows or plays.
 */
export type TrackSource = "microphone" | "camera" | "second_camera" | "screen" | "screen_sound";

/**
 * What one seat shows: a sound and a picture that belong together.
 *
 * `Main` is microphone and camera, `SecondCamera` a picture alone, `Screen` the shared screen with its sound.
 */
export type StreamKind = "main" | "second_camera" | "screen";

/**
 * The sound profile a participant sends with.
 */
export type SoundProfile = "speech" | "music" | "studio";

/**
 * One published track as the others see it.
 */
export type TrackInfo = {
/**
 * Which track.
 */
source: TrackSource,
/**
 * Muted by its owner, or by a moderator: the server forwards nothing of it.
 */
muted: boolean,
/**
 * True while a moderator's mute holds; only the owner's own unmute lifts it.
 */
muted_by_other: boolean, };

/**
 * A participant as the others see it.
 */
export type ParticipantInfo = {
/**
 * Stays the same while the participant stays.
 */
id: ParticipantId,
/**
 * As the participant calls itself: any text without control characters, at most 64 characters.
 */
name: string,
/**
 * From the join link.
 */
role: Role,
/**
 * How it sends sound.
 */
sound_profile: SoundProfile,
/**
 * What it publishes now.
 */
tracks: Array<TrackInfo>,
/**
 * False while the participant's socket is lost and the server still keeps its place (30 s).
 */
present: boolean, };

/**
 * One chat message. Chat lives as long as its room.
 */
export type ChatMessage = {
/**
 * Counts up within the room.
 */
id: number,
/**
 * Who said it.
 */
from: ParticipantId,
/**
 * The sender's name when it was sent: the sender may have left since.
 */
name: string,
/**
 * At most 2000 characters; may hold line breaks.
 */
text: string,
/**
 * Milliseconds since 1970.
 */
sent_at: number, };

/**
 * Who sits in one of the receiver's seats.
 */
export type SeatedStream = {
/**
 * Whose stream.
 */
participant: ParticipantId,
/**
 * Which of its streams.
 */
stream: StreamKind, };

/**
 * The whole room as one participant sees it; deltas follow.
 */
export type Snapshot = {
/**
 * The name of the room.
 */
room: string,
/**
 * Its kind.
 */
kind: RoomKind,
/**
 * Milliseconds since 1970 when the first participant came.
 */
started_at: number,
/**
 * Everybody, yourself included, in order of joining.
 */
participants: Array<ParticipantInfo>,
/**
 * The most recent messages, oldest first.
 */
chat: Array<ChatMessage>,
/**
 * By seat index; `null` is an empty seat.
 */
seats: Array<SeatedStream | null>, };

/**
 * A track the client sends, announced with the offer that carries it.
 */
export type OfferedTrack = {
/**
 * The `a=mid` of its m-section (RFC 8843 §3).
 */
mid: string,
/**
 * What it is.
 */
source: TrackSource,
/**
 * A track starts as its owner wants it; it is never unmuted by reconnecting.
 */
muted: boolean, };

/**
 * A pair of recvonly m-sections: one seat.
 */
export type OfferedSeat = {
/**
 * Where the sound is received.
 */
audio_mid: string,
/**
 * Where the picture is received.
 */
video_mid: string, };

/**
 * From the browser to the server.
 */
export type ClientMessage = { "type": "join",
/**
 * [`PROTOCOL_VERSION`] of the client.
 */
version: number,
/**
 * The token of the join link.
 */
token: string,
/**
 * Display name; the link's own name is the suggestion.
 */
name: string,
/**
 * How sound will be sent.
 */
sound_profile: SoundProfile,
/**
 * From `Welcome`, to continue after a lost socket.
 */
resume: string | null, } | { "type": "offer",
/**
 * Chosen by the client; counts up.
 */
id: number,
/**
 * The offer.
 */
sdp: string,
/**
 * Everything that is sent from now on: what is missing here is no longer published.
 */
tracks: Array<OfferedTrack>,
/**
 * All seats from now on, by index.
 */
seats: Array<OfferedSeat>,
/**
 * True when the offer comes from a new peer connection: the old one is thrown away.
 */
fresh: boolean, } | { "type": "set_muted",
/**
 * Which of its own tracks.
 */
source: TrackSource,
/**
 * Whether it is silent from now on.
 */
muted: boolean, } | { "type": "mute_other",
/**
 * Who.
 */
participant: ParticipantId,
/**
 * Which of its tracks.
 */
source: TrackSource, } | { "type": "set_sound_profile",
/**
 * How.
 */
profile: SoundProfile, } | { "type": "chat",
/**
 * At most 2000 characters.
 */
text: string, } | { "type": "ping",
/**
 * Comes back in the `Pong`.
 */
id: number, } | { "type": "leave" };

/**
 * From the server to the browser.
 */
export type ServerMessage = { "type": "welcome",
/**
 * Your own id.
 */
you: ParticipantId,
/**
 * Your role, from the link.
 */
role: Role,
/**
 * Secret; sent back in `Join.resume`.
 */
resume: string,
/**
 * True when the participant was still there and its media goes on: no new peer connection is needed.
 */
resumed: boolean,
/**
 * The room as it is now; deltas follow.
 */
snapshot: Snapshot, } | { "type": "answer",
/**
 * The `id` of the offer.
 */
id: number,
/**
 * The answer.
 */
sdp: string, } | { "type": "participant_joined",
/**
 * Who.
 */
participant: ParticipantInfo, } | { "type": "participant_changed",
/**
 * Everything about the participant, as it is now.
 */
participant: ParticipantInfo, } | { "type": "participant_left",
/**
 * Who.
 */
participant: ParticipantId, } | { "type": "seats",
/**
 * `null` is an empty seat.
 */
seats: Array<SeatedStream | null>, } | { "type": "chat",
/**
 * What.
 */
message: ChatMessage, } | { "type": "muted_by",
/**
 * Which of your tracks.
 */
source: TrackSource,
/**
 * Who did it.
 */
by: ParticipantId, } | { "type": "pong",
/**
 * The `id` of the ping.
 */
id: number, } | { "type": "error",
/**
 * Why.
 */
code: ErrorCode,
/**
 * The `id` of the offer that failed, when the error answers one.
 */
id: number | null, };

/**
 * Why something was refused. The browser has the words for each, in the user's language.
 */
export type ErrorCode = "link_invalid" | "link_expired" | "room_full" | "replaced_elsewhere" | "version_mismatch" | "bad_message" | "message_too_large" | "too_fast" | "too_slow" | "not_allowed" | "name_missing" | "name_too_long" | "chat_empty" | "chat_too_long" | "offer_refused" | "not_joined" | "server_fault";
