//! Attendance and lesson counts for the administration program.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Id, Input, line};
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::export::{self, ExportDates, ExportScope, HeadedColumn, Source, Template, Wanted, shipped};
use crate::school::permit::{Action, Object, Relations};
use crate::school::sheet::{self, Value};
use crate::school::timetable::{SPAN_DAYS_MAX, shifted};
use crate::store::exports::{self, Export};
use crate::store::people::Person;
use crate::store::templates::{self, TemplateKind};
use crate::store::{Connection, Day, ExportId, Moment, TemplateId, courses, dates, journal, people};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Files made at once. More of them wait.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
const TEMPLATES_MAX: usize = 50;
const COLUMNS_MAX: usize = 60;
const NAME_MAX: usize = 80;
const HISTORY: i64 = 200;
const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(history, create)).routes(routes!(list_templates, put_template)).routes(routes!(delete_template))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(
        c,
        export::ExportColumn,
        ExportDates,
        ExportScope,
        ExportFormat,
        HeadedColumn,
        ExportForm,
        ExportInfo,
        ExportTemplate,
        ExportTemplateForm
    )
}

crate::store::words! {
    /// The kind of file.
    ExportFormat { Csv = "csv", Xlsx = "xlsx" }
}

/// What is to be exported.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ExportForm {
    from: Day,
    /// At most 400 days later.
    to: Day,
    /// Name of a template, saved or shipped.
    template: String,
    format: ExportFormat,
    dates: ExportDates,
    scope: ExportScope,
}

/// An export that was made.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ExportInfo {
    id: ExportId,
    at: Moment,
    /// `null`: of somebody who is not here any more.
    by: Option<String>,
    first_day: Day,
    last_day: Day,
    template: String,
    rows: i64,
}

/// What was exported when, the newest first.
#[utoipa::path(get, path = "/api/exports", tag = "exports",
    responses((status = 200, body = Vec<ExportInfo>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn history(State(app): State<App>, Signed(access): Signed) -> Answer<Vec<ExportInfo>> {
    access.require(Action::Read, Object::Export, Relations::NONE)?;
    let mut db = app.school.store.read().await?;
    let mut infos = vec![];
    for export in exports::list(&mut db, HISTORY).await? {
        let by = match &export.by_person {
            Some(person) => people::find(&mut db, person).await?.map(|person| person.name()),
            None => None,
        };
        let Export { id, at, first_day, last_day, template, rows_written, .. } = export;
        infos.push(ExportInfo { id, at, by, first_day, last_day, template, rows: rows_written });
    }
    Ok(Json(infos))
}

/// Makes a file and writes down what is in it.
#[utoipa::path(post, path = "/api/exports", request_body = ExportForm, tag = "exports",
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(State(app): State<App>, Signed(access): Signed, Input(form): Input<ExportForm>) -> Result<Response, Problem> {
    access.require(Action::Create, Object::Export, Relations::NONE)?;
    if form.to < form.from || shifted(form.from, SPAN_DAYS_MAX) < form.to {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "span", "from one day to a later one, at most 400 days").about("to"));
    }
    // What is exported is what is marked: nobody signs in between.
    let mut db = app.school.store.write().await?;
    let template = find_template(&mut db, &form.template).await?;
    let source = load(&mut db, form.from, form.to).await?;
    let columns = template.columns.iter().map(|column| column.column).collect();
    let wanted = Wanted { from: form.from, to: form.to, dates: form.dates, scope: form.scope, columns, zone: app.school.zone };
    let format = form.format;
    let place = AT_ONCE.acquire().await.map_err(|_| Problem::stopping())?;
    let made = tokio::task::spawn_blocking(move || {
        let made = export::lines(&source, &wanted);
        let file = write(format, &template, &made.lines);
        file.map(|file| (file, made.lines.len(), made.dates))
    });
    let (file, rows, dates) = made.await.ok().flatten().ok_or_else(|| Problem::internal("the file cannot be made"))?;
    drop(place);
    let export = Export {
        id: ExportId::new(),
        at: Moment::now(),
        by_person: Some(access.id().clone()),
        first_day: form.from,
        last_day: form.to,
        template: form.template,
        rows_written: i64::try_from(rows).unwrap_or(i64::MAX),
    };
    exports::add(&mut db, &export, &dates).await?;
    journal::note(&mut db, access.id(), "create", "export", export.id.as_str()).await?;
    db.commit().await?;
    let (kind, ending) = if format == ExportFormat::Csv { (CSV, "csv") } else { (XLSX, "xlsx") };
    let disposition = format!("attachment; filename=\"Termine_{}_{}.{ending}\"", export.first_day, export.last_day);
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, file).into_response())
}

fn write(format: ExportFormat, template: &Template, lines: &[Vec<Value>]) -> Option<Vec<u8>> {
    let headings: Vec<String> = template.columns.iter().map(|column| column.heading.clone()).collect();
    match format {
        ExportFormat::Xlsx => sheet::write_xlsx("Termine", &headings, lines).ok(),
        ExportFormat::Csv => {
            let text = |value: &Value| match value {
                Value::Text(text) => text.clone(),
                Value::Number(number) => number.to_string(),
            };
            let rows: Vec<Vec<String>> =
                std::iter::once(headings).chain(lines.iter().map(|line| line.iter().map(text).collect())).collect();
            Some(sheet::write_csv(rows.iter().map(|row| row.iter().map(String::as_str).collect())))
        }
    }
}

