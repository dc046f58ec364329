//! What the page asks before anybody joins: what a link is, and whether media gets through.

use super::problem::Problem;
use super::{App, seconds_now};
use crate::links::TokenError;
use crate::media_io::OfferError;
use auftakt_media::worker;
use auftakt_signaling::wire::{Role, RoomKind};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

/// `POST /api/link`: what the join page shows.
pub async fn link(State(app): State<App>, body: Bytes) -> Result<Response, Problem> {
    let malformed = || Problem::new(StatusCode::BAD_REQUEST, "bad_message", "expected {\"token\": \"…\"}");
    if body.len() > LINK_BODY_MAX {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "message_too_large", "a link is shorter than this"));
    }
    let question: LinkQuestion = serde_json::from_slice(&body).map_err(|_| malformed())?;
    let claims = app.key.verify_join(&question.token, seconds_now()).map_err(|error| match error {
        TokenError::Invalid => {
            Problem::new(StatusCode::NOT_FOUND, "link_invalid", "this link is incomplete, or was made by another server")
        }
        TokenError::Expired => Problem::new(StatusCode::GONE, "link_expired", "this link has expired; ask for a new one"),
    })?;
    let answer =
        LinkAnswer { room: claims.room, kind: claims.kind, role: claims.role, name: claims.name, title: app.config.school.clone() };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// `POST /api/probe`: a connection without media, to see whether UDP gets through and how long it takes.
pub async fn probe(State(app): State<App>, headers: HeaderMap, body: String) -> Result<Response, Problem> {
    expect_sdp(&headers)?;
    let Some(place) = app.probes.take() else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_probes",
            "too many connection tests at once; try again in a moment",
        ));
    };
    let peer = app.media.next_peer_id();
    let accepted = app.media.offer(peer, body, Vec::new()).await;
    let media = app.media.clone();
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
