import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PersonInfo } from '../../generated/school';
import { createApi } from '../api';
import { FakeSchool, refused, type Question } from '../fake';
import { PeopleStore } from './people.svelte';
import { permissions } from './permissions';
import { PersonFinder, PersonStore } from './person.svelte';

const person = (id: string, name: string): PersonInfo => ({
  id, name, given_name: '', family_name: name, roles: ['student'], archived: false, number: null, born: null, language: 'de', guardians: [], children: [],
});
const office = permissions({ roles: ['office'], children: [] });
const apiOf = (fake: FakeSchool) => createApi({ fetch: fake.environment.fetch, onSignedOut: () => undefined });

describe('the list of people', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it('searches when typing pauses, and shows the answer to the last question', async () => {
    const slow: ((answer: unknown) => void)[] = [];
    const fake = new FakeSchool('/', { 'GET /api/people': ({ query }: Question) => (query.includes('words=a') ? new Promise((resolve) => slow.push(resolve)) : { people: [person('1', 'Berg')], total: 1 }) });
    const people = new PeopleStore(apiOf(fake));
    await vi.advanceTimersByTimeAsync(0);
    people.search('a');
    await vi.advanceTimersByTimeAsync(300);
    people.search('b');
    people.search('be');
    await vi.advanceTimersByTimeAsync(300);
    slow[0]?.({ people: [person('2', 'Adler')], total: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(people.people.map(({ name }) => name)).toEqual(['Berg']);
    expect(fake.asked.map(({ query }) => query).filter((query) => query.includes('words'))).toEqual(['?words=a&archived=false&offset=0', '?words=be&archived=false&offset=0']);
  });

  it('goes on where it ended', async () => {
    const fake = new FakeSchool('/', { 'GET /api/people': ({ query }: Question) => ({ people: [person(query, query)], total: 2 }) });
    const people = new PeopleStore(apiOf(fake));
    await vi.advanceTimersByTimeAsync(0);
    await people.more();
    expect(people.people).toHaveLength(2);
    expect(fake.asked[1]?.query).toContain('offset=1');
  });
});

describe('a person', () => {
  const answers = {
    'GET /api/people/7': { ...person('7', 'Yıldırım'), guardians: [{ id: '5', name: 'Ayşe', given_name: 'Ayşe' }] },
    'GET /api/people/7/account': { email: null, has_password: false, disabled: false, devices: 0 },
  };

  it('is written as it stands, with what was changed', async () => {
    const fake = new FakeSchool('/', { ...answers, 'PUT /api/people/7': ({ body }: Question) => ({ ...person('7', 'x'), family_name: (body as { family_name: string }).family_name }) });
    const store = new PersonStore(apiOf(fake), '7', office);
    await vi.waitFor(() => { expect(store.info.value).not.toBeNull(); });
    store.edit();
    store.draft?.toggle('guardian', true);
    store.draft?.removeGuardian('5');
    expect(await store.save()).toBe(true);
    expect(fake.asked.at(-1)?.body).toMatchObject({ family_name: 'Yıldırım', roles: ['student', 'guardian'], guardians: [], born: null });
    expect(store.draft).toBeNull();
  });

  it('keeps what was typed when it is refused', async () => {
    const fake = new FakeSchool('/', { ...answers, 'PUT /api/people/7': refused(409, 'taken', { field: 'number' }) });
    const store = new PersonStore(apiOf(fake), '7', office);
    await vi.waitFor(() => { expect(store.info.value).not.toBeNull(); });
    store.edit();
    if (store.draft) store.draft.number = '12';
    expect(await store.save()).toBe(false);
    expect(store.saving.problem).toMatchObject({ code: 'taken', field: 'number' });
    expect(store.draft?.number).toBe('12');
  });

  it('has contact data that nobody asks for by opening the page', async () => {
    const fake = new FakeSchool('/', { ...answers, 'GET /api/people/7/contact': { email: null, phone: '1', address: null } });
    const store = new PersonStore(apiOf(fake), '7', office);
    await vi.waitFor(() => { expect(store.account.value).not.toBeNull(); });
    expect(fake.asked.some(({ path }) => path.endsWith('/contact'))).toBe(false);
    await store.showContact();
    expect(store.contact.value?.phone).toBe('1');
  });

  it('is found by two letters', async () => {
    const fake = new FakeSchool('/', { 'GET /api/people': { people: [person('1', 'Berg')], total: 1 } });
    const finder = new PersonFinder(apiOf(fake));
    await finder.search('B');
    expect(fake.asked).toEqual([]);
    await finder.search('Be');
    expect(finder.found.map(({ name }) => name)).toEqual(['Berg']);
  });
});
