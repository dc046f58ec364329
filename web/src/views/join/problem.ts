/** Turns a device's problem into words; the same on its page, in banners and in hints. */
import type { Platform } from '../../i18n/de/devices';
import type { Messages } from '../../i18n/words.svelte';
import type { BrowserInfo, CaptureProblem } from '../../state/types';
import type { IconName } from '../../ui/icons';

export interface ProblemWords {
  readonly title: string;
  readonly text: string;
  readonly icon: IconName;
}

export function problemWords(problem: CaptureProblem, t: Messages['devices']): ProblemWords {
  const icon: IconName = problem.device === 'camera' ? 'cam-off' : 'mic-off';
  switch (problem.kind) {
    case 'denied':
      return { title: t.denied.title[problem.device], text: problem.by === 'system' ? t.denied.textSystem : t.denied.text, icon };
    case 'dismissed':
      return { title: t.dismissed.title, text: t.dismissed.text, icon };
    case 'missing':
      return { title: t.missing.title[problem.device], text: t.missing.text[problem.device], icon };
    case 'in_use':
      return { title: t.inUse.title[problem.device], text: t.inUse.text, icon: 'lock' };
    case 'insecure':
      return { title: t.insecure.title, text: t.insecure.text, icon: 'lock' };
    case 'failed':
      return { title: t.failed.title[problem.device], text: t.failed.text, icon };
  }
}

/** Whose permission dialogue this machine has. */
export function platformOf(browser: BrowserInfo): Platform {
  if (browser.system === 'ipad' || browser.system === 'iphone' || browser.system === 'android') return browser.system;
  if (browser.engine === 'chromium') return 'chrome';
  if (browser.engine === 'firefox') return 'firefox';
  return browser.engine === 'safari' ? 'safari' : 'other';
}

/** Steps in the system's own settings, when the system forbids the browser. */
export function systemSteps(browser: BrowserInfo, t: Messages['devices']): readonly string[] {
  const steps = t.denied.systemSteps;
  switch (browser.system) {
    case 'ipad':
    case 'iphone':
      return steps.ipad;
    case 'mac':
      return steps.mac;
    case 'windows':
      return steps.windows;
    case 'android':
      return steps.android;
    case 'other':
      return steps.other;
  }
}
