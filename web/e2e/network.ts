/** A bad line between the browsers and the server: `impair`, without root. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { builtBinary } from './binaries';

interface LineStats {
  readonly delivered: number;
  readonly lost: number;
}

export interface NetworkStats {
  readonly up: LineStats;
  readonly down: LineStats;
}

export class Network {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  /** Where the clients send to. */
  readonly address: string;

  private constructor(process: ChildProcessWithoutNullStreams, answers: AsyncIterator<string>, address: string) {
    this.#process = process;
    this.#answers = answers;
    this.address = address;
  }

  /** A perfect line to the server's port, until `set` makes it worse. The losses are the same in every run. */
  static async start(serverPort: number): Promise<Network> {
    const child = spawn(builtBinary('impair'), ['127.0.0.1:0', `127.0.0.1:${serverPort}`, 'seed=5']);
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value } = (await answers.next()) as { value: string | undefined };
    const address = /^ready (\S+)$/.exec(value ?? '')?.[1];
    if (address === undefined) throw new Error(`impair said: ${value ?? 'nothing'}`);
    return new Network(child, answers, address);
  }

  /** For example `loss=5 down.delay=30`. */
  async set(settings: string): Promise<void> {
    const answer = await this.#ask(settings);
    if (answer !== 'ok') throw new Error(answer);
  }

  async stats(): Promise<NetworkStats> {
    return JSON.parse(await this.#ask('stats')) as NetworkStats;
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin.end();
    await gone;
  }

  async #ask(line: string): Promise<string> {
    this.#process.stdin.write(`${line}\n`);
    const { value } = (await this.#answers.next()) as { value: string | undefined };
    return value ?? '';
  }
}
