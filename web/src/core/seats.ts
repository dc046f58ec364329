import type { ParticipantId, ParticipantInfo, SeatedStream, StreamKind } from '../generated/wire';

/** Open from the start: two cost nothing and spare most lessons a second offer. */
const SEATS_AT_START = 2;
/** A page of 5×5 pictures; a conference shows the rest by page. */
const SEATS_MAX = 25;

/**
 * How many seats to have: one more than streams can come, so that who joins next is seen without a new offer. Seats are
 * never given back: an empty one costs nothing.
 */
export function seatsWanted(
  participants: readonly ParticipantInfo[],
  me: ParticipantId | null,
  have: number,
): number {
  const streams = participants.filter((p) => p.id !== me).reduce((sum, p) => sum + streamsOf(p).length, 0);
  return Math.min(SEATS_MAX, Math.max(SEATS_AT_START, have, streams + 1));
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
