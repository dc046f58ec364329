import {
  type ClientMessage,
  type ErrorCode,
  type ParticipantId,
  PROTOCOL_VERSION,
  type ServerMessage,
  type SoundProfile,
  type TrackInfo,
  type TrackSource,
} from '../generated/wire';
import { knownCode, severityOf } from './errors';
import { compareMute } from './mutes';
import { type OfferBody, Peer, type PeerSeat } from './peer';
import { ownTracks, reduceRoom, type RoomState } from './room';
import { seatedProfiles, seatsWanted } from './seats';
import { SignalSocket } from './socket';

/** An answer takes milliseconds; after this long the socket is not to be trusted. */
const ANSWER_LIMIT_MS = 6000;
/** A short gap heals by itself; after this long the way is looked for anew. */
const DISCONNECTED_PATIENCE_MS = 1500;
/** An ICE restart that brings nothing within this time is followed by a new peer connection. */
const RESTART_PATIENCE_MS = 6000;
/** The server takes one offer a second when many came before; what came too fast is lost and said again. */
const TOO_FAST_WAIT_MS = 1000;

export type Phase =
  | { readonly kind: 'joining' }
  /** The server took us; sound and picture are on their way. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'reconnecting'; readonly attempt: number }
  | { readonly kind: 'ended'; readonly reason: EndReason };

export type EndReason = { readonly kind: 'left' } | { readonly kind: 'refused'; readonly code: ErrorCode };

export interface SessionEvents {
  onPhase(phase: Phase): void;
  onRoom(room: RoomState, message: ServerMessage): void;
  /** Seats exist or were made anew with a new peer connection: attach their tracks again. */
  onSeats(seats: readonly PeerSeat[]): void;
  /** `by` is `null` when nobody says who: it happened while we were away, or before this page. */
  onMutedBy(source: TrackSource, by: ParticipantId | null): void;
  /** A request was refused, nothing is broken. */
  onRefused(code: ErrorCode): void;
  /** To be kept for a reload of the page. */
  onResume(secret: string): void;
}

export interface SessionOptions {
  readonly url: string;
  readonly token: string;
  readonly name: string;
  readonly profile: SoundProfile;
  readonly resume: string | null;
  readonly events: SessionEvents;
}

interface Published {
  track: MediaStreamTrack;
  muted: boolean;
}

interface PendingOffer {
  readonly id: number;
  resolve(sdp: string): void;
  reject(error: Error): void;
}

