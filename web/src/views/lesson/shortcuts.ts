/** Single keys of the room. They rest while somebody types. */

export type Shortcut = 'microphone' | 'camera' | 'chat' | 'sound' | 'people' | 'speech' | 'music' | 'studio' | 'help' | 'close';

const keys: ReadonlyMap<string, Shortcut> = new Map([
  ['m', 'microphone'],
  ['k', 'camera'],
  ['c', 'chat'],
  ['s', 'sound'],
  ['p', 'people'],
  ['1', 'speech'],
  ['2', 'music'],
  ['3', 'studio'],
  ['?', 'help'],
]);

/** For the help: what stands on the keys, in the order shown. */
export const shortcutHelp = [
  { key: 'M', what: 'microphone' },
  { key: 'K', what: 'camera' },
  { key: 'C', what: 'chat' },
  { key: 'S', what: 'sound' },
  { key: 'P', what: 'people' },
  { key: '1 2 3', what: 'profile' },
  { key: '?', what: 'help' },
  { key: 'Esc', what: 'close' },
] as const;

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'radio' && target.type !== 'checkbox';
}

/** What a key press means; `null` when it means nothing here. Escape closes even while typing. */
export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return null;
  if (event.key === 'Escape') return 'close';
  if (isTyping(event.target)) return null;
  return keys.get(event.key.toLowerCase()) ?? null;
}
