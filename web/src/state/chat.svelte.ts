import type { ChatMessage, ErrorCode } from '../generated/wire';
import type { Chat, ChatLine } from './types';

/** As the server counts (signaling). */
const CHAT_MAX = 2000;

export class ChatStore implements Chat {
  lines = $state.raw<readonly ChatLine[]>([]);
  unread = $state(0);
  problem = $state.raw<Chat['problem']>(null);
  #open = false;
  #lastSeen = -1;
  readonly #post: (text: string) => boolean;

  constructor(post: (text: string) => boolean) {
    this.#post = post;
  }

  send = (text: string): boolean => {
    const trimmed = text.trim();
    if (trimmed === '') return false;
    if ([...trimmed].length > CHAT_MAX) {
      this.problem = 'too_long';
      return false;
    }
    const sent = this.#post(trimmed);
    this.problem = sent ? null : 'not_connected';
    return sent;
  };

  setOpen = (open: boolean): void => {
    this.#open = open;
    if (open) this.#markSeen();
  };

  take(chat: readonly ChatMessage[], me: number): void {
    if (chat.length === this.lines.length && chat.at(-1)?.id === this.lines.at(-1)?.id) return;
    this.lines = chat.map(({ id, name, text, from, sent_at }) => ({ id, name, text, mine: from === me, sentAt: sent_at }));
    if (this.#open) this.#markSeen();
    else this.unread = this.lines.filter((line) => line.id > this.#lastSeen && !line.mine).length;
  }

  /** True when this refusal was about a message. */
  refused(code: ErrorCode): boolean {
    if (code === 'chat_empty') this.problem = 'empty';
    else if (code === 'chat_too_long') this.problem = 'too_long';
    else if (code === 'too_fast') this.problem = 'too_fast';
    else return false;
    return true;
  }

  #markSeen(): void {
    this.unread = 0;
    this.#lastSeen = this.lines.at(-1)?.id ?? this.#lastSeen;
  }
}
