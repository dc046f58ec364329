/** From the wish to see somebody else until the first frame of that person leaves the decoder, without a new offer. */
import { loadavg } from 'node:os';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Network } from '../network';
import { COLOURS, type Colour, giveColouredCamera, Onlooker } from '../onlooker';
import { random } from '../sound/probe';
import { lookAway } from '../staff';
import { Person, Server, startChromium, until } from '../world';

const ROOM = 'kollegium';
const CHANGES = 40;
/** Between two changes, so that none falls into the time after a keyframe in which no other is asked for. */
const APART_MS = [900, 1700] as const;
const CAST: readonly { readonly name: string; readonly colour: Colour; readonly role: string }[] = [
  { name: 'Eva', colour: 'red', role: 'moderator' },
  { name: 'Kofi', colour: 'green', role: 'attendee' },
  { name: 'Mia', colour: 'blue', role: 'attendee' },
];

describe('a seat that changes, VP8', () => {
  let server: Server;
  let network: Network;
  let browsers: Browser[];
  let people: Person[];
  let onlooker: Onlooker;

  beforeAll(async () => {
    server = await Server.start();
    network = await Network.start(server.port);
    await server.makeConference(ROOM);
    browsers = [await startChromium(), await startChromium()];
    people = [];
    for (const { name, colour, role } of CAST) {
      const camera = { colour: COLOURS[colour], codec: null, width: 640, height: 360, fps: 25 };
      const person = await Person.arrive(browsers[0]!, await server.link(ROOM, role, name), {
        viewport: { width: 560, height: 420 },
        prepare: async (page) => void (await page.addInitScript(giveColouredCamera, camera)),
      });
      await person.join();
      people.push(person);
    }
    const mediaPort = Number(network.address.split(':')[1]);
    onlooker = await Onlooker.join(browsers[1]!, server, ROOM, { width: 320, height: 180, mediaPort });
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await network.end();
    await server.end();
  });

  async function measure(what: string): Promise<void> {
    const number = random(1);
    const firsts: number[] = [];
    const gaps: number[] = [];
    const load = [loadavg()[0] ?? 0];
    for (let change = 0; change <= CHANGES; change += 1) {
      const { name, colour } = CAST[change % CAST.length]!;
      const from = await onlooker.watch(name);
      const frames = async () => onlooker.framesSince(from);
      const index = await until(`the picture of ${name}`, async () => ((at) => (at < 0 ? null : { at }))((await frames()).findIndex((frame) => frame.colour === colour)), 30_000);
      const seen = await frames();
      const first = seen[index.at]!.at;
      // The first one is there to begin with: nobody sat there.
      if (change > 0) {
        firsts.push(first - from);
        gaps.push(first - (seen[index.at - 1]?.at ?? from));
      }
      await onlooker.page.waitForTimeout(APART_MS[0] + ((number() + 1) / 2) * (APART_MS[1] - APART_MS[0]));
    }
    load.push(loadavg()[0] ?? 0);
    const { plis, freezes, codec } = await onlooker.look();
    console.log(
      `${what}: first frame after ${figures(firsts)}; without a frame for ${figures(gaps)}; ${firsts.length} changes, ` +
        `${codec}, ${plis} PLI and ${freezes} freezes so far, load average ${load.map((value) => value.toFixed(1)).join(' to ')}`,
    );
  }

  it('of people whom others see as well', () => measure('seen by others'));

  it('with 50 ms of round trip', async () => {
    await network.set('delay=25');
    await measure('seen by others, 50 ms of round trip');
    await network.set('delay=0');
  });

  it('of people whom nobody saw before', async () => {
    for (const person of people) await lookAway(person, true);
    await measure('seen by nobody before');
  });
});

function figures(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return `${at(0.5).toFixed(0)} ms (p95 ${at(0.95).toFixed(0)}, most ${at(1).toFixed(0)})`;
}
