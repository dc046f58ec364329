/**
 * What survives a reload of this tab (and nothing else does): how to come back into the room, and the answers given.
 * A browser that forbids storage just forgets.
 */
export interface Remembered {
  /** The secret of `welcome`; belongs to `token`. */
  resume: string | null;
  token: string;
  name: string;
  headphones: 'unanswered' | 'yes' | 'no';
  profile: 'speech' | 'music' | 'studio' | null;
  /** Switched off or muted: a reload unmutes nobody. */
  off: { readonly microphone: boolean; readonly camera: boolean };
  /** In the room, not in front of its door. */
  inside: boolean;
}

const KEY = 'auftakt';

export function remember(what: Remembered, storage: Pick<Storage, 'setItem'> = sessionStorage): void {
  try {
    storage.setItem(KEY, JSON.stringify(what));
  } catch {
    // Private mode or a full store: coming back after a reload is then a plain join.
  }
}

/** What was remembered for this join link; `null` for another link or a damaged entry. */
export function recall(token: string, storage: Pick<Storage, 'getItem'> = sessionStorage): Remembered | null {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
    if (typeof value !== 'object' || value === null) return null;
    const entry = value as Partial<Record<keyof Remembered, unknown>>;
    const off = (typeof entry.off === 'object' && entry.off !== null ? entry.off : {}) as Partial<Record<string, unknown>>;
    if (entry.token !== token || typeof entry.name !== 'string') return null;
    return {
      token,
      name: entry.name,
      resume: typeof entry.resume === 'string' ? entry.resume : null,
      headphones: entry.headphones === 'yes' || entry.headphones === 'no' ? entry.headphones : 'unanswered',
      profile:
        entry.profile === 'speech' || entry.profile === 'music' || entry.profile === 'studio' ? entry.profile : null,
      off: { microphone: off.microphone === true, camera: off.camera === true },
      inside: entry.inside === true,
    };
  } catch {
    return null;
  }
}

/** A choice that outlives the tab; `otherwise` when there is none, or no storage. */
export function keptSwitch(name: string, otherwise: boolean): boolean {
  try {
    const kept = localStorage.getItem(`auftakt-${name}`);
    return kept === null ? otherwise : kept === 'on';
  } catch {
    return otherwise;
  }
}

export function keepSwitch(name: string, on: boolean): void {
  try {
    localStorage.setItem(`auftakt-${name}`, on ? 'on' : 'off');
  } catch {
    // It holds until the page is closed.
  }
}

export function forget(storage: Pick<Storage, 'removeItem'> = sessionStorage): void {
  try {
    storage.removeItem(KEY);
  } catch {
    // Nothing was kept, nothing to forget.
  }
}
