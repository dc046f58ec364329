/** Days, instants and times of day the way a language writes them. Days and times of day are the school's own, instants the reader's. */
import type { Day, Moment } from '../../generated/school';
import { createFormat, type Format, type Language } from '../../i18n/format';

export interface SchoolFormat extends Format {
  /** "Montag, 23. November" */
  longDay(day: Day): string;
  /** "Mo, 23. November" */
  day(day: Day): string;
  /** "Mo, 23.11." */
  shortDay(day: Day): string;
  /** "23.11.2026" */
  date(day: Day): string;
  /** "November 2026", of a day in it */
  month(day: Day): string;
  /** 1005 → "16:45" */
  clock(minutes: number): string;
  /** "15:31" today, "Sa" this week, "21.11." before. */
  ago(at: Moment, now: Moment): string;
  /** "23.11., 18:20" */
  stamp(at: Moment): string;
  /** "23. November 2026, 18:20" */
  longStamp(at: Moment): string;
  /** 1258291 → "1,2 MB" */
  bytes(size: number): string;
}

const DAY_MS = 24 * 3600 * 1000;
const locales: Readonly<Record<Language, string>> = { de: 'de-DE', en: 'en-GB' };

/** The day of an instant, as the reader's calendar has it. */
export function dayOf(at: Moment): Day {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `day` and so many days more. */
export function plusDays(day: Day, days: number): Day {
  return new Date(noon(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Monday is 0. */
export function weekday(day: Day): number {
  return (new Date(noon(day)).getUTCDay() + 6) % 7;
}

/** Noon in UTC: whatever the zone of the formatter below, it is UTC, too. */
function noon(day: Day): number {
  return Date.parse(`${day}T12:00:00Z`);
}

export function createSchoolFormat(language: Language): SchoolFormat {
  const plain = createFormat(language);
  const locale = locales[language];
  const ofDay = (options: Intl.DateTimeFormatOptions): ((day: Day) => string) => {
    const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
    return (day) => {
      const at = noon(day);
      // Browsers do not agree on "Mo" or "Mo."; here it is "Mo".
      return Number.isNaN(at) ? day : format.format(at).replace(/^(\p{L}+)\.,/u, '$1,');
    };
  };
  const weekdayOf = new Intl.DateTimeFormat(locale, { weekday: 'short' });
  const dayMonth = new Intl.DateTimeFormat(locale, { day: '2-digit', month: '2-digit' });
  const longStamp = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' });
  const clock = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return {
    ...plain,
    longDay: ofDay({ weekday: 'long', day: 'numeric', month: 'long' }),
    day: ofDay({ weekday: 'short', day: 'numeric', month: 'long' }),
    shortDay: ofDay({ weekday: 'short', day: '2-digit', month: '2-digit' }),
    date: ofDay({ day: '2-digit', month: '2-digit', year: 'numeric' }),
    month: ofDay({ month: 'long', year: 'numeric' }),
    clock,
    ago: (at, now) => {
      if (dayOf(at) === dayOf(now)) return plain.time(at);
      return now - at < 6 * DAY_MS && at < now ? weekdayOf.format(at).replace('.', '') : dayMonth.format(at);
    },
    stamp: (at) => `${dayMonth.format(at)}, ${plain.time(at)}`,
    longStamp: (at) => longStamp.format(at),
    bytes: (size) => {
      const units = ['B', 'kB', 'MB', 'GB'];
      let value = size;
      let unit = 0;
      while (value >= 1000 && unit < units.length - 1) {
        value /= 1000;
        unit += 1;
      }
      return `${plain.number(value, unit > 1 && value < 100 ? 1 : 0)}\u202f${units[unit] ?? ''}`;
    },
  };
}
