import type { AccountInfo, Child, Contact, LinkInfo, PersonForm, PersonInfo, PersonRole } from '../../generated/school';
import type { Api } from '../api';
import type { Permissions } from './permissions';
import { Resource } from './resource.svelte';
import { Task } from './task.svelte';

const SUGGESTIONS = 8;

/** A person's sheet as it is being written. */
export class PersonDraft {
  givenName = $state('');
  familyName = $state('');
  number = $state('');
  born = $state('');
  language = $state<'de' | 'en'>('de');
  roles = $state.raw<readonly PersonRole[]>([]);
  guardians = $state.raw<readonly Child[]>([]);
  archived = $state(false);

  constructor(info?: PersonInfo) {
    if (!info) return;
    this.givenName = info.given_name;
    this.familyName = info.family_name;
    this.number = info.number ?? '';
    this.born = info.born ?? '';
    this.language = info.language ?? 'de';
    this.roles = info.roles;
    this.guardians = info.guardians;
    this.archived = info.archived;
  }

  toggle(role: PersonRole, on: boolean): void {
    this.roles = on ? [...this.roles, role] : this.roles.filter((other) => other !== role);
  }

  addGuardian(guardian: Child): void {
    if (!this.guardians.some(({ id }) => id === guardian.id)) this.guardians = [...this.guardians, guardian];
  }

  removeGuardian(id: string): void {
    this.guardians = this.guardians.filter((guardian) => guardian.id !== id);
  }

  get form(): PersonForm {
    return {
      number: this.number,
      given_name: this.givenName,
      family_name: this.familyName,
      born: this.born === '' ? null : this.born,
      language: this.language,
      roles: [...this.roles],
      guardians: this.guardians.map(({ id }) => id),
      archived: this.archived,
    };
  }
}

/** Finds somebody by name, for a field that takes a person. */
export class PersonFinder {
  words = $state('');
  found = $state.raw<readonly PersonInfo[]>([]);
  readonly #api: Api;
  readonly #role: PersonRole | null;
  #question = 0;

  constructor(api: Api, role: PersonRole | null = null) {
    this.#api = api;
    this.#role = role;
  }

  search = async (words: string): Promise<void> => {
    this.words = words;
    const question = (this.#question += 1);
    if (words.trim().length < 2) {
      this.found = [];
      return;
    }
    const answer = await this.#api.people.list({ words: words.trim(), role: this.#role, archived: false, offset: 0 }).catch(() => null);
    if (question === this.#question) this.found = answer?.people.slice(0, SUGGESTIONS) ?? [];
  };

  clear = (): void => {
    this.#question += 1;
    this.words = '';
    this.found = [];
  };
}

export class NewPersonStore {
  readonly draft = new PersonDraft();
  readonly task = new Task();
  readonly finder: PersonFinder;
  readonly #api: Api;
  readonly #made: (id: string) => void;

  constructor(api: Api, made: (id: string) => void) {
    this.#api = api;
    this.#made = made;
    this.finder = new PersonFinder(api);
  }

  save = async (): Promise<boolean> => {
    let made: PersonInfo | null = null;
    const done = await this.task.run(async () => { made = await this.#api.people.create(this.draft.form); });
    const info = made as PersonInfo | null;
    if (done && info) this.#made(info.id);
    return done;
  };
}

/** One person: name and roles for those who work here; number, contact and account for the office. */
export class PersonStore {
  readonly info: Resource<PersonInfo>;
  readonly contact: Resource<Contact>;
  readonly account: Resource<AccountInfo>;
  readonly may: Permissions;
  readonly finder: PersonFinder;
  draft = $state.raw<PersonDraft | null>(null);
  contactDraft = $state.raw<ContactDraft | null>(null);
  /** The address to sign in with, as it is being written. */
  email = $state('');
  link = $state.raw<LinkInfo | null>(null);
  readonly saving = new Task();
  readonly savingContact = new Task();
  readonly changingAccount = new Task();
  readonly makingLink = new Task();
  readonly #api: Api;
  readonly #id: string;

  constructor(api: Api, id: string, may: Permissions) {
    this.#api = api;
    this.#id = id;
    this.may = may;
    this.finder = new PersonFinder(api);
    this.info = new Resource(() => api.people.show(id));
    this.contact = new Resource(() => api.people.contact(id));
    this.account = new Resource(() => api.people.account(id));
    void this.info.load();
    if (may.seeAccounts) void this.#loadAccount();
  }

  edit = (): void => {
    const info = this.info.value;
    if (info) this.draft = new PersonDraft(info);
    this.saving.clear();
  };

  cancel = (): void => {
    this.draft = null;
    this.finder.clear();
  };

  save = async (): Promise<boolean> => {
    const { draft } = this;
    if (!draft) return false;
    const done = await this.saving.run(async () => { this.info.set(await this.#api.people.update(this.#id, draft.form)); });
    if (done) this.cancel();
    return done;
  };

  /** Only when asked for: every look at it is noted down. */
  showContact = (): Promise<void> => this.contact.load();

  editContact = (): void => {
    const contact = this.contact.value;
    if (contact) this.contactDraft = new ContactDraft(contact);
    this.savingContact.clear();
  };

  cancelContact = (): void => {
    this.contactDraft = null;
  };

  saveContact = async (): Promise<boolean> => {
    const contact = this.contactDraft?.contact;
    if (!contact) return false;
    const done = await this.savingContact.run(() => this.#api.people.setContact(this.#id, contact));
    if (done) {
      this.contact.set(contact);
      this.contactDraft = null;
    }
    return done;
  };

  saveAccount = (disabled: boolean): Promise<boolean> =>
    this.changingAccount.run(async () => {
      await this.#api.people.setAccount(this.#id, { email: this.email.trim(), disabled });
      await this.#loadAccount();
    });

  closeAccount = (): Promise<boolean> =>
    this.changingAccount.run(async () => {
      await this.#api.people.closeAccount(this.#id);
      await this.#loadAccount();
    });

  makeLink = async (): Promise<void> => {
    await this.makingLink.run(async () => { this.link = await this.#api.people.makeLink(this.#id); });
  };

  async #loadAccount(): Promise<void> {
    await this.account.load();
    this.email = this.account.value?.email ?? this.email;
  }
}

export class ContactDraft {
  email = $state('');
  phone = $state('');
  address = $state('');

  constructor({ email, phone, address }: Contact) {
    this.email = email ?? '';
    this.phone = phone ?? '';
    this.address = address ?? '';
  }

  get contact(): Contact {
    const given = (text: string): string | null => (text.trim() === '' ? null : text.trim());
    return { email: given(this.email), phone: given(this.phone), address: given(this.address) };
  }
}
