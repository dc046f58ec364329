import { describe, expect, test } from 'vitest';
import { german } from './de';
import { english } from './en';
import { createFormat } from './format';

const de = createFormat('de');
const en = createFormat('en');
const catalogues = { du: german('du', de), Sie: german('Sie', de), en: english('Sie', en) };

/** Every fixed text with its place; texts with values in them are tried by the tests that need them. */
function texts(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  if (node === null || typeof node !== 'object') return [];
  return Object.entries(node).flatMap(([key, value]) => texts(value, path === '' ? key : `${path}.${key}`));
}

describe('the words', () => {
  test('are the same places in every catalogue', () => {
    const places = (catalogue: unknown): string[] => texts(catalogue).map(([path]) => path.replace(/\.\d+$/, ''));
    expect(new Set(places(catalogues.en))).toEqual(new Set(places(catalogues.Sie)));
    expect(places(catalogues.du)).toEqual(places(catalogues.Sie));
    expect(places(catalogues.du).length).toBeGreaterThan(250);
  });

  test('speak to a child with du alone', () => {
    const adult = texts(catalogues.du).filter(([, text]) => /\bSie (?!steht|ist|wurde|gelten)|\bIhr(e|en|em|er)?\b|\bIhnen\b/.test(text));
    const pagesWithoutLink = /^pages\.(start|linkProblem|unsupported)/;
    // A page about a link that could not be read does not know who reads it.
    expect(adult.filter(([path]) => !pagesWithoutLink.test(path))).toEqual([]);
  });

  test('speak to an adult without du', () => {
    expect(texts(catalogues.Sie).filter(([, text]) => /\b(du|dich|dir|dein(e|en|em|er)?)\b/i.test(text))).toEqual([]);
  });

  test('name what is wrong without shouting, blame or jargon', () => {
    const { pages, devices, notices } = catalogues.Sie;
    const errors = texts({ link: pages.linkProblem, error: pages.error, left: pages.left, devices, notices });
    expect(errors.filter(([, text]) => /!|ungültig|falsch gemacht|Fehler \d/.test(text))).toEqual([]);
  });

  test('stay short for families: no sentence over 12 words', () => {
    const { join, devices, notices, lesson, proof, pages } = catalogues.du;
    const long = texts({ join, devices, notices, lesson, proof, error: pages.error, left: pages.left }).flatMap(([path, text]) =>
      text.split(/[.!?:]\s/).filter((sentence) => sentence.split(/\s+/).length > 12).map((sentence) => `${path}: ${sentence}`),
    );
    expect(long).toEqual([]);
  });
});

describe('numbers and plurals', () => {
  test('are written the language’s way', () => {
    expect(de.percent(0.4)).toBe('0,4\u202f%');
    expect(en.percent(0.4)).toBe('0.4%');
    expect(de.milliseconds(31.4)).toBe('31\u202fms');
    expect(de.time(new Date(2026, 10, 23, 16, 7).getTime())).toBe('16:07');
    expect(de.list(['Hannah', 'Deniz'])).toBe('Hannah und Deniz');
  });

  test('agree with their count', () => {
    expect(catalogues.du.join.check.recording(1)).toBe('Noch 1 Sekunde. Spiel etwas!');
    expect(catalogues.Sie.join.check.recording(3)).toBe('Noch 3 Sekunden. Spielen Sie etwas!');
    expect(catalogues.Sie.lesson.back.text(4, ['Hannah'], true)).toBe('4 Sekunden haben gefehlt. Hannah hört Sie.');
    expect(catalogues.du.lesson.back.text(1, ['Hannah', 'Deniz'], true)).toBe('1 Sekunde hat gefehlt. Hannah und Deniz hören dich.');
    expect(catalogues.en.proof.gaps(1, 20)).toBe('1 gap, 20\u202fms');
  });
});
