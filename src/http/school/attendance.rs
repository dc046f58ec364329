//! What became of lesson dates, who was there, and the teacher's signature.

mod confirm;
mod day;
mod sheet;
#[cfg(test)]
mod tests;

use super::super::App;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(day::routes()).merge(confirm::routes()).merge(sheet::routes())
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    [day::types(c), confirm::types(c), sheet::types(c)].concat()
}
