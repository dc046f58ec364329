import type { SchoolFormat } from '../format';
import type { SchoolMessages } from '../words.svelte';

export const profile = (f: SchoolFormat): SchoolMessages['profile'] => ({
  title: 'Profile',
  nameNote: 'Is your name not right? The office changes it.',
  languageTitle: 'Language',
  languageNote: 'Holds for your pages and e-mails, on all devices.',
  passwordTitle: 'Password',
  passwordNone: 'You sign in with a link. It works with a password, too.',
  passwordHas: 'A new password signs your other devices out.',
  current: 'Current password',
  next: 'New password',
  nextHelp: 'At least ten characters. Several words are easy to remember.',
  setPassword: 'Save password',
  passwordSaved: 'The new password holds.',
  devicesTitle: 'Devices signed in',
  devicesNote: 'There is one you do not know? Sign it out and change the password.',
  thisDevice: 'this device',
  unknownDevice: 'Unknown device',
  seen: (when) => `last used ${when}`,
  endDevice: (device) => `Sign out ${device}`,
  end: 'Sign out',
  endOthers: 'Sign out all others',
  signOut: 'Sign out',
  signOutNote: 'On a device that is not yours, always sign out.',
  count: (count) => `${f.number(count)} ${f.plural(count, { one: 'device', other: 'devices' })}`,
});
