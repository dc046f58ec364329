/** What hands, keys and screen readers do in the room, against the gallery. */
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openGallery, type Gallery } from './world';

let gallery: Gallery;
let page: Page;

beforeAll(async () => {
  gallery = await openGallery();
});
afterAll(async () => {
  await gallery.close();
});
beforeEach(async () => {
  page = await gallery.browser.newPage({ viewport: { width: 1180, height: 820 }, reducedMotion: 'reduce' });
});
afterEach(async () => {
  await page.close();
});

const byId = (id: string): Locator => page.getByTestId(id);
const pressed = (id: string): Promise<string | null> => byId(id).getAttribute('aria-pressed');
const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? document.activeElement?.textContent ?? '');

describe('sound profile', () => {
  test('segments and the select beside them are kept in step', async () => {
    await gallery.show(page, 'lesson', 'de');
    expect(await byId('sound-profile').inputValue()).toBe('music');
    await byId('sound-profile').selectOption('studio');
    expect(await page.getByRole('radio', { name: 'Studio' }).isChecked()).toBe(true);
    await page.locator('.segments label').filter({ hasText: 'Sprache' }).click();
    expect(await byId('sound-profile').inputValue()).toBe('speech');
  });
});

describe('keys', () => {
  test('switch the microphone, but not while somebody types', async () => {
    await gallery.show(page, 'lesson', 'de');
    await page.keyboard.press('m');
    expect(await pressed('toggle-microphone')).toBe('false');
    await page.keyboard.press('c');
    await byId('chat-input').fill('');
    await byId('chat-input').pressSequentially('mmm');
    expect(await pressed('toggle-microphone')).toBe('false');
    expect(await byId('chat-input').inputValue()).toBe('mmm');
  });

  test('rest when they are switched off', async () => {
    await gallery.show(page, 'settings', 'de');
    await page.getByRole('switch', { name: 'Tasten' }).press('Space');
    await page.keyboard.press('m');
    expect(await pressed('toggle-microphone')).toBe('true');
  });
});

describe('panels', () => {
  test('take the focus, and Escape gives it back', async () => {
    await gallery.show(page, 'lesson', 'de');
    await byId('connection-panel-toggle').focus();
    await page.keyboard.press('Enter');
    await byId('connection-panel').waitFor();
    expect(await focused()).toBe('Klangnachweis');
    expect(await pressed('connection-panel-toggle')).toBe('true');
    await page.keyboard.press('Escape');
    await byId('connection-panel').waitFor({ state: 'detached' });
    expect(await focused()).toBe('connection-panel-toggle');
  });

  test('follow one another; the chat takes what is typed and shows it as text', async () => {
    await gallery.show(page, 'proof', 'de');
    await byId('chat-toggle').click();
    expect(await byId('connection-panel').count()).toBe(0);
    await byId('chat-input').fill('<img src=x onerror=alert(1)> ü');
    await byId('chat-send').click();
    expect(await byId('chat-message').last().locator('.bubble').textContent()).toBe('<img src=x onerror=alert(1)> ü');
    expect(await byId('chat-input').inputValue()).toBe('');
  });

  test('the chat keeps what is being written while another panel is open', async () => {
    await gallery.show(page, 'chat', 'de');
    await byId('chat-input').fill('Bitte ab Takt');
    await byId('connection-panel-toggle').click();
    await byId('connection-panel').waitFor();
    await byId('chat-toggle').click();
    expect(await byId('chat-input').inputValue()).toBe('Bitte ab Takt');
  });

  test('the chat links addresses, and nothing else', async () => {
    await gallery.show(page, 'chat', 'de');
    await byId('chat-input').fill('Hier: https://schule.example/noten.pdf. Nicht: javascript:alert(1)');
    await byId('chat-send').click();
    const bubble = byId('chat-message').last().locator('.bubble');
    expect(await bubble.textContent()).toBe('Hier: https://schule.example/noten.pdf. Nicht: javascript:alert(1)');
    const link = bubble.locator('a');
    expect(await link.count()).toBe(1);
    expect([await link.getAttribute('href'), await link.getAttribute('rel'), await link.getAttribute('target')]).toEqual(['https://schule.example/noten.pdf', 'noopener noreferrer', '_blank']);
  });

  test('a message shows on a phone, where the chat has no button of its own', async () => {
    await gallery.show(page, 'lesson-message', 'de');
    expect(await byId('toast').count()).toBe(0);
    await page.setViewportSize({ width: 390, height: 844 });
    await byId('toast').filter({ hasText: 'Aurelia-Sophie von Hohenlohe-Waldburg: https://beispiel.example/' }).waitFor();
  });

  test('open from the sheet on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await gallery.show(page, 'lesson', 'de');
    await byId('more-toggle').click();
    await byId('more-chat').click();
    await byId('chat-input').waitFor();
  });
});

