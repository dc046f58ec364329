import { levelVerdict, type LevelVerdict, measureSamples, meterValue, MicrophoneWatch } from './level';

/** One look covers as many samples as pass until the next one, so that nothing is overlooked. */
const WINDOW = 2048;
const LOOK_INTERVAL_MS = 42;
/** Meters fall slowly, as a musician expects: per look. */
const FALL = 0.06;
const PEAK_HOLD_MS = 1000;
/** About a second: asking more often helps nobody. */
const LOOKS_BETWEEN_RESUMES = 24;

export interface MeterReading {
  readonly value: number;
  readonly peak: number;
  readonly verdict: LevelVerdict;
}

export const NO_READING: MeterReading = { value: 0, peak: 0, verdict: 'none' };

interface AudioSession {
  type: string;
}

/** The page's one audio context: the local meter, test tones and the sound check. */
export class AudioEngine {
  #context: AudioContext | null = null;
  #closed = false;
  #tap: { source: MediaStreamAudioSourceNode; left: AnalyserNode; right: AnalyserNode } | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #track: MediaStreamTrack | null = null;
  #reading: MeterReading = NO_READING;
  #looksWithoutSound = 0;
  #held = { amplitude: 0, value: 0, until: 0 };
  /** Written anew by every look. */
  readonly #left = new Float32Array(WINDOW);
  readonly #right = new Float32Array(WINDOW);
  readonly #onReading: (reading: MeterReading) => void;
  readonly watch = new MicrophoneWatch();

  constructor(onReading: (reading: MeterReading) => void) {
    this.#onReading = onReading;
  }

  /** Made late: browsers complain about contexts before the first tap. `null` where there is no Web Audio, and once closed. */
  get context(): AudioContext | null {
    if (this.#closed) return null;
    if (!this.#context && typeof AudioContext === 'function') {
      this.#context = new AudioContext({ latencyHint: 'interactive' });
    }
    this.#resume();
    return this.#context;
  }

  /** Browsers suspend a context before the first tap, Safari also interrupts it during a call. */
  #resume(): void {
    if (!this.#context || this.#context.state === 'running' || this.#context.state === 'closed') return;
    void this.#context.resume().catch(() => undefined);
  }

  get reading(): MeterReading {
    return this.#reading;
  }

  /** Meters this microphone from now on; `null` stops. */
  meter(track: MediaStreamTrack | null): void {
    if (this.#closed || track === this.#track) return;
    this.#detach();
    this.#track = track;
    this.watch.reset();
    setAudioSession(track ? 'play-and-record' : 'playback');
    if (!track) {
      this.#publish(NO_READING);
      return;
    }
    const { context } = this;
    if (!context) return;
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const splitter = context.createChannelSplitter(2);
    const left = new AnalyserNode(context, { fftSize: WINDOW });
    const right = new AnalyserNode(context, { fftSize: WINDOW });
    source.connect(splitter);
    splitter.connect(left, 0);
    splitter.connect(right, 1);
    this.#tap = { source, left, right };
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_INTERVAL_MS);
  }

  /** Two soft seconds of a fifth, a musician's way to say "I am here". */
  playTestTone(speaker: string | null): void {
    const { context } = this;
    if (!context) return;
    void setSink(context, speaker);
    [440, 660].forEach((frequency, i) => {
      const gain = new GainNode(context, { gain: 0 });
      const tone = new OscillatorNode(context, { frequency, type: 'sine' });
      tone.connect(gain).connect(context.destination);
      const start = context.currentTime + 0.05 + i * 0.6;
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(0.12, start + 0.05);
      gain.gain.exponentialRampToValueAtTime(0.0005, start + 1.2);
      tone.start(start);
      tone.stop(start + 1.3);
    });
  }

  /** Somebody is at the door: once, soft and short. */
  playChime(speaker: string | null): void {
    const { context } = this;
    if (!context) return;
    void setSink(context, speaker);
    [784, 587].forEach((frequency, i) => {
      const gain = new GainNode(context, { gain: 0 });
      const tone = new OscillatorNode(context, { frequency, type: 'sine' });
      tone.connect(gain).connect(context.destination);
      const start = context.currentTime + 0.02 + i * 0.22;
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(0.05, start + 0.03);
      gain.gain.exponentialRampToValueAtTime(0.0005, start + 0.7);
      tone.start(start);
      tone.stop(start + 0.75);
    });
  }

  /** For good: what was asked of the browser before may still come, and must not wake it. */
  close(): void {
    this.#closed = true;
    this.#detach();
    this.#track = null;
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
    setAudioSession('auto');
  }

  #look(): void {
    const track = this.#track;
    // A suspended context measures zeros, which would look like a dead microphone.
    if (!this.#tap || !track) return;
    if (this.#context?.state !== 'running') {
      this.#looksWithoutSound += 1;
      if (this.#looksWithoutSound % LOOKS_BETWEEN_RESUMES === 0) this.#resume();
      return;
    }
    if (!track.enabled) {
      this.watch.pause();
      this.#publish(NO_READING);
      return;
    }
    this.#tap.left.getFloatTimeDomainData(this.#left);
    this.#tap.right.getFloatTimeDomainData(this.#right);
    const facts = measureSamples(this.#left, this.#right);
    const now = performance.now();
    this.watch.look(facts, now);
    const value = Math.max(meterValue(facts.rms), this.#reading.value - FALL);
    if (facts.peak >= this.#held.amplitude || now > this.#held.until) {
      this.#held = { amplitude: facts.peak, value: meterValue(facts.peak), until: now + PEAK_HOLD_MS };
    }
    const verdict = levelVerdict(this.#held.amplitude, this.watch.silentMs(now), this.#reading.verdict);
    this.#publish({ value, peak: this.#held.value, verdict });
  }

  #publish(reading: MeterReading): void {
    const old = this.#reading;
    if (reading.value === old.value && reading.peak === old.peak && reading.verdict === old.verdict) return;
    this.#reading = reading;
    this.#onReading(reading);
  }

  #detach(): void {
    clearInterval(this.#timer);
    this.#tap?.source.disconnect();
    this.#tap = null;
    this.#held = { amplitude: 0, value: 0, until: 0 };
  }
}

/** Safari routes sound by what the page says it does; elsewhere this does nothing. */
function setAudioSession(type: 'auto' | 'playback' | 'play-and-record'): void {
  const session = (navigator as Navigator & { audioSession?: AudioSession }).audioSession;
  if (!session) return;
  try {
    session.type = type;
  } catch {
    // An older Safari knows fewer types; its own choice is the next best.
  }
}

export async function setSink(
  target: (HTMLMediaElement | AudioContext) & { setSinkId?: (id: string) => Promise<void> },
  speaker: string | null,
): Promise<void> {
  try {
    await target.setSinkId?.(speaker ?? '');
  } catch {
    // The speaker is gone: the system's default plays.
  }
}
