import { afterEach, expect, it, vi } from 'vitest';
import { WakeLock } from './wakelock';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('a screen that was asked to stay on may go dark when the lesson is over before the answer', async () => {
  const release = vi.fn(() => Promise.resolve());
  let grant: (sentinel: object) => void = () => undefined;
  const request = () => new Promise((resolve) => { grant = resolve; });
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('navigator', { wakeLock: { request } });
  const lock = new WakeLock();
  lock.acquire();
  lock.release();
  grant({ release });
  await new Promise((resolve) => setTimeout(resolve));
  expect(release).toHaveBeenCalledOnce();
});
