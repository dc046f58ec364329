/** What a person chose about the room's look, kept on this device. */

export type RoomTheme = 'dark' | 'light';
export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

const themes: readonly RoomTheme[] = ['dark', 'light'];
const corners: readonly Corner[] = ['top-left', 'top-right', 'bottom-left', 'bottom-right'];
const switches = ['on', 'off'] as const;

/** One value in local storage; a forbidden storage only means that the choice is forgotten with the page. */
function kept<T extends string>(key: string, values: readonly T[], fallback: T): { value: T } {
  let value = $state(load());
  function load(): T {
    try {
      const text = localStorage.getItem(key);
      return values.find((known) => known === text) ?? fallback;
    } catch {
      return fallback;
    }
  }
  return {
    get value() {
      return value;
    },
    set value(next: T) {
      value = next;
      try {
        localStorage.setItem(key, next);
      } catch {
        // See above.
      }
    },
  };
}

/** The room is dark by default, whatever the system says: a bright frame around a picture tires the eyes. */
export const roomTheme = kept('auftakt.room', themes, 'dark');
export const ownCorner = kept('auftakt.corner', corners, 'bottom-right');
/** Single keys can be switched off, for people whose input device types by itself (WCAG 2.1.4). */
export const shortcutsEnabled = kept('auftakt.keys', switches, 'on');
