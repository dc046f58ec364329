//! Everything about one person, handed out or erased; consents; the journal; the information page.

use super::super::App;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

#[cfg(test)]
pub fn types(_: &ts_rs::Config) -> Vec<String> {
    vec![]
}
