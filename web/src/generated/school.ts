// Generated from src/http/school by `UPDATE=1 cargo test -p auftakt --lib bindings`. Do not edit.

export type PersonId = string;

export type SessionId = string;

export type CourseId = string;

export type EnrolmentId = string;

export type HolidayId = string;

export type CategoryId = string;

export type ConferenceId = string;

export type ThreadId = string;

export type MessageId = string;

export type FileId = string;

export type FileVersionId = string;

export type UploadId = string;

export type ConsentId = string;

export type TemplateId = string;

export type ExportId = string;

/**
 * A day of the calendar, `YYYY-MM-DD`.
 */
export type Day = string;

/**
 * An instant: milliseconds since 1970, UTC.
 */
export type Moment = number;

/**
 * Yes or no; 1 or 0 in the database, which is what both kinds agree on.
 */
export type Flag = boolean;

/**
 * A refusal as it is sent: `application/problem+json`.
 */
export type Problem = { type: string, title: string, status: number,
/**
 * For programs: stays the same in every language and version.
 */
code: string,
/**
 * For people, in English.
 */
detail: string,
/**
 * Which field of a form it is about.
 */
field?: string, };

/**
 * What somebody is at the school; one person may be several things.
 */
export type PersonRole = "teacher" | "student" | "guardian" | "office" | "head" | "operator";

/**
 * The languages of the interface.
 */
export type Language = "de" | "en";

/**
 * Who is signed in.
 */
export type Me = { id: PersonId, name: string, given_name: string, roles: Array<PersonRole>, language: Language,
/**
 * Whose guardian this is.
 */
children: Array<Child>, session: SessionId,
/**
 * Signs in with a password (too).
 */
has_password: boolean, };

/**
 * A guardian's child.
 */
export type Child = { id: PersonId, name: string, given_name: string, };

export type SignIn = { email: string, password: string, };

export type LinkWanted = { email: string, };

export type Redeem = { secret: string, };

export type SetUp = { secret: string, given_name: string, family_name: string, email: string, password: string,
/**
 * In a small school the operator is the office, too.
 */
office: boolean, language: Language, };

export type NewPassword = {
/**
 * The one there is; empty for whoever has none yet.
 */
current: string, new: string, };

export type NewLanguage = { language: Language, };

/**
 * A device that is signed in.
 */
export type Device = { id: SessionId,
/**
 * "Safari, iPad".
 */
device: string, since: Moment, seen_at: Moment,
/**
 * The one that asks.
 */
this_one: boolean, };

/**
 * A page of a list.
 */
export type People = { people: Array<PersonInfo>,
/**
 * In the whole list.
 */
total: bigint, };

/**
 * A person as those may see it who work here.
 */
export type PersonInfo = { id: PersonId, name: string, given_name: string, family_name: string, roles: Array<PersonRole>, archived: boolean,
/**
 * The office's alone, as is what follows.
 */
number: string | null, born: Day | null, language: Language | null, guardians: Array<Child>, children: Array<Child>, };

/**
 * A person as the office writes it.
 */
export type PersonForm = {
/**
 * Of the administration program; empty: none.
 */
number: string, given_name: string, family_name: string, born: Day | null, language: Language, roles: Array<PersonRole>, guardians: Array<PersonId>, archived: boolean, };

/**
 * How to reach somebody: the office's alone.
 */
export type Contact = { email: string | null, phone: string | null, address: string | null, };

/**
 * How a person signs in.
 */
export type AccountInfo = {
/**
 * `None`: not at all.
 */
email: string | null, has_password: boolean, disabled: boolean, devices: number, };

export type AccountForm = { email: string, disabled: boolean, };

/**
 * A one-time link that signs a person in.
 */
export type LinkInfo = { url: string, until: Moment, };

/**
 * What a conversation is.
 */
export type ThreadKind = "course" | "family" | "staff" | "notice";

/**
 * A conversation as whoever asks sees it.
 */
