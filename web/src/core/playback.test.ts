import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useFakeDevices } from './fake-media';
import type { PeerSeat } from './peer';
import { Playback } from './playback';

class FakeElement extends EventTarget {
  srcObject: unknown = null;
  hidden = false;
  muted = false;
  paused = true;
  play = () => Promise.resolve();
  remove = () => void inPage.delete(this);
}

const inPage = new Set<FakeElement>();
const seat = (): PeerSeat => ({ audio: { receiver: { track: {} } }, video: { receiver: { track: {} } } }) as unknown as PeerSeat;

describe('what is played', () => {
  beforeEach(() => {
    inPage.clear();
    useFakeDevices();
    const body = { append: (element: FakeElement) => void inPage.add(element) };
    const createElement = () => new FakeElement();
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible', body, createElement }));
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('ends with its seat, and its picture waits for the seat to come again', () => {
    const playback = new Playback({ onBlocked: () => undefined, onPicture: () => undefined });
    const picture = new FakeElement();
    playback.setSeats([seat(), seat(), seat()]);
    playback.show(picture as unknown as HTMLVideoElement, 2);
    playback.setSeats([seat(), seat()]);
    expect(inPage.size).toBe(2);
    expect(picture.srcObject).toBeNull();
    playback.setSeats([seat(), seat(), seat()]);
    expect(inPage.size).toBe(3);
    expect(picture.srcObject).not.toBeNull();
    playback.close();
    expect(inPage.size).toBe(0);
  });
});
