//! Where the bytes of files lie: a directory, or a bucket that speaks S3. Keys tell nothing.

use crate::store::UploadId;
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, WriteMultipart};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// What is read and sent at once; S3 takes no smaller parts.
const PART_BYTES: usize = 5 << 20;
const READ_BYTES: usize = 256 << 10;
/// Parts under way at once, so that a slow bucket fills no memory.
const PARTS: usize = 2;

/// The objects. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// When they lie in one.
    directory: Option<PathBuf>,
}

/// An object just written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub digest: String,
    pub crc32: u32,
    pub media_type: &'static str,
}

/// The key of what an upload brings. The same every time: what was interrupted begins again and leaves nothing behind.
pub fn key_of(upload: &UploadId) -> String {
    let digest = crate::school::secret::hash_of(&format!("object {upload}"));
    // Directories with tens of thousands of files are a burden.
    format!("{}/{}", &digest[..2], &digest[2..])
}

impl Objects {
    /// `url`: `s3://bucket`, with keys and address from the environment (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, …); `None`: the directory.
    ///
    /// # Errors
    /// The directory cannot be used, or the environment lacks something.
    pub fn open(url: Option<&str>, directory: &Path) -> io::Result<Self> {
        if let Some(url) = url {
            return Self::bucket(AmazonS3Builder::from_env().with_url(url));
        }
        super::make_private(directory)?;
        let store = LocalFileSystem::new_with_prefix(directory).map_err(io::Error::other)?;
        // What was acknowledged outlives a power cut.
        Ok(Self { store: Arc::new(store.with_fsync(true)), directory: Some(directory.to_path_buf()) })
    }

    fn bucket(builder: AmazonS3Builder) -> io::Result<Self> {
        // Objects go one by one, and not every bucket takes many at once.
        let store = builder.with_disable_bulk_delete(true).build().map_err(io::Error::other)?;
        Ok(Self { store: Arc::new(store), directory: None })
    }

    /// Copies a file into an object; there is all of it or nothing.
    ///
    /// # Errors
    /// Reading or writing.
    pub async fn put(&self, key: &str, from: &Path) -> io::Result<Written> {
        let mut file = tokio::fs::File::open(from).await?;
        let upload = self.store.put_multipart(&key_path(key)?).await.map_err(io::Error::other)?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let (mut digest, mut crc, mut total) = (Context::new(&SHA256), crc32fast::Hasher::new(), 0);
        let (mut head, mut buffer) = (Vec::new(), vec![0; READ_BYTES]);
        loop {
            let len = match file.read(&mut buffer).await {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) => {
                    let _ = writer.abort().await;
                    return Err(error);
                }
            };
            let chunk = &buffer[..len];
            if head.len() < super::sniff::HEAD_BYTES {
                head.extend_from_slice(&chunk[..len.min(super::sniff::HEAD_BYTES - head.len())]);
            }
            digest.update(chunk);
            crc.update(chunk);
            total += len as u64;
            writer.wait_for_capacity(PARTS).await.map_err(io::Error::other)?;
            writer.write(chunk);
        }
        writer.finish().await.map_err(io::Error::other)?;
        let digest = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Written { bytes: total, digest, crc32: crc.finalize(), media_type: super::sniff::media_type(&head) })
    }

    /// A part of an object, as it comes.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub async fn read(&self, key: &str, range: Range<u64>) -> io::Result<BoxStream<'static, io::Result<Bytes>>> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions::new().with_range(Some(range.clone()));
        let result = self.store.get_opts(&key_path(key)?, options).await.map_err(io::Error::other)?;
        if result.range != range {
            return Err(io::Error::other("an object is shorter than it was"));
        }
        Ok(result.into_stream().map(|chunk| chunk.map_err(io::Error::other)).boxed())
    }

    /// Takes an object away; it need not be there.
    ///
    /// # Errors
    /// It is there still.
    pub async fn delete(&self, key: &str) -> io::Result<()> {
        match self.store.delete(&key_path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Takes away what interrupted writing left in the directory and is older than this. (A bucket has a rule of its own for parts of objects.)
    ///
    /// # Errors
    /// The disk's.
    pub async fn remove_broken(&self, older: Duration) -> io::Result<()> {
        let Some(directory) = self.directory.clone() else { return Ok(()) };
        let removing = tokio::task::spawn_blocking(move || {
            for shelf in std::fs::read_dir(directory)?.filter_map(Result::ok).filter(|entry| entry.path().is_dir()) {
                for entry in std::fs::read_dir(shelf.path())? {
                    let entry = entry?;
                    // "name#1" is on its way to become "name".
                    let broken = entry.file_name().to_string_lossy().contains('#');
                    if broken && entry.metadata()?.modified()?.elapsed().is_ok_and(|age| age > older) {
                        std::fs::remove_file(entry.path())?;
                    }
                }
            }
            Ok(())
        });
        removing.await.map_err(io::Error::other)?
    }

    /// All keys, with when each was written, in milliseconds since 1970.
    pub fn list(&self) -> BoxStream<'static, io::Result<(String, i64)>> {
        let all = self.store.list(None);
        all.map(|found| found.map(|meta| (meta.location.to_string(), meta.last_modified.timestamp_millis())).map_err(io::Error::other))
            .boxed()
    }
}

