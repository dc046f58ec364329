import type { SoundCounters } from './stats';

const NOTHING: SoundCounters = {
  at: 0,
  bytes: 0,
  packets: 0,
  lost: 0,
  concealedSamples: 0,
  concealmentEvents: 0,
  samples: 0,
  energy: 0,
  duration: 0,
  bufferDelay: 0,
  bufferCount: 0,
  fmtp: '',
};

/**
 * All that is heard as one direction of sound: thirty seats are too many to look at one by one. Seats in which nothing came
 * since the last look count for nothing, else their silence would hide what the others lost.
 */
export class SoundSum {
  #before: ReadonlyMap<string, SoundCounters> = new Map();
  #total = NOTHING;

  /** The counters of now, by track; the totals of all looks so far. `null` while there is no track, and so no time. */
  add(now: ReadonlyMap<string, SoundCounters>): SoundCounters | null {
    if (now.size === 0) return null;
    let duration = 0;
    for (const [track, counters] of now) {
      const before = this.#before.get(track);
      // Counters that fall belong to a new connection.
      if (!before || counters.packets <= before.packets) continue;
      duration = Math.max(duration, counters.duration - before.duration);
      this.#total = plus(this.#total, before, counters);
    }
    const at = Math.max(this.#total.at, ...[...now.values()].map((counters) => counters.at));
    this.#total = { ...this.#total, at, duration: this.#total.duration + duration };
    this.#before = now;
    return this.#total;
  }
}

const COUNTED = [
  'bytes',
  'packets',
  'lost',
  'concealedSamples',
  'concealmentEvents',
  'samples',
  'energy',
  'bufferDelay',
  'bufferCount',
] as const;

function plus(total: SoundCounters, before: SoundCounters, now: SoundCounters): SoundCounters {
  const sum = { ...total, fmtp: now.fmtp };
  for (const key of COUNTED) sum[key] += Math.max(0, now[key] - before[key]);
  return sum;
}
