import type { OfferedSeat, OfferedTrack, RoomKind, SoundProfile, TrackSource } from '../generated/wire';
import {
  contentHintFor,
  degradationFor,
  type Encoding,
  encodingsFor,
  isSound,
  limitCodecs,
  PICTURES_START_BPS,
  plainEncodings,
} from './encodings';
import { Lips } from './lips';
import { PROFILES } from './profile';
import { applyProfiles, prepareOffer, type SoundSending, startPictures } from './sdp';
import { Tuning } from './tuning';

export interface OfferBody {
  readonly sdp: string;
  readonly tracks: OfferedTrack[];
  readonly seats: OfferedSeat[];
  readonly fresh: boolean;
}

export interface PeerOptions {
  readonly kind: RoomKind;
  readonly profile: SoundProfile;
  /** Sends an offer and gives its answer; rejects when the socket is lost or the server refuses. */
  readonly exchange: (offer: OfferBody) => Promise<string>;
  readonly onState: (state: RTCPeerConnectionState) => void;
}

/** Sound and picture of one seat. Both tracks exist from the start and stay the same whoever sits there. */
export interface PeerSeat {
  readonly audio: RTCRtpTransceiver;
  /** `null`: a seat for somebody who is heard and not seen. */
  readonly video: RTCRtpTransceiver | null;
}

/** How many seats to have: pairs of sound and picture, and after them some for sound alone. */
export interface SeatCounts {
  readonly pictures: number;
  readonly sounds: number;
}

interface Sending {
  readonly transceiver: RTCRtpTransceiver;
  readonly tuning: Tuning;
  track: MediaStreamTrack | null;
  muted: boolean;
}

/** The order of our sections in the first offer: sound first. */
const SEND_ORDER: readonly TrackSource[] = ['microphone', 'camera', 'second_camera', 'screen', 'screen_sound'];

