//! Taking in files of the administration program. The file stays with the browser, which sends it along with each step: nothing of it lies
//! here between the steps, and a restart loses nothing.

use super::super::App;
use super::super::body;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Asked, Id, Input, line};
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::import::check::{self, Columns, Row};
use crate::school::import::guess::{self, Proposal, Recognised, Template};
use crate::school::import::plan::Plan;
use crate::school::import::records::Records;
use crate::school::import::{Counts, Field, Issue, apply, plan, shipped};
use crate::school::permit::{Action, Object, Relations};
use crate::school::sheet::{self, Sheet, SheetError};
use crate::school::timetable;
use crate::store::templates::{self, TemplateKind};
use crate::store::{Connection, Day, Moment, TemplateId, folded, journal};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Files taken apart at once: each takes some hundred megabytes at worst. More of them wait.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// Mistakes that an answer lists; who has more of them has mapped a column wrongly.
const ISSUES_MAX: usize = 500;
const TEMPLATES_MAX: usize = 50;
const NAME_MAX: usize = 80;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preview))
        .routes(routes!(check))
        .routes(routes!(take_in))
        .routes(routes!(list_templates, put_template))
        .routes(routes!(delete_template))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(
        c,
        Field,
        Recognised,
        ImportColumn,
        ImportPreview,
        Issue,
        Counts,
        ImportResult,
        ImportTemplate,
        ImportTemplateForm,
        ColumnField
    )
}

#[derive(Deserialize, IntoParams, Default)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Which {
    /// Of a workbook; without it the first that holds something.
    sheet: Option<String>,
}

#[derive(Deserialize, IntoParams, Default)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Mapped {
    /// Of a workbook; without it the first that holds something.
    sheet: Option<String>,
    /// The field of each column from the first on, separated by commas; nothing between two commas leaves a column out.
    columns: String,
    /// From when enrolments hold where the file does not say it; without it from today.
    valid_from: Option<Day>,
}

/// A column of the file.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ImportColumn {
    /// Of the spreadsheet: A to Z, AA to …
    letter: String,
    heading: String,
    examples: Vec<String>,
    field: Option<Field>,
    recognised: Recognised,
}

/// What a file holds, and what its columns seem to be.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ImportPreview {
    /// Of a workbook.
    sheets: Vec<String>,
    sheet: Option<String>,
    /// Below the headings.
    rows: u32,
    /// As the spreadsheet counts; `null`: the file has none.
    heading_row: Option<u32>,
    columns: Vec<ImportColumn>,
    /// The template that fits.
    template: Option<String>,
}

/// What an import would do, or did.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ImportResult {
    counts: Counts,
    /// The first 500.
    issues: Vec<Issue>,
    issues_total: u32,
}

