//! What the page asks before anybody joins: what a link is, and whether media gets through.

use super::App;
use super::body::{self, OFFER_BYTES_MAX};
use super::problem::Problem;
use crate::links::{TokenError, seconds_now};
use crate::listener::Caller;
use crate::media_io::OfferError;
use auftakt_media::id::MediaKind;
use auftakt_media::sdp::{Direction, Offer};
use auftakt_media::worker;
use auftakt_signaling::wire::{Role, RoomKind};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A test connection lives this long.
const PROBE_LIFE: Duration = Duration::from_secs(15);
/// A link's token and its JSON.
const LINK_BODY_MAX: usize = 8 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkQuestion {
    token: String,
}

#[derive(Serialize)]
struct LinkAnswer {
    room: String,
    kind: RoomKind,
    role: Role,
    name: String,
    /// What the school is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    school: Option<String>,
}

/// `POST /api/link`: what the join page shows.
pub async fn link(State(app): State<App>, body: Body) -> Result<Response, Problem> {
    let malformed = || Problem::new(StatusCode::BAD_REQUEST, "bad_message", "expected {\"token\": \"…\"}");
    let body = body::bytes(body, LINK_BODY_MAX).await?;
    let question: LinkQuestion = serde_json::from_slice(&body).map_err(|_| malformed())?;
    let claims = app.key.verify_join(&question.token, seconds_now()).map_err(|error| match error {
        TokenError::Invalid => {
            Problem::new(StatusCode::NOT_FOUND, "link_invalid", "this link is incomplete, or was made by another server")
        }
        TokenError::Expired => Problem::new(StatusCode::GONE, "link_expired", "this link has expired; ask for a new one"),
    })?;
    let school = app.config.school.clone();
    let answer = LinkAnswer { room: claims.room, kind: claims.kind, role: claims.role, name: claims.name, school };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// `POST /api/probe`: a connection without media, to see whether UDP gets through and how long it takes.
pub async fn probe(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    expect_sdp(&headers)?;
    let place = app.probe_shares.take(caller).zip(app.probes.take()).ok_or_else(|| {
        let detail = "too many connection tests at once; try again in a moment";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_probes", detail)
    })?;
    let offer = body::text(body, OFFER_BYTES_MAX).await?;
    expect_nothing_sent(&offer)?;
    let peer = app.media.next_peer_id();
    let media = app.media.least_busy();
    let accepted = media.offer(peer, offer, Vec::new()).await;
    // Also after a refusal, and also when the request is given up: what may have been made is taken back.
    let life = if accepted.is_ok() { PROBE_LIFE } else { Duration::ZERO };
    tokio::spawn(async move {
        tokio::time::sleep(life).await;
        media.remove(peer).await;
        drop(place);
    });
    let accepted = accepted.map_err(offer_problem)?;
    Ok(([(header::CONTENT_TYPE, "application/sdp")], accepted.answer).into_response())
}

/// Anybody may ask, so nothing is taken that could carry media anywhere.
fn expect_nothing_sent(offer: &str) -> Result<(), Problem> {
    let refused = |detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "offer_refused", detail);
    let offer = Offer::parse(offer).map_err(|error| refused(error.to_string()))?;
    match &offer.sections[..] {
        [section] if section.kind == Some(MediaKind::Audio) && section.direction == Direction::RecvOnly => Ok(()),
        _ => Err(refused("a connection test is one recvonly audio section".to_owned())),
    }
}

/// `GET /api/demo`: where the demonstration school is to be entered, if there is one.
pub async fn demo(State(app): State<App>) -> Result<Response, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "no_demo", "this server runs no demonstration school");
    let links = app.demo.get().ok_or_else(none)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(links)).into_response())
}

/// 415 for everything that does not call itself SDP.
pub fn expect_sdp(headers: &HeaderMap) -> Result<(), Problem> {
    match content_type(headers) {
        "application/sdp" => Ok(()),
        _ => Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "expected Content-Type: application/sdp")),
    }
}

/// Without parameters.
pub fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// Ours or theirs.
fn offer_problem(error: OfferError) -> Problem {
    match error {
        OfferError::Refused(refused) => refused_offer(&refused),
        OfferError::Stopped(_) => Problem::stopping(),
    }
}

/// 422: understood, but cannot be answered.
pub fn refused_offer(error: &worker::OfferError) -> Problem {
    match error {
        worker::OfferError::TooManyPeers => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_peers", error.to_string()),
        _ => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "offer_refused", error.to_string()),
    }
}
