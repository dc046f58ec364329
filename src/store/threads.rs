//! Conversations and notices. Who is in one is derived from courses, enrolments and families, never copied: it changes when they change.

use super::people::{Language, PersonRole};
use super::{Connection, CourseId, Day, FileId, Flag, MessageId, Moment, PersonId, Result, ThreadId, folded, like};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::ToSchema;

super::words! {
    /// What a conversation is.
    ThreadKind {
        /// Of a course: its teacher, its students and their guardians.
        Course = "course",
        /// Between a teacher and the family of a student.
        Family = "family",
        /// Among those who work here.
        Staff = "staff",
        /// To a course or the whole school; not answered.
        Notice = "notice",
    }
}

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Thread {
    pub id: ThreadId,
    pub kind: ThreadKind,
    pub title: String,
    pub course_id: Option<CourseId>,
    pub student_id: Option<PersonId>,
    pub last_at: Moment,
}

/// How somebody stands to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Standing {
    /// A family's conversation about oneself.
    pub own: Flag,
    /// … about one's child.
    pub child: Flag,
    /// One teaches whom it is about.
    pub taught: Flag,
    /// One is in its course, or one's child is.
    pub attended: Flag,
    /// One was named as a member, or wrote the notice.
    pub invited: Flag,
    /// It is to the whole school.
    pub everybody: Flag,
}

/// A conversation as somebody's list shows it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Listed {
    #[sqlx(flatten)]
    pub thread: Thread,
    #[sqlx(flatten)]
    pub standing: Standing,
    pub course_name: Option<String>,
    pub student_name: Option<String>,
    /// Of others, since one read last.
    pub unread: i64,
    pub last_author: Option<String>,
    pub last_text: Option<String>,
    /// Somebody is there to answer.
    pub open: Flag,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Message {
    pub id: MessageId,
    pub thread_id: ThreadId,
    pub author_id: PersonId,
    pub author_name: String,
    pub text: String,
    pub sent_at: Moment,
}

/// A message that was found, in its conversation.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Found {
    #[sqlx(flatten)]
    pub message: Message,
    #[sqlx(flatten)]
    pub standing: Standing,
    pub kind: ThreadKind,
    pub title: String,
}

/// A file at a message, in its newest version.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize, ToSchema, ts_rs::TS)]
pub struct Attachment {
    pub id: FileId,
    pub message_id: MessageId,
    pub name: String,
    pub media_type: String,
    pub bytes: i64,
}

/// Somebody of a conversation's explicit members.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Member {
    pub thread_id: ThreadId,
    pub person_id: PersonId,
    pub name: String,
}

/// How somebody who is to hear of a message without reading it here is reached.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct Reached {
    pub person_id: PersonId,
    pub email: String,
    pub language: Language,
}

/// Everything $1 stands to, with how; $2 is the day on or after which an enrolment must still hold. The one place that says who is in what;
/// [`members`] is its other direction, and a test holds them together.
macro_rules! standings {
    () => {
        "SELECT t.id AS thread_id, 0 AS own, 0 AS child, 1 AS taught, 0 AS attended, 0 AS invited, 0 AS everybody \
           FROM threads t JOIN courses c ON c.id = t.course_id WHERE c.teacher_id = $1 \
         UNION ALL SELECT t.id, 0, 0, 0, 1, 0, 0 FROM enrolments e JOIN threads t ON t.course_id = e.course_id \
           WHERE (e.student_id = $1 OR e.student_id IN (SELECT student_id FROM guardians WHERE guardian_id = $1)) \
           AND (e.valid_to IS NULL OR e.valid_to >= $2) \
         UNION ALL SELECT t.id, 1, 0, 0, 0, 0, 0 FROM threads t WHERE t.student_id = $1 \
         UNION ALL SELECT t.id, 0, 1, 0, 0, 0, 0 FROM guardians g JOIN threads t ON t.student_id = g.student_id WHERE g.guardian_id = $1 \
         UNION ALL SELECT t.id, 0, 0, 1, 0, 0, 0 FROM thread_members m JOIN threads t ON t.id = m.thread_id \
           WHERE m.person_id = $1 AND t.kind = 'family' AND EXISTS (SELECT 1 FROM courses c JOIN enrolments e ON e.course_id = c.id \
           WHERE c.teacher_id = $1 AND e.student_id = t.student_id AND (e.valid_to IS NULL OR e.valid_to >= $2)) \
         UNION ALL SELECT t.id, 0, 0, 0, 0, 1, 0 FROM thread_members m JOIN threads t ON t.id = m.thread_id \
           WHERE m.person_id = $1 AND t.kind <> 'family' \
         UNION ALL SELECT t.id, 0, 0, 0, 0, 0, 1 FROM threads t WHERE t.kind = 'notice' AND t.course_id IS NULL"
    };
}

