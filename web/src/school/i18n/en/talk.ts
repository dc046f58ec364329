import type { SchoolFormat } from '../format';
import type { SchoolMessages } from '../words.svelte';

export const talk = (f: SchoolFormat): SchoolMessages['talk'] => ({
  title: 'Messages',
  kind: { course: 'Course', family: 'Family', staff: 'Staff', notice: 'Notice' },
  family: (student) => `Family of ${student}`,
  fresh: (count) => `${f.number(count)} new`,
  emptyTitle: 'No messages yet',
  empty: 'Here is what others write to you, and what you write.',
  nothingSaid: 'Nobody has written here yet. Begin.',
  you: 'You',
  write: 'Message',
  send: 'Send',
  older: 'Show older ones',
  sending: 'on its way …',
  notSent: 'Not sent.',
  again: 'Send again',
  readOnly: 'Here you can only read.',
  attachment: (name, size) => `${name}, ${size}`,
});
