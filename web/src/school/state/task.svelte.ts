import { Refusal } from '../api';

/** Something a person asked for: under way, refused, or done. One at a time; a second press while the first runs does nothing. */
export class Task {
  busy = $state(false);
  problem = $state.raw<Refusal | null>(null);
  /** Counts successes: a view says "saved" when it grows. */
  done = $state(0);

  async run(action: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    try {
      await action();
      this.done += 1;
      return true;
    } catch (error) {
      this.problem = refusal(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  clear(): void {
    this.problem = null;
    this.done = 0;
  }
}

/** What the page has words for; a fault of our own becomes one, too, and stays in the console. */
export function refusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  reportError(error);
  return new Refusal('page_fault', 0);
}
