/** The pages around the call in every state. */
import type { Me, PersonInfo, PersonRole } from '../src/generated/school';
import { NOW, Refused, SILENCE, environmentAt, type Answers } from './server';
import type { DateInfo, DayDate, Start, Status, ThreadInfo } from '../src/school/records';
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

const name = (id: string, text: string) => ({ id, name: text });
const astrid = name('me', 'Astrid Lindqvist-Baumgärtner');
/** A lesson on the day of the gallery; `minute` since midnight. */
function lesson(course: string, minute: number, who: string[], more: Partial<DateInfo> = {}): DateInfo {
  const starts = new Date(2026, 10, 23).getTime() + minute * MINUTE;
  const duration = more.duration_minutes ?? 30;
  return {
    course, day: '2026-11-23', planned_minute: minute, name: who[0] ?? course, subject: 'Violine', kind: 'single', teacher: astrid, substitute: null,
    students: who.map((one, index) => name(`${course}-${String(index)}`, one)), on: '2026-11-23', start_minute: minute, duration_minutes: duration,
    starts_at: starts, ends_at: starts + duration * MINUTE, place: '', online: true, status: 'planned', category: null, category_name: null, note: '',
    given_minutes: null, version: 1, finalised_at: null, finalised_by: null, may_change: true, taught: true, ...more,
  };
}
const day: DateInfo[] = [
  lesson('c1', 840, ['Karl-Friedrich Achterberg'], { online: false, place: 'Raum 2.07' }),
  lesson('c2', 870, ['Mia Wójcik'], { status: 'cancelled', category_name: 'krank' }),
  lesson('c3', 915, ['Aurelia-Sophie von Hohenlohe-Waldburg'], { subject: 'Viola' }),
  lesson('c4', 960, ['Hannah Sommerfeld-Nguyễn']),
  lesson('c5', 1005, ['Elif Yıldırım']),
  lesson('c6', 1050, ['Elif Yıldırım', 'Mia Wójcik', 'Karl-Friedrich Achterberg', 'Hannah Sommerfeld-Nguyễn', 'Ben Ölschläger', 'Jonas Rasmussen'], {
    name: 'Streicherensemble „Saitensprung“', subject: 'Ensemble', kind: 'ensemble', duration_minutes: 45, online: false, place: 'Saal',
  }),
];
const said = (index: number, status: Status, more: Partial<DateInfo> = {}): DateInfo => ({ ...(day[index] ?? lesson('c', 0, [])), status, ...more });
const seen = (date: DateInfo, status: Status | null, present: boolean): DayDate => ({
  date, students: [],
  proposal: {
    status,
    students: date.students.map(({ id }) => ({ id, present, online: present ? [{ from: date.starts_at - MINUTE, to: date.ends_at + MINUTE }] : [] })),
  },
});
const noted = (date: DateInfo): DayDate => ({ date, proposal: null, students: date.students.map(({ id }, index) => ({ id, present: index !== 1, excused: index === 1, from: null, to: null })) });
const proposals: DayDate[] = day.slice(0, 4).flatMap((date, index) => (index === 1 ? [] : [seen(date, index === 0 ? null : 'given_online', index > 0)]));
const start: Start = {
  now: NOW, day: '2026-11-23', next: { date: said(3, 'planned'), minutes_to_go: 8, present: [name('c4-0', 'Hannah Sommerfeld-Nguyễn')] },
  today: day, unconfirmed: proposals.map(({ date }) => date), unconfirmed_total: 5, unread: { threads: 1, messages: 2 }, children: [], school: null,
  conferences: [{ id: 'k1', title: 'Lehrerkonferenz', starts_at: NOW + 128 * MINUTE, duration_minutes: 90, cancelled: false, leads: false }],
};
const none: Start = { ...start, next: null, today: [], unconfirmed: [], unconfirmed_total: 0, conferences: [] };
const family: Start = {
  ...none,
  children: [
    { child: name('p7', 'Elif Yıldırım'), given_name: 'Elif', next: { date: said(4, 'planned', { subject: 'Geige' }), minutes_to_go: 53, present: [] }, today: [said(4, 'planned'), said(5, 'planned')] },
    { child: name('p8', 'Deniz Yıldırım'), given_name: 'Deniz', next: null, today: [] },
  ],
};
const teaching: Answers = { 'GET /api/start': start, 'GET /api/attendance': proposals, 'GET /api/categories': [{ id: 'k', name: 'Krankheit Schülerin/Schüler', by_school: false, position: 1, archived: false }] };
const thread = (id: string, more: Partial<ThreadInfo>): ThreadInfo => ({
  id, kind: 'family', title: '', course_id: null, course: null, student_id: null, student: null, members: [], last_at: NOW - 21 * MINUTE, last: null, unread: 0, may_write: true, ...more,
});
const threads: ThreadInfo[] = [
  thread('t1', { student: 'Elif Yıldırım', unread: 2, last: { author: 'Ayşe Yıldırım', text: 'Elif kommt heute fünf Minuten später.' } }),
  thread('t2', { kind: 'course', course: 'Streicherensemble „Saitensprung“', last_at: NOW - 2900 * MINUTE, last: { author: 'Astrid Lindqvist-Baumgärtner', text: 'Danke, gute Fahrt! Die Noten für Dezember liegen jetzt unter Dateien, und die zweite Stimme kommt bis Freitag als Aufnahme dazu.' } }),
  thread('t3', { kind: 'notice', title: 'Weihnachtskonzert: Ablauf', last_at: NOW - 20_000 * MINUTE, last: { author: 'Ursula Petersen', text: 'Einlass ist um 16:30 Uhr.' }, may_write: false }),
];
const messages = {
  more: true,
  messages: [
    { id: 'm3', thread_id: 't1', author_id: 'x', author: 'Ayşe Yıldırım', text: 'Elif kommt heute fünf Minuten später.', sent_at: NOW - 21 * MINUTE, files: [] },
    { id: 'm2', thread_id: 't1', author_id: 'me', author: 'Astrid Lindqvist-Baumgärtner', text: 'Kein Problem. Dann sehen wir uns um 16:50 Uhr.\nBitte das Menuett mitbringen.', sent_at: NOW - 30 * MINUTE, files: [{ id: 'f', name: 'Stille_Nacht_Streicher_Stimmen_komplett_Fassung_2026.pdf', media_type: 'application/pdf', bytes: 1_258_291 }] },
    { id: 'm1', thread_id: 't1', author_id: 'x', author: 'Ayşe Yıldırım', text: 'Können wir die zweite Stimme auch als Aufnahme bekommen?', sent_at: NOW - 3000 * MINUTE, files: [] },
  ],
};
const talk: Answers = { 'GET /api/threads': threads, 'GET /api/threads/t1': threads[0], 'GET /api/threads/t1/messages': messages, 'GET /api/unread': { threads: 1, messages: 2 }, 'POST /api/threads/t1/read': undefined };
const closed: DayDate[] = [
  noted(said(0, 'given', { finalised_at: NOW - 20 * MINUTE, finalised_by: 'A. Lindqvist-Baumgärtner' })),
  { date: said(1, 'cancelled'), proposal: null, students: [] },
  noted(said(2, 'given_online')),
  noted(said(5, 'given')),
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
  'start-office': school('/', office, { 'GET /api/start': { ...none, school: { people: 1585, courses: 412, unconfirmed: 9, mails_with_problem: 2 } } }),
  'start-teacher': school('/', teacher, teaching),
  'start-teacher-free': school('/', teacher, { 'GET /api/start': none }),
  'start-teacher-correct': school('/', teacher, teaching, ['[aria-expanded="false"]']),
  'start-teacher-failed': school('/', teacher, { 'GET /api/start': new Refused(503, 'busy') }),
  'start-room-shut': school('/', teacher, { ...teaching, 'POST /api/courses/c4/enter': new Refused(503, 'busy') }, ['[data-testid="enter-lesson"]']),
  'start-loading': school('/', teacher, { 'GET /api/start': SILENCE }),
  'start-family': school('/', me('Ayşe Yıldırım', ['guardian']), { 'GET /api/start': family }),
  'start-pupil': school('/', child, { 'GET /api/start': { ...none, next: family.children[0]?.next ?? null, today: family.children[0]?.today ?? [] } }),
  plan: school('/plan', teacher, { 'GET /api/dates': [...day, lesson('c7', 900, ['Elif Yıldırım'], { on: '2026-11-25', day: '2026-11-24', status: 'moved' })] }),
  'plan-empty': school('/plan', child, { 'GET /api/dates': [] }),
  attendance: school('/attendance', teacher, { 'GET /api/attendance': closed }),
  'attendance-open': school('/attendance', teacher, { ...teaching, 'GET /api/attendance': [...closed.slice(0, 2), ...proposals.slice(1)] }),
  'attendance-empty': school('/attendance', teacher, { 'GET /api/attendance': [] }),
  messages: school('/messages', teacher, talk),
  'messages-empty': school('/messages', child, { 'GET /api/threads': [] }),
  thread: school('/messages/t1', teacher, talk),
  'thread-notice': school('/messages/t1', teacher, { ...talk, 'GET /api/threads/t1': threads[2], 'GET /api/threads/t1/messages': { messages: messages.messages.slice(0, 1), more: false } }),
  'thread-empty': school('/messages/t1', child, { ...talk, 'GET /api/threads/t1/messages': { messages: [], more: false } }),
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
