//! Files of courses, students, conferences and messages. Their bytes are objects with keys of their own (`crate::school::files`): a key is
//! written into `doomed_objects` in the transaction that takes its row away, and its bytes go afterwards.

use super::{
    ConferenceId, Connection, CourseId, Day, FileId, FileVersionId, Malformed, MessageId, Moment, PersonId, Result, StoreError, ThreadId,
    stored_as,
};
use sqlx::FromRow;
use std::fmt;
use std::str::FromStr;

/// Where a file belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Course(CourseId),
    Student(PersonId),
    Conference(ConferenceId),
    Message(MessageId),
}

impl Place {
    /// For the four columns of which one has a value.
    fn columns(&self) -> [Option<String>; 4] {
        let mut columns = [const { None }; 4];
        let (index, id) = match self {
            Self::Course(id) => (0, id.as_str()),
            Self::Student(id) => (1, id.as_str()),
            Self::Conference(id) => (2, id.as_str()),
            Self::Message(id) => (3, id.as_str()),
        };
        columns[index] = Some(id.to_owned());
        columns
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Course(id) => write!(f, "course:{id}"),
            Self::Student(id) => write!(f, "student:{id}"),
            Self::Conference(id) => write!(f, "conference:{id}"),
            Self::Message(id) => write!(f, "message:{id}"),
        }
    }
}

impl FromStr for Place {
    type Err = Malformed;

    fn from_str(text: &str) -> std::result::Result<Self, Malformed> {
        let malformed = Malformed("course:, student:, conference: or message: with an identifier");
        let (kind, id) = text.split_once(':').ok_or(malformed)?;
        let id = id.to_owned();
        match kind {
            "course" => Ok(Self::Course(id.try_into()?)),
            "student" => Ok(Self::Student(id.try_into()?)),
            "conference" => Ok(Self::Conference(id.try_into()?)),
            "message" => Ok(Self::Message(id.try_into()?)),
            _ => Err(malformed),
        }
    }
}

stored_as!(Place, String, |place: &Place| place.to_string(), |text: String| Place::from_str(&text));

/// A file with its newest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub place: Place,
    /// One level; empty: none.
    pub folder: String,
    pub name: String,
    pub version: Version,
    /// How many versions there are.
    pub versions: i64,
    /// Who brought the oldest of them.
    pub owner_id: Option<PersonId>,
}

/// One version of a file.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Version {
    pub id: FileVersionId,
    pub file_id: FileId,
    /// The newest has the highest.
    pub number: i64,
    /// By content, not by name.
    pub media_type: String,
    pub bytes: i64,
    /// SHA-256, hexadecimal.
    pub digest: String,
    pub crc32: i64,
    pub object_key: String,
    pub uploaded_by: Option<PersonId>,
    /// Their name.
    pub uploader: Option<String>,
    pub uploaded_at: Moment,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    version: Version,
    course_id: Option<CourseId>,
    student_id: Option<PersonId>,
    conference_id: Option<ConferenceId>,
    message_id: Option<MessageId>,
    folder: String,
    name: String,
    versions: i64,
    owner_id: Option<PersonId>,
}

impl Row {
    fn file(self) -> Result<File> {
        let place = match (self.course_id, self.student_id, self.conference_id, self.message_id) {
            (Some(id), ..) => Place::Course(id),
            (_, Some(id), ..) => Place::Student(id),
            (_, _, Some(id), _) => Place::Conference(id),
            (_, _, _, Some(id)) => Place::Message(id),
            // The schema has a check for it.
            _ => return Err(StoreError::Missing),
        };
        let Self { version, folder, name, versions, owner_id, .. } = self;
        Ok(File { id: version.file_id.clone(), place, folder, name, version, versions, owner_id })
    }
}

macro_rules! version_columns {
    () => {
        "v.id, v.file_id, v.number, v.media_type, v.bytes, v.digest, v.crc32, v.object_key, v.uploaded_by, \
         p.given_name || ' ' || p.family_name AS uploader, v.uploaded_at "
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            version_columns!(),
            ", f.course_id, f.student_id, f.conference_id, f.message_id, f.folder, f.name, \
             (SELECT count(*) FROM file_versions c WHERE c.file_id = f.id) AS versions, \
             (SELECT o.uploaded_by FROM file_versions o WHERE o.file_id = f.id ORDER BY o.number LIMIT 1) AS owner_id \
             FROM files f JOIN file_versions v ON v.file_id = f.id AND v.number = (SELECT max(n.number) FROM file_versions n WHERE n.file_id = f.id) \
             LEFT JOIN persons p ON p.id = v.uploaded_by ",
            $rest
        )
    };
}

