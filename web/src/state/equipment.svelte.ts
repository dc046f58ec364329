import { AudioEngine, type MeterReading, NO_READING } from '../core/audio';
import { type Browser, canShareScreen, capturesOnce } from '../core/browser';
import { bluetoothMicrophone, type DeviceLists, NO_DEVICES } from '../core/constraints';
import { LocalMedia } from '../core/devices';
import { type Processing, PROFILES, wantedProcessing } from '../core/profile';
import { deviceChoice } from './choice';
import { type EquipmentFacts, equipmentNotices } from './notices';
import { type Capture, DeviceSwitch } from './switch.svelte';
import type {
  CaptureProblem,
  CaptureState,
  DeviceChoice,
  ExtraCapture,
  HeadphonesAnswer,
  Notice,
  OwnPicture,
  SoundProfile,
  TrackSource,
} from './types';

const CLOSED: Capture = { kind: 'closed' };
const ASKING = { kind: 'asking' } as const;
const OPEN: Capture = { kind: 'open' };

/** The devices that joining opens. */
type Device = 'microphone' | 'camera';

/** How often the slow facts (silence, channels) are looked at. */
const FACTS_INTERVAL_MS = 500;

/** What a lesson is told about the devices. Without one (join page) nobody needs to know. */
export interface EquipmentListener {
  /** A track to be sent as this source, in place of the one before; `null`: no longer sent at all. */
  onPublish(source: TrackSource, track: MediaStreamTrack | null, muted: boolean): void;
  onMuted(source: TrackSource, muted: boolean): void;
  onProfile(profile: SoundProfile): void;
  onScreenEnded(): void;
  /** Another microphone than before is in use. */
  onMicrophoneChanged(label: string): void;
}

/** What the person answered before, as far as it is known. */
export interface Answers {
  readonly headphones: HeadphonesAnswer;
  readonly profile: SoundProfile;
  /** Switched off or muted. */
  readonly off: Readonly<Record<Device, boolean>>;
}

/** The own devices: shared by the join page and the lesson, so that joining opens nothing twice. */
export class Equipment {
  second = $state.raw<ExtraCapture>({ kind: 'off' });
  screen = $state.raw<ExtraCapture>({ kind: 'off' });
  level = $state.raw<MeterReading>(NO_READING);
  picture = $state.raw<OwnPicture | null>(null);
  secondPicture = $state.raw<OwnPicture | null>(null);
  screenPicture = $state.raw<OwnPicture | null>(null);
  headphones = $state<HeadphonesAnswer>('unanswered');
  profile = $state<SoundProfile>('music');
  speaker = $state<string | null>(null);
  listener: EquipmentListener | null = null;
  /** Told when another speaker was chosen. */
  onSpeaker: (speaker: string | null) => void = () => undefined;
  /** Told when one of the answers changed. */
  onAnswer: () => void = () => undefined;
  readonly audio: AudioEngine;
  readonly media: LocalMedia;
  readonly browser: Browser;
  readonly #switches: Readonly<Record<Device, DeviceSwitch>>;
  #lists = $state.raw<DeviceLists>(NO_DEVICES);
  #interrupted = $state.raw<EquipmentFacts['interrupted']>({ microphone: null, camera: null });
  #lost = $state.raw<EquipmentFacts['lost']>({ microphone: null, camera: null });
  #problem = $state.raw<CaptureProblem | null>(null);
  #slow = $state.raw<Pick<EquipmentFacts, 'silentSeconds' | 'channels'>>({ silentSeconds: null, channels: null });
  #settings = $state.raw<MediaTrackSettings & { label: string }>({ label: '' });
  #cameraId = $state.raw<string | null>(null);
  /** Of the last one that was open, also when it is gone. */
  #microphoneLabel: string | null = null;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly notices: readonly Notice[] = $derived.by(() => equipmentNotices(this.facts));

