import type { TrackSource } from '../generated/wire';
import { type Browser, capturesOnce, hasDevices } from './browser';
import {
  cameraConstraints,
  type DeviceLists,
  type Facing,
  microphoneConstraints,
  NO_DEVICES,
  SCREEN_OPTIONS,
  sortDevices,
  type SoundWish,
} from './constraints';
import { type CaptureDevice, type CaptureProblem, captureProblem } from './errors';
import { sameProcessing } from './profile';

export interface LocalMediaEvents {
  /** A track was opened, replaced or (null) closed. */
  onTrack(source: TrackSource, track: MediaStreamTrack | null): void;
  /** The system took the device away for a while (call, Siri, Smart Cover), or gave it back. */
  onInterrupted(source: TrackSource, interrupted: boolean): void;
  /** It ended without us: unplugged, permission withdrawn, sharing stopped in the browser's own bar. */
  onEnded(source: TrackSource, label: string): void;
  onDevices(devices: DeviceLists): void;
}

/** What opening brought: `null` is success (or was not asked for). */
export interface OpenResult {
  readonly microphone: CaptureProblem | null;
  readonly camera: CaptureProblem | null;
}

/** `null`: the system's choice. */
export interface Chosen {
  readonly microphone: string | null;
  readonly camera: string | null;
  readonly facing: Facing;
}

interface Wanted {
  readonly microphone: boolean;
  readonly camera: boolean;
}

/** Everything this page captures: at most one microphone, one camera, a second camera and the screen. */
export class LocalMedia {
  readonly #browser: Browser;
  readonly #events: LocalMediaEvents;
  readonly #tracks = new Map<TrackSource, MediaStreamTrack>();
  #microphoneId: string | null = null;
  #cameraId: string | null = null;
  #facing: Facing = 'front';
  readonly #soundWish: () => SoundWish;
  /** The wish the open microphone was captured with. */
  #soundTaken: SoundWish | null = null;
  #devices: DeviceLists = NO_DEVICES;
  /** Captures run one after the other: two requests at once silence each other on some systems. */
  #queue: Promise<unknown> = Promise.resolve();
  /** For good. What the person grants afterwards is given back at once. */
  #closed = false;

  /** `soundWish` is asked whenever a microphone is opened, so that nobody has to remember to tell. */
  constructor(browser: Browser, soundWish: () => SoundWish, events: LocalMediaEvents) {
    this.#browser = browser;
    this.#soundWish = soundWish;
    this.#events = events;
    if (hasDevices()) navigator.mediaDevices.addEventListener('devicechange', this.#refreshDevices);
  }

  track(source: TrackSource): MediaStreamTrack | null {
    return this.#tracks.get(source) ?? null;
  }

  get devices(): DeviceLists {
    return this.#devices;
  }

  get facing(): Facing {
    return this.#facing;
  }

  get microphoneId(): string | null {
    return this.track('microphone')?.getSettings().deviceId ?? this.#microphoneId;
  }

  get cameraId(): string | null {
    return this.track('camera')?.getSettings().deviceId ?? this.#cameraId;
  }

  /** Opens what is missing of what is wanted, in one request. */
  open(wanted: Wanted): Promise<OpenResult> {
    return this.#enqueue(() => this.#open(wanted));
  }

  /** Takes an open microphone anew when its sound is wanted otherwise by now. */
  followSoundWish(): Promise<CaptureProblem | null> {
    return this.#enqueue(() => {
      const [taken, wish] = [this.#soundTaken, this.#soundWish()];
      const same = taken && taken.channels === wish.channels && sameProcessing(taken.processing, wish.processing);
      return same || !this.track('microphone') ? Promise.resolve(null) : this.#reopen('microphone');
    });
  }

  /** For the next opening; `null` leaves the choice to the system. */
  selectMicrophone(id: string | null): void {
    this.#microphoneId = id;
  }

  selectCamera(id: string): void {
    this.#cameraId = id;
    this.#facing = this.#devices.cameras.find((camera) => camera.id === id)?.facing ?? 'front';
  }

