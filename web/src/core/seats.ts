import type { ParticipantId, ParticipantInfo, SeatedStream, SoundProfile, StreamKind } from '../generated/wire';
import type { RoomState } from './room';

/**
 * How many seats there are, in steps: each step costs an offer of every page in the room, an empty seat costs nothing. Two
 * spare most lessons a second offer; 25 are a page of 5×5 pictures, and the end.
 */
const SEAT_STEPS = [2, 4, 9, 16, 25] as const;
export const SEATS_MAX = 25;

/**
 * How many seats to have: at least one more than streams can come, so that who joins next is seen without a new offer. Seats
 * are never given back.
 */
export function seatsWanted(
  participants: readonly ParticipantInfo[],
  me: ParticipantId | null,
  have: number,
): number {
  const streams = participants.filter((p) => p.id !== me).reduce((sum, p) => sum + streamsOf(p).length, 0);
  const step = SEAT_STEPS.find((seats) => seats > streams) ?? SEATS_MAX;
  return Math.max(step, have);
}

/** A conference begins with a page of 3×3, and ends with one of 5×5. */
const CONFERENCE_STEPS = [9, 16, 25] as const;
/** As many as are heard at once beside those who are seen: five who sound, and one who was given the floor. */
export const SOUND_SEATS = 6;

/**
 * Pairs of sound and picture in a conference. 25 cost an offer of 148 kB and 200 ms, so they come when so many people are
 * here *and* so many tiles are shown; one more than that, so that who joins next is seen without a new offer.
 */
export function conferenceSeats(
  participants: readonly ParticipantInfo[],
  me: ParticipantId | null,
  { tiles, have }: { readonly tiles: number; readonly have: number },
): number {
  const streams = participants.filter((p) => p.id !== me).reduce((sum, p) => sum + streamsOf(p).length, 0);
  const needed = Math.min(streams + 1, tiles);
  return Math.max(CONFERENCE_STEPS.find((seats) => seats >= needed) ?? SEATS_MAX, have);
}

/** Who is neither seen nor heard because all seats there can be are taken. */
export function beyondSeats({ me, kind, participants, seats }: RoomState): readonly ParticipantInfo[] {
  // A conference's page shows whom it wants, and hears whoever is heard.
  if (kind === 'conference' || seats.length < SEATS_MAX || seats.includes(null)) return [];
  const seated = new Set(seats.map((seat) => (seat?.stream === 'main' ? seat.participant : null)));
  return participants.filter(({ id }) => id !== me && !seated.has(id));
}

/** How the sound in each seat is sent; `null` where none can come. A shared recording is music. */
export function seatedProfiles({ participants, seats }: RoomState): (SoundProfile | null)[] {
  return seats.map((seat) => {
    if (seat?.stream === 'screen') return 'music';
    if (seat?.stream !== 'main') return null;
    return participants.find((participant) => participant.id === seat.participant)?.sound_profile ?? null;
  });
}

/** The streams of one participant. `main` exists from joining on: without a camera its initials are shown. */
export function streamsOf(participant: ParticipantInfo): StreamKind[] {
  const has = (source: string) => participant.tracks.some((track) => track.source === source);
  const streams: StreamKind[] = ['main'];
  if (has('second_camera')) streams.push('second_camera');
  if (has('screen') || has('screen_sound')) streams.push('screen');
  return streams;
}

export function seatKey(seat: SeatedStream): string {
  return `${seat.participant}-${seat.stream}`;
}
