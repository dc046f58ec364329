//! Files of courses, students, conferences and messages.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Asked, Id, Input};
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::access::Access;
use crate::school::files::access::{Standing, standing};
use crate::school::files::archive::Archive;
use crate::school::files::names::{NameError, disposition, file_name, folder_name};
use crate::school::files::{FILES_PER_PLACE, sniff, sweep};
use crate::school::permit::{Action, Object};
use crate::store::files::{self, File, Place, Version};
use crate::store::{Connection, FileId, Moment};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Of what is handed out to be saved: should a browser show it all the same, then as nobody's page and with nothing to load.
const CLOSED: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// Of pictures and sound that a page shows in place.
const SHOWN: &str = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox; frame-ancestors 'self'";
/// Of PDF: browsers' own viewers refuse to run in a sandbox, and have one of their own.
const SHOWN_PDF: &str = "default-src 'none'; object-src 'self'; frame-ancestors 'self'";

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(archive))
        .routes(routes!(show, update, delete))
        .routes(routes!(restore))
        .routes(routes!(content))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, FileList, FileInfo, FileDetail, VersionInfo, FileForm, Restore)
}

/// All files of a place.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct FileList {
    /// By folder and name.
    pub files: Vec<FileInfo>,
    /// Whether whoever asks may add some.
    pub may_add: bool,
    /// The largest that can be added.
    pub bytes_max: i64,
}

/// A file in its newest version.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct FileInfo {
    pub id: FileId,
    /// Where it belongs: `course:ID`, `student:ID`, `conference:ID` or `message:ID`.
    pub place: String,
    /// Empty: none.
    pub folder: String,
    pub name: String,
    pub version: VersionInfo,
    /// How many versions there are.
    pub versions: i64,
    /// Whether whoever asks may rename, replace and delete it.
    pub may_change: bool,
}

/// One version of a file.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct VersionInfo {
    pub number: i64,
    /// By content.
    pub media_type: String,
    pub bytes: i64,
    /// Who brought it; nobody who is still known: `null`.
    pub uploader: Option<String>,
    pub uploaded_at: Moment,
    /// Whether a page may show it in place, with `?inline=1`.
    pub inline: bool,
}

impl From<Version> for VersionInfo {
    fn from(version: Version) -> Self {
        Self {
            number: version.number,
            inline: sniff::is_safe_inline(&version.media_type),
            media_type: version.media_type,
            bytes: version.bytes,
            uploader: version.uploader,
            uploaded_at: version.uploaded_at,
        }
    }
}

impl FileInfo {
    fn of(file: File, standing: Standing, access: &Access) -> Self {
        let may_change = standing.may_change(access, &file);
        let File { id, place, folder, name, version, versions, .. } = file;
        Self { id, place: place.to_string(), folder, name, version: version.into(), versions, may_change }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// `course:ID`, `student:ID`, `conference:ID` or `message:ID`.
    place: String,
}

impl At {
    fn place(&self) -> Result<Place, Problem> {
        self.place.parse().map_err(|error: crate::store::Malformed| unprocessable("malformed", error.to_string()).about("place"))
    }
}

/// All files of a place.
#[utoipa::path(get, path = "/api/files", params(At), tag = "files",
    responses((status = 200, body = FileList), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed, Asked(at): Asked<At>) -> Answer<FileList> {
    let place = at.place()?;
    let mut db = app.school.store.read().await?;
    let standing = standing(&mut db, &access, &place).await?;
    standing.require_read(&access)?;
    let files = files::list(&mut db, &place, FILES_PER_PLACE).await?;
    let files = files.into_iter().map(|file| FileInfo::of(file, standing, &access)).collect();
    let bytes_max = i64::try_from(app.school.files.limits().file_bytes).unwrap_or(i64::MAX);
    Ok(Json(FileList { files, may_add: standing.require_create(&access).is_ok(), bytes_max }))
}

/// A file with its history.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct FileDetail {
    pub file: FileInfo,
    /// The newest first.
    pub versions: Vec<VersionInfo>,
}

/// A file with its history.
#[utoipa::path(get, path = "/api/files/{id}", params(("id" = FileId, Path)), tag = "files",
    responses((status = 200, body = FileDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Id(id): Id<FileId>) -> Answer<FileDetail> {
    let mut db = app.school.store.read().await?;
    let (file, standing) = readable(&mut db, &access, &id).await?;
    Ok(Json(detail(&mut db, &access, file, standing).await?))
}

/// A file's name and folder.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct FileForm {
    name: String,
    /// Empty: none.
    folder: String,
}

