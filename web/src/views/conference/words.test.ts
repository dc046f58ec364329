import { describe, expect, it } from 'vitest';
import { german } from '../../i18n/de';
import { createFormat } from '../../i18n/format';
import type { Person, Tile } from '../../state/types';
import { firstName, tileLabel } from './words';

const t = german('Sie', createFormat('de')).conference;
const kofi: Person = {
  id: 4,
  name: 'Kofi Mensah',
  initials: 'KM',
  role: 'attendee',
  isMe: false,
  soundProfile: 'speech',
  microphone: 'off',
  camera: 'on',
  sharesScreen: false,
  present: true,
  speaking: false,
  beyondSeats: false,
  speakingSince: null,
  heard: false,
  hand: null,
  hasFloor: false,
  reaction: null,
  actions: [],
};
const tile = (person: Partial<Person>, change: Partial<Tile> = {}): Tile => ({
  key: '4-main',
  stream: 'main',
  person: { ...kofi, ...person },
  picture: 'on',
  mirrored: false,
  pinned: false,
  spotlight: false,
  ...change,
});

describe('what a tile is called', () => {
  it('begins with the name, then says what the eye sees', () => {
    expect(tileLabel(tile({}), t, false)).toBe('Kofi Mensah, Ton aus');
    expect(tileLabel(tile({ microphone: 'on', speaking: true, hand: 2, hasFloor: true }), t, true)).toBe(
      'Kofi Mensah, spricht, 2. Wortmeldung, hat das Wort, groß im Bild',
    );
    expect(tileLabel(tile({ microphone: 'on', present: false }, { picture: 'paused', pinned: true }), t, false)).toBe(
      'Kofi Mensah, Bild angehalten, Netz schwach, von Ihnen groß gezeigt, Verbindung kurz weg',
    );
  });
  it('says whose screen it is, and nothing about that person’s sound', () => {
    expect(tileLabel(tile({ speaking: true }, { stream: 'screen' }), t, false)).toBe('Bildschirm von Kofi Mensah');
    expect(tileLabel(tile({ isMe: true }, { stream: 'screen' }), t, false)).toBe('Ihr Bildschirm');
  });
});

describe('the name on the smallest tiles', () => {
  it('is the first one, without titles', () => {
    expect(firstName('Ayşe Demirtaş-Wollschläger')).toBe('Ayşe');
    expect(firstName('Dr. Maximiliane von Schellendorf')).toBe('Maximiliane');
    expect(firstName('Frau Lindqvist-Baumgärtner')).toBe('Lindqvist-Baumgärtner');
    expect(firstName('Dr.')).toBe('Dr.');
    expect(firstName('木村')).toBe('木村');
  });
});
