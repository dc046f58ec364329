import type { PersonId } from '../../generated/school';
import type { Api } from '../api';
import type { ChildStart, Start } from '../records';
import { AttendanceStore } from './attendance.svelte';
import type { Permissions } from './permissions';
import { Resource } from './resource.svelte';
import type { Environment } from './school.svelte';
import { Task } from './task.svelte';

/** What somebody sees first. */
export class StartStore {
  readonly start: Resource<Start>;
  readonly entering = new Task();
  /** The day that is to be confirmed, for those who teach. */
  attendance = $state.raw<AttendanceStore | null>(null);
  #child = $state<PersonId | null>(null);
  readonly #api: Api;
  readonly #environment: Environment;

  constructor(api: Api, environment: Environment, may: Permissions) {
    this.#api = api;
    this.#environment = environment;
    this.start = new Resource(async () => {
      const start = await api.time.start();
      if (may.teach) this.#open(start);
      return start;
    });
    void this.start.load();
  }

  /** The child whose page is shown. */
  get child(): ChildStart | null {
    const children = this.start.value?.children ?? [];
    return children.find(({ child }) => child.id === this.#child) ?? children[0] ?? null;
  }

  chooseChild = (id: PersonId): void => {
    this.#child = id;
  };

  enterCourse = (course: string): Promise<boolean> => this.#enter(() => this.#api.rooms.enterCourse(course));

  enterConference = (conference: string): Promise<boolean> => this.#enter(() => this.#api.rooms.enterConference(conference));

  #enter(ask: () => Promise<{ url: string }>): Promise<boolean> {
    return this.entering.run(async () => {
      const { url } = await ask();
      // Our own room, under the address we were reached by.
      const { pathname, hash } = new URL(url);
      this.#environment.location.assign(pathname + hash);
    });
  }

  /** Of what is not confirmed, the day that is nearest. */
  #open(start: Start): void {
    const day = start.unconfirmed.at(-1)?.on;
    if (day === undefined || this.attendance?.day === day) return;
    this.attendance = new AttendanceStore(this.#api, day, () => { void this.start.load(); });
  }
}
