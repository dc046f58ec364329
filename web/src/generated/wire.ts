// This file mirrors signaling/src/wire.rs.

export type ParticipantId = number;
export type RoomKind = "lesson" | "conference";
export type Role = "teacher" | "student" | "guest" | "moderator" | "attendee";
export type TrackSource = "microphone" | "camera" | "second_camera" | "screen" | "screen_sound";
export type StreamKind = "main" | "second_camera" | "screen";
export type SoundProfile = "speech" | "music" | "studio";
export type TrackInfo = { source: TrackSource, muted: boolean, muted_by_other: boolean, };
export type ParticipantInfo = { id: ParticipantId, name: string, role: Role, sound_profile: SoundProfile, tracks: Array<TrackInfo>, present: boolean, };
export type ChatMessage = { id: number, from: ParticipantId, name: string, text: string, sent_at: number, };
export type SeatedStream = { participant: ParticipantId, stream: StreamKind, };
export type Snapshot = { room: string, kind: RoomKind, started_at: number, participants: Array<ParticipantInfo>, chat: Array<ChatMessage>, seats: Array<SeatedStream | null>, };
export type OfferedTrack = { mid: string, source: TrackSource, muted: boolean, };
export type OfferedSeat = { audio_mid: string, video_mid: string, };
export type ClientMessage = { "type": "join", version: number, token: string, name: string, sound_profile: SoundProfile, resume: string | null, } | { "type": "offer", id: number, sdp: string, tracks: Array<OfferedTrack>, seats: Array<OfferedSeat>, fresh: boolean, } | { "type": "set_muted", source: TrackSource, muted: boolean, } | { "type": "mute_other", participant: ParticipantId, source: TrackSource, } | { "type": "set_sound_profile", profile: SoundProfile, } | { "type": "chat", text: string, } | { "type": "ping", id: number, } | { "type": "leave" };
export type ServerMessage = { "type": "welcome", you: ParticipantId, role: Role, resume: string, resumed: boolean, snapshot: Snapshot, } | { "type": "answer", id: number, sdp: string, } | { "type": "participant_joined", participant: ParticipantInfo, } | { "type": "participant_changed", participant: ParticipantInfo, } | { "type": "participant_left", participant: ParticipantId, } | { "type": "seats", seats: Array<SeatedStream | null>, } | { "type": "chat", message: ChatMessage, } | { "type": "muted_by", source: TrackSource, by: ParticipantId, } | { "type": "pong", id: number, } | { "type": "error", code: ErrorCode, id: number | null, };
export type ErrorCode = "link_invalid" | "link_expired" | "room_full" | "replaced_elsewhere" | "version_mismatch" | "bad_message" | "message_too_large" | "too_fast" | "too_slow" | "not_allowed" | "name_missing" | "name_too_long" | "chat_empty" | "chat_too_long" | "offer_refused" | "not_joined" | "server_fault";
