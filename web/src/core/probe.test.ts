import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testConnection } from './probe';

describe('the connection test', () => {
  let iceState: string;
  let stats: Map<string, unknown>;

  beforeEach(() => {
    vi.useFakeTimers();
    iceState = 'connected';
    stats = new Map();
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('v=0\r\n')));
    vi.stubGlobal('RTCPeerConnection', class {
      iceConnectionState = iceState;
      localDescription = { sdp: 'v=0\r\n' };
      addTransceiver = () => undefined;
      setLocalDescription = () => Promise.resolve();
      setRemoteDescription = () => Promise.resolve();
      getStats = () => Promise.resolve(stats);
      close = () => undefined;
    });
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  async function result() {
    const test = testConnection();
    await vi.advanceTimersByTimeAsync(20_000);
    return test;
  }

  it('is good when the way is free, also where the browser does not tell how long it takes', async () => {
    expect(await result()).toEqual({ kind: 'good', roundTripMs: null, soundMs: null });
  });

  it('says that the way is blocked when nothing came through', async () => {
    iceState = 'checking';
    expect(await result()).toEqual({ kind: 'blocked' });
  });
});
