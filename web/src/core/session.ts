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
import { OfferRefused, Offers } from './offers';
import { type OfferBody, Peer, type PeerSeat, type SeatCounts } from './peer';
import { ownTracks, reduceRoom, type RoomState } from './room';
import { conferenceSeats, seatedProfiles, seatsWanted, SOUND_SEATS } from './seats';
import { SignalSocket } from './socket';

/** A short gap heals by itself; after this long the way is looked for anew. */
const DISCONNECTED_PATIENCE_MS = 1500;
/** An ICE restart that brings nothing within this time is followed by a new peer connection. */
const RESTART_PATIENCE_MS = 6000;
/** The server takes one offer a second when many came before; what came too fast is lost and said again. */
const TOO_FAST_WAIT_MS = 1000;

export type Phase =
  | { readonly kind: 'joining' }
  /** In front of the door: the server knows us, and somebody inside has to let us in. */
  | { readonly kind: 'waiting'; readonly since: number; readonly hosts: readonly string[] }
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

/** What is said in a room and needs no care: it is done, or refused, or lost with the socket. */
export type RoomMessage = Exclude<
  ClientMessage,
  { type: 'join' | 'offer' | 'set_muted' | 'set_sound_profile' | 'set_view' | 'ping' | 'leave' }
>;

/** What is shown here; see `set_view`. */
export type View = Omit<Extract<ClientMessage, { type: 'set_view' }>, 'type'>;

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
  readonly #offers = new Offers();
  /** Let in at least once. */
  #welcomed = false;
  /** Let in on this socket: before that nothing is said but `join`. */
  #inside = false;
  /** How many tiles there is room for: so many pictures a conference may need. */
  #tiles = 0;
  #view: View | null = null;
  #viewSaid = '';
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

  /** False while the socket is lost: later it could be somebody else who has this number. True is no promise. */
  ask(message: RoomMessage): boolean {
    return this.#say(message);
  }

  /** What is seen here and how large. Said now, and anew after every way back. */
  setView(view: View): void {
    this.#view = view;
    this.#sayView();
  }

  /** Room for so many tiles: a conference gets as many seats as are needed and can be shown. */
  setTiles(tiles: number): void {
    this.#tiles = tiles;
    if (this.#inside) this.#fitSeats();
  }

  leave(): void {
    this.#socket.send({ type: 'leave' });
    this.#end({ kind: 'left' });
  }

  /* ------------------------------------------------------------- signalling */

  #say(message: ClientMessage): boolean {
    return this.#inside && this.#socket.send(message);
  }

  #sayView(): void {
    const text = JSON.stringify(this.#view);
    if (!this.#view || text === this.#viewSaid || !this.#say({ type: 'set_view', ...this.#view })) return;
    this.#viewSaid = text;
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
    if (message.type === 'welcome' || message.type === 'waiting') this.#resume = message.resume;
    const before = this.#room;
    const room = reduceRoom(before, message);
    this.#room = room;
    switch (message.type) {
      case 'welcome':
        this.#events.onResume(message.resume);
        this.#enter(message.resumed);
        break;
      case 'waiting':
        this.#wait(message);
        return;
      case 'answer':
        this.#offers.answered(message.id, message.sdp);
        break;
      case 'send_layers':
        this.#peer?.setLayers(message.source, message.layers);
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

  /** We are not in (any more): what was agreed with the room is void, and so is its picture of us. */
  #wait({ resume, since, hosts }: Extract<ServerMessage, { type: 'waiting' }>): void {
    this.#socket.ready();
    this.#inside = false;
    this.#room = null;
    this.#dropPeer();
    this.#events.onResume(resume);
    this.#setPhase({ kind: 'waiting', since, hosts });
  }

  #dropPeer(): void {
    clearTimeout(this.#watch);
    clearTimeout(this.#offerAgain);
    this.#offers.fail('left');
    this.#peer?.close();
    this.#peer = null;
  }

  /** The server knows us (again). What goes on, and what has to be made anew? */
  #enter(resumed: boolean): void {
    this.#socket.ready();
    this.#welcomed = this.#inside = true;
    this.#viewSaid = '';
    this.#sayView();
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
      this.#offers.refused(id, code);
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
    this.#inside = false;
    this.#offers.fail('socket lost');
    if (!this.#welcomed) {
      this.#setPhase({ kind: 'joining' });
      if (attempt > 1) this.#setPhase({ kind: 'reconnecting', attempt });
      return;
    }
    this.#setPhase({ kind: 'reconnecting', attempt });
  }

  #exchange(body: OfferBody): Promise<string> {
    const send = (id: number) => this.#say({ type: 'offer', id, ...body });
    return this.#offers.exchange(send, () => {
      this.#socket.restart();
    });
  }

  /* ------------------------------------------------------------------ media */

  #seatsWanted(): SeatCounts {
    const room = this.#room;
    const have = this.#peer?.seats.filter(({ video }) => video !== null).length ?? 0;
    if (!room) return { pictures: have, sounds: 0 };
    const { participants, me } = room;
    if (room.kind === 'lesson') return { pictures: seatsWanted(participants, me, have), sounds: 0 };
    return { pictures: conferenceSeats(participants, me, { tiles: this.#tiles, have }), sounds: SOUND_SEATS };
  }

  #fitSeats(): void {
    const peer = this.#peer;
    // A new connection has its own tracks first: its seats come with its first offer.
    if (!peer || peer.seats.length === 0 || !peer.ensureSeats(this.#seatsWanted())) return;
    this.#events.onSeats(peer.seats);
    this.#negotiate();
  }

  /** A new peer connection with the same tracks and the same mutes. */
  async #renewPeer(): Promise<void> {
    this.#dropPeer();
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
      if (this.#inside) this.#setPhase({ kind: 'connected' });
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
    if (this.#phase.kind === 'ended' || !this.#inside) return;
    this.#setPhase({ kind: 'reconnecting', attempt: 1 });
    this.#negotiate('ice_restart');
    this.#watchRestart();
  }

  /** Looks whether media came; a peer connection that stays dead is replaced. */
  #watchRestart(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (this.#phase.kind === 'ended' || !this.#inside) return;
      if (this.#peer?.connection.connectionState === 'connected') return;
      this.#renewals += 1;
      this.#setPhase({ kind: 'reconnecting', attempt: this.#renewals });
      void this.#renewPeer();
    }, RESTART_PATIENCE_MS);
  }

  #end(reason: EndReason): void {
    clearTimeout(this.#compareAgain);
    this.#inside = false;
    this.#socket.close();
    this.#dropPeer();
    this.#setPhase({ kind: 'ended', reason });
  }

  #setPhase(phase: Phase): void {
    if (this.#phase.kind === 'ended') return;
    this.#phase = phase;
    this.#events.onPhase(phase);
  }
}