async fn load(db: &mut Connection, from: Day, to: Day) -> Result<Source, Problem> {
    let all_people = "SELECT id, number, given_name, family_name, born, language, archived_at FROM persons";
    let all_people: Vec<Person> = sqlx::query_as(all_people).fetch_all(&mut *db).await?;
    let all_courses = courses::list(db, "", true, i64::from(u32::MAX), 0).await?;
    let enrolments = "SELECT id, course_id, student_id, valid_from, valid_to FROM enrolments";
    Ok(Source {
        courses: all_courses,
        holidays: courses::holidays(db).await?,
        dates: dates::between(db, from, to).await?,
        enrolments: sqlx::query_as(enrolments).fetch_all(&mut *db).await?,
        // A date that was moved into these days is known by the day it was planned on.
        attendance: dates::attendance_between(db, None, shifted(from, -SPAN_DAYS_MAX), shifted(to, SPAN_DAYS_MAX)).await?,
        categories: dates::categories(db).await?,
        people: all_people,
        exported: exports::last_of_dates(db, shifted(from, -SPAN_DAYS_MAX), shifted(to, SPAN_DAYS_MAX)).await?,
    })
}

async fn find_template(db: &mut Connection, name: &str) -> Result<Template, Problem> {
    let saved = templates::list(db, TemplateKind::Export).await?.into_iter().find(|saved| saved.name == name);
    let saved = saved.and_then(|saved| serde_json::from_str(&saved.content).ok());
    let shipped = || shipped().into_iter().find(|(shipped, _)| *shipped == name).map(|(_, template)| template);
    let unknown = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_template", "there is no template of this name").about("template");
    saved.or_else(shipped).ok_or_else(unknown)
}

/// Columns of an export, in their order.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ExportTemplate {
    /// `null`: ships with the program.
    id: Option<TemplateId>,
    name: String,
    columns: Vec<HeadedColumn>,
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ExportTemplateForm {
    name: String,
    columns: Vec<HeadedColumn>,
}

/// The column lists that can be used.
#[utoipa::path(get, path = "/api/exports/templates", tag = "exports",
    responses((status = 200, body = Vec<ExportTemplate>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list_templates(State(app): State<App>, Signed(access): Signed) -> Answer<Vec<ExportTemplate>> {
    access.require(Action::Read, Object::Export, Relations::NONE)?;
    let mut db = app.school.store.read().await?;
    let saved = templates::list(&mut db, TemplateKind::Export).await?.into_iter().filter_map(|saved| {
        let Template { columns } = serde_json::from_str(&saved.content).ok()?;
        Some(ExportTemplate { id: Some(saved.id), name: saved.name, columns })
    });
    let shipped =
        shipped().into_iter().map(|(name, template)| ExportTemplate { id: None, name: name.to_owned(), columns: template.columns });
    Ok(Json(saved.chain(shipped).collect()))
}

/// Saves a column list; the one of the same name is replaced.
#[utoipa::path(put, path = "/api/exports/templates", request_body = ExportTemplateForm, tag = "exports",
    responses((status = 200, body = ExportTemplate), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_template(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<ExportTemplateForm>,
) -> Answer<ExportTemplate> {
    access.require(Action::Create, Object::Export, Relations::NONE)?;
    let name = line("name", &form.name, NAME_MAX)?;
    let unprocessable = |code, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).about("columns");
    if form.columns.is_empty() || form.columns.len() > COLUMNS_MAX {
        return Err(unprocessable("columns_count", "between 1 and 60 columns"));
    }
    if shipped().iter().any(|(shipped, _)| *shipped == name) {
        return Err(Problem::new(StatusCode::CONFLICT, "taken", "a template that ships has this name").about("name"));
    }
    let mut columns = vec![];
    for column in form.columns {
        columns.push(HeadedColumn { heading: line("columns", &column.heading, NAME_MAX)?, ..column });
    }
    let template = Template { columns };
    let content = serde_json::to_string(&template).map_err(|_| Problem::internal("the template cannot be written"))?;
    let mut db = app.school.store.write().await?;
    let known = templates::list(&mut db, TemplateKind::Export).await?;
    if known.len() >= TEMPLATES_MAX && known.iter().all(|known| known.name != name) {
        return Err(unprocessable("too_many", "at most 50 templates"));
    }
    let id = templates::put(&mut db, TemplateKind::Export, &name, &content).await?;
    db.commit().await?;
    Ok(Json(ExportTemplate { id: Some(id), name, columns: template.columns }))
}

/// Takes a saved column list away.
#[utoipa::path(delete, path = "/api/exports/templates/{id}", params(("id" = TemplateId, Path)), tag = "exports",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_template(State(app): State<App>, Signed(access): Signed, Id(id): Id<TemplateId>) -> Result<StatusCode, Problem> {
    access.require(Action::Create, Object::Export, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let there = templates::delete(&mut db, TemplateKind::Export, &id).await?;
    db.commit().await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

#[cfg(test)]
#[path = "exports_tests.rs"]
mod tests;