/// One of them.
pub async fn find(db: &mut Connection, id: &FileId) -> Result<Option<File>> {
    let row: Option<Row> = sqlx::query_as(select!("WHERE f.id = $1")).bind(id).fetch_optional(db).await?;
    row.map(Row::file).transpose()
}

/// All of a place, by folder and name.
pub async fn list(db: &mut Connection, place: &Place, limit: i64) -> Result<Vec<File>> {
    let query = select!(
        "WHERE f.course_id = $1 OR f.student_id = $2 OR f.conference_id = $3 OR f.message_id = $4 ORDER BY f.folder, f.name, f.id LIMIT $5"
    );
    let [course, student, conference, message] = place.columns();
    let query = sqlx::query_as(query).bind(course).bind(student).bind(conference).bind(message).bind(limit);
    let rows: Vec<Row> = query.fetch_all(db).await?;
    rows.into_iter().map(Row::file).collect()
}

/// How many there are in a place.
pub async fn count(db: &mut Connection, place: &Place) -> Result<i64> {
    let query = "SELECT count(*) FROM files WHERE course_id = $1 OR student_id = $2 OR conference_id = $3 OR message_id = $4";
    let [course, student, conference, message] = place.columns();
    Ok(sqlx::query_scalar(query).bind(course).bind(student).bind(conference).bind(message).fetch_one(db).await?)
}

/// By name.
pub async fn named(db: &mut Connection, place: &Place, folder: &str, name: &str) -> Result<Option<File>> {
    let query = select!(
        "WHERE (f.course_id = $1 OR f.student_id = $2 OR f.conference_id = $3 OR f.message_id = $4) AND f.folder = $5 AND f.name = $6 \
         ORDER BY f.id LIMIT 1"
    );
    let [course, student, conference, message] = place.columns();
    let query = sqlx::query_as(query).bind(course).bind(student).bind(conference).bind(message).bind(folder).bind(name);
    let row: Option<Row> = query.fetch_optional(db).await?;
    row.map(Row::file).transpose()
}

/// All versions, the newest first.
pub async fn versions(db: &mut Connection, file: &FileId) -> Result<Vec<Version>> {
    let query = concat!(
        "SELECT ",
        version_columns!(),
        "FROM file_versions v LEFT JOIN persons p ON p.id = v.uploaded_by WHERE v.file_id = $1 ORDER BY v.number DESC"
    );
    Ok(sqlx::query_as(query).bind(file).fetch_all(db).await?)
}

/// Adds a file; it must get a version in the same transaction.
pub async fn insert(db: &mut Connection, id: &FileId, place: &Place, folder: &str, name: &str) -> Result<()> {
    let insert = "INSERT INTO files (id, course_id, student_id, conference_id, message_id, folder, name, created_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let [course, student, conference, message] = place.columns();
    let query = sqlx::query(insert).bind(id).bind(course).bind(student).bind(conference).bind(message).bind(folder).bind(name);
    query.bind(Moment::now()).execute(db).await?;
    Ok(())
}