/** The server's answer to an offer was an error. */
class OfferRefused extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/**
 * One stay in one room: join → welcome → offer → connected, and back there after every kind of loss. It owns what we
 * send and how it is muted, so that nothing that reconnects can unmute anybody.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #socket: SignalSocket;
  readonly #published = new Map<TrackSource, Published>();
  /** Sources this page muted or unmuted by its own word, heard or not. */
  readonly #said = new Set<TrackSource>();
  #peer: Peer | null = null;
  #room: RoomState | null = null;
  #profile: SoundProfile;
  #resume: string | null;
  #phase: Phase = { kind: 'joining' };
  #offer: PendingOffer | null = null;
  #offerId = 0;
  #welcomed = false;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #offerAgain: ReturnType<typeof setTimeout> | undefined;
  #compareAgain: ReturnType<typeof setTimeout> | undefined;
  /** New peer connections since the last one that worked. */
  #renewals = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#profile = options.profile;
    this.#resume = options.resume;
    this.#socket = new SignalSocket(options.url, {
      onOpen: () => {
        this.#join();
      },
      onMessage: (message) => {
        this.#receive(message);
      },
      onWaiting: (attempt) => {
        this.#socketLost(attempt);
      },
      onShut: (reason) => {
        this.#end({ kind: 'refused', code: knownCode(reason) });
      },
    });
  }

  start(): void {
    this.#socket.open();
  }

  get peerConnection(): RTCPeerConnection | null {
    return this.#peer?.connection ?? null;
  }

  get room(): RoomState | null {
    return this.#room;
  }

  reconnectNow(): void {
    this.#socket.retryNow();
  }

  /** Sends a track, replaces the one of the same source, or stops with `null`. */
  async publish(source: TrackSource, track: MediaStreamTrack | null, muted: boolean): Promise<void> {
    const before = this.#published.get(source);
    if (track) this.#published.set(source, { track, muted });
    else this.#published.delete(source);
    // The offer tells how a new track begins; one that takes another's place comes without an offer.
    if (track && before && before.muted !== muted) this.#sayMuted(source, muted);
    const needsOffer = (await this.#peer?.setTrack(source, track, muted)) ?? false;
    if (needsOffer) this.#negotiate();
  }

  /** The person muted or unmuted, now. */
  setMuted(source: TrackSource, muted: boolean): void {
    const published = this.#published.get(source);
    if (!published || (published.muted === muted && this.#said.has(source))) return;
    published.muted = muted;
    this.#peer?.setMuted(source, muted);
    this.#sayMuted(source, muted);
  }

  /** What is lost on the way is said again when the server next tells how it sees us. */
  #sayMuted(source: TrackSource, muted: boolean): void {
    this.#said.add(source);
    this.#say({ type: 'set_muted', source, muted });
  }

  setProfile(profile: SoundProfile): void {
    if (this.#profile === profile) return;
    this.#profile = profile;
    this.#peer?.setProfile(profile);
    // Not heard now, it is part of the next `join`.
    this.#say({ type: 'set_sound_profile', profile });
    this.#negotiate();
  }

  /** False while the socket is lost: later it could be somebody else who has this number. */
  muteOther(participant: ParticipantId, source: TrackSource): boolean {
    return this.#say({ type: 'mute_other', participant, source });
  }

  /** False while the socket is lost. True is no promise: only the message's echo is. */
  chat(text: string): boolean {
    return this.#say({ type: 'chat', text });
  }

  leave(): void {
    this.#socket.send({ type: 'leave' });
    this.#end({ kind: 'left' });
  }

  /* ------------------------------------------------------------- signalling */

  #say(message: ClientMessage): boolean {
    return this.#socket.isReady && this.#socket.send(message);
  }

  #join(): void {
    this.#socket.send({
      type: 'join',
      version: PROTOCOL_VERSION,
      token: this.#options.token,
      name: this.#options.name,
      sound_profile: this.#profile,
      resume: this.#resume,
    });
  }

  #receive(message: ServerMessage): void {
    if (this.#phase.kind === 'ended') return;
    if (message.type === 'welcome') this.#resume = message.resume;
    const before = this.#room;
    const room = reduceRoom(before, message);
    this.#room = room;
    switch (message.type) {
      case 'welcome':
        this.#events.onResume(message.resume);
        this.#enter(message.resumed);
        break;
      case 'answer':
        if (this.#offer?.id === message.id) this.#offer.resolve(message.sdp);
        break;
      case 'muted_by':
        this.#mutedBy(message.source, message.by);
        break;
      case 'participant_changed':
        this.#compareMutes(ownTracks(room).filter(({ source }) => !ownTracks(before).some((old) => old.source === source)));
        break;
      case 'error':
        this.#refused(message.code, message.id);
        break;
      default:
        break;
    }
    if (room) this.#events.onRoom(room, message);
    if (room && message.type !== 'welcome') this.#fitSeats();
    if (room) this.#peer?.setSeatedProfiles(seatedProfiles(room));
  }

  /** The server knows us (again). What goes on, and what has to be made anew? */
  #enter(resumed: boolean): void {
    this.#socket.ready();
    this.#welcomed = true;
    this.#compareMutes(ownTracks(this.#room));
    const peer = this.#peer;
    if (!resumed || !peer?.isKnown || peer.connection.connectionState === 'failed') {
      void this.#renewPeer();
      return;
    }
    peer.ensureSeats(this.#seatsWanted());
    // The socket was lost, so the network may be another one: look for the way anew; media flows on meanwhile.
    // The same offer tells the mute states of now.
    this.#negotiate('ice_restart');
    if (peer.connection.connectionState === 'connected') this.#setPhase({ kind: 'connected' });
    else this.#watchRestart();
  }

  /** When the server tells of tracks after it may have missed something: are they as muted as we want them? */
  #compareMutes(tracks: readonly TrackInfo[]): void {
    for (const track of tracks) {
      const { source } = track;
      const published = this.#published.get(source);
      if (!published) continue;
      const step = compareMute(track, { muted: published.muted, said: this.#said.has(source) });
      if (step === 'say') this.#sayMuted(source, published.muted);
      else if (step === 'take_over') this.#mutedBy(source, null);
    }
  }

  #mutedBy(source: TrackSource, by: ParticipantId | null): void {
    const published = this.#published.get(source);
    if (published) published.muted = true;
    this.#peer?.setMuted(source, true);
    this.#events.onMutedBy(source, by);
  }

  #refused(code: ErrorCode, id: number | null): void {
    if (id !== null) {
      // An error to an offer that is no longer waited for says nothing about now.
      if (this.#offer?.id === id) this.#offer.reject(new OfferRefused(code));
      return;
    }
    if (code === 'too_fast') this.#sayAgain();
    this.#judge(code);
  }

  #judge(code: ErrorCode): void {
    const severity = severityOf(code);
    if (severity === 'fatal') this.#end({ kind: 'refused', code });
    else if (severity === 'reconnect') this.#socket.restart();
    else if (severity === 'notice') this.#events.onRefused(code);
    else this.#replacePeer();
  }

  /** Nobody knows which message was lost; a mute must not be. */
  #sayAgain(): void {
    clearTimeout(this.#compareAgain);
    this.#compareAgain = setTimeout(() => {
      this.#compareMutes(ownTracks(this.#room));
    }, TOO_FAST_WAIT_MS);
  }

  #socketLost(attempt: number): void {
    this.#offer?.reject(new Error('socket lost'));
    if (!this.#welcomed) {
      this.#setPhase({ kind: 'joining' });
      if (attempt > 1) this.#setPhase({ kind: 'reconnecting', attempt });
      return;
    }
    this.#setPhase({ kind: 'reconnecting', attempt });
  }

  #exchange(body: OfferBody): Promise<string> {
    this.#offer?.reject(new Error('superseded'));
    this.#offerId += 1;
    const id = this.#offerId;
    return new Promise<string>((resolve, reject) => {
      const limit = setTimeout(() => {
        reject(new Error('no answer'));
        this.#socket.restart();
      }, ANSWER_LIMIT_MS);
      const settle = () => {
        clearTimeout(limit);
        if (this.#offer?.id === id) this.#offer = null;
      };
      this.#offer = {
        id,
        resolve: (sdp) => {
          settle();
          resolve(sdp);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (!this.#say({ type: 'offer', id, ...body })) this.#offer.reject(new Error('socket lost'));
    });
  }

  /* ------------------------------------------------------------------ media */

  #seatsWanted(): number {
    const room = this.#room;
    return seatsWanted(room?.participants ?? [], room?.me ?? null, this.#peer?.seats.length ?? 0);
  }

  #fitSeats(): void {
    const peer = this.#peer;
    if (!peer?.ensureSeats(this.#seatsWanted())) return;
    this.#events.onSeats(peer.seats);
    this.#negotiate();
  }

  /** A new peer connection with the same tracks and the same mutes. */
  async #renewPeer(): Promise<void> {
    clearTimeout(this.#watch);
    clearTimeout(this.#offerAgain);
    this.#peer?.close();
    const peer = new Peer({
      kind: this.#room?.kind ?? 'lesson',
      profile: this.#profile,
      exchange: (offer) => this.#exchange(offer),
      onState: (state) => {
        if (this.#peer === peer) this.#peerState(state);
      },
    });
    this.#peer = peer;
    this.#setPhase({ kind: 'starting' });
    await peer.setTracks(this.#published);
    if (this.#peer !== peer) return;
    peer.ensureSeats(this.#seatsWanted());
    this.#events.onSeats(peer.seats);
    this.#negotiate();
    this.#watchRestart();
  }

  /** Offers in the background. A lost socket needs no care here: `welcome` starts it all again. */
  #negotiate(how: 'update' | 'ice_restart' = 'update'): void {
    const peer = this.#peer;
    if (!peer || this.#phase.kind === 'ended') return;
    peer.negotiate(how).catch((error: unknown) => {
      if (this.#peer === peer) this.#offerFailed(error);
    });
  }

  #offerFailed(error: unknown): void {
    if (error instanceof OfferRefused && error.code === 'too_fast') {
      clearTimeout(this.#offerAgain);
      this.#offerAgain = setTimeout(() => {
        this.#negotiate();
      }, TOO_FAST_WAIT_MS);
    } else if (error instanceof OfferRefused) {
      this.#judge(error.code);
    } else if (error instanceof DOMException) {
      // The browser does not take the answer, or its own offer.
      this.#replacePeer();
    }
  }

  /** A new connection may do what this one cannot. One that never worked is replaced in its own time, not at once. */
  #replacePeer(): void {
    if (this.#peer?.isKnown) void this.#renewPeer();
    else this.#watchRestart();
  }

  #peerState(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      clearTimeout(this.#watch);
      this.#renewals = 0;
      if (this.#socket.isReady) this.#setPhase({ kind: 'connected' });
    } else if (state === 'disconnected') {
      this.#socket.doubt();
      clearTimeout(this.#watch);
      this.#watch = setTimeout(() => {
        this.#restartMedia();
      }, DISCONNECTED_PATIENCE_MS);
    } else if (state === 'failed') {
      this.#restartMedia();
    }
  }

  #restartMedia(): void {
    if (this.#phase.kind === 'ended' || !this.#socket.isReady) return;
    this.#setPhase({ kind: 'reconnecting', attempt: 1 });
    this.#negotiate('ice_restart');
    this.#watchRestart();
  }

  /** Looks whether media came; a peer connection that stays dead is replaced. */
  #watchRestart(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (this.#phase.kind === 'ended' || !this.#socket.isReady) return;
      if (this.#peer?.connection.connectionState === 'connected') return;
      this.#renewals += 1;
      this.#setPhase({ kind: 'reconnecting', attempt: this.#renewals });
      void this.#renewPeer();
    }, RESTART_PATIENCE_MS);
  }

  #end(reason: EndReason): void {
    clearTimeout(this.#watch);
    clearTimeout(this.#offerAgain);
    clearTimeout(this.#compareAgain);
    this.#socket.close();
    this.#offer?.reject(new Error('left'));
    this.#peer?.close();
    this.#peer = null;
    this.#setPhase({ kind: 'ended', reason });
  }

  #setPhase(phase: Phase): void {
    if (this.#phase.kind === 'ended') return;
    this.#phase = phase;
    this.#events.onPhase(phase);
  }
}
