import { digestStats } from './stats';

/** ICE over a good network takes well under a second; a blocked one never ends. */
const CONNECT_LIMIT_MS = 6000;
const STATS_INTERVAL_MS = 100;
const STATS_TRIES = 15;
const BUSY_TRIES = 4;
const BUSY_WAIT_MS = 2500;
/** Capture, coding, jitter buffer and playout, without the way: measured 34-62 ms on one machine. */
const DEVICE_DELAY_MS = 50;
/** From here on talking feels like a satellite call. */
const SLOW_ROUND_TRIP_MS = 150;

export type ConnectionTest =
  | { readonly kind: 'running' }
  /** `roundTripMs` over the fast way (UDP); `soundMs` is what a tone needs from here to there, buffers included. */
  | { readonly kind: 'slow'; readonly roundTripMs: number; readonly soundMs: number }
  /** `null`: the way is free, but this browser does not tell how long it takes. */
  | { readonly kind: 'good'; readonly roundTripMs: number | null; readonly soundMs: number | null }
  /** The server answers, but the fast way (UDP) is blocked here. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'unreachable' };

/** How long a tone is on its way from mouth to ear. */
export function soundDelayMs(roundTripMs: number, bufferMs: number | null): number {
  return Math.round(roundTripMs / 2 + (bufferMs === null ? DEVICE_DELAY_MS : bufferMs + DEVICE_DELAY_MS / 2));
}

/** Tries the way media will take, before anybody waits for it. Opens no microphone and sends no media. */
export async function testConnection(): Promise<ConnectionTest> {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [] });
  try {
    pc.addTransceiver('audio', { direction: 'recvonly' });
    await pc.setLocalDescription();
    const response = await askForProbe(pc.localDescription?.sdp ?? '');
    if (!response.ok) return { kind: 'unreachable' };
    await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
    if (!(await iceConnects(pc))) return { kind: 'blocked' };
    const roundTripMs = await roundTrip(pc);
    if (roundTripMs === null) return { kind: 'good', roundTripMs, soundMs: null };
    const kind = roundTripMs < SLOW_ROUND_TRIP_MS ? 'good' : 'slow';
    return { kind, roundTripMs, soundMs: soundDelayMs(roundTripMs, null) };
  } catch {
    return { kind: 'unreachable' };
  } finally {
    pc.close();
  }
}

/** The server runs a limited number of tests at once: a full one is asked again, it is neither gone nor blocked. */
async function askForProbe(offer: string): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const headers = { 'Content-Type': 'application/sdp' };
    const response = await fetch('/api/probe', { method: 'POST', headers, body: offer });
    if (response.status !== 503 || tries === BUSY_TRIES) return response;
    await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
  }
}

function iceConnects(pc: RTCPeerConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => {
      resolve(false);
    }, CONNECT_LIMIT_MS);
    const look = () => {
      const state = pc.iceConnectionState;
      if (state !== 'connected' && state !== 'completed' && state !== 'failed') return;
      clearTimeout(limit);
      resolve(state !== 'failed');
    };
    pc.oniceconnectionstatechange = look;
    look();
  });
}

async function roundTrip(pc: RTCPeerConnection): Promise<number | null> {
  for (let i = 0; i < STATS_TRIES; i += 1) {
    const { roundTripMs } = digestStats((await pc.getStats()) as unknown as Map<string, unknown>, null).network;
    if (roundTripMs !== null) return roundTripMs;
    await new Promise((resolve) => setTimeout(resolve, STATS_INTERVAL_MS));
  }
  return null;
}
