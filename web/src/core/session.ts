import {
  type ErrorCode,
  type ParticipantId,
  PROTOCOL_VERSION,
  type ServerMessage,
  type SoundProfile,
  type TrackSource,
} from '../generated/wire';
import { severityOf } from './errors';
import { type OfferBody, Peer, type PeerSeat } from './peer';
import { reduceRoom, type RoomState } from './room';
import { seatsWanted } from './seats';
import { SignalSocket } from './socket';

/** An answer takes milliseconds; after this long the socket is not to be trusted. */
const ANSWER_LIMIT_MS = 6000;
/** A short gap heals by itself; after this long the way is looked for anew. */
const DISCONNECTED_PATIENCE_MS = 1500;
/** An ICE restart that brings nothing within this time is followed by a new peer connection. */
const RESTART_PATIENCE_MS = 6000;

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
  /** `by` is `null` when it happened while we were away. */
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

/**
 * One stay in one room: join → welcome → offer → connected, and back there after every kind of loss. It owns what we
 * send and how it is muted, so that nothing that reconnects can unmute anybody.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #socket: SignalSocket;
  readonly #published = new Map<TrackSource, Published>();
  /** Sources the person muted or unmuted while nobody could be told: an offer cannot unmute, only saying so can. */
  readonly #unsaid = new Set<TrackSource>();
  #peer: Peer | null = null;
  #room: RoomState | null = null;
  #profile: SoundProfile;
  #resume: string | null;
  #phase: Phase = { kind: 'joining' };
  #offer: PendingOffer | null = null;
  #offerId = 0;
  #welcomed = false;
  #watch: ReturnType<typeof setTimeout> | undefined;
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
    const needsOffer = (await this.#peer?.setTrack(source, track, muted)) ?? false;
    if (track && (before?.muted ?? true) !== muted) this.#sayMuted(source, muted);
    if (needsOffer) this.#negotiate();
  }

  setMuted(source: TrackSource, muted: boolean): void {
    const published = this.#published.get(source);
    if (!published || published.muted === muted) return;
    published.muted = muted;
    this.#peer?.setMuted(source, muted);
    this.#sayMuted(source, muted);
  }

  #sayMuted(source: TrackSource, muted: boolean): void {
    const said = this.#socket.isReady && this.#socket.sendNow({ type: 'set_muted', source, muted });
    if (said) this.#unsaid.delete(source);
    else this.#unsaid.add(source);
  }

  setProfile(profile: SoundProfile): void {
    if (this.#profile === profile) return;
    this.#profile = profile;
    this.#peer?.setProfile(profile);
    this.#socket.send({ type: 'set_sound_profile', profile });
    this.#negotiate();
  }

  muteOther(participant: ParticipantId, source: TrackSource): void {
    this.#socket.send({ type: 'mute_other', participant, source });
  }

  /** False while the socket is lost: the text stays in the person's field. */
  chat(text: string): boolean {
    return this.#socket.isReady && this.#socket.sendNow({ type: 'chat', text });
  }

  leave(): void {
    this.#socket.sendNow({ type: 'leave' });
    this.#end({ kind: 'left' });
  }

  /* ------------------------------------------------------------- signalling */

  #join(): void {
    this.#socket.sendNow({
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
    const room = reduceRoom(this.#room, message);
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
      case 'error':
        this.#refused(message.code, message.id);
        break;
      default:
        break;
    }
    if (room) this.#events.onRoom(room, message);
    if (room && message.type !== 'welcome') this.#fitSeats();
  }

  /** The server knows us (again). What goes on, and what has to be made anew? */
  #enter(resumed: boolean): void {
    this.#socket.ready();
    this.#welcomed = true;
    this.#reconcileMutes();
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

  /** What happened to our mutes while we were away: a moderator's holds, our own is said now. */
  #reconcileMutes(): void {
    const me = this.#room?.participants.find((participant) => participant.id === this.#room?.me);
    for (const track of me?.tracks ?? []) {
      const published = this.#published.get(track.source);
      if (!track.muted_by_other || !published || published.muted) continue;
      this.#unsaid.delete(track.source);
      this.#mutedBy(track.source, null);
    }
    for (const source of [...this.#unsaid]) {
      const published = this.#published.get(source);
      this.#unsaid.delete(source);
      if (published) this.#sayMuted(source, published.muted);
    }
  }

  #mutedBy(source: TrackSource, by: ParticipantId | null): void {
    const published = this.#published.get(source);
    if (published) published.muted = true;
    this.#peer?.setMuted(source, true);
    this.#events.onMutedBy(source, by);
  }

  #refused(code: ErrorCode, id: number | null): void {
    const severity = severityOf(code);
    if (id !== null && this.#offer?.id === id) {
      this.#offer.reject(new Error(code));
      return;
    }
    if (severity === 'fatal') this.#end({ kind: 'refused', code });
    else if (severity === 'reconnect') this.#socket.restart();
    else if (severity === 'notice') this.#events.onRefused(code);
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
      const sent = this.#socket.isReady && this.#socket.sendNow({ type: 'offer', id, ...body });
      if (!sent) this.#offer.reject(new Error('socket lost'));
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
      const refused = error instanceof Error && error.message === 'offer_refused';
      const broken = error instanceof DOMException;
      if (this.#peer === peer && (refused || broken)) this.#watchRestart();
    });
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
