import { describe, expect, it } from 'vitest';
import { type Heard, judge, opusBandwidthKhz, SoundHistory, type VerdictInput } from './proof';
import { digestStats, type SoundCounters } from './stats';

/** A minute of healthy music at 128 kbit/s in 20 ms frames, cut at `at` milliseconds. */
function counters(at: number, over: Partial<SoundCounters> = {}): SoundCounters {
  return {
    at,
    bytes: at * 16,
    packets: at / 20,
    lost: 0,
    concealedSamples: 0,
    concealmentEvents: 0,
    samples: at * 48,
    energy: (at / 1000) * 0.01,
    duration: at / 1000,
    bufferDelay: (at / 1000) * 48_000 * 0.05,
    bufferCount: (at / 1000) * 48_000,
    fmtp: 'minptime=10;stereo=1',
    ...over,
  };
}

function history(seconds: number, change: (at: number) => Partial<SoundCounters> = () => ({}), muted = false) {
  const sound = new SoundHistory('received');
  for (let at = 0; at <= seconds * 1000; at += 500) sound.add(counters(at, change(at)), muted, 'music');
  return sound;
}

describe('figures', () => {
  it('of healthy music', () => {
    const figures = history(20).figures();
    expect(figures.bitrateKbps).toBe(128);
    expect(figures.lostPercent).toBe(0);
    expect(figures.concealedPercent).toBe(0);
    expect(figures.bufferMs).toBe(50);
    expect(figures.upToKhz).toBe(20);
    expect(figures.stereoNegotiated).toBe(true);
    expect(figures.gaps).toEqual({ count: 0, milliseconds: 0 });
    expect(figures.tape).toHaveLength(40);
  });

  it('count redundancy only once', () => {
    expect(history(20, (at) => ({ bytes: at * 32 })).figures().bitrateKbps).toBe(128);
  });

  it('notice that redundancy is over', () => {
    // The server repeats sound while packets get lost: here for 12 s, twice in the worst of them.
    const repeated = (at: number) => ({ bytes: at <= 12_000 ? at * 48 : 12_000 * 48 + (at - 12_000) * 16 });
    expect(history(11, repeated).figures().bitrateKbps).toBe(128);
    expect(history(60, repeated).figures().bitrateKbps).toBe(128);
  });

  it('believe the sender about redundancy', () => {
    const fat = history(20, (at) => ({ bytes: at * 22 }));
    expect(fat.figures('once').bitrateKbps).toBe(176);
    expect(history(20, (at) => ({ bytes: at * 18 })).figures('twice').bitrateKbps).toBe(72);
  });

  it('take no other profile for redundancy', () => {
    const sound = new SoundHistory('received');
    for (let at = 0; at <= 20_000; at += 500) sound.add(counters(at, { bytes: at * 32 }), false, 'studio');
    for (let at = 20_500; at <= 28_000; at += 500) {
      sound.add(counters(at, { bytes: 20_000 * 32 + (at - 20_000) * 16 }), false, 'music');
      expect(sound.figures().bitrateKbps).toBe(128);
    }
  });

  it('mark where something was made up, and count it', () => {
    const lossAtTen = (at: number) => (at >= 10_000 ? { concealedSamples: 960, concealmentEvents: 1, lost: 1 } : {});
    const { tape, gaps, concealedPercent } = history(15, lossAtTen).figures();
    expect(tape.map((slice) => slice.concealed).indexOf(true)).toBe(19);
    expect(gaps).toEqual({ count: 1, milliseconds: 20 });
    expect(concealedPercent).toBe(0.2);
  });

  it('forget after a minute', () => {
    const early = (at: number) => (at >= 1000 ? { concealedSamples: 9600, concealmentEvents: 3 } : {});
    const { tape, gaps } = history(90, early).figures();
    expect(tape).toHaveLength(120);
    expect(gaps.count).toBe(0);
  });

  it('miss nothing while nothing is meant to come', () => {
    const muted = history(10, (at) => ({ concealedSamples: at, concealmentEvents: at, lost: at }), true).figures();
    expect(muted.gaps.count).toBe(0);
    expect(muted.lostPercent).toBe(0);
  });

  it('start anew with a new connection instead of going below zero', () => {
    const sound = history(10);
    sound.add(counters(20), false, 'music');
    sound.add(counters(10_600, { packets: 3, bytes: 900 }), false, 'music');
    expect(sound.figures().bitrateKbps).toBeGreaterThanOrEqual(0);
  });

  it('know what Opus keeps of the sound', () => {
    expect([6, 10, 14, 48, 128].map(opusBandwidthKhz)).toEqual([4, 8, 12, 20, 20]);
  });
});

