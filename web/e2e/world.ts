/** What browser tests stand on: a real server with data of its own, and people with real browsers. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { builtBinary, REPOSITORY } from './binaries';
import { Network } from './network';

const run = promisify(execFile);

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  });
}

/** This machine's own address that is not loopback. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

export async function until<T>(what: string, look: () => Promise<T | null | false | undefined>, limitMs = 15_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== null && value !== false && value !== undefined) return value;
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One server with its own data directory on a free port; it can be killed and started again. */
export class Server {
  readonly port: number;
  readonly #data: string;
  readonly #mediaArguments: readonly string[];
  #process: ChildProcess | null = null;
  #log = '';

  private constructor(port: number, data: string, mediaArguments: readonly string[]) {
    this.port = port;
    this.#mediaArguments = mediaArguments;
    this.#data = data;
  }

  /** Firefox never pairs its own address with a loopback one: it needs `lan`. */
  static async start(media: 'loopback' | 'lan' = 'loopback'): Promise<Server> {
    const address = media === 'lan' ? ownAddress() : '127.0.0.1';
    return Server.#start(await freePort(), ['--media-address', address]);
  }

  /** Reached only through a line that can be made bad. */
  static async startBehindNetwork(): Promise<{ server: Server; network: Network }> {
    const port = await freePort();
    const network = await Network.start(port);
    return { server: await Server.#start(port, ['--media-candidate', network.address]), network };
  }

  static async #start(port: number, mediaArguments: readonly string[]): Promise<Server> {
    const server = new Server(port, await mkdtemp(path.join(tmpdir(), 'auftakt-e2e-')), mediaArguments);
    await server.up();
    return server;
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  get log(): string {
    return this.#log;
  }

  async up(): Promise<void> {
    const serve = ['serve', '--listen', `127.0.0.1:${this.port}`, ...this.#mediaArguments];
    const child = spawn(builtBinary('auftakt'), ['--data', this.#data, ...serve], { cwd: REPOSITORY });
    const keep = (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-100_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#process = child;
    await until(`the server is up\n${this.#log}`, async () => {
      if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}:\n${this.#log}`);
      const response = await fetch(`${this.origin}/healthz`).catch(() => null);
      return response?.ok;
    });
  }

  /** SIGKILL: nothing is said to anybody. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** Stops the process without ending it: sockets stay open and silent. */
  freeze(frozen: 'frozen' | 'running'): void {
    this.#process?.kill(frozen === 'frozen' ? 'SIGSTOP' : 'SIGCONT');
  }

  /** A join link, made as an operator makes it. */
  async link(room: string, role: string, name: string): Promise<string> {
    const { stdout } = await run(builtBinary('auftakt'), [
      ...['--data', this.#data, 'link', '--room', room, '--role', role, '--name', name],
    ]);
    const url = /https?:\/\/\S+/.exec(stdout)?.[0];
    if (!url) throw new Error(`No link in: ${stdout}`);
    const { pathname, hash } = new URL(url);
    return `${this.origin}${pathname}?debug=1${hash}`;
  }

  /** `link` alone would make a lesson of it. */
  async makeConference(room: string): Promise<void> {
    await run(builtBinary('auftakt'), ['--data', this.#data, 'room', 'create', room, '--kind', 'conference']);
  }

  async end(): Promise<void> {
    await this.kill();
    await rm(this.#data, { recursive: true, force: true });
  }
}

export const CHROMIUM_FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** With fake devices and every permission; `without` takes some of the flags away, `also` adds some. */
export async function startChromium(without: readonly string[] = [], also: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...CHROMIUM_FLAGS.filter((flag) => !without.includes(flag)), ...also],
  });
}

/** What one look at a page's peer connection shows. */
export interface Look {
  readonly at: number;
  readonly state: string;
  readonly framesDecoded: number;
  readonly frozenSeconds: number;
  /** Energy of what was heard (all seats), counted up; relative, only growth matters. */
  readonly heard: number;
  readonly audioPackets: number;
  /** Samples that were made up, silence included. */
  readonly concealed: number;
  readonly samples: number;
  readonly sentBytes: number;
  readonly targetBitrate: number;
  /** Of all pictures sent together, in bit/s. */
  readonly pictureTarget: number;
  readonly pictureBytes: number;
  readonly codecs: readonly string[];
}

/** A page opened with `?debug=1`. */
export type DebugWindow = Window & { auftaktDebug?: { peerConnection: RTCPeerConnection | null } };

/** Somebody with a browser of their own. */
export class Person {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly errors: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // A lost socket is reported by the browser itself; everything else is a fault of ours.
      const expected = /WebSocket connection|ERR_CONNECTION|ERR_EMPTY|ERR_SOCKET/.test(message.text());
      if (message.type() === 'error' && !expected) this.errors.push(message.text());
    });
  }

  /** `prepare` is for what must be there before the page opens. */
  static async arrive(
    browser: Browser,
    link: string,
    { prepare, ...options }: BrowserContextOptions & { readonly prepare?: (page: Page) => Promise<void> } = {},
  ): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 1180, height: 820 }, locale: 'de-DE', ...options });
    const person = new Person(context, await context.newPage());
    await prepare?.(person.page);
    await person.page.goto(link);
    return person;
  }

  /** Kills what runs the page, as a lack of memory does: nothing is said to anybody. */
  async crash(): Promise<void> {
    const crashed = new Promise((resolve) => this.page.once('crash', resolve));
    const devtools = await this.#context.newCDPSession(this.page);
    // Whoever is killed does not answer.
    devtools.send('Page.crash').catch(() => undefined);
    await crashed;
  }

  /** The same person opens the link once more, in a new tab. */
  async openAgain(link: string): Promise<Person> {
    const again = new Person(this.#context, await this.#context.newPage());
    await again.page.goto(link);
    return again;
  }

  byId(id: string) {
    return this.page.getByTestId(id);
  }

  async join(name?: string): Promise<void> {
    await this.byId('join').waitFor();
    if (name !== undefined) await this.byId('name-input').fill(name);
    await this.byId('headphones-yes').click();
    await this.byId('join').click();
    await this.byId('toggle-microphone').waitFor();
    await this.byId('leave').waitFor();
  }

  /** From the page that a reload or leaving brought, with one tap. */
  async comeBack(): Promise<void> {
    await this.byId('rejoin').click();
    await this.byId('toggle-microphone').waitFor();
    await this.byId('leave').waitFor();
  }

  seat(name: string) {
    return this.page.locator(`[data-testid="seat"][data-participant="${name}"]`);
  }

  async look(): Promise<Look> {
    return this.page.evaluate(readPeerConnection);
  }

  /** Waits until picture and sound really come in: decoded frames and audible energy grow. */
  async seesAndHears(limitMs = 15_000): Promise<Look> {
    const before = await this.look();
    return until(
      'picture and sound',
      async () => {
        const now = await this.look();
        const sees = now.framesDecoded >= before.framesDecoded + 10;
        return sees && now.heard > before.heard + 1e-6 ? now : null;
      },
      limitMs,
    );
  }

  async hears(limitMs = 15_000): Promise<void> {
    const before = await this.look();
    await until('sound', async () => (await this.look()).heard > before.heard + 1e-6, limitMs);
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }
}

