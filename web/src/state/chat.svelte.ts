import type { ChatMessage, ErrorCode } from '../generated/wire';
import type { Chat, ChatLine, ChatPartner } from './types';

/** As the server counts (signaling). */
const CHAT_MAX = 2000;

/** Ids count from one again after a restart of the server: alone they do not tell two lines apart. */
const keyOf = ({ id, sent_at, text }: ChatMessage): string => JSON.stringify([id, sent_at, text]);

export class ChatStore implements Chat {
  lines = $state.raw<readonly ChatLine[]>([]);
  unread = $state(0);
  problem = $state.raw<Chat['problem']>(null);
  to = $state.raw<ChatPartner | null>(null);
  draft = $state('');
  #open = false;
  #chat: readonly ChatMessage[] = [];
  #known: ReadonlySet<string> = new Set();
  #seen: ReadonlySet<string> = new Set();
  /** The message that was posted and has not come back. */
  #settle: ((taken: boolean) => void) | null = null;
  #people: readonly ChatPartner[] = [];
  readonly #post: (text: string, to: number | null) => boolean;

  constructor(post: (text: string, to: number | null) => boolean) {
    this.#post = post;
  }

  send = (text: string): Promise<boolean> => {
    const trimmed = text.trim();
    if (trimmed === '' || this.#settle) return Promise.resolve(false);
    if ([...trimmed].length > CHAT_MAX) this.problem = 'too_long';
    else if (this.#isGone) this.problem = 'gone';
    else this.problem = this.#post(trimmed, this.to?.id ?? null) ? null : 'not_connected';
    if (this.problem) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  };

  write = (text: string): void => {
    this.draft = text;
  };

  setTo = (participant: number | null): void => {
    this.to = this.#people.find(({ id }) => id === participant) ?? null;
    if (this.problem === 'gone') this.problem = null;
  };

  /** Who is here, so that nothing is written to somebody who is not. */
  takePeople(people: readonly ChatPartner[]): void {
    this.#people = people.map(({ id, name }) => ({ id, name }));
    if (this.#isGone) this.#settled('gone');
  }

  setOpen = (open: boolean): void => {
    this.#open = open;
    if (open) this.#markSeen();
  };

  /**
   * A `snapshot` is told after coming back: what is not in it was lost on the way. Returns what was just said to somebody who
   * does not see the chat.
   */
  take(chat: readonly ChatMessage[], me: number, how: 'snapshot' | 'line'): ChatLine | null {
    if (chat === this.#chat) return null;
    const echoed = chat.some((message) => message.from === me && !this.#known.has(keyOf(message)));
    this.#chat = chat;
    this.#known = new Set(chat.map(keyOf));
    this.lines = chat.map((message) => this.#line(message, me));
    if (echoed) this.#settled(null);
    else if (how === 'snapshot') this.#settled('not_connected');
    if (this.#open) this.#markSeen();
    else this.unread = chat.filter((message) => message.from !== me && !this.#seen.has(keyOf(message))).length;
    const last = this.lines.at(-1);
    return how === 'line' && !this.#open && last && !last.mine ? last : null;
  }

  /** What was meant for one person must not be read by all, so `to` stays until the writer chooses anew. */
  get #isGone(): boolean {
    return this.to !== null && this.#people.every(({ id }) => id !== this.to?.id);
  }

  #line({ id, name, text, from, to, sent_at }: ChatMessage, me: number): ChatLine {
    const mine = from === me;
    const partner = (who: number): ChatPartner => this.#people.find((person) => person.id === who) ?? { id: who, name: '' };
    const privately = to === null ? null : mine ? partner(to) : { id: from, name };
    return { id, name, text, mine, privately, sentAt: sent_at };
  }

  /** True when this refusal was about a message. */
  refused(code: ErrorCode): boolean {
    if (!this.#settle) return false;
    if (code === 'chat_empty') this.#settled('empty');
    else if (code === 'chat_too_long') this.#settled('too_long');
    else if (code === 'too_fast') this.#settled('too_fast');
    else if (code === 'recipient_gone') this.#settled('gone');
    else return false;
    return true;
  }

  #settled(problem: Chat['problem']): void {
    if (!this.#settle) return;
    this.problem = problem;
    this.#settle(problem === null);
    this.#settle = null;
  }

  #markSeen(): void {
    this.unread = 0;
    this.#seen = this.#known;
  }
}
