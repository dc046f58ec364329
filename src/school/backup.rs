//! A copy of everything that must last, made while the server runs, and put back into an empty data directory.
//!
//! A backup is a directory: the database as one file, the rest of the data directory as it is, and a manifest, written last, with the digest of
//! each file. Whom the school erased after the backup was made is erased again when it is restored.

use super::erasure;
use crate::links::LinkKey;
use crate::store::{self, Store, StoreError};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions, Connection as _};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;
/// Of the running server, or made anew.
const LEFT_OUT: [&str; 3] = ["school.db-wal", "school.db-shm", "server-url"];

/// Why there is no backup, or none was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is not empty: nothing is written over", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} is no data directory: it has no link.key", .0.display())]
    NoData(PathBuf),
    #[error("{} is no backup, or one that was not finished: it has no {MANIFEST}", .0.display())]
    NoBackup(PathBuf),
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    #[error("the backup was made by a newer Auftakt ({0}): update first")]
    Newer(String),
    #[error("the database: {0}")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    move |source| BackupError::File { path: path.to_path_buf(), source }
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// Of the program that made it.
    version: String,
    /// Whether the database is in it; one of PostgreSQL is not.
    pub database: bool,
    /// Path to size and SHA-256.
    files: BTreeMap<String, (u64, String)>,
}

/// Copies a data directory into a new one. `embedded`: with its database; one of PostgreSQL is saved with `pg_dump`.
///
/// # Errors
/// In words for an operator. What was written until then stays, and is no backup.
pub async fn make(data: &Path, to: &Path, embedded: bool) -> Result<Manifest, BackupError> {
    if !data.join("link.key").exists() {
        return Err(BackupError::NoData(data.to_path_buf()));
    }
    make_empty(to)?;
    let mut files = BTreeMap::new();
    if embedded {
        // First: files that come later are only too many, not too few.
        copy_database(&data.join(store::FILE), &to.join(store::FILE)).await?;
        files.insert(store::FILE.to_owned(), measure(&to.join(store::FILE))?);
    }
    let inside = to.canonicalize().map_err(at(to))?;
    copy_tree(data, to, Path::new(""), &inside, &mut files)?;
    let manifest = Manifest { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned(), database: embedded, files };
    let path = to.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    write_whole(&path, &text).map_err(at(&path))?;
    Ok(manifest)
}

fn make_empty(directory: &Path) -> Result<(), BackupError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(at(directory))?;
    let mut there = std::fs::read_dir(directory).map_err(at(directory))?;
    if there.any(|entry| entry.map_or(true, |entry| entry.file_name() != erasure::FILE)) {
        return Err(BackupError::NotEmpty(directory.to_path_buf()));
    }
    Ok(())
}

/// As of one instant, whatever is written meanwhile; without what was deleted.
async fn copy_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(from).read_only(true).busy_timeout(std::time::Duration::from_secs(30));
    let mut db = options.connect().await?;
    sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned()).execute(&mut db).await?;
    db.close().await?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o600)).map_err(at(to))?;
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(at(to))
}

fn copy_tree(data: &Path, to: &Path, below: &Path, inside: &Path, files: &mut BTreeMap<String, (u64, String)>) -> Result<(), BackupError> {
    let directory = data.join(below);
    for entry in std::fs::read_dir(&directory).map_err(at(&directory))? {
        let entry = entry.map_err(at(&directory))?;
        let (path, relative) = (entry.path(), below.join(entry.file_name()));
        // A backup into the data directory itself must not swallow itself.
        if path.canonicalize().is_ok_and(|path| path == inside) {
            continue;
        }
        let name = relative.to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) || name == store::FILE {
            continue;
        }
        let kind = entry.file_type().map_err(at(&path))?;
        let target = to.join(&relative);
        if kind.is_dir() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&target).map_err(at(&target))?;
            copy_tree(data, to, &relative, inside, files)?;
        } else if kind.is_file() {
            match std::fs::copy(&path, &target) {
                Ok(_) => {}
                // Taken away meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(at(&path)(error)),
            }
            // What is digested is the copy: the original may go on growing.
            files.insert(name, measure(&target)?);
        }
    }
    Ok(())
}

