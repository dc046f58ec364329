/** What happens at the school, as it happens: a WebSocket that only listens, and comes back by itself. */
import type { LiveEvent } from './records';

/** Opens a WebSocket; what it gives back closes it again. A test gives its own. */
export type Connect = (onMessage: (data: unknown) => void, onClose: (code: number) => void) => () => void;

export interface LiveEnd {
  readonly onEvent: (event: LiveEvent) => void;
  readonly onSignedOut: () => void;
}

/** Longer than a room's: nobody is in the middle of a lesson, and a whole school must not come back at once. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** How long to wait before the attempt number `attempt`; `random` is in 0..1. */
export function liveDelay(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)) * (0.5 + random / 2);
}

/** The session has ended: coming back would be refused for ever. */
const SIGNED_OUT = 4001;
const KINDS: readonly LiveEvent['type'][] = ['hello', 'message', 'thread', 'read', 'date_changed', 'start_changed'];

export class Live {
  readonly #connect: Connect;
  readonly #end: LiveEnd;
  /** Closes the socket that is open. */
  #shut: (() => void) | null = null;
  /** Counts the sockets: what an earlier one still says is too late. */
  #number = 0;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connect: Connect, end: LiveEnd) {
    this.#connect = connect;
    this.#end = end;
  }

  open(): void {
    if (this.#shut) return;
    const number = (this.#number += 1);
    this.#shut = this.#connect(
      (data) => {
        if (number === this.#number) this.#heard(data);
      },
      (code) => {
        if (number === this.#number) this.#closed(code);
      },
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#number += 1;
    this.#attempt = 0;
    this.#shut?.();
    this.#shut = null;
  }

  #heard(data: unknown): void {
    const event = parseEvent(data);
    if (event?.type === 'hello') this.#attempt = 0;
    if (event) this.#end.onEvent(event);
  }

  #closed(code: number): void {
    this.#shut = null;
    if (code === SIGNED_OUT) {
      this.#end.onSignedOut();
      return;
    }
    this.#attempt += 1;
    this.#timer = setTimeout(() => { this.open(); }, liveDelay(this.#attempt, Math.random()));
  }
}

/** A newer server may say more: what this page does not know it leaves alone. */
export function parseEvent(data: unknown): LiveEvent | null {
  if (typeof data !== 'string') return null;
  try {
    const event: unknown = JSON.parse(data);
    const type = typeof event === 'object' && event !== null && 'type' in event ? event.type : null;
    return KINDS.some((kind) => kind === type) ? (event as LiveEvent) : null;
  } catch {
    return null;
  }
}
