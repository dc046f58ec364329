import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Network } from './network';
import { makeProbe } from './sound/probe';
import { giveMicrophone, play } from './sound/studio';
import { type DebugWindow, type Look, Person, Server, startChromium, until } from './world';

const NARROW = 'rate=1000 delay=50 loss=5';
const WIDE = 'rate=0 delay=0 loss=0';
const ADAPTED_MS = 3_000;
const NARROW_MS = 30_000;
/** Ten seconds are promised, and four to eight usual; a machine that codes for three on two cores may take longer. */
const BACK_MS = 30_000;
/** Half of that is aimed at, and usual (benches/README.md); the rest is for what else these two cores have to do. */
const CONCEALED_PERCENT = 4;

/** One of three stands behind a bad line, and nobody else does. */
describe(`a conference seen through ${NARROW}`, () => {
  let server: Server;
  let network: Network;
  let browsers: Browser[];
  let viewer: Person;
  let people: Person[];

  beforeAll(async () => {
    server = await Server.start();
    network = await Network.start(server.port);
    await server.makeConference('kollegium');
    browsers = [await startChromium(), await startChromium()];
    const arrive = async (browser: Browser, role: string, name: string, prepare: (page: Page) => Promise<unknown>) => {
      const person = await Person.arrive(browser, await server.link('kollegium', role, name), { prepare: async (page) => void (await prepare(page)) });
      await person.join();
      return person;
    };
    const leads = await arrive(browsers[0]!, 'moderator', 'Eva', async (page) => {
      await giveMicrophone(page);
      await page.addInitScript(giveRestlessCamera);
    });
    await play(leads.page, makeProbe(), 'forever');
    const silent = await arrive(browsers[0]!, 'attendee', 'Kofi', (page) => page.addInitScript(giveRestlessCamera));
    viewer = await arrive(browsers[1]!, 'attendee', 'Ayşe', (page) => page.addInitScript(goThrough, Number(network.address.split(':')[1])));
    await viewer.byId('toggle-camera').click();
    people = [leads, silent, viewer];
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await network.end();
    await server.end();
  });

  it('begins with everything', async () => {
    const { delivered } = (await network.stats()).down;
    await until('the best of both pictures', async () => (await pictures(viewer)).lines >= FULL_LINES, 30_000);
    expect((await network.stats()).down.delivered).toBeGreaterThan(delivered);
  });

  let before: Look;

  it(`gets what fits within ${ADAPTED_MS} ms`, async () => {
    before = await viewer.look();
    await network.set(NARROW);
    await pause(ADAPTED_MS);
    const first = await pictures(viewer);
    await pause(2_000);
    const second = await pictures(viewer);
    const kbps = ((second.bytes - first.bytes) * 8) / (second.at - first.at);
    console.log(`after ${ADAPTED_MS} ms: ${kbps.toFixed(0)} kbit/s of pictures, ${first.lines} and then ${second.lines} lines together`);
    expect(kbps).toBeLessThan(1000);
    expect(second.frames).toBeGreaterThan(first.frames);
  });

  it('keeps the sound whole and the picture moving meanwhile', async () => {
    await pause(NARROW_MS - ADAPTED_MS);
    const after = await viewer.look();
    const concealed = (100 * (after.concealed - before.concealed)) / (after.samples - before.samples);
    const frames = (1000 * (after.framesDecoded - before.framesDecoded)) / (after.at - before.at);
    console.log(`concealed: ${concealed.toFixed(2)} %; ${frames.toFixed(1)} frames/s, frozen for ${(after.frozenSeconds - before.frozenSeconds).toFixed(1)} s`);
    expect(concealed).toBeLessThanOrEqual(CONCEALED_PERCENT);
    expect(frames).toBeGreaterThan(4);
  });

  it('has everything again when the line is wide', async () => {
    await network.set(WIDE);
    const from = Date.now();
    await until('the best of both pictures', async () => (await pictures(viewer)).lines >= FULL_LINES, BACK_MS);
    console.log(`everything again after ${Date.now() - from} ms`);
    for (const person of people) expect(person.errors).toEqual([]);
  });
});

/** Two pictures of 720 lines each. */
const FULL_LINES = 1440;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Pictures {
  readonly at: number;
  readonly lines: number;
  readonly bytes: number;
  readonly frames: number;
}

/** What arrives of all pictures together. */
async function pictures(person: Person): Promise<Pictures> {
  return person.page.evaluate(async () => {
    const pc = (window as DebugWindow).auftaktDebug?.peerConnection;
    const stats = [...((await pc?.getStats()) as unknown as Map<string, Record<string, unknown>>).values()];
    const incoming = stats.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    const sum = (field: string) => incoming.reduce((total, entry) => total + (typeof entry[field] === 'number' ? entry[field] : 0), 0);
    return { at: performance.now(), lines: sum('frameHeight'), bytes: sum('bytesReceived'), frames: sum('framesDecoded') };
  });
}

/** Runs in the page: its way to the server is another port than the server says. */
function goThrough(port: number): void {
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function (this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
    const sdp = description.sdp?.replace(/(a=candidate:\S+ \d+ udp \d+ \S+ )\d+/gi, `$1${port}`);
    await Reflect.apply(set, this, [{ ...description, sdp }]);
  };
}

/** Runs in the page: a camera whose picture costs as much as a real one's, which fake devices' do not. */
function giveRestlessCamera(): void {
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = constraints?.audio ? await original({ audio: constraints.audio }) : new MediaStream();
    if (!constraints?.video) return stream;
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
    const drawing = canvas.getContext('2d');
    const noise = new ImageData(160, 90);
    setInterval(() => {
      for (let i = 0; i < noise.data.length; i += 1) noise.data[i] = i % 4 === 3 ? 255 : (noise.data[i]! * 3 + Math.random() * 255) / 4;
      void createImageBitmap(noise).then((bitmap) => drawing?.drawImage(bitmap, 0, 0, 1280, 720));
    }, 1000 / 15);
    const [track] = canvas.captureStream(15).getVideoTracks();
    if (track) stream.addTrack(track);
    return stream;
  };
}
