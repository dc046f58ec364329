// Generated from signaling/src/wire by `UPDATE=1 cargo test -p auftakt-signaling --test bindings`. Do not edit.

/** Version of this protocol. */
export const PROTOCOL_VERSION = 2;

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
present: boolean,
/**
 * The hand is up; counts up within the room, so that the smallest number was first.
 */
hand: number | null, };

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
 * Only for this participant, and seen by nobody else. `null`: for everybody.
 */
to: ParticipantId | null,
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
 * How a room is led; changed by moderators (in a lesson by the teacher).
 */
export type RoomSettings = {
/**
 * Whoever comes now waits until let in, with a link or without. Who was inside already comes back by itself.
 */
locked: boolean,
/**
 * How many may share their screen at once.
 */
screens: ScreenPolicy,
/**
 * Everybody sees this stream large.
 */
spotlight: SeatedStream | null,
/**
 * Has been given the word: is heard however many others sound.
 */
floor: ParticipantId | null, };

/**
 * How many may share their screen at once.
 */
export type ScreenPolicy = "one" | "many";

/**
 * Who speaks or plays, and who is heard.
 */
export type Speakers = {
/**
 * Who speaks or plays now, who matters most first.
 */
speaking: Array<ParticipantId>,
/**
 * Whose sound the others get when there is any: all who are not muted while they are few; else the loudest, the moderators, and
 * who has the floor. In order of joining.
 */
heard: Array<ParticipantId>, };

/**
 * Somebody who waits to be let in.
 */
export type WaitingInfo = {
/**
 * Becomes the participant's id.
 */
id: ParticipantId,
/**
 * As the person calls itself.
 */
name: string,
/**
 * From the link.
 */
role: Role,
/**
 * Milliseconds since 1970.
 */
since: number, };

/**
 * A sign that passes by itself.
 */
export type Reaction = "applause" | "thumbs_up" | "thumbs_down" | "heart" | "laughter";

/**
 * How large the picture of one seat is shown, in physical pixels. Nothing is sent for 0 × 0.
 */
export type SeatSize = {
/**
 * Physical pixels (CSS pixels × `devicePixelRatio`).
 */
width: number,
/**
 * Physical pixels.
 */
height: number, };

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
 * The most recent messages that you may see, oldest first.
 */
chat: Array<ChatMessage>,
/**
 * How the room is led.
 */
settings: RoomSettings,
/**
 * Who speaks or plays, and who is heard.
 */
speakers: Speakers,
/**
 * Who waits to be let in. Empty for who may not let anybody in.
 */
lobby: Array<WaitingInfo>,
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
 * A pair of recvonly m-sections: one seat. In a conference, seats for sound alone come after those with a picture: whoever is heard and not
 * seen sits there.
 */
export type OfferedSeat = {
/**
 * Where the sound is received.
 */
audio_mid: string,
/**
 * Where the picture is received. `null`: a seat for sound alone.
 */
video_mid: string | null, };

/**
 * From the browser to the server.
 */
export type ClientMessage = { "type": "join",
/**
 * [`super::PROTOCOL_VERSION`] of the client.
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
text: string,
/**
 * To one participant alone; `null`: to everybody in the room.
 */
to: ParticipantId | null, } | { "type": "set_view",
/**
 * Streams to show before all others, most important first: what is pinned, and the tiles of the page of the grid that is open. Who
 * is named and has a seat keeps it. Seats that are left go to shared screens, the spotlight, who speaks, and who spoke last.
 */
wanted: Array<SeatedStream>,
/**
 * Of `wanted`, how many (from the front) the viewer has pinned: they get their picture before all others.
 */
pinned: number,
/**
 * By seat index. A seat without one is shown large.
 */
sizes: Array<SeatSize>, } | { "type": "raise_hand",
/**
 * Up or down.
 */
up: boolean, } | { "type": "react",
/**
 * Which.
 */
reaction: Reaction, } | { "type": "admit",
/**
 * Who; unknown ones are ignored.
 */
participants: Array<ParticipantId>, } | { "type": "admit_all" } | { "type": "dismiss",
/**
 * Who.
 */
participant: ParticipantId, } | { "type": "remove",
/**
 * Who.
 */
participant: ParticipantId, } | { "type": "set_locked",
/**
 * Locked from now on.
 */
locked: boolean, } | { "type": "mute_all" } | { "type": "ask_unmute",
/**
 * Who.
 */
participant: ParticipantId, } | { "type": "lower_hand",
/**
 * Whose.
 */
participant: ParticipantId, } | { "type": "give_floor",
/**
 * `null`: nobody has it.
 */
participant: ParticipantId | null, } | { "type": "set_spotlight",
/**
 * `null`: nobody.
 */
stream: SeatedStream | null, } | { "type": "set_screens",
/**
 * How many.
 */
screens: ScreenPolicy, } | { "type": "ping",
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
by: ParticipantId, } | { "type": "waiting",
/**
 * Secret; sent back in `Join.resume`.
 */
resume: string,
/**
 * Your role, from the link.
 */
role: Role,
/**
 * The name of the room.
 */
room: string,
/**
 * Its kind.
 */
kind: RoomKind,
/**
 * Milliseconds since 1970 when you came.
 */
since: number,
/**
 * Names of those who can let you in. Sent anew when they change; empty: nobody is there yet.
 */
hosts: Array<string>, } | { "type": "lobby",
/**
 * Who waits.
 */
waiting: Array<WaitingInfo>, } | { "type": "room_changed",
/**
 * All settings.
 */
settings: RoomSettings, } | { "type": "speakers",
/**
 * Both lists as they are now.
 */
speakers: Speakers, } | { "type": "reacted",
/**
 * Who.
 */
participant: ParticipantId,
/**
 * Which.
 */
reaction: Reaction, } | { "type": "asked_to_unmute",
/**
 * Who asks.
 */
by: ParticipantId, } | { "type": "screen_taken_over",
/**
 * Who shares now.
 */
by: ParticipantId, } | { "type": "send_layers",
/**
 * Which of your pictures.
 */
source: TrackSource,
/**
 * How many simulcast layers, counted from the smallest. 0: nobody looks.
 */
layers: number, } | { "type": "pictures_paused",
/**
 * Seat indices, ascending.
 */
seats: Array<number>, } | { "type": "pong",
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
export type ErrorCode = "link_invalid" | "link_expired" | "room_full" | "replaced_elsewhere" | "version_mismatch" | "bad_message" | "message_too_large" | "too_fast" | "too_slow" | "not_allowed" | "dismissed" | "removed" | "lobby_full" | "name_missing" | "name_too_long" | "chat_empty" | "chat_too_long" | "recipient_gone" | "no_place_left" | "list_too_long" | "offer_refused" | "not_joined" | "server_fault";
