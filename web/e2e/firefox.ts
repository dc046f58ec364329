/** Firefox, driven over BiDi (Playwright cannot drive an unpatched Firefox). */
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { type Look, readPeerConnection, until } from './world';

export async function startFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
    },
  });
}

export class FirefoxPerson {
  readonly page: Page;
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(error instanceof Error ? error.message : String(error)));
  }

  static async arrive(browser: Browser, link: string): Promise<FirefoxPerson> {
    const page = await browser.newPage();
    await page.setViewport({ width: 1180, height: 820 });
    const person = new FirefoxPerson(page);
    await page.goto(link);
    return person;
  }

  async tap(id: string): Promise<void> {
    // A click by script: the hidden inputs of a choice have no point to click at.
    await this.page.waitForSelector(`[data-testid="${id}"]`);
    await this.page.$eval(`[data-testid="${id}"]`, (element) => {
      (element as HTMLElement).click();
    });
  }

  async join(): Promise<void> {
    await this.tap('headphones-yes');
    await this.tap('join');
    await this.page.waitForSelector('[data-testid="leave"]');
  }

  async look(): Promise<Look> {
    return this.page.evaluate(readPeerConnection);
  }

  async seesAndHears(limitMs = 20_000): Promise<void> {
    const before = await this.look();
    await until(
      'picture and sound in Firefox',
      async () => {
        const now = await this.look();
        return now.framesDecoded >= before.framesDecoded + 10 && now.heard > before.heard + 1e-6;
      },
      limitMs,
    );
  }
}