describe('own picture', () => {
  const corner = async (): Promise<string> => {
    const stage = await page.locator('.stage').boundingBox();
    const self = await byId('self').boundingBox();
    if (!stage || !self) return 'nowhere';
    const vertical = self.y + self.height / 2 < stage.y + stage.height / 2 ? 'top' : 'bottom';
    return `${vertical} ${self.x + self.width / 2 < stage.x + stage.width / 2 ? 'left' : 'right'}`;
  };
  const drag = async (dx: number, dy: number): Promise<void> => {
    const box = await byId('self').boundingBox();
    const x = (box?.x ?? 0) + 60;
    const y = (box?.y ?? 0) + 80;
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + dx / 2, y + dy / 2);
    await page.mouse.move(x + dx, y + dy);
    await page.mouse.up();
  };

  test('is dragged to the nearest corner and leaves no style behind', async () => {
    await gallery.show(page, 'lesson', 'de');
    expect(await corner()).toBe('bottom right');
    await drag(-700, -450);
    expect(await corner()).toBe('top left');
    await drag(500, 20);
    expect(await corner()).toBe('top right');
    expect(await page.locator('.selves').getAttribute('style')).toBeFalsy();
  });

  test('is dragged by a finger, and moved by a key right after', async () => {
    const context = await gallery.browser.newContext({ viewport: { width: 1180, height: 820 }, hasTouch: true, reducedMotion: 'reduce' });
    await page.close();
    page = await context.newPage();
    await gallery.show(page, 'lesson', 'de');
    const box = await byId('self').boundingBox();
    const x = (box?.x ?? 0) + 60;
    const y = (box?.y ?? 0) + 80;
    const hand = await context.newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: readonly { x: number; y: number }[]) =>
      hand.send('Input.dispatchTouchEvent', { type, touchPoints: [...points] });
    await touch('touchStart', [{ x, y }]);
    for (let step = 1; step <= 5; step += 1) await touch('touchMove', [{ x: x - 140 * step, y: y - 90 * step }]);
    await touch('touchEnd', []);
    expect(await corner()).toBe('top left');
    await page.getByRole('button', { name: /Eigenes Bild verschieben/ }).press('Enter');
    expect(await corner()).toBe('top right');
    await context.close();
  });

  test('moves by arrow keys and by a tap, and says where it is', async () => {
    await gallery.show(page, 'lesson', 'de');
    const handle = page.getByRole('button', { name: /Eigenes Bild verschieben/ });
    await handle.focus();
    await page.keyboard.press('ArrowLeft');
    expect(await corner()).toBe('bottom left');
    await page.getByRole('status').filter({ hasText: 'Eigenes Bild unten links' }).waitFor({ state: 'attached' });
    await page.keyboard.press('ArrowUp');
    expect(await corner()).toBe('top left');
    await handle.click();
    expect(await corner()).toBe('top right');
  });
});

