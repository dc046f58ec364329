/** Stand-ins for captured tracks and what opens them, for tests of devices. */
import { vi } from 'vitest';

export class FakeTrack {
  enabled = true;
  muted = false;
  contentHint = '';
  readyState: 'live' | 'ended' = 'live';
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  onended: ((event: Event) => void) | null = null;

  constructor(
    readonly kind: 'audio' | 'video',
    readonly label: string,
    readonly settings: MediaTrackSettings,
  ) {}

  getSettings(): MediaTrackSettings {
    return this.settings;
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** Unplugged, or taken away. */
  end(): void {
    this.readyState = 'ended';
    this.onended?.(new Event('ended'));
  }
}

class FakeStream {
  constructor(readonly tracks: readonly FakeTrack[]) {}
  getTracks() {
    return this.tracks;
  }
  getAudioTracks() {
    return this.tracks.filter(({ kind }) => kind === 'audio');
  }
  getVideoTracks() {
    return this.tracks.filter(({ kind }) => kind === 'video');
  }
}

/** Grants what is asked for at once, or when `grant` is called while `asks` is set. */
export class FakeDevices extends EventTarget {
  readonly tracks: FakeTrack[] = [];
  readonly requests: MediaStreamConstraints[] = [];
  /** Every request waits for `grant`. */
  asks = false;
  /** The name of the error every request fails with. */
  fails: string | null = null;
  readonly waiting: (() => void)[] = [];
  readonly list = [
    { deviceId: 'mic-1', kind: 'audioinput', label: 'Mic 1' },
    { deviceId: 'mic-2', kind: 'audioinput', label: 'Mic 2' },
    { deviceId: 'cam-1', kind: 'videoinput', label: 'Front Camera' },
    { deviceId: 'cam-2', kind: 'videoinput', label: 'Back Camera' },
  ];

  readonly getUserMedia = (request: MediaStreamConstraints) => this.#capture(request);
  readonly getDisplayMedia = (request: MediaStreamConstraints) => this.#capture(request);
  readonly enumerateDevices = () => Promise.resolve(this.list);
  readonly getSupportedConstraints = () => ({});

  /** The person answers the oldest question. */
  grant(): void {
    this.waiting.shift()?.();
  }

  last(kind: 'audio' | 'video'): FakeTrack {
    const track = this.tracks.findLast((candidate) => candidate.kind === kind);
    if (!track) throw new Error(`no ${kind} was captured`);
    return track;
  }

  live(): FakeTrack[] {
    return this.tracks.filter(({ readyState }) => readyState === 'live');
  }

  #capture(request: MediaStreamConstraints): Promise<FakeStream> {
    this.requests.push(request);
    const stream = () => new FakeStream([...this.#tracks('audio', request.audio), ...this.#tracks('video', request.video)]);
    if (this.fails !== null) return Promise.reject(Object.assign(new Error(), { name: this.fails }));
    if (!this.asks) return Promise.resolve(stream());
    return new Promise((resolve) => {
      this.waiting.push(() => {
        resolve(stream());
      });
    });
  }

  #tracks(kind: 'audio' | 'video', wanted: boolean | MediaTrackConstraints | undefined): FakeTrack[] {
    if (wanted === undefined || wanted === false) return [];
    const constraints = wanted === true ? {} : wanted;
    const chosen = (constraints.deviceId as { exact?: string } | undefined)?.exact ?? (kind === 'audio' ? 'mic-1' : 'cam-1');
    const { echoCancellation, noiseSuppression, autoGainControl } = constraints as MediaTrackSettings;
    const settings = { deviceId: chosen, echoCancellation, noiseSuppression, autoGainControl } as MediaTrackSettings;
    const track = new FakeTrack(kind, this.list.find(({ deviceId }) => deviceId === chosen)?.label ?? '', settings);
    this.tracks.push(track);
    return [track];
  }
}

/** Puts the fakes where the page looks for the browser's own. */
export function useFakeDevices(): FakeDevices {
  const devices = new FakeDevices();
  vi.stubGlobal('navigator', { mediaDevices: devices, userAgent: '', maxTouchPoints: 0, onLine: true });
  vi.stubGlobal('MediaStream', FakeStream);
  return devices;
}