/// Adds a version whose bytes are there already, as the newest: its number is given here.
pub async fn insert_version(db: &mut Connection, version: &Version) -> Result<()> {
    let insert = "INSERT INTO file_versions (id, file_id, number, media_type, bytes, digest, crc32, object_key, uploaded_by, uploaded_at) \
                  SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9 FROM file_versions WHERE file_id = $2";
    sqlx::query(insert)
        .bind(&version.id)
        .bind(&version.file_id)
        .bind(&version.media_type)
        .bind(version.bytes)
        .bind(&version.digest)
        .bind(version.crc32)
        .bind(&version.object_key)
        .bind(&version.uploaded_by)
        .bind(version.uploaded_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Makes a version the newest again. False when there is no such version.
pub async fn restore_version(db: &mut Connection, file: &FileId, number: i64) -> Result<bool> {
    let update = "UPDATE file_versions SET number = (SELECT max(n.number) + 1 FROM file_versions n WHERE n.file_id = $1) \
                  WHERE file_id = $1 AND number = $2";
    Ok(sqlx::query(update).bind(file).bind(number).execute(db).await?.rows_affected() == 1)
}

/// Takes away the oldest versions but so many.
pub async fn prune_versions(db: &mut Connection, file: &FileId, keep: i64) -> Result<()> {
    let numbers = "SELECT number FROM file_versions WHERE file_id = $1 ORDER BY number DESC LIMIT 1 OFFSET $2";
    let newest: Option<i64> = sqlx::query_scalar(numbers).bind(file).bind(keep).fetch_optional(&mut *db).await?;
    let Some(newest) = newest else { return Ok(()) };
    let doom = "INSERT INTO doomed_objects (object_key, doomed_at) SELECT object_key, $3 FROM file_versions \
                WHERE file_id = $1 AND number <= $2 ON CONFLICT (object_key) DO NOTHING";
    sqlx::query(doom).bind(file).bind(newest).bind(Moment::now()).execute(&mut *db).await?;
    sqlx::query("DELETE FROM file_versions WHERE file_id = $1 AND number <= $2").bind(file).bind(newest).execute(db).await?;
    Ok(())
}

/// Gives a file another name or folder.
pub async fn rename(db: &mut Connection, id: &FileId, folder: &str, name: &str) -> Result<()> {
    sqlx::query("UPDATE files SET folder = $2, name = $3 WHERE id = $1").bind(id).bind(folder).bind(name).execute(db).await?;
    Ok(())
}

/// Takes a file away with all its versions.
pub async fn delete(db: &mut Connection, id: &FileId) -> Result<()> {
    let doom = "INSERT INTO doomed_objects (object_key, doomed_at) SELECT object_key, $2 FROM file_versions WHERE file_id = $1 \
                ON CONFLICT (object_key) DO NOTHING";
    sqlx::query(doom).bind(id).bind(Moment::now()).execute(&mut *db).await?;
    sqlx::query("DELETE FROM files WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// Bytes kept of everybody's versions.
pub async fn bytes(db: &mut Connection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM file_versions").fetch_one(db).await?)
}

/// Bytes kept of what somebody brought.
pub async fn bytes_of(db: &mut Connection, person: &PersonId) -> Result<i64> {
    let query = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM file_versions WHERE uploaded_by = $1";
    Ok(sqlx::query_scalar(query).bind(person).fetch_one(db).await?)
}

/// Objects whose rows are gone.
pub async fn doomed(db: &mut Connection, limit: i64) -> Result<Vec<String>> {
    let query = "SELECT object_key FROM doomed_objects ORDER BY doomed_at, object_key LIMIT $1";
    Ok(sqlx::query_scalar(query).bind(limit).fetch_all(db).await?)
}

/// The bytes of one are gone too.
pub async fn forget_doomed(db: &mut Connection, key: &str) -> Result<()> {
    sqlx::query("DELETE FROM doomed_objects WHERE object_key = $1").bind(key).execute(db).await?;
    Ok(())
}

/// Whether a version has this object.
pub async fn has_object(db: &mut Connection, key: &str) -> Result<bool> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM file_versions WHERE object_key = $1").bind(key).fetch_one(db).await?;
    Ok(count > 0)
}

/// Whether somebody stands in for the teacher of a course on a day between these.
pub async fn substitutes(db: &mut Connection, person: &PersonId, course: &CourseId, from: Day, to: Day) -> Result<bool> {
    let query = "SELECT count(*) FROM lesson_dates WHERE course_id = $1 AND substitute_id = $2 \
                 AND coalesce(moved_day, day) >= $3 AND coalesce(moved_day, day) <= $4";
    let count: i64 = sqlx::query_scalar(query).bind(course).bind(person).bind(from).bind(to).fetch_one(db).await?;
    Ok(count > 0)
}

/// Whether somebody teaches a student on or after a day.
pub async fn teaches(db: &mut Connection, teacher: &PersonId, student: &PersonId, day: Day) -> Result<bool> {
    let query = "SELECT count(*) FROM enrolments e JOIN courses c ON c.id = e.course_id WHERE c.teacher_id = $1 AND e.student_id = $2 \
                 AND c.archived_at IS NULL AND (e.valid_to IS NULL OR e.valid_to >= $3)";
    let count: i64 = sqlx::query_scalar(query).bind(teacher).bind(student).bind(day).fetch_one(db).await?;
    Ok(count > 0)
}

/// Whether somebody moderates a conference, and whether they are invited to it.
pub async fn conference_part(db: &mut Connection, person: &PersonId, conference: &ConferenceId) -> Result<(bool, bool)> {
    let query = "SELECT (SELECT count(*) FROM conferences WHERE id = $1 AND moderator_id = $2), \
                 (SELECT count(*) FROM invitees WHERE conference_id = $1 AND person_id = $2)";
    let (moderates, invited): (i64, i64) = sqlx::query_as(query).bind(conference).bind(person).fetch_one(db).await?;
    Ok((moderates > 0, invited > 0))
}

/// Who wrote a message, and of which conversation it is.
pub async fn message(db: &mut Connection, message: &MessageId) -> Result<Option<(PersonId, ThreadId)>> {
    let query = "SELECT author_id, thread_id FROM messages WHERE id = $1";
    Ok(sqlx::query_as(query).bind(message).fetch_optional(db).await?)
}

/// What a place is called.
pub async fn title(db: &mut Connection, place: &Place) -> Result<Option<String>> {
    let query = "SELECT name FROM courses WHERE id = $1 UNION ALL SELECT given_name || ' ' || family_name FROM persons WHERE id = $2 \
                 UNION ALL SELECT title FROM conferences WHERE id = $3";
    let [course, student, conference, _] = place.columns();
    Ok(sqlx::query_scalar(query).bind(course).bind(student).bind(conference).fetch_optional(db).await?)
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{databases, person};
    use super::super::uploads::{self, Target, Upload};
    use super::super::{UploadId, people};
    use super::*;

    fn version(file: &FileId, by: &PersonId, key: &str, bytes: i64) -> Version {
        Version {
            id: FileVersionId::new(),
            file_id: file.clone(),
            number: 0,
            media_type: "application/pdf".into(),
            bytes,
            digest: "00".into(),
            crc32: i64::from(u32::MAX),
            object_key: key.into(),
            uploaded_by: Some(by.clone()),
            uploader: None,
            uploaded_at: Moment::now(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_has_versions_and_leaves_its_objects_doomed() {
        for store in databases().await.all {
            let mut db = store.write().await.expect("a transaction");
            let (mia, ute) = (person("Mia", "Muster"), person("Ute", "Muster"));
            for one in [&mia, &ute] {
                people::insert(&mut db, one).await.expect("inserted");
            }
            let (place, id) = (Place::Student(mia.id.clone()), FileId::new());
            insert(&mut db, &id, &place, "Noten", "a.pdf").await.expect("inserted");
            for (by, key) in [(&mia, "1"), (&ute, "2"), (&ute, "3")] {
                insert_version(&mut db, &version(&id, &by.id, key, 10)).await.expect("inserted");
            }
            let file = find(&mut db, &id).await.expect("asked").expect("there");
            assert_eq!((file.version.number, file.versions, file.owner_id.as_ref()), (3, 3, Some(&mia.id)));
            assert_eq!((file.version.uploader.as_deref(), file.version.crc32), (Some("Ute Muster"), 0xffff_ffff));
            assert_eq!(list(&mut db, &place, 9).await.expect("a list"), std::slice::from_ref(&file));
            assert_eq!(named(&mut db, &place, "Noten", "a.pdf").await.expect("asked"), Some(file));
            assert_eq!(named(&mut db, &place, "", "a.pdf").await.expect("asked"), None);
            // The same identifier as another kind of place.
            let course = Place::Course(mia.id.as_str().to_owned().try_into().expect("an identifier"));
            assert_eq!((count(&mut db, &place).await.expect("asked"), count(&mut db, &course).await.expect("asked")), (1, 0));
            assert_eq!((bytes(&mut db).await.expect("asked"), bytes_of(&mut db, &ute.id).await.expect("asked")), (30, 20));
            assert!(restore_version(&mut db, &id, 1).await.expect("asked") && !restore_version(&mut db, &id, 1).await.expect("asked"));
            rename(&mut db, &id, "", "b.pdf").await.expect("renamed");
            prune_versions(&mut db, &id, 2).await.expect("pruned");
            prune_versions(&mut db, &id, 2).await.expect("nothing to prune");
            let left = versions(&mut db, &id).await.expect("asked");
            assert_eq!(left.iter().map(|version| (version.number, version.object_key.as_str())).collect::<Vec<_>>(), [(4, "1"), (3, "3")]);
            assert_eq!(doomed(&mut db, 9).await.expect("asked"), ["2"]);
            assert_eq!(title(&mut db, &place).await.expect("asked").as_deref(), Some("Mia Muster"));
            delete(&mut db, &id).await.expect("deleted");
            assert_eq!(find(&mut db, &id).await.expect("asked"), None);
            assert!(!has_object(&mut db, "1").await.expect("asked"));
            let mut keys = doomed(&mut db, 9).await.expect("asked");
            keys.sort();
            assert_eq!(keys, ["1", "2", "3"]);
            forget_doomed(&mut db, "2").await.expect("forgotten");
            assert_eq!(doomed(&mut db, 9).await.expect("asked").len(), 2);
            db.commit().await.expect("written");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_has_no_part_in_something_has_none_in_its_files() {
        for store in databases().await.all {
            let mut db = store.write().await.expect("a transaction");
            let mia = person("Mia", "Muster");
            people::insert(&mut db, &mia).await.expect("inserted");
            let day = "2026-11-27".parse().expect("a day");
            assert!(!substitutes(&mut db, &mia.id, &CourseId::new(), day, day).await.expect("asked"));
            assert!(!teaches(&mut db, &mia.id, &mia.id, day).await.expect("asked"));
            assert_eq!(conference_part(&mut db, &mia.id, &ConferenceId::new()).await.expect("asked"), (false, false));
            assert!(message(&mut db, &MessageId::new()).await.expect("asked").is_none());
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_upload_is_pending_until_it_is_a_file_or_too_old() {
        for store in databases().await.all {
            let mut db = store.write().await.expect("a transaction");
            let mia = person("Mia", "Muster");
            people::insert(&mut db, &mia).await.expect("inserted");
            let upload = |target, bytes| Upload {
                id: UploadId::new(),
                person_id: mia.id.clone(),
                target,
                folder: String::new(),
                name: "a".into(),
                bytes,
                expires_at: Moment(1000),
            };
            let (placed, draft) = (upload(Target::Place(Place::Student(mia.id.clone())), 5), upload(Target::Draft, 7));
            for one in [&placed, &draft] {
                uploads::insert(&mut db, one).await.expect("inserted");
            }
            assert_eq!(uploads::pending_of(&mut db, &mia.id).await.expect("asked"), [placed.clone(), draft.clone()]);
            assert_eq!(uploads::pending_bytes(&mut db).await.expect("asked"), 12);
            uploads::received(&mut db, &draft.id, 3).await.expect("noted");
            let file = FileId::new();
            uploads::done(&mut db, &placed.id, &file).await.expect("noted");
            let found = uploads::find(&mut db, &placed.id, &mia.id).await.expect("asked").expect("there");
            assert_eq!(found.target, Target::File(file));
            assert_eq!(uploads::find(&mut db, &placed.id, &PersonId::new()).await.expect("asked"), None);
            assert!(
                !uploads::is_pending(&mut db, &placed.id).await.expect("asked")
                    && uploads::is_pending(&mut db, &draft.id).await.expect("asked")
            );
            assert_eq!(uploads::pending_bytes(&mut db).await.expect("asked"), 7);
            uploads::delete_expired(&mut db, Moment(999)).await.expect("swept");
            uploads::delete(&mut db, &placed.id).await.expect("deleted");
            assert_eq!(uploads::pending_of(&mut db, &mia.id).await.expect("asked"), [draft]);
            uploads::delete_expired(&mut db, Moment(1000)).await.expect("swept");
            assert_eq!(uploads::pending_of(&mut db, &mia.id).await.expect("asked"), []);
        }
    }
}