/// The same, one row for each conversation.
macro_rules! standing {
    ($where:literal) => {
        concat!(
            "(SELECT thread_id, CAST(max(own) AS BIGINT) AS own, CAST(max(child) AS BIGINT) AS child, CAST(max(taught) AS BIGINT) AS taught, \
             CAST(max(attended) AS BIGINT) AS attended, CAST(max(invited) AS BIGINT) AS invited, CAST(max(everybody) AS BIGINT) AS everybody \
             FROM (",
            standings!(),
            ") every_standing ",
            $where,
            " GROUP BY thread_id) s"
        )
    };
}

macro_rules! unread {
    () => {
        "(SELECT count(*) FROM messages m WHERE m.thread_id = t.id AND m.author_id <> $1 AND m.sent_at > \
         COALESCE((SELECT r.read_at FROM read_marks r WHERE r.thread_id = t.id AND r.person_id = $1), 0))"
    };
}

macro_rules! listed {
    ($where:literal, $rest:literal) => {
        concat!(
            "SELECT t.id, t.kind, t.title, t.course_id, t.student_id, t.last_at, s.own, s.child, s.taught, s.attended, s.invited, s.everybody, \
             c.name AS course_name, p.given_name || ' ' || p.family_name AS student_name, ",
            unread!(),
            " AS unread, a.given_name || ' ' || a.family_name AS last_author, substr(l.text, 1, 160) AS last_text, \
             CAST(CASE WHEN t.kind <> 'family' OR EXISTS (SELECT 1 FROM thread_members m JOIN courses tc ON tc.teacher_id = m.person_id \
             JOIN enrolments e ON e.course_id = tc.id WHERE m.thread_id = t.id AND e.student_id = t.student_id \
             AND (e.valid_to IS NULL OR e.valid_to >= $2)) THEN 1 ELSE 0 END AS BIGINT) AS open FROM ",
            standing!($where),
            " JOIN threads t ON t.id = s.thread_id LEFT JOIN courses c ON c.id = t.course_id LEFT JOIN persons p ON p.id = t.student_id \
             LEFT JOIN messages l ON l.id = (SELECT n.id FROM messages n WHERE n.thread_id = t.id ORDER BY n.sent_at DESC, n.id DESC LIMIT 1) \
             LEFT JOIN persons a ON a.id = l.author_id ",
            $rest
        )
    };
}

/// Whoever asks, and since when an enrolment may have ended: see `crate::school::threads::since`.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub person: &'a PersonId,
    pub since: Day,
}

/// Somebody's conversations with messages before `before`, the last written in first.
pub async fn list(db: &mut Connection, reader: Reader<'_>, before: Moment, limit: i64) -> Result<Vec<Listed>> {
    let query = listed!("", "WHERE t.last_at < $3 ORDER BY t.last_at DESC, t.id LIMIT $4");
    Ok(sqlx::query_as(query).bind(reader.person).bind(reader.since).bind(before).bind(limit).fetch_all(db).await?)
}

/// One of them. `None` also when one stands to it in no way.
pub async fn find(db: &mut Connection, reader: Reader<'_>, id: &ThreadId) -> Result<Option<Listed>> {
    let query = listed!("WHERE thread_id = $3", "");
    Ok(sqlx::query_as(query).bind(reader.person).bind(reader.since).bind(id).fetch_optional(db).await?)
}

/// What waits to be read: in how many conversations one stands to, with how many messages each.
pub async fn unread(db: &mut Connection, reader: Reader<'_>) -> Result<Vec<(ThreadKind, Standing, i64)>> {
    #[derive(FromRow)]
    struct Row {
        kind: ThreadKind,
        #[sqlx(flatten)]
        standing: Standing,
        unread: i64,
    }
    let query = concat!(
        "SELECT t.kind, s.own, s.child, s.taught, s.attended, s.invited, s.everybody, ",
        unread!(),
        " AS unread FROM ",
        standing!(""),
        " JOIN threads t ON t.id = s.thread_id"
    );
    let rows: Vec<Row> = sqlx::query_as(query).bind(reader.person).bind(reader.since).fetch_all(db).await?;
    Ok(rows.into_iter().filter(|row| row.unread > 0).map(|row| (row.kind, row.standing, row.unread)).collect())
}

