/** What every page has to hold, wherever it comes from. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// Room for a fingertip (05-look); a link inside a sentence and a control drawn by its label are no targets of their own.
const SMALLEST_TARGET_PX = 44;

/** What axe finds, in words; the debugger puts it in, past the content policy. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<AxeResults> } };
    return axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } });
  });
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`));
}

/** Targets too small for a finger, and a page wider than the screen: on a phone that shakes everything. */
export async function cramped(page: Page): Promise<string[]> {
  const pixels = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const targets = await smallTargets(page);
  return pixels > 0 ? [...targets, `${pixels} px wider than the screen`] : targets;
}

/** Targets that are cut off by what they stand in: nobody can scroll there. */
export async function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const inside = (box: DOMRect, frame: DOMRect): boolean =>
      box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
    for (const element of document.querySelectorAll<HTMLElement>('button, a[href], select, textarea')) {
      if (element.closest('[aria-hidden="true"], .vh') !== null || !element.checkVisibility()) continue;
      let frame = element.parentElement;
      while (frame && getComputedStyle(frame).overflowY === 'visible') frame = frame.parentElement;
      if (frame === null || !/hidden|clip/.test(getComputedStyle(frame).overflowY)) continue;
      if (!inside(element.getBoundingClientRect(), frame.getBoundingClientRect())) found.push(`cut off: ${element.outerHTML.slice(0, 120)}`);
    }
    // The own picture belongs on the stage, whatever room a panel leaves it.
    const stage = document.querySelector('.stage')?.getBoundingClientRect();
    const own = document.querySelector('.selves')?.getBoundingClientRect();
    if (stage && own && !inside(own, stage)) found.push('the own picture leaves the stage');
    return found;
  });
}

async function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate((smallest) => {
    const found: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement>('button, a[href], select, textarea, input, summary')) {
      const hidden = element.closest('[aria-hidden="true"], .vh') !== null || !element.checkVisibility();
      const inSentence = element.matches('p a, label input');
      const { width, height } = element.getBoundingClientRect();
      if (!hidden && !inSentence && (width < smallest || height < smallest)) found.push(`${element.outerHTML.slice(0, 120)} ${width}×${height}`);
    }
    return found;
  }, SMALLEST_TARGET_PX);
}
