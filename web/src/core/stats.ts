/** The counters of one direction of sound at one moment, cut out of a stats report. All but `at` count up. */
export interface SoundCounters {
  readonly at: number;
  readonly bytes: number;
  readonly packets: number;
  readonly lost: number;
  readonly concealedSamples: number;
  readonly concealmentEvents: number;
  readonly samples: number;
  readonly energy: number;
  readonly duration: number;
  readonly bufferDelay: number;
  readonly bufferCount: number;
  readonly fmtp: string;
}

export interface NetworkFacts {
  readonly roundTripMs: number | null;
  readonly transport: 'udp' | 'tcp' | null;
  readonly encrypted: boolean;
}

export interface StatsDigest {
  readonly sent: SoundCounters | null;
  /** By the receiver's track id. */
  readonly received: ReadonlyMap<string, SoundCounters>;
  readonly network: NetworkFacts;
}

type Entry = Record<string, unknown> & { readonly id: string; readonly type: string };

/** Whether the microphone is sent with every frame twice: reports name Opus either way, the sender itself knows. */
export function sendsTwice(connection: RTCPeerConnection, microphoneTrackId: string | null): boolean {
  const sender = connection.getSenders().find(({ track }) => track !== null && track.id === microphoneTrackId);
  // Firefox names no codecs here, and has no redundancy.
  const codecs = sender?.getParameters().codecs as RTCRtpCodecParameters[] | undefined;
  return codecs?.[0]?.mimeType.toLowerCase() === 'audio/red';
}

/** Reads what the sound proof needs; browsers leave out what they do not know, and that counts as zero. */
export function digestStats(report: Iterable<readonly [string, unknown]>, microphoneTrackId: string | null): StatsDigest {
  const entries = new Map<string, Entry>();
  for (const [id, value] of report) entries.set(id, value as Entry);
  const received = new Map<string, SoundCounters>();
  let sent: SoundCounters | null = null;
  for (const entry of entries.values()) {
    if (entry.kind !== 'audio') continue;
    if (entry.type === 'inbound-rtp' && typeof entry.trackIdentifier === 'string') {
      received.set(entry.trackIdentifier, receivedCounters(entry, entries));
    } else if (entry.type === 'outbound-rtp' && sendsMicrophone(entry, entries, microphoneTrackId)) {
      sent = sentCounters(entry, entries);
    }
  }
  return { sent, received, network: networkFacts(entries) };
}

function sendsMicrophone(entry: Entry, entries: ReadonlyMap<string, Entry>, trackId: string | null): boolean {
  const source = lookUp(entries, entry.mediaSourceId);
  return trackId !== null && (source ? source.trackIdentifier === trackId : true);
}

function receivedCounters(entry: Entry, entries: ReadonlyMap<string, Entry>): SoundCounters {
  const codec = lookUp(entries, entry.codecId);
  return {
    at: num(entry.timestamp),
    bytes: num(entry.bytesReceived),
    packets: num(entry.packetsReceived),
    lost: num(entry.packetsLost),
    // "Silent" concealment fills pauses that were meant: mute, an empty seat.
    concealedSamples: num(entry.concealedSamples) - num(entry.silentConcealedSamples),
    concealmentEvents: num(entry.concealmentEvents),
    samples: num(entry.totalSamplesReceived),
    energy: num(entry.totalAudioEnergy),
    duration: num(entry.totalSamplesDuration),
    bufferDelay: num(entry.jitterBufferDelay),
    bufferCount: num(entry.jitterBufferEmittedCount),
    fmtp: fmtpOf(codec),
  };
}

function sentCounters(entry: Entry, entries: ReadonlyMap<string, Entry>): SoundCounters {
  const source = lookUp(entries, entry.mediaSourceId);
  const remote = [...entries.values()].find((e) => e.type === 'remote-inbound-rtp' && e.localId === entry.id);
  return {
    at: num(entry.timestamp),
    bytes: num(entry.bytesSent),
    packets: num(entry.packetsSent),
    lost: num(remote?.packetsLost),
    concealedSamples: 0,
    concealmentEvents: 0,
    samples: 0,
    energy: num(source?.totalAudioEnergy),
    duration: num(source?.totalSamplesDuration),
    bufferDelay: 0,
    bufferCount: 0,
    fmtp: fmtpOf(lookUp(entries, entry.codecId)),
  };
}

function fmtpOf(codec: Entry | undefined): string {
  return typeof codec?.sdpFmtpLine === 'string' ? codec.sdpFmtpLine : '';
}

function networkFacts(entries: ReadonlyMap<string, Entry>): NetworkFacts {
  const all = [...entries.values()];
  const transport = all.find((e) => e.type === 'transport');
  const pair =
    lookUp(entries, transport?.selectedCandidatePairId) ??
    all.find((e) => e.type === 'candidate-pair' && (e.selected === true || (e.nominated === true && e.state === 'succeeded')));
  const protocol = lookUp(entries, pair?.localCandidateId)?.protocol;
  const roundTrip = pair?.currentRoundTripTime;
  return {
    roundTripMs: typeof roundTrip === 'number' ? Math.round(roundTrip * 1000) : null,
    transport: protocol === 'udp' || protocol === 'tcp' ? protocol : null,
    // A pair that carries media of a peer connection is encrypted by definition; Firefox has no transport entry.
    encrypted: transport ? transport.dtlsState === 'connected' : pair !== undefined,
  };
}

function lookUp(entries: ReadonlyMap<string, Entry>, id: unknown): Entry | undefined {
  return typeof id === 'string' ? entries.get(id) : undefined;
}

function num(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
