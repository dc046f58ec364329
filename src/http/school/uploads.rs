//! Uploads that can be resumed: tus 1.0 (<https://tus.io/protocols/resumable-upload>) with creation, expiration, termination and checksum.

use super::super::problem::{Problem, ProblemBody};
use super::super::{ANSWER_WITHIN, App};
use super::files::{bytes_text, checked_folder, checked_name, unprocessable};
use super::input::{Id, Input};
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::access::Access;
use crate::school::files::access::standing;
use crate::school::files::keep::{self, KeepError};
use crate::school::files::receive::{self, ALGORITHMS, Checksum, ReceiveError};
use crate::school::files::{Busy, FILES_PER_PLACE, Hold, PENDING_PER_PERSON, UPLOAD_LIFE};
use crate::school::permit::{Action, Object, Relation};
use crate::school::threads;
use crate::store::files::{self, Place};
use crate::store::uploads::{self, Target, Upload};
use crate::store::{Connection, FileId, MessageId, Moment, UploadId};
use axum::Json;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,expiration,termination,checksum";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
/// Ours: the file that a finished upload has become.
const FILE: HeaderName = HeaderName::from_static("auftakt-file");
const BODY_TYPE: &str = "application/offset+octet-stream";
/// For networks that let only GET and POST through.
const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
const ATTACH: &str = "/api/uploads/attach";
/// Attachments of one message.
const ATTACHMENTS_MAX: usize = 20;
/// A name of 200 characters in base64 with its neighbours.
const METADATA_MAX: usize = 4096;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create, options))
        .routes(routes!(attach))
        .routes(routes!(show, send, end, instead, options_of_one))
        .layer(from_fn(speaks_tus))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, Uploads, UploadInfo, Attach)
}

/// A part of an upload takes as long as it takes: [`receive::STALL`] is its bound. So does carrying attachments to where they stay.
pub fn takes_its_time(request: &Request) -> bool {
    match *request.method() {
        Method::PATCH => request.uri().path().starts_with("/api/uploads/"),
        Method::POST => {
            let path = request.uri().path();
            path == ATTACH || (path.starts_with("/api/uploads/") && request.headers().contains_key(OVERRIDE))
        }
        _ => false,
    }
}

/// What every answer of the protocol has, and what every request but two needs.
async fn speaks_tus(request: Request, next: Next) -> Response {
    let spoken = request.headers().get(RESUMABLE).is_some_and(|version| version == VERSION);
    // Lists and JSON are none of the protocol's.
    let other = matches!(*request.method(), Method::OPTIONS | Method::GET) || request.uri().path() == ATTACH;
    let mut response = if spoken || other {
        next.run(request).await
    } else {
        let detail = format!("expected the header Tus-Resumable: {VERSION}");
        let mut response = Problem::new(StatusCode::PRECONDITION_FAILED, "tus_version", detail).into_response();
        response.headers_mut().insert("tus-version", HeaderValue::from_static(VERSION));
        response
    };
    response.headers_mut().insert(RESUMABLE, HeaderValue::from_static(VERSION));
    response
}

/// What this server's uploads can do.
#[utoipa::path(options, path = "/api/uploads", tag = "uploads", security(()), responses((status = 204)))]
pub async fn options(State(app): State<App>) -> Response {
    let size = HeaderValue::from(app.school.files.limits().file_bytes);
    let mut headers = HeaderMap::new();
    headers.insert("tus-version", HeaderValue::from_static(VERSION));
    headers.insert("tus-extension", HeaderValue::from_static(EXTENSIONS));
    headers.insert("tus-checksum-algorithm", HeaderValue::from_static(ALGORITHMS));
    headers.insert("tus-max-size", size);
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// The same at an upload.
#[utoipa::path(options, path = "/api/uploads/{id}", tag = "uploads", security(()), params(("id" = UploadId, Path)), responses((status = 204)))]
pub async fn options_of_one(state: State<App>) -> Response {
    options(state).await
}

/// One's own uploads that are not finished.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Uploads {
    pub uploads: Vec<UploadInfo>,
}

/// An upload that is not finished, or waits for its message.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct UploadInfo {
    pub id: UploadId,
    /// Where it goes: `course:ID`, `student:ID`, `conference:ID`, `message:ID` or `draft`.
    pub place: String,
    pub folder: String,
    pub name: String,
    pub bytes: i64,
    /// So many of them have come.
    pub received: i64,
    pub expires_at: Moment,
}

