import type { PersonInfo, PersonRole } from '../../generated/school';
import type { Api, Refusal } from '../api';
import { refusal } from './task.svelte';

/** Typing pauses this long before it is searched. */
const PAUSE_MS = 250;

/** Searching people, a page at a time. */
export class PeopleStore {
  words = $state('');
  role = $state<PersonRole | null>(null);
  archived = $state(false);
  people = $state.raw<readonly PersonInfo[]>([]);
  total = $state(0);
  status = $state<'loading' | 'ready' | 'failed'>('loading');
  problem = $state.raw<Refusal | null>(null);
  readonly #api: Api;
  #question = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    this.#api = api;
    void this.load();
  }

  get filtered(): boolean {
    return this.words.trim() !== '' || this.role !== null || this.archived;
  }

  search = (words: string): void => {
    this.words = words;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { void this.load(); }, PAUSE_MS);
  };

  filter = (role: PersonRole | null): void => {
    this.role = role;
    void this.load();
  };

  showArchived = (archived: boolean): void => {
    this.archived = archived;
    void this.load();
  };

  clear = (): void => {
    this.words = '';
    this.role = null;
    this.archived = false;
    void this.load();
  };

  load = (): Promise<void> => this.#ask(0);

  more = (): Promise<void> => this.#ask(this.people.length);

  async #ask(offset: number): Promise<void> {
    clearTimeout(this.#timer);
    const question = (this.#question += 1);
    this.status = 'loading';
    this.problem = null;
    try {
      const { words, role, archived } = this;
      const { people, total } = await this.#api.people.list({ words: words.trim(), role, archived, offset });
      if (question !== this.#question) return;
      this.people = offset === 0 ? people : [...this.people, ...people];
      this.total = Number(total);
      this.status = 'ready';
    } catch (error) {
      if (question !== this.#question) return;
      this.problem = refusal(error);
      this.status = 'failed';
    }
  }
}
