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
 * Whose eyes.
 */
export type DemoRole = "teacher" | "family" | "office" | "head";

export type DemoEntry = { as: DemoRole, };

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
 * What a column holds.
 */
export type Field = "person_number" | "family_name" | "given_name" | "full_name" | "born" | "role" | "course" | "course_name" | "subject" | "kind" | "teacher" | "weekday" | "start" | "duration" | "place" | "email" | "valid_from" | "valid_to";

/**
 * How a column was recognised.
 */
export type Recognised = "template" | "name" | "content" | "not";

/**
 * A column of the file.
 */
export type ImportColumn = {
/**
 * Of the spreadsheet: A to Z, AA to …
 */
letter: string, heading: string, examples: Array<string>, field: Field | null, recognised: Recognised, };

/**
 * What a file holds, and what its columns seem to be.
 */
export type ImportPreview = {
/**
 * Of a workbook.
 */
sheets: Array<string>, sheet: string | null,
/**
 * Below the headings.
 */
rows: number,
/**
 * As the spreadsheet counts; `null`: the file has none.
 */
heading_row: number | null, columns: Array<ImportColumn>,
/**
 * The template that fits.
 */
template: string | null, };

/**
 * What is wrong with one cell, or one row.
 */
export type Issue = {
/**
 * As the spreadsheet counts: the first row is 1.
 */
row: number,
/**
 * The column's letter; `None`: it is about the whole row.
 */
column: string | null, heading: string | null, content: string,
/**
 * For programs: stays the same in every language.
 */
code: string,
/**
 * For people, in German.
 */
message: string,
/**
 * What to do, or what is similar, in German.
 */
hint: string | null,
/**
 * What may be meant.
 */
suggestion: string | null,
/**
 * The row that says otherwise, or has the same mistake.
 */
other_row: number | null, };

/**
 * What an import does, in numbers.
 */
export type Counts = {
/**
 * Rows that change nothing.
 */
same: number,
/**
 * Rows that bring somebody, a course or an enrolment that was not there.
 */
new: number,
/**
 * Rows that change what is there.
 */
changed: number,
/**
 * Rows that stay outside.
 */
failed: number, people_added: number, families_added: number, courses_added: number, enrolments_added: number, };

/**
 * What an import would do, or did.
 */
export type ImportResult = { counts: Counts,
/**
 * The first 500.
 */
issues: Array<Issue>, issues_total: number, };

/**
 * A mapping that is used again for files with the same headings.
 */
export type ImportTemplate = {
/**
 * `null`: ships with the program.
 */
id: TemplateId | null, name: string, columns: Array<ColumnField>, };

export type ImportTemplateForm = { name: string, columns: Array<ColumnField>, };

/**
 * A column's heading and what it holds.
 */
export type ColumnField = { heading: string,
/**
 * `null`: left out on purpose.
 */
field: Field | null, };

/**
 * What a column of an export holds.
 */
export type ExportColumn = "course" | "course_name" | "subject" | "kind" | "enrolment" | "person_number" | "family_name" | "given_name" | "teacher" | "teacher_number" | "date" | "weekday" | "start" | "minutes_planned" | "minutes_given" | "status" | "category" | "moved_to" | "substitute" | "attendance" | "note" | "finalised_by" | "finalised_at";

/**
 * Which dates go out.
 */
export type ExportDates = "finalised" | "all";

/**
 * Whether what went out before goes out again.
 */
export type ExportScope = "all" | "new";

/**
 * The kind of file.
 */
export type ExportFormat = "csv" | "xlsx";

/**
 * A column with its heading.
 */
export type HeadedColumn = { column: ExportColumn, heading: string, };

/**
 * What is to be exported.
 */
export type ExportForm = { from: Day,
/**
 * At most 400 days later.
 */
to: Day,
/**
 * Name of a template, saved or shipped.
 */
template: string, format: ExportFormat, dates: ExportDates, scope: ExportScope, };

/**
 * An export that was made.
 */
export type ExportInfo = { id: ExportId, at: Moment,
/**
 * `null`: of somebody who is not here any more.
 */
by: string | null, first_day: Day, last_day: Day, template: string, rows: bigint, };

/**
 * Columns of an export, in their order.
 */
export type ExportTemplate = {
/**
 * `null`: ships with the program.
 */
id: TemplateId | null, name: string, columns: Array<HeadedColumn>, };

export type ExportTemplateForm = { name: string, columns: Array<HeadedColumn>, };

/**
 * Whoever erases types the name, so that it is not done by mistake.
 */
export type EraseForm = {
/**
 * As the list of people has it.
 */
name: string, };

/**
 * Who is gone.
 */
export type Erased = {
/**
 * With guardians who were there for this person alone.
 */
people: number, };

/**
 * What is allowed, or not.
 */
export type ConsentKind = "camera" | "recording";

/**
 * What was said once.
 */
export type ConsentInfo = { id: ConsentId, kind: ConsentKind, given: boolean,
/**
 * `null`: of somebody who is not here any more.
 */
by: string | null, said_at: Moment, };

/**
 * What holds, and how it came to it.
 */
export type Consents = {
/**
 * Kinds that are allowed now.
 */
allowed: Array<ConsentKind>,
/**
 * The newest first.
 */
history: Array<ConsentInfo>, };

export type ConsentForm = { kind: ConsentKind, given: boolean, };

/**
 * One thing that somebody of the administration did.
 */
export type JournalLine = { id: JournalId, at: Moment, actor: PersonId,
/**
 * `null`: not here any more, or not for whoever asks.
 */
actor_name: string | null, action: string, object: string, object_id: string, };

/**
 * For whom it is written.
 */
export type Audience = "adults" | "children";

/**
 * The page.
 */
export type Notice = { title: string, sections: Array<Section>, };

/**
 * A part of the page.
 */
export type Section = { heading: string, paragraphs: Array<string>, };
