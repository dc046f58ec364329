import type { Proof, SoundDirection, TapeSlice } from '../src/state/types';

const SLICES = 120;

/** A phrase that looks like playing: the same every time, so that pictures can be compared. */
function tape(seed: number, gaps: readonly number[], length = SLICES): TapeSlice[] {
  return Array.from({ length }, (_, index) => {
    const wave = Math.abs(Math.sin(index * 0.21 + seed) * Math.sin(index * 0.047 + seed * 2)) * 0.8;
    const grain = ((index * 7919 + seed * 104729) % 97) / 97;
    return { level: Math.min(1, 0.08 + wave * (0.4 + 0.6 * grain)), concealed: gaps.includes(index) };
  });
}

export const fromHannah: SoundDirection = {
  key: 'received-2',
  name: 'Hannah',
  gaps: { count: 1, milliseconds: 20 },
  tape: tape(1, [55]),
  muted: false,
  bitrateKbps: 131.2,
  channels: 'stereo',
  lostPercent: 0.4,
  concealedPercent: 0,
  upToKhz: 20,
};
export const toHannah: SoundDirection = {
  ...fromHannah,
  key: 'sent',
  gaps: { count: 0, milliseconds: 0 },
  tape: tape(4, []),
  bitrateKbps: 128,
  lostPercent: 0,
  concealedPercent: null,
};

export const goodProof: Proof = {
  verdict: { kind: 'good', channels: 'stereo', upToKhz: 20 },
  sent: toHannah,
  received: [fromHannah],
  network: { roundTripMs: 31, jitterBufferMs: 48, soundMs: 74, transport: 'udp', encrypted: true },
  processing: {
    echoCancellation: false,
    noiseSuppression: false,
    automaticGain: false,
    asWanted: true,
    headphones: 'yes',
    microphone: 'Scarlett 2i2 USB Audio Interface, Eingang 1 und 2',
    sampleRate: 48_000,
  },
  warnings: [],
  setOpen: () => undefined,
};

export const poorProof: Proof = {
  ...goodProof,
  verdict: { kind: 'poor', reasons: ['gaps_received', 'own_bluetooth'] },
  received: [
    { ...fromHannah, name: 'Aurelia-Sophie von Hohenlohe-Waldburg', gaps: { count: 14, milliseconds: 640 }, tape: tape(2, [20, 21, 40, 41, 42, 77, 90, 91, 92, 93, 101, 110, 111]), lostPercent: 6.3, concealedPercent: 2.1 },
  ],
  warnings: [
    { id: 'bluetooth', placement: 'proof', what: { kind: 'microphone_bluetooth', label: 'AirPods', upToKhz: 8 }, repair: 'use_builtin_microphone', dismissible: false },
    { id: 'processing', placement: 'proof', what: { kind: 'voice_processing', which: ['noise_suppression', 'automatic_gain'] }, repair: 'switch_processing_off', dismissible: false },
  ],
  processing: { ...goodProof.processing, noiseSuppression: true, automaticGain: true, echoCancellation: null, asWanted: false },
};

export const echoProof: Proof = {
  ...goodProof,
  verdict: { kind: 'good', channels: 'mono', upToKhz: 20 },
  warnings: [{ id: 'echo', placement: 'proof', what: { kind: 'echo_cancellation_needed' }, repair: 'wear_headphones', dismissible: false }],
  processing: { ...goodProof.processing, echoCancellation: true, headphones: 'unanswered' },
};

export const measuringProof: Proof = {
  ...goodProof,
  verdict: { kind: 'measuring' },
  received: [{ ...fromHannah, tape: tape(1, [], 6), gaps: { count: 0, milliseconds: 0 }, bitrateKbps: null, channels: null, lostPercent: null, concealedPercent: null, upToKhz: null }],
  sent: null,
  network: { roundTripMs: null, jitterBufferMs: null, soundMs: null, transport: null, encrypted: true },
};
