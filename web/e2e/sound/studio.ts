/** A page with a microphone that plays what a test gives it, and an ear that writes down what comes out of a seat. */
import type { Page } from 'playwright-core';
import { RATE, type Stereo } from './probe';

/** Longer than any sound is on its way. */
const ON_THE_WAY_MS = 500;

interface Studio {
  /** What the page asked its microphone for, newest last. */
  readonly asked: MediaTrackConstraints[];
  play(left: Float32Array<ArrayBuffer>, right: Float32Array<ArrayBuffer>, times: 'once' | 'forever'): Promise<void>;
}

interface Recording {
  readonly blocks: Float32Array[];
  stop(): void;
}

type StudioWindow = Window & {
  studio?: Studio;
  recording?: Recording;
  auftaktDebug?: { peerConnection: RTCPeerConnection | null };
  MediaStreamTrackProcessor?: new (init: { track: MediaStreamTrack }) => { readable: ReadableStream<AudioData> };
};

/** Before the page opens: its microphone is ours from now on. Cameras stay what they are. */
export async function giveMicrophone(page: Page): Promise<void> {
  await page.addInitScript(replaceMicrophone, RATE);
}

/** Runs in the page. A fake device would resample: this track is 48 kHz stereo, bit by bit what was given. */
function replaceMicrophone(rate: number): void {
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  const asked: MediaTrackConstraints[] = [];
  let context: AudioContext | undefined;
  let line: GainNode | undefined;
  const open = (): MediaStreamTrack => {
    context ??= new AudioContext({ sampleRate: rate });
    if (!line) {
      line = new GainNode(context);
      // A line with nothing on it any more would stop, not be silent.
      const silence = new ConstantSourceNode(context, { offset: 0 });
      silence.connect(line);
      silence.start();
    }
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
    line.connect(out);
    return out.stream.getAudioTracks()[0] as MediaStreamTrack;
  };
  devices.getUserMedia = async (constraints) => {
    const stream = constraints?.video ? await original({ video: constraints.video }) : new MediaStream();
    if (!constraints?.audio) return stream;
    asked.push(typeof constraints.audio === 'object' ? constraints.audio : {});
    stream.addTrack(open());
    return stream;
  };
  (window as StudioWindow).studio = {
    asked,
    play: (left, right, times) => {
      if (!context || !line) throw new Error('The microphone is not open.');
      const buffer = new AudioBuffer({ length: left.length, numberOfChannels: 2, sampleRate: rate });
      buffer.copyToChannel(left, 0);
      buffer.copyToChannel(right, 1);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(line);
      source.loop = times === 'forever';
      source.start();
      if (source.loop) return Promise.resolve();
      return new Promise((resolve) => {
        source.onended = () => {
          resolve();
        };
      });
    },
  };
}

export async function asked(page: Page): Promise<readonly MediaTrackConstraints[]> {
  return page.evaluate(() => (window as StudioWindow).studio?.asked ?? []);
}

/** Plays into the page's microphone; resolves at the end, or at once where there is none. */
export async function play(page: Page, sound: Stereo, times: 'once' | 'forever' = 'once'): Promise<void> {
  const encode = (samples: Float32Array) =>
    Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
  await page.evaluate(playInPage, { channels: [encode(sound.left), encode(sound.right)], times });
}

/** Runs in the page. */
async function playInPage({ channels, times }: { channels: string[]; times: 'once' | 'forever' }): Promise<void> {
  const samples = channels.map((text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  });
  const [left, right] = samples as [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
  await (window as StudioWindow).studio?.play(left, right, times);
}

/** Writes down what the seat that sounds plays, straight from its track: no mixer and no second clock in between. */
export async function record(page: Page): Promise<{ stop(): Promise<Stereo> }> {
  await page.evaluate(startRecording, await soundingTrackId(page));
  return {
    stop: async () => {
      await page.waitForTimeout(ON_THE_WAY_MS);
      const [left, right] = await page.evaluate(stopRecording);
      return { left: decode(left!), right: decode(right!) };
    },
  };
}

/** The track of the seat that sounds. */
export async function soundingTrackId(page: Page): Promise<string> {
  const id = await page.evaluate(async () => {
    const stats = await (window as StudioWindow).auftaktDebug?.peerConnection?.getStats();
    const entries = [...((stats ?? new Map()) as unknown as Map<string, Record<string, unknown>>).values()];
    return entries.find(({ type, kind, packetsReceived }) => {
      return type === 'inbound-rtp' && kind === 'audio' && (packetsReceived as number) > 0;
    })?.trackIdentifier as string | undefined;
  });
  if (id === undefined) throw new Error('No seat sounds.');
  return id;
}

/** Runs in the page. */
function startRecording(trackId: string): void {
  const studio = window as StudioWindow;
  const receivers = studio.auftaktDebug?.peerConnection?.getReceivers();
  const track = receivers?.find((receiver) => receiver.track.id === trackId)?.track;
  const Processor = studio.MediaStreamTrackProcessor;
  if (!track || !Processor) throw new Error('Nothing to record, or nothing to record with.');
  const reader = new Processor({ track: track.clone() }).readable.getReader();
  const blocks: Float32Array[] = [];
  let running = true;
  studio.recording = {
    blocks,
    stop: () => {
      running = false;
    },
  };
  void (async () => {
    while (running) {
      const { value } = await reader.read();
      if (!value) return;
      for (const plane of [0, 1]) {
        const block = new Float32Array(value.numberOfFrames);
        // A mono track has the same on both sides.
        value.copyTo(block, { planeIndex: Math.min(plane, value.numberOfChannels - 1), format: 'f32-planar' });
        blocks.push(block);
      }
      value.close();
    }
    await reader.cancel();
  })();
}

/** Runs in the page. Both channels as base64. */
function stopRecording(): string[] {
  const recording = (window as StudioWindow).recording;
  recording?.stop();
  return [0, 1].map((channel) => {
    const blocks = (recording?.blocks ?? []).filter((_, i) => i % 2 === channel);
    let text = '';
    for (const block of blocks) text += String.fromCharCode(...new Uint8Array(block.buffer));
    return btoa(text);
  });
}

function decode(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
