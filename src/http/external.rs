//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): publishers and subscribers that are no browsers of ours.

use super::App;
use super::api::{content_type, expect_sdp, refused_offer};
use super::body::{self, OFFER_BYTES_MAX};
use super::problem::Problem;
use crate::links::{MediaClaims, TokenError, percent_encoded, seconds_now};
use crate::redact;
use crate::rooms::{Admitted, ExternalError, RoomHandle};
use auftakt_media::id::MediaKind;
use auftakt_media::sdp::{Direction, Offer, fragment};
use auftakt_media::worker::SeatMids;
use auftakt_signaling::wire::RoomKind;
use auftakt_signaling::{DisplayName, ExternalId, ExternalOffer, ExternalRefusal, ExternalRole, Input, RoomName};
use axum::body::Body;
use axum::extract::{OriginalUri, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dashmap::DashMap;
use std::sync::Arc;
use tokio::sync::{Mutex, oneshot};

/// The connections that can be patched and deleted, by the secret in their address.
#[derive(Clone, Default)]
pub struct Sessions(Arc<DashMap<String, Session>>);

#[derive(Clone)]
struct Session {
    room_name: RoomName,
    scope: Scope,
    room: RoomHandle,
    external: ExternalId,
    ice: Arc<Mutex<Ice>>,
}

/// One ICE session of a connection; a restart begins the next.
struct Ice {
    /// The offer it began with.
    offer: String,
    generation: u32,
}

impl Ice {
    fn etag(&self) -> String {
        format!("\"ice-{}\"", self.generation)
    }
}

/// What a token must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Publish,
    Subscribe,
}

impl Scope {
    fn is_in(self, claims: &MediaClaims) -> bool {
        match self {
            Self::Publish => claims.publish,
            Self::Subscribe => claims.subscribe,
        }
    }
}

/// What a connection is called in the room when its token has no name.
const NAMELESS: &str = "Stream";

/// `POST /whip/{room}`
pub async fn publish(State(app): State<App>, Path(room): Path<String>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let (room, claims) = authorize(&app, &room, &headers, Scope::Publish)?;
    expect_sdp(&headers)?;
    let offer = body::text(body, OFFER_BYTES_MAX).await?;
    let name = DisplayName::parse(&claims.name).or_else(|_| DisplayName::parse(NAMELESS));
    let role = ExternalRole::Publisher(name.map_err(|_| Problem::internal("no name"))?);
    open(&app, room, &claims, Scope::Publish, role, offer).await
}

/// `POST /whep/{room}`
pub async fn subscribe(State(app): State<App>, Path(room): Path<String>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let (room, claims) = authorize(&app, &room, &headers, Scope::Subscribe)?;
    expect_sdp(&headers)?;
    let offer = body::text(body, OFFER_BYTES_MAX).await?;
    let role = ExternalRole::Viewer(pair_sections(&offer)?);
    open(&app, room, &claims, Scope::Subscribe, role, offer).await
}

/// `OPTIONS`: what a page of another origin asks before anything else (RFC 9725 §4.7), and what is taken here.
pub async fn preflight() -> impl IntoResponse {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, PATCH, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, if-match"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (HeaderName::from_static("accept-post"), "application/sdp"),
        (HeaderName::from_static("accept-patch"), "application/trickle-ice-sdpfrag"),
    ];
    (StatusCode::NO_CONTENT, headers)
}

/// A token is carried by whoever asks, never by a browser on its own: no page can misuse somebody else's.
pub async fn open_to_all_origins(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("location, etag"));
    response
}