/** The one peer connection of a participant. We always offer, the server always answers: there is no glare. */
export class Peer {
  readonly connection: RTCPeerConnection;
  readonly #options: PeerOptions;
  readonly #sending = new Map<TrackSource, Sending>();
  readonly #seats: PeerSeat[] = [];
  readonly #lips: Lips;
  #profile: SoundProfile;
  #wantsRound = false;
  #wantsRestart = false;
  #running: Promise<void> | null = null;
  #answered = false;
  /** Once and for all: a connection that comes back after a gap never stopped its coders. */
  #connected = false;
  #closed = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#profile = options.profile;
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceServers: [] });
    this.#lips = new Lips(this.connection, this.#seats);
    this.connection.onconnectionstatechange = () => {
      if (this.#closed) return;
      if (this.connection.connectionState === 'connected') this.#letPicturesFlow();
      options.onState(this.connection.connectionState);
    };
  }

  get seats(): readonly PeerSeat[] {
    return this.#seats;
  }

  /** True once the server answered: it knows this connection, and a new offer continues it. */
  get isKnown(): boolean {
    return this.#answered;
  }

  /**
   * Sends `track` as `source`, or nothing with `null`. True when the server must hear of it by an offer; false when the
   * track only took another's place.
   */
  async setTrack(source: TrackSource, track: MediaStreamTrack | null, muted: boolean): Promise<boolean> {
    if (track) this.#hint(source, track);
    const sending = this.#sending.get(source);
    if (!sending) {
      if (track) this.#add(source, track, muted);
      return track !== null;
    }
    const appearsOrGoes = (sending.track === null) !== (track === null);
    sending.track = track;
    sending.muted = muted;
    sending.transceiver.direction = track ? 'sendonly' : 'inactive';
    await sending.transceiver.sender.replaceTrack(this.#flows(source) ? track : null);
    return appearsOrGoes;
  }

  /** Adds several at once in the fixed order. */
  async setTracks(tracks: ReadonlyMap<TrackSource, { track: MediaStreamTrack; muted: boolean }>): Promise<void> {
    for (const source of SEND_ORDER) {
      const entry = tracks.get(source);
      if (entry) await this.setTrack(source, entry.track, entry.muted);
    }
  }

  /** What the next offer says about it; the server is told at once by `set_muted`. */
  setMuted(source: TrackSource, muted: boolean): void {
    const sending = this.#sending.get(source);
    if (sending) sending.muted = muted;
  }

  /** How many of a picture's encodings somebody looks at, from the smallest. */
  setLayers(source: TrackSource, layers: number): void {
    if (!isSound(source)) void this.#sending.get(source)?.tuning.setLayers(layers);
  }

  /**
   * True when seats were added and an offer is due. No seat changes its place: seats for sound alone get their picture
   * when there are to be more pictures, and new ones for sound alone come after them.
   */
  ensureSeats({ pictures, sounds }: SeatCounts): boolean {
    let added = false;
    for (let index = 0; index < pictures; index += 1) {
      const seat = this.#seats[index];
      if (seat?.video) continue;
      this.#seats[index] = { audio: seat?.audio ?? this.#receive('audio'), video: this.#receive('video') };
      added = true;
    }
    while (this.#seats.length < pictures + sounds) {
      this.#seats.push({ audio: this.#receive('audio'), video: null });
      added = true;
    }
    return added;
  }

  setProfile(profile: SoundProfile): void {
    this.#profile = profile;
  }

  /** How the sound in each seat is sent: music waits for a fixed buffer, speech tolerates the browser's stretching. */
  setSeatedProfiles(profiles: readonly (SoundProfile | null)[]): void {
    this.#seats.forEach(({ audio, video }, index) => {
      const profile = profiles[index] ?? null;
      // Safari has no such setting and would just keep an unknown property.
      if (profile === null || !('jitterBufferTarget' in audio.receiver)) return;
      const target = PROFILES[profile].jitterBufferTargetMs;
      if (audio.receiver.jitterBufferTarget === target) return;
      audio.receiver.jitterBufferTarget = target;
      // The picture begins with the same; from then on it is for `Lips` to say.
      if (video) video.receiver.jitterBufferTarget = target;
    });
  }

  /** Offers and applies the answer. Rounds run one after the other; what is asked for meanwhile shares the next one. */
  negotiate(how: 'update' | 'ice_restart' = 'update'): Promise<void> {
    this.#wantsRound = true;
    if (how === 'ice_restart') this.#wantsRestart = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  close(): void {
    this.#closed = true;
    this.#lips.stop();
    this.connection.onconnectionstatechange = null;
    this.connection.close();
  }

  async #run(): Promise<void> {
    while (this.#wantsRound && !this.#closed) {
      this.#wantsRound = false;
      const restart = this.#wantsRestart && this.#answered;
      this.#wantsRestart = false;
      try {
        await this.#round(restart);
      } catch (error) {
        // Whoever tries again must not forget what this round was for.
        this.#wantsRestart ||= restart;
        throw error;
      }
    }
  }

  async #round(iceRestart: boolean): Promise<void> {
    const pc = this.connection;
    const offer = await pc.createOffer({ iceRestart });
    await pc.setLocalDescription({ type: 'offer', sdp: prepareOffer(offer.sdp ?? '') });
    const answer = await this.#options.exchange({
      sdp: pc.localDescription?.sdp ?? '',
      tracks: this.#offeredTracks(),
      seats: this.#offeredSeats(),
      fresh: !this.#answered,
    });
    if (this.#closed) return;
    const sdp = startPictures(applyProfiles(answer, this.#soundSections()), PICTURES_START_BPS);
    await pc.setRemoteDescription({ type: 'answer', sdp });
    this.#answered = true;
    await this.#tuneSenders();
  }

  #add(source: TrackSource, track: MediaStreamTrack, muted: boolean): void {
    const kind = isSound(source) ? 'audio' : 'video';
    const transceiver = this.#send(this.#flows(source) ? track : kind, encodingsFor(source, this.#options.kind));
    limitCodecs(transceiver, kind);
    const tuning = new Tuning(transceiver.sender, degradationFor(source));
    this.#sending.set(source, { transceiver, tuning, track, muted });
  }

  #send(what: MediaStreamTrack | 'audio' | 'video', sendEncodings: Encoding[]): RTCRtpTransceiver {
    try {
      return this.connection.addTransceiver(what, { direction: 'sendonly', sendEncodings });
    } catch {
      return this.connection.addTransceiver(what, { direction: 'sendonly', sendEncodings: plainEncodings(sendEncodings) });
    }
  }

  /**
   * A picture that reaches its coder before there is a connection is shrunk to what 300 kbit/s could carry (Chromium), and
   * grows back only over 15 s.
   */
  #flows(source: TrackSource): boolean {
    return isSound(source) || this.#connected;
  }

  #letPicturesFlow(): void {
    if (this.#connected) return;
    this.#connected = true;
    for (const [source, { transceiver, track }] of this.#sending) {
      // Refused only by a sender that was stopped meanwhile: then there is nothing to send.
      if (track && !isSound(source)) transceiver.sender.replaceTrack(track).catch(() => undefined);
    }
  }

  #receive(kind: 'audio' | 'video'): RTCRtpTransceiver {
    const transceiver = this.connection.addTransceiver(kind, { direction: 'recvonly' });
    limitCodecs(transceiver, kind);
    return transceiver;
  }

  #hint(source: TrackSource, track: MediaStreamTrack): void {
    if (!('contentHint' in track)) return;
    const sound = this.#profile === 'speech' ? 'speech' : 'music';
    track.contentHint = source === 'microphone' ? sound : contentHintFor(source);
  }

  #offeredTracks(): OfferedTrack[] {
    const tracks: OfferedTrack[] = [];
    for (const [source, { transceiver, track, muted }] of this.#sending) {
      if (track && transceiver.mid !== null) tracks.push({ mid: transceiver.mid, source, muted });
    }
    return tracks;
  }

  #offeredSeats(): OfferedSeat[] {
    return this.#seats.flatMap(({ audio, video }) =>
      // All have their mids once there is an offer.
      audio.mid === null ? [] : [{ audio_mid: audio.mid, video_mid: video?.mid ?? null }],
    );
  }

  #soundSections(): Map<string, SoundSending> {
    const sections = new Map<string, SoundSending>();
    for (const [source, { transceiver }] of this.#sending) {
      if (!isSound(source) || transceiver.mid === null) continue;
      const profile = source === 'microphone' ? PROFILES[this.#profile] : PROFILES.music;
      sections.set(transceiver.mid, { ...profile, redundancy: 'red' });
    }
    return sections;
  }

  /**
   * Pictures only: the bitrate of sound stands in the answer (`maxaveragebitrate`). A `maxBitrate` here would count packet
   * headers too, and take 11 kbit/s from the music.
   */
  async #tuneSenders(): Promise<void> {
    for (const [source, { tuning, track }] of this.#sending) {
      if (track && !isSound(source)) await tuning.apply();
    }
  }
}