/// Gives a file another name or folder.
#[utoipa::path(put, path = "/api/files/{id}", params(("id" = FileId, Path)), request_body = FileForm, tag = "files",
    responses((status = 200, body = FileDetail), (status = 409, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn update(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<FileId>,
    Input(form): Input<FileForm>,
) -> Answer<FileDetail> {
    let (name, folder) = (checked_name("name", &form.name)?, checked_folder("folder", &form.folder)?);
    let mut db = app.school.store.write().await?;
    let (file, standing) = changeable(&mut db, &access, &id, Action::Update).await?;
    if files::named(&mut db, &file.place, &folder, &name).await?.is_some_and(|other| other.id != id) {
        let detail = "another file here has this name already";
        return Err(Problem::new(StatusCode::CONFLICT, "taken", detail).about("name"));
    }
    files::rename(&mut db, &id, &folder, &name).await?;
    let detail = detail(&mut db, &access, File { name, folder, ..file }, standing).await?;
    db.commit().await?;
    Ok(Json(detail))
}

/// Deletes a file with all its versions.
#[utoipa::path(delete, path = "/api/files/{id}", params(("id" = FileId, Path)), tag = "files",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete(State(app): State<App>, Signed(access): Signed, Id(id): Id<FileId>) -> Result<StatusCode, Problem> {
    let mut db = app.school.store.write().await?;
    changeable(&mut db, &access, &id, Action::Delete).await?;
    files::delete(&mut db, &id).await?;
    db.commit().await?;
    // What is not taken away now, the next sweep does.
    tokio::spawn(async move { sweep::gone(&app.school.files, &app.school.store).await });
    Ok(StatusCode::NO_CONTENT)
}

/// Which version.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    number: i64,
}

/// Makes an earlier version the newest again; none is lost by it.
#[utoipa::path(post, path = "/api/files/{id}/restore", params(("id" = FileId, Path)), request_body = Restore, tag = "files",
    responses((status = 200, body = FileDetail), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn restore(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<FileId>,
    Input(form): Input<Restore>,
) -> Answer<FileDetail> {
    let mut db = app.school.store.write().await?;
    let (file, standing) = changeable(&mut db, &access, &id, Action::Update).await?;
    if file.version.number != form.number && !files::restore_version(&mut db, &id, form.number).await? {
        return Err(not_found());
    }
    let file = files::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let detail = detail(&mut db, &access, file, standing).await?;
    db.commit().await?;
    Ok(Json(detail))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Its number; the newest when there is none.
    version: Option<i64>,
    /// 1: to be shown in place, where that is safe.
    inline: Option<i64>,
}

/// The bytes of a file, or a range of them (RFC 9110 §14).
#[utoipa::path(get, path = "/api/files/{id}/content", params(("id" = FileId, Path), Wanted), tag = "files",
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 206, description = "a range"),
        (status = 304, description = "as it was"), (status = 416, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn content(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<FileId>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut db = app.school.store.read().await?;
    let (file, _) = readable(&mut db, &access, &id).await?;
    let version = match wanted.version {
        None => file.version,
        Some(number) => {
            let versions = files::versions(&mut db, &id).await?;
            versions.into_iter().find(|version| version.number == number).ok_or_else(not_found)?
        }
    };
    drop(db);
    let etag = format!("\"{}\"", version.digest);
    let mut head = HeaderMap::new();
    head.insert(header::ETAG, value(&etag));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if matches_etag(headers.get(header::IF_NONE_MATCH), &etag) {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    let inline = wanted.inline == Some(1) && sniff::is_safe_inline(&version.media_type);
    head.extend(harmless(&file.name, &version.media_type, if inline { Use::InPlace } else { Use::ToBeSaved }));
    head.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let size = version.bytes.unsigned_abs();
    let same = headers.get(header::IF_RANGE).is_none_or(|given| given.as_bytes() == etag.as_bytes());
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).filter(|_| same);
    let (status, range) = match asked.map_or(Ok(None), |asked| range(asked, size)) {
        Ok(None) => (StatusCode::OK, 0..size),
        Ok(Some(range)) => {
            head.insert(header::CONTENT_RANGE, value(&format!("bytes {}-{}/{size}", range.start, range.end - 1)));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Err(Unsatisfiable) => {
            let detail = format!("this file has {size} bytes");
            let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail);
            return Ok(([(header::CONTENT_RANGE, format!("bytes */{size}"))], problem).into_response());
        }
    };
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    let stream = app.school.files.objects().read(&version.object_key, range).await.map_err(|error| {
        tracing::error!("an object of a file: {error}");
        Problem::internal("the file cannot be read")
    })?;
    Ok((status, head, Body::from_stream(stream)).into_response())
}

/// All files of a place in one ZIP archive.
#[utoipa::path(get, path = "/api/files/archive", params(At), tag = "files",
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn archive(State(app): State<App>, Signed(access): Signed, Asked(at): Asked<At>) -> Result<Response, Problem> {
    let place = at.place()?;
    let mut db = app.school.store.read().await?;
    standing(&mut db, &access, &place).await?.require_read(&access)?;
    let files = files::list(&mut db, &place, FILES_PER_PLACE).await?;
    let title = files::title(&mut db, &place).await?.unwrap_or_default();
    drop(db);
    let archive = Archive::of(&files);
    let name = if title.is_empty() { "files.zip".to_owned() } else { format!("{title}.zip") };
    let mut head = harmless(&name, "application/zip", Use::ToBeSaved);
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(archive.bytes()));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok((head, Body::from_stream(archive.stream(app.school.files.objects().clone()))).into_response())
}

