//! Uploads that have all come become files: first the object, then the rows in one transaction, then the upload's bytes go.

use super::access::standing;
use super::names::free_name;
use super::objects::{Written, key_of};
use super::{FILES_PER_PLACE, Files, Hold, VERSIONS_KEPT};
use crate::school::access::{Access, Denied};
use crate::store::files::{self, Place, Version};
use crate::store::uploads::{self, Target, Upload};
use crate::store::{Connection, FileId, FileVersionId, MessageId, Moment, PersonId, Store, StoreError, UploadId};
use std::io;

/// Why an upload did not become a file.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the objects: {0}")]
    Objects(#[from] io::Error),
    #[error("the place has no room for more files")]
    PlaceFull,
    #[error("this upload is not there, not whole, or not one's own")]
    NotReady,
}

/// A draft whose bytes are an object already: what is left is to write its rows, in the transaction of its message.
#[derive(Clone, Debug)]
pub struct Prepared {
    upload: Upload,
    written: Written,
    key: String,
}

impl Files {
    /// Makes a whole upload the file that it is to be; or a new version of the one that has its name, if that may be changed by who brings it.
    ///
    /// # Errors
    /// See [`KeepError`]. The upload stays as it is, and this can be tried again.
    pub async fn keep(&self, store: &Store, access: &Access, hold: &Hold, upload: &Upload, place: &Place) -> Result<FileId, KeepError> {
        // Before the bytes are carried around: it may have changed since the upload was begun.
        standing(&mut *store.read().await?, access, place).await?.require_create(access)?;
        let prepared = self.prepare(hold, upload.clone()).await?;
        let mut db = store.write().await?;
        let standing = standing(&mut db, access, place).await?;
        standing.require_create(access)?;
        let same = files::named(&mut db, place, &upload.folder, &upload.name).await?;
        // Two attachments of one message may have the same name; they are two.
        let same = same.filter(|file| !matches!(place, Place::Message(_)) && standing.may_change(access, file));
        let id = match same {
            Some(file) => file.id,
            None => new_file(&mut db, place, &upload.folder, &upload.name).await?,
        };
        prepared.insert(&mut db, &id).await?;
        db.commit().await.map_err(StoreError::from)?;
        // When this fails, the sweep does it.
        let _ = self.forget_bytes(&upload.id).await;
        Ok(id)
    }

    /// Makes objects of drafts that are to be attached to a message which is about to be written.
    ///
    /// # Errors
    /// See [`KeepError`].
    pub async fn prepare_drafts(&self, store: &Store, person: &PersonId, drafts: &[UploadId]) -> Result<Vec<Prepared>, KeepError> {
        let mut all = vec![];
        for id in drafts {
            let hold = self.hold(id, person).map_err(|_| KeepError::NotReady)?;
            let upload = uploads::find(&mut *store.read().await?, id, person).await?.ok_or(KeepError::NotReady)?;
            if upload.target != Target::Draft || upload.expires_at <= Moment::now() {
                return Err(KeepError::NotReady);
            }
            all.push(self.prepare(&hold, upload).await?);
        }
        Ok(all)
    }

    async fn prepare(&self, hold: &Hold, upload: Upload) -> Result<Prepared, KeepError> {
        debug_assert!(hold.id == upload.id, "only who holds an upload carries its bytes");
        let key = key_of(&upload.id);
        if self.received(&upload.id).await? != upload.bytes.unsigned_abs() {
            return Err(KeepError::NotReady);
        }
        let path = self.upload_path(&upload.id);
        if upload.bytes == 0 {
            super::receive::create(&path).await?;
        }
        let written = self.objects().put(&key, &path).await?;
        Ok(Prepared { upload, written, key })
    }
}

/// Writes the rows of a message's attachments, in its transaction.
///
/// # Errors
/// The database; [`KeepError::NotReady`] when one was used meanwhile.
pub async fn attach(db: &mut Connection, prepared: &[Prepared], message: &MessageId) -> Result<(), KeepError> {
    let place = Place::Message(message.clone());
    for one in prepared {
        if !uploads::is_pending(db, &one.upload.id).await? {
            return Err(KeepError::NotReady);
        }
        let id = new_file(db, &place, "", &one.upload.name).await?;
        one.insert(db, &id).await?;
    }
    Ok(())
}

async fn new_file(db: &mut Connection, place: &Place, folder: &str, name: &str) -> Result<FileId, KeepError> {
    let there = files::list(db, place, FILES_PER_PLACE).await?;
    if there.len() as i64 >= FILES_PER_PLACE {
        return Err(KeepError::PlaceFull);
    }
    let name = free_name(name, |name| there.iter().any(|file| file.folder == folder && file.name == name));
    let id = FileId::new();
    files::insert(db, &id, place, folder, &name).await?;
    Ok(id)
}

impl Prepared {
    async fn insert(&self, db: &mut Connection, file: &FileId) -> Result<(), KeepError> {
        let version = Version {
            id: FileVersionId::new(),
            file_id: file.clone(),
            number: 0,
            media_type: self.written.media_type.to_owned(),
            bytes: i64::try_from(self.written.bytes).unwrap_or(i64::MAX),
            digest: self.written.digest.clone(),
            crc32: i64::from(self.written.crc32),
            object_key: self.key.clone(),
            uploaded_by: Some(self.upload.person_id.clone()),
            uploader: None,
            uploaded_at: Moment::now(),
        };
        files::insert_version(db, &version).await?;
        files::prune_versions(db, file, VERSIONS_KEPT).await?;
        uploads::done(db, &self.upload.id, file).await?;
        Ok(())
    }
}
