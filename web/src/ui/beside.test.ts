import { describe, expect, it } from 'vitest';
import { placeBeside } from './beside';

const window = { width: 400, height: 600 };
const own = { width: 200, height: 250 };
const anchor = (left: number, top: number) => ({ left, top, right: left + 44, bottom: top + 44 });

describe('what floats', () => {
  it('lies below its button, flush with its right edge', () => {
    expect(placeBeside(anchor(300, 100), own, window)).toEqual({ left: 144, top: 148 });
  });
  it('lies above where below is no room', () => {
    expect(placeBeside(anchor(300, 500), own, window)).toEqual({ left: 144, top: 246 });
  });
  it('stays inside the window', () => {
    expect(placeBeside(anchor(0, 100), own, window).left).toBe(8);
    expect(placeBeside(anchor(390, 100), own, window).left).toBe(192);
    expect(placeBeside(anchor(300, 200), own, { width: 400, height: 300 }).top).toBe(42);
    expect(placeBeside(anchor(300, 100), { width: 200, height: 900 }, window).top).toBe(8);
  });
});
