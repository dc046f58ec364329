import type { SeatedStream } from '../generated/wire';
import { seatKey } from '../core/seats';

interface Shown {
  readonly key: string;
  index: number | null;
  detach: () => void;
}

/** Where a seat's picture is shown; see `Playback`. */
export interface Screens {
  show(element: HTMLVideoElement, index: number): () => void;
}

/** Lets every tile's element follow its stream from seat to seat. */
export class Pictures {
  readonly #shown = new Map<HTMLVideoElement, Shown>();
  readonly #screens: Screens;
  /** Another picture begins in this seat's element: what was seen there is the past. */
  readonly #onBegin: (index: number) => void;
  #seats: readonly (SeatedStream | null)[] = [];

  constructor(screens: Screens, onBegin: (index: number) => void) {
    this.#screens = screens;
    this.#onBegin = onBegin;
  }

  show(element: HTMLVideoElement, key: string): () => void {
    const shown: Shown = { key, index: null, detach: () => undefined };
    this.#shown.set(element, shown);
    this.#follow(element, shown);
    return () => {
      shown.detach();
      this.#shown.delete(element);
    };
  }

  setSeats(seats: readonly (SeatedStream | null)[]): void {
    this.#seats = seats;
    // First everybody gets up: two who change seats must not undo each other.
    for (const shown of this.#shown.values()) if (shown.index !== this.#indexOf(shown.key)) getUp(shown);
    for (const [element, shown] of this.#shown) this.#follow(element, shown);
  }

  #follow(element: HTMLVideoElement, shown: Shown): void {
    const index = this.#indexOf(shown.key);
    if (index === null || index === shown.index) return;
    shown.index = index;
    this.#onBegin(index);
    shown.detach = this.#screens.show(element, index);
  }

  #indexOf(key: string): number | null {
    const index = this.#seats.findIndex((seat) => seat !== null && seatKey(seat) === key);
    return index < 0 ? null : index;
  }
}

function getUp(shown: Shown): void {
  shown.detach();
  shown.detach = () => undefined;
  shown.index = null;
}