/** Runs in the page. */
export async function readPeerConnection(): Promise<Look> {
  const debug = (window as DebugWindow).auftaktDebug;
  const pc = debug?.peerConnection;
  const entries = pc ? [...((await pc.getStats()) as unknown as Map<string, Record<string, unknown>>).values()] : [];
  const sum = (type: string, kind: string, field: string) =>
    entries
      .filter((entry) => entry.type === type && entry.kind === kind)
      .reduce((total, entry) => total + (typeof entry[field] === 'number' ? entry[field] : 0), 0);
  return {
    at: Date.now(),
    state: pc?.connectionState ?? 'none',
    framesDecoded: sum('inbound-rtp', 'video', 'framesDecoded'),
    frozenSeconds: sum('inbound-rtp', 'video', 'totalFreezesDuration'),
    heard: sum('inbound-rtp', 'audio', 'totalAudioEnergy'),
    audioPackets: sum('inbound-rtp', 'audio', 'packetsReceived'),
    concealed: sum('inbound-rtp', 'audio', 'concealedSamples'),
    samples: sum('inbound-rtp', 'audio', 'totalSamplesReceived'),
    sentBytes: sum('outbound-rtp', 'audio', 'bytesSent'),
    targetBitrate: sum('outbound-rtp', 'audio', 'targetBitrate'),
    pictureTarget: sum('outbound-rtp', 'video', 'targetBitrate'),
    pictureBytes: sum('outbound-rtp', 'video', 'bytesSent'),
    codecs: entries.filter((entry) => entry.type === 'codec').map((entry) => `${entry.mimeType as string} ${entry.sdpFmtpLine as string}`),
  };
}
