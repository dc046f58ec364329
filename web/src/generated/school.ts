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
bytes_max: bigint, };

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
versions: bigint,
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
export type VersionInfo = { number: bigint,
/**
 * By content.
 */
media_type: string, bytes: bigint,
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
export type Restore = { number: bigint, };

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
place: string, folder: string, name: string, bytes: bigint,
/**
 * So many of them have come.
 */
received: bigint, expires_at: Moment, };

/**
 * Whole drafts and the message that they belong to.
 */
export type Attach = { message: MessageId, uploads: Array<UploadId>, };
