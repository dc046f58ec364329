/** A person whose camera flashes exactly when the microphone clicks, and somebody who notes when both arrive. */
import type { Page } from 'playwright-core';
import { RATE } from './probe';
import { soundingTrackId } from './studio';

type FrameWriter = WritableStreamDefaultWriter<VideoFrame>;
type LipsWindow = Window & {
  flash?: () => void;
  noted?: Noted;
  MediaStreamTrackGenerator?: new (init: { kind: 'video' }) => MediaStreamTrack & { writable: WritableStream<VideoFrame> };
  MediaStreamTrackProcessor?: new (init: { track: MediaStreamTrack }) => { readable: ReadableStream<AudioData> };
  auftaktDebug?: { peerConnection: RTCPeerConnection | null };
};

/** Moments on the receiving page's clock, in milliseconds. */
export interface Noted {
  readonly flashes: number[];
  readonly clicks: number[];
}

/** Before the page opens: camera and microphone are one clapperboard. */
export async function giveClapperboard(page: Page): Promise<void> {
  await page.addInitScript(replaceDevices, RATE);
}

/** Runs in the page. */
function replaceDevices(rate: number): void {
  const lips = window as LipsWindow;
  const Generator = lips.MediaStreamTrackGenerator;
  const Processor = lips.MediaStreamTrackProcessor;
  if (!Generator || !Processor) throw new Error('No way to make frames here.');
  const board = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
  const drawing = board.getContext('2d');
  let camera: FrameWriter | undefined;
  let white = 0;
  const frame = () => {
    if (!drawing || !camera) return;
    drawing.fillStyle = white > 0 ? '#fff' : '#222';
    drawing.fillRect(0, 0, board.width, board.height);
    white -= 1;
    void camera.write(new VideoFrame(board, { timestamp: performance.now() * 1000 })).catch(() => undefined);
  };
  setInterval(frame, 1000 / 30);

  const context = new AudioContext({ sampleRate: rate });
  const out = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
  const silence = new ConstantSourceNode(context, { offset: 0 });
  silence.connect(out);
  silence.start();
  const buffer = new AudioBuffer({ length: rate / 50, sampleRate: rate });
  buffer.copyToChannel(new Float32Array(rate / 50).map((_, i) => 0.8 * Math.sin((2 * Math.PI * 1000 * i) / rate)), 0);
  lips.flash = () => {
    const click = new AudioBufferSourceNode(context, { buffer });
    click.connect(out);
    click.start();
  };
  // The flash waits for the click to leave Web Audio: what both take from here on is what is measured.
  const reader = new Processor({ track: out.stream.clone().getAudioTracks()[0] as MediaStreamTrack }).readable.getReader();
  const wait = async () => {
    for (let quiet = true; ; ) {
      const { value } = await reader.read();
      if (!value) return;
      const block = new Float32Array(value.numberOfFrames);
      value.copyTo(block, { planeIndex: 0, format: 'f32-planar' });
      value.close();
      const silent = block.every((sample) => sample === 0);
      if (quiet && !silent) {
        white = 4;
        frame();
      }
      quiet = silent;
    }
  };
  void wait();

  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = new MediaStream();
    await context.resume();
    if (constraints?.audio) stream.addTrack(out.stream.clone().getAudioTracks()[0] as MediaStreamTrack);
    if (constraints?.video) {
      const track = new Generator({ kind: 'video' });
      camera = track.writable.getWriter();
      stream.addTrack(track);
    }
    return stream;
  };
}

/** From now on flashes seen and clicks heard in the only seat are written down. */
export async function noteArrivals(page: Page): Promise<void> {
  await page.evaluate(startNoting, await soundingTrackId(page));
}

/** Runs in the page. */
function startNoting(trackId: string): void {
  const lips = window as LipsWindow;
  const video = document.querySelector<HTMLVideoElement>('[data-testid="seat"] video');
  const track = lips.auftaktDebug?.peerConnection?.getReceivers().find((receiver) => receiver.track.id === trackId)?.track;
  const Processor = lips.MediaStreamTrackProcessor;
  if (!video || !track || !Processor) throw new Error('Nobody to look at and listen to.');
  const noted: Noted = { flashes: [], clicks: [] };
  lips.noted = noted;

  const eye = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true });
  let bright = false;
  const look: VideoFrameRequestCallback = (_, { expectedDisplayTime }) => {
    eye?.drawImage(video, 0, 0, 8, 8);
    const now = (eye?.getImageData(4, 4, 1, 1).data[0] ?? 0) > 140;
    if (now && !bright) noted.flashes.push(expectedDisplayTime);
    bright = now;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);

  const reader = new Processor({ track: track.clone() }).readable.getReader();
  const listen = async () => {
    let quietUntil = 0;
    for (;;) {
      const { value } = await reader.read();
      if (!value) return;
      const now = performance.now();
      const block = new Float32Array(value.numberOfFrames);
      value.copyTo(block, { planeIndex: 0, format: 'f32-planar' });
      const at = block.findIndex((sample) => Math.abs(sample) > 0.2);
      if (at >= 0 && now > quietUntil) noted.clicks.push(now + (1000 * at) / value.sampleRate);
      if (at >= 0) quietUntil = now + 200;
      value.close();
    }
  };
  void listen();
}

export async function flash(page: Page): Promise<void> {
  await page.evaluate(() => {
    (window as LipsWindow).flash?.();
  });
}

export async function noted(page: Page): Promise<Noted> {
  return page.evaluate(() => (window as LipsWindow).noted ?? { flashes: [], clicks: [] });
}

/** Milliseconds from each click to the flash that belongs to it; positive: the picture is late. */
export function offsets({ flashes, clicks }: Noted, within: number): number[] {
  return clicks.flatMap((click) => {
    const nearest = flashes.map((moment) => moment - click).sort((a, b) => Math.abs(a) - Math.abs(b))[0];
    return nearest !== undefined && Math.abs(nearest) <= within ? [nearest] : [];
  });
}

/** What the browser itself believes: how much later the picture plays than the sound, in milliseconds. */
export async function believedOffset(page: Page): Promise<number | null> {
  return page.evaluate(async () => {
    const pc = (window as LipsWindow).auftaktDebug?.peerConnection;
    const stats = [...((await pc?.getStats()) as unknown as Map<string, Record<string, unknown>>).values()];
    const playout = (wanted: string) =>
      stats.find(({ type, kind, estimatedPlayoutTimestamp }) => {
        return type === 'inbound-rtp' && kind === wanted && estimatedPlayoutTimestamp !== undefined;
      })?.estimatedPlayoutTimestamp;
    const [sound, picture] = [playout('audio'), playout('video')];
    return typeof sound === 'number' && typeof picture === 'number' ? sound - picture : null;
  });
}
