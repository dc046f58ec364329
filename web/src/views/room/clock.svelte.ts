/** The time, often enough for minutes. Call while the component initialises. */
export function ticking(): { readonly now: number } {
  const STEP_MS = 10_000;
  let now = $state(Date.now());
  $effect(() => {
    const timer = setInterval(() => { now = Date.now(); }, STEP_MS);
    return () => { clearInterval(timer); };
  });
  return {
    get now() {
      return now;
    },
  };
}

export function minutesBetween(since: number, now: number): number {
  return Math.max(0, Math.floor((now - since) / 60_000));
}
