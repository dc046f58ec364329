import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Network } from './network';
import { Pair } from './pair';
import { summary } from './sound/analysis';
import { believedOffset, flash, giveClapperboard, noteArrivals, noted, offsets } from './sound/lips';
import { type Person, Server, until } from './world';

const EVENTS = 15;
const APART_MS = 700;
/** What nobody notices (ITU-R BT.1359: from 45 ms on, when the sound is early). */
const OFFSET_MS = 40;

describe('lips and sound', () => {
  let server: Server;
  let network: Network;
  let pair: Pair;
  let teacher: Person;
  let student: Person;

  beforeAll(async () => {
    ({ server, network } = await Server.startBehindNetwork());
    pair = await Pair.join(server, { teacher: giveClapperboard });
    ({ teacher, student } = pair);
    // The student is there to look and listen.
    await student.byId('toggle-camera').click();
    await until('picture and sound', async () => {
      const { framesDecoded, audioPackets } = await student.look();
      return framesDecoded > 10 && audioPackets > 50;
    });
    await noteArrivals(student.page);
  });

  afterAll(async () => {
    await pair.end();
    await server.end();
    await network.end();
  });

  /** The median over many events, and what the browser believes. */
  async function measure(): Promise<number> {
    const before = await noted(student.page);
    const believed: number[] = [];
    for (let i = 0; i < EVENTS; i += 1) {
      await flash(teacher.page);
      await student.page.waitForTimeout(APART_MS);
      const belief = await believedOffset(student.page);
      if (belief !== null) believed.push(belief);
    }
    const after = await noted(student.page);
    const found = offsets(
      { flashes: after.flashes.slice(before.flashes.length), clicks: after.clicks.slice(before.clicks.length) },
      APART_MS / 2,
    );
    expect(found.length).toBeGreaterThanOrEqual(EVENTS * 0.7);
    const { median } = summary(found);
    console.log(`picture after sound: median ${median.toFixed(0)} ms (${found.length} events); believed ${summary(believed).median.toFixed(0)} ms`);
    return median;
  }

  it(`are at most ${OFFSET_MS} ms apart on a good line`, async () => {
    expect(Math.abs(await measure())).toBeLessThanOrEqual(OFFSET_MS);
  });

  it(`are at most ${OFFSET_MS} ms apart on a long and unsteady one`, async () => {
    await network.set('delay=40 jitter=15');
    expect(Math.abs(await measure())).toBeLessThanOrEqual(OFFSET_MS);
  });
});
