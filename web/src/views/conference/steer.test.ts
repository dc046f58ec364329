import { describe, expect, it } from 'vitest';
import { nextSpot, pagesSwiped } from './steer';

// Three by two, and a gap at the end.
const grid = [0, 1, 2, 3, 4].map((place) => ({ x: (place % 3) * 100, y: Math.floor(place / 3) * 80 }));
// One large tile and a strip beside it.
const stage = [{ x: 400, y: 300 }, { x: 900, y: 60 }, { x: 900, y: 200 }, { x: 900, y: 340 }];

describe('arrow keys', () => {
  it('go to the neighbour', () => {
    expect(nextSpot(grid, 0, 'ArrowRight')).toBe(1);
    expect(nextSpot(grid, 1, 'ArrowDown')).toBe(4);
    expect(nextSpot(grid, 4, 'ArrowUp')).toBe(1);
    expect(nextSpot(grid, 4, 'ArrowLeft')).toBe(3);
  });
  it('take the nearest where nobody is straight ahead', () => {
    expect(nextSpot(grid, 2, 'ArrowDown')).toBe(4);
    expect(nextSpot(stage, 1, 'ArrowLeft')).toBe(0);
    expect(nextSpot(stage, 0, 'ArrowRight')).toBe(3);
  });
  it('stay at the edge', () => {
    expect(nextSpot(grid, 2, 'ArrowRight')).toBeNull();
    expect(nextSpot(grid, 0, 'ArrowUp')).toBeNull();
    expect(nextSpot(grid, 9, 'ArrowUp')).toBeNull();
    expect(nextSpot(grid, 0, 'Enter')).toBeNull();
  });
});

describe('a finger on the tiles', () => {
  it('turns one page when it goes sideways, against the way it goes', () => {
    expect(pagesSwiped(-120, 20)).toBe(1);
    expect(pagesSwiped(120, -20)).toBe(-1);
  });

  it('turns nothing when it taps, trembles or goes up and down', () => {
    expect(pagesSwiped(-8, 3)).toBe(0);
    expect(pagesSwiped(-59, 0)).toBe(0);
    expect(pagesSwiped(-100, 80)).toBe(0);
  });
});
