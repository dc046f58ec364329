import { describe, expect, it } from 'vitest';
import { SoundHistory } from './proof';
import { SoundSum } from './soundsum';
import type { SoundCounters } from './stats';

/** A track after `seconds` of speech, of which some samples were made up; `silent`: nothing ever came. */
function track(seconds: number, concealedSamples = 0, silent = false): SoundCounters {
  return {
    at: seconds * 1000,
    bytes: silent ? 0 : seconds * 6000,
    packets: silent ? 0 : seconds * 50,
    lost: 0,
    concealedSamples,
    concealmentEvents: 0,
    samples: seconds * 48_000,
    energy: silent ? 0 : seconds * 0.01,
    duration: seconds,
    bufferDelay: silent ? 0 : seconds * 2400,
    bufferCount: silent ? 0 : seconds * 48_000,
    fmtp: 'stereo=1',
  };
}

function total(sum: SoundSum, now: ReadonlyMap<string, SoundCounters>): SoundCounters {
  const counters = sum.add(now);
  if (!counters) throw new Error('nothing was counted');
  return counters;
}

describe('the sound of all', () => {
  it('is the sum of those who are heard', () => {
    const sum = new SoundSum();
    const history = new SoundHistory('received');
    for (let second = 0; second <= 8; second += 2) {
      const now = new Map([['a', track(second)], ['b', track(second)], ['c', track(second, 0, true)]]);
      history.add(total(sum, now), false, 'speech');
    }
    const figures = history.figures('once');
    expect(figures.bitrateKbps).toBe(96);
    expect(figures.bufferMs).toBe(50);
    expect(figures.tape).toHaveLength(16);
    expect(figures.concealedPercent).toBe(0);
  });

  it('does not hide what one of them lost behind the seats nobody sits in', () => {
    const sum = new SoundSum();
    const history = new SoundHistory('received');
    const silent = (second: number) => Array.from({ length: 20 }, (_, i) => [`s${i}`, track(second, 0, true)] as const);
    for (let second = 0; second <= 8; second += 2) {
      history.add(total(sum, new Map([['a', track(second, second * 4800)], ...silent(second)])), false, 'speech');
    }
    expect(history.figures('once').concealedPercent).toBe(10);
  });

  it('begins with the first track, whenever that comes', () => {
    const sum = new SoundSum();
    const history = new SoundHistory('received');
    expect(sum.add(new Map())).toBeNull();
    for (const second of [1_700_000_000, 1_700_000_002]) history.add(total(sum, new Map([['a', track(second)]])), false, 'speech');
    expect(history.figures('once').tape).toHaveLength(4);
  });

  it('goes on when a new connection counts from nothing', () => {
    const sum = new SoundSum();
    sum.add(new Map([['a', track(10)]]));
    const before = total(sum, new Map([['a', track(12)]])).packets;
    expect(total(sum, new Map([['a', track(1)]])).packets).toBe(before);
    expect(total(sum, new Map([['a', track(2)]])).packets).toBe(before + 50);
  });
});