async fn open(
    app: &App,
    room: RoomName,
    claims: &MediaClaims,
    scope: Scope,
    role: ExternalRole,
    offer: String,
) -> Result<Response, Problem> {
    if *app.stopping.borrow() {
        return Err(Problem::stopping());
    }
    let kind = room_kind(app, &room, claims)?;
    let external = app.rooms.next_external();
    let admitted = app.rooms.add_external(&room, kind, external, role, offer.clone()).await.map_err(external_problem)?;
    let Admitted { room: handle, answer, ended } = admitted;
    let secret = redact::secret().ok_or_else(|| Problem::internal("no randomness"))?;
    let session =
        Session { room_name: room.clone(), scope, room: handle, external, ice: Arc::new(Mutex::new(Ice { offer, generation: 0 })) };
    let etag = session.ice.lock().await.etag();
    app.sessions.0.insert(secret.clone(), session);
    let (sessions, key) = (app.sessions.clone(), secret.clone());
    tokio::spawn(async move {
        // An error is what tells: the room drops its end.
        let _ = ended.await;
        sessions.0.remove(&key);
    });
    let path = if scope == Scope::Publish { "whip" } else { "whep" };
    let location = format!("/{path}/{}/{secret}", percent_encoded(room.as_str()));
    let headers = [(header::CONTENT_TYPE, "application/sdp".to_owned()), (header::LOCATION, location), (header::ETAG, etag)];
    Ok((StatusCode::CREATED, headers, answer).into_response())
}

/// `DELETE` on the address that `Location` gave.
pub async fn delete(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    Path((room, secret)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let session = find(&app, uri.path(), &room, &secret, &headers)?;
    session.room.input(Input::RemoveExternal(session.external)).await;
    app.sessions.0.remove(&secret);
    Ok(StatusCode::OK)
}

/// `PATCH`: candidates (which an ICE-lite server needs not), or a restart.
pub async fn patch(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    Path((room, secret)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let session = find(&app, uri.path(), &room, &secret, &headers)?;
    if content_type(&headers) != "application/trickle-ice-sdpfrag" {
        let detail = "expected Content-Type: application/trickle-ice-sdpfrag";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let fragment = body::text(body, OFFER_BYTES_MAX).await?;
    let credentials = fragment::credentials(&fragment)
        .ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "fragment_refused", "a=ice-ufrag and a=ice-pwd are needed"))?;
    // Held over the restart: two restarts of one connection at once would leave its state to chance.
    let mut ice = session.ice.clone().lock_owned().await;
    let condition = headers.get(header::IF_MATCH).map(HeaderValue::as_bytes);
    let is_restart = fragment::credentials(&ice.offer).as_ref() != Some(&credentials);
    match condition {
        None => {
            return Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_missing",
                "If-Match is needed: an ETag, or * for a restart",
            ));
        }
        // Quoted as the draft of WHEP has it in an example, too.
        Some(b"*" | b"\"*\"") if is_restart => {}
        Some(tag) if tag == ice.etag().as_bytes() => {}
        Some(_) => return Err(Problem::new(StatusCode::PRECONDITION_FAILED, "etag_mismatch", "this is not the current ICE session")),
    }
    if !is_restart {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    // On its own: when the request is given up, the restart goes on, and the next request must not get its answer.
    let restarting = tokio::spawn(async move {
        let offer = fragment::with_credentials(&ice.offer, &credentials);
        let answer = restart(&app, &session, offer.clone()).await?;
        *ice = Ice { offer, generation: ice.generation.wrapping_add(1) };
        let headers = [(header::CONTENT_TYPE, "application/trickle-ice-sdpfrag".to_owned()), (header::ETAG, ice.etag())];
        Ok((StatusCode::OK, headers, fragment::of_answer(&answer)).into_response())
    });
    restarting.await.unwrap_or_else(|_| Err(Problem::internal("the restart failed")))
}

async fn restart(app: &App, session: &Session, sdp: String) -> Result<String, Problem> {
    let gone = || Problem::new(StatusCode::NOT_FOUND, "session_ended", "this connection has ended");
    let role = match session.scope {
        Scope::Publish => ExternalRole::Publisher(DisplayName::parse(NAMELESS).map_err(|_| Problem::internal("no name"))?),
        Scope::Subscribe => ExternalRole::Viewer(pair_sections(&sdp)?),
    };
    let offer = ExternalOffer { external: session.external, role, sdp, spare: app.media.next_peer_id() };
    let (ended, _) = oneshot::channel();
    let answer = session.room.external_offer(offer, ended).await.map_err(|_| gone())?;
    answer.map_err(|refusal| external_problem(ExternalError::Refused(refusal)))
}

