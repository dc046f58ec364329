import { loadavg } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crowd } from './crowd';
import { COLOURS, giveColouredCamera, Onlooker } from './onlooker';
import { seesAll } from './staff';
import { Person, Server, startChromium, until } from './world';

const ROOM = 'kollegium';
const EVA = 'Eva';
const KOFI = 'Kofi';
const CROWD = 23;
const PAIRS = 25;
const SOUNDS = 6;

describe(`a conference of ${CROWD + 3}`, () => {
  let server: Server;
  let browsers: Browser[];
  let eva: Person;
  let kofi: Person;
  let viewer: Person;

  async function arrive(browser: Browser, role: string, name: string, viewport: { width: number; height: number }, prepare: (page: Page) => Promise<unknown>): Promise<Person> {
    return Person.arrive(browser, await server.link(ROOM, role, name), { viewport, prepare: async (page) => void (await prepare(page)) });
  }
  const give = (colour: string) => (page: Page) => page.addInitScript(giveColouredCamera, { colour, codec: null, width: 640, height: 360, fps: 10 });

  beforeAll(async () => {
    server = await Server.start();
    await server.makeConference(ROOM);
    browsers = [await startChromium(), await startChromium()];
    eva = await arrive(browsers[0]!, 'moderator', EVA, { width: 390, height: 844 }, give(COLOURS.red));
    await eva.join();
    kofi = await arrive(browsers[0]!, 'attendee', KOFI, { width: 390, height: 844 }, give(COLOURS.blue));
    await kofi.join();
    await crowd(browsers[0]!, server, ROOM, CROWD);
    viewer = await arrive(browsers[1]!, 'attendee', 'Mia', { width: 1440, height: 900 }, (page) => page.addInitScript(noteOffers));
    await viewer.join();
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await server.end();
  });

  it('gets 25 pairs of seats and six for sound alone into one page', async () => {
    await until('all seats', async () => (await offers(viewer)).at(-1)?.pictures === PAIRS, 30_000);
    await until('an answer', async () => ((await offers(viewer)).at(-1)?.applyMs ?? null) !== null);
    for (const { bytes, pictures, sounds, makeMs, applyMs, connectedMs } of await offers(viewer)) {
      const connected = connectedMs === null ? '' : `, connected ${connectedMs.toFixed(0)} ms after it`;
      console.log(
        `offer of ${(bytes / 1000).toFixed(0)} kB with ${pictures} pictures and ${sounds} sounds to receive: made in ${makeMs.toFixed(0)} ms, ` +
          `answer applied in ${applyMs?.toFixed(0)} ms${connected}; load average ${loadavg()[0]?.toFixed(1)}`,
      );
    }
    expect((await offers(viewer)).at(-1)).toMatchObject({ pictures: PAIRS, sounds: PAIRS + SOUNDS });
    expect((await viewer.look()).state).toBe('connected');
  });

  it('shows everybody a tile, and plays who has a camera', async () => {
    expect(await viewer.page.locator('[data-testid="seat"], [data-testid="self"]').count()).toBe(25);
    await seesAll(viewer, [EVA, KOFI]);
    await viewer.hears();
  });

  it('is heard also from who is not seen', async () => {
    await viewer.leave();
    const onlooker = await Onlooker.join(browsers[1]!, server, ROOM, { width: 320, height: 180, sounds: 1 });
    const from = await onlooker.watch(KOFI);
    await until('the picture', async () => (await onlooker.framesSince(from)).some(({ colour }) => colour === 'blue'));
    const [before, start] = [await onlooker.heard(), await onlooker.look()];
    // Both play the fake device's beeps.
    await until('both sounds', async () => (await onlooker.heard()).every((energy, seat) => energy > before[seat]! + 1e-6));
    await until('the picture goes on', async () => (await onlooker.look()).framesDecoded > start.framesDecoded);
    expect((await onlooker.framesSince(from + 3_000)).some(({ colour }) => colour === 'red')).toBe(false);
  });

  it('has no fault in any page', () => {
    for (const person of [eva, kofi, viewer]) expect(person.errors).toEqual([]);
  });
});

interface NotedOffer {
  readonly bytes: number;
  readonly pictures: number;
  readonly sounds: number;
  /** `createOffer` and `setLocalDescription`. */
  readonly makeMs: number;
  /** `setRemoteDescription`; `null` while it runs. */
  applyMs: number | null;
  /** From the answer to the connection; `null` for who was connected. */
  connectedMs: number | null;
}

type NotingWindow = Window & { notedOffers?: NotedOffer[] };

async function offers(person: Person): Promise<readonly NotedOffer[]> {
  // Without pictures it is the connection test before joining.
  return person.page.evaluate(() => (window as NotingWindow).notedOffers?.filter(({ pictures }) => pictures > 0) ?? []);
}

/** Runs in the page. */
function noteOffers(): void {
  const noted: NotedOffer[] = [];
  (window as NotingWindow).notedOffers = noted;
  const { createOffer, setLocalDescription, setRemoteDescription } = RTCPeerConnection.prototype;
  let began = 0;
  RTCPeerConnection.prototype.createOffer = async function (this: RTCPeerConnection, options?: RTCOfferOptions) {
    began = performance.now();
    return Reflect.apply(createOffer, this, [options]) as Promise<RTCSessionDescriptionInit>;
  } as typeof createOffer;
  RTCPeerConnection.prototype.setLocalDescription = async function (this: RTCPeerConnection, description?: RTCLocalSessionDescriptionInit) {
    await Reflect.apply(setLocalDescription, this, [description]);
    const sdp = this.localDescription?.sdp ?? '';
    const receiving = (kind: string) => sdp.split('\r\nm=').filter((section) => section.startsWith(kind) && section.includes('a=recvonly')).length;
    noted.push({ bytes: sdp.length, pictures: receiving('video'), sounds: receiving('audio'), makeMs: performance.now() - began, applyMs: null, connectedMs: null });
  } as typeof setLocalDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function (this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
    const offer = noted.at(-1);
    const from = performance.now();
    const connecting = this.connectionState !== 'connected';
    if (offer && connecting) {
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') offer.connectedMs ??= performance.now() - from;
      });
    }
    await Reflect.apply(setRemoteDescription, this, [description]);
    if (offer) offer.applyMs = performance.now() - from;
  } as typeof setRemoteDescription;
}
