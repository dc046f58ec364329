import { describe, expect, it, vi } from 'vitest';
import type { Me, PersonRole } from '../../generated/school';
import { currentLanguage } from '../../i18n/words.svelte';
import { FakeSchool, refused, settled } from '../fake';
import { createSchool, type SchoolStore } from './school.svelte';

// The words ask the browser for its languages when they are loaded.
vi.hoisted(() => { vi.stubGlobal('navigator', { languages: ['de'] }); });

const me = (...roles: PersonRole[]): Me => ({
  id: 'me', name: 'Astrid Lindqvist', given_name: 'Astrid', roles, language: 'en', children: [], session: 's', has_password: true,
});

async function open(fake: FakeSchool): Promise<SchoolStore> {
  const school = createSchool(fake.environment);
  await settled();
  return school;
}

function signInOf(school: SchoolStore) {
  if (school.door?.kind !== 'sign_in') throw new Error('no sign-in page');
  return school.door.signIn;
}

describe('who comes', () => {
  it('is asked to sign in, and stands afterwards where they wanted to go', async () => {
    const fake = new FakeSchool('/people', { 'POST /api/session': me('office') });
    const school = await open(fake);
    expect(school.session.kind).toBe('signed_out');
    const signIn = signInOf(school);
    signIn.email = ' a@b.example ';
    signIn.password = 'correct horse';
    expect(await signIn.submit()).toBe(true);
    expect(fake.asked.find(({ method }) => method === 'POST')?.body).toEqual({ email: 'a@b.example', password: 'correct horse' });
    expect(school.page.kind).toBe('people');
    expect(signIn.password).toBe('');
    // The account's language is the page's.
    expect(currentLanguage()).toBe('en');
  });

  it('learns what was wrong, and how long to wait', async () => {
    const fake = new FakeSchool('/', { 'POST /api/session': refused(429, 'too_many_attempts', { retryAfter: 30 }) });
    const school = await open(fake);
    const signIn = signInOf(school);
    expect(await signIn.submit()).toBe(false);
    expect(signIn.signIn.problem?.code).toBe('too_many_attempts');
    expect(signIn.again).toBe(fake.now + 30_000);
  });

  it('gets a link by mail without learning whether the address is known', async () => {
    const fake = new FakeSchool('/', { 'POST /api/session/link': () => new Response(null, { status: 202 }) });
    const signIn = signInOf(await open(fake));
    signIn.email = 'familie@post.example';
    expect(await signIn.requestLink()).toBe(true);
    expect(signIn.sentTo).toBe('familie@post.example');
    signIn.another();
    expect(signIn.sentTo).toBeNull();
    expect(signIn.email).toBe('familie@post.example');
  });

  it('sees a server that does not answer as that, not as a sign-in page', async () => {
    const fake = new FakeSchool('/', { 'GET /api/me': () => { throw new TypeError('network'); } });
    const school = await open(fake);
    expect(school.session.kind === 'failed' && school.session.problem.code).toBe('unreachable');
    fake.answers['GET /api/me'] = me('teacher');
    await school.open();
    expect(school.session.kind).toBe('signed_in');
  });
});

describe('a one-time link', () => {
  it('signs in, and leaves its secret nowhere', async () => {
    const fake = new FakeSchool('/enter#sesame', { 'POST /api/session/redeem': me('guardian') });
    const school = await open(fake);
    expect(fake.asked[0]?.body).toEqual({ secret: 'sesame' });
    expect(school.session.kind).toBe('signed_in');
    expect(fake.address).toBe('/');
    expect(fake.visited.join()).not.toContain('sesame');
  });

  it('says that it was used, and offers a new one', async () => {
    const fake = new FakeSchool('/enter#old', { 'POST /api/session/redeem': refused(410, 'link_used') });
    const { door } = await open(fake);
    expect(door?.kind === 'enter' && door.enter.task.problem?.code).toBe('link_used');
    expect(door?.kind === 'enter' && door.signIn.sentTo).toBeNull();
  });

  it('without its end asks nothing', async () => {
    const fake = new FakeSchool('/enter');
    const { door } = await open(fake);
    expect(door?.kind === 'enter' && door.enter.complete).toBe(false);
    expect(fake.asked).toEqual([]);
  });

  it('pasted into the tab of an old one is tried', async () => {
    const fake = new FakeSchool('/enter#old', { 'POST /api/session/redeem': refused(410, 'link_used') });
    const school = await open(fake);
    fake.answers['POST /api/session/redeem'] = me('guardian');
    fake.navigate('/enter#new');
    school.moved();
    await settled();
    expect(school.session.kind).toBe('signed_in');
  });
});

describe('inside', () => {
  it('a jump to the heading opens nothing anew; another path does', async () => {
    const fake = new FakeSchool('/profile', { 'GET /api/me': me('office'), 'GET /api/me/sessions': [], 'GET /api/people': { people: [], total: 0 } });
    const school = await open(fake);
    const { page, visits } = school;
    fake.navigate('/profile#title');
    school.moved();
    expect(school.page).toBe(page);
    school.go('/people');
    await settled();
    expect(school.page.kind).toBe('people');
    expect(school.visits).toBe(visits + 1);
  });

  it('shut doors are not shown', async () => {
    const fake = new FakeSchool('/people/new', { 'GET /api/me': me('teacher') });
    expect((await open(fake)).page.kind).toBe('not_found');
  });

  it('whoever was signed out elsewhere signs in again, once', async () => {
    const fake = new FakeSchool('/profile', { 'GET /api/me': me('teacher'), 'GET /api/me/sessions': refused(401, 'signed_out') });
    const school = await open(fake);
    expect(school.session.kind).toBe('signed_out');
    expect(school.door?.kind).toBe('sign_in');
  });

  it('signing out ends at the start', async () => {
    const fake = new FakeSchool('/profile', { 'GET /api/me': me('teacher'), 'GET /api/me/sessions': [] });
    const school = await open(fake);
    await school.signOut();
    expect(fake.address).toBe('/');
    expect(school.door?.kind).toBe('sign_in');
  });
});
