import { AudioEngine, type MeterReading, NO_READING } from '../core/audio';
import { type Browser, canChooseSpeaker, canShareScreen, capturesOnce } from '../core/browser';
import { bluetoothMicrophone, type DeviceLists, NO_DEVICES } from '../core/constraints';
import { LocalMedia } from '../core/devices';
import { type Processing, PROFILES, wantedProcessing } from '../core/profile';
import { type EquipmentFacts, equipmentNotices } from './notices';
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

const CLOSED: CaptureState = { kind: 'closed' };
const ASKING = { kind: 'asking' } as const;
const ON: CaptureState = { kind: 'on' };
const OFF: CaptureState = { kind: 'off' };

/** How often the slow facts (silence, channels) are looked at. */
const FACTS_INTERVAL_MS = 500;

/** What a lesson is told about the devices. Without one (join page) nobody needs to know. */
export interface EquipmentListener {
  /** A track to be sent as this source, in place of the one before; `null`: no longer sent at all. */
  onPublish(source: TrackSource, track: MediaStreamTrack | null, muted: boolean): void;
  onMuted(source: TrackSource, muted: boolean): void;
  onProfile(profile: SoundProfile): void;
  onScreenEnded(): void;
}

/** The own devices: shared by the join page and the lesson, so that joining opens nothing twice. */
export class Equipment {
  microphone = $state.raw<CaptureState>(CLOSED);
  camera = $state.raw<CaptureState>(CLOSED);
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
  readonly audio: AudioEngine;
  readonly media: LocalMedia;
  readonly browser: Browser;
  #lists = $state.raw<DeviceLists>(NO_DEVICES);
  #interrupted = $state.raw({ microphone: false, camera: false });
  #lost = $state.raw<EquipmentFacts['lost']>({ microphone: null, camera: null });
  #problem = $state.raw<CaptureProblem | null>(null);
  #slow = $state.raw<Pick<EquipmentFacts, 'silentSeconds' | 'channels'>>({ silentSeconds: null, channels: null });
  #settings = $state.raw<MediaTrackSettings & { label: string }>({ label: '' });
  #cameraId = $state.raw<string | null>(null);
  readonly #timer: ReturnType<typeof setInterval>;
  readonly notices: readonly Notice[] = $derived.by(() => equipmentNotices(this.facts));

