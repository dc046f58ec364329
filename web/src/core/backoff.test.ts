import { expect, it } from 'vitest';
import { reconnectDelay } from './backoff';

it('tries again at once after a loss, and then soon', () => {
  expect([1, 2, 3, 4].map((attempt) => reconnectDelay(attempt, 0.5))).toEqual([100, 250, 500, 500]);
});

it('finds a server that was away for five seconds within less than another one', () => {
  let now = 0;
  for (let attempt = 1; now < 5000; attempt += 1) now += reconnectDelay(attempt, 1);
  expect(now).toBeLessThan(6000);
});

it('never waits longer than two seconds, however often', () => {
  for (const attempt of [60, 100, 10_000]) expect(reconnectDelay(attempt, 1)).toBe(2000);
});

it('spreads a room full of people', () => {
  expect(reconnectDelay(4, 0)).toBe(375);
  expect(reconnectDelay(4, 1)).toBe(625);
});
