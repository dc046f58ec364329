import { describe, expect, test } from 'vitest';
import { cornerBeside, nearestCorner, nextCorner } from './movable';

const stage = { left: 100, top: 50, width: 800, height: 600 } as DOMRect;

describe('the own picture', () => {
  test('rests in the corner nearest to where it was let go', () => {
    expect(nearestCorner(120, 60, stage)).toBe('top-left');
    expect(nearestCorner(880, 60, stage)).toBe('top-right');
    expect(nearestCorner(499, 640, stage)).toBe('bottom-left');
    expect(nearestCorner(501, 351, stage)).toBe('bottom-right');
  });

  test('follows the arrow keys and stays where nothing lies further', () => {
    expect(cornerBeside('bottom-right', 'ArrowUp')).toBe('top-right');
    expect(cornerBeside('bottom-right', 'ArrowLeft')).toBe('bottom-left');
    expect(cornerBeside('bottom-right', 'ArrowDown')).toBe('bottom-right');
    expect(cornerBeside('bottom-right', 'Enter')).toBeNull();
  });

  test('goes round all four corners by tapping', () => {
    expect(nextCorner(nextCorner(nextCorner(nextCorner('top-left'))))).toBe('top-left');
  });
});
