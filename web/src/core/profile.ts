import type { SoundProfile } from '../generated/wire';

export type Headphones = 'unanswered' | 'yes' | 'no';

/** How a profile sounds on the wire. How each was measured: benches/README.md. */
export interface ProfileSettings {
  readonly channels: 1 | 2;
  readonly bitrateBps: number;
  readonly frameMs: 10 | 20;
  /** Milliseconds the receiver's jitter buffer aims at; `null` leaves it to the browser (voice tolerates its stretching). */
  readonly jitterBufferTargetMs: number | null;
}

export const PROFILES: Readonly<Record<SoundProfile, ProfileSettings>> = {
  speech: { channels: 1, bitrateBps: 48_000, frameMs: 20, jitterBufferTargetMs: null },
  music: { channels: 2, bitrateBps: 128_000, frameMs: 20, jitterBufferTargetMs: 60 },
  studio: { channels: 2, bitrateBps: 256_000, frameMs: 10, jitterBufferTargetMs: 60 },
};

/** What the browser may do to the microphone's sound. */
export interface Processing {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/**
 * Speech gets all three. Music gets none: each of them takes held notes for noise. Only without headphones the echo
 * canceller stays, because the other side would hear itself. An unanswered question counts as "no headphones".
 */
export function wantedProcessing(profile: SoundProfile, headphones: Headphones): Processing {
  if (profile === 'speech') return { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return { echoCancellation: headphones !== 'yes', noiseSuppression: false, autoGainControl: false };
}

export function sameProcessing(a: Processing, b: Processing): boolean {
  return (
    a.echoCancellation === b.echoCancellation &&
    a.noiseSuppression === b.noiseSuppression &&
    a.autoGainControl === b.autoGainControl
  );
}

/** Music in lessons, speech in conferences: what a room starts with. */
export function defaultProfile(kind: 'lesson' | 'conference'): SoundProfile {
  return kind === 'lesson' ? 'music' : 'speech';
}
