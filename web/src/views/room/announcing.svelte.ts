/** What a screen reader hears, and when. */
import { untrack } from 'svelte';
import type { ChatLine, RoomView } from '../../state/types';

export class Announcing {
  message = $state.raw({ text: '', count: 0 });

  say = (text: string): void => {
    this.message = { text, count: this.message.count + 1 };
  };
}

/**
 * A new message is read out when the chat is closed; an open chat is a log and reads itself. What was written before this
 * page opened is not read out. Call while the component initialises.
 */
export function readOutChat(room: () => RoomView, closed: () => boolean, say: (line: ChatLine) => void): void {
  let heardUpTo = untrack(() => room().chat.lines.at(-1)?.id ?? -1);
  $effect(() => {
    const last = room().chat.lines.at(-1);
    if (!last || last.id <= heardUpTo) return;
    heardUpTo = last.id;
    untrack(() => {
      if (!last.mine && closed()) say(last);
    });
  });
}

/** The room's own look while it is open. Call while the component initialises. */
export function wearTheme(theme: () => string): void {
  $effect(() => {
    const root = document.documentElement;
    root.dataset.theme = theme();
    return () => { delete root.dataset.theme; };
  });
}
