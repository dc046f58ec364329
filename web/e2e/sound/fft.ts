/** The Fourier transform and what is made of it. Lengths are powers of two. */
import type { Stereo } from './probe';

export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, atLeast)));
}

/** In place; the inverse is scaled, so that both after each other change nothing. */
export function transform({ re, im }: Spectrum, direction: 'forward' | 'inverse'): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i += 1) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  const sign = direction === 'forward' ? -1 : 1;
  const circle = circleOf(n);
  for (let size = 2; size <= n; size *= 2) butterflies(re, im, size, circle, sign);
  if (direction === 'forward') return;
  for (let i = 0; i < n; i += 1) {
    re[i]! /= n;
    im[i]! /= n;
  }
}

const circles = new Map<number, Spectrum>();

/** Half a turn in steps of an `n`th, kept: the sines cost more than the rest. */
function circleOf(n: number): Spectrum {
  const known = circles.get(n);
  if (known) return known;
  const re = new Float64Array(n / 2).map((_, k) => Math.cos((2 * Math.PI * k) / n));
  const im = new Float64Array(n / 2).map((_, k) => Math.sin((2 * Math.PI * k) / n));
  circles.set(n, { re, im });
  return { re, im };
}

function butterflies(re: Float64Array, im: Float64Array, size: number, circle: Spectrum, sign: number): void {
  const half = size / 2;
  const step = re.length / size;
  for (let start = 0; start < re.length; start += size) {
    for (let k = 0, a = start, b = start + half; k < half; k += 1, a += 1, b += 1) {
      const c = circle.re[k * step]!;
      const s = sign * circle.im[k * step]!;
      const x = re[b]! * c - im[b]! * s;
      const y = re[b]! * s + im[b]! * c;
      re[b] = re[a]! - x;
      im[b] = im[a]! - y;
      re[a]! += x;
      im[a]! += y;
    }
  }
}

/**
 * Of both channels at once, the left one as real and the right one as imaginary part: what is done to the spectrum happens
 * to both, at half the work. Padded with zeros up to `n`.
 */
export function spectrum({ left, right }: Stereo, n = powerOfTwo(left.length)): Spectrum {
  const result = { re: new Float64Array(n), im: new Float64Array(n) };
  result.re.set(left);
  result.im.set(right);
  transform(result, 'forward');
  return result;
}

/** The first times the conjugate of the second. */
export function cross(a: Spectrum, b: Spectrum): Spectrum {
  return {
    re: a.re.map((re, k) => re * b.re[k]! + a.im[k]! * b.im[k]!),
    im: a.im.map((im, k) => im * b.re[k]! - a.re[k]! * b.im[k]!),
  };
}

/** `Σ heard[i + lag] · known[i]` over both channels for every lag at which `known` lies wholly within `heard`. */
export function correlate(heard: Stereo, known: Stereo): Float64Array {
  const n = powerOfTwo(heard.left.length);
  const product = cross(spectrum(heard, n), spectrum(known, n));
  transform(product, 'inverse');
  return product.re.subarray(0, heard.left.length - known.left.length + 1);
}
