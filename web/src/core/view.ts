import type { SeatedStream, SeatSize } from '../generated/wire';
import { seatKey } from './seats';
import type { View } from './session';

/** Sizes are rounded up to this, so that a panel that slides in does not make a message of every pixel. */
const STEP_PX = 8;
const NOTHING: SeatSize = { width: 0, height: 0 };

export interface ViewFacts {
  /** What is to be seen, most important first; others' streams only. */
  readonly wanted: readonly SeatedStream[];
  /** Of `wanted`, how many from the front are pinned. */
  readonly pinned: number;
  /** Who sits where, as the server last said. */
  readonly seats: readonly (SeatedStream | null)[];
  /** Which seats have a picture; those for sound alone have none. */
  readonly pictures: readonly boolean[];
  /** How large the tiles are that are really in sight, by key, in CSS pixels. */
  readonly sizes: ReadonlyMap<string, SeatSize>;
  readonly pixelRatio: number;
}

/**
 * What to tell the server. A seat whose picture nobody sees is 0 × 0. Seats that somebody will sit down in soon are as
 * large as that tile, so that the first picture comes with who sits down, not with the next message.
 */
export function viewOf({ wanted, pinned, seats, pictures, sizes, pixelRatio }: ViewFacts): View {
  const physical = (size: SeatSize): SeatSize => ({
    width: Math.ceil((size.width * pixelRatio) / STEP_PX) * STEP_PX,
    height: Math.ceil((size.height * pixelRatio) / STEP_PX) * STEP_PX,
  });
  const seated = new Set(seats.map((seat) => seat && seatKey(seat)));
  const awaited = wanted.map((stream) => seatKey(stream)).filter((key) => !seated.has(key));
  const coming = largest(awaited.map((key) => sizes.get(key) ?? NOTHING));
  // Who comes next is not known; most are as small as the smallest tile.
  const vacant = area(coming) > 0 ? coming : smallest([...sizes.values()]);
  return {
    wanted: [...wanted],
    pinned,
    sizes: pictures.map((picture, index) => {
      const seat = seats[index] ?? null;
      if (!picture) return NOTHING;
      return physical(seat ? (sizes.get(seatKey(seat)) ?? coming) : vacant);
    }),
  };
}

function area({ width, height }: SeatSize): number {
  return width * height;
}

function largest(sizes: readonly SeatSize[]): SeatSize {
  return sizes.reduce((most, size) => (area(size) > area(most) ? size : most), NOTHING);
}

function smallest(sizes: readonly SeatSize[]): SeatSize {
  const seen = sizes.filter((size) => area(size) > 0);
  return seen.length === 0 ? NOTHING : seen.reduce((least, size) => (area(size) < area(least) ? size : least));
}
