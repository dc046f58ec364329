import { describe, expect, test } from 'vitest';
import { german } from './de';
import { english } from './en';
import { createSchoolFormat, dayOf, plusDays, weekday } from './format';

const de = createSchoolFormat('de');
const en = createSchoolFormat('en');
const catalogues = { du: german('du', de), Sie: german('Sie', de), en: english(en) };

/** Every fixed text with its place. */
function texts(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  if (node === null || typeof node !== 'object') return [];
  return Object.entries(node).flatMap(([key, value]) => texts(value, path === '' ? key : `${path}.${key}`));
}

/** What a pupil meets; the office's pages are adults' alone, and before signing in nobody knows who reads. */
const PUPILS = ['common', 'profile', 'start', 'talk'] as const;

describe('the school’s words', () => {
  test('are the same places in every catalogue', () => {
    const places = (catalogue: unknown): string[] => texts(catalogue).map(([path]) => path);
    expect(places(catalogues.en).sort()).toEqual(places(catalogues.Sie).sort());
  });

  test('speak to a child with du alone', () => {
    const { du } = catalogues;
    const said = texts(Object.fromEntries(PUPILS.map((part) => [part, du[part]])));
    expect(said.filter(([, text]) => /\b(Sie|Ihr(e|en|em|er)?|Ihnen)\b/.test(text))).toEqual([]);
  });

  test('speak to an adult without du', () => {
    expect(texts(catalogues.Sie).filter(([, text]) => /\b(du|dich|dir|dein(e|en|em|er)?)\b/i.test(text))).toEqual([]);
  });

  test('say what is wrong without shouting, blame or jargon', () => {
    expect(texts(catalogues.Sie.problem).filter(([, text]) => /!|ungültig|falsch|Fehler \d/.test(text))).toEqual([]);
  });
});

describe('days and sizes', () => {
  test('are written the language’s way', () => {
    expect(de.longDay('2026-11-23')).toBe('Montag, 23. November');
    expect(de.day('2026-11-23')).toBe('Mo, 23. November');
    expect(de.shortDay('2026-11-02')).toBe('Mo, 02.11.');
    expect(de.date('2016-03-09')).toBe('09.03.2016');
    expect(de.clock(1005)).toBe('16:45');
    expect(de.bytes(1_258_291)).toBe('1,3\u202fMB');
    expect(en.bytes(640_000)).toBe('640\u202fkB');
    expect(de.longDay('what')).toBe('what');
  });

  test('come nearer as they are nearer', () => {
    const now = new Date(2026, 10, 23, 15, 52).getTime();
    expect(de.ago(now - 21 * 60_000, now)).toBe('15:31');
    expect(de.ago(now - 2 * 24 * 3_600_000, now)).toBe('Sa');
    expect(de.ago(now - 20 * 24 * 3_600_000, now)).toBe('03.11.');
  });

  test('can be counted', () => {
    expect(plusDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(plusDays('2026-03-29', 1)).toBe('2026-03-30');
    expect(weekday('2026-11-23')).toBe(0);
    expect(dayOf(new Date(2026, 0, 5, 23, 59).getTime())).toBe('2026-01-05');
  });
});
