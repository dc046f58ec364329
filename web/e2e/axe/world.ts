/** The gallery, built and served under the product's content policy, with a browser to look at it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build, preview } from 'vite';

const configFile = fileURLToPath(new URL('../../gallery/vite.config.ts', import.meta.url));
const source = ['states.svelte.ts', 'school.ts'].map((file) => readFileSync(new URL(`../../gallery/${file}`, import.meta.url), 'utf8')).join('\n');

/** Read from the gallery's source: the states themselves need a browser. */
export const stateNames: readonly string[] = [...source.matchAll(/^ {2}'?([a-z][a-z0-9-]*)'?: (?:page|problem|refused|inLesson|inConference|school)\(/gm)].map((match) => match[1] ?? '');

export interface Gallery {
  readonly browser: Browser;
  show(page: Page, state: string, language: 'de' | 'en'): Promise<void>;
  close(): Promise<void>;
}

export async function openGallery(): Promise<Gallery> {
  await build({ configFile, logLevel: 'error' });
  const server = await preview({ configFile, preview: { port: 0 }, logLevel: 'error' });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
  });
  return {
    browser,
    show: async (page, state, language) => {
      await page.goto(`${server.resolvedUrls?.local[0] ?? ''}?state=${state}&language=${language}`);
      await page.waitForSelector('body[data-ready]');
    },
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}
