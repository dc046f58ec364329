/** A server that is made up: the school's real state and client stand on it, so that every answer can be shown. */
import type { Environment } from '../src/school/state/school.svelte';

/** What it answers to "GET /api/people"; the query does not count. */
export type Answers = Readonly<Record<string, unknown>>;

/** A refusal, as the server writes it. */
export class Refused {
  readonly status: number;
  readonly body: object;
  readonly retryAfter: number | null;

  constructor(status: number, code: string, field?: string, retryAfter: number | null = null) {
    this.status = status;
    this.body = { type: 'about:blank', title: 'refused', status, code, detail: code, ...(field === undefined ? {} : { field }) };
    this.retryAfter = retryAfter;
  }
}

/** The answer that never comes. */
export const SILENCE = Symbol('silence');

/** Monday, 23 November 2026, 15:52 where the reader is. */
export const NOW = new Date(2026, 10, 23, 15, 52).getTime();

export function environmentAt(address: string, answers: Answers): Environment {
  const url = new URL(address, 'https://musikschule.example');
  const move = (_data: unknown, _unused: string, to?: string | URL | null): void => {
    const next = new URL(to ?? '', url);
    url.pathname = next.pathname;
    url.hash = next.hash;
  };
  return {
    fetch: (input, init) => answer(answers, `${init?.method ?? 'GET'} ${new URL(input as string, url).pathname}`),
    location: {
      get pathname() { return url.pathname; },
      get hash() { return url.hash; },
      origin: url.origin,
      host: url.host,
      assign: () => undefined,
    },
    history: { pushState: move, replaceState: move },
    now: () => NOW,
    connect: () => () => undefined,
  };
}

async function answer(answers: Answers, question: string): Promise<Response> {
  const said = question in answers ? answers[question] : new Refused(404, 'not_found');
  if (said === SILENCE) return new Promise<Response>(() => undefined);
  if (said instanceof Refused) {
    return new Response(JSON.stringify(said.body), { status: said.status, headers: said.retryAfter === null ? {} : { 'Retry-After': String(said.retryAfter) } });
  }
  return said === undefined ? new Response(null, { status: 204 }) : new Response(JSON.stringify(said));
}
