/**
 * Every page in every state, on a tablet and a phone, light and dark: axe finds nothing, the content policy forbids nothing,
 * and whatever can be pressed is large enough for a finger. Against the gallery, so that no state needs a server.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGallery, stateNames, type Gallery } from './world';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const sizes = [
  { width: 1180, height: 820 },
  { width: 390, height: 844 },
];
const schemes = ['light', 'dark'] as const;
// Room for a fingertip (05-look); a link inside a sentence and a control drawn by its label are no targets of their own.
const SMALLEST_TARGET_PX = 44;

let gallery: Gallery;
let page: Page;
let complaints: string[] = [];

beforeAll(async () => {
  gallery = await openGallery();
  page = await gallery.browser.newPage({ reducedMotion: 'reduce' });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});

afterAll(async () => {
  await gallery.close();
});

async function open(state: string, language: 'de' | 'en'): Promise<void> {
  complaints = [];
  await page.setViewportSize({ width: 1180, height: 820 });
  await gallery.show(page, state, language);
  await page.evaluate(axeSource);
}

async function show(size: { width: number; height: number }, scheme: 'light' | 'dark'): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  // The room's own choice wins over the system's.
  await page.evaluate((theme) => {
    if (document.documentElement.dataset.theme) document.documentElement.dataset.theme = theme;
  }, scheme);
}

async function violations(): Promise<string[]> {
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<AxeResults> } };
    return axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } });
  });
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`));
}

async function smallTargets(): Promise<string[]> {
  return page.evaluate((smallest) => {
    const found: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>('button, a[href], select, textarea, input, summary')) {
      const hidden = element.closest('[aria-hidden="true"], .vh') !== null || !element.checkVisibility();
      const inSentence = element.matches('p a, label input');
      const { width, height } = element.getBoundingClientRect();
      if (!hidden && !inSentence && (width < smallest || height < smallest)) found.push(`${element.outerHTML.slice(0, 120)} ${width}×${height}`);
    }
    return found;
  }, SMALLEST_TARGET_PX);
}

/** Targets too small for a finger, and a page wider than the screen: on a phone that shakes everything. */
async function cramped(): Promise<string[]> {
  const pixels = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const targets = await smallTargets();
  return pixels > 0 ? [...targets, `${pixels} px wider than the screen`] : targets;
}

function standing(): Promise<[language: string, inlineStyles: number]> {
  return page.evaluate(() => [document.documentElement.lang, document.querySelectorAll('[style]').length]);
}

describe.each(stateNames)('%s', (state) => {
  test('is accessible', async () => {
    await open(state, 'de');
    const wrong: string[] = [];
    for (const size of sizes) {
      for (const scheme of schemes) {
        await show(size, scheme);
        for (const text of [...(await violations()), ...(await cramped())]) wrong.push(`${size.width} ${scheme}: ${text}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await standing()).toEqual(['de', 0]);
  });

  // Structure and colours are the same in both languages; the length of words is not.
  test('has room for English', async () => {
    await open(state, 'en');
    const wrong: string[] = [];
    for (const size of sizes) {
      await show(size, 'light');
      for (const text of await cramped()) wrong.push(`${size.width}: ${text}`);
    }
    expect(wrong).toEqual([]);
    expect(await standing()).toEqual(['en', 0]);
  });
});
