//! Erasing a person: no row, no file, no page of the database keeps anything of them. Attendance that must be kept becomes anonymous.
//!
//! What stays is a keyed digest of the identifier, in the database and in a file beside it: a backup from before is cleaned with it when it is
//! restored. The key is the one of the data directory, so the digest says nothing to anybody else.

use crate::links::LinkKey;
use crate::store::people::{self, Person, PersonRole};
use crate::store::{Connection, CourseId, Day, Moment, PersonId, Result, Store, folded};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Beside the database, because a database that is restored does not know whom the lost one had erased.
pub const FILE: &str = "tombstones";

/// Erases somebody, and guardians that were there for them alone. Returns whom. The caller commits, then [`Store::scrub`]s.
///
/// # Errors
/// The database.
pub async fn erase(db: &mut Connection, key: &LinkKey, person: &Person) -> Result<Vec<PersonId>> {
    let mut erased = vec![];
    let guardians = people::guardians(db, &person.id).await?;
    erase_one(db, key, person).await?;
    erased.push(person.id.clone());
    for guardian in guardians {
        let only = people::roles(db, &guardian.id).await? == [PersonRole::Guardian];
        let query = "SELECT count(*) FROM guardians WHERE guardian_id = $1";
        let others: i64 = sqlx::query_scalar(query).bind(&guardian.id).fetch_one(&mut *db).await?;
        if only && others == 0 {
            erase_one(db, key, &guardian).await?;
            erased.push(guardian.id);
        }
    }
    Ok(erased)
}

async fn erase_one(db: &mut Connection, key: &LinkKey, person: &Person) -> Result<()> {
    let id = &person.id;
    doom_files(db, id).await?;
    clear_names(db, person).await?;
    clear_mails(db, person).await?;
    // Lines about others stay what they are; who it was is no more than the digest says.
    let digest = key.tombstone(id.as_str());
    let pseudonym = pseudonym(&digest);
    sqlx::query("UPDATE journal SET actor_id = $2 WHERE actor_id = $1").bind(id).bind(&pseudonym).execute(&mut *db).await?;
    sqlx::query("UPDATE journal SET object_id = $2 WHERE object_id = $1").bind(id).bind(&pseudonym).execute(&mut *db).await?;
    // What others allowed in this person's name says nothing without them; attendance keeps its row.
    sqlx::query("DELETE FROM consents WHERE student_id = $1").bind(id).execute(&mut *db).await?;
    sqlx::query("UPDATE attendance SET student_id = NULL, from_at = NULL, to_at = NULL WHERE student_id = $1")
        .bind(id)
        .execute(&mut *db)
        .await?;
    // Everything else goes with the person, or forgets them: the schema says which.
    sqlx::query("DELETE FROM persons WHERE id = $1").bind(id).execute(&mut *db).await?;
    let bury = "INSERT INTO tombstones (person_digest, erased_at) VALUES ($1, $2) ON CONFLICT (person_digest) DO NOTHING";
    sqlx::query(bury).bind(&digest).bind(Moment::now()).execute(db).await?;
    Ok(())
}

