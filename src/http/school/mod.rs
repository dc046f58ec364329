//! The API for the school's records, under `/api`, described by `/api/openapi.json`: that document is made from the handlers themselves.

mod attendance;
#[cfg(test)]
mod bindings;
mod conferences;
mod demo;
mod exports;
mod feeds;
mod files;
#[cfg(test)]
mod files_world;
mod imports;
mod input;
mod live;
mod people;
mod privacy;
mod rooms;
#[cfg(test)]
mod scene;
mod sessions;
mod settings;
mod signed;
mod start;
#[cfg(test)]
mod tests;
mod threads;
mod timetable;
mod uploads;
#[cfg(test)]
mod world;

pub use uploads::takes_its_time;

use super::App;
use super::problem::{Problem, ProblemBody};
use crate::school::access::Denied;
use crate::school::sign_in::SignInError;
use crate::store::StoreError;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(title = "Auftakt", description = "The school's records. Instants are milliseconds since 1970, days YYYY-MM-DD, times of day minutes since midnight."),
    components(schemas(ProblemBody, crate::school::notice::Audience)),
    security(("session" = []))
)]
struct Document;

/// All routes, and the document that describes them.
fn documented() -> (Router<App>, utoipa::openapi::OpenApi) {
    let mut document = Document::openapi();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(signed::COOKIE)));
    document.components.get_or_insert_default().add_security_scheme("session", cookie);
    OpenApiRouter::with_openapi(document)
        .merge(sessions::routes())
        .merge(people::routes())
        .merge(demo::routes())
        .merge(timetable::routes())
        .merge(attendance::routes())
        .merge(start::routes())
        .merge(rooms::routes())
        .merge(conferences::routes())
        .merge(threads::routes())
        .merge(live::routes())
        .merge(files::routes())
        .merge(uploads::routes())
        .merge(feeds::routes())
        .merge(imports::routes())
        .merge(exports::routes())
        .merge(privacy::routes())
        .merge(settings::routes())
        .split_for_parts()
}

/// The routes, guarded against other origins and caches.
pub fn router(app: &App) -> Router<App> {
    let (router, document) = documented();
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    let show = move || async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) };
    router.route("/api/openapi.json", axum::routing::get(show)).layer(from_fn_with_state(app.clone(), guard))
}

/// A page of another origin must not act with our cookie, and nothing of this stays in a cache.
async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !app.is_own_origin(request.headers()) {
        return Problem::new(StatusCode::FORBIDDEN, "other_origin", "only this server's own page may do this").into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(what) => {
                // "persons.number" or "persons_number_key"
                let field = ["number", "email", "code", "name", "room"].into_iter().find(|field| what.contains(field));
                let problem = Self::new(StatusCode::CONFLICT, "taken", "somebody or something else has this already");
                match field {
                    Some(field) => problem.about(field),
                    None => problem,
                }
            }
            StoreError::Missing => Self::new(StatusCode::CONFLICT, "missing", "what this belongs to is not there any more"),
            StoreError::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too much at once; try again in a moment").retry_after(1)
            }
            fault @ (StoreError::Fault(_) | StoreError::Schema(_)) => {
                tracing::error!("{fault}");
                Self::internal("the records cannot be read or written")
            }
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<Denied> for Problem {
    fn from(_: Denied) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_allowed", "your role does not allow this")
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let detail = error.to_string();
        match error {
            SignInError::Wrong => Self::new(StatusCode::UNAUTHORIZED, "sign_in_wrong", detail),
            SignInError::LinkUsed => Self::new(StatusCode::GONE, "link_used", detail),
            SignInError::Wait(wait) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail).retry_after(wait.as_secs().max(1))
            }
            SignInError::Store(error) => error.into(),
            SignInError::Fault => Self::internal("a fault of the server's own"),
        }
    }
}

/// 404 for what is not there.
fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such record")
}

/// JSON that came well, with its answer's type for the document.
type Answer<T> = Result<Json<T>, Problem>;
