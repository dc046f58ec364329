/** Where keys and fingers lead on the tiles, by what the eye sees: tiles may stand anywhere. */
interface Spot {
  readonly x: number;
  readonly y: number;
}

/** The index of the nearest spot that way; sideways distance counts twice. `null`: nobody is there. */
export function nextSpot(spots: readonly Spot[], from: number, key: string): number | null {
  const here = spots[from];
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!here || !way) return null;
  const [dx = 0, dy = 0] = way;
  let best: number | null = null;
  let least = Infinity;
  for (const [index, spot] of spots.entries()) {
    const along = (spot.x - here.x) * dx + (spot.y - here.y) * dy;
    const across = Math.abs((spot.x - here.x) * dy) + Math.abs((spot.y - here.y) * dx);
    if (along < 1 || along + 2 * across >= least) continue;
    best = index;
    least = along + 2 * across;
  }
  return best;
}

/** Which way a finger that went so far turns the pages; 0: it meant something else. */
export function pagesSwiped(right: number, down: number): -1 | 0 | 1 {
  if (Math.abs(right) < SWIPE_PX || Math.abs(right) < 2 * Math.abs(down)) return 0;
  return right < 0 ? 1 : -1;
}
const SWIPE_PX = 60;
