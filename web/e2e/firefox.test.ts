import type { Browser } from 'playwright-core';
import type { Browser as Firefox } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FirefoxPerson, startFirefox } from './firefox';
import { openPeople, seesAll, Staff } from './staff';
import { Person, Server, startChromium, until } from './world';

describe('a lesson between Chromium and Firefox', () => {
  let server: Server;
  let chromium: Browser;
  let firefox: Firefox;
  let teacher: Person;
  let student: FirefoxPerson;

  beforeAll(async () => {
    server = await Server.start('lan');
    chromium = await startChromium();
    firefox = await startFirefox();
    teacher = await Person.arrive(chromium, await server.link('floete', 'teacher', 'Herr Ünal'));
    student = await FirefoxPerson.arrive(firefox, await server.link('floete', 'student', 'Emil'));
  });

  afterAll(async () => {
    await chromium.close();
    await firefox.close();
    await server.end();
  });

  it('brings picture and sound both ways', async () => {
    await teacher.join();
    await student.join();
    await teacher.seat('Emil').waitFor();
    await Promise.all([teacher.seesAndHears(), student.seesAndHears()]);
  });

  it('works without a fault on either page', () => {
    expect(teacher.errors).toEqual([]);
    expect(student.errors).toEqual([]);
  });
});

describe('a conference between Chromium and Firefox', () => {
  let server: Server;
  let staff: Staff;
  let firefox: Firefox;
  let leads: Person;
  let attends: Person;
  let guest: FirefoxPerson;

  beforeAll(async () => {
    server = await Server.start('lan');
    staff = await Staff.convene(server);
    firefox = await startFirefox();
    leads = await staff.join('moderator', 'Eva');
    attends = await staff.join('attendee', 'Kofi');
    guest = await FirefoxPerson.arrive(firefox, await server.link('kollegium', 'guest', 'Frau Ünal'));
  });

  afterAll(async () => {
    await staff.end();
    await firefox.close();
    await server.end();
  });

  it('lets a guest with Firefox in through the door', async () => {
    await guest.tap('headphones-yes');
    await guest.tap('join');
    await guest.page.waitForSelector('[data-testid="lobby-waiting"]');
    await openPeople(leads);
    await leads.byId('admit').click();
    await guest.page.waitForSelector('[data-testid="leave"]');
    await guest.seesAndHears();
    await seesAll(leads, ['Kofi', 'Frau Ünal']);
  });

  it('shows the guest whoever is there, and who comes into a place that became free', async () => {
    await untilPictures(guest, ['Eva', 'Kofi']);
    await attends.leave();
    await staff.join('attendee', 'Ayşe');
    await untilPictures(guest, ['Eva', 'Ayşe']);
    await guest.seesAndHears();
  });

  it('works without a fault on any page', () => {
    expect(leads.errors).toEqual([]);
    expect(guest.errors).toEqual([]);
  });
});

/** The seats of exactly these people have a picture. */
async function untilPictures(person: FirefoxPerson, names: readonly string[]): Promise<void> {
  await until(
    `pictures of ${names.join(' and ')}`,
    async () => {
      const seen = await person.page.$$eval('[data-testid="seat"][data-picture="on"]', (seats) => seats.map((seat) => (seat as HTMLElement).dataset.participant ?? ''));
      return names.every((name) => seen.includes(name)) && seen.length === names.length;
    },
    60_000,
  );
}
