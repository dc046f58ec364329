import { describe, expect, it, vi } from 'vitest';
import { compare, findStart, power, response, separationDb, summary } from './analysis';
import { makeProbe, random, RATE, type Stereo } from './probe';

// Millions of samples are gone through: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const probe = makeProbe();
const part = (name: string) => probe.parts.find((candidate) => candidate.name === name)!;

const PLUCKED = part('plucked');
/** Of the plucked notes, where all of them would only take longer. */
const SOME = PLUCKED.from + 1.5 * RATE;

interface Change {
  /** In samples, with fractions. */
  readonly delay?: number;
  /** How much faster the other clock runs. */
  readonly ppm?: number;
  readonly gain?: number;
  readonly noise?: number;
}

/** Between samples by a windowed sinc, and only where it is looked at: that takes its time. */
function heardAs({ delay = 0, ppm = 0, gain = 1, noise = 0 }: Change): Stereo {
  const hiss = random(7);
  const channel = (samples: Float32Array) =>
    new Float32Array(samples.length + RATE / 2).map((_, i) => {
      const at = (i - delay) * (1 + ppm / 1e6);
      return gain * interpolate(samples, at) + noise * hiss();
    });
  return { left: channel(probe.left), right: channel(probe.right) };
}

function interpolate(samples: Float32Array, at: number): number {
  const whole = Math.floor(at);
  const fraction = at - whole;
  if (fraction === 0) return samples[whole] ?? 0;
  if (whole > RATE && (whole < PLUCKED.from || whole > SOME)) return 0;
  let sum = 0;
  for (let k = -31; k <= 32; k += 1) {
    const x = fraction - k;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / 33);
    sum += (samples[whole + k] ?? 0) * (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  }
  return sum;
}

const some = (heard: Stereo) => compare(probe, heard, PLUCKED.from, SOME);
const median = (heard: Stereo) => summary(some(heard).map(({ snrDb }) => snrDb)).median;

describe('the analysis of sound', () => {
  it('finds nothing wrong with what came unchanged, whenever it came', () => {
    const results = compare(probe, heardAs({ delay: 4711 }));
    expect(new Set(results.map(({ delay }) => Math.round(delay)))).toEqual(new Set([4711]));
    expect(Math.min(...results.map(({ snrDb }) => snrDb))).toBeGreaterThan(80);
  });

  it('gives the figure of a known noise', () => {
    const noise = part('noise');
    const level = power(probe.left.subarray(noise.from, noise.to));
    // Evenly spread noise of amplitude a has the power a²/3.
    const heard = heardAs({ delay: 100, noise: Math.sqrt((3 * level) / 10 ** 2.5) });
    const snr = compare(probe, heard, noise.from, noise.to).map(({ snrDb }) => snrDb);
    expect(summary(snr).median).toBeCloseTo(25, 0);
  });

  it('gives the figure of a wrong level', () => {
    expect(median(heardAs({ delay: 100, gain: 0.9 }))).toBeCloseTo(20, 1);
  });

  it('sees through a delay between two samples', () => {
    const results = some(heardAs({ delay: 1000.4 }));
    expect(summary(results.map(({ delay }) => delay)).median).toBeCloseTo(1000.4, 2);
    expect(summary(results.map(({ snrDb }) => snrDb)).median).toBeGreaterThan(40);
  });

  it('sees through a clock that runs differently', () => {
    const results = some(heardAs({ delay: 1000, ppm: 10 }));
    expect(summary(results.map(({ snrDb }) => snrDb)).worstTenth).toBeGreaterThan(30);
  });

  it('follows a jitter buffer that takes some milliseconds away', () => {
    const at = PLUCKED.from + RATE;
    const heard = heardAs({ delay: 2000 });
    const without = (samples: Float32Array) => Float32Array.from([...samples.subarray(0, at), ...samples.subarray(at + 480)]);
    const results = some({ left: without(heard.left), right: without(heard.right) });
    expect(Math.round(results[0]!.delay)).toBe(2000);
    expect(Math.round(results.at(-1)!.delay)).toBe(1520);
    expect(results.filter(({ snrDb }) => snrDb < 60).length).toBeLessThanOrEqual(2);
  });

  it('does not forgive a missing frame, a wrong order or mono', () => {
    const { left, right } = heardAs({ delay: 2000 });
    const mono = left.map((sample, i) => (sample + right[i]!) / 2);
    expect(median({ left: mono, right: mono })).toBeLessThan(12);
    expect(median({ left: right, right: left })).toBeLessThan(12);
    const hole = PLUCKED.from + RATE + 2000;
    const cut = left.slice().fill(0, hole, hole + 960);
    expect(Math.min(...some({ left: cut, right }).map(({ snrDb }) => snrDb))).toBeLessThan(12);
  });

  it('measures how far one channel stays out of the other', () => {
    const { left, right } = heardAs({ delay: 300 });
    const separation = (sound: Stereo) => {
      const of = (name: 'left' | 'right') => compare(probe, sound, part(name).from, part(name).to);
      return [separationDb(probe, sound, 'left', of('left')), separationDb(probe, sound, 'right', of('right'))] as const;
    };
    expect(separation({ left, right })).toEqual([120, 120]);
    const leak = right.map((sample, i) => sample + 0.01 * left[i]!);
    expect(separation({ left, right: leak })[0]).toBeCloseTo(40, 1);
    expect(separation({ left, right: leak })[1]).toBe(120);
    const mono = left.map((sample, i) => (sample + right[i]!) / 2);
    expect(separation({ left: mono, right: mono })[0]).toBeCloseTo(0, 1);
  });

  it('measures what a filter takes away, and finds a flat one flat', () => {
    const flat = heardAs({ delay: 300 });
    const results = compare(probe, flat);
    for (const name of ['sweep', 'noise'] as const) {
      const bands = response(probe, flat, name, results);
      expect(bands.length).toBeGreaterThan(50);
      expect(Math.max(...bands.map(({ gainDb }) => Math.abs(gainDb)))).toBeLessThan(0.01);
    }
    // One pole at 5 kHz: −3 dB there.
    const pole = Math.exp((-2 * Math.PI * 5000) / RATE);
    const filter = (samples: Float32Array) => {
      let last = 0;
      return samples.map((sample) => (last = (1 - pole) * sample + pole * last));
    };
    const dull = { left: filter(flat.left), right: filter(flat.right) };
    const bands = response(probe, dull, 'sweep', results);
    const nearest = bands.reduce((a, b) => (Math.abs(a.hertz - 5000) < Math.abs(b.hertz - 5000) ? a : b));
    expect(nearest.gainDb).toBeGreaterThan(-4);
    expect(nearest.gainDb).toBeLessThan(-2.2);
    expect(Math.abs(bands[0]!.gainDb)).toBeLessThan(0.1);
  });

  it('finds the start of the whole', () => {
    expect(findStart(probe, heardAs({ delay: 12_345 }))).toBe(12_345);
  });
});

describe('the probe', () => {
  it('is loud enough to measure and never clips', () => {
    for (const samples of [probe.left, probe.right]) {
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      expect(peak).toBeLessThan(1);
      expect(peak).toBeGreaterThan(0.3);
    }
  });

  it('is silent on the other channel where it has only one', () => {
    expect(power(probe.right.subarray(part('left').from, part('left').to))).toBe(0);
    expect(power(probe.left.subarray(part('right').from, part('right').to))).toBe(0);
  });
});