/// An identifier that belongs to nobody, the same for all lines of one person.
fn pseudonym(digest: &str) -> String {
    let hex = digest.get(..32).unwrap_or("00000000000000000000000000000000");
    // Marked as version 8, "whatever its maker wants" (RFC 9562 §5.8): no person gets one.
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Files of a person, of their messages, and what they alone brought elsewhere; teachers' material in courses is the school's.
async fn doom_files(db: &mut Connection, id: &PersonId) -> Result<()> {
    let teaches = people::roles(db, id).await?.contains(&PersonRole::Teacher);
    let ids = "SELECT id FROM files WHERE student_id = $1 OR message_id IN (SELECT id FROM messages WHERE author_id = $1 \
               OR thread_id IN (SELECT id FROM threads WHERE student_id = $1)) \
               OR ($2 = 0 AND id IN (SELECT file_id FROM file_versions WHERE uploaded_by = $1) \
               AND id NOT IN (SELECT file_id FROM file_versions WHERE uploaded_by IS NULL OR uploaded_by <> $1))";
    let files: Vec<String> = sqlx::query_scalar(ids).bind(id).bind(i64::from(teaches)).fetch_all(&mut *db).await?;
    for file in files {
        doom(db, &file).await?;
    }
    Ok(())
}

/// Takes a file away; its bytes follow.
pub(super) async fn doom(db: &mut Connection, file: &str) -> Result<()> {
    let doom = "INSERT INTO doomed_objects (object_key, doomed_at) SELECT object_key, $2 FROM file_versions WHERE file_id = $1 \
                ON CONFLICT (object_key) DO NOTHING";
    sqlx::query(doom).bind(file).bind(Moment::now().0).execute(&mut *db).await?;
    sqlx::query("DELETE FROM files WHERE id = $1").bind(file).execute(db).await?;
    Ok(())
}

/// Where a name may stand as text: notes of lessons, signatures, names of courses.
async fn clear_names(db: &mut Connection, person: &Person) -> Result<()> {
    let (family, given) = (folded(&person.family_name), folded(&person.given_name));
    let names = |text: &str| {
        let text = folded(text);
        (!family.is_empty() && text.contains(&family)) || (given.chars().count() > 2 && text.contains(&given))
    };
    let mine = "SELECT d.course_id, d.day, d.note, c.kind FROM lesson_dates d JOIN courses c ON c.id = d.course_id WHERE d.note <> '' \
                AND (c.teacher_id = $1 OR d.substitute_id = $1 OR c.id IN (SELECT course_id FROM enrolments WHERE student_id = $1))";
    let notes: Vec<(CourseId, Day, String, String)> = sqlx::query_as(mine).bind(&person.id).fetch_all(&mut *db).await?;
    for (course, day, note, kind) in notes {
        // A note of a lesson of one is about the one, whether it says the name or not.
        if kind == "single" || names(&note) {
            let clear = "UPDATE lesson_dates SET note = '' WHERE course_id = $1 AND day = $2";
            sqlx::query(clear).bind(&course).bind(day).execute(&mut *db).await?;
        }
    }
    let unsign = "UPDATE lesson_dates SET finalised_by = '' WHERE finalised_by = $2 AND (substitute_id = $1 OR course_id IN \
                  (SELECT id FROM courses WHERE teacher_id = $1))";
    sqlx::query(unsign).bind(&person.id).bind(person.name()).execute(&mut *db).await?;
    let called =
        "SELECT id, name, subject FROM courses WHERE teacher_id = $1 OR id IN (SELECT course_id FROM enrolments WHERE student_id = $1)";
    let called: Vec<(CourseId, String, String)> = sqlx::query_as(called).bind(&person.id).fetch_all(&mut *db).await?;
    for (course, name, subject) in called.into_iter().filter(|(_, name, _)| names(name)) {
        tracing::debug!(characters = name.len(), "a course was called after somebody who is erased");
        let plain = if names(&subject) {
            String::from("Unterricht")
        } else {
            Some(subject).filter(|subject| !subject.is_empty()).unwrap_or_else(|| "Unterricht".into())
        };
        let rename = "UPDATE courses SET name = $2, folded = $3 WHERE id = $1";
        sqlx::query(rename).bind(&course).bind(&plain).bind(folded(&plain)).execute(&mut *db).await?;
    }
    Ok(())
}

/// Mails that wait and name the person, whoever they are to.
async fn clear_mails(db: &mut Connection, person: &Person) -> Result<()> {
    let waiting: Vec<(String, String)> =
        sqlx::query_as("SELECT id, subject || ' ' || body || ' ' || coalesce(calendar, '') FROM mails").fetch_all(&mut *db).await?;
    let name = person.name();
    for (id, _) in waiting.into_iter().filter(|(_, text)| text.contains(&name)) {
        sqlx::query("DELETE FROM mails WHERE id = $1").bind(id).execute(&mut *db).await?;
    }
    Ok(())
}

/// Digests of whom was erased, and when.
pub type Tombstones = BTreeMap<String, i64>;

/// Those that the database has.
///
/// # Errors
/// The database.
pub async fn in_database(db: &mut Connection) -> Result<Tombstones> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT person_digest, erased_at FROM tombstones").fetch_all(db).await?;
    Ok(rows.into_iter().collect())
}

/// Those of a file; lines that are none are left out. Nothing when there is no file.
///
/// # Errors
/// It cannot be read.
pub fn in_file(path: &Path) -> std::io::Result<Tombstones> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Tombstones::new()),
        Err(error) => return Err(error),
    };
    let line = |line: &str| {
        let (digest, at) = line.split_once(' ')?;
        let whole = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some((digest.to_owned(), at.trim().parse().ok()?)).filter(|_| whole)
    };
    Ok(text.lines().filter_map(line).collect())
}

/// Writes the file of a data directory: what it had and what is given. Whole or not at all.
///
/// # Errors
/// It cannot be written.
pub fn keep(data: &Path, more: &Tombstones) -> std::io::Result<()> {
    let path = data.join(FILE);
    let mut all = in_file(&path)?;
    if more.keys().all(|digest| all.contains_key(digest)) {
        return Ok(());
    }
    all.extend(more.iter().map(|(digest, at)| (digest.clone(), *at)));
    let aside = data.join(format!("{FILE}.{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    for (digest, at) in &all {
        writeln!(file, "{digest} {at}")?;
    }
    file.sync_all()?;
    std::fs::rename(&aside, &path)
}

/// Brings the file of a data directory up to what the database has: at the start, and after an erasure.
///
/// # Errors
/// The database.
pub async fn note(store: &Store, data: &Path) -> Result<()> {
    let mut db = store.read().await?;
    let buried = in_database(&mut db).await?;
    drop(db);
    if let Err(error) = keep(data, &buried) {
        tracing::error!(
            "{} cannot be written: {error}; a backup restored without it brings back who was erased",
            data.join(FILE).display()
        );
    }
    Ok(())
}

/// Erases again whom an older database still has. Returns how many.
///
/// # Errors
/// The database.
pub async fn repeat(store: &Store, key: &LinkKey, buried: &Tombstones) -> Result<usize> {
    let mut db = store.write().await?;
    let ids: Vec<PersonId> = sqlx::query_scalar("SELECT id FROM persons").fetch_all(&mut *db).await?;
    let mut count = 0;
    for id in ids {
        if buried.contains_key(&key.tombstone(id.as_str()))
            && let Some(person) = people::find(&mut db, &id).await?
        {
            erase_one(&mut db, key, &person).await?;
            count += 1;
        }
    }
    for (digest, at) in buried {
        let bury = "INSERT INTO tombstones (person_digest, erased_at) VALUES ($1, $2) ON CONFLICT (person_digest) DO NOTHING";
        sqlx::query(bury).bind(digest).bind(at).execute(&mut *db).await?;
    }
    db.commit().await?;
    if count > 0 {
        store.scrub().await?;
    }
    Ok(count)
}
