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

export type JournalId = string;

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
total: number, };

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
 * Somebody as those see them who share a course.
 */
export type PersonName = { id: PersonId, name: string, };

/**
 * How many are taught together.
 */
export type CourseKind = "single" | "partner" | "group" | "ensemble";

/**
 * A page of a list.
 */
export type Courses = { courses: Array<CourseInfo>,
/**
 * In the whole list.
 */
total: number, };

/**
 * A course (Veranstaltung).
 */
export type CourseInfo = { id: CourseId, name: string, subject: string, kind: CourseKind, teacher: PersonName | null,
/**
 * 1 is Monday.
 */
weekday: number,
/**
 * Minutes since midnight.
 */
start_minute: number, duration_minutes: number, place: string, online: boolean, valid_from: Day, valid_to: Day | null, archived: boolean,
/**
 * Of the administration program; the office's alone.
 */
code: string | null, };

/**
 * A course with who is in it.
 */
export type CourseDetail = { course: CourseInfo,
/**
 * Everybody who ever was for the office and the head; for the others who is now or will be.
 */
enrolments: Array<EnrolmentInfo>,
/**
 * Whether whoever asks teaches it.
 */
taught: boolean, };

/**
 * A course as the office writes it.
 */
export type CourseForm = {
/**
 * Of the administration program; empty: none.
 */
code: string, name: string, subject: string, kind: CourseKind, teacher: PersonId | null,
/**
 * 1 is Monday.
 */
weekday: number, start_minute: number, duration_minutes: number, place: string, online: boolean, valid_from: Day, valid_to: Day | null, archived: boolean, };

export type Removed = { outcome: RemovalOutcome, };

/**
 * What became of what was to be deleted.
 */
export type RemovalOutcome = "deleted" | "archived";

/**
 * That somebody is in a course (Belegung).
 */
export type EnrolmentInfo = { id: EnrolmentId, student: PersonName, valid_from: Day, valid_to: Day | null, };

export type EnrolmentForm = { student: PersonId, valid_from: Day, valid_to: Day | null, };

export type EnrolmentEnd = {
/**
 * The last day; null: no end is known.
 */
valid_to: Day | null, };

/**
 * Days on which no course takes place.
 */
export type Holiday = { id: HolidayId, name: string, first_day: Day, last_day: Day, };

export type HolidayForm = { name: string, first_day: Day, last_day: Day, };

/**
 * Why lessons do not take place (Ausfallkategorie).
 */
export type CategoryInfo = { id: CategoryId, name: string,
/**
 * The school's side cancelled, not the family's.
 */
by_school: boolean, position: number,
/**
 * No longer to be chosen.
 */
archived: boolean, };

export type CategoryForm = { name: string, by_school: boolean, position: number, archived: boolean, };

/**
 * What became of a lesson date.
 */
export type Status = "planned" | "given" | "given_online" | "cancelled" | "moved";

/**
 * A lesson date (Termin), as it is to take place or did.
 */
export type DateInfo = { course: CourseId,
/**
 * As planned; with the course it names the date, wherever it was moved to.
 */
day: Day,
/**
 * As planned.
 */
planned_minute: number, name: string, subject: string, kind: CourseKind, teacher: PersonName | null, substitute: PersonName | null, students: Array<PersonName>,
/**
 * When it takes place: another day or minute than planned when it was moved.
 */
on: Day, start_minute: number, duration_minutes: number, starts_at: Moment, ends_at: Moment, place: string, online: boolean, status: Status,
/**
 * Why it does not take place, the note, and how long it was are for those who teach, and for office and head.
 */
category: CategoryId | null, category_name: string | null, note: string, given_minutes: number | null,
/**
 * What a change has to bring.
 */
version: number, finalised_at: Moment | null, finalised_by: string | null,
/**
 * Whether whoever asks may change it, while it is not finalised.
 */
may_change: boolean,
/**
 * Whether whoever asks teaches it.
 */
taught: boolean, };

export type DateForm = {
/**
 * Of the date as it was seen.
 */
version: number, change: DateChange, };

