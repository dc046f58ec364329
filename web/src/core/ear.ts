import { measureSamples, MicrophoneWatch } from './level';

const WINDOW = 2048;

/** Listens to one incoming track to tell mono from stereo. Costs a little, so only while somebody looks. */
export class Ear {
  readonly #source: MediaStreamAudioSourceNode;
  readonly #left: AnalyserNode;
  readonly #right: AnalyserNode;
  readonly #watch = new MicrophoneWatch();

  constructor(context: AudioContext, track: MediaStreamTrack) {
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    const splitter = context.createChannelSplitter(2);
    this.#left = new AnalyserNode(context, { fftSize: WINDOW });
    this.#right = new AnalyserNode(context, { fftSize: WINDOW });
    this.#source.connect(splitter);
    splitter.connect(this.#left, 0);
    splitter.connect(this.#right, 1);
  }

  /** One look; what was heard so far. */
  listen(nowMs: number): 'mono' | 'stereo' | null {
    const left = new Float32Array(WINDOW);
    const right = new Float32Array(WINDOW);
    this.#left.getFloatTimeDomainData(left);
    this.#right.getFloatTimeDomainData(right);
    this.#watch.look(measureSamples(left, right), nowMs);
    return this.#watch.channels;
  }

  close(): void {
    this.#source.disconnect();
  }
}
