import type {
  ChatMessage,
  ParticipantId,
  ParticipantInfo,
  Role,
  RoomKind,
  RoomSettings,
  SeatedStream,
  ServerMessage,
  Speakers,
  TrackInfo,
  WaitingInfo,
} from '../generated/wire';

/** Older lines leave the page's memory; the server keeps fewer. */
const CHAT_MAX = 500;

/** The room as the server last told it. */
export interface RoomState {
  readonly me: ParticipantId;
  readonly role: Role;
  readonly room: string;
  readonly kind: RoomKind;
  readonly startedAt: number;
  readonly participants: readonly ParticipantInfo[];
  readonly chat: readonly ChatMessage[];
  readonly seats: readonly (SeatedStream | null)[];
  readonly settings: RoomSettings;
  readonly speakers: Speakers;
  readonly lobby: readonly WaitingInfo[];
  /** Seats whose picture the network is too narrow for now. */
  readonly paused: readonly number[];
}

/** The room after one message of the server; the same object when it changes nothing. `null` before `welcome`. */
export function reduceRoom(room: RoomState | null, message: ServerMessage): RoomState | null {
  if (message.type === 'welcome') {
    const { snapshot } = message;
    return {
      me: message.you,
      role: message.role,
      room: snapshot.room,
      kind: snapshot.kind,
      startedAt: snapshot.started_at,
      participants: snapshot.participants,
      chat: snapshot.chat,
      seats: snapshot.seats,
      settings: snapshot.settings,
      speakers: snapshot.speakers,
      lobby: snapshot.lobby,
      paused: [],
    };
  }
  if (room === null) return null;
  switch (message.type) {
    case 'participant_joined':
    case 'participant_changed':
      return { ...room, participants: withParticipant(room.participants, message.participant) };
    case 'participant_left':
      return {
        ...room,
        participants: room.participants.filter((p) => p.id !== message.participant),
        seats: room.seats.map((seat) => (seat?.participant === message.participant ? null : seat)),
      };
    case 'seats':
      return { ...room, seats: message.seats };
    case 'chat':
      return { ...room, chat: withLine(room.chat, message.message) };
    case 'lobby':
      return { ...room, lobby: message.waiting };
    case 'room_changed':
      return { ...room, settings: message.settings };
    case 'speakers':
      return { ...room, speakers: message.speakers };
    case 'pictures_paused':
      return { ...room, paused: message.seats };
    default:
      return room;
  }
}

/** Our own tracks as the server sees them. */
export function ownTracks(room: RoomState | null): readonly TrackInfo[] {
  return room?.participants.find((participant) => participant.id === room.me)?.tracks ?? [];
}

function withParticipant(
  participants: readonly ParticipantInfo[],
  changed: ParticipantInfo,
): readonly ParticipantInfo[] {
  const known = participants.some((p) => p.id === changed.id);
  return known ? participants.map((p) => (p.id === changed.id ? changed : p)) : [...participants, changed];
}

function withLine(chat: readonly ChatMessage[], line: ChatMessage): readonly ChatMessage[] {
  // A snapshot and the delta after it may tell the same line.
  if (chat.some((known) => known.id === line.id)) return chat;
  return [...chat, line].slice(-CHAT_MAX);
}
