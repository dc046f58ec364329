import { describe, expect, it } from 'vitest';
import { Tuning } from './tuning';

/** Takes a change only when it was read after the last one, as the standard wants it. */
class FakeSender {
  encodings: RTCRtpEncodingParameters[];
  preference: string | undefined;
  refuses: 'preference' | null = null;
  writes = 0;
  #read = 0;
  #version = 0;

  constructor(layers: number) {
    this.encodings = Array.from({ length: layers }, () => ({ active: true }));
  }

  getParameters() {
    this.#read = this.#version;
    return { encodings: this.encodings.map((encoding) => ({ ...encoding })), degradationPreference: this.preference };
  }

  async setParameters(parameters: { encodings: RTCRtpEncodingParameters[]; degradationPreference?: string }): Promise<void> {
    this.writes += 1;
    if (this.#read !== this.#version) throw new Error('InvalidStateError');
    if (this.refuses && parameters.degradationPreference) throw new Error('NotSupportedError');
    this.#version += 1;
    await Promise.resolve();
    this.encodings = parameters.encodings;
    this.preference = parameters.degradationPreference;
  }

  get active() {
    return this.encodings.map(({ active }) => active);
  }
}

const tuning = (sender: FakeSender) => new Tuning(sender as unknown as RTCRtpSender, 'balanced');

describe('what a sender sends', () => {
  it('is the layers somebody looks at, from the smallest', async () => {
    const sender = new FakeSender(3);
    const t = tuning(sender);
    await t.setLayers(1);
    expect(sender.active).toEqual([true, false, false]);
    await t.setLayers(0);
    expect(sender.active).toEqual([false, false, false]);
    await t.setLayers(3);
    expect(sender.active).toEqual([true, true, true]);
  });

  it('is all or nothing where there is one encoding', async () => {
    const sender = new FakeSender(1);
    const t = tuning(sender);
    await t.setLayers(0);
    expect(sender.active).toEqual([false]);
    await t.setLayers(2);
    expect(sender.active).toEqual([true]);
  });

  it('follows the newest of many wishes', async () => {
    const sender = new FakeSender(3);
    const t = tuning(sender);
    await Promise.all([t.setLayers(0), t.setLayers(2), t.apply(), t.setLayers(1)]);
    expect(sender.active).toEqual([true, false, false]);
    expect(sender.preference).toBe('balanced');
  });

  it('stays when the browser made the encodings anew', async () => {
    const sender = new FakeSender(3);
    const t = tuning(sender);
    await t.setLayers(1);
    sender.encodings = [{ active: true }, { active: true }, { active: true }];
    await t.apply();
    expect(sender.active).toEqual([true, false, false]);
  });

  it('writes nothing that is so already, and does not need the preference', async () => {
    const sender = new FakeSender(2);
    const t = tuning(sender);
    await t.setLayers(2);
    const { writes } = sender;
    await t.apply();
    expect(sender.writes).toBe(writes);
    const old = new FakeSender(2);
    old.refuses = 'preference';
    await tuning(old).setLayers(1);
    expect(old.active).toEqual([true, false]);
  });
});
