import { showOwn } from '../core/playback';
import { testConnection } from '../core/probe';
import { playSoundCheck, recordSoundCheck, wasHeard } from '../core/soundcheck';
import type { Equipment } from './equipment.svelte';
import type {
  CaptureDevice,
  CaptureProblem,
  CaptureState,
  ConnectionTest,
  DeviceChoice,
  HeadphonesAnswer,
  JoinProblem,
  JoinProgress,
  JoinView,
  LinkInfo,
  Notice,
  SoundCheck,
} from './types';

/** As the server counts (signaling): longer names are refused there too. */
export const NAME_MAX = 64;

/** Everything before joining. Nothing is opened and nothing is sent until the person asks for it. */
export class JoinStore implements JoinView {
  readonly link: LinkInfo;
  name = $state('');
  nameProblem = $state.raw<JoinView['nameProblem']>(null);
  soundCheck = $state.raw<SoundCheck>({ kind: 'idle' });
  connectionTest = $state.raw<ConnectionTest>({ kind: 'running' });
  progress = $state.raw<JoinProgress>({ kind: 'form' });
  readonly devices: DeviceChoice;
  readonly #equipment: Equipment;
  readonly #onJoin: (name: string) => void;
  #recording: AudioBuffer | null = null;
  #check: AbortController | null = null;
  /** What goes on once a device problem is solved: joining, or looking at oneself. */
  #goal: 'join' | 'try_out' = 'try_out';
  /** What the person said to go on without: joining tries it all the same, and asks nothing more. */
  #doWithout: Readonly<Record<'microphone' | 'camera', boolean>> = { microphone: false, camera: false };

  constructor(link: LinkInfo, name: string, equipment: Equipment, onJoin: (name: string) => void) {
    this.link = link;
    this.name = name;
    this.devices = equipment.devices;
    this.#equipment = equipment;
    this.#onJoin = onJoin;
    this.testConnection();
  }

  get microphone() {
    return this.#equipment.microphone;
  }
  get camera() {
    return this.#equipment.camera;
  }
  get preview() {
    return this.#equipment.picture;
  }
  get level() {
    return this.#equipment.level;
  }
  get headphones() {
    return this.#equipment.headphones;
  }
  get notices() {
    return this.#equipment.notices;
  }

  setName = (name: string): void => {
    this.name = name;
    this.nameProblem = null;
  };

  showOwnPicture = (element: HTMLVideoElement): (() => void) => {
    const { preview } = this;
    return preview ? showOwn(element, preview.stream) : () => undefined;
  };

  openPreview = (): void => {
    void this.#tryOut(() => this.#equipment.openWanted());
  };

