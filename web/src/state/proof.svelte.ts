import type { RoomKind } from '../generated/wire';
import { bluetoothMicrophone } from '../core/constraints';
import { Ear } from '../core/ear';
import type { PeerSeat } from '../core/peer';
import { soundDelayMs } from '../core/probe';
import { type Heard, judge, SoundHistory } from '../core/proof';
import { PROFILES } from '../core/profile';
import { SoundSum } from '../core/soundsum';
import { digestStats, sendsTwice, type NetworkFacts, type StatsDigest } from '../core/stats';
import type { Equipment } from './equipment.svelte';
import { concernsSound, unwantedSteps } from './notices';
import type { NetworkProof, Notice, ProcessingProof, Proof, Seat, SoundDirection, Verdict } from './types';

const INTERVAL_MS = 500;
/** A report of a conference's seats is large: while nobody looks, every fourth will do. */
const TURNS_IN_CONFERENCE = 4;
/** On the meter scale: clearly more than room noise. */
const SPEAKING_LEVEL = 0.45;

/** What the proof looks at, told by the lesson. */
export interface ProofSource {
  /** In a lesson everybody is measured; in a conference all who are heard together. */
  readonly kind: RoomKind;
  connection(): RTCPeerConnection | null;
  peerSeats(): readonly PeerSeat[];
  seats(): readonly Seat[];
  notices(): readonly Notice[];
  /** Whom we send to; '' when alone. */
  listenerName(): string;
}

interface Listening {
  readonly history: SoundHistory;
  ear: { readonly trackId: string; readonly ear: Ear } | null;
  channels: 'mono' | 'stereo' | null;
}

/** Measures the sound twice a second and says in one word how it is. */
export class ProofStore implements Proof {
  verdict = $state.raw<Verdict>({ kind: 'measuring' });
  sent = $state.raw<SoundDirection | null>(null);
  received = $state.raw<readonly SoundDirection[]>([]);
  network = $state.raw<NetworkProof>({
    roundTripMs: null,
    jitterBufferMs: null,
    soundMs: null,
    transport: null,
    encrypted: false,
  });
  /** Participants heard right now. */
  speaking = $state.raw<ReadonlySet<number>>(new Set());
  readonly #equipment: Equipment;
  readonly #source: ProofSource;
  readonly #listening = new Map<string, Listening>();
  readonly #timer: ReturnType<typeof setInterval>;
  #sentHistory = new SoundHistory('sent');
  readonly #all = new SoundSum();
  #allHistory = new SoundHistory('received');
  #turn = 0;
  #open = false;
  #busy = false;
  #sendsTwice = false;

