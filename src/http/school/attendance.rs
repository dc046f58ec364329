//! What became of lesson dates, who was there, and the teacher's signature.

use super::super::App;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

#[cfg(test)]
pub fn types(_: &ts_rs::Config) -> Vec<String> {
    vec![]
}
