/** Numbers, times and plurals the way a language writes them. */

export type Language = 'de' | 'en';

export const languages: readonly Language[] = ['de', 'en'];

/** Each language's name in itself. */
export const languageNames: Readonly<Record<Language, string>> = { de: 'Deutsch', en: 'English' };

export interface Format {
  number(value: number, digits?: number): string;
  /** `value` is in percent already: 0.4 → "0,4 %". */
  percent(value: number): string;
  milliseconds(value: number): string;
  /** "16:07" */
  time(at: number): string;
  plural(count: number, forms: { readonly one: string; readonly other: string }): string;
  list(items: readonly string[]): string;
}

// A narrow no-break space keeps number and unit on one line.
const GAP = '\u202f';
const locales: Readonly<Record<Language, string>> = { de: 'de-DE', en: 'en-GB' };

export function createFormat(language: Language): Format {
  const locale = locales[language];
  const plurals = new Intl.PluralRules(locale);
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  const numbers = [0, 1, 2].map(
    (digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
  const number = (value: number, digits = 0): string => (numbers[digits] ?? new Intl.NumberFormat(locale)).format(value);
  return {
    number,
    percent: (value) => (language === 'de' ? `${number(value, 1)}${GAP}%` : `${number(value, 1)}%`),
    milliseconds: (value) => `${number(Math.round(value))}${GAP}ms`,
    time: (at) => clock.format(at),
    plural: (count, forms) => (plurals.select(count) === 'one' ? forms.one : forms.other),
    list: (items) => lists.format(items),
  };
}