/// The explicit members of everything somebody stands to.
pub async fn members_listed(db: &mut Connection, reader: Reader<'_>) -> Result<Vec<Member>> {
    let query = concat!(
        "SELECT m.thread_id, p.id AS person_id, p.given_name || ' ' || p.family_name AS name FROM ",
        standing!(""),
        " JOIN threads t ON t.id = s.thread_id JOIN thread_members m ON m.thread_id = t.id JOIN persons p ON p.id = m.person_id \
         WHERE t.kind <> 'notice' ORDER BY p.family_name, p.given_name, p.id"
    );
    Ok(sqlx::query_as(query).bind(reader.person).bind(reader.since).fetch_all(db).await?)
}

/// The explicit members of one.
pub async fn members_of(db: &mut Connection, thread: &ThreadId) -> Result<Vec<Member>> {
    let query = "SELECT m.thread_id, p.id AS person_id, p.given_name || ' ' || p.family_name AS name FROM thread_members m \
                 JOIN persons p ON p.id = m.person_id WHERE m.thread_id = $1 ORDER BY p.family_name, p.given_name, p.id";
    Ok(sqlx::query_as(query).bind(thread).fetch_all(db).await?)
}

/// What one is.
pub async fn kind(db: &mut Connection, thread: &ThreadId) -> Result<Option<ThreadKind>> {
    Ok(sqlx::query_scalar("SELECT kind FROM threads WHERE id = $1").bind(thread).fetch_optional(db).await?)
}

/// Everybody who stands to a conversation in some way and is still here, once for each way and role.
pub async fn members(db: &mut Connection, thread: &ThreadId, since: Day) -> Result<Vec<(PersonId, PersonRole, Standing)>> {
    #[derive(FromRow)]
    struct Row {
        person_id: PersonId,
        role: PersonRole,
        #[sqlx(flatten)]
        standing: Standing,
    }
    let query = "SELECT s.person_id, r.role, CAST(s.own AS BIGINT) AS own, CAST(s.child AS BIGINT) AS child, CAST(s.taught AS BIGINT) AS taught, \
          CAST(s.attended AS BIGINT) AS attended, CAST(s.invited AS BIGINT) AS invited, CAST(s.everybody AS BIGINT) AS everybody FROM ( \
            SELECT c.teacher_id AS person_id, 0 AS own, 0 AS child, 1 AS taught, 0 AS attended, 0 AS invited, 0 AS everybody \
              FROM threads t JOIN courses c ON c.id = t.course_id WHERE t.id = $1 \
            UNION ALL SELECT e.student_id, 0, 0, 0, 1, 0, 0 FROM threads t JOIN enrolments e ON e.course_id = t.course_id \
              WHERE t.id = $1 AND (e.valid_to IS NULL OR e.valid_to >= $2) \
            UNION ALL SELECT g.guardian_id, 0, 0, 0, 1, 0, 0 FROM threads t JOIN enrolments e ON e.course_id = t.course_id \
              JOIN guardians g ON g.student_id = e.student_id WHERE t.id = $1 AND (e.valid_to IS NULL OR e.valid_to >= $2) \
            UNION ALL SELECT t.student_id, 1, 0, 0, 0, 0, 0 FROM threads t WHERE t.id = $1 \
            UNION ALL SELECT g.guardian_id, 0, 1, 0, 0, 0, 0 FROM threads t JOIN guardians g ON g.student_id = t.student_id WHERE t.id = $1 \
            UNION ALL SELECT m.person_id, 0, 0, 1, 0, 0, 0 FROM threads t JOIN thread_members m ON m.thread_id = t.id \
              WHERE t.id = $1 AND t.kind = 'family' AND EXISTS (SELECT 1 FROM courses c JOIN enrolments e ON e.course_id = c.id \
              WHERE c.teacher_id = m.person_id AND e.student_id = t.student_id AND (e.valid_to IS NULL OR e.valid_to >= $2)) \
            UNION ALL SELECT m.person_id, 0, 0, 0, 0, 1, 0 FROM threads t JOIN thread_members m ON m.thread_id = t.id \
              WHERE t.id = $1 AND t.kind <> 'family' \
            UNION ALL SELECT p.id, 0, 0, 0, 0, 0, 1 FROM threads t JOIN persons p ON t.kind = 'notice' AND t.course_id IS NULL WHERE t.id = $1 \
          ) s JOIN persons p ON p.id = s.person_id JOIN person_roles r ON r.person_id = p.id WHERE p.archived_at IS NULL";
    let rows: Vec<Row> = sqlx::query_as(query).bind(thread).bind(since).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.person_id, row.role, row.standing)).collect())
}

