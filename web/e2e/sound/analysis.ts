/** What became of a known sound: compares what was sent with what was heard, sample by sample. */
import { correlate, cross, powerOfTwo, type Spectrum, spectrum, transform } from './fft';
import { GAP, type Part, type PartName, type Probe, RATE, type Stereo } from './probe';

/** Short enough to follow a jitter buffer that stretches time, long enough to find the place in it. */
const WINDOW = RATE / 20;
/** Below this a window is a pause: −50 dBFS. */
const SILENCE = 10 ** (-50 / 10);
/** No figure of a 16-bit world is better. */
const BEST_DB = 120;

/**
 * A window that fits well where the last one was has its place there; else it is looked for: within some frames of a jitter
 * buffer, and where that gives nothing, as far as a machine that stood still for a moment may have shifted it.
 */
const SEARCHES = [
  { belowDb: 20, reach: 0.12 * RATE },
  { belowDb: 6, reach: RATE },
] as const;

export interface WindowResult {
  /** In the probe, in samples. */
  readonly from: number;
  /** Of what was heard against the probe, in samples, with fractions. */
  readonly delay: number;
  readonly snrDb: number;
}

export interface Summary {
  readonly median: number;
  readonly worstTenth: number;
}

/** Signal to error, window by window, each aligned on its own. Gain is not forgiven: louder is an error too. */
export function compare(probe: Stereo, heard: Stereo, from = 0, to = probe.left.length): WindowResult[] {
  const results: WindowResult[] = [];
  let delay = findStart(probe, heard);
  for (let at = from; at + WINDOW <= to; at += WINDOW) {
    const known = cut(probe, at, WINDOW);
    if (power(known.left) + power(known.right) < SILENCE) continue;
    let best = fit(known, heard, at + delay);
    for (const { belowDb, reach } of SEARCHES) {
      if (best.snrDb >= belowDb) break;
      const other = fit(known, heard, locate(known, heard, at + delay, reach));
      if (other.snrDb > best.snrDb) best = other;
    }
    delay = best.position - at;
    results.push({ from: at, delay, snrDb: best.snrDb });
  }
  return results;
}

export function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? -Infinity;
  return { median: at(0.5), worstTenth: at(0.1) };
}

export function within(results: readonly WindowResult[], part: Part): WindowResult[] {
  return results.filter(({ from }) => from >= part.from && from + WINDOW <= part.to);
}

/** How much louder the channel that plays is than the other one, where only one does; the median over the windows. */
export function separationDb(probe: Probe, heard: Stereo, name: 'left' | 'right', results: readonly WindowResult[]): number {
  const other = name === 'left' ? 'right' : 'left';
  const windows = partsOf(probe, name).flatMap((part) => within(results, part));
  const separation = windows.map(({ from, delay }) => {
    const got = cut(heard, Math.round(from + delay), WINDOW);
    return decibel(power(got[name]), power(got[other]));
  });
  return summary(separation).median;
}

export function partsOf(probe: Probe, name: PartName): Part[] {
  return probe.parts.filter((part) => part.name === name);
}

export interface Band {
  readonly hertz: number;
  readonly gainDb: number;
}

/** From where to where a response is looked at. */
const LOWEST_HZ = 40;
const TOP_HZ = 18_000;

/**
 * What the bands of a sixth of an octave gained or lost. A fault of the way is in every pass; what a jitter buffer on a busy machine
 * stretches is in one or two: of the parts of this name the one that changed a band least counts.
 */
export function response(probe: Probe, heard: Stereo, name: PartName, results: readonly WindowResult[]): Band[] {
  const passes = partsOf(probe, name).map((part) => {
    const { median } = summary(within(results, part).map(({ delay }) => delay));
    const length = part.to - part.from;
    // Wider than the part: what a jitter buffer stretches may end later.
    const got = cut(heard, Math.round(part.from + median) - GAP / 2, length + GAP);
    return [cut(probe, part.from, length), got].map((sound) => spectrum(sound, 2 ** 17)) as [Spectrum, Spectrum];
  });
  const bands: Band[] = [];
  const width = 2 ** (1 / 6);
  for (let high = TOP_HZ; high / width >= LOWEST_HZ; high /= width) {
    const gains = passes.map(([sent, got]) => 10 * Math.log10(energyBetween(got, high / width, high) / energyBetween(sent, high / width, high)));
    bands.unshift({ hertz: high / Math.sqrt(width), gainDb: gains.reduce((least, gain) => (Math.abs(gain) < Math.abs(least) ? gain : least)) });
  }
  return bands;
}

function energyBetween({ re, im }: Spectrum, lowHz: number, highHz: number): number {
  const n = re.length;
  let energy = 0;
  for (let k = Math.ceil((lowHz / RATE) * n); k <= (highHz / RATE) * n; k += 1) {
    energy += re[k]! ** 2 + im[k]! ** 2 + re[n - k]! ** 2 + im[n - k]! ** 2;
  }
  return energy;
}

/* ---------------------------------------------------------------- alignment */

