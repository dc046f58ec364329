/** What a lesson date is called, and what became of it. */
import type { SchoolWords } from '../i18n/words.svelte';
import type { DateInfo } from '../state/types';
import type { IconName } from '../ui/icons';

/** Whom a teacher teaches: the one pupil, or the course. */
export function dateTitle({ students, name, kind }: DateInfo): string {
  const names = students.map((student) => student.name);
  return kind !== 'group' && kind !== 'ensemble' && names.length > 0 && names.length <= 2 ? names.join(', ') : name;
}

/** What a family calls it: the subject, or the group they belong to. */
export function familyTitle({ subject, name, kind }: DateInfo): string {
  return kind === 'group' || kind === 'ensemble' ? name : subject || name;
}

export function datePlace({ online, place }: DateInfo, { t }: SchoolWords): string {
  return online ? t.time.online : place;
}

/** "Violine, online" */
export function dateNote(date: DateInfo, words: SchoolWords): string {
  return [date.subject, datePlace(date, words)].filter((part) => part !== '').join(', ');
}

export interface StatusLook {
  readonly text: string;
  readonly tone: '' | 'ok' | 'now' | 'bad';
  readonly icon: IconName | null;
}

export function statusLook(date: DateInfo, now: number, { t, f }: SchoolWords): StatusLook {
  const { status } = date;
  if (status === 'cancelled') return { text: t.time.cancelled(date.category_name), tone: 'bad', icon: null };
  if (status === 'given' || status === 'given_online') return { text: t.time.status[status], tone: 'ok', icon: 'check' };
  if (date.starts_at <= now && now < date.ends_at) return { text: t.time.inMinutes(0), tone: 'now', icon: 'clock' };
  const minutes = Math.ceil((date.starts_at - now) / 60_000);
  if (minutes > 0 && minutes <= 60) return { text: t.time.inMinutes(minutes), tone: 'now', icon: 'clock' };
  if (status === 'moved') return { text: date.on === date.day ? t.time.status.moved : `${t.time.status.moved}, ${f.shortDay(date.day)}`, tone: '', icon: null };
  return { text: t.time.status.planned, tone: '', icon: null };
}