describe('the other’s picture', () => {
  const shown = () => page.locator('.tile.someone > video').first().evaluate((video) => getComputedStyle(video).objectFit);
  const whole = () => page.getByRole('button', { name: 'Ganzes Bild: Bild von Hannah' });
  const fill = () => page.getByRole('button', { name: 'Bild füllen: Bild von Hannah' });

  test.each([
    [{ width: 1180, height: 820 }, 'cover'],
    [{ width: 1440, height: 900 }, 'cover'],
    [{ width: 820, height: 1180 }, 'contain'],
    [{ width: 390, height: 844 }, 'contain'],
  ])('fills its tile only while little of it is lost: %o', async (size, fit) => {
    await page.setViewportSize(size);
    await gallery.show(page, 'lesson-wide', 'de');
    await page.waitForFunction((wanted) => {
      const video = document.querySelector<HTMLVideoElement>('.tile.someone > video');
      return video !== null && video.videoWidth > 0 && getComputedStyle(video).objectFit === wanted;
    }, fit);
  });

  test('is shown whole or filling as somebody chose, by key and by two taps', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await gallery.show(page, 'lesson-wide', 'de');
    await fill().press('Enter');
    expect(await shown()).toBe('cover');
    await whole().waitFor();
    // The choice holds whatever becomes of the tile.
    await byId('more-toggle').click();
    await page.setViewportSize({ width: 820, height: 1180 });
    expect(await shown()).toBe('cover');
    await byId('seat').dblclick({ position: { x: 100, y: 200 } });
    expect(await shown()).toBe('contain');
    await byId('seat').click({ position: { x: 100, y: 200 } });
    expect(await shown()).toBe('contain');
  });
});

describe('own picture', () => {
  /** What of the stage's words lies under the own picture, in any corner. */
  const covered = async (): Promise<string[]> => {
    const found: string[] = [];
    const handle = page.getByRole('button', { name: /Eigenes Bild verschieben/ });
    for (let corner = 0; corner < 4; corner += 1) {
      await handle.press('Enter');
      found.push(
        ...(await page.evaluate(() => {
          const own = document.querySelector('.selves')?.getBoundingClientRect() ?? new DOMRect();
          const words = document.querySelectorAll('.tile.someone > .name, .tile.someone > .tag, .tile.someone > .fit, .repair');
          return [...words].flatMap((word) => {
            const box = word.getBoundingClientRect();
            const apart = box.right <= own.left || box.left >= own.right || box.bottom <= own.top || box.top >= own.bottom;
            return apart ? [] : [`${word.className} at ${document.querySelector('.selves')?.className ?? ''}`];
          });
        })),
      );
    }
    return found;
  };

  test.each(['lesson', 'lesson-long-name', 'lesson-two', 'lesson-three', 'lesson-away', 'lesson-wide', 'lesson-wide-three'])('covers no name and no mark: %s', async (state) => {
    for (const size of [{ width: 1180, height: 820 }, { width: 820, height: 1180 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(size);
      await gallery.show(page, state, 'de');
      expect(await covered()).toEqual([]);
    }
  });

  test('and a banner keep out of each other’s way', async () => {
    await gallery.show(page, 'microphone-silent', 'de');
    expect(await covered()).toEqual([]);
  });
});

describe('language', () => {
  test('changes at once, with the page’s own language', async () => {
    await gallery.show(page, 'join-ready', 'de');
    await byId('language').selectOption('en');
    expect(await page.getByRole('button', { name: 'Go to the lesson' }).count()).toBe(1);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
    expect(await page.evaluate(() => localStorage.getItem('auftakt.language'))).toBe('en');
  });

  test('speaks to pupils with du and to adults with Sie', async () => {
    await gallery.show(page, 'join-untouched', 'de');
    expect(await page.getByText('Hast du Kopfhörer auf?').count()).toBeGreaterThan(0);
    await gallery.show(page, 'join-adult', 'de');
    expect(await page.getByText('Haben Sie Kopfhörer auf?').count()).toBeGreaterThan(0);
  });
});