  toggleMicrophone = (): void => {
    void this.#tryOut(async () => {
      await this.#equipment.toggleMicrophone();
      return problemOf(this.microphone);
    });
  };

  toggleCamera = (): void => {
    void this.#tryOut(async () => {
      await this.#equipment.toggleCamera();
      return problemOf(this.camera);
    });
  };

  /** Who wanted to see or hear something and gets nothing is told why at once. */
  async #tryOut(open: () => Promise<CaptureProblem | null>): Promise<void> {
    const problem = await open();
    // A question that was closed is an answer, and while somebody joins, joining explains it.
    if (!problem || problem.kind === 'dismissed' || this.#isBusy()) return;
    this.#goal = 'try_out';
    this.progress = { kind: 'device_problem', problem };
  }

  answerHeadphones = (answer: Exclude<HeadphonesAnswer, 'unanswered'>): void => {
    void this.#equipment.answerHeadphones(answer);
  };

  repair = (notice: Notice): void => {
    this.#equipment.repair(notice);
  };

  /* ------------------------------------------------------------ sound check */

  recordSoundCheck = (): void => {
    void this.#record();
  };

  playSoundCheck = (): void => {
    void this.#play();
  };

  stopSoundCheck = (): void => {
    this.#check?.abort();
    this.#check = null;
    this.soundCheck = this.#recording ? recorded(this.#recording) : { kind: 'idle' };
  };

  async #record(): Promise<void> {
    const { signal } = this.#begin();
    // Asked for within the tap, so that the browser lets it run.
    const { context } = this.#equipment.audio;
    if (this.microphone.kind !== 'on') {
      await this.#tryOut(async () => {
        await this.#equipment.switchOn('microphone');
        return problemOf(this.microphone);
      });
    }
    const track = this.#equipment.media.track('microphone');
    if (!track || !context) {
      this.soundCheck = { kind: 'failed', problem: problemOf(this.microphone) };
      return;
    }
    this.#recording = null;
    try {
      const onSecond = (secondsLeft: number) => {
        this.soundCheck = { kind: 'recording', secondsLeft };
      };
      const recording = await recordSoundCheck(context, track, onSecond, signal);
      if (signal.aborted) return;
      this.#recording = recording;
      this.soundCheck = recording ? recorded(recording) : { kind: 'idle' };
    } catch {
      if (!signal.aborted) this.soundCheck = { kind: 'failed', problem: null };
    }
  }

  async #play(): Promise<void> {
    const { context } = this.#equipment.audio;
    if (!this.#recording || !context) return;
    const { signal } = this.#begin();
    const onSecond = (secondsLeft: number) => {
      this.soundCheck = { kind: 'playing', secondsLeft };
    };
    await playSoundCheck(context, this.#recording, this.#equipment.speaker, onSecond, signal);
    if (!signal.aborted) this.soundCheck = recorded(this.#recording);
  }

  #begin(): AbortController {
    this.#check?.abort();
    this.#check = new AbortController();
    return this.#check;
  }

  /* ---------------------------------------------------------------- joining */

  testConnection = (): void => {
    this.connectionTest = { kind: 'running' };
    void testConnection().then((result) => {
      this.connectionTest = result;
    });
  };

  networkIsBack = (): void => {
    if (this.progress.kind === 'failed' && this.progress.problem.kind === 'server_unreachable') this.progress = { kind: 'form' };
    if (this.connectionTest.kind !== 'running') this.testConnection();
  };

  join = (): void => {
    if (this.#isBusy() || !this.#nameIsGood()) return;
    void this.#openAndEnter();
  };

  /** Joins with the answers given before, from another page; what `before` went on without, this does too. False: this page has to be seen. */
  async comeBack(before: JoinStore | null): Promise<boolean> {
    if (before) this.#doWithout = before.#doWithout;
    if (!this.#nameIsGood()) return false;
    await this.#openAndEnter();
    return this.progress.kind === 'joining';
  }

  tryDevicesAgain = (): void => {
    if (this.#goal === 'join') {
      this.join();
      return;
    }
    this.progress = { kind: 'form' };
    void this.#tryOut(() => this.#equipment.openFailed());
  };

  goOnWithout = (): void => {
    if (this.#isBusy()) return;
    // Made within the tap: what is heard later needs it, also by somebody who only listens.
    void this.#equipment.audio.context;
    if (this.progress.kind === 'device_problem') this.#forgo(this.progress.problem.device);
    if (this.#goal === 'try_out') this.progress = { kind: 'form' };
    else if (this.#nameIsGood()) this.#enter();
  };

  /** What was given up before stays so. */
  #forgo(device: CaptureDevice): void {
    const { microphone, camera } = this.#doWithout;
    this.#doWithout = { microphone: microphone || device !== 'camera', camera: camera || device !== 'microphone' };
  }

  #goesWithout(device: CaptureDevice): boolean {
    const { microphone, camera } = this.#doWithout;
    return (microphone || device === 'camera') && (camera || device === 'microphone');
  }

  backToForm = (): void => {
    this.progress = { kind: 'form' };
  };

  failed(problem: JoinProblem): void {
    this.progress = { kind: 'failed', problem };
  }

  #isBusy(): boolean {
    return this.progress.kind === 'opening_devices' || this.progress.kind === 'joining';
  }

  #nameIsGood(): boolean {
    const name = this.name.trim();
    if (name === '') this.nameProblem = 'missing';
    else if ([...name].length > NAME_MAX) this.nameProblem = 'too_long';
    else this.nameProblem = null;
    if (this.nameProblem) this.progress = { kind: 'form' };
    return this.nameProblem === null;
  }

  async #openAndEnter(): Promise<void> {
    // Made within the tap: sound that starts later needs it.
    void this.#equipment.audio.context;
    this.progress = { kind: 'opening_devices' };
    const problem = await this.#equipment.openWanted();
    if (problem && !this.#goesWithout(problem.device)) {
      this.#goal = 'join';
      this.progress = { kind: 'device_problem', problem };
    } else {
      this.#enter();
    }
  }

  #enter(): void {
    this.stopSoundCheck();
    this.progress = { kind: 'joining' };
    this.#onJoin(this.name.trim());
  }
}

function problemOf(state: CaptureState): CaptureProblem | null {
  return state.kind === 'problem' ? state.problem : null;
}

function recorded(recording: AudioBuffer): SoundCheck {
  return { kind: 'recorded', heard: wasHeard(recording) };
}
