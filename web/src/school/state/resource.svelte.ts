import type { Refusal } from '../api';
import { refusal } from './task.svelte';

export type Loaded<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly problem: Refusal }
  | { readonly kind: 'ready'; readonly value: T };

/** Something of the server's that a page shows. What is there stays in sight while it is asked for again. */
export class Resource<T> {
  state = $state.raw<Loaded<T>>({ kind: 'loading' });
  /** Asked for again while something is shown already. */
  renewing = $state(false);
  readonly #ask: () => Promise<T>;
  /** Counts the questions: an answer to an earlier one comes too late. */
  #asked = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  get value(): T | null {
    return this.state.kind === 'ready' ? this.state.value : null;
  }

  set(value: T): void {
    this.#asked += 1;
    this.renewing = false;
    this.state = { kind: 'ready', value };
  }

  load = async (): Promise<void> => {
    const question = (this.#asked += 1);
    if (this.state.kind === 'ready') this.renewing = true;
    else this.state = { kind: 'loading' };
    try {
      const value = await this.#ask();
      if (question === this.#asked) this.set(value);
    } catch (error) {
      if (question !== this.#asked) return;
      this.renewing = false;
      this.state = { kind: 'failed', problem: refusal(error) };
    }
  };
}