/// Where mail reaches people who sign in: `one`, or all of them.
pub async fn reached(db: &mut Connection, one: Option<&PersonId>) -> Result<Vec<Reached>> {
    let query = "SELECT a.person_id, a.email, p.language FROM accounts a JOIN persons p ON p.id = a.person_id \
                 WHERE a.disabled_at IS NULL AND p.archived_at IS NULL AND ($1 = '' OR a.person_id = $1)";
    Ok(sqlx::query_as(query).bind(one.map_or("", PersonId::as_str)).fetch_all(db).await?)
}

/// Begins one.
pub async fn insert(db: &mut Connection, thread: &Thread, members: &[PersonId]) -> Result<()> {
    sqlx::query("INSERT INTO threads (id, kind, title, course_id, student_id, created_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&thread.id)
        .bind(thread.kind)
        .bind(&thread.title)
        .bind(&thread.course_id)
        .bind(&thread.student_id)
        .bind(Moment::now())
        .bind(thread.last_at)
        .execute(&mut *db)
        .await?;
    for member in members {
        let insert = "INSERT INTO thread_members (thread_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(insert).bind(&thread.id).bind(member).execute(&mut *db).await?;
    }
    Ok(())
}

/// The conversation of a course, when it has begun.
pub async fn of_course(db: &mut Connection, course: &CourseId) -> Result<Option<ThreadId>> {
    let query = "SELECT id FROM threads WHERE kind = 'course' AND course_id = $1 ORDER BY created_at, id LIMIT 1";
    Ok(sqlx::query_scalar(query).bind(course).fetch_optional(db).await?)
}

/// The one between a teacher and a student's family, when it has begun.
pub async fn of_family(db: &mut Connection, teacher: &PersonId, student: &PersonId) -> Result<Option<ThreadId>> {
    let query = "SELECT t.id FROM threads t JOIN thread_members m ON m.thread_id = t.id WHERE t.kind = 'family' AND t.student_id = $2 \
                 AND m.person_id = $1 ORDER BY t.created_at, t.id LIMIT 1";
    Ok(sqlx::query_scalar(query).bind(teacher).bind(student).fetch_optional(db).await?)
}

/// Whether a teacher has a student in a course on or after a day.
pub async fn teaches_since(db: &mut Connection, teacher: &PersonId, student: &PersonId, since: Day) -> Result<bool> {
    let query = "SELECT count(*) FROM courses c JOIN enrolments e ON e.course_id = c.id WHERE c.teacher_id = $1 AND e.student_id = $2 \
                 AND (e.valid_to IS NULL OR e.valid_to >= $3)";
    let count: i64 = sqlx::query_scalar(query).bind(teacher).bind(student).bind(since).fetch_one(db).await?;
    Ok(count > 0)
}

macro_rules! message {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.thread_id, m.author_id, p.given_name || ' ' || p.family_name AS author_name, m.text, m.sent_at \
             FROM messages m JOIN persons p ON p.id = m.author_id ",
            $rest
        )
    };
}

