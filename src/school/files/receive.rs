//! Bytes of an upload as they come: written to its file as they are, so that what lies there is how much has come, whatever ends it.

use super::Hold;
use aws_lc_rs::digest::{Algorithm, Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt, BufWriter};

/// A client that sends nothing for so long has gone; it comes back and goes on where it was.
pub const STALL: Duration = Duration::from_secs(30);
/// Written at once.
const WRITE_BYTES: usize = 256 << 10;

/// Why bytes did not all come.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    #[error("nothing came for a while")]
    Stalled,
    #[error("the request ended before its body did")]
    Broken,
    #[error("this upload was taken up again elsewhere")]
    TakenOver,
    #[error("there are more bytes than were announced")]
    TooMany,
    #[error("the bytes are not those of the checksum")]
    Checksum,
    #[error("the disk: {0}")]
    Disk(#[from] io::Error),
}

/// What the bytes of one request are said to be (tus, checksum extension).
#[derive(Clone, Debug)]
pub struct Checksum {
    algorithm: &'static Algorithm,
    digest: Vec<u8>,
}

/// For `Tus-Checksum-Algorithm`.
pub const ALGORITHMS: &str = "sha1,sha256";

impl Checksum {
    /// `sha256 BASE64`. `None`: not known or not well written.
    pub fn parse(text: &str) -> Option<Self> {
        let (algorithm, digest) = text.split_once(' ')?;
        let algorithm = match algorithm {
            "sha1" => &SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => &SHA256,
            _ => return None,
        };
        let digest = BASE64.decode(digest).ok()?;
        (digest.len() == algorithm.output_len()).then_some(Self { algorithm, digest })
    }
}

/// Makes the empty file of an upload.
///
/// # Errors
/// The disk's.
pub async fn create(path: &Path) -> io::Result<()> {
    File::options().create(true).append(true).mode(0o600).open(path).await.map(drop)
}