  constructor(equipment: Equipment, source: ProofSource) {
    this.#equipment = equipment;
    this.#source = source;
    this.#timer = setInterval(() => {
      void this.#measure();
    }, INTERVAL_MS);
  }

  get warnings(): readonly Notice[] {
    return this.#source.notices().filter(concernsSound);
  }

  get processing(): ProcessingProof {
    const { facts } = this.#equipment;
    return {
      echoCancellation: facts.active.echoCancellation,
      noiseSuppression: facts.active.noiseSuppression,
      automaticGain: facts.active.autoGainControl,
      asWanted: unwantedSteps(facts).length === 0,
      headphones: facts.headphones,
      microphone: facts.microphoneLabel,
      sampleRate: facts.sampleRate,
    };
  }

  setOpen = (open: boolean): void => {
    this.#open = open;
    if (!open) for (const listening of this.#listening.values()) closeEar(listening);
  };

  close(): void {
    clearInterval(this.#timer);
    for (const listening of this.#listening.values()) closeEar(listening);
    this.#listening.clear();
  }

  async #measure(): Promise<void> {
    this.#turn += 1;
    if (this.#source.kind === 'conference' && !this.#open && this.#turn % TURNS_IN_CONFERENCE !== 0) return;
    const connection = this.#source.connection();
    // A slow browser must not pile up reports.
    if (!connection || this.#busy) return;
    this.#busy = true;
    try {
      const report = (await connection.getStats()) as unknown as Map<string, unknown>;
      const track = this.#equipment.media.track('microphone')?.id ?? null;
      this.#sendsTwice = sendsTwice(connection, track);
      this.#take(digestStats(report, track));
    } catch {
      // The connection was closed meanwhile; the next one is measured.
    } finally {
      this.#busy = false;
    }
  }

  #take(digest: StatsDigest): void {
    const sent = this.#takeSent(digest);
    const received = this.#source.kind === 'lesson' ? this.#takeReceived(digest) : this.#takeAll(digest);
    const bufferMs = received[0]?.heard.bufferMs ?? null;
    this.sent = sent && direction('sent', this.#source.listenerName(), sent);
    this.received = received.map(({ key, name, heard }) => direction(key, name, heard));
    this.network = networkProof(digest.network, bufferMs);
    const { facts } = this.#equipment;
    this.verdict = judge({
      sent,
      received: received.map(({ heard }) => heard),
      profile: this.#equipment.profile,
      roundTripMs: digest.network.roundTripMs,
      microphoneSilent: facts.microphoneOn && facts.silentSeconds !== null,
      processingAsWanted: unwantedSteps(facts).length === 0,
      bluetooth: facts.microphoneOn && bluetoothMicrophone(facts.microphoneLabel, facts.sampleRate) !== null,
    });
    const speaking = received.filter(({ heard }) => !heard.muted && heard.level >= SPEAKING_LEVEL);
    this.#setSpeaking(new Set(speaking.map(({ participant }) => participant)));
  }

  #setSpeaking(speaking: ReadonlySet<number>): void {
    const same = speaking.size === this.speaking.size && [...speaking].every((id) => this.speaking.has(id));
    if (!same) this.speaking = speaking;
  }

  #takeSent({ sent }: StatsDigest): Heard | null {
    if (!sent) return null;
    const muted = this.#equipment.microphone.kind !== 'on';
    this.#sentHistory.add(sent, muted, this.#equipment.profile);
    const figures = this.#sentHistory.figures(this.#sendsTwice ? 'twice' : 'once');
    const { channels, sampleRate } = this.#equipment.facts;
    const stereo = PROFILES[this.#equipment.profile].channels === 2;
    const microphoneKhz = sampleRate === null ? 20 : sampleRate / 2000;
    return {
      ...figures,
      muted,
      channels: stereo ? (channels ?? this.#equipment.offeredChannels) : 'mono',
      upToKhz: figures.upToKhz === null ? null : Math.min(figures.upToKhz, microphoneKhz),
    };
  }

  #takeReceived(digest: StatsDigest) {
    const result: { key: string; name: string; participant: number; heard: Heard }[] = [];
    for (const seat of this.#source.seats()) {
      const track = this.#source.peerSeats()[seat.index]?.audio.receiver.track;
      const counters = track && digest.received.get(track.id);
      // Who is away sends nothing, and that says nothing about our own way; coming back, they are measured anew.
      if (seat.stream !== 'main' || seat.participant.microphone === 'none' || !seat.participant.present || !track) continue;
      const muted = seat.participant.microphone === 'off';
      const listening = this.#listeningTo(seat.key);
      if (counters) listening.history.add(counters, muted, seat.participant.soundProfile);
      if (this.#open && !muted) this.#hear(listening, track);
      const figures = listening.history.figures();
      const channels = listening.channels ?? (figures.stereoNegotiated ? 'stereo' : null);
      const { id, name } = seat.participant;
      result.push({ key: seat.key, name, participant: id, heard: { ...figures, muted, channels } });
    }
    this.#forgetWhoLeft(new Set(result.map(({ key }) => key)));
    return result;
  }

  #takeAll(digest: StatsDigest) {
    const heard = this.#source.seats().filter(({ participant }) => participant.microphone === 'on' && participant.present);
    const muted = heard.length === 0;
    const stereo = heard.some(({ participant }) => participant.soundProfile !== 'speech');
    const all = this.#all.add(digest.received);
    if (all) this.#allHistory.add(all, muted, stereo ? 'music' : 'speech');
    const figures = this.#allHistory.figures('once');
    // Nobody is there, or nobody may be heard: nothing is missing.
    if (this.#source.seats().length === 0) return [];
    return [{ key: 'all', name: '', participant: -1, heard: { ...figures, muted, channels: stereo ? 'stereo' : 'mono' } as Heard }];
  }

  #hear(listening: Listening, track: MediaStreamTrack): void {
    const { context } = this.#equipment.audio;
    if (context?.state !== 'running') return;
    if (listening.ear?.trackId !== track.id) {
      closeEar(listening);
      listening.ear = { trackId: track.id, ear: new Ear(context, track) };
    }
    listening.channels = listening.ear?.ear.listen(performance.now()) ?? listening.channels;
  }

  #listeningTo(key: string): Listening {
    const known = this.#listening.get(key);
    if (known) return known;
    const listening: Listening = { history: new SoundHistory('received'), ear: null, channels: null };
    this.#listening.set(key, listening);
    return listening;
  }

  #forgetWhoLeft(here: ReadonlySet<string>): void {
    for (const [key, listening] of this.#listening) {
      if (here.has(key)) continue;
      closeEar(listening);
      this.#listening.delete(key);
    }
  }
}

function closeEar(listening: Listening): void {
  listening.ear?.ear.close();
  listening.ear = null;
}

function direction(key: string, name: string, heard: Heard): SoundDirection {
  const { gaps, tape, muted, bitrateKbps, channels, lostPercent, concealedPercent, upToKhz } = heard;
  return { key, name, gaps, tape, muted, bitrateKbps, channels, lostPercent, concealedPercent, upToKhz };
}

function networkProof(network: NetworkFacts, bufferMs: number | null): NetworkProof {
  const { roundTripMs } = network;
  return {
    ...network,
    jitterBufferMs: bufferMs,
    soundMs: roundTripMs === null ? null : soundDelayMs(roundTripMs, bufferMs),
  };
}
