//! What every column holds about people, and how long its rows stay. The information page, the retention job and erasure rest on this;
//! a test fails for a column that is not declared here.

/// What a column tells about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Only says which row this is or belongs to.
    Key,
    /// Who somebody is: name, date of birth, number.
    Identity,
    /// How to reach somebody.
    Contact,
    /// What somebody proves with who they are; never shown, never exported.
    Credential,
    /// Who has lessons when, where and with whom.
    Schedule,
    /// What people wrote or uploaded.
    Content,
    /// Who was there, and what came of a lesson.
    Attendance,
    /// When somebody did something here.
    Trace,
    /// What somebody allowed.
    Consent,
    /// Nothing about a person.
    Setting,
}

/// When a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// With the person it is about, when the office erases that person.
    Person,
    /// With the course, thread, file, conference or other record it is part of.
    Parent,
    /// After the months that the office sets for messages.
    Messages,
    /// After the months that the office sets for files.
    Files,
    /// After the months that the office sets for attendance, counted from when it was exported.
    Attendance,
    /// After the months that the office sets for the journal.
    Journal,
    /// When its own time is over: hours to weeks.
    Expires,
    /// While the school uses the program; nothing of it is about a person.
    School,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    pub retention: Retention,
    pub columns: &'static [(&'static str, Class)],
}

use Class::{Attendance as Attended, Consent, Contact, Content, Credential, Identity, Key, Schedule, Setting, Trace};

macro_rules! table {
    ($name:literal, $retention:ident, $($class:ident: $($column:ident)+);+ $(;)?) => {
        Table { name: $name, retention: Retention::$retention, columns: &[$($((stringify!($column), $class)),+),+] }
    };
}

/// Every table.
pub const TABLES: &[Table] = &[
    table!("persons", Person, Key: id; Identity: number given_name family_name folded born language; Trace: created_at archived_at),
    table!("person_roles", Person, Key: person_id; Identity: role),
    table!("guardians", Person, Key: guardian_id student_id),
    table!("contacts", Person, Key: person_id; Contact: email phone address),
    table!("accounts", Person, Key: person_id; Contact: email; Credential: password_hash subject; Trace: created_at disabled_at),
    table!("sessions", Expires, Key: id person_id; Credential: secret_hash; Trace: device created_at seen_at expires_at),
    table!("sign_in_links", Expires, Credential: secret_hash; Key: person_id; Setting: purpose; Trace: expires_at),
    table!("courses", School, Key: id teacher_id;
        Schedule: code name folded subject kind weekday start_minute duration_minutes place online valid_from valid_to room;
        Trace: created_at archived_at),
    table!("enrolments", Person, Key: id course_id student_id; Schedule: valid_from valid_to),
    table!("holidays", School, Key: id; Setting: name first_day last_day),
    table!("categories", School, Key: id; Setting: name by_school position archived_at),
    table!("lesson_dates", Attendance, Key: course_id category_id substitute_id;
        Attended: day status moved_day moved_minute online given_minutes note version finalised_at finalised_by),
    table!("attendance", Attendance, Key: id course_id student_id; Attended: day present excused from_at to_at),
    table!("presence", Attendance, Key: id course_id person_id; Attended: from_at to_at),
    table!("conferences", Messages, Key: id moderator_id; Schedule: title agenda starts_at duration_minutes room sequence cancelled_at),
    table!("invitees", Parent, Key: conference_id person_id),
    table!("threads", Messages, Key: id course_id student_id; Content: title; Setting: kind; Trace: created_at last_at),
    table!("thread_members", Parent, Key: thread_id person_id),
    table!("messages", Messages, Key: id thread_id author_id client_id; Content: text folded; Trace: sent_at),
    table!("read_marks", Parent, Key: thread_id person_id; Trace: read_at),
    table!("files", Files, Key: id course_id student_id conference_id message_id; Content: folder name; Trace: created_at),
    table!("file_versions", Parent, Key: id file_id object_key uploaded_by; Content: number media_type bytes digest crc32; Trace: uploaded_at),
    table!("uploads", Expires, Key: id person_id place; Content: folder name bytes received; Trace: expires_at),
    table!("doomed_objects", Expires, Key: object_key; Trace: doomed_at),
    table!("mails", Expires, Key: id person_id merge_key; Contact: email; Content: subject body calendar; Trace: due_at expires_at attempts problem),
    table!("feeds", Person, Key: person_id; Credential: secret_hash; Trace: created_at),
    table!("consents", Person, Key: id student_id by_person; Consent: kind given said_at),
    table!("journal", Journal, Key: id actor_id object_id; Trace: at action object),
    table!("templates", School, Key: id; Setting: kind name content),
    table!("exports", Journal, Key: id by_person; Trace: at first_day last_day template rows_written),
    table!("exported_dates", Parent, Key: course_id export_id; Attended: day),
    table!("tombstones", School, Key: person_digest; Trace: erased_at),
    table!("settings", School, Key: key; Setting: value),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn every_column_is_declared_and_every_declared_column_is_there() {
        let store = Store::open("sqlite::memory:").await.expect("a database in memory");
        let mut db = store.write().await.expect("the only connection");
        let query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
                     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations'";
        let rows: Vec<(String, String)> = sqlx::query_as(query).fetch_all(&mut *db).await.expect("the schema");
        let there: BTreeSet<(String, String)> = rows.into_iter().collect();
        let declare =
            |table: &Table| table.columns.iter().map(|(column, _)| (table.name.to_owned(), (*column).to_owned())).collect::<Vec<_>>();
        let declared: BTreeSet<(String, String)> = TABLES.iter().flat_map(declare).collect();
        assert_eq!(there.difference(&declared).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "without a data class");
        assert_eq!(declared.difference(&there).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not in the schema");
    }
}
