import type { ParticipantInfo, Reaction } from '../generated/wire';
import type { RoomState } from '../core/room';
import { seatKey } from '../core/seats';
import { toParticipant } from './people';
import type { Hearing, Person, PersonAction } from './conference';
import type { CaptureState } from './types';

/** What of a person is not in the server's list of participants. */
export interface PersonFacts {
  readonly room: RoomState;
  readonly speaking: ReadonlySet<number>;
  readonly speakingSince: ReadonlyMap<number, number>;
  readonly reactions: ReadonlyMap<number, Reaction>;
  readonly pinned: string | null;
}

export function mayLead({ role }: Pick<RoomState, 'role'>): boolean {
  return role === 'moderator' || role === 'teacher';
}

/** Everybody, in order of joining. */
export function toPersons(facts: PersonFacts): readonly Person[] {
  const order = raisedHands(facts.room.participants);
  return facts.room.participants.map((info) => toPerson(info, facts, order));
}

/** Ids of those whose hand is up, who raised it first before the others. */
export function raisedHands(participants: readonly ParticipantInfo[]): readonly number[] {
  const up = participants.filter(({ hand }) => hand !== null);
  return up.sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0)).map(({ id }) => id);
}

function toPerson(info: ParticipantInfo, facts: PersonFacts, order: readonly number[]): Person {
  const { room } = facts;
  const person = toParticipant(info, room.me, facts.speaking);
  const hand = order.indexOf(info.id);
  return {
    ...person,
    speakingSince: person.speaking ? (facts.speakingSince.get(info.id) ?? null) : null,
    heard: room.speakers.heard.includes(info.id),
    hand: hand < 0 ? null : hand + 1,
    hasFloor: room.settings.floor === info.id,
    reaction: facts.reactions.get(info.id) ?? null,
    actions: actionsFor(info, facts),
  };
}

function actionsFor(info: ParticipantInfo, { room, pinned }: PersonFacts): readonly PersonAction[] {
  const isMe = info.id === room.me;
  const leads = mayLead(room);
  const person = toParticipant(info, room.me, new Set());
  const { floor, spotlight } = room.settings;
  const all: readonly (readonly [PersonAction, boolean])[] = [
    [pinned === seatKey({ participant: info.id, stream: 'main' }) ? 'unpin' : 'pin', !isMe],
    ['chat', !isMe],
    ['mute', leads && !isMe && person.microphone === 'on'],
    ['ask_unmute', leads && !isMe && person.microphone === 'off'],
    ['camera_off', leads && !isMe && person.camera === 'on'],
    ['stop_screen', leads && !isMe && person.sharesScreen],
    [floor === info.id ? 'take_floor' : 'give_floor', leads],
    ['lower_hand', leads && !isMe && info.hand !== null],
    [spotlight?.participant === info.id ? 'end_spotlight' : 'spotlight', leads],
    ['remove', leads && !isMe],
  ];
  return all.filter(([, may]) => may).map(([action]) => action);
}

/** Me first, the others by name. */
export function byName(persons: readonly Person[]): readonly Person[] {
  const collator = new Intl.Collator();
  return [...persons].sort((a, b) => Number(b.isMe) - Number(a.isMe) || collator.compare(a.name, b.name) || a.id - b.id);
}

/** Every word of the search begins or is in a word of the name; accents and case play no part. */
export function searchPersons(persons: readonly Person[], search: string): readonly Person[] {
  const words = plain(search).split(/\s+/).filter(Boolean);
  return words.length === 0 ? persons : persons.filter(({ name }) => words.every((word) => plain(name).includes(word)));
}

function plain(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase();
}

export interface HearingFacts {
  readonly connected: boolean;
  readonly others: number;
  readonly microphone: CaptureState['kind'];
  readonly heard: boolean;
}

export function hearingOf({ connected, others, microphone, heard }: HearingFacts): Hearing {
  if (!connected) return { kind: 'nobody', because: 'connection' };
  if (microphone === 'problem' || microphone === 'asking') return { kind: 'nobody', because: 'none' };
  if (microphone !== 'on') return { kind: 'nobody', because: 'off' };
  if (others === 0) return { kind: 'nobody', because: 'alone' };
  return heard ? { kind: 'all' } : { kind: 'not_now' };
}
