import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person, Server, startChromium, until } from './world';

describe('the join page', () => {
  let server: Server;
  let link: string;
  let browser: Browser | null = null;

  beforeAll(async () => {
    server = await Server.start();
    link = await server.link('geige', 'student', 'Hannah');
  });

  afterAll(async () => {
    await browser?.close();
    await server.end();
  });

  async function arrive(without: readonly string[] = []): Promise<Person> {
    await browser?.close();
    browser = await startChromium(without);
    const person = await Person.arrive(browser, link);
    await person.byId('join').waitFor();
    return person;
  }

  const state = (person: Person, id: string) => person.byId(id).getAttribute('data-state');

  it('opens nothing by itself, tests the way, and lets the person hear herself', async () => {
    const hannah = await arrive();
    expect(await hannah.byId('toggle-camera').getAttribute('aria-pressed')).toBe('false');
    expect(await hannah.byId('toggle-microphone').getAttribute('aria-pressed')).toBe('false');
    await until('the connection test', async () => /good|slow/.test((await state(hannah, 'connection-test')) ?? ''));

    await hannah.byId('sound-check').getByRole('button').first().click();
    await until('the recording', async () => (await state(hannah, 'sound-check')) === 'recording');
    expect(await hannah.byId('toggle-microphone').getAttribute('aria-pressed')).toBe('true');
    await until('the end of it', async () => (await state(hannah, 'sound-check')) === 'recorded', 20_000);
    await hannah.byId('sound-check').getByRole('button').first().click();
    await until('playing', async () => (await state(hannah, 'sound-check')) === 'playing');
    await until('played', async () => (await state(hannah, 'sound-check')) === 'recorded', 20_000);
    expect(hannah.errors).toEqual([]);
  });

  it('joins with the camera off when it was switched off before, and says so', async () => {
    const hannah = await arrive();
    const fate = async (id: string) => hannah.byId(id).locator('.fate').innerText();
    expect([await fate('toggle-microphone'), await fate('toggle-camera')]).toEqual(['beim Beitritt an', 'beim Beitritt an']);
    await hannah.byId('toggle-camera').click();
    await until('on', async () => (await hannah.byId('toggle-camera').getAttribute('aria-pressed')) === 'true');
    await hannah.byId('toggle-camera').click();
    await until('off', async () => (await hannah.byId('toggle-camera').getAttribute('aria-pressed')) === 'false');
    expect([await fate('toggle-microphone'), await fate('toggle-camera')]).toEqual(['beim Beitritt an', 'bleibt aus']);
    await hannah.join();
    expect(await hannah.byId('toggle-camera').getAttribute('aria-pressed')).toBe('false');
    expect(await hannah.byId('toggle-microphone').getAttribute('aria-pressed')).toBe('true');
  });

  it('explains a missing device, and lets the person listen', async () => {
    const hannah = await arrive(['--use-fake-device-for-media-stream']);
    await hannah.byId('headphones-yes').click();
    await hannah.byId('join').click();
    await hannah.byId('join-without').click();
    await hannah.byId('leave').waitFor();
    expect(hannah.errors).toEqual([]);
  });

  it('explains a denied permission, and lets the person listen', async () => {
    const hannah = await arrive(['--use-fake-ui-for-media-stream']);
    await hannah.byId('headphones-yes').click();
    await hannah.byId('join').click();
    await hannah.byId('join-without').click();
    await hannah.byId('leave').waitFor();
    // In the lesson the buttons say so, and a tap says why.
    for (const [id, word, title] of [
      ['toggle-microphone', 'Kein Mikrofon', 'Wir dürfen dein Mikrofon nicht benutzen'],
      ['toggle-camera', 'Keine Kamera', 'Wir dürfen deine Kamera nicht benutzen'],
    ] as const) {
      expect(await hannah.byId(id).innerText()).toBe(word);
      await hannah.byId(id).click();
      await hannah.byId('repair').getByRole('heading', { name: title }).waitFor();
    }
    expect(hannah.errors).toEqual([]);
  });

  it('explains a denied permission as soon as somebody tries, and goes on without', async () => {
    const hannah = await arrive(['--use-fake-ui-for-media-stream']);
    await hannah.byId('open-preview').click();
    await hannah.page.getByRole('heading', { name: 'Wir dürfen Mikrofon und Kamera nicht benutzen' }).waitFor();

    await hannah.page.getByRole('button', { name: 'Zurück' }).click();
    await hannah.byId('prejoin-preview').getByText('Wir dürfen Mikrofon und Kamera nicht benutzen').waitFor();
    await hannah.byId('open-preview').click();
    // Without what is missing: back to the page, and the lesson does not ask for it again.
    await hannah.byId('join-without').click();
    await hannah.byId('headphones-yes').click();
    await hannah.byId('join').click();
    await hannah.byId('leave').waitFor();
    expect(await hannah.byId('toggle-microphone').getAttribute('aria-pressed')).toBe('false');
  });

  it('goes back to the preview, not into the lesson, when a device is found after all', async () => {
    const hannah = await arrive();
    await hannah.page.evaluate(() => {
      const { mediaDevices } = navigator;
      const real = mediaDevices.getUserMedia.bind(mediaDevices);
      let calls = 0;
      mediaDevices.getUserMedia = (wish) => {
        calls += 1;
        return calls <= 3 ? Promise.reject(new DOMException('none', 'NotFoundError')) : real(wish);
      };
    });
    await hannah.byId('open-preview').click();
    await hannah.page.getByRole('heading', { name: 'Weder Mikrofon noch Kamera gefunden' }).waitFor();
    await hannah.byId('device-retry').click();
    await hannah.byId('prejoin-preview').locator('video').waitFor();
    expect(await hannah.byId('join').count()).toBe(1);
  });

  it('says that a link is cut or broken', async () => {
    const hannah = await arrive();
    for (const address of ['/r/geige', '/r/geige#nonsense']) {
      await hannah.page.goto('about:blank');
      await hannah.page.goto(server.origin + address);
      await hannah.page.getByRole('heading', { level: 1 }).waitFor();
      expect(await hannah.byId('join').count()).toBe(0);
    }
  });

  it('says in words that there is nothing at a mistyped address', async () => {
    const hannah = await arrive();
    const answer = await hannah.page.goto(`${server.origin}/geige`);
    expect(answer?.status()).toBe(404);
    await hannah.page.getByRole('heading', { name: 'Unter dieser Adresse ist nichts' }).waitFor();
    await hannah.page.getByRole('link', { name: 'Zur Startseite' }).click();
    await hannah.page.getByRole('heading', { name: 'Unterricht, der gut klingt' }).waitFor();
  });
});
