import type { SoundProfile } from '../generated/wire';
import { meterValue } from './level';
import { PROFILES } from './profile';
import type { SoundCounters } from './stats';

/** One minute of tape in half seconds. */
const SLICES_MAX = 120;
const SLICE_MS = 500;
const TAPE_MS = SLICES_MAX * SLICE_MS;
/** Percentages are of the last 10 s: long enough to be calm, short enough to believe a repair. */
const WINDOW_MS = 10_000;
/** Less than this was never heard by anybody: 5 ms. */
const CONCEALED_MARK_SAMPLES = 240;
/** Below this on the meter scale a bitrate says nothing: the coder has nothing to do. */
const AUDIBLE_LEVEL = 0.2;
const SAMPLES_PER_MS = 48;
/** Whether every frame is sent twice (RED, RFC 2198): the sound itself is half of the stream. Only the sender knows for sure. */
export type Redundancy = 'twice' | 'once' | 'unknown';
/**
 * Reports name Opus either way, but nothing else makes a stream this much fatter than its profile: the coder keeps its average. The
 * server repeats sound only while packets get lost, once or twice, so nothing is remembered of it.
 */
const TWICE_FROM_SHARE = 1.2;
const TWICE_SEEN_MS = 3000;
/** A change of profile is announced before it is heard. */
const SETTLE_STEPS = 4;

export interface TapeSlice {
  /** 0..1 on the meter scale. */
  readonly level: number;
  /** Something was lost and made up here: amber. */
  readonly concealed: boolean;
}

/** What is known of one direction of sound now. */
export interface SoundFigures {
  /** In the last 60 s. For what we send: what the server missed. */
  readonly gaps: { readonly count: number; readonly milliseconds: number };
  /** Oldest first, half a second each, at most 120. */
  readonly tape: readonly TapeSlice[];
  /** Of the sound itself, without redundancy. */
  readonly bitrateKbps: number | null;
  readonly lostPercent: number | null;
  readonly concealedPercent: number | null;
  readonly bufferMs: number | null;
  readonly upToKhz: number | null;
  /** Whether something can be heard now. */
  readonly level: number;
  readonly stereoNegotiated: boolean;
}

interface Step extends TapeSlice {
  readonly profile: SoundProfile;
  readonly ms: number;
  readonly bytes: number;
  readonly packets: number;
  readonly lost: number;
  readonly concealedMs: number;
  readonly events: number;
  readonly samples: number;
  readonly concealed48: number;
  readonly bufferMs: number | null;
}

/** The last minute of one direction. */
export class SoundHistory {
  readonly #direction: 'sent' | 'received';
  #last: SoundCounters | null = null;
  #steps: Step[] = [];
  /** How often the stream carries every frame, as far as its rate tells. */
  #times = 1;

  constructor(direction: 'sent' | 'received') {
    this.#direction = direction;
  }

  /** `muted`: nothing is meant to come, so nothing can be missing. `profile`: what the sender says it sends with. */
  add(counters: SoundCounters, muted: boolean, profile: SoundProfile): void {
    const last = this.#last;
    this.#last = counters;
    // Counters that fall belong to a new connection.
    if (!last || counters.at <= last.at || counters.packets < last.packets) return;
    this.#steps = [...this.#steps, step(last, counters, muted, profile)].slice(-SLICES_MAX);
    // Who looks seldom has longer steps, and no longer minute.
    while (this.#steps.length > 1 && sum(this.#steps, (s) => s.ms) > TAPE_MS + SLICE_MS) this.#steps.shift();
    const settled = ofOneProfile(this.#recent());
    if (sum(settled, (s) => s.ms) < TWICE_SEEN_MS) return;
    const share = (kbps(settled) * 1000) / PROFILES[profile].bitrateBps;
    this.#times = share > TWICE_FROM_SHARE ? Math.min(3, Math.max(2, Math.round(share))) : 1;
  }

  figures(redundancy: Redundancy = 'unknown'): SoundFigures {
    const recent = this.#recent();
    const settled = ofOneProfile(recent);
    const times = redundancy === 'unknown' ? this.#times : redundancy === 'twice' ? 2 : 1;
    const share = 1 / times;
    const lost = sum(recent, (s) => s.lost);
    const packets = sum(recent, (s) => s.packets);
    const samples = sum(recent, (s) => s.samples);
    const received = this.#direction === 'received';
    const audible = settled.filter((s) => s.level >= AUDIBLE_LEVEL);
    return {
      gaps: this.#gaps(),
      tape: this.#tape(),
      bitrateKbps: settled.length > 0 ? Math.round(kbps(settled) * share) : null,
      lostPercent: packets + lost > 0 ? percent(lost, packets + lost) : null,
      concealedPercent: received && samples > 0 ? percent(sum(recent, (s) => s.concealed48), samples) : null,
      bufferMs: recent.findLast((s) => s.bufferMs !== null)?.bufferMs ?? null,
      upToKhz: audible.length > 0 ? opusBandwidthKhz(kbps(audible) * share) : null,
      level: this.#steps.at(-1)?.level ?? 0,
      stereoNegotiated: /(^|;)\s*stereo=1/.test(this.#last?.fmtp ?? ''),
    };
  }

  #recent(): readonly Step[] {
    let ms = 0;
    let from = this.#steps.length;
    while (from > 0 && ms < WINDOW_MS) {
      from -= 1;
      ms += this.#steps[from]?.ms ?? 0;
    }
    return this.#steps.slice(from);
  }

  #tape(): readonly TapeSlice[] {
    const slices = this.#steps.flatMap((s) => repeated(s));
    return slices.slice(-SLICES_MAX);
  }

  #gaps(): { count: number; milliseconds: number } {
    const marked = this.#steps.filter((s) => s.concealed);
    const milliseconds = sum(marked, (s) => s.concealedMs);
    return { count: Math.max(marked.length > 0 ? 1 : 0, sum(marked, (s) => s.events)), milliseconds: Math.round(milliseconds) };
  }
}

