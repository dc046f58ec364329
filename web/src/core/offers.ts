import type { ErrorCode } from '../generated/wire';

/** An answer takes milliseconds; after this long the socket is not to be trusted. */
const ANSWER_LIMIT_MS = 6000;

/** The server's answer to an offer was an error. */
export class OfferRefused extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

interface Pending {
  readonly id: number;
  resolve(sdp: string): void;
  reject(error: Error): void;
}

/** The one offer that is under way, and its answer. */
export class Offers {
  #pending: Pending | null = null;
  #id = 0;

  /** `send` says whether the offer went out; `onSilence` is told when no answer comes. */
  exchange(send: (id: number) => boolean, onSilence: () => void): Promise<string> {
    this.fail('superseded');
    this.#id += 1;
    const id = this.#id;
    return new Promise<string>((resolve, reject) => {
      const limit = setTimeout(() => {
        reject(new Error('no answer'));
        onSilence();
      }, ANSWER_LIMIT_MS);
      const settle = () => {
        clearTimeout(limit);
        if (this.#pending?.id === id) this.#pending = null;
      };
      this.#pending = {
        id,
        resolve: (sdp) => {
          settle();
          resolve(sdp);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (!send(id)) this.fail('socket lost');
    });
  }

  answered(id: number, sdp: string): void {
    if (this.#pending?.id === id) this.#pending.resolve(sdp);
  }

  /** A refusal of an offer that is no longer waited for says nothing about now. */
  refused(id: number, code: ErrorCode): void {
    if (this.#pending?.id === id) this.#pending.reject(new OfferRefused(code));
  }

  fail(why: string): void {
    this.#pending?.reject(new Error(why));
  }
}
