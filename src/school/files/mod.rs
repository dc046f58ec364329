//! Files: bytes arrive in a directory of their own ([`receive`]), become an object when all have come, and only then a row ([`keep`]). A crash leaves at
//! most an object without a row, which [`sweep`] takes away.

pub mod access;
pub mod archive;
pub mod keep;
pub mod names;
pub mod objects;
pub mod receive;
pub mod sniff;
pub mod sweep;
pub mod zip;

use crate::config::FileLimits;
use crate::store::{PersonId, UploadId};
use objects::Objects;
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Files of one place; more are not listed, so more cannot be added.
pub const FILES_PER_PLACE: i64 = 2000;
/// Versions of one file; older ones go.
pub const VERSIONS_KEPT: i64 = 30;
/// Uploads of one person that are not finished.
pub const PENDING_PER_PERSON: usize = 50;
/// How long an upload may take with all its interruptions.
pub const UPLOAD_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Uploads that bytes come for at once. Full: 429, and the client tries again.
const RUNNING_MAX: usize = 256;
/// Of which one person may have so many: a browser sends a few files side by side.
const RUNNING_PER_PERSON: usize = 6;
/// How long somebody waits for an upload that they have told to stop: it may just be becoming a file.
const TAKE_OVER_WITHIN: Duration = Duration::from_secs(5);

/// In the data directory: the objects, when there is no bucket for them.
const OBJECTS: &str = "files";
/// In the data directory: what has come of unfinished uploads.
const UPLOADS: &str = "uploads";

/// What requests about files may use. Cheap to clone.
#[derive(Clone)]
pub struct Files(Arc<Shared>);

struct Shared {
    objects: Objects,
    uploads: PathBuf,
    limits: FileLimits,
    running: Mutex<HashMap<UploadId, Running>>,
}

/// An upload that somebody works on.
struct Running {
    person: PersonId,
    stop: Arc<Notify>,
    released: Arc<Notify>,
}

/// That nobody else works on an upload, while this is there.
pub struct Hold {
    files: Files,
    id: UploadId,
    stop: Arc<Notify>,
}

/// Why an upload cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    #[error("somebody is sending this upload just now")]
    Held,
    #[error("too many uploads at once")]
    TooMany,
}

impl Files {
    /// Opens what there is in the data directory.
    ///
    /// # Errors
    /// A directory cannot be used, or the bucket's settings are not whole.
    pub fn open(limits: FileLimits, data: &Path) -> io::Result<Self> {
        let uploads = data.join(UPLOADS);
        make_private(&uploads)?;
        let objects = Objects::open(limits.url.as_deref(), &data.join(OBJECTS))?;
        Ok(Self(Arc::new(Shared { objects, uploads, limits, running: Mutex::default() })))
    }

    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    pub fn limits(&self) -> &FileLimits {
        &self.0.limits
    }

    /// Where the bytes of an upload lie. An identifier has no characters of paths.
    pub fn upload_path(&self, id: &UploadId) -> PathBuf {
        self.0.uploads.join(id.as_str())
    }

    fn uploads(&self) -> &Path {
        &self.0.uploads
    }

    /// How much of an upload has come.
    ///
    /// # Errors
    /// The disk's.
    pub async fn received(&self, id: &UploadId) -> io::Result<u64> {
        match tokio::fs::metadata(self.upload_path(id)).await {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Throws away what has come of an upload.
    ///
    /// # Errors
    /// The disk's.
    pub async fn forget_bytes(&self, id: &UploadId) -> io::Result<()> {
        match tokio::fs::remove_file(self.upload_path(id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Works on an upload, alone.
    ///
    /// # Errors
    /// See [`Busy`].
    pub fn hold(&self, id: &UploadId, person: &PersonId) -> Result<Hold, Busy> {
        let mut running = self.running();
        if running.contains_key(id) {
            return Err(Busy::Held);
        }
        if running.len() >= RUNNING_MAX || running.values().filter(|one| one.person == *person).count() >= RUNNING_PER_PERSON {
            return Err(Busy::TooMany);
        }
        let stop = Arc::new(Notify::new());
        running.insert(id.clone(), Running { person: person.clone(), stop: stop.clone(), released: Arc::default() });
        Ok(Hold { files: self.clone(), id: id.clone(), stop })
    }

    /// The same, but tells whoever holds it to stop: a client that comes back often does so before its lost connection is known to be lost.
    ///
    /// # Errors
    /// They did not stop in time, or see [`Busy`].
    pub async fn take_over(&self, id: &UploadId, person: &PersonId) -> Result<Hold, Busy> {
        let taking = async {
            loop {
                let released = {
                    let running = self.running();
                    running.get(id).map(|one| {
                        one.stop.notify_one();
                        one.released.clone().notified_owned()
                    })
                };
                match released {
                    Some(released) => released.await,
                    None => match self.hold(id, person) {
                        // Somebody else was faster.
                        Err(Busy::Held) => {}
                        held => return held,
                    },
                }
            }
        };
        tokio::time::timeout(TAKE_OVER_WITHIN, taking).await.unwrap_or(Err(Busy::Held))
    }

    fn is_held(&self, id: &UploadId) -> bool {
        self.running().contains_key(id)
    }

    /// Whole after every statement under the lock, so a panic elsewhere spoils nothing.
    fn running(&self) -> MutexGuard<'_, HashMap<UploadId, Running>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(running) = self.files.running().remove(&self.id) {
            running.released.notify_waiters();
        }
    }
}

/// A directory that is its owner's alone.
fn make_private(directory: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> FileLimits {
        FileLimits { url: None, file_bytes: 1 << 20, school_bytes: 1 << 30, person_bytes: 1 << 30 }
    }

    #[test]
    fn directories_are_their_owners_alone() {
        let data = tempfile::tempdir().expect("a directory");
        Files::open(limits(), data.path()).expect("opened");
        for name in [OBJECTS, UPLOADS] {
            let mode = std::fs::metadata(data.path().join(name)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_is_held_once_and_given_up_when_told() {
        let data = tempfile::tempdir().expect("a directory");
        let files = Files::open(limits(), data.path()).expect("opened");
        let (id, person) = (UploadId::new(), PersonId::new());
        let first = files.hold(&id, &person).expect("free");
        assert_eq!(files.hold(&id, &person).err(), Some(Busy::Held));
        assert_eq!(files.take_over(&id, &person).await.err(), Some(Busy::Held), "it does not listen");
        tokio::spawn(async move {
            first.stop.notified().await;
            drop(first);
        });
        let _second = files.take_over(&id, &person).await.expect("it has stopped");
        let more: Vec<Hold> = (1..RUNNING_PER_PERSON).map(|_| files.hold(&UploadId::new(), &person).expect("a few")).collect();
        assert_eq!(files.hold(&UploadId::new(), &person).err(), Some(Busy::TooMany));
        assert!(files.hold(&UploadId::new(), &PersonId::new()).is_ok(), "somebody else has places of their own");
        drop(more);
    }
}
