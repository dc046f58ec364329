import type { Processing } from './profile';

/** How the microphone's sound is wanted, whichever microphone it is. */
export interface SoundWish {
  readonly processing: Processing;
  readonly channels: 1 | 2;
}

export interface MicrophoneWish extends SoundWish {
  readonly deviceId: string | null;
}

export type Facing = 'front' | 'back';

export interface CameraWish {
  readonly deviceId: string | null;
  readonly facing: Facing;
}

/** `ideal` everywhere but the chosen device: a microphone with one channel is better than none. */
export function microphoneConstraints(wish: MicrophoneWish): MediaTrackConstraints {
  const constraints: MediaTrackConstraints & { voiceIsolation?: boolean } = {
    ...wish.processing,
    channelCount: { ideal: wish.channels },
    sampleRate: { ideal: 48_000 },
  };
  if (wish.deviceId !== null) constraints.deviceId = { exact: wish.deviceId };
  // Some systems filter everything but the voice by themselves; where it can be asked for, it can be declined.
  if (!wish.processing.noiseSuppression && supports('voiceIsolation')) constraints.voiceIsolation = false;
  return constraints;
}

export function cameraConstraints(wish: CameraWish): MediaTrackConstraints {
  const constraints: MediaTrackConstraints = {
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
  };
  if (wish.deviceId !== null) constraints.deviceId = { exact: wish.deviceId };
  else constraints.facingMode = { ideal: wish.facing === 'front' ? 'user' : 'environment' };
  return constraints;
}

export const SCREEN_OPTIONS: DisplayMediaStreamOptions & { systemAudio: 'include' } = {
  video: { frameRate: { ideal: 15, max: 30 } },
  // A recording that is shared is music like any other.
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 2 } },
  // Chromium offers the sound of a whole screen only when asked to.
  systemAudio: 'include',
};

function supports(constraint: string): boolean {
  try {
    return constraint in navigator.mediaDevices.getSupportedConstraints();
  } catch {
    return false;
  }
}

export interface DeviceEntry {
  readonly id: string;
  readonly label: string;
  readonly facing: Facing | null;
}

export interface DeviceLists {
  readonly microphones: readonly DeviceEntry[];
  readonly cameras: readonly DeviceEntry[];
  readonly speakers: readonly DeviceEntry[];
}

export const NO_DEVICES: DeviceLists = { microphones: [], cameras: [], speakers: [] };

/** Chromium lists the default device twice, under names of its own. */
const ALIASES = ['default', 'communications'];

export function sortDevices(devices: readonly Pick<MediaDeviceInfo, 'deviceId' | 'kind' | 'label'>[]): DeviceLists {
  const of = (kind: MediaDeviceKind): DeviceEntry[] =>
    devices
      // Before permission was given, devices are listed without id: they can be counted, not chosen.
      .filter((device) => device.kind === kind && device.deviceId !== '' && !ALIASES.includes(device.deviceId))
      .map(({ deviceId, label }) => ({ id: deviceId, label, facing: kind === 'videoinput' ? facingOf(label) : null }));
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
}

/** Tablets name their cameras in the system's language. */
export function facingOf(label: string): Facing | null {
  if (/\b(back|rear|environment)\b|rück/i.test(label)) return 'back';
  if (/\b(front|user|facetime)\b|vorder|vorn/i.test(label)) return 'front';
  return null;
}

/** A microphone over Bluetooth, by name or by the telephone's sample rate; `upToKhz` is what is left of the sound. */
export function bluetoothMicrophone(label: string, sampleRate: number | null): { upToKhz: number | null } | null {
  const slow = sampleRate !== null && sampleRate <= 16_000;
  const named = /bluetooth|airpods|hands[- ]?free|headset \(.*(hf|ag)|\bbt\b/i.test(label);
  if (!slow && !named) return null;
  return { upToKhz: slow ? sampleRate / 2000 : null };
}
