import { describe, expect, it } from 'vitest';
import { levelVerdict, measureSamples, meterValue, MicrophoneWatch, type SampleFacts } from './level';

const N = 2048;
const sine = (amplitude: number, phase = 0) =>
  Float32Array.from({ length: N }, (_, i) => amplitude * Math.sin((2 * Math.PI * i) / 64 + phase));
const nothing = new Float32Array(N);

describe('samples', () => {
  it('tell digital silence from a quiet room', () => {
    expect(measureSamples(nothing, nothing).digitalSilence).toBe(true);
    expect(measureSamples(sine(0.00001), sine(0.00001)).digitalSilence).toBe(false);
  });

  it('tell mono from stereo, also when the browser leaves the right channel empty', () => {
    expect(measureSamples(sine(0.5), sine(0.5)).mono).toBe(true);
    expect(measureSamples(sine(0.5), nothing).mono).toBe(true);
    expect(measureSamples(sine(0.5), sine(0.5, 1)).mono).toBe(false);
  });

  it('measure level alike in mono and stereo', () => {
    expect(measureSamples(sine(1), nothing).rms).toBeCloseTo(Math.SQRT1_2, 3);
    expect(measureSamples(sine(1), sine(1)).rms).toBeCloseTo(Math.SQRT1_2, 3);
  });
});

describe('the meter', () => {
  it('runs from -60 dBFS to full scale', () => {
    expect(meterValue(0)).toBe(0);
    expect(meterValue(0.001)).toBeCloseTo(0, 5);
    expect(meterValue(0.0316)).toBeCloseTo(0.5, 2);
    expect(meterValue(1)).toBe(1);
  });

  it('has a word for every level', () => {
    expect(levelVerdict(0, 2000, 'good')).toBe('silent');
    expect(levelVerdict(0.002, null, 'none')).toBe('quiet');
    expect(levelVerdict(0.2, null, 'silent')).toBe('good');
    expect(levelVerdict(0.99, null, 'good')).toBe('loud');
  });

  it('takes the pauses of a noise gate for pauses', () => {
    const watch = new MicrophoneWatch();
    const told = new Set<string>();
    let verdict = levelVerdict(0.2, null, 'none');
    // Half a second of sound, a second and a half of zeros.
    for (let ms = 0; ms < 20_000; ms += 50) {
      const digitalSilence = ms % 2000 >= 500;
      const peak = digitalSilence ? 0 : 0.2;
      watch.look({ rms: peak / 2, peak, digitalSilence, mono: true }, ms);
      verdict = levelVerdict(peak, watch.silentMs(ms), verdict);
      told.add(verdict);
    }
    expect([...told]).toEqual(['good']);
  });
});

describe('watching a microphone', () => {
  const facts = (over: Partial<SampleFacts> = {}): SampleFacts => {
    return { rms: 0.1, peak: 0.2, digitalSilence: false, mono: false, ...over };
  };
  const silence = facts({ rms: 0, peak: 0, digitalSilence: true, mono: true });

  it('calls zeros a fault after six seconds', () => {
    const watch = new MicrophoneWatch();
    for (let ms = 0; ms < 6000; ms += 50) watch.look(silence, ms);
    expect(watch.silentSeconds(5999)).toBeNull();
    watch.look(silence, 6000);
    expect(watch.silentSeconds(6500)).toBe(6);
  });

  it('forgets the silence with the first sound, and while muted', () => {
    const watch = new MicrophoneWatch();
    watch.look(silence, 0);
    watch.look(facts(), 3000);
    watch.look(silence, 3050);
    expect(watch.silentSeconds(8000)).toBeNull();
    watch.pause();
    expect(watch.silentSeconds(20_000)).toBeNull();
  });

  it('decides about mono only after a while of sound, about stereo at once', () => {
    const watch = new MicrophoneWatch();
    for (let ms = 0; ms <= 3900; ms += 50) watch.look(facts({ mono: true }), ms);
    expect(watch.channels).toBeNull();
    watch.look(facts({ mono: true }), 4000);
    expect(watch.channels).toBe('mono');
    watch.look(facts(), 4050);
    expect(watch.channels).toBe('stereo');
  });

  it('does not decide from silence', () => {
    const watch = new MicrophoneWatch();
    for (let ms = 0; ms <= 10_000; ms += 50) watch.look(silence, ms);
    expect(watch.channels).toBeNull();
  });
});
