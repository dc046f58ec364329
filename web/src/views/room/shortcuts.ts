/** Single keys of the room. They rest while somebody types. */

export type LessonShortcut = 'microphone' | 'camera' | 'chat' | 'sound' | 'people' | 'speech' | 'music' | 'studio' | 'help';
export type ConferenceShortcut =
  | 'microphone'
  | 'camera'
  | 'hand'
  | 'people'
  | 'chat'
  | 'layout'
  | 'react'
  | 'who'
  | 'sound'
  | 'help'
  | 'next_page'
  | 'previous_page';

export const lessonKeys: ReadonlyMap<string, LessonShortcut> = new Map([
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

export const conferenceKeys: ReadonlyMap<string, ConferenceShortcut> = new Map([
  ['m', 'microphone'],
  ['k', 'camera'],
  ['h', 'hand'],
  ['p', 'people'],
  ['c', 'chat'],
  ['v', 'layout'],
  ['r', 'react'],
  ['w', 'who'],
  ['s', 'sound'],
  ['?', 'help'],
  ['pagedown', 'next_page'],
  ['pageup', 'previous_page'],
]);

/** For the help: what stands on the keys, in the order shown. */
export const lessonHelp = [
  { key: 'M', what: 'microphone' },
  { key: 'K', what: 'camera' },
  { key: 'C', what: 'chat' },
  { key: 'S', what: 'sound' },
  { key: 'P', what: 'people' },
  { key: '1 2 3', what: 'profile' },
  { key: '?', what: 'help' },
  { key: 'Esc', what: 'close' },
] as const;

export const conferenceHelp = [
  { key: 'M', what: 'microphone' },
  { key: 'K', what: 'camera' },
  { key: 'H', what: 'hand' },
  { key: 'P', what: 'people' },
  { key: 'C', what: 'chat' },
  { key: 'V', what: 'layout' },
  { key: 'R', what: 'react' },
  { key: 'W', what: 'who' },
  { key: 'S', what: 'sound' },
  { key: '↑ ↓ ← →', what: 'tiles' },
  { key: '⇞ ⇟', what: 'pages' },
  { key: '?', what: 'help' },
  { key: 'Esc', what: 'close' },
] as const;

export type KeyHelp = (typeof lessonHelp)[number] | (typeof conferenceHelp)[number];

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'radio' && target.type !== 'checkbox';
}

/** What a key press means; `null` when it means nothing here. Escape closes even while typing. */
export function shortcutOf<T extends string>(event: KeyboardEvent, keys: ReadonlyMap<string, T>): T | 'close' | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || event.defaultPrevented) return null;
  if (event.key === 'Escape') return 'close';
  if (isTyping(event.target)) return null;
  // A list that scrolls keeps its own keys.
  if (event.key.startsWith('Page') && event.target instanceof Element && event.target.closest('.side, .menu') !== null) return null;
  return keys.get(event.key.toLowerCase()) ?? null;
}
