import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AudioEngine } from './audio';
import type { SoundWish } from './constraints';
import { LocalMedia } from './devices';
import { type FakeDevices, useFakeDevices } from './fake-media';
import { wantedProcessing } from './profile';

const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('what this page captures', () => {
  let devices: FakeDevices;
  let wish: SoundWish;
  let published: string[];
  let media: LocalMedia;

  beforeEach(() => {
    devices = useFakeDevices();
    wish = { processing: wantedProcessing('music', 'yes'), channels: 2 };
    published = [];
    media = new LocalMedia({ system: 'other', engine: 'chromium' }, () => wish, {
      onTrack: (source, track) => published.push(`${source} ${track ? 'on' : 'off'}`),
      onInterrupted: () => undefined,
      onEnded: () => undefined,
      onDevices: () => undefined,
    });
  });

  afterEach(() => {
    media.closeAll();
    vi.unstubAllGlobals();
  });

  it('opens a microphone as its sound is wanted at that moment', async () => {
    wish = { processing: wantedProcessing('speech', 'no'), channels: 1 };
    await media.open({ microphone: true, camera: false });
    expect(devices.requests[0]?.audio).toMatchObject({ echoCancellation: true, channelCount: { ideal: 1 } });
  });

  it('takes the microphone anew when its sound is wanted otherwise, and only then', async () => {
    await media.open({ microphone: true, camera: false });
    await media.followSoundWish();
    expect(devices.requests).toHaveLength(1);
    wish = { processing: wantedProcessing('music', 'no'), channels: 2 };
    await media.followSoundWish();
    expect(devices.requests[1]?.audio).toMatchObject({ echoCancellation: true });
    expect(devices.live()).toHaveLength(1);
  });

  it('follows a wish that changed while the browser still asked', async () => {
    devices.asks = true;
    const opening = media.open({ microphone: true, camera: false });
    await settle();
    wish = { processing: wantedProcessing('music', 'no'), channels: 2 };
    const following = media.followSoundWish();
    devices.asks = false;
    devices.grant();
    await Promise.all([opening, following]);
    expect(devices.last('audio').settings.echoCancellation).toBe(true);
  });

  it('stops at once what is granted after the page let go of everything', async () => {
    devices.asks = true;
    const opening = media.open({ microphone: true, camera: true });
    const sharing = media.openScreen();
    await settle();
    media.closeAll();
    devices.grant();
    devices.grant();
    await Promise.all([opening, sharing]);
    expect(devices.tracks).toHaveLength(4);
    expect(devices.live()).toEqual([]);
    expect(published).toEqual([]);
  });

  it('asks for nothing after the page let go of everything', async () => {
    media.closeAll();
    await media.open({ microphone: true, camera: true });
    await media.restartMicrophone();
    expect(devices.requests).toEqual([]);
  });

  it('holds one track of each source: a second takes the place of the first', async () => {
    await media.openScreen();
    await media.openScreen();
    await media.openSecondCamera();
    await media.openSecondCamera();
    expect(devices.live().filter(({ kind }) => kind === 'video')).toHaveLength(2);
    expect(devices.live().filter(({ kind }) => kind === 'audio')).toHaveLength(1);
  });
});

describe('the audio context', () => {
  it('is not made again once the page let go of it', () => {
    const made = vi.fn();
    useFakeDevices();
    vi.stubGlobal('AudioContext', made);
    const engine = new AudioEngine(() => undefined);
    engine.close();
    engine.meter({} as MediaStreamTrack);
    expect(engine.context).toBeNull();
    expect(made).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
  });
});
