/** The first day of a school: set up, the office comes in, a teacher is let in by a link. Everything through the real server. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person, Server, startChromium, until } from './world';
import { cramped, violations } from './axe/checks';

describe('a new school', () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = await Server.start();
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await server.end();
  });

  const setUpLink = (): Promise<string> =>
    until('the set-up link', () => Promise.resolve(/https?:\/\/\S+(\/setup#\S+)/.exec(server.log)?.[1])).then((end) => server.origin + end);

  const accessible = async ({ page }: Person): Promise<void> => {
    expect(await violations(page)).toEqual([]);
    expect(await cramped(page)).toEqual([]);
    expect(await page.locator('[style]:not([style=""])').count()).toBe(0);
  };

  it('is set up, and lets a teacher in', async () => {
    const link = await setUpLink();
    const office = await Person.arrive(browser, link);
    await office.byId('given-name').fill('Ursula');
    await office.byId('family-name').fill('Petersen');
    await office.byId('email').fill('verwaltung@musikschule.example');
    await office.byId('password').fill('kurz');
    await office.byId('set-up').click();
    await office.page.getByText('Das Passwort ist zu kurz').waitFor();
    await accessible(office);
    await office.byId('password').fill('ein langes Wort aus Musik');
    await office.byId('set-up').click();
    await office.page.getByRole('heading', { name: 'Guten Tag, Ursula Petersen' }).waitFor();
    // The link is used up, and stands nowhere any more.
    expect(new URL(office.page.url()).hash).toBe('');
    await accessible(office);

    await office.page.getByRole('link', { name: 'Personen', exact: true }).click();
    await office.byId('add-person').click();
    await office.byId('given-name').fill('Astrid');
    await office.byId('family-name').fill('Lindqvist-Baumgärtner');
    await office.page.locator('[data-role="teacher"]').check();
    await office.byId('save-person').click();
    await office.page.getByRole('heading', { level: 1, name: 'Astrid Lindqvist-Baumgärtner' }).waitFor();
    await office.byId('make-link').click();
    const handed = await until('the link', async () => (await office.byId('handed-link').count()) > 0 && office.byId('handed-link').inputValue());
    await accessible(office);

    const { pathname, hash } = new URL(handed);
    const teacher = await Person.arrive(browser, server.origin + pathname + hash);
    await teacher.page.getByRole('heading', { name: 'Guten Tag, Astrid Lindqvist-Baumgärtner' }).waitFor();
    expect(teacher.page.url()).toBe(`${server.origin}/`);
    expect(await teacher.page.getByRole('link', { name: 'Personen', exact: true }).count()).toBe(0);
    await accessible(teacher);

    // It signs in once.
    const another = await Person.arrive(browser, server.origin + pathname + hash);
    await another.page.getByText('Dieser Link gilt nicht mehr').waitFor();
    await accessible(another);

    await teacher.page.getByRole('link', { name: 'Profil', exact: true }).click();
    await teacher.page.getByText('dieses Gerät').waitFor();
    await teacher.byId('sign-out').click();
    await teacher.byId('sign-in').waitFor();
    await teacher.page.reload();
    await teacher.byId('sign-in').waitFor();
    // Answers of 4xx are reported by the browser itself.
    const faults = (person: Person): string[] => person.errors.filter((text) => !/status of (401|404|410|422)/.test(text));
    expect([office, teacher, another].flatMap(faults)).toEqual([]);
    await Promise.all([office.leave(), teacher.leave(), another.leave()]);
  });

  it('is entered with address and password, and stays closed to others', async () => {
    const guest = await Person.arrive(browser, `${server.origin}/people`);
    await guest.byId('sign-in-email').fill('verwaltung@musikschule.example');
    await guest.byId('sign-in-password').fill('geraten');
    await guest.byId('sign-in').click();
    await guest.page.getByText('Adresse oder Passwort stimmt nicht').waitFor();
    await guest.byId('sign-in-password').fill('ein langes Wort aus Musik');
    await guest.byId('sign-in').click();
    await guest.page.getByRole('heading', { level: 1, name: 'Personen' }).waitFor();
    await guest.page.getByRole('link', { name: 'Astrid Lindqvist-Baumgärtner' }).click();
    await guest.page.getByRole('heading', { level: 1, name: 'Astrid Lindqvist-Baumgärtner' }).waitFor();
    await guest.page.goBack();
    await guest.byId('people-search').waitFor();
    await guest.leave();
  });
});
