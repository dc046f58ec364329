import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PeerSeat } from '../core/peer';
import type { Equipment } from './equipment.svelte';
import { toParticipant } from './people';
import { ProofStore } from './proof.svelte';
import type { Seat } from './types';

const HANNAH = toParticipant(
  { id: 2, name: 'Hannah', role: 'student', sound_profile: 'music', tracks: [{ source: 'microphone', muted: false, muted_by_other: false }], present: true, hand: null },
  1,
  new Set(),
);

describe('the sound proof', () => {
  let present: boolean;
  let packets: number;
  let proof: ProofStore;

  beforeEach(() => {
    vi.useFakeTimers();
    present = true;
    packets = 0;
    let at = 0;
    const equipment = {
      media: { track: () => null },
      microphone: { kind: 'off' },
      profile: 'music',
      audio: { context: null },
      facts: { microphoneOn: false, silentSeconds: null, microphoneLabel: '', sampleRate: 48_000, wanted: {}, active: {} },
    } as unknown as Equipment;
    const report = () => {
      at += 500;
      const counters = { packetsReceived: packets, bytesReceived: packets * 200, totalSamplesReceived: at * 48, totalAudioEnergy: packets };
      return new Map([['I', { id: 'I', type: 'inbound-rtp', kind: 'audio', trackIdentifier: 'seat', timestamp: at, ...counters }]]);
    };
    proof = new ProofStore(equipment, {
      kind: 'lesson',
      connection: () => ({ getStats: () => Promise.resolve(report()), getSenders: () => [] }) as unknown as RTCPeerConnection,
      peerSeats: () => [{ audio: { receiver: { track: { id: 'seat' } } }, video: null } as unknown as PeerSeat],
      seats: () => [{ key: '2-main', index: 0, stream: 'main', participant: { ...HANNAH, present }, picture: 'off' } satisfies Seat],
      notices: () => [],
      listenerName: () => 'Hannah',
    });
  });

  afterEach(() => {
    proof.close();
    vi.useRealTimers();
  });

  async function pass(seconds: number, packetsPerSlice: number): Promise<void> {
    for (let slice = 0; slice < seconds * 2; slice += 1) {
      packets += packetsPerSlice;
      await vi.advanceTimersByTimeAsync(500);
    }
  }

  it('calls nothing that should come a bad way, but not of somebody who is away', async () => {
    await pass(10, 25);
    expect(proof.verdict.kind).toBe('good');
    await pass(12, 0);
    expect(proof.verdict).toMatchObject({ kind: 'poor', reasons: ['gaps_received'] });
    present = false;
    await pass(1, 0);
    expect(proof.verdict.kind).toBe('alone');
    present = true;
    await pass(5, 25);
    expect(proof.verdict.kind).toBe('good');
  });
});
