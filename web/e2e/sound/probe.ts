/** The music that is sent to measure what arrives: made by computation, the same every time. */

import { spectrum, transform } from './fft';

export const RATE = 48_000;

export interface Stereo {
  readonly left: Float32Array;
  readonly right: Float32Array;
}

export type PartName = 'noise' | 'sweep' | 'plucked' | 'left' | 'right';

/** Where in the probe, in samples. */
export interface Part {
  readonly name: PartName;
  readonly from: number;
  readonly to: number;
}

export interface Probe extends Stereo {
  readonly parts: readonly Part[];
}

/** Longer than the delay may change: no part is heard within another. */
export const GAP = RATE / 5;
const LOWEST_HZ = 30;
const HIGHEST_HZ = 18_500;
/** Of the tones on one channel, low to high; no two of them meet again within a part, so that it has only one place. */
const TONES_HZ = [109.7, 443.1, 997.3, 2503.9, 6311.7, 12_041.3];

const PARTS: readonly (readonly [PartName, number, (samples: number) => Stereo])[] = [
  // Three times each: a machine that is busy for a moment spoils one of them.
  ['noise', 1, pinkNoise(1)],
  ['noise', 1, pinkNoise(2)],
  ['noise', 1, pinkNoise(3)],
  ['sweep', 2, sweep],
  ['sweep', 2, sweep],
  ['sweep', 2, sweep],
  ['plucked', 5, plucked],
  ['left', 1.5, (n) => ({ left: tones(n), right: new Float32Array(n) })],
  ['right', 1.5, (n) => ({ left: new Float32Array(n), right: tones(n) })],
];

/** All parts, each followed by a short silence. */
export function makeProbe(): Probe {
  const length = PARTS.reduce((sum, [, seconds]) => sum + seconds * RATE + GAP, 0);
  const left = new Float32Array(length);
  const right = new Float32Array(length);
  const parts: Part[] = [];
  let from = 0;
  for (const [name, seconds, make] of PARTS) {
    const samples = seconds * RATE;
    const part = make(samples);
    const { left: l, right: r } = audible(part);
    left.set(fade(l), from);
    right.set(fade(r), from);
    parts.push({ name, from, to: from + samples });
    from += samples + GAP;
  }
  return { left, right, parts };
}

/** Numbers in −1..1, always the same ones (a linear congruential generator, constants from Numerical Recipes). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Breath and bow: one source in the middle of the stage, which both microphones hear. */
function pinkNoise(seed: number): (samples: number) => Stereo {
  return (samples) => {
    const left = pinkChannel(samples, random(seed));
    return { left, right: left.slice() };
  };
}

/** Paul Kellet's filter: −3 dB per octave, within 0.05 dB above 10 Hz. */
function pinkChannel(samples: number, white: () => number): Float32Array {
  const poles = [0.99886, 0.99332, 0.969, 0.8665, 0.55, -0.7616];
  const gains = [0.0555179, 0.0750759, 0.153852, 0.3104856, 0.5329522, -0.016898];
  const state = poles.map(() => 0);
  let last = 0;
  return new Float32Array(samples).map(() => {
    const w = white();
    let sum = w * 0.5362 + last;
    for (let i = 0; i < poles.length; i += 1) {
      state[i] = poles[i]! * state[i]! + gains[i]! * w;
      sum += state[i]!;
    }
    last = w * 0.115926;
    return sum * 0.06;
  });
}

/** Every octave takes as long as every other. */
function sweep(samples: number): Stereo {
  const octaves = Math.log(HIGHEST_HZ / LOWEST_HZ);
  const scale = (2 * Math.PI * LOWEST_HZ * samples) / RATE / octaves;
  const left = new Float32Array(samples).map((_, i) => 0.4 * Math.sin(scale * (Math.exp((i / samples) * octaves) - 1)));
  return { left, right: left.slice() };
}

function tones(samples: number): Float32Array {
  const each = 0.5 / TONES_HZ.length;
  return new Float32Array(samples).map((_, i) =>
    TONES_HZ.reduce((sum, hertz) => sum + each * Math.sin((2 * Math.PI * hertz * i) / RATE), 0),
  );
}

/** A broken chord over the whole stage, four notes a second, every string ringing on. */
function plucked(samples: number): Stereo {
  const left = new Float32Array(samples);
  const right = new Float32Array(samples);
  const midi = [48, 55, 60, 64, 67, 72, 76, 79];
  const step = RATE / 4;
  for (let note = 0; note * step < samples; note += 1) {
    const hertz = 440 * 2 ** ((midi[note % midi.length]! - 69) / 12);
    const angle = ((note * 3) % 8) / 7 * (Math.PI / 2);
    const string = karplusStrong(hertz, samples - note * step, random(100 + note));
    for (let i = 0; i < string.length; i += 1) {
      left[note * step + i]! += string[i]! * Math.cos(angle);
      right[note * step + i]! += string[i]! * Math.sin(angle);
    }
  }
  return { left, right };
}

/**
 * Karplus and Strong 1983: a burst of noise going round in a delay line that averages. The burst is dulled as a finger or a
 * plectrum dulls it (Jaffe and Smith 1983).
 */
function karplusStrong(hertz: number, samples: number, white: () => number): Float32Array {
  let dull = 0;
  const line = new Float32Array(Math.round(RATE / hertz)).map(() => (dull += 0.2 * (white() - dull)));
  return new Float32Array(samples).map((_, i) => {
    const at = i % line.length;
    const out = line[at]!;
    line[at] = 0.996 * 0.5 * (out + line[(at + 1) % line.length]!);
    return out;
  });
}

/**
 * Takes away what no ear and no coder keeps: the constant part that a string's delay line holds, and what lies above
 * 18 kHz. A coder that leaves it out would seem to add noise.
 */
function audible(sound: Stereo): Stereo {
  const { length } = sound.left;
  const spectral = spectrum(sound);
  const n = spectral.re.length;
  for (let k = 0; k < n; k += 1) {
    const hertz = (Math.min(k, n - k) / n) * RATE;
    if (hertz < LOWEST_HZ || hertz > HIGHEST_HZ) spectral.re[k] = spectral.im[k] = 0;
  }
  transform(spectral, 'inverse');
  // Rounding must not make a sound of silence.
  const back = (before: Float32Array, after: Float64Array) => {
    return before.every((sample) => sample === 0) ? before : Float32Array.from(after.subarray(0, length));
  };
  return { left: back(sound.left, spectral.re), right: back(sound.right, spectral.im) };
}

/** 10 ms in and out: a click would tell of the coder's view on clicks. */
function fade(samples: Float32Array): Float32Array {
  const ramp = RATE / 100;
  return samples.map((sample, i) => sample * Math.min(1, i / ramp, (samples.length - 1 - i) / ramp));
}
