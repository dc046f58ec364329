//! When the school is closed, and why lessons do not take place: everybody reads it, the office writes it.

use super::super::super::App;
use super::super::super::problem::{Problem, ProblemBody};
use super::super::input::{Id, Input, line};
use super::super::signed::Signed;
use super::super::{Answer, not_found};
use super::courses::{RemovalOutcome, Removed};
use crate::school::access::Access;
use crate::school::permit::{Action, Object, Relations};
use crate::store::courses::{self, Holiday};
use crate::store::dates::{self, Category};
use crate::store::{CategoryId, Connection, Day, Flag, HolidayId, Moment, journal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const NAME_MAX: usize = 80;
/// Of many school years, with every bridge day.
const HOLIDAYS_MAX: usize = 1000;
const CATEGORIES_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, delete))
        .routes(routes!(list_categories, create_category))
        .routes(routes!(change_category, delete_category))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, Holiday, HolidayForm, CategoryInfo, CategoryForm)
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct HolidayForm {
    name: String,
    first_day: Day,
    last_day: Day,
}

/// Why lessons do not take place (Ausfallkategorie).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct CategoryInfo {
    pub id: CategoryId,
    pub name: String,
    /// The school's side cancelled, not the family's.
    pub by_school: bool,
    pub position: i64,
    /// No longer to be chosen.
    pub archived: bool,
}

impl From<Category> for CategoryInfo {
    fn from(category: Category) -> Self {
        Self {
            id: category.id,
            name: category.name,
            by_school: category.by_school.0,
            position: category.position,
            archived: category.archived_at.is_some(),
        }
    }
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct CategoryForm {
    name: String,
    by_school: bool,
    #[schema(minimum = 0, maximum = 1000)]
    position: i64,
    archived: bool,
}

/// When the school is closed, by time.
#[utoipa::path(get, path = "/api/holidays", tag = "timetable", responses((status = 200, body = Vec<Holiday>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed) -> Answer<Vec<Holiday>> {
    access.require(Action::Read, Object::Holiday, Relations::NONE)?;
    let mut db = app.school.store.read().await?;
    Ok(Json(courses::holidays(&mut db).await?))
}

/// Adds days on which no lesson takes place.
#[utoipa::path(post, path = "/api/holidays", request_body = HolidayForm, tag = "timetable",
    responses((status = 201, body = Holiday), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<HolidayForm>,
) -> Result<(StatusCode, Json<Holiday>), Problem> {
    access.require(Action::Create, Object::Holiday, Relations::NONE)?;
    let holiday = check(HolidayId::new(), form)?;
    let mut db = app.school.store.write().await?;
    if courses::holidays(&mut db).await?.len() >= HOLIDAYS_MAX {
        return Err(Problem::new(StatusCode::CONFLICT, "too_many", format!("at most {HOLIDAYS_MAX} holidays; delete old ones")));
    }
    put(&mut db, &access, "create", &holiday).await?;
    db.commit().await?;
    Ok((StatusCode::CREATED, Json(holiday)))
}

/// Changes them.
#[utoipa::path(put, path = "/api/holidays/{id}", params(("id" = HolidayId, Path)), request_body = HolidayForm, tag = "timetable",
    responses((status = 200, body = Holiday), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<HolidayId>,
    Input(form): Input<HolidayForm>,
) -> Answer<Holiday> {
    access.require(Action::Update, Object::Holiday, Relations::NONE)?;
    let holiday = check(id.clone(), form)?;
    let mut db = app.school.store.write().await?;
    courses::holidays(&mut db).await?.into_iter().find(|one| one.id == id).ok_or_else(not_found)?;
    put(&mut db, &access, "update", &holiday).await?;
    db.commit().await?;
    Ok(Json(holiday))
}

