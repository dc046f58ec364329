//! Takes away bytes that nothing belongs to any more. Everything here can be interrupted and done again.

use super::Files;
use crate::store::{Moment, Store, StoreError, UploadId, files, uploads};
use futures_util::StreamExt;
use std::io;
use std::time::Duration;
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(3600);
/// An object gets its row at once or when an interrupted upload is finished, and no upload lives longer than a day.
const ORPHAN_AGE: Duration = Duration::from_secs(25 * 3600);
/// Doomed objects that are read from the database at once.
const BATCH: i64 = 500;

/// Why a sweep ended early; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("files: {0}")]
    Files(#[from] io::Error),
}

/// Sweeps at start and every hour, until the server stops.
pub async fn follow(files: Files, store: Store, mut stopping: watch::Receiver<bool>) {
    loop {
        let swept = tokio::select! {
            swept = sweep(&files, &store, Moment::now()) => swept,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        if let Err(error) = swept {
            tracing::warn!(%error, "what remained of deleted files could not all be taken away; it is tried again in an hour");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Takes away uploads whose time is over, bytes of deleted files, and what interruptions left behind.
///
/// # Errors
/// Says what could not be read or taken away.
pub async fn sweep(files: &Files, store: &Store, now: Moment) -> Result<(), SweepError> {
    let mut db = store.write().await?;
    uploads::delete_expired(&mut db, now).await?;
    db.commit().await.map_err(StoreError::from)?;
    gone(files, store).await?;
    orphans(files, store, now.minus(ORPHAN_AGE)).await?;
    files.objects().remove_broken(ORPHAN_AGE).await?;
    Ok(())
}

/// Takes away the bytes of what was deleted. To be called by itself after somebody deletes a file or a person is erased, so that they are gone at once.
///
/// # Errors
/// Says what could not be read or taken away.
pub async fn gone(files: &Files, store: &Store) -> Result<(), SweepError> {
    doomed(files, store).await?;
    leftovers(files, store).await
}

async fn doomed(files: &Files, store: &Store) -> Result<(), SweepError> {
    loop {
        let keys = files::doomed(&mut *store.read().await?, BATCH).await?;
        if keys.is_empty() {
            return Ok(());
        }
        for key in &keys {
            files.objects().delete(key).await?;
        }
        let mut db = store.write().await?;
        for key in &keys {
            files::forget_doomed(&mut db, key).await?;
        }
        db.commit().await.map_err(StoreError::from)?;
    }
}

/// Bytes of uploads that have become files, were given up or are not known.
async fn leftovers(files: &Files, store: &Store) -> Result<(), SweepError> {
    let mut directory = tokio::fs::read_dir(files.uploads()).await?;
    while let Some(entry) = directory.next_entry().await? {
        let Ok(id) = UploadId::try_from(entry.file_name().to_string_lossy().into_owned()) else { continue };
        if !files.is_held(&id) && !uploads::is_pending(&mut *store.read().await?, &id).await? {
            files.forget_bytes(&id).await?;
        }
    }
    Ok(())
}

/// Objects that were written before `before` and have no row.
async fn orphans(files: &Files, store: &Store, before: Moment) -> Result<(), SweepError> {
    let mut all = files.objects().list();
    while let Some(found) = all.next().await {
        let (key, written) = found?;
        if written < before.0 && !files::has_object(&mut *store.read().await?, &key).await? {
            files.objects().delete(&key).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FileLimits;
    use crate::store::PersonId;
    use crate::store::files::{Place, Version};
    use crate::store::people::{self, Language, Person};
    use crate::store::{FileId, FileVersionId};

    struct Scene {
        data: tempfile::TempDir,
        files: Files,
        store: Store,
        student: PersonId,
    }

    impl Scene {
        async fn new() -> Self {
            let data = tempfile::tempdir().expect("a directory");
            let limits = FileLimits { url: None, file_bytes: 1 << 20, school_bytes: 1 << 30, person_bytes: 1 << 30 };
            let files = Files::open(limits, data.path()).expect("opened");
            let store = Store::open_embedded(data.path()).await.expect("a database");
            let student = PersonId::new();
            let person = Person {
                id: student.clone(),
                number: None,
                given_name: "Mia".into(),
                family_name: "Muster".into(),
                born: None,
                language: Language::German,
                archived_at: None,
            };
            let mut db = store.write().await.expect("free");
            people::insert(&mut db, &person).await.expect("inserted");
            db.commit().await.expect("written");
            Self { data, files, store, student }
        }

        async fn object(&self, key: &str) {
            let from = self.data.path().join("from");
            std::fs::write(&from, key).expect("written");
            self.files.objects().put(key, &from).await.expect("put");
        }

        /// A file of the student with this object.
        async fn file(&self, key: &str) -> FileId {
            self.object(key).await;
            let id = FileId::new();
            let mut db = self.store.write().await.expect("free");
            files::insert(&mut db, &id, &Place::Student(self.student.clone()), "", key).await.expect("inserted");
            let version = Version {
                id: FileVersionId::new(),
                file_id: id.clone(),
                number: 0,
                media_type: "application/pdf".into(),
                bytes: 1,
                digest: String::new(),
                crc32: 0,
                object_key: key.into(),
                uploaded_by: Some(self.student.clone()),
                uploader: None,
                uploaded_at: Moment::now(),
            };
            files::insert_version(&mut db, &version).await.expect("inserted");
            db.commit().await.expect("written");
            id
        }

        async fn keys(&self) -> Vec<String> {
            let mut keys: Vec<String> = self.files.objects().list().map(|found| found.expect("listed").0).collect().await;
            keys.sort();
            keys
        }
    }

    #[tokio::test]
    async fn bytes_of_deleted_files_go_and_others_stay() {
        let scene = Scene::new().await;
        let (gone, _stays) = (scene.file("aa/gone").await, scene.file("aa/stays").await);
        let mut db = scene.store.write().await.expect("free");
        files::delete(&mut db, &gone).await.expect("deleted");
        db.commit().await.expect("written");
        for _ in 0..2 {
            sweep(&scene.files, &scene.store, Moment::now()).await.expect("swept");
            assert_eq!(scene.keys().await, ["aa/stays"]);
        }
        assert_eq!(files::doomed(&mut scene.store.read().await.expect("free"), 9).await.expect("read"), Vec::<String>::new());
    }

    #[tokio::test]
    async fn an_erased_person_leaves_no_bytes() {
        let scene = Scene::new().await;
        scene.file("aa/one").await;
        let mut db = scene.store.write().await.expect("free");
        let student = people::find(&mut db, &scene.student).await.expect("asked").expect("there");
        let key = crate::links::LinkKey::open(scene.data.path()).expect("a key");
        crate::school::erasure::erase(&mut db, &key, &student).await.expect("erased");
        db.commit().await.expect("written");
        std::fs::write(scene.files.upload_path(&UploadId::new()), "of an upload that went with its person").expect("written");
        gone(&scene.files, &scene.store).await.expect("swept");
        assert_eq!(scene.keys().await, Vec::<String>::new());
        assert_eq!(std::fs::read_dir(scene.files.uploads()).expect("there").count(), 0);
    }

    #[tokio::test]
    async fn an_object_without_a_row_goes_after_a_day_and_not_before() {
        let scene = Scene::new().await;
        scene.file("aa/known").await;
        scene.object("bb/orphan").await;
        sweep(&scene.files, &scene.store, Moment::now()).await.expect("swept");
        assert_eq!(scene.keys().await, ["aa/known", "bb/orphan"], "its row may just be coming");
        sweep(&scene.files, &scene.store, Moment::now().plus(ORPHAN_AGE * 2)).await.expect("swept");
        assert_eq!(scene.keys().await, ["aa/known"]);
    }

    #[tokio::test]
    async fn bytes_of_no_upload_go_and_what_is_no_upload_stays() {
        let scene = Scene::new().await;
        let known = uploads::Upload {
            id: UploadId::new(),
            person_id: scene.student.clone(),
            target: uploads::Target::Draft,
            folder: String::new(),
            name: "a".into(),
            bytes: 1,
            expires_at: Moment::now().plus(EVERY),
        };
        let mut db = scene.store.write().await.expect("free");
        uploads::insert(&mut db, &known).await.expect("inserted");
        db.commit().await.expect("written");
        let unknown = UploadId::new();
        for path in [scene.files.upload_path(&known.id), scene.files.upload_path(&unknown), scene.files.uploads().join("README")] {
            std::fs::write(path, "x").expect("written");
        }
        let there = |id: &UploadId| scene.files.upload_path(id).exists();
        sweep(&scene.files, &scene.store, Moment::now()).await.expect("swept");
        assert!(there(&known.id) && !there(&unknown) && scene.files.uploads().join("README").exists());
        sweep(&scene.files, &scene.store, Moment::now().plus(EVERY * 2)).await.expect("swept");
        assert!(!there(&known.id), "its time is over");
    }
}