  constructor(browser: Browser, { headphones, profile, off }: Answers) {
    this.browser = browser;
    this.headphones = headphones;
    this.profile = profile;
    this.#switches = { microphone: new DeviceSwitch(off.microphone), camera: new DeviceSwitch(off.camera) };
    this.audio = new AudioEngine((reading) => {
      this.level = reading;
    });
    this.media = new LocalMedia(browser, () => ({ processing: this.wanted, channels: PROFILES[this.profile].channels }), {
      onTrack: (source, track) => {
        this.#onTrack(source, track);
      },
      onInterrupted: (source, interrupted) => {
        if (source === 'microphone' || source === 'camera') {
          this.#interrupted = { ...this.#interrupted, [source]: interrupted ? whereThePageIs() : null };
        }
      },
      onEnded: (source, label) => {
        this.#onEnded(source, label);
      },
      onDevices: (lists) => {
        this.#lists = lists;
      },
    });
    this.#timer = setInterval(() => {
      this.#lookSlowly();
    }, FACTS_INTERVAL_MS);
  }

  get microphone(): CaptureState {
    return this.#switches.microphone.state;
  }

  get camera(): CaptureState {
    return this.#switches.camera.state;
  }

  /** Switched on by a tap on this page, not just by joining. */
  saidOn(device: Device): boolean {
    return this.#switches[device].wish === 'on';
  }

  get answers(): Answers {
    const { microphone, camera } = this.#switches;
    const off = { microphone: !microphone.mayBeOn, camera: !camera.mayBeOn };
    return { headphones: this.headphones, profile: this.profile, off };
  }

  /** The same devices as there, of which this takes the place. */
  chooseLike(before: Equipment): void {
    this.media.chooseLike(before.media.chosen);
    this.speaker = before.speaker;
  }

  get wanted(): Processing {
    return wantedProcessing(this.profile, this.headphones);
  }

  get facts(): EquipmentFacts {
    const { echoCancellation, noiseSuppression, autoGainControl, sampleRate, label } = this.#settings;
    return {
      microphoneOn: this.microphone.kind === 'on',
      cameraMayBeOn: this.#switches.camera.mayBeOn,
      microphoneLabel: label,
      microphones: this.#lists.microphones.length,
      sampleRate: sampleRate ?? null,
      ...this.#slow,
      interrupted: this.#interrupted,
      lost: this.#lost,
      problem: this.#problem,
      profile: this.profile,
      headphones: this.headphones,
      wanted: this.wanted,
      active: {
        echoCancellation: asBoolean(echoCancellation),
        noiseSuppression: noiseSuppression ?? null,
        autoGainControl: autoGainControl ?? null,
      },
    };
  }

  get devices(): DeviceChoice {
    return deviceChoice(this);
  }

  get lists(): DeviceLists {
    return this.#lists;
  }

  /** What the microphone says it has, before anybody listened. */
  get offeredChannels(): 'mono' | 'stereo' | null {
    const { channelCount } = this.#settings;
    if (channelCount === undefined) return null;
    return channelCount > 1 ? 'stereo' : 'mono';
  }

  get microphoneId(): string | null {
    return this.#settings.deviceId ?? null;
  }

  get cameraId(): string | null {
    return this.#cameraId;
  }

  get canFlip(): boolean {
    const taken = this.second.kind === 'on' ? 1 : 0;
    return this.#lists.cameras.length - taken > 1 && this.camera.kind === 'on';
  }

  get secondCamera(): ExtraCapture {
    const can = this.#lists.cameras.length > 1 && !capturesOnce(this.browser);
    return can || this.second.kind === 'on' ? this.second : { kind: 'unavailable' };
  }

  get screenShare(): ExtraCapture {
    return canShareScreen(this.browser) ? this.screen : { kind: 'unavailable' };
  }

  /** Opens what is not open yet and not switched off. */
  openWanted(): Promise<CaptureProblem | null> {
    return this.#open({ microphone: this.#switches.microphone.mayBeOn, camera: this.#switches.camera.mayBeOn });
  }

  /** Once more what could not be opened before. */
  openFailed(): Promise<CaptureProblem | null> {
    return this.#open({ microphone: this.microphone.kind === 'problem', camera: this.camera.kind === 'problem' });
  }

  async #open(wanted: Readonly<Record<Device, boolean>>): Promise<CaptureProblem | null> {
    const asked = (['microphone', 'camera'] as const).filter((device) => wanted[device] && !this.media.track(device));
    const before = { microphone: this.#switches.microphone.capture, camera: this.#switches.camera.capture };
    for (const device of asked) this.#switches[device].capture = ASKING;
    const result = await this.media.open(wanted);
    for (const device of asked) {
      // What was opened has told so itself, and may be gone again by now.
      const now = this.#switches[device];
      if (now.capture.kind === 'asking') now.capture = afterOpening(result[device], before[device]);
    }
    const both = result.microphone !== null && result.camera?.kind === result.microphone.kind;
    return both ? { ...result.microphone, device: 'both' } : (result.microphone ?? result.camera);
  }

  async toggleMicrophone(): Promise<void> {
    if (this.microphone.kind === 'on') this.#switchOff('microphone');
    else await this.switchOn('microphone');
  }

  async toggleCamera(): Promise<void> {
    if (this.camera.kind === 'on') this.#switchOff('camera');
    else await this.switchOn('camera');
  }

  /** The person's tap: it lifts whatever kept the device off. */
  async switchOn(device: Device): Promise<void> {
    const own = this.#switches[device];
    if (own.capture.kind === 'asking') return;
    own.tapOn();
    this.#lost = { ...this.#lost, [device]: null };
    this.onAnswer();
    const track = this.media.track(device);
    if (track) this.#letThrough(device, track);
    else this.#explain(device, await this.#open({ microphone: device === 'microphone', camera: device === 'camera' }));
    // Said even of a device that was only just opened: it may have been muted before this page.
    if (own.state.kind === 'on') this.listener?.onMuted(device, false);
  }

  /** In a room; before it, a device that would not open has a page of its own. A question that was closed is an answer. */
  #explain(device: Device, problem: CaptureProblem | null): void {
    if (!this.listener) return;
    if (problem && problem.kind !== 'dismissed') this.#problem = problem;
    else if (this.#problem?.device === device) this.#problem = null;
  }

  #switchOff(device: Device): void {
    this.#switches[device].wish = 'off';
    this.#silence(device);
    this.onAnswer();
    this.listener?.onMuted(device, true);
  }

  /** Muted by somebody else; only the person's own tap lifts it. */
  mutedByOther(source: TrackSource): void {
    if (source !== 'microphone' && source !== 'camera') return;
    this.#switches[source].held = true;
    this.#silence(source);
    this.onAnswer();
  }

  #letThrough(device: Device, track: MediaStreamTrack): void {
    track.enabled = true;
    if (device === 'camera') this.picture = { stream: new MediaStream([track]), mirrored: this.media.facing === 'front' };
  }

  #silence(device: Device): void {
    const track = this.media.track(device);
    if (device === 'camera') this.picture = null;
    // Safari asks again for every capture; elsewhere the camera's light should go out.
    if (device === 'camera' && !capturesOnce(this.browser)) this.media.close('camera');
    else if (track) track.enabled = false;
  }

  async flipCamera(): Promise<void> {
    this.#report(await this.media.flipCamera());
  }

  async toggleSecondCamera(): Promise<void> {
    if (this.second.kind === 'asking') return;
    if (this.second.kind === 'on') {
      this.media.close('second_camera');
      return;
    }
    this.second = ASKING;
    const problem = await this.media.openSecondCamera();
    this.second = problem ? { kind: 'problem', problem } : { kind: 'on', withSound: false };
  }

  async toggleScreen(): Promise<void> {
    if (this.screen.kind === 'asking') return;
    if (this.screen.kind === 'on') {
      this.endScreen();
      return;
    }
    this.screen = ASKING;
    const problem = await this.media.openScreen();
    if (problem) this.screen = problem.kind === 'dismissed' ? OFF_EXTRA : { kind: 'problem', problem };
    else this.screen = { kind: 'on', withSound: this.media.track('screen_sound') !== null };
  }

  endScreen(): void {
    this.media.close('screen_sound');
    this.media.close('screen');
  }

  async setProfile(profile: SoundProfile): Promise<void> {
    this.profile = profile;
    this.onAnswer();
    this.listener?.onProfile(profile);
    this.#report(await this.media.followSoundWish());
  }

  async answerHeadphones(answer: HeadphonesAnswer): Promise<void> {
    this.headphones = answer;
    this.onAnswer();
    this.#report(await this.media.followSoundWish());
  }

  /** Choosing a device opens nothing that is not open: it is remembered for the next time. */
  chooseMicrophone(id: string): void {
    this.media.selectMicrophone(id);
    if (this.media.track('microphone')) void this.#restart('microphone');
  }

  chooseCamera(id: string): void {
    // Nobody wants to show the same camera twice.
    if (this.media.track('second_camera')?.getSettings().deviceId === id) this.media.close('second_camera');
    this.media.selectCamera(id);
    if (this.media.track('camera')) void this.#restart('camera');
  }

  async #restart(device: Device): Promise<void> {
    // A camera that is off is opened by its own switch. A muted microphone stays ready, and muted.
    if (device === 'camera' && !this.media.track('camera') && !this.#switches.camera.mayBeOn) return;
    const restarted = device === 'microphone' ? this.media.restartMicrophone() : this.media.restartCamera();
    this.#report(await restarted);
  }

  chooseSpeaker(id: string): void {
    this.speaker = id;
    this.onSpeaker(id);
  }

  /** One tap repairs it. False when it is not about devices. */
  repair(notice: Notice): boolean {
    switch (notice.repair) {
      case 'restart_microphone':
      case 'switch_processing_off':
        void this.#restart('microphone');
        return true;
      case 'wear_headphones':
        void this.answerHeadphones('yes');
        return true;
      case 'use_other_microphone':
      case 'use_builtin_microphone':
        this.media.selectMicrophone(this.#betterMicrophone());
        void this.#restart('microphone');
        return true;
      case 'restart_camera':
      case 'use_other_camera':
        void this.#restart('camera');
        return true;
      case 'try_again':
        void this.#tryAgain();
        return true;
      default:
        return false;
    }
  }

  /** Only what had the problem: what is merely closed stays so. */
  async #tryAgain(): Promise<void> {
    const device = this.#problem?.device;
    this.#problem = null;
    if (device !== undefined && device !== 'camera') await this.#restart('microphone');
    if (device !== undefined && device !== 'microphone') await this.#restart('camera');
    for (const one of ['microphone', 'camera'] as const) {
      // Its owner's tap still holds, also against a mute from before this page.
      if (device === one && this[one].kind === 'on' && this.saidOn(one)) this.listener?.onMuted(one, false);
    }
  }

  dismissProblem(): void {
    this.#problem = null;
  }

  close(): void {
    clearInterval(this.#timer);
    this.media.closeAll();
    this.audio.close();
    this.picture = this.secondPicture = this.screenPicture = null;
  }

  /** The next microphone that is not this one and not over Bluetooth; `null` leaves the choice to the system. */
  #betterMicrophone(): string | null {
    const others = this.#lists.microphones.filter((device) => device.id !== this.microphoneId);
    return (others.find((device) => !bluetoothMicrophone(device.label, null)) ?? others[0])?.id ?? null;
  }

  #onTrack(source: TrackSource, track: MediaStreamTrack | null): void {
    switch (source) {
      case 'microphone':
        this.#microphoneTrack(track);
        break;
      case 'camera':
        this.#cameraTrack(track);
        break;
      case 'second_camera':
        this.secondPicture = track ? { stream: new MediaStream([track]), mirrored: false } : null;
        if (!track) this.second = OFF_EXTRA;
        this.listener?.onPublish(source, track, false);
        break;
      case 'screen':
        this.screenPicture = track ? { stream: new MediaStream([track]), mirrored: false } : null;
        if (!track) this.screen = OFF_EXTRA;
        this.listener?.onPublish(source, track, false);
        break;
      case 'screen_sound':
        this.listener?.onPublish(source, track, false);
    }
  }

  #microphoneTrack(track: MediaStreamTrack | null): void {
    this.audio.meter(track);
    this.#slow = { silentSeconds: null, channels: null };
    this.#interrupted = { ...this.#interrupted, microphone: track?.muted ? whereThePageIs() : null };
    this.#settings = track ? { ...track.getSettings(), label: track.label } : { label: '' };
    const before = this.#microphoneLabel;
    this.#microphoneLabel = track?.label ?? before;
    if (track && before !== null && before !== track.label) this.listener?.onMicrophoneChanged(track.label);
    this.#deviceTrack('microphone', track);
  }

  #cameraTrack(track: MediaStreamTrack | null): void {
    this.#interrupted = { ...this.#interrupted, camera: track?.muted ? whereThePageIs() : null };
    this.#cameraId = track?.getSettings().deviceId ?? null;
    if (!track) this.picture = null;
    this.#deviceTrack('camera', track);
  }

  /** A track in place of another, or the first: as silent as it should be, whoever asked for it. */
  #deviceTrack(device: Device, track: MediaStreamTrack | null): void {
    const own = this.#switches[device];
    own.capture = track ? OPEN : CLOSED;
    if (!track) return;
    this.#lost = { ...this.#lost, [device]: null };
    if (own.mayBeOn) this.#letThrough(device, track);
    else this.#silence(device);
    if (this.media.track(device) === track) this.listener?.onPublish(device, track, !own.mayBeOn);
  }

  #onEnded(source: TrackSource, label: string): void {
    if (source === 'microphone') {
      this.#lost = { ...this.#lost, microphone: label };
      this.#failed({ kind: 'missing', device: 'microphone' }, 'microphone');
    } else if (source === 'camera') {
      this.#lost = { ...this.#lost, camera: label };
      this.#failed({ kind: 'missing', device: 'camera' }, 'camera');
    } else if (source === 'screen') {
      this.media.close('screen_sound');
      this.listener?.onScreenEnded();
    }
  }

  #report(problem: CaptureProblem | null): void {
    this.#problem = problem;
    if (!problem) return;
    for (const device of ['microphone', 'camera'] as const) {
      if (problem.device === device && !this.media.track(device)) this.#failed(problem, device);
    }
  }

  /** Nothing comes any more: the others should see so. What its owner wants stays as it was. */
  #failed(problem: CaptureProblem, device: Device): void {
    this.#switches[device].capture = { kind: 'problem', problem };
    this.listener?.onMuted(device, true);
  }

  #lookSlowly(): void {
    this.media.checkEnded();
    const { watch } = this.audio;
    const slow = { silentSeconds: watch.silentSeconds(performance.now()), channels: watch.channels };
    const same = slow.silentSeconds === this.#slow.silentSeconds && slow.channels === this.#slow.channels;
    if (!same) this.#slow = slow;
  }
}

/** A tablet takes the devices from a page in the background: another reason, another explanation. */
function whereThePageIs(): 'in_front' | 'in_background' {
  return document.visibilityState === 'hidden' ? 'in_background' : 'in_front';
}

const OFF_EXTRA: ExtraCapture = { kind: 'off' };

function afterOpening(problem: CaptureProblem | null, before: Capture): Capture {
  // Closing the question is an answer too: nothing is wrong, nothing is open.
  if (!problem || (problem.kind === 'dismissed' && before.kind === 'closed')) return CLOSED;
  return { kind: 'problem', problem };
}

/** Newer browsers name the kind of echo cancellation; any name means it works. */
function asBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? true : null;
}