fn key_path(key: &str) -> io::Result<Key> {
    Key::parse(key).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;

    async fn content(objects: &Objects, key: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let chunks: Vec<Bytes> = objects.read(key, range).await?.try_collect().await?;
        Ok(chunks.concat())
    }

    /// Holds the objects to what is said of them.
    async fn keeps_its_word(objects: &Objects, directory: &Path) {
        let from = directory.join("from");
        let bytes: Vec<u8> = b"%PDF-1.7".iter().copied().chain((0..6_000_000_u32).map(|n| (n % 251) as u8)).collect();
        std::fs::write(&from, &bytes).expect("written");
        let key = key_of(&UploadId::new());
        for _ in 0..2 {
            let written = objects.put(&key, &from).await.expect("put, and put again");
            assert_eq!((written.bytes, written.media_type), (bytes.len() as u64, "application/pdf"));
            assert_eq!((written.crc32, written.digest.len()), (crc32fast::hash(&bytes), 64));
        }
        assert!(content(objects, &key, 0..bytes.len() as u64).await.expect("there") == bytes);
        assert_eq!(content(objects, &key, 1..4).await.expect("there"), b"PDF");
        assert!(content(objects, &key, 0..bytes.len() as u64 + 1).await.is_err(), "shorter than its row says");
        assert_eq!(objects.list().map_ok(|(key, _)| key).try_collect::<Vec<_>>().await.expect("listed"), std::slice::from_ref(&key));
        objects.delete(&key).await.expect("gone");
        objects.delete(&key).await.expect("gone already");
        assert!(content(objects, &key, 0..1).await.is_err());
        std::fs::write(&from, b"").expect("written");
        let written = objects.put("00/empty", &from).await.expect("put");
        assert_eq!((written.bytes, written.media_type), (0, super::super::sniff::UNKNOWN));
        assert_eq!(content(objects, "00/empty", 0..0).await.expect("nothing"), b"");
    }

    #[tokio::test]
    async fn a_directory_keeps_its_word() {
        let directory = tempfile::tempdir().expect("a directory");
        let objects = Objects::open(None, &directory.path().join("files")).expect("a directory");
        keeps_its_word(&objects, directory.path()).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_bucket_keeps_its_word() {
        let directory = tempfile::tempdir().expect("a directory");
        let builder = AmazonS3Builder::new().with_url("s3://noten").with_endpoint(bucket::serve().await).with_allow_http(true);
        let builder = builder.with_region("eu").with_access_key_id("key").with_secret_access_key("secret");
        keeps_its_word(&Objects::bucket(builder).expect("settings"), directory.path()).await;
    }

    /// As much of S3 as is asked of it, in memory.
    mod bucket {
        use axum::body::{Body, to_bytes};
        use axum::extract::Request;
        use axum::http::{HeaderMap, Method, StatusCode, header};
        use axum::response::{IntoResponse, Response};
        use std::collections::BTreeMap;
        use std::sync::{Arc, Mutex};

        #[derive(Default)]
        struct Bucket {
            objects: BTreeMap<String, Vec<u8>>,
            parts: BTreeMap<u32, Vec<u8>>,
        }

        /// Its address.
        pub async fn serve() -> String {
            let bucket = Arc::new(Mutex::new(Bucket::default()));
            let answer = move |request: Request| {
                let bucket = bucket.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = to_bytes(body, 64 << 20).await.expect("a body").to_vec();
                    let key = head.uri.path().trim_start_matches("/noten").trim_start_matches('/').to_owned();
                    let query = head.uri.query().unwrap_or_default().to_owned();
                    let mut bucket = bucket.lock().expect("no panic");
                    bucket.answer(&head.method, key, &query, &head.headers, body)
                }
            };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("bound");
            tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
            format!("http://{address}")
        }

        impl Bucket {
            fn answer(&mut self, method: &Method, key: String, query: &str, headers: &HeaderMap, body: Vec<u8>) -> Response {
                let etag = [(header::ETAG, "\"x\"")];
                match (method.as_str(), query) {
                    ("POST", "uploads") | ("POST", "uploads=") => {
                        self.parts.clear();
                        "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>".into_response()
                    }
                    ("PUT", query) => {
                        let number =
                            query.split('&').find_map(|pair| pair.strip_prefix("partNumber=")).and_then(|number| number.parse().ok());
                        match number {
                            Some(number) => drop(self.parts.insert(number, body)),
                            None => drop(self.objects.insert(key, body)),
                        }
                        etag.into_response()
                    }
                    ("POST", "uploadId=1") => {
                        let whole = std::mem::take(&mut self.parts).into_values().flatten().collect();
                        self.objects.insert(key, whole);
                        "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>".into_response()
                    }
                    ("GET", query) if key.is_empty() && query.contains("list-type=2") => {
                        let one = |(key, bytes): (&String, &Vec<u8>)| {
                            let size = bytes.len();
                            format!(
                                "<Contents><Key>{key}</Key><Size>{size}</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
                            )
                        };
                        let all: String = self.objects.iter().map(one).collect();
                        format!("<ListBucketResult>{all}</ListBucketResult>").into_response()
                    }
                    ("GET", _) => match self.objects.get(&key) {
                        Some(bytes) => part(bytes, headers),
                        None => StatusCode::NOT_FOUND.into_response(),
                    },
                    ("DELETE", _) => {
                        self.objects.remove(&key);
                        StatusCode::NO_CONTENT.into_response()
                    }
                    other => panic!("not asked for: {other:?}"),
                }
            }
        }

        fn part(bytes: &[u8], headers: &HeaderMap) -> Response {
            let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).expect("always asked with a range");
            let (first, last) = range.trim_start_matches("bytes=").split_once('-').expect("two numbers");
            let (first, last): (usize, usize) = (first.parse().expect("a number"), last.parse().expect("a number"));
            let end = bytes.len().min(last + 1);
            let answer = Response::builder().status(StatusCode::PARTIAL_CONTENT).header(header::ETAG, "\"x\"");
            let answer = answer.header(header::CONTENT_RANGE, format!("bytes {first}-{}/{}", end - 1, bytes.len()));
            let answer = answer.header(header::LAST_MODIFIED, "Thu, 01 Jan 2026 00:00:00 GMT");
            answer.body(Body::from(bytes[first..end].to_vec())).expect("an answer")
        }
    }

    #[tokio::test]
    async fn what_interrupted_writing_left_goes() {
        let directory = tempfile::tempdir().expect("a directory");
        let objects = Objects::open(None, directory.path()).expect("a directory");
        let mut half = objects.store.put_multipart(&Key::from("aa/half")).await.expect("begun");
        half.put_part(vec![7; 100].into()).await.expect("written");
        std::mem::forget(half);
        objects.remove_broken(Duration::from_secs(3600)).await.expect("swept");
        let left = || std::fs::read_dir(directory.path().join("aa")).expect("there").count();
        assert_eq!(left(), 1, "it may be under way");
        objects.remove_broken(Duration::ZERO).await.expect("swept");
        assert_eq!(left(), 0);
    }
}
