import { describe, expect, it } from 'vitest';
import { initialsOf } from './people';

describe('initials', () => {
  it.each([
    ['Hannah', 'H'],
    ['Hannah Ünal', 'HÜ'],
    ['Hans-Peter Müller', 'HM'],
    ['Frau Berg-Sommerfeldt', 'BS'],
    ['Herr Prof. Dr. Okafor', 'O'],
    ['Mr. Ng', 'N'],
    ['Dr. Andrea Hoffmeister', 'AH'],
    ['Frau', 'F'],
    ['Miss', 'M'],
    ['Drew Barr', 'DB'],
    ['𝕳annah', '𝕳'],
    ['-', ''],
    ['', ''],
  ])('of %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
