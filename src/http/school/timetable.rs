//! Courses, who is in them, holidays, and the lesson dates that follow.

mod changes;
mod courses;
pub mod dates;
mod enrolments;
mod holidays;
#[cfg(test)]
mod tests;

use super::super::App;
use crate::store::PersonId;
use crate::store::agenda::Enrolled;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub use changes::{check_category, check_open, put};
pub use dates::DateInfo;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(courses::routes())
        .merge(enrolments::routes())
        .merge(holidays::routes())
        .merge(dates::routes())
        .merge(changes::routes())
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    let own = super::bindings::export!(c, PersonName);
    [own, courses::types(c), enrolments::types(c), holidays::types(c), dates::types(c), changes::types(c)].concat()
}

/// Somebody as those see them who share a course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct PersonName {
    pub id: PersonId,
    pub name: String,
}

impl From<&Enrolled> for PersonName {
    fn from(enrolled: &Enrolled) -> Self {
        Self { id: enrolled.student_id.clone(), name: enrolled.name() }
    }
}

/// From an identifier and a name that may be missing.
pub fn named(id: Option<&PersonId>, name: Option<String>) -> Option<PersonName> {
    Some(PersonName { id: id?.clone(), name: name? })
}