/// One's own uploads that are not finished, to go on with them.
#[utoipa::path(get, path = "/api/uploads", tag = "uploads", responses((status = 200, body = Uploads), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed) -> Answer<Uploads> {
    let pending = uploads::pending_of(&mut *app.school.store.read().await?, access.id()).await?;
    let mut uploads = Vec::with_capacity(pending.len());
    for upload in pending.into_iter().filter(|upload| upload.expires_at > Moment::now()) {
        let received = app.school.files.received(&upload.id).await.map_err(|error| disk(&error))?;
        let Upload { id, target, folder, name, bytes, expires_at, .. } = upload;
        let received = i64::try_from(received).unwrap_or(i64::MAX);
        uploads.push(UploadInfo { id, place: target.to_string(), folder, name, bytes, received, expires_at });
    }
    Ok(Json(Uploads { uploads }))
}

/// Begins an upload. `Upload-Metadata` has `filename`, `place` (`course:ID`, `student:ID`, `conference:ID`, `message:ID`, or `draft` for a message
/// that is still to be written) and perhaps `folder`.
#[utoipa::path(post, path = "/api/uploads", tag = "uploads",
    params(("Tus-Resumable" = String, Header), ("Upload-Length" = i64, Header), ("Upload-Metadata" = String, Header)),
    responses((status = 201, description = "begun: its address is in Location"), (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 507, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(State(app): State<App>, Signed(access): Signed, headers: HeaderMap) -> Result<Response, Problem> {
    let limits = app.school.files.limits();
    let bytes = whole_number(&headers, &LENGTH)?;
    let metadata = Metadata::parse(&headers)?;
    if bytes > limits.file_bytes {
        let detail = format!("a file has at most {}, this one has {}", bytes_text(limits.file_bytes), bytes_text(bytes));
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", detail));
    }
    let upload = Upload {
        id: UploadId::new(),
        person_id: access.id().clone(),
        target: metadata.target,
        folder: metadata.folder,
        name: metadata.name,
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        expires_at: Moment::now().plus(UPLOAD_LIFE),
    };
    let mut db = app.school.store.write().await?;
    may_add(&mut db, &access, &upload.target).await?;
    make_room(&app, &mut db, &access, bytes).await?;
    uploads::insert(&mut db, &upload).await?;
    db.commit().await?;
    receive::create(&app.school.files.upload_path(&upload.id)).await.map_err(|error| disk(&error))?;
    let mut answer = HeaderMap::new();
    answer.insert(header::LOCATION, value(&format!("/api/uploads/{}", upload.id)));
    answer.insert(EXPIRES, http_date(upload.expires_at));
    answer.insert(OFFSET, HeaderValue::from(0));
    if bytes == 0 {
        let hold = hold(app.school.files.hold(&upload.id, access.id()))?;
        if let Some(file) = finish(&app, &access, &hold, &upload).await? {
            answer.insert(FILE, value(file.as_str()));
        }
    }
    Ok((StatusCode::CREATED, answer).into_response())
}

/// How much of an upload has come. Whoever else is sending it is stopped: a client that asks this wants to go on.
#[utoipa::path(head, path = "/api/uploads/{id}", tag = "uploads", params(("id" = UploadId, Path), ("Tus-Resumable" = String, Header)),
    responses((status = 200, description = "see Upload-Offset and Upload-Length"), (status = "4XX")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Id(id): Id<UploadId>) -> Result<Response, Problem> {
    find(&app, &access, &id).await?;
    let hold = hold(app.school.files.take_over(&id, access.id()).await)?;
    // Again: who was stopped may just have made it a file.
    let upload = find(&app, &access, &id).await?;
    let mut answer = HeaderMap::new();
    let offset = if let Target::File(file) = &upload.target {
        answer.insert(FILE, value(file.as_str()));
        upload.bytes.unsigned_abs()
    } else {
        let offset = app.school.files.received(&id).await.map_err(|error| disk(&error))?;
        if offset == upload.bytes.unsigned_abs() {
            // It had all come when something went wrong.
            if let Some(file) = on_its_own(app, access, hold, upload.clone()).await? {
                answer.insert(FILE, value(file.as_str()));
            }
        }
        offset
    };
    answer.insert(OFFSET, HeaderValue::from(offset));
    answer.insert(LENGTH, HeaderValue::from(upload.bytes));
    answer.insert(EXPIRES, http_date(upload.expires_at));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok((StatusCode::OK, answer).into_response())
}

/// Sends what comes next of an upload. When all has come it is a file, which `Auftakt-File` names (but for a draft).
#[utoipa::path(patch, path = "/api/uploads/{id}", tag = "uploads",
    params(("id" = UploadId, Path), ("Tus-Resumable" = String, Header), ("Upload-Offset" = i64, Header), ("Upload-Checksum" = Option<String>, Header)),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"), (status = 423, body = ProblemBody, content_type = "application/problem+json"),
        (status = 507, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn send(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<UploadId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if super::super::api::content_type(&headers) != BODY_TYPE {
        let detail = format!("expected Content-Type: {BODY_TYPE}");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let offset = whole_number(&headers, &OFFSET)?;
    let checksum = checksum(&headers)?;
    find(&app, &access, &id).await?;
    let hold = hold(app.school.files.hold(&id, access.id()))?;
    // Again, now that it stays as it is: bytes for what has become a file must not touch that file's object.
    let upload = find(&app, &access, &id).await?;
    let length = upload.bytes.unsigned_abs();
    if let Target::File(file) = &upload.target {
        return if offset == length { Ok(went_well(length, &upload, Some(file))) } else { Err(wrong_offset(length)) };
    }
    let received = app.school.files.received(&id).await.map_err(|error| disk(&error))?;
    if offset != received {
        return Err(wrong_offset(received));
    }
    let remaining = length - received.min(length);
    if body.size_hint().lower() > remaining {
        return Err(too_many());
    }
    // On its own, so that what has come is on the disk before anybody else may go on, even when this request is given up.
    let receiving = tokio::spawn(async move {
        let path = app.school.files.upload_path(&id);
        let offset = receive::receive(&hold, &path, offset, remaining, checksum.as_ref(), body.into_data_stream()).await?;
        let file = if offset == length { finish(&app, &access, &hold, &upload).await? } else { None };
        if file.is_none() {
            let mut db = app.school.store.write().await?;
            uploads::received(&mut db, &id, i64::try_from(offset).unwrap_or(i64::MAX)).await?;
            db.commit().await?;
        }
        Ok(went_well(offset, &upload, file.as_ref()))
    });
    receiving.await.map_err(|_| Problem::internal("an upload broke off"))?
}

/// Gives an upload up. One that has become a file stays that file.
#[utoipa::path(delete, path = "/api/uploads/{id}", tag = "uploads", params(("id" = UploadId, Path), ("Tus-Resumable" = String, Header)),
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn end(State(app): State<App>, Signed(access): Signed, Id(id): Id<UploadId>) -> Result<StatusCode, Problem> {
    find(&app, &access, &id).await?;
    let _hold = hold(app.school.files.take_over(&id, access.id()).await)?;
    let mut db = app.school.store.write().await?;
    uploads::delete(&mut db, &id).await?;
    db.commit().await?;
    app.school.files.forget_bytes(&id).await.map_err(|error| disk(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PATCH` or `DELETE`, as `X-HTTP-Method-Override` says.
#[utoipa::path(post, path = "/api/uploads/{id}", tag = "uploads",
    params(("id" = UploadId, Path), ("Tus-Resumable" = String, Header), ("X-HTTP-Method-Override" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn instead(app: State<App>, signed: Signed, id: Id<UploadId>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    match headers.get(OVERRIDE).map(HeaderValue::as_bytes) {
        Some(b"PATCH") => send(app, signed, id, headers, body).await,
        Some(b"DELETE") => end(app, signed, id).await.map(IntoResponse::into_response),
        _ => {
            let detail = "expected X-HTTP-Method-Override: PATCH or DELETE";
            Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail))
        }
    }
}

/// Whole drafts and the message that they belong to.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    message: MessageId,
    uploads: Vec<UploadId>,
}

/// Attaches whole drafts to a message of one's own: all of them or none.
#[utoipa::path(post, path = "/api/uploads/attach", tag = "uploads", request_body = Attach,
    responses((status = 204), (status = 409, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn attach(State(app): State<App>, Signed(access): Signed, request: Request) -> Result<StatusCode, Problem> {
    let reading = tokio::time::timeout(ANSWER_WITHIN, Input::<Attach>::from_request(request, &app));
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the rest of the request did not come in time");
    let Input(form) = reading.await.map_err(late)??;
    if form.uploads.len() > ATTACHMENTS_MAX {
        return Err(unprocessable("too_many", format!("at most {ATTACHMENTS_MAX} attachments")).about("uploads"));
    }
    let place = Place::Message(form.message.clone());
    standing(&mut *app.school.store.read().await?, &access, &place).await?.require_create(&access)?;
    let prepared = app.school.files.prepare_drafts(&app.school.store, access.id(), &form.uploads).await?;
    let mut db = app.school.store.write().await?;
    standing(&mut db, &access, &place).await?.require_create(&access)?;
    keep::attach(&mut db, &prepared, &form.message).await?;
    db.commit().await?;
    threads::announce(&app.school.store, &app.school.live, &form.message).await?;
    for id in &form.uploads {
        // When this fails, the sweep does it.
        let _ = app.school.files.forget_bytes(id).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, access: &Access, id: &UploadId) -> Result<Upload, Problem> {
    let upload = uploads::find(&mut *app.school.store.read().await?, id, access.id()).await?.ok_or_else(not_found)?;
    if upload.expires_at <= Moment::now() {
        return Err(Problem::new(StatusCode::GONE, "upload_expired", "this upload took too long; begin it again"));
    }
    Ok(upload)
}

async fn may_add(db: &mut Connection, access: &Access, target: &Target) -> Result<(), Problem> {
    match target {
        Target::Draft => Ok(access.require(Action::Create, Object::File, Relation::Own)?),
        Target::File(_) => Err(not_found()),
        Target::Place(place) => {
            standing(db, access, place).await?.require_create(access)?;
            if files::count(db, place).await? >= FILES_PER_PLACE {
                return Err(place_full());
            }
            Ok(())
        }
    }
}

/// Refuses what would be too much. What is announced counts as if it were there, so that two at once cannot pass where only one fits.
async fn make_room(app: &App, db: &mut Connection, access: &Access, bytes: u64) -> Result<(), Problem> {
    let limits = app.school.files.limits();
    let pending = uploads::pending_of(db, access.id()).await?;
    if pending.len() >= PENDING_PER_PERSON {
        let detail = format!("{PENDING_PER_PERSON} uploads are not finished yet; finish or give up some of them");
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_uploads", detail));
    }
    let pending: i64 = pending.iter().map(|upload| upload.bytes).sum();
    let own = (files::bytes_of(db, access.id()).await? + pending).unsigned_abs();
    check_quota("quota_reached", "you", own, limits.person_bytes, bytes)?;
    let all = (files::bytes(db).await? + uploads::pending_bytes(db).await?).unsigned_abs();
    check_quota("school_quota_reached", "the school", all, limits.school_bytes, bytes)
}

fn check_quota(code: &'static str, whose: &str, used: u64, quota: u64, bytes: u64) -> Result<(), Problem> {
    if used.saturating_add(bytes) <= quota {
        return Ok(());
    }
    let (used, quota, bytes) = (bytes_text(used), bytes_text(quota), bytes_text(bytes));
    let detail = format!("{whose} may keep {quota}, of which {used} are used; this file has {bytes}");
    Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, code, detail))
}

/// Makes a whole upload its file; a draft waits for its message.
async fn finish(app: &App, access: &Access, hold: &Hold, upload: &Upload) -> Result<Option<FileId>, Problem> {
    let place: &Place = match &upload.target {
        Target::Place(place) => place,
        Target::Draft => return Ok(None),
        Target::File(file) => return Ok(Some(file.clone())),
    };
    Ok(Some(app.school.files.keep(&app.school.store, access, hold, upload, place).await?))
}

/// The same, to its end whatever becomes of the request.
async fn on_its_own(app: App, access: Access, hold: Hold, upload: Upload) -> Result<Option<FileId>, Problem> {
    let finishing = tokio::spawn(async move { finish(&app, &access, &hold, &upload).await });
    finishing.await.map_err(|_| Problem::internal("an upload broke off"))?
}

fn went_well(offset: u64, upload: &Upload, file: Option<&FileId>) -> Response {
    let mut answer = HeaderMap::new();
    answer.insert(OFFSET, HeaderValue::from(offset));
    answer.insert(EXPIRES, http_date(upload.expires_at));
    if let Some(file) = file {
        answer.insert(FILE, value(file.as_str()));
    }
    (StatusCode::NO_CONTENT, answer).into_response()
}

/// `Upload-Metadata`: keys with values in base64, between commas. What is not known is passed over, as the protocol wants it.
struct Metadata {
    name: String,
    folder: String,
    target: Target,
}

impl Metadata {
    fn parse(headers: &HeaderMap) -> Result<Self, Problem> {
        let malformed = || Problem::new(StatusCode::BAD_REQUEST, "metadata_malformed", "Upload-Metadata is not as tus 1.0 has it");
        let text = headers.get(METADATA).map(|value| value.to_str().map_err(|_| malformed())).transpose()?.unwrap_or_default();
        if text.len() > METADATA_MAX {
            return Err(malformed());
        }
        let (mut name, mut folder, mut place) = (None, None, None);
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, encoded) = pair.split_once(' ').unwrap_or((pair, ""));
            let slot = match key {
                "filename" => &mut name,
                "folder" => &mut folder,
                "place" => &mut place,
                _ => continue,
            };
            let decoded = BASE64.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(malformed)?;
            if slot.replace(decoded).is_some() {
                return Err(malformed());
            }
        }
        let target = place.ok_or_else(|| unprocessable("empty", "where the file is to go").about("place"))?;
        let target =
            target.parse().map_err(|error: crate::store::Malformed| unprocessable("malformed", error.to_string()).about("place"))?;
        // What has become a file is the server's word alone.
        if matches!(target, Target::File(_)) {
            return Err(unprocessable("malformed", "this is no place").about("place"));
        }
        let folder = checked_folder("folder", &folder.unwrap_or_default())?;
        // Messages have none.
        let folder = if matches!(target, Target::Draft | Target::Place(Place::Message(_))) { String::new() } else { folder };
        Ok(Self { name: checked_name("filename", &name.unwrap_or_default())?, folder, target })
    }
}

fn whole_number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let text = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", format!("the header {name} must be a whole number")).about(name.as_str())
    })
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(given) = headers.get(CHECKSUM) else { return Ok(None) };
    let parsed = given.to_str().ok().and_then(Checksum::parse);
    let unknown = || Problem::new(StatusCode::BAD_REQUEST, "checksum_unknown", format!("Upload-Checksum knows {ALGORITHMS}"));
    parsed.map(Some).ok_or_else(unknown)
}

fn wrong_offset(offset: u64) -> Problem {
    Problem::new(StatusCode::CONFLICT, "wrong_offset", format!("this upload goes on at {offset}"))
}

fn too_many() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", "there are more bytes than were announced")
}

fn place_full() -> Problem {
    Problem::new(StatusCode::CONFLICT, "place_full", format!("there are {FILES_PER_PLACE} files here; no more fit"))
}

fn hold(held: Result<Hold, Busy>) -> Result<Hold, Problem> {
    held.map_err(|busy| match busy {
        Busy::Held => Problem::new(StatusCode::LOCKED, "upload_busy", busy.to_string()).retry_after(1),
        Busy::TooMany => Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_uploads", busy.to_string()).retry_after(5),
    })
}

fn disk(error: &std::io::Error) -> Problem {
    if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
        tracing::error!("there is no room for uploads any more");
        return Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", "the server's disk is full; tell who looks after it");
    }
    tracing::error!("files: {error}");
    Problem::internal("files cannot be read or written")
}

impl From<ReceiveError> for Problem {
    fn from(error: ReceiveError) -> Self {
        let detail = error.to_string();
        match error {
            ReceiveError::Stalled => Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail),
            ReceiveError::Broken => Self::new(StatusCode::BAD_REQUEST, "body_incomplete", detail),
            ReceiveError::TakenOver => Self::new(StatusCode::LOCKED, "upload_busy", detail),
            ReceiveError::TooMany => too_many(),
            // tus has a status of its own for it.
            ReceiveError::Checksum => Self::new(StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST), "checksum_wrong", detail),
            ReceiveError::Disk(error) => disk(&error),
        }
    }
}

impl From<KeepError> for Problem {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Denied(denied) => denied.into(),
            KeepError::Store(error) => error.into(),
            KeepError::Objects(error) => disk(&error),
            KeepError::PlaceFull => place_full(),
            KeepError::NotReady => Self::new(StatusCode::CONFLICT, "upload_not_ready", error.to_string()),
        }
    }
}

/// As `Upload-Expires` has it.
fn http_date(at: Moment) -> HeaderValue {
    value(&DateTime::from_timestamp_millis(at.0).unwrap_or_default().format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// Of what is known to be ASCII.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
