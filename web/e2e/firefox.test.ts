import type { Browser } from 'playwright-core';
import type { Browser as Firefox } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FirefoxPerson, startFirefox } from './firefox';
import { Person, Server, startChromium } from './world';

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
