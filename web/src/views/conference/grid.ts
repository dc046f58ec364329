/**
 * How many tiles a page of the grid holds, and in how many columns and rows. Pure: the same room on the same screen always
 * looks the same.
 */
export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Shape {
  readonly columns: number;
  readonly rows: number;
}

/** Five by five: more faces at once are postage stamps on any screen, and more pictures than a tablet decodes. */
const MOST = 5;
/** Below this a name has no room for ten letters, and a face none for its eyes. */
const LEAST_WIDTH_PX = 130;
const LEAST_HEIGHT_PX = 100;
/** Two columns are a phone held upright: faces may be larger there, and a page has four rows at most. */
const NARROW: Shape = { columns: 2, rows: 4 };
const LEAST_HEIGHT_NARROW_PX = 120;
/** A slot of the strip: narrower has no room for a name. The heights are the style sheet's, with the gap. */
const SLOT_BESIDE_PX = 122;
const SLOT_BELOW: Size = { width: 148, height: 140 };
const SLOT_PHONE: Size = { width: 86, height: 110 };
const PHONE_PX = 700;
const LOW_PX = 300;
const ROOM_FOR_TWO_PX = 640;
/** Most cameras send 4:3 or something wider, and a tile shows the middle of it. */
const PICTURE: Size = { width: 4, height: 3 };
/** How much of the picture has to stay for a head with shoulders that sits about in the middle. */
const FACE = { width: 0.6, height: 0.75 };
/** With less than this of it nobody is to be recognized. */
const STRIPE = 0.6;

/** The most a page of this size holds. */
export function largestShape({ width, height }: Size): Shape {
  const columns = clamp(Math.floor(width / LEAST_WIDTH_PX), 1, MOST);
  const narrow = columns <= NARROW.columns;
  const rows = clamp(Math.floor(height / (narrow ? LEAST_HEIGHT_NARROW_PX : LEAST_HEIGHT_PX)), 1, narrow ? NARROW.rows : MOST);
  return { columns, rows };
}

/** Columns and rows for so many tiles: those that show the largest faces. All pages of a large room have the same. */
export function shapeFor(count: number, size: Size): Shape {
  const largest = largestShape(size);
  if (count >= largest.columns * largest.rows) return largest;
  let best = largest;
  let bestWorth = 0;
  for (let columns = 1; columns <= Math.min(largest.columns, Math.max(1, count)); columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    if (rows > largest.rows) continue;
    const tile = { width: size.width / columns, height: size.height / rows };
    const kept = keptFace(tile);
    // Empty places are room that shows nobody, and a stripe of a face is worse than a small one.
    const worth = ((filledSize(tile) * kept) ** 2 * (kept < STRIPE ? kept : 1) * count) / (columns * rows);
    if (worth > bestWorth) {
      best = { columns, rows };
      bestWorth = worth;
    }
  }
  return best;
}

export function tilesOf({ columns, rows }: Shape): number {
  return columns * rows;
}

/** The strip beside or below the large picture; its last slot says how many more there are. */
export function stripShape({ width, height }: Size, tiles: number, below: boolean, largeIsScreen: boolean): Shape {
  if (!below) {
    const rows = clamp(Math.floor(height / SLOT_BESIDE_PX), 2, MOST + 1);
    // A low stage is wide: one column would leave two slots, and a large picture without forehead and chin.
    const columns = tiles > rows && height < LOW_PX && width > ROOM_FOR_TWO_PX ? 2 : 1;
    return { columns, rows };
  }
  const phone = width < PHONE_PX;
  const columns = clamp(Math.floor(width / (phone ? SLOT_PHONE.width : SLOT_BELOW.width)), 2, MOST + 1);
  // A face fills an upright stage; a screen is wide, and leaves room for a second row.
  const free = height - (width * PICTURE.height) / PICTURE.width;
  const rows = largeIsScreen && tiles > columns && free > 2 * (phone ? SLOT_PHONE.height : SLOT_BELOW.height) ? 2 : 1;
  return { columns, rows };
}

/** How large a face is in a tile of this size, as the picture fills it. */
function filledSize({ width, height }: Size): number {
  return Math.max(width / PICTURE.width, height / PICTURE.height);
}

/** How much of head and shoulders is left, where the tile cuts them. */
function keptFace({ width, height }: Size): number {
  const filled = filledSize({ width, height });
  if (filled === 0) return 0;
  return Math.min(1, width / (FACE.width * PICTURE.width * filled), height / (FACE.height * PICTURE.height * filled));
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
