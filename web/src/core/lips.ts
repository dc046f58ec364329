/**
 * Keeps lips and sound together. Browsers do it too, but in small steps: a picture that starts ahead of its sound stays
 * ahead for 15 s. Only the picture is moved: sound is never to wait for it.
 */

const INTERVAL_MS = 1000;
/** A report of 25 seats costs a tablet milliseconds: with so many, lips are looked at less often. */
const TURNS_WITH_MANY = 3;
const MANY = 9;
/** Nobody sees less, and the browser's own figure is not better. */
const GOOD_ENOUGH_MS = 10;
/** A picture that had to wait longer would be from another moment of the conversation. */
const WAIT_MS_MAX = 500;

/** One seat's picture and sound at one moment, cut out of a stats report. */
export interface LipsReading {
  /** How much older the picture that plays now is than the sound; negative: it is ahead. */
  readonly lateMs: number;
  /** Counted up: seconds that frames were meant to wait, and frames. */
  readonly waitSeconds: number;
  readonly frames: number;
}

type Entry = Record<string, unknown>;

/** `null` where the browser does not tell, or nothing plays. */
export function readLips(report: Iterable<readonly [string, unknown]>, sound: string, picture: string): LipsReading | null {
  const entries = [...report].map(([, value]) => value as Entry).filter(({ type }) => type === 'inbound-rtp');
  const of = (track: string) => entries.find(({ trackIdentifier }) => trackIdentifier === track);
  const [heard, seen] = [of(sound)?.estimatedPlayoutTimestamp, of(picture)?.estimatedPlayoutTimestamp];
  const { jitterBufferTargetDelay: wait, jitterBufferEmittedCount: frames } = of(picture) ?? {};
  if (typeof heard !== 'number' || typeof seen !== 'number') return null;
  if (typeof wait !== 'number' || typeof frames !== 'number') return null;
  return { lateMs: heard - seen, waitSeconds: wait, frames };
}

/** How long the picture is to wait from now on; `null`: leave it. */
export function pictureWaitMs(before: LipsReading, now: LipsReading): number | null {
  const frames = now.frames - before.frames;
  if (frames <= 0 || Math.abs(now.lateMs) <= GOOD_ENOUGH_MS) return null;
  const waitsMs = (1000 * (now.waitSeconds - before.waitSeconds)) / frames;
  return Math.round(Math.min(WAIT_MS_MAX, Math.max(0, waitsMs - now.lateMs)));
}

interface Seat {
  readonly audio: { readonly receiver: RTCRtpReceiver };
  readonly video: { readonly receiver: RTCRtpReceiver } | null;
}

/** Looks at every seat once a second, until it is stopped. */
export class Lips {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #before = new Map<Seat, LipsReading>();

  constructor(connection: RTCPeerConnection, seats: readonly Seat[]) {
    let turn = 0;
    this.#timer = setInterval(() => {
      turn += 1;
      if (connection.connectionState !== 'connected') return;
      if (seats.length > MANY && turn % TURNS_WITH_MANY !== 0) return;
      connection
        .getStats()
        .then((report) => {
          const received = [...(report as unknown as Map<string, Entry>)].filter(([, { type }]) => type === 'inbound-rtp');
          for (const seat of seats) this.#look(seat, received);
        })
        // A connection that closes meanwhile has no seats to look at.
        .catch(() => undefined);
    }, INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(seat: Seat, report: Iterable<readonly [string, unknown]>): void {
    const { audio, video } = seat;
    if (!video || !('jitterBufferTarget' in video.receiver)) return;
    const now = readLips(report, audio.receiver.track.id, video.receiver.track.id);
    const before = this.#before.get(seat);
    if (!now) {
      this.#before.delete(seat);
      return;
    }
    this.#before.set(seat, now);
    const wait = before ? pictureWaitMs(before, now) : null;
    if (wait !== null) video.receiver.jitterBufferTarget = wait;
  }
}
