/** What happens to devices during a lesson: said in words, repaired by one tap, and nobody is heard who was muted. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Person, Server, startChromium, until } from './world';

interface Wiretap {
  captured: MediaStreamTrack[];
  contexts: AudioContext[];
}

/** Runs before the page: keeps hold of what it captures and plays through, so that a test can do to it what a system does. */
function wiretap(): void {
  const held: Wiretap = { captured: [], contexts: [] };
  Object.assign(window, held);
  const { mediaDevices } = navigator;
  const real = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (wish) => {
    const stream = await real(wish);
    held.captured.push(...stream.getTracks());
    return stream;
  };
  window.AudioContext = class extends AudioContext {
    constructor(options?: AudioContextOptions) {
      super(options);
      held.contexts.push(this);
    }
  };
}

describe('an interruption', () => {
  let server: Server;
  let browser: Browser;
  let person: Person;

  beforeAll(async () => {
    server = await Server.start();
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await server.end();
  });
  afterEach(async () => {
    expect(person.errors).toEqual([]);
    await person.leave();
  });

  async function enter(name: string, userAgent?: string): Promise<void> {
    person = await Person.arrive(browser, 'about:blank', userAgent === undefined ? {} : { userAgent });
    await person.page.addInitScript(wiretap);
    await person.page.goto(await server.link('geige', 'teacher', name));
    await person.join();
  }

  const banner = () => person.byId('repair');
  const microphone = () => person.byId('toggle-microphone').getAttribute('aria-pressed');
  const pullOut = (kind: string) =>
    person.page.evaluate((wanted) => {
      (window as unknown as Wiretap).captured.findLast((track) => track.kind === wanted)?.stop();
    }, kind);

  it('of a pulled microphone is said, and one tap takes another', async () => {
    await enter('Anna');
    await pullOut('audio');
    await banner().getByText('Das Mikrofon ist weg').waitFor();
    expect(await person.byId('toggle-microphone').textContent()).toContain('Kein Mikrofon');
    await person.byId('repair-button').click();
    await banner().waitFor({ state: 'detached' });
    expect(await microphone()).toBe('true');
  });

  it('of a pulled microphone leaves the muted muted', async () => {
    await enter('Berta');
    await person.byId('toggle-microphone').click();
    await pullOut('audio');
    await banner().getByText('Das Mikrofon ist weg').waitFor();
    await person.byId('repair-button').click();
    await banner().waitFor({ state: 'detached' });
    expect(await microphone()).toBe('false');
    expect(await person.page.evaluate(() => (window as unknown as Wiretap).captured.at(-1)?.enabled)).toBe(false);
  });

  it('of a pulled camera lets the sound go on', async () => {
    await enter('Cleo');
    await pullOut('video');
    await banner().getByText('Die Kamera ist weg').waitFor();
    expect(await microphone()).toBe('true');
    await person.byId('repair-button').click();
    await banner().waitFor({ state: 'detached' });
    await person.byId('self').locator('video').waitFor();
  });

  it('in the background is explained as one', async () => {
    await enter('Dora');
    await person.page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
      (window as unknown as Wiretap).captured.find(({ kind }) => kind === 'audio')?.dispatchEvent(new Event('mute'));
    });
    await banner().getByText('Auftakt war im Hintergrund').waitFor();
    await person.page.evaluate(() => {
      (window as unknown as Wiretap).captured.find(({ kind }) => kind === 'audio')?.dispatchEvent(new Event('unmute'));
    });
    await banner().waitFor({ state: 'detached' });
  });

  it('of the sound on an iPhone is said, and the tap plays again', async () => {
    await enter('Elli', 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1');
    // As after a telephone call: the context stops and goes on only within a tap.
    await person.page.evaluate(async () => {
      for (const context of (window as unknown as Wiretap).contexts) {
        const resume = context.resume.bind(context);
        context.resume = () => Promise.reject(new DOMException('not now', 'NotAllowedError'));
        window.addEventListener('pointerup', () => { context.resume = resume; }, { capture: true, once: true });
        await context.suspend();
      }
    });
    await banner().getByText('Der Ton ist noch aus').waitFor();
    await person.byId('repair-button').click();
    await banner().waitFor({ state: 'detached' });
    const running = () =>
      person.page.evaluate(() => (window as unknown as Wiretap).contexts.every(({ state }) => state === 'running'));
    await until('sound', running);
  });
});
