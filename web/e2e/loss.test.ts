import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Network } from './network';
import { Pair } from './pair';
import { makeProbe } from './sound/probe';
import { giveMicrophone, play } from './sound/studio';
import { type Look, type Person, Server } from './world';

const LOSS_PERCENT = 5;
const SECONDS = 30;
const CONCEALED_PERCENT = 1.5;
/** Far fewer than are sent; a picture that waits for retransmissions goes on, only less smoothly. */
const FRAMES_PER_SECOND = 10;

describe(`a lesson that loses ${LOSS_PERCENT} % of its packets each way`, () => {
  let server: Server;
  let network: Network;
  let pair: Pair;
  let teacher: Person;
  let student: Person;
  /** Of teacher and student, at the beginning and the end of the bad time. */
  let looks: [Look, Look][];

  beforeAll(async () => {
    ({ server, network } = await Server.startBehindNetwork());
    pair = await Pair.join(server, { teacher: giveMicrophone, student: giveMicrophone });
    ({ teacher, student } = pair);
    for (const person of [teacher, student]) await play(person.page, makeProbe(), 'forever');
    await pair.seeAndHear();
  });

  afterAll(async () => {
    await pair.end();
    await server.end();
    await network.end();
  });

  it('really loses them', async () => {
    await network.set(`loss=${LOSS_PERCENT}`);
    const look = () => Promise.all([teacher.look(), student.look()]);
    const before = { looks: await look(), stats: await network.stats() };
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    const after = { looks: await look(), stats: await network.stats() };
    looks = before.looks.map((first, i) => [first, after.looks[i]!]);
    for (const way of ['up', 'down'] as const) {
      const lost = after.stats[way].lost - before.stats[way].lost;
      const share = (100 * lost) / (lost + after.stats[way].delivered - before.stats[way].delivered);
      console.log(`${way}: ${share.toFixed(1)} % of ${Math.round((100 * lost) / share)} packets lost`);
      expect(share).toBeGreaterThan(LOSS_PERCENT * 0.8);
    }
  });

  it(`makes up at most ${CONCEALED_PERCENT} % of the sound`, () => {
    for (const [before, after] of looks) {
      const share = (100 * (after.concealed - before.concealed)) / (after.samples - before.samples);
      console.log(`concealed: ${share.toFixed(2)} %`);
      expect(share).toBeLessThanOrEqual(CONCEALED_PERCENT);
    }
  });

  it('keeps the picture moving', () => {
    for (const [before, after] of looks) {
      const frames = (1000 * (after.framesDecoded - before.framesDecoded)) / (after.at - before.at);
      console.log(`picture: ${frames.toFixed(1)} frames/s, frozen for ${(after.frozenSeconds - before.frozenSeconds).toFixed(2)} s`);
      expect(frames).toBeGreaterThanOrEqual(FRAMES_PER_SECOND);
    }
  });
});
