/** The school around the call: who is signed in, which page is open, and the way from one to the next. */
import type { Me } from '../../generated/school';
import { setLanguage } from '../../i18n/words.svelte';
import { createApi, type Api, type Refusal } from '../api';
import { Live, type Connect } from '../live';
import type { LiveEvent } from '../records';
import { hrefs, parseRoute, type Route } from '../route';
import { dayOf } from '../i18n/format';
import { AttendanceStore } from './attendance.svelte';
import { EnterStore, LandingStore, SetUpStore, SignInStore } from './door.svelte';
import { PeopleStore } from './people.svelte';
import { NewPersonStore, PersonStore } from './person.svelte';
import { ProfileStore } from './profile.svelte';
import { permissions, type Permissions } from './permissions';
import { PlanStore } from './plan.svelte';
import { StartStore } from './start.svelte';
import { ThreadsStore, ThreadStore } from './talk.svelte';
import { refusal } from './task.svelte';

/** What the pages stand on; a test or the gallery gives its own. */
export interface Environment {
  readonly fetch: typeof fetch;
  readonly location: Pick<Location, 'pathname' | 'hash' | 'origin' | 'host' | 'assign'>;
  readonly history: Pick<History, 'pushState' | 'replaceState'>;
  readonly now: () => number;
  /** To `/api/live`. */
  readonly connect: Connect;
}

export type Session =
  | { readonly kind: 'asking' }
  | { readonly kind: 'signed_out' }
  | { readonly kind: 'signed_in'; readonly me: Me; readonly may: Permissions }
  | { readonly kind: 'failed'; readonly problem: Refusal };

export type SchoolPage =
  | { readonly kind: 'start'; readonly start: StartStore }
  | { readonly kind: 'plan'; readonly plan: PlanStore }
  | { readonly kind: 'attendance'; readonly attendance: AttendanceStore }
  | { readonly kind: 'messages'; readonly talk: ThreadsStore }
  | { readonly kind: 'thread'; readonly thread: ThreadStore }
  | { readonly kind: 'people'; readonly people: PeopleStore }
  | { readonly kind: 'person'; readonly person: PersonStore }
  | { readonly kind: 'new_person'; readonly person: NewPersonStore }
  | { readonly kind: 'profile'; readonly profile: ProfileStore }
  | { readonly kind: 'not_found' };

/** Before anybody is signed in. */
export type Door =
  | { readonly kind: 'sign_in'; readonly signIn: SignInStore; readonly landing: LandingStore }
  | { readonly kind: 'enter'; readonly enter: EnterStore; readonly signIn: SignInStore }
  | { readonly kind: 'setup'; readonly setUp: SetUpStore };

export class SchoolStore {
  session = $state.raw<Session>({ kind: 'asking' });
  route = $state.raw<Route>({ page: 'start' });
  page = $state.raw<SchoolPage>({ kind: 'not_found' });
  door = $state.raw<Door | null>(null);
  /** Grows with every page that was opened inside: the view moves the focus to its heading. */
  visits = $state(0);
  /** Messages that wait to be read. */
  unread = $state(0);
  readonly api: Api;
  readonly #live: Live;
  readonly environment: Environment;
  /** The path that is shown. */
  #opened = '';

  constructor(environment: Environment) {
    this.environment = environment;
    this.api = createApi({
      fetch: environment.fetch,
      onSignedOut: () => {
        this.#signedOut();
      },
    });
    const onSignedOut = (): void => {
      this.#signedOut();
    };
    this.#live = new Live(environment.connect, { onEvent: (event) => { this.#heard(event); }, onSignedOut });
  }

  get me(): Me | null {
    return this.session.kind === 'signed_in' ? this.session.me : null;
  }

  /** Opens the address that is in the window. */
  open = async (): Promise<void> => {
    this.#opened = this.environment.location.pathname;
    this.route = parseRoute(this.environment.location);
    const { route } = this;
    if (route.page === 'enter' || route.page === 'setup') {
      this.#openDoor(route);
      return;
    }
    if (this.session.kind === 'signed_in') {
      this.#openPage();
      return;
    }
    this.session = { kind: 'asking' };
    try {
      this.#begin(await this.api.session.me());
    } catch (error) {
      const problem = refusal(error);
      if (problem.code !== 'signed_out') this.session = { kind: 'failed', problem };
    }
  };

