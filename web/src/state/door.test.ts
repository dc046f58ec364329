import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorCode, ServerMessage } from '../generated/wire';
import { useFakeDevices } from '../core/fake-media';
import { FakePeerConnection, FakeSocket, PLAIN_ROOM } from '../core/fakes';
import { createApp } from './app.svelte';
import type { AppStore } from './types';

class Observer {
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
}

describe('in front of the door', () => {
  let app: AppStore;
  let kept: Map<string, string>;
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const hear = (message: ServerMessage) => {
    FakeSocket.last.say(message);
  };
  const waiting = (...hosts: string[]) => {
    hear({ type: 'waiting', resume: 'w', role: 'guest', room: 'k', kind: 'conference', since: 5, hosts });
  };
  const letIn = () => {
    const snapshot = { room: 'k', kind: 'conference', started_at: 0, participants: [], chat: [], seats: [], ...PLAIN_ROOM } as const;
    hear({ type: 'welcome', you: 1, role: 'guest', resume: 'in', resumed: false, snapshot: { ...snapshot, participants: [], chat: [], seats: [] } });
  };
  const refuse = (code: ErrorCode) => {
    hear({ type: 'error', code, id: null });
  };
  const screen = <K extends AppStore['screen']['kind']>(kind: K) => {
    if (app.screen.kind !== kind) throw new Error(`${app.screen.kind} is shown, not ${kind}`);
    return app.screen as Extract<AppStore['screen'], { kind: K }>;
  };
  const knock = async () => {
    screen('join').join.join();
    await settle();
    FakeSocket.last.accept();
    waiting();
  };
  /** However long the wait before the next attempt is: it differs from time to time. */
  const nextSocket = async () => {
    const { length } = FakeSocket.all;
    for (let step = 0; step < 1000 && FakeSocket.all.length === length; step += 1) await vi.advanceTimersByTimeAsync(50);
  };
  const openDocument = () => {
    const createElement = () => ({ play: () => Promise.resolve(), remove: () => undefined });
    const page = { visibilityState: 'visible', body: { append: () => undefined }, createElement };
    vi.stubGlobal('document', Object.assign(new EventTarget(), page));
  };
  const remembered = () => (JSON.parse(kept.get('auftakt') ?? '{}') as { resume?: string | null }).resume;

  beforeEach(async () => {
    vi.useFakeTimers();
    useFakeDevices();
    kept = new Map();
    const getItem = (key: string) => kept.get(key) ?? null;
    const storage = { getItem, setItem: (key: string, value: string) => kept.set(key, value), removeItem: () => undefined };
    vi.stubGlobal('sessionStorage', storage);
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
    vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
    vi.stubGlobal('ResizeObserver', Observer);
    vi.stubGlobal('IntersectionObserver', Observer);
    vi.stubGlobal('window', Object.assign(new EventTarget(), { devicePixelRatio: 1 }));
    openDocument();
    const link = { room: 'k', kind: 'conference', role: 'guest', name: 'Herr Hoffmann' };
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(link))));
    FakeSocket.all = [];
    FakePeerConnection.all = [];
    app = createApp({ pathname: '/r/k', hash: '#t', search: '', host: 'x', protocol: 'https:' } as unknown as Location);
    await vi.advanceTimersByTimeAsync(10);
  });

  afterEach(() => {
    if (app.screen.kind === 'waiting') app.screen.waiting.leave();
    if (app.screen.kind === 'conference') app.screen.conference.leave();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('sees who can let in, and oneself; the devices go on as they are', async () => {
    await knock();
    waiting('Eva');
    const { waiting: door } = screen('waiting');
    expect(door).toMatchObject({ name: 'Herr Hoffmann', hosts: ['Eva'], since: 5, connected: true });
    expect(door.preview).not.toBeNull();
    door.toggleMicrophone();
    letIn();
    await settle();
    expect(screen('conference').conference.microphone.kind).toBe('off');
    expect(FakeSocket.last.of('offer')[0]?.tracks).toContainEqual(expect.objectContaining({ source: 'microphone', muted: true }));
  });

  it('stays there while the server is gone, and comes back with the same secret', async () => {
    await knock();
    for (let attempt = 0; attempt < 12; attempt += 1) {
      FakeSocket.last.break();
      await nextSocket();
    }
    expect(screen('waiting').waiting.connected).toBe(false);
    FakeSocket.last.accept();
    expect(FakeSocket.last.of('join')[0]?.resume).toBe('w');
    waiting('Eva');
    expect(screen('waiting').waiting.connected).toBe(true);
  });

  it('goes back to the join page when leaving, gives up the place, and may come again', async () => {
    await knock();
    const { last } = FakeSocket;
    screen('waiting').waiting.leave();
    expect(last.of('leave')).toHaveLength(1);
    expect(remembered()).toBeNull();
    expect(screen('join').join.progress.kind).toBe('form');
    await knock();
    expect(FakeSocket.last.of('join')[0]?.resume).toBeNull();
    screen('waiting');
  });

  it('is told when turned away, and may try again', async () => {
    await knock();
    refuse('dismissed');
    const { left } = screen('left');
    expect(left.reason).toEqual({ kind: 'refused', code: 'dismissed' });
    left.again?.();
    screen('join');
  });

  it('is where somebody may find themselves who was inside', async () => {
    await knock();
    letIn();
    await settle();
    screen('conference');
    FakeSocket.last.break();
    await nextSocket();
    FakeSocket.last.accept();
    waiting('Eva');
    screen('waiting').waiting.leave();
    expect(screen('join').join.progress.kind).toBe('form');
  });

  const enter = async () => {
    await settle();
    FakeSocket.last.accept();
    letIn();
    await settle();
    return screen('conference').conference;
  };

  it('nobody has to stop who left by mistake: one tap, and nothing is on that was off', async () => {
    await knock();
    const conference = await enter();
    conference.toggleMicrophone();
    conference.leave();
    const { left } = screen('left');
    left.again?.();
    // No join page in between; a second tap changes nothing.
    expect(screen('left').left.returning).toBe(true);
    screen('left').left.again?.();
    const { microphone, camera } = await enter();
    expect([microphone.kind, camera.kind]).toEqual(['off', 'on']);
    expect(FakeSocket.last.of('join')).toHaveLength(1);
  });

  it('the join page shows itself when coming back needs it', async () => {
    await knock();
    (await enter()).leave();
    screen('left').left.again?.();
    await settle();
    FakeSocket.last.accept();
    refuse('room_full');
    expect(screen('join').join.progress).toMatchObject({ kind: 'failed', problem: { code: 'room_full' } });
  });

  it('a page that was loaded anew says where one was, and leads back with one tap', async () => {
    const reload = async () => {
      openDocument();
      app = createApp({ pathname: '/r/k', hash: '#t', search: '', host: 'x', protocol: 'https:' } as unknown as Location);
      await vi.advanceTimersByTimeAsync(10);
    };
    await knock();
    // Who waited was not inside.
    await reload();
    screen('join');
    await knock();
    (await enter()).toggleCamera();
    await reload();
    const { left } = screen('left');
    expect(left.reason.kind).toBe('reloaded');
    left.again?.();
    const { microphone, camera } = await enter();
    expect([microphone.kind, camera.kind]).toEqual(['on', 'off']);
    expect(FakeSocket.last.of('join')[0]?.resume).toBe('in');
  });
});
