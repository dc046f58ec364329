import type { ParticipantInfo, SeatedStream } from '../generated/wire';
import { seatKey } from '../core/seats';
import type { Participant, Seat, TrackSource } from './types';

/** A participant as a view shows it. */
export function toParticipant(
  info: ParticipantInfo,
  me: number,
  speaking: ReadonlySet<number>,
  beyond: readonly ParticipantInfo[] = [],
): Participant {
  const { id, name, role } = info;
  return {
    id,
    name,
    initials: initialsOf(name),
    role,
    isMe: id === me,
    soundProfile: info.sound_profile,
    microphone: stateOf(info, 'microphone'),
    camera: stateOf(info, 'camera'),
    sharesScreen: info.tracks.some((track) => track.source === 'screen'),
    present: info.present,
    speaking: speaking.has(id),
    beyondSeats: beyond.some((other) => other.id === id),
  };
}

function stateOf(info: ParticipantInfo, source: TrackSource): 'on' | 'off' | 'none' {
  const track = info.tracks.find((candidate) => candidate.source === source);
  if (!track) return 'none';
  return track.muted || track.muted_by_other ? 'off' : 'on';
}

/** Before a name, and no part of it. */
const SALUTATION = /^(?:frau|fr|herrn?|hr|mr|mrs|ms|miss|mx|sir|dr|prof|professor(?:in)?)\.?$/iu;

/** First letters of the first and last word; whole characters, not halves of them. */
export function initialsOf(name: string): string {
  let words = name.trim().split(/\s+/).filter(Boolean);
  while (words.length > 1 && SALUTATION.test(words[0] ?? '')) words = words.slice(1);
  if (words.length === 1) words = (words[0] ?? '').split('-').filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toLocaleUpperCase();
}

/** The occupied seats. `seen`: seat indices whose present occupant's picture was really drawn. */
export function toSeats(
  seats: readonly (SeatedStream | null)[],
  participants: readonly Participant[],
  infos: readonly ParticipantInfo[],
  seen: ReadonlySet<number>,
): Seat[] {
  return seats.flatMap((seated, index) => {
    const participant = participants.find((candidate) => candidate.id === seated?.participant);
    const info = infos.find((candidate) => candidate.id === seated?.participant);
    if (!seated || !participant || !info) return [];
    const picture = pictureOf(seated, info, seen.has(index));
    return [{ key: seatKey(seated), index, stream: seated.stream, participant, picture } satisfies Seat];
  });
}

/** `seen`: the stream's picture was really drawn. */
export function pictureOf(stream: SeatedStream, info: ParticipantInfo, seen: boolean): Seat['picture'] {
  if (stateOf(info, pictureSource(stream)) !== 'on') return 'off';
  return seen ? 'on' : 'waiting';
}

function pictureSource({ stream }: SeatedStream): TrackSource {
  return stream === 'main' ? 'camera' : stream;
}
