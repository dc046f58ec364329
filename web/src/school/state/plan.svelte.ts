import type { Day } from '../../generated/school';
import type { Api } from '../api';
import { plusDays, weekday } from '../i18n/format';
import type { DateInfo } from '../records';
import { Resource } from './resource.svelte';

const WEEK = 7;

/** One's lessons, a week at a time. */
export class PlanStore {
  /** A Monday. */
  monday = $state<Day>('');
  readonly today: Day;
  readonly dates: Resource<readonly DateInfo[]>;

  constructor(api: Api, today: Day) {
    this.today = today;
    this.monday = plusDays(today, -weekday(today));
    this.dates = new Resource(() => api.time.dates({ from: this.monday, to: this.sunday }));
    void this.dates.load();
  }

  get sunday(): Day {
    return plusDays(this.monday, WEEK - 1);
  }

  /** The days of the week that have dates, and today. */
  get days(): readonly { readonly day: Day; readonly dates: readonly DateInfo[] }[] {
    const all = this.dates.value ?? [];
    return Array.from({ length: WEEK }, (_, index) => plusDays(this.monday, index))
      .map((day) => ({ day, dates: all.filter(({ on }) => on === day).sort((a, b) => a.start_minute - b.start_minute) }))
      .filter(({ dates }) => dates.length > 0);
  }

  move = (weeks: number): void => {
    this.monday = plusDays(this.monday, weeks * WEEK);
    void this.dates.load();
  };

  toToday = (): void => {
    this.monday = plusDays(this.today, -weekday(this.today));
    void this.dates.load();
  };
}