/// Writes a message. Its instant is given here: no two of a conversation have the same, so that reading on and marking as read need nothing else.
pub async fn post(db: &mut Connection, thread: &ThreadId, author: &PersonId, client_id: &str, text: &str, now: Moment) -> Result<Message> {
    let touch = "UPDATE threads SET last_at = CASE WHEN last_at >= $2 THEN last_at + 1 ELSE $2 END WHERE id = $1 RETURNING last_at";
    let sent_at: Option<Moment> = sqlx::query_scalar(touch).bind(thread).bind(now).fetch_optional(&mut *db).await?;
    let sent_at = sent_at.ok_or(super::StoreError::Missing)?;
    let id = MessageId::new();
    sqlx::query("INSERT INTO messages (id, thread_id, author_id, client_id, text, folded, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&id)
        .bind(thread)
        .bind(author)
        .bind(client_id)
        .bind(text)
        .bind(folded(text))
        .bind(sent_at)
        .execute(&mut *db)
        .await?;
    message(db, &id).await?.ok_or(super::StoreError::Missing)
}

/// One message.
pub async fn message(db: &mut Connection, id: &MessageId) -> Result<Option<Message>> {
    Ok(sqlx::query_as(message!("WHERE m.id = $1")).bind(id).fetch_optional(db).await?)
}

/// What somebody has posted already under this name.
pub async fn posted(db: &mut Connection, author: &PersonId, client_id: &str) -> Result<Option<Message>> {
    let query = message!("WHERE m.author_id = $1 AND m.client_id = $2");
    Ok(sqlx::query_as(query).bind(author).bind(client_id).fetch_optional(db).await?)
}

/// Messages before `before`, the newest first.
pub async fn messages(db: &mut Connection, thread: &ThreadId, before: Moment, limit: i64) -> Result<Vec<Message>> {
    let query = message!("WHERE m.thread_id = $1 AND m.sent_at < $2 ORDER BY m.sent_at DESC, m.id DESC LIMIT $3");
    Ok(sqlx::query_as(query).bind(thread).bind(before).bind(limit).fetch_all(db).await?)
}

/// The files at messages of these instants.
pub async fn attachments(db: &mut Connection, thread: &ThreadId, from: Moment, to: Moment) -> Result<Vec<Attachment>> {
    let query = "SELECT f.id, f.message_id, f.name, v.media_type, v.bytes FROM messages m JOIN files f ON f.message_id = m.id \
                 JOIN file_versions v ON v.file_id = f.id AND v.number = (SELECT max(n.number) FROM file_versions n WHERE n.file_id = f.id) \
                 WHERE m.thread_id = $1 AND m.sent_at >= $2 AND m.sent_at <= $3 ORDER BY f.created_at, f.id";
    Ok(sqlx::query_as(query).bind(thread).bind(from).bind(to).fetch_all(db).await?)
}

/// Messages with all of these words in what somebody stands to, the newest first.
pub async fn search(db: &mut Connection, reader: Reader<'_>, words: &[&str], limit: i64) -> Result<Vec<Found>> {
    let query = concat!(
        "SELECT m.id, m.thread_id, m.author_id, p.given_name || ' ' || p.family_name AS author_name, m.text, m.sent_at, \
         s.own, s.child, s.taught, s.attended, s.invited, s.everybody, t.kind, \
         CASE WHEN t.title <> '' THEN t.title ELSE COALESCE(c.name, q.given_name || ' ' || q.family_name, '') END AS title FROM ",
        standing!(""),
        " JOIN threads t ON t.id = s.thread_id JOIN messages m ON m.thread_id = t.id JOIN persons p ON p.id = m.author_id \
         LEFT JOIN courses c ON c.id = t.course_id LEFT JOIN persons q ON q.id = t.student_id \
         WHERE m.folded LIKE $4 ESCAPE '\\' AND m.folded LIKE $5 ESCAPE '\\' AND m.folded LIKE $6 ESCAPE '\\' \
         ORDER BY m.sent_at DESC, m.id LIMIT $3"
    );
    let pattern = |at: usize| words.get(at).map_or_else(|| "%".to_owned(), |word| like(word));
    let query = sqlx::query_as(query).bind(reader.person).bind(reader.since).bind(limit);
    Ok(query.bind(pattern(0)).bind(pattern(1)).bind(pattern(2)).fetch_all(db).await?)
}

/// Somebody has read until here. Never goes back, nor beyond what was written.
pub async fn mark_read(db: &mut Connection, thread: &ThreadId, person: &PersonId, until: Moment) -> Result<Option<Moment>> {
    let upsert = "INSERT INTO read_marks (thread_id, person_id, read_at) \
                  SELECT t.id, $2, CASE WHEN t.last_at < $3 THEN t.last_at ELSE $3 END FROM threads t WHERE t.id = $1 \
                  ON CONFLICT (thread_id, person_id) DO UPDATE SET read_at = \
                  CASE WHEN excluded.read_at > read_marks.read_at THEN excluded.read_at ELSE read_marks.read_at END RETURNING read_at";
    Ok(sqlx::query_scalar(upsert).bind(thread).bind(person).bind(until).fetch_optional(db).await?)
}
