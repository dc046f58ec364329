import type { ThreadKind } from '../../records';
import type { SchoolFormat } from '../format';
import type { Speak } from './index';

export const talk = (s: Speak, f: SchoolFormat) => ({
  title: 'Nachrichten',
  kind: { course: 'Veranstaltung', family: 'Familie', staff: 'Kollegium', notice: 'Mitteilung' } as Record<ThreadKind, string>,
  family: (student: string) => `Familie von ${student}`,
  fresh: (count: number) => `${f.number(count)} neu`,
  emptyTitle: 'Noch keine Nachrichten',
  empty: s('Hier steht, was dir deine Lehrkraft schreibt.', 'Hier steht, was andere Ihnen schreiben, und was Sie schreiben.'),
  nothingSaid: s('Hier hat noch niemand geschrieben. Fang an.', 'Hier hat noch niemand geschrieben. Fangen Sie an.'),
  you: s('Du', 'Sie'),
  write: 'Nachricht',
  send: 'Senden',
  older: 'Ältere zeigen',
  sending: 'wird gesendet …',
  notSent: 'Nicht gesendet.',
  again: 'Noch einmal senden',
  readOnly: s('Hier kannst du nur lesen.', 'Hier können Sie nur lesen.'),
  attachment: (name: string, size: string) => `${name}, ${size}`,
});
