import type { Device, Language, Me } from '../../generated/school';
import { setLanguage } from '../../i18n/words.svelte';
import { Resource } from './resource.svelte';
import type { SchoolStore } from './school.svelte';
import { Task } from './task.svelte';

/** One's own: language, password, devices. */
export class ProfileStore {
  readonly devices: Resource<Device[]>;
  readonly language = new Task();
  readonly passwordTask = new Task();
  readonly ending = new Task();
  readonly leaving = new Task();
  current = $state('');
  next = $state('');
  readonly #school: SchoolStore;

  constructor(school: SchoolStore) {
    this.#school = school;
    this.devices = new Resource(() => school.api.session.devices());
    void this.devices.load();
  }

  get me(): Me | null {
    return this.#school.me;
  }

  setLanguage = async (language: Language): Promise<void> => {
    setLanguage(language);
    await this.language.run(async () => {
      await this.#school.api.session.setLanguage(language);
      await this.#school.renewMe();
    });
  };

  setPassword = async (): Promise<boolean> => {
    const done = await this.passwordTask.run(() => this.#school.api.session.setPassword({ current: this.current, new: this.next }));
    if (done) {
      this.current = '';
      this.next = '';
      await Promise.all([this.#school.renewMe().catch(() => undefined), this.devices.load()]);
    }
    return done;
  };

  endDevice = async (id: string): Promise<void> => {
    await this.ending.run(() => this.#school.api.session.endDevice(id));
    await this.devices.load();
  };

  endOthers = async (): Promise<void> => {
    await this.ending.run(() => this.#school.api.session.endOthers());
    await this.devices.load();
  };

  signOut = async (): Promise<void> => {
    await this.leaving.run(() => this.#school.signOut());
  };
}
