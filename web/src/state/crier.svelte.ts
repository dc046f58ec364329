import type { Announcement } from './conference';
import type { Toast } from './types';

/** Forty people come within a minute: names of those who come together are said together. */
const GATHER_MS = 2000;
/** Who speaks is said at most this often. */
const SPEAKERS_MS = 4000;
const NAMES_MAX = 2;

type Gathered = 'joined' | 'left' | 'waiting';
type What = Announcement['what'];

/** Says what happens in the room in measured doses: by announcements for who listens, by toasts for who looks. */
export class Crier {
  announcement = $state.raw<Announcement | null>(null);
  #id = 0;
  readonly #gathered: Record<Gathered, string[]> = { joined: [], left: [], waiting: [] };
  readonly #timers = new Map<Gathered, ReturnType<typeof setTimeout>>();
  #speaking: readonly string[] = [];
  #said: readonly string[] = [];
  #saidAt = -SPEAKERS_MS;
  #speakersTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #toast: (what: Toast['what']) => void;

  constructor(toast: (what: Toast['what']) => void) {
    this.#toast = toast;
  }

  say(what: What): void {
    this.#id += 1;
    this.announcement = { id: this.#id, what };
  }

  /** Said together with all that follow within two seconds. */
  gather(kind: Gathered, name: string): void {
    this.#gathered[kind].push(name);
    if (this.#timers.has(kind)) return;
    this.#timers.set(
      kind,
      setTimeout(() => {
        this.#timers.delete(kind);
        this.#tell(kind, this.#gathered[kind].splice(0));
      }, GATHER_MS),
    );
  }

  /** Who speaks now; said when it is others than last time, and not more often than anybody can listen to. */
  speakers(names: readonly string[], wanted: boolean): void {
    this.#speaking = names;
    if (!wanted || this.#speakersTimer !== undefined || same(names, this.#said) || names.length === 0) return;
    const wait = Math.max(0, this.#saidAt + SPEAKERS_MS - performance.now());
    this.#speakersTimer = setTimeout(() => {
      this.#speakersTimer = undefined;
      if (this.#speaking.length > 0 && !same(this.#speaking, this.#said)) this.saySpeakers();
    }, wait);
  }

  saySpeakers(): void {
    this.#said = this.#speaking;
    this.#saidAt = performance.now();
    this.say({ kind: 'speaking', names: this.#speaking });
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    clearTimeout(this.#speakersTimer);
  }

  #tell(kind: Gathered, names: readonly string[]): void {
    const [name] = names;
    if (name === undefined) return;
    this.say({ kind, names: names.length <= NAMES_MAX ? names : [], count: names.length });
    // Who waits is in the list and at its badge, until somebody lets them in.
    if (kind === 'waiting') return;
    if (names.length === 1) this.#toast({ kind, name });
    else this.#toast({ kind: kind === 'joined' ? 'several_joined' : 'several_left', count: names.length });
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