export type ThreadInfo = { id: ThreadId, kind: ThreadKind,
/**
 * May be empty: then it is called by its course, student or members.
 */
title: string, course_id: CourseId | null, course: string | null,
/**
 * Whose family it is with.
 */
student_id: PersonId | null, student: string | null,
/**
 * The teacher of a family's conversation; everybody of the staff's; of others nobody is named here.
 */
members: Array<MemberInfo>, last_at: Moment, last: Glimpse | null, unread: bigint, may_write: boolean, };

/**
 * Somebody in a conversation.
 */
export type MemberInfo = { id: PersonId, name: string, };

/**
 * How the last message begins.
 */
export type Glimpse = { author: string, text: string, };

/**
 * A conversation to begin, with its first message. The one of a course and the one with a family are begun once: a second time goes on in them.
 */
export type NewThread = { kind: ThreadKind,
/**
 * Of notices and the staff's.
 */
title: string,
/**
 * Of a course; of a notice without it, the whole school.
 */
course_id: CourseId | null,
/**
 * Of a family.
 */
student_id: PersonId | null,
/**
 * Whom a family writes to; a teacher leaves it out.
 */
teacher_id: PersonId | null,
/**
 * Of the staff, beside oneself.
 */
members: Array<PersonId>, client_id: string, text: string, };

/**
 * Messages of a conversation, a page of them.
 */
export type Messages = {
/**
 * The newest first.
 */
messages: Array<MessageInfo>,
/**
 * There are older ones.
 */
more: boolean, };

/**
 * A message as it is shown.
 */
export type MessageInfo = { id: MessageId, thread_id: ThreadId, author_id: PersonId, author: string,
/**
 * As it was written: plain text.
 */
text: string, sent_at: Moment, files: Array<Attachment>, };

/**
 * A file at a message, in its newest version.
 */
export type Attachment = { id: FileId, message_id: MessageId, name: string, media_type: string, bytes: bigint, };

/**
 * A message to write.
 */
export type NewMessage = {
/**
 * Made up by the page, the same when it tries again: what has come already is not written twice.
 */
client_id: string, text: string, };

/**
 * Until when somebody has read.
 */
export type ReadUntil = {
/**
 * `sent_at` of the last message that was seen.
 */
until: Moment, };

/**
 * A message that was found.
 */
export type FoundMessage = { message: MessageInfo, kind: ThreadKind,
/**
 * What its conversation is called; may be empty.
 */
title: string, };

/**
 * What waits to be read.
 */
export type Unread = { threads: bigint, messages: bigint, };

/**
 * What a page hears.
 */
export type LiveEvent = { "type": "hello" } | { "type": "message", message: MessageInfo, } | { "type": "thread", thread_id: ThreadId, } | { "type": "read", thread_id: ThreadId, until: Moment, } | { "type": "date_changed", course_id: CourseId, day: Day, } | { "type": "start_changed" };

/**
 * Whether one's calendar has an address. The address itself is shown once, when it is made.
 */
export type FeedInfo = {
/**
 * `None`: it has none.
 */
since: Moment | null, };

/**
 * A calendar's address: whoever has it sees the calendar.
 */
export type FeedAddress = { url: string, };

/**
 * The settings.
 */
export type SettingsInfo = {
/**
 * The school's name; may be empty.
 */
school: string,
/**
 * From the configuration.
 */
time_zone: string, retention: Retention, mail: MailState, };

/**
 * The settings, as they are to be.
 */
export type SettingsForm = { school: string, retention: Retention, };

/**
 * For how many months what is kept: 3 to 240.
 */
export type Retention = { messages: number, files: number,
/**
 * From when it was exported.
 */
attendance: number, journal: number, };

/**
 * How the school's mail does.
 */
export type MailState = {
/**
 * The operator has named a mail server.
 */
set_up: boolean, waiting: bigint,
/**
 * Given up, until somebody sees to them.
 */
failed: bigint,
/**
 * The newest of these.
 */
problems: Array<MailProblem>, };

/**
 * A mail that could not be sent.
 */
export type MailProblem = {
/**
 * To whom, for those who may know.
 */
person_id: PersonId | null,
/**
 * `smtp_550`: what the mail server answered; `address`, `timeout`, `tls`, `unreachable`.
 */
problem: string, };
