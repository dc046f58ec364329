/** What a tile and a person are called, with everything a screen reader has to know in one breath. */
import type { Messages } from '../../i18n/words.svelte';
import type { PersonAction, Reaction, Tile } from '../../state/types';
import type { IconName } from '../../ui/icons';

/** As it stands on the tile. */
export function tileName(tile: Tile, t: Messages['conference']): string {
  const { person, stream } = tile;
  if (stream === 'screen') return person.isMe ? t.tiles.myScreen : t.tiles.screen(person.name);
  return person.isMe ? t.tiles.me(person.name) : person.name;
}

/** The name first, so that speech input finds it; then what the eye sees on the tile. */
export function tileLabel(tile: Tile, t: Messages['conference'], large: boolean): string {
  const { person } = tile;
  const parts = [tileName(tile, t)];
  if (tile.stream === 'main') {
    if (person.speaking) parts.push(t.tiles.speaks);
    if (person.microphone !== 'on') parts.push(t.tiles.muted);
    if (person.hand !== null) parts.push(t.tiles.hand(person.hand));
    if (person.hasFloor) parts.push(t.tiles.floor);
    if (person.reaction !== null) parts.push(t.reaction[person.reaction]);
  }
  if (tile.picture === 'off' && tile.stream === 'main') parts.push(t.tiles.cameraOff);
  if (tile.picture === 'paused') parts.push(t.tiles.paused);
  if (tile.pinned) parts.push(t.tiles.pinned);
  if (tile.spotlight) parts.push(t.tiles.spotlight);
  if (large) parts.push(t.tiles.large);
  if (!person.present) parts.push(t.tiles.away);
  return parts.join(', ');
}

/** What stands on the smallest tiles: the first name, or the name after a title. The whole name is in the list. */
export function firstName(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  return words.find((word) => !word.endsWith('.') && !FORMS.has(word.toLocaleLowerCase())) ?? name;
}
const FORMS: ReadonlySet<string> = new Set(['frau', 'herr', 'mr', 'mrs', 'ms']);

export const reactionIcons: Readonly<Record<Reaction, IconName>> = {
  applause: 'clap',
  thumbs_up: 'thumb-up',
  thumbs_down: 'thumb-down',
  heart: 'heart',
  laughter: 'laugh',
};
export const reactions: readonly Reaction[] = ['applause', 'thumbs_up', 'thumbs_down', 'heart', 'laughter'];

export const actionIcons: Readonly<Record<PersonAction, IconName>> = {
  pin: 'pin',
  unpin: 'unpin',
  chat: 'chat',
  mute: 'mic-off',
  ask_unmute: 'mic',
  camera_off: 'cam-off',
  stop_screen: 'screen',
  give_floor: 'speaker',
  take_floor: 'x',
  lower_hand: 'hand',
  spotlight: 'star',
  end_spotlight: 'star',
  remove: 'leave',
};
