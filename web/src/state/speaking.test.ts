import { describe, expect, it } from 'vitest';
import { SpeakingTimes } from './speaking';

describe('since when somebody speaks', () => {
  it('counts from the first word, pauses included, until there is a long one', () => {
    const times = new SpeakingTimes();
    times.take([4], 1000);
    times.take([], 20_000);
    expect(times.take([4, 5], 23_000)).toEqual(new Map([[4, 1000], [5, 23_000]]));
    times.take([], 30_000);
    expect(times.take([4], 36_000)).toEqual(new Map([[4, 36_000]]));
  });
});
