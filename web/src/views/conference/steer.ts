/** The next tile in the direction of an arrow key, by what the eye sees: tiles may stand anywhere. */
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
