/**
 * Every page in every state, on a tablet and a phone, light and dark: axe finds nothing, the content policy forbids nothing,
 * and whatever can be pressed is large enough for a finger. Against the gallery, so that no state needs a server.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cramped, cutOff, violations } from './checks';
import { openGallery, stateNames, type Gallery } from './world';

const sizes = [
  { width: 1180, height: 820 },
  { width: 390, height: 844 },
];
// The smallest phone (and a page enlarged to four times its size), and a phone held sideways.
const tightSizes = [
  { width: 320, height: 568 },
  { width: 844, height: 390 },
];
const schemes = ['light', 'dark'] as const;
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
}

async function show(size: { width: number; height: number }, scheme: 'light' | 'dark'): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  // The room's own choice wins over the system's.
  await page.evaluate((theme) => {
    if (document.documentElement.dataset.theme) document.documentElement.dataset.theme = theme;
  }, scheme);
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
        for (const text of [...(await violations(page)), ...(await cramped(page))]) wrong.push(`${size.width} ${scheme}: ${text}`);
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
      for (const text of await cramped(page)) wrong.push(`${size.width}: ${text}`);
    }
    expect(wrong).toEqual([]);
    expect(await standing()).toEqual(['en', 0]);
  });

  test('fits the smallest screens', async () => {
    await open(state, 'de');
    const wrong: string[] = [];
    for (const size of [...sizes, ...tightSizes]) {
      await show(size, 'light');
      for (const text of [...(await cramped(page)), ...(await cutOff(page))]) wrong.push(`${size.width}: ${text}`);
    }
    expect(wrong).toEqual([]);
  });
});