  /** For the next opening: the devices that were chosen there. */
  chooseLike({ microphone, camera, facing }: Chosen): void {
    [this.#microphoneId, this.#cameraId, this.#facing] = [microphone, camera, facing];
  }

  get chosen(): Chosen {
    return { microphone: this.#microphoneId, camera: this.#cameraId, facing: this.#facing };
  }

  restartMicrophone(): Promise<CaptureProblem | null> {
    return this.#enqueue(() => this.#reopen('microphone'));
  }

  restartCamera(): Promise<CaptureProblem | null> {
    return this.#enqueue(() => this.#reopen('camera'));
  }

  /** Front to back on a tablet, to the next camera elsewhere. */
  flipCamera(): Promise<CaptureProblem | null> {
    // Not to the one that is shown as the second camera.
    const second = this.track('second_camera')?.getSettings().deviceId;
    const cameras = this.#devices.cameras.filter(({ id }) => id !== second);
    const wanted: Facing = this.#facing === 'front' ? 'back' : 'front';
    const current = cameras.findIndex((camera) => camera.id === this.cameraId);
    const next = cameras.find((camera) => camera.facing === wanted) ?? cameras[(current + 1) % cameras.length];
    this.#cameraId = next?.id ?? null;
    this.#facing = next?.facing ?? (cameras.some((camera) => camera.facing) ? wanted : 'front');
    return this.restartCamera();
  }

  openSecondCamera(): Promise<CaptureProblem | null> {
    const other = this.#devices.cameras.find((camera) => camera.id !== this.cameraId);
    if (!other) return Promise.resolve({ kind: 'missing', device: 'camera' });
    return this.#enqueue(async () => {
      const request = { video: cameraConstraints({ deviceId: other.id, facing: 'back' }) };
      const stream = await this.#capture(request, 'camera');
      if (!(stream instanceof MediaStream)) return stream;
      this.#take('second_camera', stream.getVideoTracks()[0]);
      return null;
    });
  }

  /** Resolves with `dismissed` when the person closed the browser's question: that is no problem to show. */
  async openScreen(): Promise<CaptureProblem | null> {
    // Not queued: the browser wants this call within the tap.
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia(SCREEN_OPTIONS);
      if (this.#closed) return giveBack(stream, 'both');
      this.#take('screen', stream.getVideoTracks()[0]);
      this.#take('screen_sound', stream.getAudioTracks()[0]);
      return null;
    } catch (error) {
      const problem = captureProblem(error, 'both');
      return problem.kind === 'denied' && problem.by === 'person' ? { kind: 'dismissed', device: 'both' } : problem;
    }
  }

  /** Some systems end a track without saying so. */
  checkEnded(): void {
    for (const track of this.#tracks.values()) {
      if (track.readyState === 'ended') track.onended?.(new Event('ended'));
    }
  }

  close(source: TrackSource): void {
    const track = this.#tracks.get(source);
    if (!track) return;
    this.#release(source, track);
    this.#events.onTrack(source, null);
  }

