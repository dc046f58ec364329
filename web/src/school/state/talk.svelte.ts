/** Conversations: their list, one of them, and what waits to be read. */
import type { ThreadId } from '../../generated/school';
import type { Api, Refusal } from '../api';
import type { LiveEvent, MessageInfo, ThreadInfo } from '../records';
import { Resource } from './resource.svelte';
import { refusal, Task } from './task.svelte';

export class ThreadsStore {
  readonly threads: Resource<readonly ThreadInfo[]>;

  constructor(api: Api) {
    this.threads = new Resource(() => api.talk.threads());
    void this.threads.load();
  }

  heard({ type }: LiveEvent): void {
    if (type === 'message' || type === 'thread' || type === 'read' || type === 'hello') void this.threads.load();
  }
}

/** A message that is on its way, or did not get there. */
export interface Sending {
  /** The same at every try: what has come already is not written twice. */
  readonly client: string;
  readonly text: string;
  readonly problem: Refusal | null;
}

export class ThreadStore {
  readonly info: Resource<ThreadInfo>;
  /** The oldest first. */
  messages = $state.raw<readonly MessageInfo[]>([]);
  more = $state(false);
  loaded = $state(false);
  problem = $state.raw<Refusal | null>(null);
  sending = $state.raw<readonly Sending[]>([]);
  text = $state('');
  readonly older = new Task();
  readonly #api: Api;
  readonly #id: ThreadId;
  readonly #read: () => void;
  readonly #random: () => string;
  #readUntil = 0;

  constructor(api: Api, id: ThreadId, read: () => void, random: () => string = () => crypto.randomUUID()) {
    this.#api = api;
    this.#id = id;
    this.#read = read;
    this.#random = random;
    this.info = new Resource(() => api.talk.thread(id));
    void this.info.load();
    void this.load();
  }

  load = async (): Promise<void> => {
    this.problem = null;
    try {
      const { messages, more } = await this.#api.talk.messages(this.#id, null);
      if (!this.loaded) this.more = more;
      this.#take(messages);
      this.loaded = true;
      void this.#markRead();
    } catch (error) {
      this.problem = refusal(error);
    }
  };

  loadOlder = (): Promise<boolean> =>
    this.older.run(async () => {
      const { messages, more } = await this.#api.talk.messages(this.#id, this.messages[0]?.sent_at ?? null);
      this.more = more;
      this.#take(messages);
    });

  send = (): void => {
    const text = this.text.trim();
    if (text === '') return;
    this.text = '';
    void this.#deliver({ client: this.#random(), text, problem: null });
  };

  again = (client: string): void => {
    const waiting = this.sending.find((one) => one.client === client);
    if (waiting) void this.#deliver({ ...waiting, problem: null });
  };

  heard(event: LiveEvent): void {
    if (event.type === 'hello') void this.load();
    if (event.type === 'thread' && event.thread_id === this.#id) void this.info.load();
    if (event.type !== 'message' || event.message.thread_id !== this.#id) return;
    this.#take([event.message]);
    void this.#markRead();
  }

  async #deliver(sending: Sending): Promise<void> {
    this.#replace(sending);
    try {
      this.#take([await this.#api.talk.write(this.#id, sending.client, sending.text)]);
      this.sending = this.sending.filter(({ client }) => client !== sending.client);
    } catch (error) {
      this.#replace({ ...sending, problem: refusal(error) });
    }
  }

  #replace(sending: Sending): void {
    const known = this.sending.some(({ client }) => client === sending.client);
    this.sending = known ? this.sending.map((one) => (one.client === sending.client ? sending : one)) : [...this.sending, sending];
  }

  /** Each once, by time: the answer to a message and the news of it come in any order. */
  #take(messages: readonly MessageInfo[]): void {
    const all = new Map([...this.messages, ...messages].map((message) => [message.id, message]));
    this.messages = [...all.values()].sort((a, b) => a.sent_at - b.sent_at);
  }

  async #markRead(): Promise<void> {
    const until = this.messages.at(-1)?.sent_at ?? 0;
    // What lies in a tab behind others was not read; it is when somebody comes back and the list is asked for anew.
    if (until <= this.#readUntil || globalThis.document?.visibilityState === 'hidden') return;
    this.#readUntil = until;
    await this.#api.talk.read(this.#id, until).catch(() => undefined);
    this.#read();
  }
}