describe('the verdict', () => {
  const heard = (over: Partial<Heard> = {}): Heard => ({
    ...history(10).figures(),
    muted: false,
    channels: 'stereo',
    ...over,
  });
  const verdict = (over: Partial<VerdictInput> = {}) =>
    judge({
      sent: heard(),
      received: [heard()],
      profile: 'music',
      roundTripMs: 30,
      microphoneSilent: false,
      processingAsWanted: true,
      bluetooth: false,
      ...over,
    });

  it('is good with its reasons beside it', () => {
    expect(verdict()).toEqual({ kind: 'good', channels: 'stereo', upToKhz: 20 });
  });

  it('waits until there is something to judge', () => {
    const fresh = { ...history(1).figures(), muted: false, channels: null };
    expect(verdict({ sent: null, received: [fresh] }).kind).toBe('measuring');
    expect(verdict({ received: [fresh] }).kind).toBe('measuring');
    expect(verdict({ received: [] }).kind).toBe('alone');
  });

  it('names what is wrong, the worst first', () => {
    expect(verdict({ received: [heard({ concealedPercent: 5 })], roundTripMs: 200 })).toEqual({
      kind: 'poor',
      reasons: ['gaps_received', 'slow_way'],
    });
    expect(verdict({ sent: heard({ lostPercent: 3 }) })).toEqual({ kind: 'fair', reasons: ['loss_sent'] });
    expect(verdict({ microphoneSilent: true })).toEqual({ kind: 'poor', reasons: ['own_microphone_silent'] });
    expect(verdict({ processingAsWanted: false, bluetooth: true })).toEqual({
      kind: 'fair',
      reasons: ['own_bluetooth', 'own_processing'],
    });
  });

  it('is poor when nothing arrives of somebody who is not muted', () => {
    expect(verdict({ received: [heard({ bitrateKbps: 0 })] })).toEqual({ kind: 'poor', reasons: ['gaps_received'] });
    expect(verdict({ received: [heard({ bitrateKbps: 0, muted: true })] }).kind).toBe('good');
  });

  it('says so when the coder is strangled, but not in a pause', () => {
    expect(verdict({ sent: heard({ bitrateKbps: 24 }) })).toEqual({ kind: 'fair', reasons: ['low_bitrate'] });
    const pause = heard({ bitrateKbps: 4, tape: Array.from({ length: 20 }, () => ({ level: 0, concealed: false })) });
    expect(verdict({ sent: pause }).kind).toBe('good');
  });

  it('takes nobody’s silence for a bad connection', () => {
    expect(verdict({ sent: null, received: [heard({ muted: true })] }).kind).toBe('measuring');
  });
});

describe('a stats report', () => {
  const report = new Map<string, unknown>([
    ['O', { id: 'O', type: 'outbound-rtp', kind: 'audio', timestamp: 1000, bytesSent: 500, packetsSent: 5, mediaSourceId: 'S', codecId: 'C' }],
    ['X', { id: 'X', type: 'outbound-rtp', kind: 'audio', timestamp: 1000, bytesSent: 9, packetsSent: 1, mediaSourceId: 'S2' }],
    ['S', { id: 'S', type: 'media-source', kind: 'audio', trackIdentifier: 'mic', totalAudioEnergy: 0.5, totalSamplesDuration: 2 }],
    ['S2', { id: 'S2', type: 'media-source', kind: 'audio', trackIdentifier: 'screen' }],
    ['R', { id: 'R', type: 'remote-inbound-rtp', kind: 'audio', localId: 'O', packetsLost: 2 }],
    ['C', { id: 'C', type: 'codec', mimeType: 'audio/RED', sdpFmtpLine: 'stereo=1' }],
    ['I', { id: 'I', type: 'inbound-rtp', kind: 'audio', trackIdentifier: 'seat', timestamp: 1000, concealedSamples: 100, silentConcealedSamples: 60 }],
    ['V', { id: 'V', type: 'inbound-rtp', kind: 'video', trackIdentifier: 'picture' }],
    ['T', { id: 'T', type: 'transport', selectedCandidatePairId: 'P', dtlsState: 'connected' }],
    ['P', { id: 'P', type: 'candidate-pair', currentRoundTripTime: 0.0312, localCandidateId: 'L' }],
    ['L', { id: 'L', type: 'local-candidate', protocol: 'udp' }],
  ]);

  it('is cut down to our microphone, the seats and the way', () => {
    const { sent, received, network } = digestStats(report, 'mic');
    expect(sent).toMatchObject({ bytes: 500, lost: 2, fmtp: 'stereo=1', energy: 0.5 });
    expect([...received.keys()]).toEqual(['seat']);
    expect(received.get('seat')?.concealedSamples).toBe(40);
    expect(network).toEqual({ roundTripMs: 31, transport: 'udp', encrypted: true });
  });

  it('may be empty', () => {
    expect(digestStats(new Map(), null)).toEqual({
      sent: null,
      received: new Map(),
      network: { roundTripMs: null, transport: null, encrypted: false },
    });
  });
});
