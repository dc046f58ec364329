/** The pages around the call in every state. */
import type { Me, PersonInfo, PersonRole } from '../src/generated/school';
import { NOW, Refused, SILENCE, environmentAt, type Answers } from './server';
import type { GalleryState } from './states.svelte';

const MINUTE = 60_000;
const desktop = { system: 'windows', engine: 'chromium', supported: true, canShareScreen: true, canChooseSpeaker: true } as const;

/** The language of the gallery is the account's, too. */
const language = (new URLSearchParams(location.search).get('language') ?? 'de') as 'de' | 'en';

const me = (name: string, roles: PersonRole[], more: Partial<Me> = {}): Me => ({
  id: 'me', name, given_name: name.split(' ')[0] ?? name, roles, language, children: [], session: 's1', has_password: true, ...more,
});
const office = me('Ursula Petersen', ['office', 'operator']);
const teacher = me('Astrid Lindqvist-Baumgärtner', ['teacher']);
const child = me('Elif Yıldırım', ['student'], { has_password: false });

function school(address: string, who: Me | null, answers: Answers = {}, press: readonly string[] = []): GalleryState {
  const all: Answers = { 'GET /api/me': who ?? new Refused(401, 'signed_out'), 'GET /api/demo': new Refused(404, 'not_found'), ...answers };
  return { app: () => ({ screen: { kind: 'school', environment: environmentAt(address, all) }, browser: desktop }), press };
}

const person = (id: string, given: string, family: string, roles: PersonRole[], more: Partial<PersonInfo> = {}): PersonInfo => ({
  id, name: `${given} ${family}`, given_name: given, family_name: family, roles, archived: false, number: null, born: null, language: 'de', guardians: [], children: [], ...more,
});
const people: PersonInfo[] = [
  person('p1', 'Karl-Friedrich', 'Achterberg', ['student'], { number: '10482' }),
  person('p2', 'Maximiliane Theodora', 'von Schellendorf-Kaltenbrunner zu Hohenlohe', ['teacher', 'office'], { number: '20017' }),
  person('p3', 'Astrid', 'Lindqvist-Baumgärtner', ['teacher'], { number: '20003' }),
  person('p4', 'Hannah', 'Sommerfeld-Nguyễn', ['student'], { number: '10483' }),
  person('p5', 'Ayşe', 'Yıldırım', ['guardian']),
  person('p6', 'Thomas', 'Ölschläger', ['teacher'], { archived: true }),
];
const elif = person('p7', 'Elif', 'Yıldırım', ['student'], {
  number: '11077', born: '2016-03-09', guardians: [{ id: 'p5', name: 'Ayşe Yıldırım', given_name: 'Ayşe' }, { id: 'p8', name: 'Mehmet Yıldırım', given_name: 'Mehmet' }],
});
const sheet: Answers = {
  'GET /api/people/p7': elif,
  'GET /api/people/p7/account': { email: 'familie.yildirim@post.example', has_password: false, disabled: false, devices: 2 },
  'GET /api/people/p7/contact': { email: 'familie.yildirim@post.example', phone: '0421 555 0192', address: 'Am Deich 14, 28199 Bremen' },
  'POST /api/people/p7/link': { url: 'https://musikschule.example/enter#mH3kPq7Zt1vWcXy9aBdEfGhJkLmNoPqRsTuVwXyZ012', until: NOW + 14 * 24 * 60 * MINUTE },
};
const devices = [
  { id: 's1', device: 'Safari, iPad', since: NOW - 9000 * MINUTE, seen_at: NOW, this_one: true },
  { id: 's2', device: 'Firefox, Windows', since: NOW - 9000 * MINUTE, seen_at: NOW - 44 * MINUTE, this_one: false },
  { id: 's3', device: '', since: NOW - 90_000 * MINUTE, seen_at: NOW - 70_000 * MINUTE, this_one: false },
];

export const schoolStates: Readonly<Record<string, GalleryState>> = {
  'sign-in': school('/', null),
  'sign-in-demo': school('/', null, { 'GET /api/demo': { teacher: '/r/geige#lehrkraft', student: '/r/geige#schueler', musician: '/r/musiker#gast' } }),
  'sign-in-missing': school('/', null, {}, ['[data-testid="sign-in"]']),
  'sign-in-unreachable': school('/', null, { 'GET /api/me': new Refused(503, 'server_stopping') }),
  entering: school('/enter#secret', null, { 'POST /api/session/redeem': SILENCE }),
  'enter-used': school('/enter#secret', null, { 'POST /api/session/redeem': new Refused(410, 'link_used') }),
  'enter-incomplete': school('/enter', null),
  'enter-unreachable': school('/enter#secret', null, { 'POST /api/session/redeem': new Refused(503, 'busy') }),
  setup: school('/setup#secret', null),
  'setup-wrong': school('/setup#secret', null, { 'POST /api/set-up': new Refused(422, 'password_short', 'password') }, ['[data-testid="set-up"]']),
  'setup-used': school('/setup#secret', null, { 'POST /api/set-up': new Refused(410, 'link_used') }, ['[data-testid="set-up"]']),
  'not-found': school('/nowhere', teacher),
  'start-office': school('/', office),
  profile: school('/profile', teacher, { 'GET /api/me/sessions': devices }),
  'profile-pupil': school('/profile', child, { 'GET /api/me/sessions': devices.slice(0, 1) }),
  'profile-failed': school('/profile', teacher, { 'GET /api/me/sessions': new Refused(500, 'server_fault') }),
  people: school('/people', office, { 'GET /api/people': { people, total: 1585 } }),
  'people-empty': school('/people', office, { 'GET /api/people': { people: [], total: 0 } }),
  'people-loading': school('/people', office, { 'GET /api/people': SILENCE }),
  'people-failed': school('/people', office, { 'GET /api/people': new Refused(503, 'busy') }),
  'person-new': school('/people/new', office, { 'GET /api/people': { people, total: 6 } }),
  'person-new-wrong': school('/people/new', office, { 'POST /api/people': new Refused(422, 'empty', 'family_name') }, ['[data-testid="save-person"]']),
  person: school('/people/p7', office, sheet, ['[data-testid="show-contact"]', '[data-testid="make-link"]']),
  'person-edit': school('/people/p7', office, sheet, ['[data-testid="edit-person"]']),
  'person-gone': school('/people/p9', office),
  'person-teacher': school('/people/p7', teacher, { 'GET /api/people/p7': { ...elif, number: null, born: null, language: null, guardians: [] } }),
};