/// Size and SHA-256.
fn measure(path: &Path) -> Result<(u64, String), BackupError> {
    let mut file = std::fs::File::open(path).map_err(at(path))?;
    let (mut context, mut size, mut buffer) = (digest::Context::new(&digest::SHA256), 0, vec![0; 256 * 1024]);
    loop {
        let read = file.read(&mut buffer).map_err(at(path))?;
        if read == 0 {
            break;
        }
        context.update(&buffer[..read]);
        size += read as u64;
    }
    Ok((size, context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("part");
    std::fs::write(&aside, bytes)?;
    std::fs::File::open(&aside)?.sync_all()?;
    std::fs::rename(aside, path)
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Whether the database is in it.
    pub database: bool,
    /// People who were erased after the backup, and now again.
    pub erased_again: usize,
}

/// Puts a backup into an empty data directory. `tombstones`: the file of that name of the data directory that was lost, if it can still be had;
/// one that lies in the new directory counts, too.
///
/// # Errors
/// In words for an operator; a damaged backup is found before anything is written.
pub async fn restore(backup: &Path, data: &Path, tombstones: Option<&Path>) -> Result<Restored, BackupError> {
    let manifest = read_manifest(backup)?;
    make_empty(data)?;
    for (name, measured) in &manifest.files {
        let path = backup.join(checked(name)?);
        let found = measure(&path).map_err(|_| BackupError::Damaged(format!("{name} is missing")))?;
        if found != *measured {
            return Err(BackupError::Damaged(format!("{name} is not what it was")));
        }
    }
    let buried_file = data.join(erasure::FILE);
    let mut buried = erasure::in_file(&buried_file).map_err(at(&buried_file))?;
    if let Some(path) = tombstones {
        if !path.exists() {
            return Err(at(path)(io::ErrorKind::NotFound.into()));
        }
        buried.extend(erasure::in_file(path).map_err(at(path))?);
    }
    for name in manifest.files.keys() {
        let (from, to) = (backup.join(name), data.join(name));
        if name == erasure::FILE {
            buried.extend(erasure::in_file(&from).map_err(at(&from))?);
            continue;
        }
        if let Some(parent) = to.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(at(parent))?;
        }
        std::fs::copy(&from, &to).map_err(at(&from))?;
    }
    let mut erased_again = 0;
    if manifest.database {
        let store = Store::open_embedded(data).await?;
        let key = LinkKey::read(data).map_err(at(data))?;
        erased_again = erasure::repeat(&store, &key, &buried).await?;
        erasure::note(&store, data).await?;
        store.close().await;
    } else {
        erasure::keep(data, &buried).map_err(at(data))?;
    }
    Ok(Restored { database: manifest.database, erased_again })
}

fn read_manifest(backup: &Path) -> Result<Manifest, BackupError> {
    let path = backup.join(MANIFEST);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BackupError::NoBackup(backup.to_path_buf())),
        Err(error) => return Err(at(&path)(error)),
    };
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| BackupError::Damaged(format!("{MANIFEST} cannot be read")))?;
    if manifest.format > FORMAT { Err(BackupError::Newer(manifest.version)) } else { Ok(manifest) }
}