/// The session, for whoever holds its address and a token of the same right. The token may have expired since: its address is
/// a secret that only its owner knows, and who could not end a session would leave it to the others' patience.
fn find(app: &App, path: &str, room: &str, secret: &str, headers: &HeaderMap) -> Result<Session, Problem> {
    let scope = if path.starts_with("/whip/") { Scope::Publish } else { Scope::Subscribe };
    let (room, _) = claims_for(room, headers, scope, |token| app.key.read_media(token))?;
    let session = app.sessions.0.get(secret).map(|entry| entry.value().clone());
    let fits = |session: &Session| session.room_name == room && session.scope == scope;
    session.filter(fits).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "session_unknown", "there is no such connection, or no more"))
}

fn authorize(app: &App, room: &str, headers: &HeaderMap, scope: Scope) -> Result<(RoomName, MediaClaims), Problem> {
    claims_for(room, headers, scope, |token| app.key.verify_media(token, seconds_now()))
}

fn claims_for(
    room: &str,
    headers: &HeaderMap,
    scope: Scope,
    read: impl FnOnce(&str) -> Result<MediaClaims, TokenError>,
) -> Result<(RoomName, MediaClaims), Problem> {
    let unauthorized = |code, detail: &str| Problem::new(StatusCode::UNAUTHORIZED, code, detail);
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or_else(|| unauthorized("token_missing", "Authorization: Bearer … is needed"))?;
    let claims = read(token.trim()).map_err(|error| unauthorized("token_refused", &error.to_string()))?;
    let not_found = |detail: String| Problem::new(StatusCode::NOT_FOUND, "room_unknown", detail);
    let room = RoomName::parse(room).map_err(|error| not_found(error.to_string()))?;
    if claims.room != "*" && claims.room != room.as_str() {
        return Err(Problem::new(StatusCode::FORBIDDEN, "other_room", "this token is for another room"));
    }
    if !scope.is_in(&claims) {
        let detail = match scope {
            Scope::Publish => "this token does not allow publishing",
            Scope::Subscribe => "this token does not allow subscribing",
        };
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", detail));
    }
    Ok((room, claims))
}

/// A room that does not exist is made for a token that is good for all.
fn room_kind(app: &App, room: &RoomName, claims: &MediaClaims) -> Result<RoomKind, Problem> {
    let fault = |_| Problem::internal("the data directory cannot be read or written");
    if claims.room == "*" {
        return app.records.create_if_missing(room, RoomKind::Lesson).map_err(fault);
    }
    let kind = app.records.kind(room).map_err(fault)?;
    kind.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "room_unknown", "there is no room of this name"))
}

/// The first audio section goes with the first video section, and so on: each pair shows one publisher.
fn pair_sections(offer: &str) -> Result<Vec<SeatMids>, Problem> {
    let refused = |error: auftakt_media::sdp::SdpError| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "offer_refused", error.to_string());
    let offer = Offer::parse(offer).map_err(refused)?;
    let sends = |direction| matches!(direction, Direction::SendOnly | Direction::SendRecv);
    if offer.sections.iter().any(|section| section.kind.is_some() && !section.stopped && sends(section.direction)) {
        let detail = "a subscriber only receives: offer recvonly sections";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "offer_refused", detail));
    }
    let receiving = |kind: MediaKind| {
        let wanted = offer.sections.iter().filter(move |s| s.kind == Some(kind) && !s.stopped && s.direction == Direction::RecvOnly);
        wanted.map(|section| section.mid)
    };
    let (mut audio, mut video) = (receiving(MediaKind::Audio), receiving(MediaKind::Video));
    let pairs = std::iter::from_fn(|| {
        let seat = SeatMids { audio: audio.next(), video: video.next() };
        (seat.audio.is_some() || seat.video.is_some()).then_some(seat)
    });
    Ok(pairs.take(auftakt_signaling::SEATS_MAX).collect())
}

fn external_problem(error: ExternalError) -> Problem {
    match error {
        ExternalError::Stopping => Problem::stopping(),
        ExternalError::Refused(ExternalRefusal::RoomFull) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "room_full", "the room holds as many as it may")
        }
        ExternalError::Refused(ExternalRefusal::Offer(error)) => refused_offer(&error),
        ExternalError::Refused(ExternalRefusal::Unknown) => {
            Problem::new(StatusCode::NOT_FOUND, "session_ended", "this connection has ended")
        }
    }
}
