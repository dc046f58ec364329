/** The sound proof with real sound: what it says is what is sent, and one tap repairs it. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person, Server, startChromium, until } from './world';

describe('the sound proof', () => {
  let server: Server;
  let browser: Browser;
  let teacher: Person;
  let student: Person;

  beforeAll(async () => {
    server = await Server.start();
    browser = await startChromium();
    teacher = await Person.arrive(browser, await server.link('geige', 'teacher', 'Frau Lindqvist'));
    student = await Person.arrive(browser, await server.link('geige', 'student', 'Hannah'));
    await student.join();
    await teacher.byId('headphones-no').click();
    await teacher.byId('join').click();
    for (const person of [teacher, student]) {
      await person.byId('connection-panel-toggle').click();
      await person.seesAndHears();
    }
  });

  afterAll(async () => {
    await browser.close();
    await server.end();
  });

  const panel = (person: Person) => person.byId('connection-panel');
  const rate = async (person: Person, direction: 'sent' | 'received'): Promise<number> => {
    const one = panel(person).locator(`[data-testid="sound-direction"]${direction === 'sent' ? '[data-direction="sent"]' : ':not([data-direction="sent"])'}`);
    return Number(/(\d+) kbit/.exec(await one.innerText())?.[1] ?? NaN);
  };

  it('takes the echo canceller off in one tap, once headphones are on', async () => {
    const echo = panel(teacher).getByText('Das Echo wird gedämpft');
    await echo.waitFor();
    await panel(teacher).getByRole('button', { name: 'Kopfhörer sind auf' }).click();
    await echo.waitFor({ state: 'detached' });
    await panel(teacher).getByText('Richtig so: Sie haben Kopfhörer auf.').waitFor();
  });

  it('counts the sound once, although every frame travels twice, on both ends', async () => {
    const isMusic = (kbps: number) => kbps > 30 && kbps <= 150;
    await until('the rate that is sent', async () => isMusic(await rate(teacher, 'sent')), 30_000);
    await until('the rate that arrives', async () => isMusic(await rate(student, 'received')), 30_000);
  });

  it('follows a change of profile on both ends, and says what it is for', async () => {
    await teacher.byId('sound-profile').selectOption('studio', { force: true });
    await teacher.byId('toast').filter({ hasText: 'Klangprofil: Studio.' }).waitFor();
    await student.byId('toast').filter({ hasText: 'Profil Studio' }).waitFor();
    const isStudio = (kbps: number) => kbps > 150 && kbps <= 300;
    await until('the rate that is sent', async () => isStudio(await rate(teacher, 'sent')), 30_000);
    await until('the rate that arrives', async () => isStudio(await rate(student, 'received')), 30_000);
  });

  it('says how far the sound goes up, in both directions', async () => {
    for (const direction of await panel(student).getByTestId('sound-direction').all()) {
      expect(await direction.innerText()).toMatch(/(Stereo|Mono), 20 kHz/);
    }
    expect([...teacher.errors, ...student.errors]).toEqual([]);
  });
});
