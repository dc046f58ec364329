import { onMount } from 'svelte';

/** The time, anew every `every` milliseconds while the page is in sight. */
export function ticking(now: () => number, every: number): { readonly now: number } {
  let current = $state(now());
  onMount(() => {
    const timer = setInterval(() => { current = now(); }, every);
    return () => { clearInterval(timer); };
  });
  return {
    get now() {
      return current;
    },
  };
}