  /** Back and forward. A jump within the page, to its heading, opens nothing. */
  moved = (): void => {
    const { pathname, hash } = this.environment.location;
    const secret = hash !== '' && this.door !== null;
    if (pathname !== this.#opened || secret) void this.open();
  };

  /** To another of our pages, without loading everything anew. */
  go = (href: string): void => {
    this.environment.history.pushState(null, '', href);
    void this.open();
  };

  signOut = async (): Promise<void> => {
    await this.api.session.signOut();
    this.environment.history.replaceState(null, '', hrefs.start);
    this.route = { page: 'start' };
    this.#signedOut();
  };

  /** What `me` says changed: a language, a password. */
  renewMe = async (): Promise<void> => {
    this.#take(await this.api.session.me());
  };

  #openDoor(route: Extract<Route, { page: 'enter' | 'setup' }>): void {
    // The secret is read: it need not stay in the address, the history and a screenshot.
    this.environment.history.replaceState(null, '', `/${route.page}`);
    const arrived = (me: Me): void => {
      this.environment.history.replaceState(null, '', hrefs.start);
      this.route = { page: 'start' };
      this.#begin(me);
    };
    this.session = { kind: 'signed_out' };
    if (route.page === 'setup') {
      this.door = { kind: 'setup', setUp: new SetUpStore(this.api, route.secret, arrived) };
      return;
    }
    const enter = new EnterStore(this.api, route.secret, arrived);
    this.door = { kind: 'enter', enter, signIn: this.#signIn() };
    void enter.redeem();
  }

  #signIn(): SignInStore {
    return new SignInStore(this.api, this.environment.now, (me) => {
      this.#begin(me);
    });
  }

  #signedOut(): void {
    if (this.door !== null && this.session.kind === 'signed_out') return;
    const landing = new LandingStore(this.environment, this.api, (me) => {
      this.#begin(me);
    });
    this.#live.close();
    this.unread = 0;
    this.session = { kind: 'signed_out' };
    this.page = { kind: 'not_found' };
    this.door = { kind: 'sign_in', signIn: this.#signIn(), landing };
    void landing.load();
  }

  #begin(me: Me): void {
    this.#take(me);
    this.door = null;
    this.#openPage();
    this.#live.open();
  }

  #heard(event: LiveEvent): void {
    const { page } = this;
    if (page.kind === 'messages') page.talk.heard(event);
    if (page.kind === 'thread') page.thread.heard(event);
    if (page.kind === 'start' && event.type !== 'read' && event.type !== 'thread') void page.start.start.load();
    if (page.kind === 'plan' && event.type === 'date_changed') void page.plan.dates.load();
    if (event.type === 'message' || event.type === 'read' || event.type === 'hello') void this.#countUnread();
  }

  /** Nobody waits for it: without an answer the badge stays as it is. */
  #countUnread = async (): Promise<void> => {
    const unread = await this.api.talk.unread().catch(() => null);
    if (unread) this.unread = unread.messages;
  };

  #take(me: Me): void {
    setLanguage(me.language);
    this.session = { kind: 'signed_in', me, may: permissions(me) };
  }

  #openPage(): void {
    this.page = this.#make(this.route);
    this.visits += 1;
  }

  #make(route: Route): SchoolPage {
    if (this.session.kind !== 'signed_in') return { kind: 'not_found' };
    const { may } = this.session;
    switch (route.page) {
      case 'people':
        return may.seePeople ? { kind: 'people', people: new PeopleStore(this.api) } : { kind: 'not_found' };
      case 'person':
        return { kind: 'person', person: new PersonStore(this.api, route.id, may) };
      case 'new_person':
        return may.keepPeople ? { kind: 'new_person', person: new NewPersonStore(this.api, (id) => { this.go(hrefs.person(id)); }) } : { kind: 'not_found' };
      case 'profile':
        return { kind: 'profile', profile: new ProfileStore(this) };
      case 'plan':
        return { kind: 'plan', plan: new PlanStore(this.api, dayOf(this.environment.now())) };
      case 'attendance':
        return may.teach ? { kind: 'attendance', attendance: new AttendanceStore(this.api, dayOf(this.environment.now())) } : { kind: 'not_found' };
      case 'messages':
        return { kind: 'messages', talk: new ThreadsStore(this.api) };
      case 'thread':
        return { kind: 'thread', thread: new ThreadStore(this.api, route.id, () => { void this.#countUnread(); }) };
      case 'start':
        return { kind: 'start', start: new StartStore(this.api, this.environment, may) };
      default:
        return { kind: 'not_found' };
    }
  }
}

export function createSchool(environment: Environment): SchoolStore {
  const school = new SchoolStore(environment);
  void school.open();
  return school;
}
