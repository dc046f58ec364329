import { describe, expect, it } from 'vitest';
import type { ParticipantInfo, ServerMessage } from '../generated/wire';
import { PLAIN_ROOM } from './fakes';
import { reduceRoom, type RoomState } from './room';
import { beyondSeats, conferenceSeats, seatedProfiles, seatsWanted, streamsOf } from './seats';

function person(id: number, sources: ParticipantInfo['tracks'][number]['source'][] = []): ParticipantInfo {
  const tracks = sources.map((source) => ({ source, muted: false, muted_by_other: false }));
  return { id, name: `P${id}`, role: 'student', sound_profile: 'music', tracks, present: true, hand: null };
}

const welcome: ServerMessage = {
  type: 'welcome',
  you: 1,
  role: 'teacher',
  resume: 'secret',
  resumed: false,
  snapshot: {
    room: 'geige',
    kind: 'lesson',
    started_at: 5,
    participants: [person(1), person(2)],
    chat: [],
    seats: [{ participant: 2, stream: 'main' }, null],
    ...PLAIN_ROOM,
  },
};

function after(...messages: ServerMessage[]): RoomState {
  const room = messages.reduce<RoomState | null>(reduceRoom, null);
  if (!room) throw new Error('no room');
  return room;
}

describe('the room', () => {
  it('is nothing before the welcome', () => {
    expect(reduceRoom(null, { type: 'participant_left', participant: 2 })).toBeNull();
  });

  it('starts with the snapshot', () => {
    const room = after(welcome);
    expect(room.participants.map((p) => p.id)).toEqual([1, 2]);
    expect(room.seats[0]).toEqual({ participant: 2, stream: 'main' });
    expect(room.me).toBe(1);
  });

  it('keeps the order of joining when somebody changes', () => {
    const room = after(
      welcome,
      { type: 'participant_joined', participant: person(3) },
      { type: 'participant_changed', participant: { ...person(2), name: 'Neu' } },
    );
    expect(room.participants.map((p) => p.name)).toEqual(['P1', 'Neu', 'P3']);
  });

  it('empties the seats of who left, before the server says so', () => {
    const room = after(welcome, { type: 'participant_left', participant: 2 });
    expect(room.participants).toHaveLength(1);
    expect(room.seats).toEqual([null, null]);
  });

  it('takes all of a new snapshot after coming back', () => {
    const room = after(welcome, { type: 'participant_joined', participant: person(3) }, welcome);
    expect(room.participants).toHaveLength(2);
  });

  it('shows a chat line once, though it may be told twice', () => {
    const line: ServerMessage = {
      type: 'chat',
      message: { id: 7, from: 2, name: 'P2', to: null, text: 'Hallo', sent_at: 1 },
    };
    expect(after(welcome, line, line).chat).toHaveLength(1);
  });

  it('forgets old chat lines instead of growing', () => {
    const lines = Array.from({ length: 600 }, (_, id): ServerMessage => {
      return { type: 'chat', message: { id, from: 2, name: 'P2', to: null, text: '.', sent_at: id } };
    });
    const { chat } = after(welcome, ...lines);
    expect(chat).toHaveLength(500);
    expect(chat.at(-1)?.id).toBe(599);
  });

  it('takes over how it is led, who speaks, who waits and what is paused', () => {
    const settings = { locked: true, screens: 'many', spotlight: { participant: 2, stream: 'main' }, floor: 2 } as const;
    const waiting = [{ id: 9, name: 'Gast', role: 'guest', since: 1 } as const];
    const room = after(
      welcome,
      { type: 'room_changed', settings },
      { type: 'speakers', speakers: { speaking: [2], heard: [1, 2] } },
      { type: 'lobby', waiting },
      { type: 'pictures_paused', seats: [0] },
    );
    expect(room).toMatchObject({ settings, lobby: waiting, paused: [0], speakers: { speaking: [2], heard: [1, 2] } });
    expect(after(welcome, { type: 'pictures_paused', seats: [0] }, welcome).paused).toEqual([]);
  });

  it('stays the same object when a message changes nothing', () => {
    const room = after(welcome);
    expect(reduceRoom(room, { type: 'pong', id: 1 })).toBe(room);
  });
});

describe('seats', () => {
  it('are two at the start', () => {
    expect(seatsWanted([], null, 0)).toBe(2);
    expect(seatsWanted([person(1), person(2)], 1, 2)).toBe(2);
  });

  it('are always at least one more than there are streams, and grow in few steps', () => {
    const rooms = Array.from({ length: 30 }, (_, n) => Array.from({ length: n + 1 }, (_, id) => person(id)));
    const counts = rooms.map((people) => seatsWanted(people, 0, 2));
    expect(counts.every((seats, others) => seats === 25 || seats > others)).toBe(true);
    expect([...new Set(counts)]).toEqual([2, 4, 9, 16, 25]);
    expect(seatsWanted([person(1), person(2, ['camera', 'screen', 'screen_sound', 'second_camera'])], 1, 2)).toBe(4);
  });

  it('are never given back', () => {
    expect(seatsWanted([person(1)], 1, 5)).toBe(5);
  });

  it('have an end in a large room', () => {
    const many = Array.from({ length: 100 }, (_, id) => person(id));
    expect(seatsWanted(many, 1, 2)).toBe(25);
  });

  it('belong to streams: a screen and its sound are one', () => {
    expect(streamsOf(person(1))).toEqual(['main']);
    expect(streamsOf(person(1, ['microphone', 'screen', 'screen_sound']))).toEqual(['main', 'screen']);
  });

  it('have an end, and who is beyond it is known', () => {
    const others = Array.from({ length: 27 }, (_, i) => person(i + 2));
    const seats = others.slice(0, 25).map(({ id }) => ({ participant: id, stream: 'main' as const }));
    const room = { ...after(welcome), participants: [person(1), ...others], seats };
    expect(beyondSeats(room).map(({ id }) => id)).toEqual([27, 28]);
    // Not all seats are taken, or more will come: whoever has none yet gets one.
    expect(beyondSeats({ ...room, seats: [...seats.slice(0, 24), null] })).toEqual([]);
    expect(beyondSeats({ ...room, seats: seats.slice(0, 16) })).toEqual([]);
  });

  it('are as many in a conference as people come and tiles are shown, in steps', () => {
    const room = (others: number) => Array.from({ length: others + 1 }, (_, id) => person(id));
    const seats = (others: number, tiles: number, have = 0) => conferenceSeats(room(others), 0, { tiles, have });
    expect([0, 8, 9, 15, 16, 24, 99].map((others) => seats(others, 25))).toEqual([9, 9, 16, 16, 25, 25, 25]);
    // A phone never shows more than a few, however many come.
    expect(seats(99, 8)).toBe(9);
    expect(seats(2, 8, 16)).toBe(16);
  });

  it('know nobody beyond them in a conference: whoever is heard is heard', () => {
    const others = Array.from({ length: 30 }, (_, i) => person(i + 2));
    const taken = others.slice(0, 25).map(({ id }) => ({ participant: id, stream: 'main' as const }));
    expect(beyondSeats({ ...after(welcome), kind: 'conference', participants: others, seats: taken })).toEqual([]);
  });

  it('sound as their occupants send, a shared recording as music', () => {
    const speaker = { ...person(2), sound_profile: 'speech' as const };
    const seats = (['main', 'screen', 'second_camera'] as const).map((stream) => ({ participant: 2, stream }));
    const room = { ...after(welcome), participants: [person(1), speaker], seats: [...seats, null] };
    expect(seatedProfiles(room)).toEqual(['speech', 'music', null, null]);
  });
});