/** The newest steps with one profile, without those in which the one before may still be heard; all when nothing else is left. */
function ofOneProfile(steps: readonly Step[]): readonly Step[] {
  const profile = steps.at(-1)?.profile;
  const other = steps.findLastIndex((s) => s.profile !== profile);
  if (other < 0) return steps;
  const settled = steps.slice(other + 1 + SETTLE_STEPS);
  return settled.length > 0 ? settled : steps.slice(-1);
}

function kbps(steps: readonly Step[]): number {
  return (sum(steps, (s) => s.bytes) * 8) / sum(steps, (s) => s.ms);
}

function step(last: SoundCounters, now: SoundCounters, muted: boolean, profile: SoundProfile): Step {
  const duration = now.duration - last.duration;
  const energy = now.energy - last.energy;
  const count = now.bufferCount - last.bufferCount;
  const packets = Math.max(0, now.packets - last.packets);
  const lost = muted ? 0 : Math.max(0, now.lost - last.lost);
  const concealed = muted ? 0 : Math.max(0, now.concealedSamples - last.concealedSamples);
  const ms = now.at - last.at;
  const received = now.samples > 0;
  return {
    profile,
    level: duration > 0 && energy > 0 && !muted ? meterValue(Math.sqrt(energy / duration)) : 0,
    concealed: received ? concealed >= CONCEALED_MARK_SAMPLES : lost > 0,
    ms,
    bytes: Math.max(0, now.bytes - last.bytes),
    packets,
    lost,
    // What we send: each lost packet is a frame the other side had to make up.
    concealedMs: received ? concealed / SAMPLES_PER_MS : packets > 0 ? (lost * ms) / packets : 0,
    events: muted ? 0 : received ? Math.max(0, now.concealmentEvents - last.concealmentEvents) : lost > 0 ? 1 : 0,
    samples: Math.max(0, now.samples - last.samples),
    concealed48: concealed,
    bufferMs: count > 0 ? Math.round(((now.bufferDelay - last.bufferDelay) / count) * 1000) : null,
  };
}

/** What Opus keeps of the sound at a bitrate (libopus's thresholds, RFC 6716 §2.1.3). */
export function opusBandwidthKhz(kbps: number): number {
  if (kbps < 9) return 4;
  if (kbps < 12) return 8;
  return kbps < 16 ? 12 : 20;
}

/* --------------------------------------------------------------- verdict */

export type VerdictReason =
  | 'gaps_received'
  | 'loss_sent'
  | 'slow_way'
  | 'own_microphone_silent'
  | 'own_processing'
  | 'own_bluetooth'
  | 'narrow_sound'
  | 'low_bitrate';

export type Verdict =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'alone' }
  | { readonly kind: 'good'; readonly channels: 'mono' | 'stereo'; readonly upToKhz: number }
  /** `fair`: audible now and then. `poor`: disturbs the lesson. Most important reason first. */
  | { readonly kind: 'fair' | 'poor'; readonly reasons: readonly VerdictReason[] };

