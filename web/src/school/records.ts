/** The shapes of messages, as `/api/openapi.json` describes them, beside those of the timetable. */
import type { CourseId, Day, FileId, MessageId, Moment, PersonId, PersonName, ThreadId } from '../generated/school';

export type {
  CategoryInfo as Category, ChildStart, ConferenceInfo, ConfirmedDate, CourseKind, DateInfo, DayDate, Entrance, NextDate, OnlineSpan, PersonName, SchoolNumbers, Start,
  Status, StudentNoted, StudentSeen,
} from '../generated/school';

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