/// A manifest names files of the backup, and nothing above it.
fn checked(name: &str) -> Result<&Path, BackupError> {
    let path = Path::new(name);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_))) && !name.is_empty();
    if inside { Ok(path) } else { Err(BackupError::Damaged(format!("{name:?} is no file of a backup"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::PersonId;
    use crate::store::people::{self, Language, Person};
    use tempfile::TempDir;

    fn person(name: &str) -> Person {
        Person {
            id: PersonId::new(),
            number: None,
            given_name: String::new(),
            family_name: name.to_owned(),
            born: None,
            language: Language::German,
            archived_at: None,
        }
    }

    /// A data directory in use, with two people and a file.
    async fn school() -> (TempDir, Store, Person) {
        let data = tempfile::tempdir().expect("a directory");
        LinkKey::open(data.path()).expect("a key");
        std::fs::create_dir_all(data.path().join("files/ab")).expect("a directory");
        std::fs::write(data.path().join("files/ab/abcd"), "Noten").expect("a file");
        std::fs::write(data.path().join("server-url"), "http://x").expect("a file");
        let store = Store::open_embedded(data.path()).await.expect("a database");
        let erased = person("Sommerfeld");
        let mut db = store.write().await.expect("the database");
        people::insert(&mut db, &erased).await.expect("a person");
        people::insert(&mut db, &person("Achterberg")).await.expect("a person");
        db.commit().await.expect("written");
        (data, store, erased)
    }

    async fn names(data: &Path) -> Vec<String> {
        let store = Store::open_embedded(data).await.expect("a database");
        let mut db = store.read().await.expect("the database");
        sqlx::query_scalar("SELECT family_name FROM persons ORDER BY family_name").fetch_all(&mut *db).await.expect("names")
    }

    #[tokio::test]
    async fn what_is_there_while_it_is_in_use_comes_back() {
        let (data, _in_use, _) = school().await;
        let room = tempfile::tempdir().expect("a directory");
        let (backup, back) = (room.path().join("backup"), room.path().join("back"));
        make(data.path(), &backup, true).await.expect("a backup");
        let restored = restore(&backup, &back, None).await.expect("restored");
        assert_eq!(restored, Restored { database: true, erased_again: 0 });
        assert_eq!(names(&back).await, ["Achterberg", "Sommerfeld"]);
        assert_eq!(std::fs::read(back.join("files/ab/abcd")).expect("the file"), b"Noten");
        assert_eq!(std::fs::read(back.join("link.key")).expect("a key"), std::fs::read(data.path().join("link.key")).expect("a key"));
        assert!(!back.join("server-url").exists() && !back.join(MANIFEST).exists());
    }

    #[tokio::test]
    async fn nothing_is_written_over_and_nothing_damaged_is_taken() {
        let (data, _in_use, _) = school().await;
        let room = tempfile::tempdir().expect("a directory");
        let (backup, back) = (room.path().join("backup"), room.path().join("back"));
        assert!(matches!(make(room.path(), &backup, true).await, Err(BackupError::NoData(_))));
        make(data.path(), &backup, true).await.expect("a backup");
        assert!(matches!(make(data.path(), &backup, true).await, Err(BackupError::NotEmpty(_))));
        assert!(matches!(restore(&backup, data.path(), None).await, Err(BackupError::NotEmpty(_))));
        assert!(matches!(restore(room.path(), &back, None).await, Err(BackupError::NoBackup(_))));
        std::fs::write(backup.join("files/ab/abcd"), "noten").expect("changed");
        assert!(matches!(restore(&backup, &back, None).await, Err(BackupError::Damaged(_))));
        assert_eq!(std::fs::read_dir(&back).expect("made").count(), 0, "nothing was written");
        let manifest = std::fs::read_to_string(backup.join(MANIFEST)).expect("text").replace("files/ab/abcd", "../outside");
        std::fs::write(backup.join(MANIFEST), manifest).expect("changed");
        assert!(matches!(restore(&backup, &back, None).await, Err(BackupError::Damaged(_))));
    }

    #[tokio::test]
    async fn whoever_was_erased_after_the_backup_is_erased_again() {
        let (data, store, erased) = school().await;
        let room = tempfile::tempdir().expect("a directory");
        let (backup, back, late) = (room.path().join("backup"), room.path().join("back"), room.path().join("late"));
        make(data.path(), &backup, true).await.expect("a backup");
        let key = LinkKey::read(data.path()).expect("a key");
        let mut db = store.write().await.expect("the database");
        erasure::erase(&mut db, &key, &erased).await.expect("erased");
        db.commit().await.expect("written");
        erasure::note(&store, data.path()).await.expect("noted");
        let tombstones = data.path().join(erasure::FILE);
        let restored = restore(&backup, &back, Some(&tombstones)).await.expect("restored");
        assert_eq!(restored.erased_again, 1);
        assert_eq!(names(&back).await, ["Achterberg"]);
        let database = std::fs::read(back.join(store::FILE)).expect("the database");
        assert!(!database.windows(10).any(|window| window == b"Sommerfeld"));
        // And a backup of what was restored knows it, too, as does one into a directory that has the file already.
        std::fs::create_dir(&late).expect("a directory");
        std::fs::copy(&tombstones, late.join(erasure::FILE)).expect("copied");
        assert_eq!(restore(&backup, &late, None).await.expect("restored").erased_again, 1);
    }

    #[tokio::test]
    async fn with_a_database_server_the_rest_is_saved() {
        let (data, _in_use, _) = school().await;
        let room = tempfile::tempdir().expect("a directory");
        let (backup, back) = (room.path().join("backup"), room.path().join("back"));
        assert!(!make(data.path(), &backup, false).await.expect("a backup").database);
        assert!(!backup.join(store::FILE).exists());
        assert!(!restore(&backup, &back, None).await.expect("restored").database);
        assert!(back.join("link.key").exists() && !back.join(store::FILE).exists());
    }
}