/// Takes a body that begins at `offset`, at most `remaining` bytes of it. Returns where the upload is then, all of it on the disk. When it fails,
/// what has come stays, except when it was to have a checksum.
///
/// # Errors
/// See [`ReceiveError`].
pub async fn receive<E>(
    hold: &Hold,
    path: &Path,
    offset: u64,
    remaining: u64,
    checksum: Option<&Checksum>,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<u64, ReceiveError> {
    let mut file = File::options().create(true).write(true).truncate(false).mode(0o600).open(path).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    let mut file = BufWriter::with_capacity(WRITE_BYTES, file);
    let mut context = checksum.map(|checksum| Context::new(checksum.algorithm));
    let (came, ended) = take(hold, &mut file, remaining, context.as_mut(), body).await;
    file.flush().await?;
    let file = file.into_inner();
    let right = match (checksum, context) {
        (Some(checksum), Some(context)) => ended.is_ok() && context.finish().as_ref() == checksum.digest,
        _ => true,
    };
    if !right {
        file.set_len(offset).await?;
    }
    file.sync_all().await?;
    ended?;
    if right { Ok(offset + came) } else { Err(ReceiveError::Checksum) }
}

async fn take<E>(
    hold: &Hold,
    file: &mut BufWriter<File>,
    remaining: u64,
    mut context: Option<&mut Context>,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> (u64, Result<(), ReceiveError>) {
    let mut came = 0;
    loop {
        let chunk = tokio::select! {
            // First: whoever takes over waits for us.
            biased;
            () = hold.stop.notified() => return (came, Err(ReceiveError::TakenOver)),
            chunk = tokio::time::timeout(STALL, body.next()) => chunk,
        };
        let chunk = match chunk {
            Err(_) => return (came, Err(ReceiveError::Stalled)),
            Ok(None) => return (came, Ok(())),
            Ok(Some(Err(_))) => return (came, Err(ReceiveError::Broken)),
            Ok(Some(Ok(chunk))) => chunk,
        };
        if chunk.len() as u64 > remaining - came {
            return (came, Err(ReceiveError::TooMany));
        }
        if let Err(error) = file.write_all(&chunk).await {
            return (came, Err(error.into()));
        }
        if let Some(context) = &mut context {
            context.update(&chunk);
        }
        came += chunk.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Files;
    use super::*;
    use crate::config::FileLimits;
    use crate::store::{PersonId, UploadId};
    use futures_util::stream;
    use std::convert::Infallible;

    struct Scene {
        data: tempfile::TempDir,
        hold: Hold,
    }

    impl Scene {
        fn new() -> Self {
            let data = tempfile::tempdir().expect("a directory");
            let limits = FileLimits { url: None, file_bytes: 1 << 20, school_bytes: 1 << 30, person_bytes: 1 << 30 };
            let files = Files::open(limits, data.path()).expect("opened");
            let hold = files.hold(&UploadId::new(), &PersonId::new()).expect("free");
            Self { data, hold }
        }

        async fn send(&self, offset: u64, remaining: u64, checksum: Option<&str>, chunks: &[&'static [u8]]) -> Result<u64, ReceiveError> {
            let checksum = checksum.map(|text| Checksum::parse(text).expect("a checksum"));
            let body = stream::iter(chunks.iter().map(|chunk| Ok::<_, Infallible>(Bytes::from_static(chunk))));
            receive(&self.hold, &self.path(), offset, remaining, checksum.as_ref(), body).await
        }

        fn path(&self) -> std::path::PathBuf {
            self.data.path().join("upload")
        }

        fn content(&self) -> Vec<u8> {
            std::fs::read(self.path()).expect("a file")
        }
    }

    #[tokio::test]
    async fn parts_become_a_whole() {
        let scene = Scene::new();
        assert_eq!(scene.send(0, 10, None, &[b"he", b"llo"]).await.expect("taken"), 5);
        assert_eq!(scene.send(5, 5, None, &[b"world"]).await.expect("taken"), 10);
        assert_eq!(scene.content(), b"helloworld");
    }

    #[tokio::test]
    async fn no_more_than_announced_is_written() {
        let scene = Scene::new();
        let error = scene.send(0, 6, None, &[b"hello", b"world"]).await.expect_err("too many");
        assert!(matches!(error, ReceiveError::TooMany), "{error}");
        assert_eq!(scene.content(), b"hello");
    }

    #[tokio::test]
    async fn what_has_another_checksum_is_thrown_away() {
        let scene = Scene::new();
        scene.send(0, 20, None, &[b"kept"]).await.expect("taken");
        let error = scene.send(4, 16, Some("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="), &[b"wrong"]).await.expect_err("not those");
        assert!(matches!(error, ReceiveError::Checksum), "{error}");
        assert_eq!(scene.content(), b"kept");
        // echo -n 'hello world' | sha1sum
        assert_eq!(scene.send(4, 16, Some("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="), &[b"hello", b" world"]).await.expect("those"), 15);
        assert!(["md5 x", "sha1", "sha1 !", "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", ""].iter().all(|text| Checksum::parse(text).is_none()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_is_let_go_and_keeps_what_came() {
        let scene = Scene::new();
        let body = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"half"))]).chain(stream::pending());
        let error = receive(&scene.hold, &scene.path(), 0, 10, None, body).await.expect_err("stalled");
        assert!(matches!(error, ReceiveError::Stalled), "{error}");
        assert_eq!(scene.content(), b"half");
    }

    #[tokio::test]
    async fn a_broken_connection_keeps_what_came() {
        let scene = Scene::new();
        let body = stream::iter([Ok(Bytes::from_static(b"half")), Err(())]);
        let error = receive(&scene.hold, &scene.path(), 0, 10, None, body).await.expect_err("broken");
        assert!(matches!(error, ReceiveError::Broken), "{error}");
        assert_eq!(scene.content(), b"half");
    }

    #[tokio::test]
    async fn who_takes_over_ends_it() {
        let scene = Scene::new();
        scene.hold.stop.notify_one();
        let error = receive(&scene.hold, &scene.path(), 0, 10, None, stream::pending::<Result<_, ()>>()).await.expect_err("stopped");
        assert!(matches!(error, ReceiveError::TakenOver), "{error}");
    }
}
