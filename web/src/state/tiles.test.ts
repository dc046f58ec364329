import { describe, expect, it } from 'vitest';
import { chooseLarge, Dominant, noteSpeakers, pageOf, pagesOf, pageWith, type Places, settleGrid, settleStrip } from './tiles';

const names = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);

describe('the grid', () => {
  it('gives who comes the next free tile, and moves nobody', () => {
    const nine = settleGrid([], names(9), 25);
    const without = names(9).filter((key) => key !== 'p3');
    const gap = settleGrid(nine, without, 25);
    expect(gap).toEqual(nine.map((key) => (key === 'p3' ? null : key)));
    expect(settleGrid(gap, [...without, 'new'], 25)).toEqual(nine.map((key) => (key === 'p3' ? 'new' : key)));
  });

  it('keeps gaps only while the grid would look the same without them', () => {
    const ten = settleGrid([], names(10), 25);
    // Twelve tiles fit the shape of ten; nine have another one.
    const nine = settleGrid(ten, names(10).filter((key) => key !== 'p2'), 25);
    expect(nine).toEqual(['p0', 'p1', 'p9', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8']);
  });

  it('moves as few as possible from a page that is no longer needed', () => {
    const two = settleGrid([], names(27), 25);
    expect(pagesOf(two, 25)).toBe(2);
    const left = names(27).filter((key) => key !== 'p0' && key !== 'p5');
    const one = settleGrid(two, left, 25);
    expect(pagesOf(one, 25)).toBe(1);
    const moved = names(25).filter((key, place) => left.includes(key) && one[place] !== key);
    expect(moved).toEqual([]);
    expect([one[0], one[5]].sort()).toEqual(['p25', 'p26']);
  });

  it('has pages, and every tile is on one', () => {
    const places = settleGrid([], names(40), 8);
    expect(pagesOf(places, 8)).toBe(5);
    expect(pageOf(places, 8, 1)).toEqual(names(16).slice(8));
    expect(pageWith(places, 8, 'p39')).toBe(4);
    expect(pageWith(places, 8, 'nobody')).toBeNull();
    expect(pagesOf([], 8)).toBe(1);
  });

  it('never loses or doubles anybody, and moves nobody without need, whoever comes and goes', () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      let state = seed;
      const random = (below: number) => {
        state = (state * 48_271) % 2_147_483_647;
        return state % below;
      };
      let here: string[] = [];
      let places: Places = [];
      for (let step = 0; step < 120; step += 1) {
        const comes = here.length === 0 || random(100) < 55;
        if (comes) here = [...here, `s${step}`];
        else here = here.filter((_, i) => i !== random(here.length));
        const before = places;
        places = settleGrid(before, here, 9);
        expect(places.filter((key) => key !== null).sort(), `seed ${seed}`).toEqual([...here].sort());
        if (comes) {
          const moved = before.filter((key, place) => key !== null && places[place] !== key);
          expect(moved, `seed ${seed}`).toEqual([]);
        }
      }
    }
  });

  it('stays the same object while nothing changes', () => {
    const places = settleGrid([], names(5), 9);
    expect(settleGrid(places, names(5), 9)).toBe(places);
  });
});

describe('the large tile', () => {
  const nobody = { pinned: null, spotlight: null, screens: [], speaker: null, others: ['a', 'b', 'b-screen', 'c-screen'] };

  it('is what I pinned, what everybody should see, a screen, who speaks, in this order', () => {
    const all = { ...nobody, pinned: 'a', spotlight: 'b', screens: ['b-screen', 'c-screen'], speaker: 'b' };
    expect(chooseLarge(all)).toBe('a');
    expect(chooseLarge({ ...all, pinned: null })).toBe('b');
    expect(chooseLarge({ ...all, pinned: null, spotlight: null })).toBe('c-screen');
    expect(chooseLarge({ ...all, pinned: null, spotlight: null, screens: [] })).toBe('b');
  });

  it('is never somebody who is not there, and somebody when anybody is', () => {
    expect(chooseLarge({ ...nobody, pinned: 'gone', spotlight: 'me' })).toBe('a');
    expect(chooseLarge({ ...nobody, others: [] })).toBeNull();
  });
});

describe('the strip', () => {
  it('keeps everybody who deserves a place exactly there', () => {
    const strip = settleStrip([], ['me', 'a', 'b', 'c', 'd'], 4);
    expect(strip).toEqual(['me', 'a', 'b', 'c']);
    // c speaks: nothing moves. e speaks: the least of them makes room.
    expect(settleStrip(strip, ['me', 'c', 'a', 'b', 'd'], 4)).toBe(strip);
    expect(settleStrip(strip, ['me', 'e', 'c', 'a', 'b'], 4)).toEqual(['me', 'a', 'e', 'c']);
  });

  it('closes up when there are fewer, or less room', () => {
    expect(settleStrip(['me', 'a', 'b'], ['me', 'b'], 4)).toEqual(['me', 'b']);
    expect(settleStrip(['me', 'a', 'b'], ['me', 'b', 'a'], 2)).toEqual(['me', 'b']);
  });

  it('ranks by who spoke last', () => {
    const recent = noteSpeakers(noteSpeakers([], [3, 1]), [2]);
    expect(recent).toEqual([2, 3, 1]);
    expect(noteSpeakers(recent, [1])).toEqual([1, 2, 3]);
  });
});

describe('the dominant speaker', () => {
  it('is the first who speaks, at once', () => {
    const dominant = new Dominant();
    expect(dominant.look([4, 5], 0)).toBeNull();
    expect(dominant.current).toBe(4);
  });

  it('stays through pauses and words thrown in', () => {
    const dominant = new Dominant();
    dominant.look([4], 0);
    dominant.look([], 1000);
    expect(dominant.current).toBe(4);
    expect(dominant.look([5], 10_000)).toBe(600);
    dominant.look([], 10_300);
    expect(dominant.look([5], 10_500)).toBe(600);
    dominant.look([4], 10_800);
    expect(dominant.current).toBe(4);
  });

  it('changes to who goes on speaking, but not again at once', () => {
    const dominant = new Dominant();
    dominant.look([4], 0);
    const wait = dominant.look([5], 100);
    expect(wait).toBe(2400);
    dominant.look([5], 100 + (wait ?? 0));
    expect(dominant.current).toBe(5);
    expect(dominant.look([4], 2600)).toBe(2400);
  });

  it('is forgotten when gone', () => {
    const dominant = new Dominant();
    dominant.look([4], 0);
    dominant.forget(4);
    expect(dominant.current).toBeNull();
    dominant.look([5], 100);
    expect(dominant.current).toBe(5);
  });
});
