/**
 * What one picture's sender may spend: which of its encodings are sent, and what it gives up first. A change reads what the
 * browser has and writes it back (`getParameters`, `setParameters`); two at once would undo each other, so they run one
 * after the other, and only the newest wish counts.
 */
export class Tuning {
  readonly #sender: RTCRtpSender;
  readonly #degradation: RTCDegradationPreference | null;
  /** How many encodings are looked at, from the smallest; `null`: nobody said so far. */
  #layers: number | null = null;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(sender: RTCRtpSender, degradation: RTCDegradationPreference | null) {
    this.#sender = sender;
    this.#degradation = degradation;
  }

  /** At once, and from now on: without an offer, and whatever track is sent. 0 sends nothing and keeps the sender. */
  setLayers(layers: number): Promise<void> {
    this.#layers = layers;
    return this.apply();
  }

  /** Again after an answer: a browser may have made the encodings anew. */
  apply(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      // Some browsers refuse the preference; the layers must not fail with it.
      if (!(await this.#write(this.#degradation)) && this.#degradation) await this.#write(null);
    }
  }

  async #write(degradation: RTCDegradationPreference | null): Promise<boolean> {
    const parameters = this.#sender.getParameters();
    let changed = false;
    const layers = this.#layers;
    if (layers !== null) {
      // Firefox has none before the first answer.
      ((parameters.encodings as RTCRtpEncodingParameters[] | undefined) ?? []).forEach((encoding, index) => {
        const active = index < layers;
        changed ||= (encoding.active ?? true) !== active;
        encoding.active = active;
      });
    }
    if (degradation && parameters.degradationPreference !== degradation) {
      parameters.degradationPreference = degradation;
      changed = true;
    }
    if (!changed) return true;
    try {
      await this.#sender.setParameters(parameters);
      return true;
    } catch {
      return false;
    }
  }
}
