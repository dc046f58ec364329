/** The real pages of the real server: what the gallery promises holds there too. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Person, Server, startChromium } from '../world';
import { cramped, violations } from './checks';

describe('the real pages', () => {
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
  beforeEach(async () => {
    person = await Person.arrive(browser, await server.link('axe', 'student', 'Hannah'));
  });
  afterEach(async () => {
    await person.leave();
  });

  const check = async (): Promise<void> => {
    expect(await violations(person.page)).toEqual([]);
    expect(await cramped(person.page)).toEqual([]);
    expect(await person.page.locator('[style]:not([style=""])').count()).toBe(0);
  };

  it('the start page', async () => {
    await person.page.goto(server.origin);
    await person.page.getByRole('heading', { level: 1 }).waitFor();
    await check();
  });

  it('a link that leads nowhere', async () => {
    await person.page.goto(`${server.origin}/r/axe#nothing`);
    await person.page.getByText('Dieser Link passt nicht').waitFor();
    await check();
  });

  it('the join page, before and with a preview', async () => {
    await person.byId('join').waitFor();
    await check();
    await person.byId('open-preview').click();
    await person.byId('prejoin-preview').locator('video').waitFor();
    await check();
  });

  it('the lesson with its panels, and the page after it', async () => {
    await person.join();
    await check();
    for (const toggle of ['connection-panel-toggle', 'chat-toggle', 'participants-toggle', 'settings-toggle']) {
      await person.byId(toggle).click();
      await person.page.locator('.side').waitFor();
      await check();
    }
    await person.byId('leave').click();
    await person.page.getByText('Du hast den Unterricht verlassen').waitFor();
    await check();
  });
});
