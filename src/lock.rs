//! One server for one data directory: two would write over each other's files, and admit each other's links to other rooms.

use anyhow::Context;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

const LOCK_FILE: &str = "lock";

/// Held while a server runs. The system lets go of it however the process ends.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// # Errors
    /// Another server has the directory, or the file cannot be made.
    pub fn take(data: &Path) -> anyhow::Result<Self> {
        let make = || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(data.join(LOCK_FILE))
        };
        let in_data = || format!("data directory {}", data.display());
        let file = make().with_context(in_data)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another Auftakt server is running with data directory {}: stop it first, or give this one a directory of its own with --data",
                data.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).with_context(in_data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_at_a_time_has_a_data_directory() {
        let data = std::env::temp_dir().join(format!("auftakt-lock-{}", std::process::id()));
        let first = DataLock::take(&data).expect("free");
        let refused = format!("{:#}", DataLock::take(&data).expect_err("taken"));
        assert!(refused.starts_with("another Auftakt server is running with data directory"), "{refused}");
        drop(first);
        DataLock::take(&data).expect("free");
        std::fs::remove_dir_all(&data).expect("removed");
    }
}