/**
 * What is said of a date.
 */
export type DateChange = { "type": "cancel", category: CategoryId, note: string, } | { "type": "move", day: Day, minute: number, note: string, } | { "type": "restore" } | { "type": "substitute", person: PersonId | null, } | { "type": "place", online: boolean, };

/**
 * A date of a teacher's day.
 */
export type DayDate = { date: DateInfo,
/**
 * What presence proposes; null while the date has not begun, when it is cancelled, and once it is confirmed.
 */
proposal: ProposalInfo | null,
/**
 * What is noted already.
 */
students: Array<StudentNoted>, };

export type ProposalInfo = {
/**
 * Given or given online; null: nothing speaks for one or the other.
 */
status: Status | null, students: Array<StudentSeen>, };

export type StudentSeen = { id: PersonId, present: boolean,
/**
 * When they were in the online room, by time.
 */
online: Array<OnlineSpan>, };

export type StudentNoted = {
/**
 * Null: of somebody who was erased.
 */
id: PersonId | null, present: boolean, excused: boolean, from: Moment | null, to: Moment | null, };

export type OnlineSpan = { from: Moment, to: Moment, };

export type Confirmation = { dates: Array<ConfirmedDate>, };

/**
 * What became of one date.
 */
export type ConfirmedDate = { course: CourseId, day: Day,
/**
 * Of the date as it was seen.
 */
version: number,
/**
 * Given, given online or cancelled.
 */
status: Status,
/**
 * Of a cancelled date.
 */
category: CategoryId | null,
/**
 * Null: as long as planned.
 */
given_minutes: number | null, note: string, students: Array<ConfirmedStudent>, };

export type ConfirmedStudent = { id: PersonId, present: boolean, excused: boolean, };

/**
 * What was confirmed.
 */
export type Confirmed = { dates: Array<ConfirmedVersion>, };

export type ConfirmedVersion = { course: CourseId, day: Day, version: number, };

/**
 * Of the date as it was seen.
 */
export type SeenVersion = { version: number, };

/**
 * A month of a course or of a teacher.
 */
export type MonthSheet = {
/**
 * The course's or the teacher's name.
 */
title: string, first_day: Day, last_day: Day,
/**
 * Everybody who was to be there on some date, by name.
 */
students: Array<PersonName>,
/**
 * By time.
 */
rows: Array<SheetRow>, sums: SheetSums, };

export type SheetRow = { date: DateInfo, students: Array<StudentNoted>, };

export type SheetSums = { dates: number, given: number, given_online: number, cancelled: number,
/**
 * Neither given nor cancelled, as far as was said.
 */
open: number, planned_minutes: number, given_minutes: number, };

/**
 * What somebody sees first.
 */
export type Start = {
/**
 * By the server's clock.
 */
now: Moment, day: Day,
/**
 * The lesson that is on or comes next, to teach or to have.
 */
next: NextDate | null,
/**
 * By time.
 */
today: Array<DateInfo>,
/**
 * What one taught in the last two weeks and has not confirmed, by time; not more than fifty.
 */
unconfirmed: Array<DateInfo>, unconfirmed_total: number,
/**
 * What waits to be read.
 */
unread: Unread,
/**
 * Not over yet, by time.
 */
conferences: Array<ConferenceInfo>, children: Array<ChildStart>,
/**
 * For office and head.
 */
school: SchoolNumbers | null, };

/**
 * A lesson that is on or comes next.
 */
export type NextDate = { date: DateInfo,
/**
 * Until it begins; 0 when it has.
 */
minutes_to_go: number,
/**
 * Who of it is in the online room now.
 */
present: Array<PersonName>, };

/**
 * The same for each child of a guardian.
 */
export type ChildStart = { child: PersonName, given_name: string, next: NextDate | null, today: Array<DateInfo>, };

/**
 * The school in numbers.
 */
export type SchoolNumbers = { people: number, courses: number,
/**
 * Dates of the last two weeks that nobody confirmed.
 */
unconfirmed: number,
/**
 * Mails that could not be sent so far; the office's.
 */
mails_with_problem: number | null, };

