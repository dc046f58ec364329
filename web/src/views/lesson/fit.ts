/** Of a picture's area at most this much may be cut off to fill a tile: more, and the bow arm or the keyboard is outside. */
const MOST_LOST = 0.25;
/** Below this the two ways look the same. */
const LEAST_SEEN = 0.03;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `fill`: cut off what does not fit. `whole`: all of it, with space beside it. */
export type Fit = 'fill' | 'whole';

/** How a picture is shown by itself, and whether there is anything to choose. */
export function fitOf(picture: Size, tile: Size): { readonly fit: Fit; readonly choice: boolean } {
  const lost = lostByFilling(picture, tile);
  return { fit: lost > MOST_LOST ? 'whole' : 'fill', choice: lost > LEAST_SEEN };
}

/** The share of the picture's area that filling the tile cuts off; 0 while one of the sizes is not known. */
function lostByFilling(picture: Size, tile: Size): number {
  if ([picture.width, picture.height, tile.width, tile.height].some((length) => length <= 0)) return 0;
  const ratio = picture.width / picture.height / (tile.width / tile.height);
  return 1 - Math.min(ratio, 1 / ratio);
}
