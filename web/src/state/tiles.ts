/**
 * Which tile is where. Places are stable: who speaks changes none, who goes leaves a gap, who comes takes the first gap. All
 * pure: told what is there, they say where it belongs. Tiles are named by their stream's key (`seatKey`).
 */

export type Places = readonly (string | null)[];

/** More faces at once are postage stamps on any screen, and more pictures than a tablet decodes. */
export const PAGE_MAX = 25;
/** So many tiles look alike in the grid: rows and columns follow from these. */
const SHAPES = [1, 2, 4, 6, 9, 12, 16, 20, 25] as const;

/** The grid after somebody came or went. `perPage`: how many tiles fit on a page. */
export function settleGrid(before: Places, now: readonly string[], perPage: number): Places {
  const here = new Set(now);
  const known = new Set(before);
  const places = before.map((key) => (key !== null && here.has(key) ? key : null));
  for (const key of now) {
    if (known.has(key)) continue;
    const gap = places.indexOf(null);
    if (gap < 0) places.push(key);
    else places[gap] = key;
  }
  trim(places);
  // Only when the grid gets another shape anyway may somebody move: the last ones, into the gaps.
  if (shapeOf(places.length, perPage) !== shapeOf(now.length, perPage)) closeUp(places);
  return same(before, places) ? before : places;
}

export function pagesOf(places: Places, perPage: number): number {
  return Math.max(1, Math.ceil(places.length / perPage));
}

/** The tiles of one page. All pages of a large room have the same shape, so only the last may be shorter. */
export function pageOf(places: Places, perPage: number, page: number): Places {
  return places.slice(page * perPage, (page + 1) * perPage);
}

/** Where to find this tile; `null`: nowhere. */
export function pageWith(places: Places, perPage: number, key: string): number | null {
  const place = places.indexOf(key);
  return place < 0 ? null : Math.floor(place / perPage);
}

function shapeOf(tiles: number, perPage: number): string {
  if (tiles > perPage) return `${Math.ceil(tiles / perPage)} pages`;
  return `${SHAPES.find((shape) => shape >= tiles) ?? perPage} tiles`;
}

function closeUp(places: (string | null)[]): void {
  for (let gap = places.indexOf(null); gap >= 0; gap = places.indexOf(null)) {
    places[gap] = places.pop() ?? null;
    trim(places);
  }
}

function trim(places: (string | null)[]): void {
  while (places.at(-1) === null) places.pop();
}

function same(a: Places, b: Places): boolean {
  return a.length === b.length && a.every((key, place) => key === b[place]);
}

/* ------------------------------------------------------------ speaker view */

/** What may be large, most important first. Only keys of others count: nobody needs to see themselves large. */
export interface Candidates {
  readonly pinned: string | null;
  readonly spotlight: string | null;
  /** Shared screens in order of appearance. */
  readonly screens: readonly string[];
  readonly speaker: string | null;
  /** All streams of others, in order of joining. */
  readonly others: readonly string[];
}

export function chooseLarge({ pinned, spotlight, screens, speaker, others }: Candidates): string | null {
  const wishes = [pinned, spotlight, screens.at(-1) ?? null, speaker];
  return wishes.find((key) => key !== null && others.includes(key)) ?? others[0] ?? null;
}

/**
 * The strip beside the large tile. `ranked` says who deserves a place, best first; those who have one and still deserve it
 * keep exactly theirs, and the others take what is free.
 */
export function settleStrip(before: readonly string[], ranked: readonly string[], slots: number): readonly string[] {
  const deserve = ranked.slice(0, slots);
  const newcomers = deserve.filter((key) => !before.slice(0, slots).includes(key));
  const strip = before.slice(0, slots).map((key) => (deserve.includes(key) ? key : null));
  const filled = strip.flatMap((key) => key ?? newcomers.shift() ?? []);
  const after = [...filled, ...newcomers];
  return same(before, after) ? before : after;
}

/** Whoever speaks or spoke last comes first; nobody twice. */
export function noteSpeakers(recent: readonly number[], speaking: readonly number[]): readonly number[] {
  return [...speaking, ...recent.filter((id) => !speaking.includes(id))];
}

/* -------------------------------------------------------- dominant speaker */

/** A word thrown in takes nobody's place … */
const BEGIN_MS = 600;
/** … and whoever became large stays so long, also through a pause. */
const HOLD_MS = 2500;

/** Who is large in the speaker view: who speaks, calmly. Told the time. */
export class Dominant {
  #current: number | null = null;
  #since = 0;
  #rival: number | null = null;
  #rivalSince = 0;

  get current(): number | null {
    return this.#current;
  }

  /** `speaking`: others who speak now, who matters most first. In how many milliseconds to look again; `null`: not before something changes. */
  look(speaking: readonly number[], nowMs: number): number | null {
    const first = speaking[0] ?? null;
    if (first === null || first === this.#current) {
      this.#rival = null;
      return null;
    }
    if (first !== this.#rival) {
      this.#rival = first;
      this.#rivalSince = nowMs;
    }
    // The first who speaks at all is there at once.
    const hold = this.#current === null ? 0 : Math.max(this.#rivalSince + BEGIN_MS, this.#since + HOLD_MS) - nowMs;
    if (hold > 0) return hold;
    this.#current = first;
    this.#since = nowMs;
    this.#rival = null;
    return null;
  }

  forget(id: number): void {
    if (this.#current === id) this.#current = null;
    if (this.#rival === id) this.#rival = null;
  }
}
