import type { Environment } from './state/school.svelte';

/** The browser's own. */
export function browserEnvironment(): Environment {
  return {
    fetch: (input, init) => fetch(input, init),
    location: window.location,
    history: window.history,
    now: () => Date.now(),
  };
}
