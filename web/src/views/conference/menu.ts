import type { Person, Tile } from '../../state/types';

/** Opens the menu about a person beside `anchor`; the focus goes back to `opener`. */
export type OpenMenu = (person: Person, anchor: HTMLElement, opener: HTMLElement, tile?: Tile) => void;

export interface MenuAt {
  readonly person: number;
  /** The tile that was pressed, where it was one: a screen is pinned by its own key. */
  readonly tile: Tile | null;
  readonly anchor: HTMLElement;
  readonly opener: HTMLElement;
}
