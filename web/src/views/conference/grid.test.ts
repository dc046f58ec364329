import { describe, expect, it } from 'vitest';
import { largestShape, shapeFor, stripShape, tilesOf } from './grid';

// The grid's own size: the window without bars, and without the panel where one is open.
const ipad = { width: 1148, height: 680 };
const ipadWithPanel = { width: 784, height: 680 };
const ipadUpright = { width: 788, height: 1000 };
const desktop = { width: 1408, height: 760 };
const phone = { width: 374, height: 690 };
const phoneWithSheet = { width: 374, height: 290 };
const phoneSideways = { width: 812, height: 270 };
const smallest = { width: 304, height: 420 };
const everywhere = [ipad, ipadWithPanel, ipadUpright, desktop, phone, phoneWithSheet, phoneSideways, smallest];

describe('a page of the grid', () => {
  it('holds 25 on a tablet and a desktop, with and without a panel', () => {
    for (const size of [ipad, ipadWithPanel, ipadUpright, desktop]) expect(largestShape(size)).toEqual({ columns: 5, rows: 5 });
  });

  it('holds two by four on a phone, two by two above a sheet, and one row less on the smallest', () => {
    expect(largestShape(phone)).toEqual({ columns: 2, rows: 4 });
    expect(largestShape(phoneWithSheet)).toEqual({ columns: 2, rows: 2 });
    expect(largestShape(smallest)).toEqual({ columns: 2, rows: 3 });
    expect(largestShape(phoneSideways)).toEqual({ columns: 5, rows: 2 });
  });

  it('shows nine as three by three and 25 as five by five', () => {
    expect(shapeFor(9, ipadWithPanel)).toEqual({ columns: 3, rows: 3 });
    expect(shapeFor(9, ipad)).toEqual({ columns: 3, rows: 3 });
    expect(shapeFor(9, ipadUpright)).toEqual({ columns: 3, rows: 3 });
    expect(shapeFor(25, ipad)).toEqual({ columns: 5, rows: 5 });
  });

  it('puts two side by side on a wide stage and one above the other on a tall one', () => {
    expect(shapeFor(2, desktop)).toEqual({ columns: 2, rows: 1 });
    expect(shapeFor(2, phone)).toEqual({ columns: 1, rows: 2 });
    expect(shapeFor(2, ipadUpright)).toEqual({ columns: 1, rows: 2 });
  });

  it('puts four on a phone two by two, and three one above the other', () => {
    expect(shapeFor(4, phone)).toEqual({ columns: 2, rows: 2 });
    expect(shapeFor(3, phone)).toEqual({ columns: 1, rows: 3 });
  });

  it('cuts nobody to a stripe beside a panel', () => {
    expect(shapeFor(3, ipadWithPanel)).toEqual({ columns: 2, rows: 2 });
    expect(shapeFor(3, ipad)).toEqual({ columns: 3, rows: 1 });
    expect(shapeFor(2, ipadWithPanel)).toEqual({ columns: 2, rows: 1 });
  });

  it('always has room for everybody on it, wastes no row, and never more than 25', () => {
    for (const size of everywhere) {
      const most = tilesOf(largestShape(size));
      expect(most).toBeLessThanOrEqual(25);
      for (let count = 1; count <= most; count += 1) {
        const { columns, rows } = shapeFor(count, size);
        expect(columns * rows).toBeGreaterThanOrEqual(count);
        expect(columns * (rows - 1)).toBeLessThan(count);
      }
    }
  });

  it('keeps tiles large enough for a name', () => {
    for (const size of everywhere) {
      const { columns, rows } = largestShape(size);
      expect(size.width / columns).toBeGreaterThanOrEqual(130);
      expect(size.height / rows).toBeGreaterThanOrEqual(100);
    }
  });

  it('survives a stage without any size', () => {
    expect(shapeFor(40, { width: 0, height: 0 })).toEqual({ columns: 1, rows: 1 });
  });
});

describe('the strip', () => {
  it('is one column beside the picture, and two where the stage is low', () => {
    expect(stripShape(ipad, 35, false, false)).toEqual({ columns: 1, rows: 5 });
    expect(stripShape(desktop, 35, false, false)).toEqual({ columns: 1, rows: 6 });
    expect(stripShape(phoneSideways, 35, false, false)).toEqual({ columns: 2, rows: 2 });
    expect(stripShape({ width: 420, height: 270 }, 35, false, false)).toEqual({ columns: 1, rows: 2 });
    expect(stripShape(phoneSideways, 2, false, false)).toEqual({ columns: 1, rows: 2 });
  });

  it('is one row below the picture, and two below a screen where the stage is tall', () => {
    expect(stripShape(ipadUpright, 35, true, false)).toEqual({ columns: 5, rows: 1 });
    expect(stripShape(ipadUpright, 35, true, true)).toEqual({ columns: 5, rows: 2 });
    expect(stripShape(phone, 35, true, true)).toEqual({ columns: 4, rows: 2 });
    expect(stripShape(smallest, 35, true, true)).toEqual({ columns: 3, rows: 1 });
    expect(stripShape(phone, 4, true, true)).toEqual({ columns: 4, rows: 1 });
  });

  it('has two slots at least, also without any size', () => {
    for (const below of [true, false]) expect(tilesOf(stripShape({ width: 0, height: 0 }, 35, below, false))).toBe(2);
  });
});