  constructor(browser: Browser) {
    this.browser = browser;
    this.audio = new AudioEngine((reading) => {
      this.level = reading;
    });
    this.media = new LocalMedia(browser, this.wanted, {
      onTrack: (source, track) => {
        this.#onTrack(source, track);
      },
      onInterrupted: (source, interrupted) => {
        if (source === 'microphone' || source === 'camera') {
          this.#interrupted = { ...this.#interrupted, [source]: interrupted };
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

  get wanted(): Processing {
    return wantedProcessing(this.profile, this.headphones);
  }

  get facts(): EquipmentFacts {
    const { echoCancellation, noiseSuppression, autoGainControl, sampleRate, label } = this.#settings;
    return {
      microphoneOn: this.microphone.kind === 'on',
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
    return this.#lists.cameras.length > 1 && this.camera.kind === 'on';
  }

  get secondCamera(): ExtraCapture {
    const can = this.#lists.cameras.length > 1 && !capturesOnce(this.browser);
    return can || this.second.kind === 'on' ? this.second : { kind: 'unavailable' };
  }

  get screenShare(): ExtraCapture {
    return canShareScreen(this.browser) ? this.screen : { kind: 'unavailable' };
  }

  /** Opens what is wanted and not open. True when everything wanted is there. */
  async open(microphone: boolean, camera: boolean): Promise<CaptureProblem | null> {
    const before = { microphone: this.microphone, camera: this.camera };
    const askMicrophone = microphone && !this.media.track('microphone');
    const askCamera = camera && !this.media.track('camera');
    if (askMicrophone) this.microphone = ASKING;
    if (askCamera) this.camera = ASKING;
    const result = await this.media.open({ microphone, camera });
    if (askMicrophone) this.microphone = afterOpening(result.microphone, before.microphone);
    if (askCamera) this.camera = afterOpening(result.camera, before.camera);
    const both = result.microphone !== null && result.camera?.kind === result.microphone.kind;
    return both ? { ...result.microphone, device: 'both' } : (result.microphone ?? result.camera);
  }

  async toggleMicrophone(): Promise<void> {
    const track = this.media.track('microphone');
    if (!track) {
      this.#lost = { ...this.#lost, microphone: null };
      await this.open(true, false);
      return;
    }
    const on = this.microphone.kind !== 'on';
    track.enabled = on;
    this.microphone = on ? ON : OFF;
    this.listener?.onMuted('microphone', !on);
  }

  /** Muted by somebody else; only the person's own tap lifts it. */
  mutedByOther(source: TrackSource): void {
    const track = this.media.track(source);
    if (track) track.enabled = false;
    if (source === 'microphone') this.microphone = OFF;
    if (source === 'camera') this.#cameraOff();
  }

  async toggleCamera(): Promise<void> {
    if (this.camera.kind === 'on') {
      this.#cameraOff();
      this.listener?.onMuted('camera', true);
      return;
    }
    const track = this.media.track('camera');
    if (!track) {
      this.#lost = { ...this.#lost, camera: null };
      await this.open(false, true);
      return;
    }
    track.enabled = true;
    this.camera = ON;
    this.#showCamera(track);
    this.listener?.onMuted('camera', false);
  }

  #cameraOff(): void {
    const track = this.media.track('camera');
    this.camera = OFF;
    this.picture = null;
    if (!track) return;
    // Safari asks again for every capture; elsewhere the camera's light should go out.
    if (capturesOnce(this.browser)) track.enabled = false;
    else this.media.close('camera');
  }

  async flipCamera(): Promise<void> {
    this.#report(await this.media.flipCamera());
  }

  async toggleSecondCamera(): Promise<void> {
    if (this.second.kind === 'on') {
      this.media.close('second_camera');
      return;
    }
    this.second = ASKING;
    const problem = await this.media.openSecondCamera();
    this.second = problem ? { kind: 'problem', problem } : { kind: 'on', withSound: false };
  }

  async toggleScreen(): Promise<void> {
    if (this.screen.kind === 'on') {
      this.media.close('screen_sound');
      this.media.close('screen');
      return;
    }
    this.screen = ASKING;
    const problem = await this.media.openScreen();
    if (problem) this.screen = problem.kind === 'dismissed' ? OFF_EXTRA : { kind: 'problem', problem };
    else this.screen = { kind: 'on', withSound: this.media.track('screen_sound') !== null };
  }

  async setProfile(profile: SoundProfile): Promise<void> {
    this.profile = profile;
    this.listener?.onProfile(profile);
    await this.#applyProcessing();
  }

  async answerHeadphones(answer: HeadphonesAnswer): Promise<void> {
    this.headphones = answer;
    await this.#applyProcessing();
  }

  async #applyProcessing(): Promise<void> {
    this.#report(await this.media.setProcessing(this.wanted, PROFILES[this.profile].channels));
  }

  /** Choosing a device opens nothing that is not open: it is remembered for the next time. */
  chooseMicrophone(id: string): void {
    this.media.selectMicrophone(id);
    if (this.media.track('microphone')) void this.#restart('microphone');
  }

  chooseCamera(id: string): void {
    this.media.selectCamera(id);
    if (this.media.track('camera')) void this.#restart('camera');
  }

  async #restart(device: 'microphone' | 'camera'): Promise<void> {
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
        this.#problem = null;
        void this.open(this.microphone.kind !== 'off', this.camera.kind !== 'off');
        return true;
      default:
        return false;
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
    this.#interrupted = { ...this.#interrupted, microphone: track?.muted ?? false };
    this.#settings = track ? { ...track.getSettings(), label: track.label } : { label: '' };
    if (!track) return;
    this.#lost = { ...this.#lost, microphone: null };
    // A new track in place of a muted one is as muted as that was.
    const muted = this.microphone.kind === 'off';
    track.enabled = !muted;
    this.microphone = muted ? OFF : ON;
    this.listener?.onPublish('microphone', track, muted);
  }

  #cameraTrack(track: MediaStreamTrack | null): void {
    this.#interrupted = { ...this.#interrupted, camera: track?.muted ?? false };
    this.#cameraId = track?.getSettings().deviceId ?? null;
    if (!track) {
      this.picture = null;
      return;
    }
    this.#lost = { ...this.#lost, camera: null };
    this.camera = ON;
    this.#showCamera(track);
    this.listener?.onPublish('camera', track, false);
  }

  #showCamera(track: MediaStreamTrack): void {
    this.picture = { stream: new MediaStream([track]), mirrored: this.media.facing === 'front' };
  }

  #onEnded(source: TrackSource, label: string): void {
    if (source === 'microphone') {
      this.#lost = { ...this.#lost, microphone: label };
      this.microphone = { kind: 'problem', problem: { kind: 'missing', device: 'microphone' } };
      this.listener?.onMuted('microphone', true);
    } else if (source === 'camera') {
      this.#lost = { ...this.#lost, camera: label };
      this.camera = { kind: 'problem', problem: { kind: 'missing', device: 'camera' } };
      this.listener?.onMuted('camera', true);
    } else if (source === 'screen') {
      this.media.close('screen_sound');
      this.listener?.onScreenEnded();
    }
  }

