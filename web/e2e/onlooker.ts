/**
 * Somebody who only looks on, with one picture seat: whoever is looked at next has to take the seat of who was there before. The
 * page itself has nine seats, so that in a small conference nobody ever changes place.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { ClientMessage, ServerMessage } from '../src/generated/wire';
import type { Server } from './world';

/** What a camera shows all over, as its U and V (BT.601): noise and coding cannot turn one into another. */
export const COLOURS = { red: '#c00000', green: '#00a000', blue: '#0000c0' } as const;
export type Colour = keyof typeof COLOURS;

/** A frame that left the decoder. */
export interface Frame {
  readonly at: number;
  readonly colour: Colour | null;
}

export interface SeatLook {
  readonly at: number;
  readonly framesDecoded: number;
  readonly freezes: number;
  readonly frozenSeconds: number;
  readonly keyframes: number;
  readonly plis: number;
  readonly codec: string;
}

/** How to look on. */
interface Onlooking {
  /** The size of the picture. */
  readonly width: number;
  readonly height: number;
  /** Another way to the server than it says. */
  readonly mediaPort?: number;
  /** Seats for sound alone, beside the one with a picture. */
  readonly sounds?: number;
  /** Chromium takes AV1's dependency descriptor, but asks for it only when told to. */
  readonly descriptor?: Descriptor;
}

export type Descriptor = 'as_usual' | 'wanted';

interface Eyes {
  readonly connection: RTCPeerConnection;
  readonly frames: Frame[];
  readonly say: (message: ClientMessage) => void;
  readonly idOf: (name: string) => number | undefined;
}

type OnlookerWindow = Window & { onlooking?: Eyes };

/** What `lib.dom` does not know (W3C mediacapture-transform and webrtc-extensions). */
declare const MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack }) => { readonly readable: ReadableStream<VideoFrame> };
interface NegotiatingTransceiver extends RTCRtpTransceiver {
  getHeaderExtensionsToNegotiate(): { readonly uri: string; direction: string }[];
  setHeaderExtensionsToNegotiate(extensions: readonly { readonly uri: string; readonly direction: string }[]): void;
}

export class Onlooker {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #size: { readonly width: number; readonly height: number };

  private constructor(context: BrowserContext, page: Page, size: { readonly width: number; readonly height: number }) {
    this.#context = context;
    this.page = page;
    this.#size = size;
  }

  static async join(browser: Browser, server: Server, room: string, { mediaPort, descriptor, sounds, ...size }: Onlooking): Promise<Onlooker> {
    const token = new URL(await server.link(room, 'attendee', 'Zuschauerin')).hash.slice(1);
    const context = await browser.newContext();
    const page = await context.newPage();
    // Sockets are for the server's own pages.
    await page.goto(`${server.origin}/healthz`);
    await page.evaluate(lookOn, { token, mediaPort: mediaPort ?? null, descriptor: descriptor ?? 'as_usual', sounds: sounds ?? 0 });
    return new Onlooker(context, page, size);
  }

