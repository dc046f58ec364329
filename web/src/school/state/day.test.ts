import { describe, expect, it, vi } from 'vitest';
import { createApi } from '../api';
import { FakeSchool, refused, type Question } from '../fake';
import type { DateInfo, DayDate } from '../records';
import { AttendanceStore } from './attendance.svelte';
import { permissions } from './permissions';
import { PlanStore } from './plan.svelte';
import { StartStore } from './start.svelte';

const date = (course: string, more: Partial<DateInfo> = {}): DateInfo => ({
  course, day: '2026-11-23', planned_minute: 960, name: course, subject: '', kind: 'single', teacher: null, substitute: null,
  students: [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }], on: '2026-11-23', start_minute: 960, duration_minutes: 30, starts_at: 0, ends_at: 1,
  place: '', online: true, status: 'planned', category: null, category_name: null, note: 'n', given_minutes: null, version: 4,
  finalised_at: null, finalised_by: null, may_change: true, taught: true, ...more,
});
const online: DayDate = { date: date('one'), students: [], proposal: { status: 'given_online', students: [{ id: 'a', present: true, online: [] }] } };
const unclear: DayDate = { date: date('two'), students: [], proposal: { status: null, students: [] } };
const apiOf = (fake: FakeSchool) => createApi({ fetch: fake.environment.fetch, onSignedOut: () => undefined });

async function day(fake: FakeSchool): Promise<AttendanceStore> {
  const store = new AttendanceStore(apiOf(fake), '2026-11-23');
  await vi.waitFor(() => { expect(store.dates.value).not.toBeNull(); });
  return store;
}

describe('the attendance of a day', () => {
  it('confirms in one go what presence saw, and nothing that is unclear', async () => {
    const fake = new FakeSchool('/', { 'GET /api/attendance': [online, unclear] });
    const store = await day(fake);
    expect(await store.confirm()).toBe(true);
    expect(fake.asked.find(({ method }) => method === 'POST')?.body).toEqual({
      dates: [{
        course: 'one', day: '2026-11-23', version: 4, status: 'given_online', category: null, given_minutes: null, note: 'n',
        students: [{ id: 'a', present: true, excused: false }, { id: 'b', present: false, excused: false }],
      }],
    });
  });

  it('a lesson on site was everybody’s, until somebody is taken out', async () => {
    const store = await day(new FakeSchool('/', { 'GET /api/attendance': [unclear] }));
    expect(store.ready).toEqual([]);
    store.choose(unclear, 'given', null);
    store.mark(unclear, 'b', false);
    expect(store.ready[0]?.students.map(({ present }) => present)).toEqual([true, false]);
  });

  it('a cancelled lesson needs its category', async () => {
    const store = await day(new FakeSchool('/', { 'GET /api/attendance': [online] }));
    store.choose(online, 'cancelled', null);
    expect(store.ready).toEqual([]);
    store.choose(online, 'cancelled', 'ill');
    expect(store.ready[0]).toMatchObject({ status: 'cancelled', category: 'ill', students: [] });
  });

  it('shows anew what somebody else changed in the meantime', async () => {
    const fake = new FakeSchool('/', { 'GET /api/attendance': [online], 'POST /api/attendance/confirm': refused(409, 'changed_meanwhile') });
    const store = await day(fake);
    fake.answers['GET /api/attendance'] = [];
    expect(await store.confirm()).toBe(false);
    expect(store.confirming.problem?.code).toBe('changed_meanwhile');
    expect(store.open).toEqual([]);
  });
});

describe('the start page', () => {
  const start = {
    now: 0, day: '2026-11-23', next: null, today: [], unconfirmed: [date('old', { on: '2026-11-20' }), date('one')], unconfirmed_total: 2, conferences: [], school: null,
    children: ['x', 'y'].map((id) => ({ child: { id, name: id }, given_name: id, next: null, today: [] })),
  };

  it('asks a teacher about the day that is nearest', async () => {
    const fake = new FakeSchool('/', { 'GET /api/start': start, 'GET /api/attendance': [] });
    const store = new StartStore(apiOf(fake), fake.environment, permissions({ roles: ['teacher'], children: [] }));
    await vi.waitFor(() => { expect(store.attendance?.dates.value).toEqual([]); });
    expect(fake.asked.find(({ path }) => path === '/api/attendance')?.query).toBe('?day=2026-11-23');
  });

  it('shows one child after the other', async () => {
    const fake = new FakeSchool('/', { 'GET /api/start': start });
    const store = new StartStore(apiOf(fake), fake.environment, permissions({ roles: ['guardian'], children: [] }));
    await vi.waitFor(() => { expect(store.child?.given_name).toBe('x'); });
    store.chooseChild('y');
    expect(store.child?.given_name).toBe('y');
    expect(store.attendance).toBeNull();
  });

  it('enters the room under the address it was reached by', async () => {
    const fake = new FakeSchool('/', { 'GET /api/start': start, 'POST /api/courses/one/enter': { url: 'https://other.example/r/geige#token', until: 1 } });
    const store = new StartStore(apiOf(fake), fake.environment, permissions({ roles: ['student'], children: [] }));
    expect(await store.enterCourse('one')).toBe(true);
    expect(fake.assigned).toBe('/r/geige#token');
  });
});

it('the plan goes from Monday to Sunday, week by week', async () => {
  const fake = new FakeSchool('/', { 'GET /api/dates': ({ query }: Question) => (query.includes('11-23') ? [date('late', { start_minute: 1000 }), date('early', { start_minute: 900 })] : []) });
  const plan = new PlanStore(apiOf(fake), '2026-11-25');
  await vi.waitFor(() => { expect(plan.days).toHaveLength(1); });
  expect(plan.days[0]?.dates.map(({ course }) => course)).toEqual(['early', 'late']);
  plan.move(1);
  await vi.waitFor(() => { expect(plan.days).toEqual([]); });
  expect(fake.asked.map(({ query }) => query)).toEqual(['?from=2026-11-23&to=2026-11-29', '?from=2026-11-30&to=2026-12-06']);
});
