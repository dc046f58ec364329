/** Who draws breath goes on speaking. */
const PAUSE_MS = 5000;

/** Since when somebody speaks, pauses included. Told the time. */
export class SpeakingTimes {
  readonly #times = new Map<number, { readonly since: number; until: number | null }>();

  /** Of those who speak now; milliseconds since 1970. */
  take(speaking: readonly number[], nowMs: number): ReadonlyMap<number, number> {
    for (const [id, time] of this.#times) {
      if (time.until !== null && nowMs - time.until > PAUSE_MS) this.#times.delete(id);
      else if (!speaking.includes(id)) time.until ??= nowMs;
    }
    for (const id of speaking) {
      const known = this.#times.get(id);
      if (known) known.until = null;
      else this.#times.set(id, { since: nowMs, until: null });
    }
    return new Map(speaking.map((id) => [id, this.#times.get(id)?.since ?? nowMs]));
  }
}
