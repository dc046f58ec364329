import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLOURS, type Colour, giveColouredCamera, Onlooker } from './onlooker';
import { type DebugWindow, Person, Server, startChromium, until } from './world';

const ROOM = 'kollegium';
const CHANGES = 6;
/** So many frames behind: with its numbers passed on as they are, the second source is unseen for a quarter of a minute. */
const AHEAD_FRAMES = 150;
const SEEN_WITHIN_MS = 5_000;
const FROZEN_SECONDS = 2;
const FRAMES_BEFORE_THE_NEXT = 20;

/** Frame numbers of AV1 stand in its dependency descriptor, and a receiver drops what is numbered below what it has seen. */
describe.each(['wanted', 'as_usual'] as const)('a seat that changes between two who send AV1, dependency descriptor %s', (descriptor) => {
  let server: Server;
  let browsers: Browser[];
  let eva: Person;
  let kofi: Person;
  let onlooker: Onlooker;

  async function arrive(browser: Browser, role: string, name: string, colour: Colour): Promise<Person> {
    const camera = { colour: COLOURS[colour], codec: 'video/AV1', width: 640, height: 360, fps: 10 };
    const prepare = async (page: Person['page']) => void (await page.addInitScript(giveColouredCamera, camera));
    // Small: what the two show each other costs these cores only time.
    const viewport = { width: 390, height: 844 };
    const person = await Person.arrive(browser, await server.link(ROOM, role, name), { viewport, prepare });
    await person.join();
    return person;
  }

  beforeAll(async () => {
    server = await Server.start();
    await server.makeConference(ROOM);
    browsers = [await startChromium(), await startChromium()];
    eva = await arrive(browsers[0]!, 'moderator', 'Eva', 'red');
    onlooker = await Onlooker.join(browsers[1]!, server, ROOM, { width: 320, height: 180, descriptor });
    await onlooker.watch('Eva');
    await until(`${AHEAD_FRAMES} frames`, async () => (await encoded(eva)).frames >= AHEAD_FRAMES, 90_000);
    kofi = await arrive(browsers[0]!, 'attendee', 'Kofi', 'blue');
    await until('a second camera', async () => (await encoded(kofi)).frames > 0, 30_000);
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await server.end();
  });

  it('really has AV1 on both sides', async () => {
    for (const person of [eva, kofi]) expect((await encoded(person)).codec).toBe('video/AV1');
    expect((await onlooker.look()).codec).toBe('video/AV1');
    expect(await onlooker.getsDescriptor()).toBe(descriptor === 'wanted');
  });

  it('shows whoever sits there, each time', async () => {
    const waits: number[] = [];
    const before = await onlooker.look();
    for (let change = 1; change <= CHANGES; change += 1) {
      const [name, colour] = change % 2 === 1 ? ['Kofi', 'blue'] : ['Eva', 'red'];
      const from = await onlooker.watch(name!);
      const of = async () => (await onlooker.framesSince(from)).filter((frame) => frame.colour === colour);
      const [first] = await until(`the picture of ${name}, change ${change}`, async () => ((frames) => frames.length > 0 && frames)(await of()), SEEN_WITHIN_MS);
      waits.push((first?.at ?? Infinity) - from);
      const { framesDecoded } = await onlooker.look();
      await until('it goes on', async () => (await of()).length >= FRAMES_BEFORE_THE_NEXT, 10_000);
      await until('frames are decoded', async () => (await onlooker.look()).framesDecoded > framesDecoded, 5_000);
    }
    const after = await onlooker.look();
    const frozen = after.frozenSeconds - before.frozenSeconds;
    console.log(`first frames after ${waits.map((ms) => ms.toFixed(0)).join(', ')} ms; frozen for ${frozen.toFixed(2)} s, ${after.plis - before.plis} PLI`);
    expect(frozen).toBeLessThan(FROZEN_SECONDS);
  });

  it('has no fault in any page', () => {
    for (const person of [eva, kofi]) expect(person.errors).toEqual([]);
  });
});

async function encoded(person: Person): Promise<{ frames: number; codec: string }> {
  return person.page.evaluate(async () => {
    const report = await (window as DebugWindow).auftaktDebug?.peerConnection?.getStats();
    const all = report ? [...(report as unknown as Map<string, Record<string, unknown>>).values()] : [];
    const sent = all.filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
    const codec = all.find(({ id }) => sent.some(({ codecId }) => codecId === id))?.mimeType;
    return {
      frames: Math.max(0, ...sent.map(({ framesEncoded }) => (typeof framesEncoded === 'number' ? framesEncoded : 0))),
      codec: typeof codec === 'string' ? codec : '',
    };
  });
}
