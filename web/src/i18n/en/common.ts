import type { Messages } from '../words.svelte';

export const common: Messages['common'] = {
  product: 'Auftakt',
  language: 'Language of this page',
  skip: 'Skip to content',
  tryAgain: 'Try again',
  close: 'Close',
  unknown: '–',
  you: 'You',
  on: 'on',
  off: 'off',
  role: { teacher: 'Teacher', student: 'Student', guest: 'Guest', moderator: 'Host', attendee: 'Attendee' },
  profile: { speech: 'Speech', music: 'Music', studio: 'Studio' },
};