/**
 * A link into a room.
 */
export type Entrance = { url: string,
/**
 * Until when it lets in.
 */
until: Moment, };

export type GuestForm = {
/**
 * What the guest is called unless they say otherwise.
 */
name: string,
/**
 * For how long the link lets in.
 */
hours: number, };

/**
 * A conference in a list.
 */
export type ConferenceInfo = { id: ConferenceId, title: string, starts_at: Moment, duration_minutes: number, cancelled: boolean,
/**
 * Whether whoever asks leads it.
 */
leads: boolean, };

/**
 * A conference with everything.
 */
export type ConferenceDetail = { conference: ConferenceInfo, agenda: string, moderator: PersonName | null, invitees: Array<PersonName>,
/**
 * What a change has to bring.
 */
sequence: number, may_change: boolean, };

/**
 * A conference as it is scheduled.
 */
export type ConferenceForm = { title: string, agenda: string, starts_at: Moment, duration_minutes: number,
/**
 * Null: whoever schedules it.
 */
moderator: PersonId | null, invitees: Array<PersonId>, };

export type ConferenceChange = {
/**
 * Of the conference as it was seen.
 */
sequence: number, conference: ConferenceForm, };

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
members: Array<MemberInfo>, last_at: Moment, last: Glimpse | null, unread: number, may_write: boolean, };

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
export type Attachment = { id: FileId, message_id: MessageId, name: string, media_type: string, bytes: number, };

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
export type Unread = { threads: number, messages: number, };

/**
 * What a page hears.
 */
export type LiveEvent = { "type": "hello" } | { "type": "message", message: MessageInfo, } | { "type": "thread", thread_id: ThreadId, } | { "type": "read", thread_id: ThreadId, until: Moment, } | { "type": "date_changed", course_id: CourseId, day: Day, } | { "type": "start_changed" };

/**
 * All files of a place.
 */
export type FileList = {
/**
 * By folder and name.
 */
files: Array<FileInfo>,
/**
 * Whether whoever asks may add some.
 */
may_add: boolean,
/**
 * The largest that can be added.
 */
bytes_max: number, };

/**
 * A file in its newest version.
 */
export type FileInfo = { id: FileId,
/**
 * Where it belongs: `course:ID`, `student:ID`, `conference:ID` or `message:ID`.
 */
place: string,
/**
 * Empty: none.
 */
folder: string, name: string, version: VersionInfo,
/**
 * How many versions there are.
 */
versions: number,
/**
 * Whether whoever asks may rename, replace and delete it.
 */
may_change: boolean, };

/**
 * A file with its history.
 */
export type FileDetail = { file: FileInfo,
/**
 * The newest first.
 */
versions: Array<VersionInfo>, };

/**
 * One version of a file.
 */
export type VersionInfo = { number: number,
/**
 * By content.
 */
media_type: string, bytes: number,
/**
 * Who brought it; nobody who is still known: `null`.
 */
uploader: string | null, uploaded_at: Moment,
/**
 * Whether a page may show it in place, with `?inline=1`.
 */
inline: boolean, };

/**
 * A file's name and folder.
 */
export type FileForm = { name: string,
/**
 * Empty: none.
 */
folder: string, };

/**
 * Which version.
 */
export type Restore = { number: number, };

/**
 * One's own uploads that are not finished.
 */
export type Uploads = { uploads: Array<UploadInfo>, };

/**
 * An upload that is not finished, or waits for its message.
 */
export type UploadInfo = { id: UploadId,
/**
 * Where it goes: `course:ID`, `student:ID`, `conference:ID`, `message:ID` or `draft`.
 */
place: string, folder: string, name: string, bytes: number,
/**
 * So many of them have come.
 */
received: number, expires_at: Moment, };

/**
 * Whole drafts and the message that they belong to.
 */
export type Attach = { message: MessageId, uploads: Array<UploadId>, };

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
by: string | null, first_day: Day, last_day: Day, template: string, rows: number, };

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
set_up: boolean, waiting: number,
/**
 * Given up, until somebody sees to them.
 */
failed: number,
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
