import { describe, expect, it } from 'vitest';
import type { SeatedStream } from '../generated/wire';
import { viewOf, type ViewFacts } from './view';

const main = (participant: number): SeatedStream => ({ participant, stream: 'main' });
const size = (width: number, height: number) => ({ width, height });
const NOTHING = size(0, 0);

const facts: ViewFacts = {
  wanted: [main(2), main(3)],
  pinned: 1,
  seats: [main(2), main(3)],
  pictures: [true, true],
  sizes: new Map([['2-main', size(640, 360)], ['3-main', size(160, 90)]]),
  pixelRatio: 1,
};

describe('what the server is told of the view', () => {
  it('is what is wanted, and how large each seat is in physical pixels', () => {
    expect(viewOf({ ...facts, pixelRatio: 2 })).toEqual({
      wanted: [main(2), main(3)],
      pinned: 1,
      sizes: [size(1280, 720), size(320, 184)],
    });
  });

  it('is nothing for what is out of sight, and for seats without a picture', () => {
    const sizes = new Map([['2-main', size(640, 360)], ['3-main', NOTHING]]);
    expect(viewOf({ ...facts, sizes }).sizes[1]).toEqual(NOTHING);
    expect(viewOf({ ...facts, wanted: [main(2)], seats: [main(2), main(9)] }).sizes[1]).toEqual(NOTHING);
    expect(viewOf({ ...facts, pictures: [true, false] }).sizes[1]).toEqual(NOTHING);
    expect(viewOf({ ...facts, sizes: new Map() }).sizes).toEqual([NOTHING, NOTHING]);
  });

  it('makes ready for who will sit down: where others make room, and where nobody sits', () => {
    const wanted = [main(2), main(7)];
    const sizes = new Map([['2-main', size(640, 360)], ['7-main', size(320, 184)]]);
    const seats = [main(2), main(3), null];
    const pictures = [true, true, true];
    expect(viewOf({ ...facts, wanted, sizes, seats, pictures }).sizes).toEqual([size(640, 360), size(320, 184), size(320, 184)]);
    expect(viewOf({ ...facts, seats: [...facts.seats, null], pictures }).sizes[2]).toEqual(size(160, 96));
  });

  it('does not change with every pixel', () => {
    const wide = (width: number) => viewOf({ ...facts, sizes: new Map([['2-main', size(width, 360)]]) });
    expect(wide(633)).toEqual(wide(640));
    expect(wide(641)).not.toEqual(wide(640));
  });
});
