import type { CaptureState, DeviceChoice, JoinProgress, JoinView, Level, LinkInfo } from '../src/state/types';
import { attach, picture } from './pictures';

const nothing = (): void => undefined;

export const studentLink: LinkInfo = {
  room: 'geige',
  kind: 'lesson',
  role: 'student',
  name: 'Hannah',
  title: 'Geige mit Frau Lindqvist',
  school: 'Musikschule am Stadtpark',
  address: 'du',
};
export const teacherLink: LinkInfo = {
  room: 'geige',
  kind: 'lesson',
  role: 'teacher',
  name: 'Frau Lindqvist-Baumgärtner',
  title: 'Violine · Hannah Sommerfeld-Nguyễn',
  school: 'Musikschule am Stadtpark',
  address: 'Sie',
};

export const goodLevel: Level = { value: 0.68, peak: 0.75, verdict: 'good' };
export const noLevel: Level = { value: 0, peak: 0, verdict: 'none' };

export const devices: DeviceChoice = {
  microphones: [
    { id: 'm1', label: 'iPad-Mikrofon', facing: null },
    { id: 'm2', label: 'Scarlett 2i2 USB Audio Interface, Eingang 1 und 2', facing: null },
  ],
  cameras: [
    { id: 'c1', label: 'Kamera', facing: 'front' },
    { id: 'c2', label: 'Kamera', facing: 'back' },
  ],
  speakers: [
    { id: 's1', label: 'Standard', facing: null },
    { id: 's2', label: 'Kopfhörer', facing: null },
  ],
  microphone: 'm1',
  camera: 'c1',
  speaker: 's2',
  chooseMicrophone: nothing,
  chooseCamera: nothing,
  chooseSpeaker: nothing,
  testSpeaker: nothing,
};

const noDevices: DeviceChoice = { ...devices, microphones: [], cameras: [], speakers: [], microphone: null, camera: null, speaker: null };

/** Before anything was touched. */
export function untouched(link: LinkInfo, change: Partial<JoinView> = {}): JoinView {
  let microphone = $state<CaptureState>({ kind: 'closed' });
  let camera = $state<CaptureState>({ kind: 'closed' });
  let headphones = $state<JoinView['headphones']>('unanswered');
  let name = $state(link.name);
  let progress = $state<JoinProgress>({ kind: 'form' });
  const view: JoinView = {
    link,
    get name() {
      return name;
    },
    setName: (text) => { name = text; },
    nameProblem: null,
    get microphone() {
      return microphone;
    },
    get camera() {
      return camera;
    },
    openPreview: () => {
      microphone = { kind: 'on' };
      camera = { kind: 'on' };
    },
    toggleMicrophone: () => { microphone = { kind: microphone.kind === 'on' ? 'off' : 'on' }; },
    toggleCamera: () => { camera = { kind: camera.kind === 'on' ? 'off' : 'on' }; },
    get preview() {
      return camera.kind === 'on' ? { stream: picture('child'), mirrored: true } : null;
    },
    showOwnPicture: (element) => attach(element, link.role === 'teacher' ? 'teacher' : 'child'),
    get level() {
      return microphone.kind === 'on' ? goodLevel : noLevel;
    },
    get devices() {
      return microphone.kind === 'on' ? devices : noDevices;
    },
    get headphones() {
      return headphones;
    },
    answerHeadphones: (answer) => { headphones = answer; },
    soundCheck: { kind: 'idle' },
    recordSoundCheck: nothing,
    playSoundCheck: nothing,
    stopSoundCheck: nothing,
    connectionTest: { kind: 'running' },
    testConnection: nothing,
    networkIsBack: nothing,
    notices: [],
    repair: nothing,
    get progress() {
      return progress;
    },
    join: () => { progress = { kind: 'joining' }; },
    tryDevicesAgain: nothing,
    goOnWithout: nothing,
    backToForm: () => { progress = { kind: 'form' }; },
  };
  return override(view, change);
}

/** Everything tried and fine. */
export function ready(link: LinkInfo, change: Partial<JoinView> = {}): JoinView {
  const view = untouched(link, {
    soundCheck: { kind: 'recorded', heard: true },
    connectionTest: { kind: 'good', roundTripMs: 12, soundMs: 24 },
    ...change,
  });
  view.openPreview();
  view.answerHeadphones('yes');
  return view;
}

/** Tried, refused, and back on the page. */
export function refusedDevices(link: LinkInfo): JoinView {
  return untouched(link, {
    microphone: { kind: 'problem', problem: { kind: 'denied', device: 'both', by: 'person' } },
    camera: { kind: 'problem', problem: { kind: 'denied', device: 'both', by: 'person' } },
    connectionTest: { kind: 'good', roundTripMs: 12, soundMs: 24 },
  });
}

/** Own properties win over the reactive getters below them. */
export function override<T extends object>(base: T, change: Partial<T>): T {
  return Object.create(base, Object.getOwnPropertyDescriptors(change)) as T;
}
