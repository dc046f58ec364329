/** The lower end of every meter: below it is room noise. */
const METER_FLOOR_DBFS = -60;
/** Below: "quiet, come closer"; above: "too loud". In dBFS of the loudest sample. */
const QUIET_DBFS = -42;
const LOUD_DBFS = -1;

export type LevelVerdict = 'none' | 'silent' | 'quiet' | 'good' | 'loud';

/** Samples in −1..1 measured over one window. */
export interface SampleFacts {
  readonly rms: number;
  readonly peak: number;
  /** Every single sample is zero: no microphone sounds like this. */
  readonly digitalSilence: boolean;
  /** Left and right carry the same (or right is empty). */
  readonly mono: boolean;
}

/** How different the channels must be to count as stereo, against the louder one: −50 dB. */
const STEREO_DIFFERENCE = 0.003;

export function measureSamples(left: Float32Array, right: Float32Array): SampleFacts {
  let sum = 0;
  let peak = 0;
  let difference = 0;
  let rightPeak = 0;
  for (let i = 0; i < left.length; i += 1) {
    const l = left[i] ?? 0;
    const r = right[i] ?? 0;
    sum += l * l + r * r;
    peak = Math.max(peak, Math.abs(l), Math.abs(r));
    rightPeak = Math.max(rightPeak, Math.abs(r));
    difference = Math.max(difference, Math.abs(l - r));
  }
  return {
    // The right channel of a mono source is empty: the mean is over the channels that carry something.
    rms: Math.sqrt(sum / (left.length * (rightPeak > 0 ? 2 : 1) || 1)),
    peak,
    digitalSilence: peak === 0,
    mono: rightPeak === 0 || difference <= peak * STEREO_DIFFERENCE,
  };
}

/** 0..1 on a meter of −60..0 dBFS. */
export function meterValue(amplitude: number): number {
  if (amplitude <= 0) return 0;
  const dbfs = 20 * Math.log10(amplitude);
  return Math.min(1, Math.max(0, 1 - dbfs / METER_FLOOR_DBFS));
}

/** Gates against noise send zeros in every pause: only longer ones mean that nothing comes at all. */
const PAUSE_MS = 2000;

/** `silentMs`: how long there were nothing but zeros, `null` when there is more. `before` is kept in a pause. */
export function levelVerdict(peakAmplitude: number, silentMs: number | null, before: LevelVerdict): LevelVerdict {
  if (silentMs !== null && silentMs >= PAUSE_MS) return 'silent';
  if (silentMs !== null && before !== 'none') return before;
  const dbfs = peakAmplitude > 0 ? 20 * Math.log10(peakAmplitude) : METER_FLOOR_DBFS;
  if (dbfs < QUIET_DBFS) return 'quiet';
  return dbfs > LOUD_DBFS ? 'loud' : 'good';
}

/** On and unmuted, but nothing for this long: said aloud (iPad after a call or Siri). */
export const SILENCE_LIMIT_MS = 6000;
/** One look decides nothing about stereo: a soloist may stand in the middle for a while. */
const MONO_DECISION_MS = 4000;
/** Sound below this says nothing about channels. */
const AUDIBLE_PEAK = 0.01;

/** Watches a microphone over time. Fed with one `SampleFacts` per look and told the time. */
export class MicrophoneWatch {
  #silentSince: number | null = null;
  #monoMs = 0;
  #lastLook: number | null = null;
  #stereoSeen = false;

  /** A new track: what was known of the old one is void. */
  reset(): void {
    this.#silentSince = null;
    this.#monoMs = 0;
    this.#lastLook = null;
    this.#stereoSeen = false;
  }

  look(facts: SampleFacts, nowMs: number): void {
    const elapsed = this.#lastLook === null ? 0 : Math.min(1000, nowMs - this.#lastLook);
    this.#lastLook = nowMs;
    if (facts.digitalSilence) this.#silentSince ??= nowMs;
    else this.#silentSince = null;
    if (facts.peak < AUDIBLE_PEAK) return;
    if (facts.mono) this.#monoMs += elapsed;
    else this.#stereoSeen = true;
  }

  /** Muted on purpose: silence is right, and the clock starts again afterwards. */
  pause(): void {
    this.#silentSince = null;
    this.#lastLook = null;
  }

  /** How long there have been nothing but zeros; `null` when the last look found more. */
  silentMs(nowMs: number): number | null {
    return this.#silentSince === null ? null : nowMs - this.#silentSince;
  }

  /** Seconds of digital silence once it is long enough to be a fault, else `null`. */
  silentSeconds(nowMs: number): number | null {
    const ms = this.silentMs(nowMs);
    return ms !== null && ms >= SILENCE_LIMIT_MS ? Math.floor(ms / 1000) : null;
  }

  get channels(): 'mono' | 'stereo' | null {
    if (this.#stereoSeen) return 'stereo';
    return this.#monoMs >= MONO_DECISION_MS ? 'mono' : null;
  }
}
