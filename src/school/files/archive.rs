//! All files of a place as one archive, made while it is sent: only a few pieces of it are ever in memory.

use super::names::Paths;
use super::objects::Objects;
use super::zip::{Entry, directory, length, local_header};
use crate::store::files::File;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use std::io;
use tokio::sync::mpsc;

/// Pieces on the way. Full: reading waits for who downloads.
const PIECES: usize = 4;

/// What an archive will hold.
pub struct Archive {
    entries: Vec<Entry>,
    keys: Vec<String>,
}

impl Archive {
    /// Of these files, in this order, each in its newest version.
    pub fn of(files: &[File]) -> Self {
        let mut paths = Paths::default();
        for file in files.iter().filter(|file| !file.folder.is_empty()) {
            paths.reserve_folder(&file.folder);
        }
        let entry = |file: &File| Entry {
            path: paths.add(&file.folder, &file.name),
            bytes: file.version.bytes.unsigned_abs(),
            crc32: u32::try_from(file.version.crc32).unwrap_or_default(),
            modified: file.version.uploaded_at,
        };
        let entries = files.iter().map(entry).collect();
        Self { entries, keys: files.iter().map(|file| file.version.object_key.clone()).collect() }
    }

    /// How long it will be.
    pub fn bytes(&self) -> u64 {
        length(&self.entries)
    }

    /// The archive as it is made. When an object cannot be read, it ends with an error, and whoever downloads sees that it is not whole.
    pub fn stream(self, objects: Objects) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(PIECES);
        tokio::spawn(async move {
            if let Err(error) = self.write(&objects, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)))
    }

    async fn write(self, objects: &Objects, to: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        for (entry, key) in self.entries.iter().zip(&self.keys) {
            to.send(Ok(local_header(entry).into())).await.map_err(gone)?;
            let mut content = objects.read(key, 0..entry.bytes).await?;
            while let Some(piece) = content.next().await {
                to.send(Ok(piece?)).await.map_err(gone)?;
            }
        }
        to.send(Ok(directory(&self.entries).into())).await.map_err(gone)
    }
}