/// Takes them away: lessons take place on these days again.
#[utoipa::path(delete, path = "/api/holidays/{id}", params(("id" = HolidayId, Path)), tag = "timetable",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete(State(app): State<App>, Signed(access): Signed, Id(id): Id<HolidayId>) -> Result<StatusCode, Problem> {
    access.require(Action::Delete, Object::Holiday, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    if !courses::delete_holiday(&mut db, &id).await? {
        return Err(not_found());
    }
    journal::note(&mut db, access.id(), "delete", "holiday", id.as_str()).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why lessons do not take place, in the office's order.
#[utoipa::path(get, path = "/api/categories", tag = "timetable",
    responses((status = 200, body = Vec<CategoryInfo>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list_categories(State(app): State<App>, Signed(access): Signed) -> Answer<Vec<CategoryInfo>> {
    access.require(Action::Read, Object::Category, Relations::NONE)?;
    let mut db = app.school.store.read().await?;
    Ok(Json(dates::categories(&mut db).await?.into_iter().map(CategoryInfo::from).collect()))
}

/// Adds a category.
#[utoipa::path(post, path = "/api/categories", request_body = CategoryForm, tag = "timetable",
    responses((status = 201, body = CategoryInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create_category(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<CategoryForm>,
) -> Result<(StatusCode, Json<CategoryInfo>), Problem> {
    access.require(Action::Create, Object::Category, Relations::NONE)?;
    let category = check_category(CategoryId::new(), form, None)?;
    let mut db = app.school.store.write().await?;
    if dates::categories(&mut db).await?.len() >= CATEGORIES_MAX {
        return Err(Problem::new(StatusCode::CONFLICT, "too_many", format!("at most {CATEGORIES_MAX} categories")));
    }
    put_category(&mut db, &access, "create", &category).await?;
    db.commit().await?;
    Ok((StatusCode::CREATED, Json(category.into())))
}

/// Changes a category.
#[utoipa::path(put, path = "/api/categories/{id}", params(("id" = CategoryId, Path)), request_body = CategoryForm, tag = "timetable",
    responses((status = 200, body = CategoryInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn change_category(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<CategoryId>,
    Input(form): Input<CategoryForm>,
) -> Answer<CategoryInfo> {
    access.require(Action::Update, Object::Category, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let before = dates::categories(&mut db).await?.into_iter().find(|one| one.id == id).ok_or_else(not_found)?;
    let category = check_category(id, form, before.archived_at)?;
    put_category(&mut db, &access, "update", &category).await?;
    db.commit().await?;
    Ok(Json(category.into()))
}

/// Deletes a category that no date has. Others are kept, and no longer to be chosen.
#[utoipa::path(delete, path = "/api/categories/{id}", params(("id" = CategoryId, Path)), tag = "timetable",
    responses((status = 200, body = Removed), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_category(State(app): State<App>, Signed(access): Signed, Id(id): Id<CategoryId>) -> Answer<Removed> {
    access.require(Action::Delete, Object::Category, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let mut category = dates::categories(&mut db).await?.into_iter().find(|one| one.id == id).ok_or_else(not_found)?;
    let outcome = if dates::uses_category(&mut db, &id).await? {
        category.archived_at.get_or_insert_with(Moment::now);
        dates::put_category(&mut db, &category).await?;
        RemovalOutcome::Archived
    } else {
        dates::delete_category(&mut db, &id).await?;
        RemovalOutcome::Deleted
    };
    journal::note(&mut db, access.id(), "delete", "category", id.as_str()).await?;
    db.commit().await?;
    Ok(Json(Removed { outcome }))
}

async fn put(db: &mut Connection, access: &Access, action: &'static str, holiday: &Holiday) -> Result<(), Problem> {
    courses::put_holiday(db, holiday).await?;
    Ok(journal::note(db, access.id(), action, "holiday", holiday.id.as_str()).await?)
}

async fn put_category(db: &mut Connection, access: &Access, action: &'static str, category: &Category) -> Result<(), Problem> {
    dates::put_category(db, category).await?;
    Ok(journal::note(db, access.id(), action, "category", category.id.as_str()).await?)
}

fn check(id: HolidayId, form: HolidayForm) -> Result<Holiday, Problem> {
    if form.last_day < form.first_day {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "ends_before", "this ends before it begins").about("last_day"));
    }
    Ok(Holiday { id, name: line("name", &form.name, NAME_MAX)?, first_day: form.first_day, last_day: form.last_day })
}

fn check_category(id: CategoryId, form: CategoryForm, archived_at: Option<Moment>) -> Result<Category, Problem> {
    if !(0..=1000).contains(&form.position) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", "between 0 and 1000").about("position"));
    }
    Ok(Category {
        id,
        name: line("name", &form.name, NAME_MAX)?,
        by_school: Flag(form.by_school),
        position: form.position,
        archived_at: form.archived.then(|| archived_at.unwrap_or_else(Moment::now)),
    })
}
