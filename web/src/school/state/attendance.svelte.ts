/** A teacher's day: what presence proposes, what the teacher says, and the signature. */
import type { CategoryId, Day, PersonId } from '../../generated/school';
import type { Api } from '../api';
import { plusDays } from '../i18n/format';
import type { Category, ConfirmedDate, DateInfo, DayDate, Status, StudentSeen } from '../records';
import { Resource } from './resource.svelte';
import { Task } from './task.svelte';

/** What is to be said of one date. */
export interface Answer {
  readonly status: Exclude<Status, 'planned' | 'moved'>;
  readonly category: CategoryId | null;
  readonly present: Readonly<Record<PersonId, boolean>>;
}

export class AttendanceStore {
  day = $state<Day>('');
  readonly dates: Resource<readonly DayDate[]>;
  readonly categories: Resource<readonly Category[]>;
  readonly confirming = new Task();
  readonly finalising = new Task();
  /** What the teacher chose, by date; the rest is as proposed. */
  #chosen = $state.raw<Readonly<Record<string, Answer>>>({});
  readonly #api: Api;
  readonly #changed: () => void;

  constructor(api: Api, day: Day, changed: () => void = () => undefined) {
    this.#api = api;
    this.#changed = changed;
    this.day = day;
    this.dates = new Resource(() => api.time.day(this.day));
    this.categories = new Resource(async () => (await api.time.categories()).filter(({ archived }) => !archived));
    void this.dates.load();
  }

  show = (day: Day): void => {
    if (day === '') return;
    this.day = day;
    this.#chosen = {};
    this.confirming.clear();
    this.finalising.clear();
    void this.dates.load();
  };

  move = (days: number): void => {
    this.show(plusDays(this.day, days));
  };

  /** Waits for an answer. */
  get open(): readonly DayDate[] {
    return (this.dates.value ?? []).filter(({ proposal }) => proposal !== null);
  }

  /** What would be confirmed, where it is clear. */
  get ready(): readonly ConfirmedDate[] {
    return this.open.flatMap((entry) => {
      const answer = this.answer(entry);
      return answer && !(answer.status === 'cancelled' && answer.category === null) ? [confirmed(entry, answer)] : [];
    });
  }

  answer({ date, proposal }: DayDate): Answer | null {
    const chosen = this.#chosen[keyOf(date)];
    if (chosen) return chosen;
    const status = proposal?.status;
    if (!proposal || (status !== 'given' && status !== 'given_online' && status !== 'cancelled')) return null;
    return { status, category: null, present: presence(date, proposal.students) };
  }

  choose(entry: DayDate, status: Answer['status'], category: CategoryId | null): void {
    const { date, proposal } = entry;
    const before = this.answer(entry)?.present ?? presence(date, proposal?.students ?? []);
    // Where nobody was seen online, everybody was here: the teacher takes out who was missing.
    const nobody = !Object.values(before).some((present) => present);
    const present = nobody && status === 'given' ? Object.fromEntries(date.students.map(({ id }) => [id, true])) : before;
    this.#chosen = { ...this.#chosen, [keyOf(date)]: { status, category, present } };
  }

  mark(entry: DayDate, student: PersonId, present: boolean): void {
    const answer = this.answer(entry);
    if (!answer) return;
    this.#chosen = { ...this.#chosen, [keyOf(entry.date)]: { ...answer, present: { ...answer.present, [student]: present } } };
  }

  confirm = async (): Promise<boolean> => {
    const dates = this.ready;
    if (dates.length === 0) return false;
    const done = await this.confirming.run(() => this.#api.time.confirm(dates));
    // Somebody else may have said something of a date in the meantime: show that.
    if (done || this.confirming.problem?.status === 409) {
      this.#chosen = {};
      await this.dates.load();
      this.#changed();
    }
    return done;
  };

  finalise = async (date: DateInfo): Promise<boolean> => {
    const done = await this.finalising.run(() => this.#api.time.finalise(date));
    await this.dates.load();
    return done;
  };
}

export function keyOf({ course, day }: Pick<DateInfo, 'course' | 'day'>): string {
  return `${course}/${day}`;
}

function presence({ students }: DateInfo, seen: readonly StudentSeen[]): Record<PersonId, boolean> {
  return Object.fromEntries(students.map(({ id }) => [id, seen.find((one) => one.id === id)?.present ?? false]));
}

function confirmed({ date }: DayDate, { status, category, present }: Answer): ConfirmedDate {
  const cancelled = status === 'cancelled';
  return {
    course: date.course,
    day: date.day,
    version: date.version,
    status,
    category: cancelled ? category : null,
    given_minutes: null,
    note: date.note,
    students: cancelled ? [] : date.students.map(({ id }) => ({ id, present: present[id] ?? false, excused: false })),
  };
}