/// Reads a file and proposes what its columns are. Nothing is written.
#[utoipa::path(post, path = "/api/imports/preview", params(Which), tag = "imports",
    request_body(content = String, content_type = "application/octet-stream", description = "CSV or XLSX, at most 8 MiB"),
    responses((status = 200, body = ImportPreview), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn preview(State(app): State<App>, Signed(access): Signed, Asked(which): Asked<Which>, body: Body) -> Answer<ImportPreview> {
    access.require(Action::Create, Object::Import, Relations::NONE)?;
    let bytes = body::bytes(body, sheet::BYTES_MAX).await?;
    let mut db = app.school.store.read().await?;
    let templates = templates_of(&mut db).await?;
    drop(db);
    let today = today(&app);
    let (sheet, proposal) = apart(move || {
        let sheet = sheet::read(&bytes, which.sheet.as_deref())?;
        let proposal = guess::propose(&sheet.rows, &templates, today);
        Ok((sheet, proposal))
    })
    .await?;
    let Proposal { heading_row, columns, template } = proposal;
    let rows = sheet.rows.len() - heading_row.map_or(0, |row| row + 1);
    let column = |(index, column): (usize, guess::Column)| ImportColumn {
        letter: sheet::letter(index),
        heading: column.heading,
        examples: column.examples,
        field: column.field,
        recognised: column.recognised,
    };
    Ok(Json(ImportPreview {
        sheets: sheet.names,
        sheet: sheet.name,
        rows: count(rows),
        heading_row: heading_row.map(|row| count(row + 1)),
        columns: columns.into_iter().enumerate().map(column).collect(),
        template,
    }))
}

/// Says what an import would change and which rows are wrong. Nothing is written.
#[utoipa::path(post, path = "/api/imports/check", params(Mapped), tag = "imports",
    request_body(content = String, content_type = "application/octet-stream", description = "CSV or XLSX, at most 8 MiB"),
    responses((status = 200, body = ImportResult), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn check(State(app): State<App>, Signed(access): Signed, Asked(mapped): Asked<Mapped>, body: Body) -> Answer<ImportResult> {
    access.require(Action::Create, Object::Import, Relations::NONE)?;
    let read = read_rows(mapped, body, today(&app)).await?;
    let mut db = app.school.store.read().await?;
    let records = apply::load(&mut db).await?;
    drop(db);
    Ok(Json(result(read.plan(records).await?)))
}

/// Writes everything that is right, at once or not at all. Rows that are wrong stay outside.
#[utoipa::path(post, path = "/api/imports/apply", params(Mapped), tag = "imports",
    request_body(content = String, content_type = "application/octet-stream", description = "CSV or XLSX, at most 8 MiB"),
    responses((status = 200, body = ImportResult), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn take_in(State(app): State<App>, Signed(access): Signed, Asked(mapped): Asked<Mapped>, body: Body) -> Answer<ImportResult> {
    access.require(Action::Create, Object::Import, Relations::NONE)?;
    let read = read_rows(mapped, body, today(&app)).await?;
    let mut db = app.school.store.write().await?;
    let records = apply::load(&mut db).await?;
    let plan = read.plan(records).await?;
    apply::write(&mut db, &plan).await?;
    journal::note(&mut db, access.id(), "apply", "import", "").await?;
    db.commit().await?;
    Ok(Json(result(plan)))
}

/// A file whose rows have been read.
struct Read {
    columns: Columns,
    rows: Vec<Row>,
    broken: Vec<Vec<Issue>>,
    valid_from: Day,
    today: Day,
}

impl Read {
    async fn plan(self, records: Records) -> Result<Plan, Problem> {
        let Self { columns, rows, broken, valid_from, today } = self;
        apart(move || Ok(plan::plan(records, &columns, &rows, broken, valid_from, today))).await
    }
}

async fn read_rows(mapped: Mapped, body: Body, today: Day) -> Result<Read, Problem> {
    let fields = fields(&mapped.columns)?;
    let bytes = body::bytes(body, sheet::BYTES_MAX).await?;
    let valid_from = mapped.valid_from.unwrap_or(today);
    let (sheet, heading_row): (Sheet, Option<usize>) = apart(move || {
        let sheet = sheet::read(&bytes, mapped.sheet.as_deref())?;
        let heading_row = guess::propose(&sheet.rows, &[], today).heading_row;
        Ok((sheet, heading_row))
    })
    .await?;
    let headings = heading_row.and_then(|row| sheet.rows.get(row)).cloned().unwrap_or_default();
    let columns = Columns::new(headings, &fields).ok_or_else(|| unprocessable("field_twice", "a field stands twice").about("columns"))?;
    apart(move || {
        let (mut rows, mut broken) = (vec![], vec![]);
        for (index, cells) in sheet.rows.iter().enumerate().skip(heading_row.map_or(0, |row| row + 1)) {
            match check::row(&columns, count(index + 1), cells, today) {
                Ok(row) => rows.extend(row),
                Err(issues) => broken.push(issues),
            }
        }
        Ok(Read { columns, rows, broken, valid_from, today })
    })
    .await
}

fn fields(columns: &str) -> Result<Vec<Option<Field>>, Problem> {
    let unknown = |_| unprocessable("malformed", "expected fields separated by commas").about("columns");
    let parsed = columns.split(',').take(sheet::COLUMNS_MAX + 1).map(str::trim);
    let fields: Vec<Option<Field>> =
        parsed.map(|word| if word.is_empty() { Ok(None) } else { word.parse().map(Some).map_err(unknown) }).collect::<Result<_, _>>()?;
    if fields.iter().all(Option::is_none) {
        return Err(unprocessable("no_columns", "no column is to be taken in").about("columns"));
    }
    Ok(fields)
}

/// Away from the threads that answer requests.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, SheetError> + Send + 'static) -> Result<T, Problem> {
    let _place = AT_ONCE.acquire().await.map_err(|_| Problem::stopping())?;
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal("the file cannot be read"))?;
    done.map_err(|error| {
        let status = if error == SheetError::TooLarge { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::UNPROCESSABLE_ENTITY };
        Problem::new(status, error.code(), error.to_string())
    })
}

fn result(plan: Plan) -> ImportResult {
    let mut issues = plan.issues;
    let issues_total = count(issues.len());
    issues.truncate(ISSUES_MAX);
    ImportResult { counts: plan.counts, issues, issues_total }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn unprocessable(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

/// Where the school is.
fn today(app: &App) -> Day {
    timetable::local(app.school.zone, Moment::now()).0
}

/// A column's heading and what it holds.
#[derive(Serialize, Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ColumnField {
    heading: String,
    /// `null`: left out on purpose.
    field: Option<Field>,
}

/// A mapping that is used again for files with the same headings.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ImportTemplate {
    /// `null`: ships with the program.
    id: Option<TemplateId>,
    name: String,
    columns: Vec<ColumnField>,
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ImportTemplateForm {
    name: String,
    columns: Vec<ColumnField>,
}

impl ImportTemplate {
    fn of(id: Option<TemplateId>, name: String, template: Template) -> Self {
        let columns = template.columns.into_iter().map(|(heading, field)| ColumnField { heading, field }).collect();
        Self { id, name, columns }
    }
}

/// The school's own before those that ship.
async fn templates_of(db: &mut Connection) -> Result<Vec<(String, Template)>, Problem> {
    let saved = templates::list(db, TemplateKind::Import).await?;
    let saved = saved.into_iter().filter_map(|saved| Some((saved.name, serde_json::from_str(&saved.content).ok()?)));
    Ok(saved.chain(shipped().into_iter().map(|(name, template)| (name.to_owned(), template))).collect())
}

/// The mappings that can be used.
#[utoipa::path(get, path = "/api/imports/templates", tag = "imports",
    responses((status = 200, body = Vec<ImportTemplate>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list_templates(State(app): State<App>, Signed(access): Signed) -> Answer<Vec<ImportTemplate>> {
    access.require(Action::Read, Object::Import, Relations::NONE)?;
    let mut db = app.school.store.read().await?;
    let saved = templates::list(&mut db, TemplateKind::Import).await?.into_iter();
    let saved = saved.filter_map(|saved| Some(ImportTemplate::of(Some(saved.id), saved.name, serde_json::from_str(&saved.content).ok()?)));
    let shipped = shipped().into_iter().map(|(name, template)| ImportTemplate::of(None, name.to_owned(), template));
    Ok(Json(saved.chain(shipped).collect()))
}

/// Saves a mapping; the one of the same name is replaced.
#[utoipa::path(put, path = "/api/imports/templates", request_body = ImportTemplateForm, tag = "imports",
    responses((status = 200, body = ImportTemplate), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_template(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<ImportTemplateForm>,
) -> Answer<ImportTemplate> {
    access.require(Action::Create, Object::Import, Relations::NONE)?;
    let name = line("name", &form.name, NAME_MAX)?;
    if form.columns.len() > sheet::COLUMNS_MAX {
        return Err(unprocessable("too_many", "at most 100 columns").about("columns"));
    }
    let mut template = Template::default();
    for column in form.columns {
        let heading = line("columns", &column.heading, sheet::CELL_CHARS_MAX)?;
        template.columns.insert(folded(&heading), column.field);
    }
    let content = serde_json::to_string(&template).map_err(|_| Problem::internal("the template cannot be written"))?;
    let mut db = app.school.store.write().await?;
    let known = templates::list(&mut db, TemplateKind::Import).await?;
    if known.len() >= TEMPLATES_MAX && known.iter().all(|known| known.name != name) {
        return Err(unprocessable("too_many", "at most 50 templates"));
    }
    let id = templates::put(&mut db, TemplateKind::Import, &name, &content).await?;
    db.commit().await?;
    Ok(Json(ImportTemplate::of(Some(id), name, template)))
}

/// Takes a saved mapping away.
#[utoipa::path(delete, path = "/api/imports/templates/{id}", params(("id" = TemplateId, Path)), tag = "imports",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_template(State(app): State<App>, Signed(access): Signed, Id(id): Id<TemplateId>) -> Result<StatusCode, Problem> {
    access.require(Action::Create, Object::Import, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let there = templates::delete(&mut db, TemplateKind::Import, &id).await?;
    db.commit().await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

#[cfg(test)]
#[path = "imports_tests.rs"]
mod tests;
