import type { Role, SoundProfile } from '../../state/types';
import type { Speak } from './index';

export const common = (s: Speak) => ({
  product: 'Auftakt',
  language: 'Sprache der Seite',
  skip: 'Zum Inhalt',
  tryAgain: 'Noch einmal versuchen',
  close: 'Schließen',
  unknown: '–',
  you: s('Du', 'Sie'),
  on: 'an',
  off: 'aus',
  role: {
    teacher: 'Lehrkraft',
    student: 'Schülerin/Schüler',
    guest: 'Gast',
    moderator: 'Leitung',
    attendee: 'Teilnehmende Person',
  } as Record<Role, string>,
  profile: { speech: 'Sprache', music: 'Musik', studio: 'Studio' } as Record<SoundProfile, string>,
});
