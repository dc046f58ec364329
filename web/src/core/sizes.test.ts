import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Sizes } from './sizes';

type Callback = (entries: object[]) => void;

class FakeObserver {
  static all: FakeObserver[] = [];
  readonly observed = new Set<unknown>();
  constructor(readonly tell: Callback) {
    FakeObserver.all.push(this);
  }
  observe(element: unknown): void {
    this.observed.add(element);
  }
  unobserve(element: unknown): void {
    this.observed.delete(element);
  }
  disconnect(): void {
    this.observed.clear();
  }
}

class FakeResize extends FakeObserver {}
class FakeCrossing extends FakeObserver {}

describe('what is in sight', () => {
  let page: EventTarget & { visibilityState: string };
  let sizes: Sizes;
  let told: [string, number, number][][];
  const of = (type: typeof FakeObserver) => {
    const observer = FakeObserver.all.find((candidate) => candidate instanceof type);
    if (!observer) throw new Error('no observer');
    return observer;
  };
  const resize = (target: object, width: number, height: number) => {
    of(FakeResize).tell([{ target, contentRect: { width, height } }]);
  };
  const cross = (target: object, isIntersecting: boolean) => {
    of(FakeCrossing).tell([{ target, isIntersecting }]);
  };
  const show = (key: string, width = 320, height = 180) => {
    const element = {};
    const stop = sizes.watch(element as Element, key);
    resize(element, width, height);
    cross(element, true);
    return { element, stop };
  };
  const become = (state: 'hidden' | 'visible') => {
    page.visibilityState = state;
    page.dispatchEvent(new Event('visibilitychange'));
  };

  beforeEach(() => {
    vi.useFakeTimers();
    page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('ResizeObserver', FakeResize);
    vi.stubGlobal('IntersectionObserver', FakeCrossing);
    FakeObserver.all = [];
    told = [];
    sizes = new Sizes(() => told.push([...sizes.seen].map(([key, { width, height }]) => [key, width, height])));
  });

  afterEach(() => {
    sizes.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is told at once and together when tiles appear', () => {
    show('a');
    show('b', 640, 360);
    vi.advanceTimersByTime(20);
    expect(told).toEqual([[['a', 320, 180], ['b', 640, 360]]]);
  });

  it('is told when a tile scrolls away, shrinks to nothing, or leaves the page', () => {
    const a = show('a');
    const b = show('b');
    const c = show('c');
    vi.advanceTimersByTime(20);
    cross(a.element, false);
    vi.advanceTimersByTime(20);
    resize(b.element, 0, 0);
    vi.advanceTimersByTime(20);
    c.stop();
    vi.advanceTimersByTime(20);
    expect(told.slice(1).map((seen) => seen.map(([key]) => key))).toEqual([['b', 'c'], ['c'], []]);
  });

  it('waits for the end of growing and shrinking', () => {
    const { element } = show('a');
    vi.advanceTimersByTime(20);
    for (let width = 321; width < 400; width += 1) {
      resize(element, width, 180);
      vi.advanceTimersByTime(16);
    }
    expect(told).toHaveLength(1);
    vi.advanceTimersByTime(200);
    expect(told.slice(1)).toEqual([[['a', 399, 180]]]);
  });

  it('is told at once when a tile takes the large place', () => {
    const { element } = show('a');
    vi.advanceTimersByTime(20);
    resize(element, 960, 540);
    vi.advanceTimersByTime(20);
    expect(told.at(-1)).toEqual([['a', 960, 540]]);
  });

  it('does not notice a tile that moves from one place of the page to another', () => {
    const before = show('a');
    vi.advanceTimersByTime(20);
    before.stop();
    show('a');
    vi.advanceTimersByTime(20);
    expect(told.at(-1)).toEqual([['a', 320, 180]]);
    expect(told.every((seen) => seen.length === 1)).toBe(true);
  });

  it('is nothing while the page is hidden for longer than a moment', () => {
    show('a');
    vi.advanceTimersByTime(20);
    become('hidden');
    vi.advanceTimersByTime(1500);
    become('visible');
    vi.advanceTimersByTime(5000);
    expect(told).toHaveLength(1);
    become('hidden');
    vi.advanceTimersByTime(2100);
    expect(told.at(-1)).toEqual([]);
    become('visible');
    expect(told.at(-1)).toEqual([['a', 320, 180]]);
  });
});
