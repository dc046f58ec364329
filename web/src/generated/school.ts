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
