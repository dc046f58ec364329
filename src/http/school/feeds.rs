//! Calendar addresses for other programs.

use super::super::App;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

#[cfg(test)]
pub fn types(_: &ts_rs::Config) -> Vec<String> {
    vec![]
}