async fn readable(db: &mut Connection, access: &Access, id: &FileId) -> Result<(File, Standing), Problem> {
    let file = files::find(db, id).await?.ok_or_else(not_found)?;
    let standing = standing(db, access, &file.place).await?;
    standing.require_read(access)?;
    Ok((file, standing))
}

async fn changeable(db: &mut Connection, access: &Access, id: &FileId, action: Action) -> Result<(File, Standing), Problem> {
    let file = files::find(db, id).await?.ok_or_else(not_found)?;
    let standing = standing(db, access, &file.place).await?;
    access.require(action, Object::File, standing.changing(access, &file))?;
    Ok((file, standing))
}

async fn detail(db: &mut Connection, access: &Access, file: File, standing: Standing) -> Result<FileDetail, Problem> {
    let versions = files::versions(db, &file.id).await?.into_iter().map(VersionInfo::from).collect();
    Ok(FileDetail { file: FileInfo::of(file, standing, access), versions })
}

/// What a browser is to do with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    ToBeSaved,
    InPlace,
}

/// Headers with which nothing of what people upload can act in the name of this server.
fn harmless(name: &str, media_type: &str, wanted: Use) -> HeaderMap {
    let (kind, policy) = match wanted {
        Use::ToBeSaved => ("attachment", CLOSED),
        Use::InPlace if media_type == "application/pdf" => ("inline", SHOWN_PDF),
        Use::InPlace => ("inline", SHOWN),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static(sniff::UNKNOWN)));
    headers.insert(header::CONTENT_DISPOSITION, value(&disposition(kind, name)));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}

/// A range that lies behind the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unsatisfiable;

/// One range of bytes; `None`: all of them, as for what is not understood and for several at once (RFC 9110 §14.2 allows both).
fn range(text: &str, size: u64) -> Result<Option<Range<u64>>, Unsatisfiable> {
    let Some((first, last)) = text.strip_prefix("bytes=").map(str::trim).and_then(|range| range.split_once('-')) else { return Ok(None) };
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().unwrap_or(u64::MAX));
    let range = match (first, last) {
        ("", "") => return Ok(None),
        ("", count) => match number(count) {
            Some(count) => size.saturating_sub(count)..size,
            None => return Ok(None),
        },
        (first, "") => match number(first) {
            Some(first) => first..size,
            None => return Ok(None),
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
            _ => return Ok(None),
        },
    };
    if range.start < range.end { Ok(Some(range)) } else { Err(Unsatisfiable) }
}

fn matches_etag(given: Option<&HeaderValue>, etag: &str) -> bool {
    let given = given.and_then(|given| given.to_str().ok()).unwrap_or_default();
    given.trim() == "*" || given.split(',').any(|one| one.trim().trim_start_matches("W/") == etag)
}

/// A file's name as it came.
pub fn checked_name(field: &'static str, text: &str) -> Result<String, Problem> {
    file_name(text).map_err(|error| name_problem(error).about(field))
}

/// A folder's.
pub fn checked_folder(field: &'static str, text: &str) -> Result<String, Problem> {
    folder_name(text).map_err(|error| name_problem(error).about(field))
}

fn name_problem(error: NameError) -> Problem {
    let code = match error {
        NameError::Empty => "empty",
        NameError::TooLong => "too_long",
        NameError::Control => "control_characters",
        NameError::Path => "name_with_path",
    };
    unprocessable(code, error.to_string())
}

pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

/// "12.3 MB".
pub fn bytes_text(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Of what is known to be ASCII.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_players_ask_for() {
        for (text, expected) in [
            ("bytes=0-1", Ok(Some(0..2))),
            ("bytes=10-", Ok(Some(10..100))),
            ("bytes=-7", Ok(Some(93..100))),
            ("bytes=-1000", Ok(Some(0..100))),
            ("bytes=90-1000", Ok(Some(90..100))),
            ("bytes=0-18446744073709551615", Ok(Some(0..100))),
            ("bytes=99999999999999999999999-", Err(Unsatisfiable)),
            ("bytes=100-", Err(Unsatisfiable)),
            ("bytes=-0", Err(Unsatisfiable)),
            // Not understood, so all of it.
            ("bytes=5-4", Ok(None)),
            ("bytes=0-1,5-6", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("bytes=-", Ok(None)),
            ("bytes=+1-2", Ok(None)),
            ("lines=1-2", Ok(None)),
            ("", Ok(None)),
        ] {
            assert_eq!(range(text, 100), expected, "{text}");
        }
        assert_eq!(range("bytes=0-", 0), Err(Unsatisfiable));
    }

    #[test]
    fn numbers_are_told_in_words() {
        assert_eq!([0, 999, 1_500_000, 100_000_000_000].map(bytes_text), ["0 kB", "1 kB", "1.5 MB", "100.0 GB"]);
    }
}
