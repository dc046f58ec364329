import { describe, expect, it } from 'vitest';
import { fitOf, type Size } from './fit';

const WIDE: Size = { width: 1280, height: 720 };
const tile = (width: number, height: number): Size => ({ width, height });

describe('how a picture fits its tile', () => {
  it.each([
    ['a tablet held wide', tile(1148, 646), 'fill', false],
    ['a tablet with the bar', tile(1148, 660), 'fill', false],
    ['a tablet beside a panel', tile(792, 684), 'whole', true],
    ['a tablet held tall', tile(788, 990), 'whole', true],
    ['a phone', tile(374, 620), 'whole', true],
    ['4:3', tile(800, 600), 'fill', true],
    ['a tile of no size yet', tile(0, 0), 'fill', false],
  ] as const)('%s', (_, size, fit, choice) => {
    expect(fitOf(WIDE, size)).toEqual({ fit, choice });
  });

  it('asks the same of a tall picture in a wide tile', () => {
    expect(fitOf(tile(720, 1280), tile(1148, 660)).fit).toBe('whole');
    expect(fitOf(tile(0, 0), tile(1148, 660))).toEqual({ fit: 'fill', choice: false });
  });
});
