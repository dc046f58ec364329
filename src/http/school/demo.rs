//! The doors of the demonstration school: anybody may look at it through the eyes of one of its people. There are none in a real school.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::Input;
use super::sessions::{self, Me};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(enter))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, DemoRole, DemoEntry)
}

crate::store::words! {
    /// Whose eyes.
    DemoRole { Teacher = "teacher", Family = "family", Office = "office", Head = "head" }
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct DemoEntry {
    r#as: DemoRole,
}

/// Signs in as one of the demonstration school's people; 404 in a real school.
#[utoipa::path(post, path = "/api/demo/enter", request_body = DemoEntry, security(()), tag = "session",
    responses((status = 200, body = Me), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn enter(State(app): State<App>, headers: HeaderMap, Input(form): Input<DemoEntry>) -> Result<Response, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "no_demo", "this server runs no demonstration school");
    let cast = app.cast.get().ok_or_else(none)?;
    let person = match form.r#as {
        DemoRole::Teacher => &cast.teacher,
        DemoRole::Family => &cast.family,
        DemoRole::Office => &cast.office,
        DemoRole::Head => &cast.head,
    };
    let mut db = app.school.store.write().await?;
    let response = sessions::begin(&mut db, person, &headers).await?;
    db.commit().await?;
    Ok(response)
}
