import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useFakeDevices } from '../core/fake-media';
import { createApp } from './app.svelte';

describe('the page', () => {
  let questions: { token: string; answer: (body: object) => Promise<unknown> }[];
  let location: { pathname: string; hash: string; search: string; host: string; protocol: string };

  beforeEach(() => {
    useFakeDevices();
    questions = [];
    location = { pathname: '/r/geige', hash: '#one', search: '', host: 'x', protocol: 'https:' };
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('RTCPeerConnection', class { close = () => undefined; });
    vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => undefined });
    vi.stubGlobal('fetch', (_: string, { body }: RequestInit) => {
      return new Promise((resolve) => {
        const { token } = JSON.parse(body as string) as { token: string };
        const answer = (answered: object) => {
          resolve(new Response(JSON.stringify(answered)));
          return new Promise((done) => setTimeout(done));
        };
        questions.push({ token, answer });
      });
    });
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('shows the link that was pasted last, whichever answer comes last', async () => {
    const link = { kind: 'lesson', role: 'student', name: 'Hannah' };
    const app = createApp(location as unknown as Location);
    location.hash = '#two';
    window.dispatchEvent(new Event('hashchange'));
    expect(questions.map(({ token }) => token)).toEqual(['one', 'two']);
    await questions[1]?.answer({ ...link, room: 'second' });
    await questions[0]?.answer({ ...link, room: 'first' });
    expect(app.screen.kind === 'join' && app.screen.join.link.room).toBe('second');
  });

  it('says that there is nothing at an address that is none', () => {
    for (const pathname of ['/geige', '/r/', '/r/geige/mehr', '/r']) {
      location.pathname = pathname;
      const { screen } = createApp(location as unknown as Location);
      expect(screen.kind === 'link_broken' && screen.problem.kind, pathname).toBe('not_found');
    }
    location.pathname = '/';
    expect(createApp(location as unknown as Location).screen.kind).toBe('school');
  });

  it.each([
    ['student', 'lesson', 'du'],
    ['guest', 'lesson', 'Sie'],
    ['teacher', 'lesson', 'Sie'],
    ['student', 'conference', 'Sie'],
  ])('addresses a %s in a %s with %s', async (role, kind, address) => {
    const app = createApp(location as unknown as Location);
    await questions[0]?.answer({ kind, role, name: '', room: 'geige' });
    expect(app.screen.kind === 'join' && app.screen.join.link.address).toBe(address);
  });
});