/** The delay of the beginning, wherever it is. */
export function findStart(probe: Stereo, heard: Stereo): number {
  return loudest(correlate(heard, cut(probe, 0, RATE)));
}

/** Where in `heard`, at most `reach` away from `expected`, this piece is. */
function locate(known: Stereo, heard: Stereo, expected: number, reach: number): number {
  const first = Math.round(expected) - reach;
  const around = cut(heard, first, known.left.length + 2 * reach);
  // The smallest error, not the loudest agreement: strings that ring on agree best with where they are loudest.
  const loud = runningEnergy(around, known.left.length);
  return first + loudest(correlate(around, known).map((agreement, lag) => 2 * agreement - loud[lag]!));
}

/** The best place within a sample or two of this one. */
function fit(known: Stereo, heard: Stereo, near: number): { position: number; snrDb: number } {
  let position = near;
  let got = fractionalCut(heard, position, WINDOW);
  for (let round = 0; round < 3; round += 1) {
    const slope = phaseSlope(known, got);
    if (Math.abs(slope) > 2 || Math.abs(slope) < 1e-3) break;
    position += slope;
    got = fractionalCut(heard, position, WINDOW);
  }
  return { position, snrDb: snrDb(known, got) };
}

/** In samples: positive when `got` comes later. Least squares over the frequencies, the cross power as weight. */
function phaseSlope(known: Stereo, got: Stereo): number {
  const { re, im } = cross(spectrum(hann(got)), spectrum(hann(known)));
  const n = re.length;
  let weight = 0;
  let weighted = 0;
  for (let k = 1; k < n / 2; k += 1) {
    // Both halves together are the sum of the two channels' own cross spectra.
    const x = re[k]! + re[n - k]!;
    const y = im[k]! - im[n - k]!;
    const omega = (2 * Math.PI * k) / n;
    const magnitude = Math.hypot(x, y);
    weight += magnitude * omega * omega;
    weighted -= magnitude * omega * Math.atan2(y, x);
  }
  return weight === 0 ? 0 : weighted / weight;
}

/* ------------------------------------------------------------------ helpers */

function snrDb(known: Stereo, got: Stereo): number {
  const error = (a: Float32Array, b: Float32Array) => power(a.map((sample, i) => sample - b[i]!));
  return decibel(power(known.left) + power(known.right), error(known.left, got.left) + error(known.right, got.right));
}

function decibel(signal: number, other: number): number {
  return Math.min(BEST_DB, 10 * Math.log10(signal / other));
}

/** Mean of the squares. */
export function power(samples: Float32Array): number {
  return samples.reduce((total, sample) => total + sample * sample, 0) / samples.length;
}

function cut(sound: Stereo, from: number, length: number): Stereo {
  const start = Math.max(0, from);
  return both(sound, (samples) => {
    const out = new Float32Array(length);
    out.set(samples.subarray(start, Math.max(start, from + length)), start - from);
    return out;
  });
}

/** From a position between two samples: a turn of the phases, with room on both sides that fades, for what wraps around. */
function fractionalCut(sound: Stereo, position: number, length: number): Stereo {
  const whole = Math.floor(position);
  const fraction = position - whole;
  if (fraction === 0) return cut(sound, whole, length);
  const room = (powerOfTwo(length + 512) - length) >> 1;
  const fade = (samples: Float32Array) =>
    samples.map((sample, i) => sample * Math.sin((Math.PI / 2) * Math.min(1, i / room, (samples.length - i) / room)) ** 2);
  const spectral = spectrum(both(cut(sound, whole - room, length + 2 * room), fade));
  const n = spectral.re.length;
  for (let k = 0; k < n; k += 1) {
    const angle = (2 * Math.PI * (k < n / 2 ? k : k - n) * fraction) / n;
    const re = spectral.re[k]!;
    const im = spectral.im[k]!;
    spectral.re[k] = re * Math.cos(angle) - im * Math.sin(angle);
    spectral.im[k] = re * Math.sin(angle) + im * Math.cos(angle);
  }
  transform(spectral, 'inverse');
  const piece = (values: Float64Array) => Float32Array.from(values.subarray(room, room + length));
  return { left: piece(spectral.re), right: piece(spectral.im) };
}

/** Of every piece of this length, by where it begins. */
function runningEnergy({ left, right }: Stereo, length: number): Float64Array {
  const energies = new Float64Array(left.length - length + 1);
  let energy = 0;
  for (let i = 0; i < left.length; i += 1) {
    energy += left[i]! ** 2 + right[i]! ** 2;
    if (i >= length) energy -= left[i - length]! ** 2 + right[i - length]! ** 2;
    if (i >= length - 1) energies[i - length + 1] = energy;
  }
  return energies;
}

/** Rounds the ends off, where the two pieces hold different sound. */
function hann(sound: Stereo): Stereo {
  return both(sound, (samples) =>
    samples.map((sample, i) => sample * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / samples.length))),
  );
}

function both({ left, right }: Stereo, change: (samples: Float32Array) => Float32Array): Stereo {
  return { left: change(left), right: change(right) };
}

function loudest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i]! > values[best]!) best = i;
  return best;
}