  /** Gives when it was said, by the page's clock. */
  async watch(name: string): Promise<number> {
    return this.page.evaluate(
      ([wantedName, size]) => {
        const onlooking = (window as OnlookerWindow).onlooking;
        const participant = onlooking?.idOf(wantedName);
        if (participant === undefined) throw new Error(`${wantedName} is not there`);
        onlooking?.say({ type: 'set_view', wanted: [{ participant, stream: 'main' }], pinned: 1, sizes: [size] });
        return performance.now();
      },
      [name, this.#size] as const,
    );
  }

  /** All frames since then, the oldest first. */
  async framesSince(at: number): Promise<readonly Frame[]> {
    return this.page.evaluate((from) => (window as OnlookerWindow).onlooking?.frames.filter((frame) => frame.at >= from) ?? [], at);
  }

  async look(): Promise<SeatLook> {
    return this.page.evaluate(async () => {
      const report = await (window as OnlookerWindow).onlooking?.connection.getStats();
      const all = report ? [...(report as unknown as Map<string, Record<string, unknown>>).values()] : [];
      const seat = all.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video') ?? {};
      const number = (field: string) => (typeof seat[field] === 'number' ? seat[field] : 0);
      const codec = all.find(({ id }) => id === seat.codecId)?.mimeType;
      return {
        at: performance.now(),
        framesDecoded: number('framesDecoded'),
        freezes: number('freezeCount'),
        frozenSeconds: number('totalFreezesDuration'),
        keyframes: number('keyFramesDecoded'),
        plis: number('pliCount'),
        codec: typeof codec === 'string' ? codec : '',
      };
    });
  }

  /** Energy of what was heard in each seat, counted up. */
  async heard(): Promise<readonly number[]> {
    return this.page.evaluate(async () => {
      const { connection } = (window as OnlookerWindow).onlooking!;
      const sounds = connection.getTransceivers().filter(({ receiver }) => receiver.track.kind === 'audio');
      const reports = await Promise.all(sounds.map(({ receiver }) => receiver.getStats()));
      return reports.map((report) => {
        const all = [...(report as unknown as Map<string, Record<string, unknown>>).values()];
        const energy = all.find(({ type }) => type === 'inbound-rtp')?.totalAudioEnergy;
        return typeof energy === 'number' ? energy : 0;
      });
    });
  }

  /** Whether frames come with a dependency descriptor. */
  async getsDescriptor(): Promise<boolean> {
    return this.page.evaluate(() => {
      return (window as OnlookerWindow).onlooking?.connection.remoteDescription?.sdp.includes('dependency-descriptor') ?? false;
    });
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }
}

/** Runs in the page. */
async function lookOn({ token, mediaPort, descriptor, sounds }: Required<Omit<Onlooking, 'width' | 'height' | 'mediaPort'>> & { token: string; mediaPort: number | null }): Promise<void> {
  const names = new Map<string, number>();
  const frames: Frame[] = [];
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
  const audio = connection.addTransceiver('audio', { direction: 'recvonly' });
  const video = connection.addTransceiver('video', { direction: 'recvonly' });
  const alone = Array.from({ length: sounds }, () => connection.addTransceiver('audio', { direction: 'recvonly' }));
  // What nobody plays is not decoded.
  for (const { receiver } of [audio, ...alone]) {
    const player = new Audio();
    player.srcObject = new MediaStream([receiver.track]);
    void player.play();
  }
  if (descriptor === 'wanted') askForDescriptor(video as NegotiatingTransceiver);
  const socket = new WebSocket(`ws://${location.host}/signal`);
  const say = (message: ClientMessage) => {
    socket.send(JSON.stringify(message));
  };
  const offer = async () => {
    await connection.setLocalDescription();
    const soundAlone = alone.map(({ mid }) => ({ audio_mid: mid ?? '', video_mid: null }));
    const seats = [{ audio_mid: audio.mid ?? '', video_mid: video.mid }, ...soundAlone];
    say({ type: 'offer', id: 1, sdp: connection.localDescription?.sdp ?? '', tracks: [], seats, fresh: true });
  };
  await new Promise<void>((connected, failed) => {
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === 'connected') connected();
    };
    socket.onclose = ({ reason }) => {
      failed(new Error(`closed: ${reason}`));
    };
    socket.onopen = () => {
      say({ type: 'join', version: 2, token, name: 'Zuschauerin', sound_profile: 'speech', resume: null });
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data as string) as ServerMessage;
      if (message.type === 'welcome') {
        for (const { name, id } of message.snapshot.participants) names.set(name, id);
        void offer();
      }
      if (message.type === 'participant_joined') names.set(message.participant.name, message.participant.id);
      if (message.type === 'answer') {
        const sdp = mediaPort === null ? message.sdp : message.sdp.replace(/(a=candidate:\S+ \d+ udp \d+ \S+ )\d+/gi, `$1${mediaPort}`);
        void connection.setRemoteDescription({ type: 'answer', sdp });
      }
      if (message.type === 'error') failed(new Error(message.code));
    };
  });
  setInterval(() => {
    say({ type: 'ping', id: 1 });
  }, 8_000);
  (window as OnlookerWindow).onlooking = { connection, frames, say, idOf: (name) => names.get(name) };
  void note();

  async function note(): Promise<void> {
    // Not an element: that shows a frame only when the screen has its turn.
    const processor = new MediaStreamTrackProcessor({ track: video.receiver.track });
    const reader = processor.readable.getReader();
    for (;;) {
      const { value: frame } = await reader.read();
      if (!frame) return;
      const at = performance.now();
      frames.push({ at, colour: await colourOf(frame) });
      frame.close();
    }
  }

  function askForDescriptor(transceiver: NegotiatingTransceiver): void {
    const extensions = transceiver.getHeaderExtensionsToNegotiate();
    for (const extension of extensions) if (extension.uri.includes('dependency-descriptor')) extension.direction = 'sendrecv';
    transceiver.setHeaderExtensionsToNegotiate(extensions);
  }

  /** Of the middle of the picture. */
  async function colourOf(frame: VideoFrame): Promise<Colour | null> {
    const rect = { x: (frame.codedWidth >> 2) & ~1, y: (frame.codedHeight >> 2) & ~1, width: 2, height: 2 };
    const bytes = new Uint8Array(frame.allocationSize({ rect }));
    const layout = await frame.copyTo(bytes, { rect });
    const [u = 128, v = 128] = layout.slice(1).map(({ offset }) => bytes[offset]);
    if (v > 170) return 'red';
    if (u > 170) return 'blue';
    return u < 115 && v < 115 ? 'green' : null;
  }
}

/**
 * Runs in the page: a camera of one colour, in which something moves. `codec` alone is offered for what is sent, since the
 * server prefers others.
 */
export function giveColouredCamera({ colour, codec, width, height, fps }: { colour: string; codec: string | null; width: number; height: number; fps: number }): void {
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = constraints?.audio ? await original({ audio: constraints.audio }) : new MediaStream();
    if (!constraints?.video) return stream;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const drawing = canvas.getContext('2d');
    let step = 0;
    setInterval(() => {
      step += 1;
      if (!drawing) return;
      drawing.fillStyle = colour;
      drawing.fillRect(0, 0, width, height);
      drawing.fillStyle = 'white';
      drawing.fillRect((step * 8) % width, (height * 3) / 4, width / 8, height / 8);
    }, 1000 / fps);
    const [track] = canvas.captureStream(fps).getVideoTracks();
    if (track) stream.addTrack(track);
    return stream;
  };
  if (codec === null) return;
  const prefer = RTCRtpTransceiver.prototype.setCodecPreferences;
  RTCRtpTransceiver.prototype.setCodecPreferences = function (this: RTCRtpTransceiver, codecs: RTCRtpCodec[]) {
    const sends = this.direction === 'sendonly' && codecs.some(({ mimeType }) => mimeType === codec);
    Reflect.apply(prefer, this, [sends ? codecs.filter(({ mimeType }) => mimeType === codec || mimeType === 'video/rtx') : codecs]);
  };
}
