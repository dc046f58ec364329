import type { SeatSize } from '../generated/wire';

/** A window that is drawn larger changes its sizes with every frame: tell the end of it. */
const SETTLE_MS = 120;
/** A tile that becomes this much larger or smaller at once was put somewhere else, and not drawn there. */
const MOVED_RATIO = 2;
/** What appears or goes away is told at once, but tiles of one page together. */
const TOGETHER_MS = 16;
/** Looking into another tab for a moment is not worth a keyframe of every picture. */
const HIDDEN_AFTER_MS = 2000;

interface Tile {
  readonly key: string;
  width: number;
  height: number;
  inSight: boolean;
}

/** Watches how large tiles are, and whether they are in sight at all. */
export class Sizes {
  readonly #tiles = new Map<Element, Tile>();
  readonly #onChange: () => void;
  readonly #resized: ResizeObserver;
  readonly #crossed: IntersectionObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerSoon = false;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #hidden = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#resized = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) this.#resize(target, contentRect);
    });
    this.#crossed = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.#cross(target, isIntersecting);
    });
    document.addEventListener('visibilitychange', this.#onVisibility);
    window.addEventListener('resize', this.#onWindow);
  }

  /** `key` names what is shown in `element`, until the returned function is called. */
  watch(element: Element, key: string): () => void {
    this.#tiles.set(element, { key, width: 0, height: 0, inSight: false });
    this.#resized.observe(element);
    this.#crossed.observe(element);
    return () => {
      this.#resized.unobserve(element);
      this.#crossed.unobserve(element);
      const tile = this.#tiles.get(element);
      this.#tiles.delete(element);
      if (tile && isSeen(tile)) this.#changed('soon');
    };
  }

  /** Everything in sight, in CSS pixels, by key; nothing while the whole page is hidden. */
  get seen(): ReadonlyMap<string, SeatSize> {
    const seen = new Map<string, SeatSize>();
    if (this.#hidden) return seen;
    for (const tile of this.#tiles.values()) {
      if (isSeen(tile)) seen.set(tile.key, { width: tile.width, height: tile.height });
    }
    return seen;
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#hiddenTimer);
    this.#resized.disconnect();
    this.#crossed.disconnect();
    this.#tiles.clear();
    document.removeEventListener('visibilitychange', this.#onVisibility);
    window.removeEventListener('resize', this.#onWindow);
  }

  #resize(element: Element, { width, height }: SeatSize): void {
    const tile = this.#tiles.get(element);
    if (!tile || (tile.width === width && tile.height === height)) return;
    const before = { ...tile };
    tile.width = width;
    tile.height = height;
    this.#changed(isSeen(before) === isSeen(tile) && !moved(before, tile) ? 'settled' : 'soon');
  }

  #cross(element: Element, inSight: boolean): void {
    const tile = this.#tiles.get(element);
    if (!tile || tile.inSight === inSight) return;
    tile.inSight = inSight;
    this.#changed('soon');
  }

  #changed(when: 'soon' | 'settled'): void {
    if (this.#timer !== undefined && this.#timerSoon) return;
    clearTimeout(this.#timer);
    this.#timerSoon = when === 'soon';
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#onChange();
      },
      when === 'soon' ? TOGETHER_MS : SETTLE_MS,
    );
  }

  readonly #onVisibility = () => {
    clearTimeout(this.#hiddenTimer);
    if (document.visibilityState === 'hidden') {
      this.#hiddenTimer = setTimeout(() => {
        this.#hidden = true;
        this.#onChange();
      }, HIDDEN_AFTER_MS);
    } else if (this.#hidden) {
      this.#hidden = false;
      this.#onChange();
    }
  };

  /** Another screen may have other pixels, though the tiles stay as large. */
  readonly #onWindow = () => {
    this.#changed('settled');
  };
}

function moved(before: SeatSize, now: SeatSize): boolean {
  const [small, large] = [before.width * before.height, now.width * now.height].sort((a, b) => a - b);
  return (large ?? 0) > MOVED_RATIO * (small ?? 0);
}

function isSeen({ width, height, inSight }: Tile): boolean {
  return inSight && width > 0 && height > 0;
}
