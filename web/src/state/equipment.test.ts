import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Browser } from '../core/browser';
import { type FakeDevices, useFakeDevices } from '../core/fake-media';
import { type Answers, Equipment } from './equipment.svelte';
import { mutedBy } from './notices';
import type { Notice, Repair, TrackSource } from './types';

const IPAD: Browser = { system: 'ipad', engine: 'safari' };
const CHROMIUM: Browser = { system: 'other', engine: 'chromium' };
const ANSWERS: Answers = { headphones: 'unanswered', profile: 'music', off: { microphone: false, camera: false } };

/** Lets promises run; no timer fires. */
const settle = () => vi.advanceTimersByTimeAsync(0);

const repairWith = (repair: Repair): Notice => ({ ...mutedBy('', 'microphone'), repair });

describe('the own devices', () => {
  let devices: FakeDevices;
  let equipment: Equipment;
  let told: [TrackSource, 'published' | 'said' | 'taken back', ('muted' | 'on')?][];

  function equip(browser: Browser, answers: Partial<Answers> = {}): void {
    equipment = new Equipment(browser, { ...ANSWERS, ...answers });
    const how = (muted: boolean) => (muted ? 'muted' : 'on');
    equipment.listener = {
      onPublish: (source, track, muted) => told.push(track ? [source, 'published', how(muted)] : [source, 'taken back']),
      onMuted: (source, muted) => told.push([source, 'said', how(muted)]),
      onProfile: () => undefined,
      onScreenEnded: () => undefined,
      onMicrophoneChanged: () => undefined,
    };
  }

  async function openAll(browser: Browser): Promise<void> {
    equip(browser);
    await equipment.openWanted();
    told = [];
  }

  const published = () => told.filter(([, what]) => what === 'published');
  const everOn = (source: TrackSource) => told.some(([about, , how]) => about === source && how === 'on');

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    devices = useFakeDevices();
    told = [];
  });

  afterEach(() => {
    equipment.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('capture as was answered before a reload', async () => {
    equip(CHROMIUM, { headphones: 'yes' });
    await equipment.openWanted();
    expect(devices.last('audio').settings.echoCancellation).toBe(false);
    expect(devices.requests[0]?.audio).toMatchObject({ channelCount: { ideal: 2 } });
  });

  it('capture speech with all its helpers, in one channel, from the start', async () => {
    equip(CHROMIUM, { profile: 'speech' });
    await equipment.openWanted();
    expect(devices.requests[0]?.audio).toMatchObject({
      ...{ echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      channelCount: { ideal: 1 },
    });
  });

  it('repair a sound filter by capturing as is wanted now', async () => {
    await openAll(CHROMIUM);
    equipment.headphones = 'yes';
    equipment.repair(repairWith('switch_processing_off'));
    await settle();
    expect(devices.last('audio').settings.echoCancellation).toBe(false);
  });

  it('stay off after a reload, unopened, until their switch is tapped', async () => {
    equip(CHROMIUM, { off: { microphone: true, camera: true } });
    expect([equipment.microphone.kind, equipment.camera.kind]).toEqual(['off', 'off']);
    await equipment.openWanted();
    expect(devices.requests).toEqual([]);
    await equipment.toggleMicrophone();
    expect(equipment.microphone.kind).toBe('on');
    expect(told).toEqual([
      ['microphone', 'published', 'on'],
      ['microphone', 'said', 'on'],
    ]);
    expect(equipment.answers.off).toEqual({ microphone: false, camera: true });
  });

  it('remember a mute by somebody else like one of our own', async () => {
    await openAll(CHROMIUM);
    equipment.mutedByOther('microphone');
    expect(equipment.answers.off).toEqual({ microphone: true, camera: false });
  });

  it('keep a camera off that is exchanged for another, where off means disabled', async () => {
    await openAll(IPAD);
    await equipment.toggleCamera();
    equipment.chooseCamera('cam-2');
    await settle();
    expect(devices.last('video')).toMatchObject({ label: 'Back Camera', enabled: false });
    expect(published()).toEqual([['camera', 'published', 'muted']]);
    expect(equipment.camera.kind).toBe('off');
    expect(equipment.picture).toBeNull();
  });

  it('keep a camera off that is repaired after a call', async () => {
    for (const browser of [IPAD, CHROMIUM]) {
      await openAll(browser);
      await equipment.toggleCamera();
      equipment.repair(repairWith('restart_camera'));
      await settle();
      expect(everOn('camera')).toBe(false);
      expect(equipment.camera.kind).toBe('off');
      equipment.close();
    }
  });

  it('keep a camera off that somebody else switched off, while it is being opened', async () => {
    equip(CHROMIUM);
    devices.asks = true;
    const opening = equipment.openWanted();
    await settle();
    equipment.mutedByOther('camera');
    devices.grant();
    await opening;
    expect(everOn('camera')).toBe(false);
    expect(equipment.camera.kind).toBe('off');
    expect(devices.last('video').readyState).toBe('ended');
  });

  it('stay muted when a lost microphone is replaced', async () => {
    await openAll(CHROMIUM);
    await equipment.toggleMicrophone();
    devices.last('audio').end();
    equipment.repair(repairWith('use_other_microphone'));
    await settle();
    expect(devices.last('audio')).toMatchObject({ readyState: 'live', enabled: false });
    expect(published()).toEqual([['microphone', 'published', 'muted']]);
    expect(everOn('microphone')).toBe(false);
    expect(equipment.microphone.kind).toBe('off');
  });

  it('stay muted by a teacher when a lost microphone is replaced', async () => {
    await openAll(CHROMIUM);
    equipment.mutedByOther('microphone');
    devices.last('audio').end();
    equipment.repair(repairWith('use_other_microphone'));
    await settle();
    expect(everOn('microphone')).toBe(false);
  });

  it('go on when a lost microphone that was on is replaced', async () => {
    await openAll(CHROMIUM);
    devices.last('audio').end();
    expect(equipment.microphone.kind).toBe('problem');
    equipment.repair(repairWith('use_other_microphone'));
    await settle();
    expect(equipment.microphone.kind).toBe('on');
    expect(told).toEqual([
      ['microphone', 'said', 'muted'],
      ['microphone', 'published', 'on'],
    ]);
  });

  it('open nothing but what had the problem when trying again', async () => {
    equip(IPAD);
    await equipment.toggleCamera();
    devices.fails = 'NotReadableError';
    await equipment.flipCamera();
    devices.fails = null;
    equipment.repair(repairWith('try_again'));
    await settle();
    expect(equipment.camera.kind).toBe('on');
    expect(equipment.microphone.kind).toBe('closed');
    expect(devices.requests.every(({ audio }) => audio === false)).toBe(true);
  });

  it('say what is wrong when a tap in the room opens nothing, until it does', async () => {
    equip(CHROMIUM);
    devices.fails = 'NotAllowedError';
    await equipment.openWanted();
    // Joining without was an answer: nothing is said before somebody taps.
    expect(equipment.notices).toEqual([]);
    await equipment.toggleMicrophone();
    expect(equipment.notices).toMatchObject([{ placement: 'banner', repair: 'try_again', what: { kind: 'capture_problem', problem: { device: 'microphone' } } }]);
    await equipment.toggleCamera();
    expect(equipment.notices).toMatchObject([{ what: { problem: { kind: 'denied', device: 'camera' } } }]);
    devices.fails = null;
    const [notice] = equipment.notices;
    if (notice) equipment.repair(notice);
    await settle();
    expect(equipment.notices.filter(({ what }) => what.kind === 'capture_problem')).toEqual([]);
    expect([equipment.microphone.kind, equipment.camera.kind]).toEqual(['problem', 'on']);
    expect(told.at(-1)).toEqual(['camera', 'said', 'on']);
  });

  it('leave what is wrong before the room to its own page', async () => {
    equip(CHROMIUM);
    equipment.listener = null;
    devices.fails = 'NotFoundError';
    await equipment.toggleMicrophone();
    expect(equipment.microphone.kind).toBe('problem');
    expect(equipment.notices).toEqual([]);
  });

  it('never show the same camera twice', async () => {
    await openAll(CHROMIUM);
    devices.list.push({ deviceId: 'cam-3', kind: 'videoinput', label: 'Third' });
    devices.dispatchEvent(new Event('devicechange'));
    await settle();
    const shown = () => devices.live().filter(({ kind }) => kind === 'video').map(({ settings }) => settings.deviceId);
    await equipment.toggleSecondCamera();
    expect(shown()).toEqual(['cam-1', 'cam-2']);
    for (const camera of ['cam-3', 'cam-1']) {
      await equipment.flipCamera();
      expect(shown().toSorted()).toEqual([camera, 'cam-2'].toSorted());
    }
    equipment.chooseCamera('cam-2');
    await settle();
    expect(shown()).toEqual(['cam-2']);
    // With two cameras there is nothing left to flip to.
    devices.list.pop();
    devices.dispatchEvent(new Event('devicechange'));
    await settle();
    expect(equipment.canFlip).toBe(true);
    await equipment.toggleSecondCamera();
    expect(equipment.canFlip).toBe(false);
  });

  it('share one screen and one second camera, however often the button is tapped', async () => {
    await openAll(CHROMIUM);
    devices.asks = true;
    const taps = [equipment.toggleScreen(), equipment.toggleScreen(), equipment.toggleSecondCamera(), equipment.toggleSecondCamera()];
    await settle();
    expect(devices.waiting).toHaveLength(2);
    devices.grant();
    devices.grant();
    await Promise.all(taps);
    await equipment.toggleScreen();
    await equipment.toggleSecondCamera();
    expect(devices.live().map(({ kind }) => kind)).toEqual(['audio', 'video']);
  });

  it('tell nobody of what is granted after the lesson', async () => {
    equip(CHROMIUM);
    devices.asks = true;
    const opening = equipment.openWanted();
    await settle();
    equipment.close();
    devices.grant();
    await opening;
    expect(devices.live()).toEqual([]);
    expect(told).toEqual([]);
  });
});