export interface Heard extends SoundFigures {
  readonly muted: boolean;
  readonly channels: 'mono' | 'stereo' | null;
}

export interface VerdictInput {
  readonly sent: Heard | null;
  readonly received: readonly Heard[];
  readonly profile: SoundProfile;
  readonly roundTripMs: number | null;
  readonly microphoneSilent: boolean;
  readonly processingAsWanted: boolean;
  readonly bluetooth: boolean;
}

/** Half a second each: 3 s of sound before anything is said. */
const SLICES_TO_JUDGE = 6;

/** From where on something is `fair` and `poor`. Percent, milliseconds. */
const LIMITS = {
  concealedPercent: [1, 4],
  lostPercent: [2, 8],
  roundTripMs: [150, 350],
} as const;
/** A quarter of the profile's bitrate while something sounds: the coder was strangled. */
const LOW_BITRATE_SHARE = 0.25;
const NARROW_KHZ = 12;

type Grade = 'good' | 'fair' | 'poor';

export function judge(input: VerdictInput): Verdict {
  const { sent, received } = input;
  const grades: [VerdictReason, Grade][] = [
    ['own_microphone_silent', input.microphoneSilent ? 'poor' : 'good'],
    ['gaps_received', worst(received.map((r) => (isDead(r) ? 'poor' : grade(r.concealedPercent, LIMITS.concealedPercent))))],
    ['loss_sent', grade(sent?.lostPercent ?? null, LIMITS.lostPercent)],
    ['slow_way', grade(input.roundTripMs, LIMITS.roundTripMs)],
    ['own_bluetooth', input.bluetooth ? 'fair' : 'good'],
    ['own_processing', input.processingAsWanted ? 'good' : 'fair'],
    ['low_bitrate', isStrangled(sent, input.profile) ? 'fair' : 'good'],
    ['narrow_sound', received.some((r) => r.upToKhz !== null && r.upToKhz < NARROW_KHZ) ? 'fair' : 'good'],
  ];
  const poor = grades.filter(([, g]) => g === 'poor').map(([reason]) => reason);
  const fair = grades.filter(([, g]) => g === 'fair').map(([reason]) => reason);
  if (poor.length > 0) return { kind: 'poor', reasons: [...poor, ...fair] };
  if (fair.length > 0) return { kind: 'fair', reasons: fair };
  if (received.length === 0) return { kind: 'alone' };
  return goodOrMeasuring(input);
}

function goodOrMeasuring({ sent, received }: VerdictInput): Verdict {
  const heard = received.filter((r) => !r.muted);
  // Our own sound proves nothing about what arrives: it counts only while everybody else is muted.
  const known = heard.length > 0 ? heard : sent && !sent.muted ? [sent] : [];
  const [judged] = known;
  if (!judged || known.some((direction) => direction.tape.length < SLICES_TO_JUDGE)) return { kind: 'measuring' };
  return { kind: 'good', channels: judged.channels ?? (judged.stereoNegotiated ? 'stereo' : 'mono'), upToKhz: judged.upToKhz ?? 20 };
}

/** Unmuted, measured for a while, and not one byte came. */
function isDead({ muted, bitrateKbps, tape }: Heard): boolean {
  return !muted && bitrateKbps === 0 && tape.length >= SLICES_TO_JUDGE;
}

function isStrangled(sent: Heard | null, profile: SoundProfile): boolean {
  if (!sent || sent.muted || sent.bitrateKbps === null || sent.tape.length < SLICES_TO_JUDGE) return false;
  const audible = sent.tape.slice(-SLICES_TO_JUDGE).every((slice) => slice.level >= AUDIBLE_LEVEL);
  return audible && sent.bitrateKbps * 1000 < PROFILES[profile].bitrateBps * LOW_BITRATE_SHARE;
}

function grade(value: number | null, [fair, poor]: readonly [number, number]): Grade {
  if (value === null || value < fair) return 'good';
  return value < poor ? 'fair' : 'poor';
}

function worst(grades: readonly Grade[]): Grade {
  if (grades.includes('poor')) return 'poor';
  return grades.includes('fair') ? 'fair' : 'good';
}

function percent(part: number, whole: number): number {
  return Math.round((part / whole) * 1000) / 10;
}

/** As many slices as a step lasted; one over which the machine slept fills the tape and no more. */
function repeated(s: Step): readonly Step[] {
  return Array.from({ length: Math.min(SLICES_MAX, Math.max(1, Math.round(s.ms / SLICE_MS))) }, () => s);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
