import { setSink } from './audio';

export const SOUND_CHECK_SECONDS = 5;
/** High enough to hear the microphone and not the coder. */
const RECORDING_BPS = 256_000;
/** −50 dBFS: quieter than any instrument, louder than a dead cable. */
const HEARD_PEAK = 0.003;

/** Records what the others would hear; it stays in this page's memory and is gone with it. */
export async function recordSoundCheck(
  context: AudioContext,
  microphone: MediaStreamTrack,
  onSecond: (secondsLeft: number) => void,
  signal: AbortSignal,
): Promise<AudioBuffer | null> {
  const recorder = new MediaRecorder(new MediaStream([microphone]), { audioBitsPerSecond: RECORDING_BPS });
  const parts: Blob[] = [];
  recorder.ondataavailable = (event) => {
    parts.push(event.data);
  };
  const stopped = new Promise<void>((resolve) => {
    recorder.onstop = () => {
      resolve();
    };
  });
  recorder.start();
  for (let left = SOUND_CHECK_SECONDS; left > 0 && !signal.aborted; left -= 1) {
    onSecond(left);
    await pause(1000, signal);
  }
  if (recorder.state !== 'inactive') recorder.stop();
  await stopped;
  if (signal.aborted) return null;
  return context.decodeAudioData(await new Blob(parts, { type: recorder.mimeType }).arrayBuffer());
}

/** False when nothing but silence was recorded. */
export function wasHeard(recording: AudioBuffer): boolean {
  for (let channel = 0; channel < recording.numberOfChannels; channel += 1) {
    if (recording.getChannelData(channel).some((sample) => Math.abs(sample) >= HEARD_PEAK)) return true;
  }
  return false;
}

/** Plays to the end or until aborted. */
export async function playSoundCheck(
  context: AudioContext,
  recording: AudioBuffer,
  speaker: string | null,
  onSecond: (secondsLeft: number) => void,
  signal: AbortSignal,
): Promise<void> {
  await setSink(context, speaker);
  const source = new AudioBufferSourceNode(context, { buffer: recording });
  source.connect(context.destination);
  source.start();
  for (let left = Math.ceil(recording.duration); left > 0 && !signal.aborted; left -= 1) {
    onSecond(left);
    await pause(Math.min(1000, recording.duration * 1000), signal);
  }
  source.stop();
  source.disconnect();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
