/** The shapes of the timetable, attendance and messages, as `/api/openapi.json` describes them. */
import type { CategoryId, ConferenceId, CourseId, Day, FileId, MessageId, Moment, PersonId, ThreadId } from '../generated/school';

export interface PersonName { readonly id: PersonId; readonly name: string }

export type CourseKind = 'single' | 'partner' | 'group' | 'ensemble';
export type Status = 'planned' | 'given' | 'given_online' | 'cancelled' | 'moved';

/** A lesson date; course and planned day name it, wherever it was moved to. */
export interface DateInfo {
  readonly course: CourseId;
  readonly day: Day;
  readonly planned_minute: number;
  readonly name: string;
  readonly subject: string;
  readonly kind: CourseKind;
  readonly teacher: PersonName | null;
  readonly substitute: PersonName | null;
  readonly students: readonly PersonName[];
  readonly on: Day;
  readonly start_minute: number;
  readonly duration_minutes: number;
  readonly starts_at: Moment;
  readonly ends_at: Moment;
  readonly place: string;
  readonly online: boolean;
  readonly status: Status;
  readonly category: CategoryId | null;
  readonly category_name: string | null;
  readonly note: string;
  readonly given_minutes: number | null;
  readonly version: number;
  readonly finalised_at: Moment | null;
  readonly finalised_by: string | null;
  readonly may_change: boolean;
  readonly taught: boolean;
}

export interface NextDate { readonly date: DateInfo; readonly minutes_to_go: number; readonly present: readonly PersonName[] }

export interface ChildStart { readonly child: PersonName; readonly given_name: string; readonly next: NextDate | null; readonly today: readonly DateInfo[] }

export interface ConferenceInfo {
  readonly id: ConferenceId;
  readonly title: string;
  readonly starts_at: Moment;
  readonly duration_minutes: number;
  readonly cancelled: boolean;
  readonly leads: boolean;
}

export interface SchoolNumbers { readonly people: number; readonly courses: number; readonly unconfirmed: number; readonly mails_with_problem: number | null }

export interface Start {
  readonly now: Moment;
  readonly day: Day;
  readonly next: NextDate | null;
  readonly today: readonly DateInfo[];
  readonly unconfirmed: readonly DateInfo[];
  readonly unconfirmed_total: number;
  readonly conferences: readonly ConferenceInfo[];
  readonly children: readonly ChildStart[];
  readonly school: SchoolNumbers | null;
}

export interface Entrance { readonly url: string; readonly until: Moment }

export interface OnlineSpan { readonly from: Moment; readonly to: Moment }
export interface StudentSeen { readonly id: PersonId; readonly present: boolean; readonly online: readonly OnlineSpan[] }
export interface StudentNoted { readonly id: PersonId | null; readonly present: boolean; readonly excused: boolean; readonly from: Moment | null; readonly to: Moment | null }

/** A date of a teacher's day; `proposal` is null before it begins, when it is cancelled and once it is confirmed. */
export interface DayDate {
  readonly date: DateInfo;
  readonly proposal: { readonly status: Status | null; readonly students: readonly StudentSeen[] } | null;
  readonly students: readonly StudentNoted[];
}

export interface ConfirmedDate {
  readonly course: CourseId;
  readonly day: Day;
  readonly version: number;
  readonly status: Status;
  readonly category: CategoryId | null;
  readonly given_minutes: number | null;
  readonly note: string;
  readonly students: readonly { readonly id: PersonId; readonly present: boolean; readonly excused: boolean }[];
}

export interface Category { readonly id: CategoryId; readonly name: string; readonly by_school: boolean; readonly position: number; readonly archived: boolean }

export type ThreadKind = 'course' | 'family' | 'staff' | 'notice';

export interface ThreadInfo {
  readonly id: ThreadId;
  readonly kind: ThreadKind;
  readonly title: string;
  readonly course_id: CourseId | null;
  readonly course: string | null;
  readonly student_id: PersonId | null;
  readonly student: string | null;
  readonly members: readonly PersonName[];
  readonly last_at: Moment;
  readonly last: { readonly author: string; readonly text: string } | null;
  readonly unread: number;
  readonly may_write: boolean;
}

export interface Attachment { readonly id: FileId; readonly name: string; readonly media_type: string; readonly bytes: number }

export interface MessageInfo {
  readonly id: MessageId;
  readonly thread_id: ThreadId;
  readonly author_id: PersonId;
  readonly author: string;
  readonly text: string;
  readonly sent_at: Moment;
  readonly files: readonly Attachment[];
}

export interface Messages { readonly messages: readonly MessageInfo[]; readonly more: boolean }

export type LiveEvent =
  | { readonly type: 'hello' }
  | { readonly type: 'message'; readonly message: MessageInfo }
  | { readonly type: 'thread'; readonly thread_id: ThreadId }
  | { readonly type: 'read'; readonly thread_id: ThreadId; readonly until: Moment }
  | { readonly type: 'date_changed'; readonly course_id: CourseId; readonly day: Day }
  | { readonly type: 'start_changed' };
