import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Lips, type LipsReading, pictureWaitMs, readLips } from './lips';

const reading = (lateMs: number, waitSeconds: number, frames: number): LipsReading => ({ lateMs, waitSeconds, frames });
const before = reading(0, 1, 100);

describe('lips and sound', () => {
  it('lets a picture that is ahead wait that much longer', () => {
    expect(pictureWaitMs(before, reading(-80, 1 + 30 * 0.02, 130))).toBe(100);
  });

  it('lets a picture that waited too long come sooner', () => {
    expect(pictureWaitMs(before, reading(50, 1 + 30 * 0.12, 130))).toBe(70);
  });

  it('leaves alone what nobody sees, and a picture that stands still', () => {
    expect(pictureWaitMs(before, reading(-9, 2, 130))).toBeNull();
    expect(pictureWaitMs(before, reading(-200, 1, 100))).toBeNull();
  });

  it('waits neither for ever nor less than not at all', () => {
    expect(pictureWaitMs(before, reading(-5000, 1, 130))).toBe(500);
    expect(pictureWaitMs(before, reading(300, 1, 130))).toBe(0);
  });

  const report = (sound: number | undefined, picture: number | undefined, wait = 1, frames = 100) =>
    new Map<string, unknown>([
      ['a', { type: 'inbound-rtp', trackIdentifier: 's', estimatedPlayoutTimestamp: sound }],
      ['b', { type: 'inbound-rtp', trackIdentifier: 'other', estimatedPlayoutTimestamp: 1 }],
      [
        'c',
        {
          type: 'inbound-rtp',
          trackIdentifier: 'p',
          estimatedPlayoutTimestamp: picture,
          jitterBufferTargetDelay: wait,
          jitterBufferEmittedCount: frames,
        },
      ],
    ]);

  it('reads how far they are apart, where both play and the browser tells', () => {
    expect(readLips(report(1000, 1080), 's', 'p')).toEqual(reading(-80, 1, 100));
    expect(readLips(report(undefined, 1080), 's', 'p')).toBeNull();
    expect(readLips(report(1000, undefined), 's', 'p')).toBeNull();
    expect(readLips(report(1000, 1080), 's', 'nobody')).toBeNull();
  });

  describe('once a second', () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('moves the picture, and never the sound', async () => {
      const seat = {
        audio: { receiver: { track: { id: 's' }, jitterBufferTarget: 60 } },
        video: { receiver: { track: { id: 'p' }, jitterBufferTarget: 60 } },
      };
      const reports = [report(1000, 1080), report(2000, 2080, 1 + 30 * 0.06, 130)];
      const connection = { connectionState: 'connected', getStats: () => Promise.resolve(reports.shift() ?? new Map()) };
      const lips = new Lips(connection as unknown as RTCPeerConnection, [seat as never]);
      await vi.advanceTimersByTimeAsync(1000);
      expect(seat.video.receiver.jitterBufferTarget).toBe(60);
      await vi.advanceTimersByTimeAsync(1000);
      expect(seat.video.receiver.jitterBufferTarget).toBe(140);
      expect(seat.audio.receiver.jitterBufferTarget).toBe(60);
      lips.stop();
      await vi.advanceTimersByTimeAsync(5000);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});
