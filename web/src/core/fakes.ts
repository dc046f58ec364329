/** Stand-ins for the browser's own objects, for tests of what goes on between them. */
import type { ClientMessage, ServerMessage, Snapshot } from '../generated/wire';

export class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  readonly sent: ClientMessage[] = [];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }

  accept(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The network or the server ends it. */
  break(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {
    this.readyState = 3;
  }

  of<T extends ClientMessage['type']>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.sent.filter((message): message is Extract<ClientMessage, { type: T }> => message.type === type);
  }
}

class FakeTransceiver {
  mid: string | null = null;
  readonly receiver: { track: object; jitterBufferTarget: number | null } = { track: {}, jitterBufferTarget: null };
  readonly sender;
  constructor(
    public direction: string,
    track: unknown,
    public encodings: RTCRtpEncodingParameters[],
  ) {
    this.sender = {
      track,
      replaceTrack: (next: unknown) => {
        this.sender.track = next;
        return Promise.resolve();
      },
      getParameters: () => ({ encodings: this.encodings.map((encoding) => ({ ...encoding })) }),
      setParameters: ({ encodings }: { encodings: RTCRtpEncodingParameters[] }) => {
        this.encodings = encodings;
        return Promise.resolve();
      },
    };
  }
  /** Which encodings are sent. */
  get active(): boolean[] {
    return this.encodings.map(({ active }) => active ?? true);
  }
  setCodecPreferences(): void {
    // The order of codecs plays no part in these tests.
  }
}

export class FakePeerConnection {
  static all: FakePeerConnection[] = [];
  connectionState = 'new';
  onconnectionstatechange: (() => void) | null = null;
  localDescription: { sdp: string } | null = null;
  readonly transceivers: FakeTransceiver[] = [];
  readonly restarts: boolean[] = [];
  closed = false;

  constructor() {
    FakePeerConnection.all.push(this);
  }

  static get last(): FakePeerConnection {
    const pc = FakePeerConnection.all.at(-1);
    if (!pc) throw new Error('no peer connection was made');
    return pc;
  }

  addTransceiver(what: unknown, { direction, sendEncodings }: RTCRtpTransceiverInit): FakeTransceiver {
    const transceiver = new FakeTransceiver(direction ?? 'sendrecv', typeof what === 'string' ? null : what, sendEncodings ?? [{}]);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  createOffer({ iceRestart }: { iceRestart: boolean }): Promise<{ sdp: string }> {
    this.restarts.push(iceRestart);
    return Promise.resolve({ sdp: 'v=0\r\n' });
  }

  setLocalDescription(description: { sdp: string }): Promise<void> {
    this.localDescription = description;
    this.transceivers.forEach((transceiver, index) => (transceiver.mid ??= String(index)));
    return Promise.resolve();
  }

  setRemoteDescription(): Promise<void> {
    return Promise.resolve();
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map());
  }

  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.closed = true;
  }
}

/** How a room is led when nobody changed anything, and what a lesson never has. */
export const PLAIN_ROOM: Pick<Snapshot, 'settings' | 'speakers' | 'lobby'> = {
  settings: { locked: false, screens: 'one', spotlight: null, floor: null },
  speakers: { speaking: [], heard: [] },
  lobby: [],
};

export function fakeTrack(kind: 'audio' | 'video'): MediaStreamTrack {
  return { kind, contentHint: '', enabled: true } as unknown as MediaStreamTrack;
}
