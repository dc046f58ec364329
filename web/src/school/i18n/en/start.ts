import type { SchoolMessages } from '../words.svelte';

export const start: SchoolMessages['start'] = {
  hello: (name) => `Hello ${name}`,
  next: {
    title: 'What you can do',
    people: 'Add people',
    peopleNote: 'Teachers, students, families',
    find: 'Find people',
    findNote: 'Contact, signing in, and links to hand over',
    profile: 'Set up your profile',
    profileNote: 'Language, password and your devices',
  },
};
