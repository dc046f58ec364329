/** What hands, keys and screen readers do in a conference, against the gallery. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openGallery, type Gallery } from './world';

let gallery: Gallery;
let page: Page;
const tablet = { width: 1180, height: 820 };
const phone = { width: 390, height: 844 };

beforeAll(async () => {
  gallery = await openGallery();
});
afterAll(async () => {
  await gallery.close();
});
beforeEach(async () => {
  page = await gallery.browser.newPage({ viewport: tablet, reducedMotion: 'reduce' });
});
afterEach(async () => {
  await page.close();
});

const byId = (id: string): Locator => page.getByTestId(id);
const tile = (name: string): Locator => page.getByRole('button', { name: new RegExp(`^${name}`) }).and(page.locator('.tile-btn'));
const focusedName = (): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent.trim() ?? '');
const names = (): Promise<string[]> => page.locator('.tile').evaluateAll((tiles) => tiles.map((one) => one.getAttribute('data-participant') ?? ''));

describe('tiles', () => {
  test('are a labelled list, and each says what the eye sees', async () => {
    await gallery.show(page, 'conference-9', 'de');
    const list = page.getByRole('list', { name: 'Personen im Bild' });
    expect(await list.getByRole('listitem').count()).toBe(9);
    expect(await tile('Ayşe').getAttribute('aria-label')).toBe('Ayşe Demirtaş-Wollschläger, spricht');
    expect(await tile('Kofi').getAttribute('aria-label')).toBe('Kofi Mensah, Ton aus, 1. Wortmeldung');
  });

  test('say which is mine also behind a name of sixty characters', async () => {
    await gallery.show(page, 'conference-5', 'de');
    const name = page.locator('[data-testid="self"] .name');
    await name.locator('.long .one-line').evaluate((text) => { text.textContent = 'Maximiliane-Charlotte von Hohenstein-Wollschläger geb. Müller'; });
    const [all, mine] = await Promise.all([name.boundingBox(), name.getByText('(Sie)', { exact: true }).boundingBox()]);
    expect(mine!.width).toBeGreaterThan(20);
    expect(mine!.x + mine!.width).toBeLessThanOrEqual(all!.x + all!.width);
  });

  test('are one stop for Tab, and arrows go where the eye goes', async () => {
    await gallery.show(page, 'conference-9', 'de');
    expect(await page.locator('.tile-btn[tabindex="0"]').count()).toBe(1);
    await tile('Dr. Andrea').focus();
    await page.keyboard.press('ArrowRight');
    expect(await focusedName()).toContain('Ayşe');
    await page.keyboard.press('ArrowDown');
    expect(await focusedName()).toContain('Kofi');
    await page.keyboard.press('ArrowLeft');
    expect(await focusedName()).toContain('Maximiliane');
    await page.keyboard.press('End');
    expect(await focusedName()).toContain('Uwe');
    expect(await page.locator('.tile-btn[tabindex="0"]').getAttribute('aria-label')).toContain('Uwe');
  });

  test.each([tablet, phone, { width: 820, height: 1180 }, { width: 844, height: 390 }])('all forty are reached by pages at $width', async (size) => {
    await page.setViewportSize(size);
    await gallery.show(page, 'conference-40', 'de');
    const seen = new Set<string>();
    let pages = 0;
    for (; pages < 12; pages += 1) {
      const now = await names();
      expect(now.length).toBeLessThanOrEqual(25);
      if (now.every((name) => seen.has(name))) break;
      for (const name of now) seen.add(name);
      await page.keyboard.press('PageDown');
    }
    expect(seen.size).toBe(40);
    expect(pages).toBe(size === phone ? 5 : size.width === 844 ? 4 : 2);
  });

  test('are turned by a finger, which opens no menu on its way', async () => {
    const touched = await gallery.browser.newPage({ viewport: tablet, hasTouch: true, reducedMotion: 'reduce' });
    await gallery.show(touched, 'conference-40', 'de');
    await touched.getByRole('button', { name: /^Kofi/ }).tap();
    await touched.getByRole('menu', { name: 'Kofi Mensah' }).waitFor();
    await touched.keyboard.press('Escape');
    const debug = await touched.context().newCDPSession(touched);
    const swipe = async (from: number, to: number): Promise<number> => {
      const at = (x: number) => [{ x, y: 400 }];
      await debug.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(from) });
      await debug.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at((from + to) / 2) });
      await debug.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(to) });
      await debug.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      return touched.locator('.tile').count();
    };
    expect(await swipe(800, 500)).toBe(15);
    expect(await swipe(800, 500)).toBe(15);
    expect(await swipe(500, 800)).toBe(25);
    expect(await touched.getByRole('menu').count()).toBe(0);
    await touched.close();
  });

  test.each(['conference-speaker', 'conference-screen-few', 'conference-screens'])('of the strip never lie on one another, and nobody is left out of the count: %s', async (state) => {
    for (const size of [tablet, { width: 820, height: 1180 }, phone, { width: 844, height: 390 }]) {
      await page.setViewportSize(size);
      await gallery.show(page, state, 'de');
      const boxes = await page.locator('.speaker > li').evaluateAll((items) => items.map((item) => item.getBoundingClientRect().toJSON() as DOMRect));
      const overlapping = boxes.filter((a, index) =>
        boxes.slice(index + 1).some((b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1),
      );
      expect(overlapping).toEqual([]);
      const said = (await page.locator('.more-people').allInnerTexts()).join('');
      const shown = await page.locator('.tile').count();
      const whole = { 'conference-speaker': 36, 'conference-screen-few': 7, 'conference-screens': 14 }[state];
      expect(shown + Number.parseInt(said === '' ? '0' : said, 10)).toBe(whole);
    }
  });

  test('keep their video element when the view, the window or the panel changes', async () => {
    await gallery.show(page, 'conference-9', 'de');
    await page.evaluate(() => {
      for (const video of document.querySelectorAll<HTMLVideoElement & { mark?: string }>('.tile video')) {
        video.mark = video.closest('.tile')?.getAttribute('data-participant') ?? '';
        video.addEventListener('emptied', () => { video.mark = 'emptied'; });
      }
    });
    const kept = (): Promise<boolean[]> =>
      page.locator('.tile').evaluateAll((tiles) =>
        tiles.map((one) => one.querySelector<HTMLVideoElement & { mark?: string }>('video')?.mark === one.getAttribute('data-participant')),
      );
    await page.keyboard.press('p');
    await byId('people-panel').waitFor();
    expect(await kept()).toEqual(Array.from({ length: 9 }, () => true));
    await page.keyboard.press('v');
    await page.locator('.speaker').waitFor();
    const inStrip = await kept();
    expect(inStrip.length).toBeGreaterThan(3);
    expect(inStrip.every(Boolean)).toBe(true);
    await page.setViewportSize({ width: 1300, height: 820 });
    expect((await kept()).every(Boolean)).toBe(true);
  });
});

describe('the menu about a person', () => {
  test('opens from the tile, is steered by arrows, and gives the focus back', async () => {
    await gallery.show(page, 'conference-9', 'de');
    await tile('Kofi').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu', { name: 'Kofi Mensah' }).waitFor();
    expect(await focusedName()).toBe('Groß zeigen');
    await page.keyboard.press('ArrowUp');
    expect(await focusedName()).toBe('Aus dem Raum entfernen');
    await page.keyboard.press('Escape');
    await byId('person-menu').waitFor({ state: 'detached' });
    expect(await focusedName()).toContain('Kofi Mensah');
  });

  test('asks before it removes, and the safe answer has the focus', async () => {
    await gallery.show(page, 'conference-9', 'de');
    await tile('Kofi').click();
    await page.locator('[data-action="remove"]').click();
    await page.getByRole('alertdialog', { name: 'Kofi Mensah entfernen?' }).waitFor();
    expect(await focusedName()).toBe('Doch nicht');
    await page.keyboard.press('Enter');
    await byId('remove-question').waitFor({ state: 'detached' });
    expect(await focusedName()).toContain('Kofi Mensah');
  });

  test('closes when somebody presses elsewhere, and offers an attendee nothing to lead with', async () => {
    await gallery.show(page, 'conference-40', 'de');
    await tile('Birgit').click();
    expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Groß zeigen', 'Allein an diese Person schreiben']);
    await page.locator('.room-top h1').click();
    await byId('person-menu').waitFor({ state: 'detached' });
  });

  test('leads to a message for this person alone', async () => {
    await gallery.show(page, 'conference-9', 'de');
    await tile('Kofi').click();
    await page.locator('[data-action="chat"]').click();
    expect(await byId('chat-to').textContent()).toContain('Nur an Kofi Mensah');
    expect(await byId('chat-input').getAttribute('aria-label')).toBe('Nachricht an Kofi Mensah allein');
    await byId('chat-input').fill('Gleich');
    await byId('chat-send').click();
    expect(await byId('chat-message').last().textContent()).toContain('Nur an Kofi Mensah');
    await byId('chat-to-all').click();
    expect(await byId('chat-input').getAttribute('aria-label')).toBe('Nachricht an alle im Raum');
  });
});

describe('keys', () => {
  test('raise the hand, open people and chat, change the view', async () => {
    await gallery.show(page, 'conference-9', 'de');
    await page.keyboard.press('h');
    expect(await byId('raise-hand').getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('status').filter({ hasText: 'Sie melden sich.' }).waitFor({ state: 'attached' });
    await byId('participants-toggle').focus();
    await page.keyboard.press('p');
    expect(await focusedName()).toBe('Personen');
    await page.keyboard.press('Escape');
    await byId('people-panel').waitFor({ state: 'detached' });
    expect(await focusedName()).toContain('Personen');
    await page.keyboard.press('v');
    expect(await page.getByRole('radio', { name: 'Sprecher' }).isChecked()).toBe(true);
    await page.keyboard.press('c');
    await page.getByRole('log', { name: 'Nachrichten' }).waitFor();
  });

  test('open the signs beside their button', async () => {
    await gallery.show(page, 'conference-9', 'de');
    await page.keyboard.press('r');
    await page.getByRole('group', { name: 'Reagieren' }).waitFor();
    expect(await focusedName()).toBe('Applaus');
    await page.keyboard.press('ArrowRight');
    expect(await focusedName()).toBe('Dafür');
    await page.keyboard.press('Enter');
    await byId('reactions').waitFor({ state: 'detached' });
    expect(await focusedName()).toContain('Reagieren');
  });
});

describe('the lobby', () => {
  test('is counted on the button; admitting goes on to the next and ends at the heading', async () => {
    await gallery.show(page, 'conference-9', 'de');
    expect(await byId('participants-toggle').getAttribute('aria-label')).toBe('Personen, 2 warten, 2 Wortmeldungen');
    await byId('participants-toggle').click();
    await byId('admit').first().focus();
    await page.keyboard.press('Enter');
    expect(await focusedName()).toBe('Herr Hoffmann, Stadtverwaltung Lindental einlassen');
    await page.keyboard.press('Enter');
    await byId('lobby').waitFor({ state: 'detached' });
    expect(await focusedName()).toBe('Personen');
  });
});

describe('people', () => {
  test('are found by their name, and the result is said', async () => {
    await gallery.show(page, 'conference-people-40', 'de');
    expect(await byId('person').count()).toBe(40);
    await byId('people-search').fill('wiś');
    expect(await byId('person').count()).toBe(1);
    expect(await page.getByRole('status').filter({ hasText: '1 von 40 gefunden' }).count()).toBe(1);
  });
});

describe('sharing a screen while somebody else does', () => {
  test('asks first', async () => {
    await gallery.show(page, 'conference-take-over', 'de');
    expect(await page.getByRole('heading', { name: 'Kofi Mensah zeigt gerade den Bildschirm' }).count()).toBe(1);
    expect(await focusedName()).toBe('Doch nicht');
    await page.keyboard.press('Enter');
    await byId('take-over').waitFor({ state: 'detached' });
  });
});

describe('the waiting page', () => {
  test('speaks to pupils with du and says who sees them', async () => {
    await gallery.show(page, 'waiting-pupil', 'de');
    expect(await page.getByText('Frau Lindqvist-Baumgärtner sieht, dass du da bist').count()).toBe(1);
    expect(await page.getByText('wartest seit 2 Minuten').count()).toBe(1);
    await gallery.show(page, 'waiting-staff', 'de');
    expect(await page.getByText('dass Sie da sind').count()).toBe(1);
  });
});
