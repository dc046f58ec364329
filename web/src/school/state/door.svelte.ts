/** The ways in: address and password, a one-time link, the first operator's set-up, and a link to a lesson for guests. */
import type { DemoRole, Language, Me } from '../../generated/school';
import { askForDemo, type DemoLinks, parseJoinAddress } from '../../core/link';
import type { Api } from '../api';
import type { Environment } from './school.svelte';
import { Task } from './task.svelte';

export class SignInStore {
  email = $state('');
  password = $state('');
  readonly signIn = new Task();
  readonly request = new Task();
  /** Where a link was sent to, if the address belongs to somebody here. */
  sentTo = $state<string | null>(null);
  /** When the next attempt is possible; milliseconds since 1970, 0: now. */
  again = $state(0);
  readonly now: () => number;
  readonly #api: Api;
  readonly #arrived: (me: Me) => void;

  constructor(api: Api, now: () => number, arrived: (me: Me) => void) {
    this.#api = api;
    this.now = now;
    this.#arrived = arrived;
  }

  submit = async (): Promise<boolean> => {
    let me: Me | null = null;
    const done = await this.signIn.run(async () => {
      me = await this.#api.session.signIn({ email: this.email.trim(), password: this.password });
    });
    this.#wait(this.signIn);
    if (done && me) {
      this.password = '';
      this.#arrived(me);
    }
    return done;
  };

  requestLink = async (): Promise<boolean> => {
    const email = this.email.trim();
    const done = await this.request.run(() => this.#api.session.requestLink(email));
    this.#wait(this.request);
    if (done) this.sentTo = email;
    return done;
  };

  /** Back to the form, with the address that was typed. */
  another = (): void => {
    this.sentTo = null;
    this.request.clear();
  };

  #wait({ problem }: Task): void {
    if (problem?.waitSeconds) this.again = this.now() + problem.waitSeconds * 1000;
  }
}

export class EnterStore {
  readonly task = new Task();
  readonly complete: boolean;
  readonly #api: Api;
  readonly #secret: string;
  readonly #arrived: (me: Me) => void;

  constructor(api: Api, secret: string, arrived: (me: Me) => void) {
    this.#api = api;
    this.#secret = secret;
    this.complete = secret !== '';
    this.#arrived = arrived;
  }

  redeem = async (): Promise<void> => {
    if (!this.complete) return;
    let me: Me | null = null;
    if (await this.task.run(async () => { me = await this.#api.session.redeem(this.#secret); }) && me) this.#arrived(me);
  };
}

export class SetUpStore {
  givenName = $state('');
  familyName = $state('');
  email = $state('');
  password = $state('');
  office = $state(true);
  readonly task = new Task();
  readonly complete: boolean;
  readonly #api: Api;
  readonly #secret: string;
  readonly #arrived: (me: Me) => void;

  constructor(api: Api, secret: string, arrived: (me: Me) => void) {
    this.#api = api;
    this.#secret = secret;
    this.complete = secret !== '';
    this.#arrived = arrived;
  }

  submit = async (language: Language): Promise<boolean> => {
    let me: Me | null = null;
    const done = await this.task.run(async () => {
      me = await this.#api.session.setUp({
        secret: this.#secret,
        given_name: this.givenName,
        family_name: this.familyName,
        email: this.email.trim(),
        password: this.password,
        office: this.office,
        language,
      });
    });
    if (done && me) this.#arrived(me);
    return done;
  };
}

/** For those who have no account and need none: a link to a lesson, and the demonstration. */
export class LandingStore {
  demo = $state.raw<DemoLinks | null>(null);
  readonly host: string;
  /** Looking at the demonstration school through somebody's eyes. */
  readonly task = new Task();
  readonly #environment: Environment;
  readonly #api: Api;
  readonly #arrived: (me: Me) => void;

  constructor(environment: Environment, api: Api, arrived: (me: Me) => void) {
    this.#environment = environment;
    this.#api = api;
    this.#arrived = arrived;
    this.host = environment.location.host;
  }

  enterAs = async (role: DemoRole): Promise<void> => {
    let me: Me | null = null;
    if (await this.task.run(async () => { me = await this.#api.session.enterDemo(role); }) && me) this.#arrived(me);
  };

  async load(): Promise<void> {
    this.demo = await askForDemo(this.#environment.fetch);
  }

  /** A link that was typed or pasted; returns false when it is no join link of this server. */
  openLink = (text: string): boolean => {
    const here = this.#environment.location;
    let url: URL;
    try {
      url = new URL(text.trim(), here.origin);
    } catch {
      return false;
    }
    const address = parseJoinAddress(url);
    if (url.origin !== here.origin || address === null || address === 'incomplete') return false;
    here.assign(url);
    return true;
  };
}
