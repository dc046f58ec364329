import { afterEach, describe, expect, it, vi } from 'vitest';
import { askAboutLink } from './link';

function answering(status: number, body: unknown): void {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })));
}

describe('asking what a link is', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('believes the code of a refusal, not its words', async () => {
    answering(410, { code: 'link_expired', detail: 'this link has expired' });
    expect(await askAboutLink('t')).toEqual({ kind: 'expired' });
    answering(404, { code: 'link_invalid', detail: 'no key for this link, it may have expired' });
    expect(await askAboutLink('t')).toEqual({ kind: 'invalid' });
    answering(404, null);
    expect(await askAboutLink('t')).toEqual({ kind: 'invalid' });
  });

  it('does not wait for ever', async () => {
    const limit = new AbortController();
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
    vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => {
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    const answer = askAboutLink('t');
    limit.abort();
    expect(await answer).toEqual({ kind: 'server_unreachable' });
  });
});
