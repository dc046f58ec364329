/** A made-up server and browser for the tests of the school's state. */
import type { Environment } from './state/school.svelte';

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: unknown;
}

export type Answer = unknown;

export class FakeSchool {
  readonly asked: Question[] = [];
  /** "GET /api/me" → an answer, a `Response`, or a function of the question. */
  readonly answers: Record<string, Answer>;
  readonly visited: string[] = [];
  assigned: string | null = null;
  /** The page's open socket. */
  live: { say(event: unknown): void; close(code: number): void } | null = null;
  now = 1_000_000;
  readonly #url: URL;

  constructor(address: string, answers: Record<string, Answer> = {}) {
    this.#url = new URL(address, 'https://school.example');
    this.answers = { 'GET /api/me': refused(401, 'signed_out'), 'GET /api/demo': refused(404, 'not_found'), ...answers };
  }

  get address(): string {
    return this.#url.pathname + this.#url.hash;
  }

  /** As the browser does with back and forward. */
  navigate(address: string): void {
    this.#move(address);
  }

  get environment(): Environment {
    const url = this.#url;
    const move = (_data: unknown, _unused: string, to?: string | URL | null): void => {
      this.#move(String(to));
      this.visited.push(this.address);
    };
    return {
      fetch: (input, init) => this.#answer(input as string, init),
      location: {
        get pathname() { return url.pathname; },
        get hash() { return url.hash; },
        origin: url.origin,
        host: url.host,
        assign: (to) => { this.assigned = String(to); },
      },
      history: { pushState: move, replaceState: move },
      now: () => this.now,
      connect: (onMessage, onClose) => {
        this.live = { say: (event) => { onMessage(JSON.stringify(event)); }, close: onClose };
        return () => { this.live = null; };
      },
    };
  }

  #move(address: string): void {
    const next = new URL(address, this.#url);
    this.#url.pathname = next.pathname;
    this.#url.hash = next.hash;
  }

  async #answer(input: string, init?: RequestInit): Promise<Response> {
    const url = new URL(input, this.#url);
    const question = { method: init?.method ?? 'GET', path: url.pathname, query: url.search, body: init?.body ? (JSON.parse(init.body as string) as unknown) : undefined };
    this.asked.push(question);
    const given = this.answers[`${question.method} ${question.path}`] ?? (question.method === 'GET' ? refused(404, 'not_found') : undefined);
    const answer: unknown = typeof given === 'function' ? await (given as (question: Question) => unknown)(question) : given;
    if (answer instanceof Response) return answer.clone();
    return answer === undefined ? new Response(null, { status: 204 }) : new Response(JSON.stringify(answer));
  }
}

export function refused(status: number, code: string, { field, retryAfter }: { field?: string; retryAfter?: number } = {}): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title: 'refused', status, code, detail: '', ...(field === undefined ? {} : { field }) }), {
    status,
    headers: retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) },
  });
}

/** Lets everything happen that is only waiting for its turn. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}
