//! The rooms that exist, whether or not anybody is in them: one small file each, so that the command line can add one while
//! the server runs.

use auftakt_signaling::RoomName;
use auftakt_signaling::wire::RoomKind;
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The directory of rooms.
#[derive(Clone, Debug)]
pub struct Records {
    directory: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Record {
    name: String,
    kind: RoomKind,
}

impl Records {
    /// Below a data directory.
    pub fn open(data: &Path) -> io::Result<Self> {
        let directory = data.join("rooms");
        // Who meets whom is nobody else's business.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        Ok(Self { directory })
    }

    /// Its kind, when there is such a room.
    pub fn kind(&self, room: &RoomName) -> io::Result<Option<RoomKind>> {
        let text = match std::fs::read(self.path(room)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let record: Record = serde_json::from_slice(&text)?;
        Ok(Some(record.kind))
    }

    /// Makes the room unless it exists; returns the kind it has.
    pub fn create_if_missing(&self, room: &RoomName, kind: RoomKind) -> io::Result<RoomKind> {
        let path = self.path(room);
        let aside = path.with_extension(std::process::id().to_string());
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(&serde_json::to_vec(&Record { name: room.as_str().to_owned(), kind })?)?;
        // Linked into place whole: whoever reads meanwhile sees all of it or nothing, and the first of two writers wins.
        let linked = std::fs::hard_link(&aside, &path);
        std::fs::remove_file(&aside)?;
        match linked {
            Ok(()) => Ok(kind),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(self.kind(room)?.unwrap_or(kind)),
            Err(error) => Err(error),
        }
    }

    /// A digest, because a room may be called what no file can be called.
    fn path(&self, room: &RoomName) -> PathBuf {
        let digest = digest::digest(&digest::SHA256, room.as_str().as_bytes());
        let name: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(name).with_extension("json")
    }
}
