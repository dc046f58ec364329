import type { SchoolFormat } from '../format';
import type { Speak } from './index';

export const profile = (s: Speak, f: SchoolFormat) => ({
  title: 'Profil',
  nameNote: s('Stimmt dein Name nicht? Die Verwaltung ändert ihn.', 'Stimmt Ihr Name nicht? Die Verwaltung ändert ihn.'),
  languageTitle: 'Sprache',
  languageNote: s('Gilt für deine Seiten und E-Mails, auf allen Geräten.', 'Gilt für Ihre Seiten und E-Mails, auf allen Geräten.'),
  passwordTitle: 'Passwort',
  passwordNone: s('Du meldest dich mit einem Link an. Mit einem Passwort geht es auch.', 'Sie melden sich mit einem Link an. Mit einem Passwort geht es auch.'),
  passwordHas: s('Ein neues Passwort meldet deine anderen Geräte ab.', 'Ein neues Passwort meldet Ihre anderen Geräte ab.'),
  current: 'Bisheriges Passwort',
  next: 'Neues Passwort',
  nextHelp: 'Mindestens zehn Zeichen. Mehrere Wörter lassen sich gut merken.',
  setPassword: 'Passwort speichern',
  passwordSaved: 'Das neue Passwort gilt.',
  devicesTitle: 'Angemeldete Geräte',
  devicesNote: s('Kennst du eines nicht? Melde es ab und ändere das Passwort.', 'Kennen Sie eines nicht? Melden Sie es ab und ändern Sie das Passwort.'),
  thisDevice: 'dieses Gerät',
  unknownDevice: 'Unbekanntes Gerät',
  seen: (when: string) => `zuletzt ${when}`,
  endDevice: (device: string) => `${device} abmelden`,
  end: 'Abmelden',
  endOthers: 'Alle anderen abmelden',
  signOut: 'Abmelden',
  signOutNote: s('Auf einem fremden Gerät melde dich immer ab.', 'Auf einem fremden Gerät melden Sie sich immer ab.'),
  count: (count: number) => `${f.number(count)} ${f.plural(count, { one: 'Gerät', other: 'Geräte' })}`,
});