  /** For good: this object opens nothing any more. */
  closeAll(): void {
    this.#closed = true;
    for (const [source, track] of this.#tracks) this.#release(source, track);
    if (hasDevices()) navigator.mediaDevices.removeEventListener('devicechange', this.#refreshDevices);
  }

  readonly #refreshDevices = (): void => {
    navigator.mediaDevices
      .enumerateDevices()
      .then((devices) => {
        this.#devices = sortDevices(devices);
        this.#events.onDevices(this.#devices);
      })
      .catch(() => {
        // Without a list there is no choice; the devices themselves still work.
      });
  };

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #open(wanted: Wanted): Promise<OpenResult> {
    const audio = wanted.microphone && !this.track('microphone');
    const video = wanted.camera && !this.track('camera');
    if (!audio && !video) return { microphone: null, camera: null };
    const stream = await this.#capture(this.#request(audio, video), deviceOf(audio, video));
    if (stream instanceof MediaStream) {
      if (audio) this.#take('microphone', stream.getAudioTracks()[0]);
      if (video) this.#take('camera', stream.getVideoTracks()[0]);
      return { microphone: null, camera: null };
    }
    if (!audio || !video) {
      // A device that was chosen once and is gone must not keep the person out.
      if (stream.kind === 'missing' && this.#forgetChoice(audio, video)) return this.#open(wanted);
      return { microphone: audio ? stream : null, camera: video ? stream : null };
    }
    return this.#openSeparately(stream);
  }

  /** The request for both failed: one of them may still work, and each deserves its own explanation. */
  async #openSeparately(both: CaptureProblem): Promise<OpenResult> {
    if (both.kind === 'insecure' || both.kind === 'dismissed') return { microphone: both, camera: both };
    if (both.kind === 'denied') {
      const [microphone, camera] = await Promise.all([isDenied('microphone'), isDenied('camera')]);
      // Asking again for what was just denied would be impolite; ask only when it is known to be the other one.
      if (microphone === camera) return { microphone: both, camera: both };
    }
    const microphone = (await this.#open({ microphone: true, camera: false })).microphone;
    const camera = (await this.#open({ microphone: false, camera: true })).camera;
    return { microphone, camera };
  }

  #forgetChoice(audio: boolean, video: boolean): boolean {
    const had = (audio && this.#microphoneId !== null) || (video && this.#cameraId !== null);
    if (audio) this.#microphoneId = null;
    if (video) this.#cameraId = null;
    return had;
  }

  async #reopen(source: 'microphone' | 'camera'): Promise<CaptureProblem | null> {
    const old = this.#tracks.get(source);
    const first = capturesOnce(this.#browser) || source === 'camera';
    if (old && first) this.#release(source, old);
    const audio = source === 'microphone';
    const stream = await this.#capture(this.#request(audio, !audio), source);
    if (!(stream instanceof MediaStream)) {
      if (stream.kind === 'missing' && this.#forgetChoice(audio, !audio)) return this.#reopen(source);
      if (old && first && !this.#closed) this.#events.onTrack(source, null);
      return stream;
    }
    if (old && !first) this.#release(source, old);
    this.#take(source, stream.getTracks()[0]);
    return null;
  }

  #request(audio: boolean, video: boolean): MediaStreamConstraints {
    if (audio) this.#soundTaken = this.#soundWish();
    return {
      audio: audio && this.#soundTaken ? microphoneConstraints({ ...this.#soundTaken, deviceId: this.#microphoneId }) : false,
      video: video ? cameraConstraints({ deviceId: this.#cameraId, facing: this.#facing }) : false,
    };
  }

  async #capture(request: MediaStreamConstraints, device: CaptureDevice): Promise<MediaStream | CaptureProblem> {
    if (this.#closed) return { kind: 'dismissed', device };
    const stream = await capture(request, device);
    return this.#closed && stream instanceof MediaStream ? giveBack(stream, device) : stream;
  }

  #take(source: TrackSource, track: MediaStreamTrack | undefined): void {
    if (!track) return;
    const before = this.#tracks.get(source);
    if (before) this.#release(source, before);
    this.#tracks.set(source, track);
    track.onmute = () => {
      this.#events.onInterrupted(source, true);
    };
    track.onunmute = () => {
      this.#events.onInterrupted(source, false);
    };
    track.onended = () => {
      this.#release(source, track);
      this.#events.onTrack(source, null);
      this.#events.onEnded(source, track.label);
    };
    this.#events.onTrack(source, track);
    this.#refreshDevices();
  }

  #release(source: TrackSource, track: MediaStreamTrack): void {
    track.onmute = track.onunmute = track.onended = null;
    track.stop();
    if (this.#tracks.get(source) === track) this.#tracks.delete(source);
  }
}

function deviceOf(audio: boolean, video: boolean): CaptureDevice {
  if (audio && video) return 'both';
  return audio ? 'microphone' : 'camera';
}

/** Granted too late: nobody wants it any more. */
function giveBack(stream: MediaStream, device: CaptureDevice): CaptureProblem {
  for (const track of stream.getTracks()) track.stop();
  return { kind: 'dismissed', device };
}

async function capture(request: MediaStreamConstraints, device: CaptureDevice): Promise<MediaStream | CaptureProblem> {
  if (!hasDevices()) return { kind: 'insecure', device };
  try {
    return await navigator.mediaDevices.getUserMedia(request);
  } catch (error) {
    return captureProblem(error, device);
  }
}

/** `null` where the browser does not tell. */
async function isDenied(name: 'microphone' | 'camera'): Promise<boolean | null> {
  try {
    const status = await navigator.permissions.query({ name: name as PermissionName });
    return status.state === 'denied';
  } catch {
    return null;
  }
}