  #report(problem: CaptureProblem | null): void {
    this.#problem = problem;
    if (!problem) return;
    if (problem.device === 'microphone' && !this.media.track('microphone')) {
      this.microphone = { kind: 'problem', problem };
      this.listener?.onMuted('microphone', true);
    }
    if (problem.device === 'camera' && !this.media.track('camera')) {
      this.camera = { kind: 'problem', problem };
      this.listener?.onMuted('camera', true);
    }
  }

  #lookSlowly(): void {
    this.media.checkEnded();
    const { watch } = this.audio;
    const slow = { silentSeconds: watch.silentSeconds(performance.now()), channels: watch.channels };
    const same = slow.silentSeconds === this.#slow.silentSeconds && slow.channels === this.#slow.channels;
    if (!same) this.#slow = slow;
  }
}

const OFF_EXTRA: ExtraCapture = { kind: 'off' };

function afterOpening(problem: CaptureProblem | null, before: CaptureState): CaptureState {
  if (!problem) return ON;
  // Closing the question is an answer too: nothing is wrong, nothing is open.
  return problem.kind === 'dismissed' && before.kind === 'closed' ? CLOSED : { kind: 'problem', problem };
}

/** Newer browsers name the kind of echo cancellation; any name means it works. */
function asBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? true : null;
}

function deviceChoice(equipment: Equipment): DeviceChoice {
  return {
    get microphones() {
      return equipment.lists.microphones;
    },
    get cameras() {
      return equipment.lists.cameras;
    },
    get speakers() {
      return canChooseSpeaker() ? equipment.lists.speakers : [];
    },
    get microphone() {
      return equipment.microphoneId;
    },
    get camera() {
      return equipment.cameraId;
    },
    get speaker() {
      return equipment.speaker;
    },
    chooseMicrophone: (id) => {
      equipment.chooseMicrophone(id);
    },
    chooseCamera: (id) => {
      equipment.chooseCamera(id);
    },
    chooseSpeaker: (id) => {
      equipment.chooseSpeaker(id);
    },
    testSpeaker: () => {
      equipment.audio.playTestTone(equipment.speaker);
    },
  };
}
