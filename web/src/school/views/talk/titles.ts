import type { SchoolMessages } from '../../i18n/words.svelte';
import type { ThreadInfo } from '../../state/types';

/** What a conversation is called: by its title, its course, the family, or those who are in it. */
export function threadTitle({ kind, title, course, student, members }: ThreadInfo, { talk }: SchoolMessages): string {
  if (title !== '') return title;
  if (kind === 'family' && student) return talk.family(student);
  return course ?? (members.length > 0 ? members.map(({ name }) => name).join(', ') : talk.kind[kind]);
}
