//! Refusals as RFC 9457 has them.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal: whose fault it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    /// For programs.
    code: &'static str,
    /// For people.
    detail: String,
    /// Which field of a form it is about.
    field: Option<String>,
    /// When to try again, in seconds.
    retry_after: Option<u64>,
}

/// A refusal as it is sent: `application/problem+json`.
#[derive(Serialize, ToSchema, ts_rs::TS)]
#[ts(rename = "Problem")]
#[schema(as = Problem)]
pub struct ProblemBody {
    r#type: String,
    title: String,
    status: u16,
    /// For programs: stays the same in every language and version.
    code: String,
    /// For people, in English.
    detail: String,
    /// Which field of a form it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    field: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), field: None, retry_after: None }
    }

    /// It is about this field of a form.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// It is about a field of this part of a form.
    #[must_use]
    pub fn within(mut self, part: impl std::fmt::Display) -> Self {
        self.field = Some(match self.field {
            Some(field) => format!("{part}.{field}"),
            None => part.to_string(),
        });
        self
    }

    /// It is worth trying again after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub fn internal(what: &'static str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_fault", what)
    }

    pub fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "server_stopping", "the server is stopping; try again in a moment")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("refused").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
            field: self.field,
        };
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Says in our words what the framework refuses by itself: unknown paths and methods, a path that is no text, a missing upgrade.
pub async fn in_our_words(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let said = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if said || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this address takes other methods, see Allow"),
        StatusCode::UPGRADE_REQUIRED => ("upgrade_required", "this address speaks WebSocket"),
        _ if status.is_server_error() => ("server_fault", "a fault of the server's own"),
        _ => ("bad_request", "the request is not what this address takes"),
    };
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let (ours, body) = Problem::new(status, code, detail).into_response().into_parts();
    head.headers.extend(ours.headers);
    Response::from_parts(head, body)
}
