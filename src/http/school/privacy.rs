//! Data protection: what is stored about somebody, its erasure, what guardians allowed, who of the administration did what, and the page that
//! says all this beforehand.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Asked, Id, Input, line};
use super::sessions::NAME_MAX;
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::files::sweep;
use crate::school::notice::{self, Audience, Notice};
use crate::school::permit::{Action, Object, Relation, Relations};
use crate::school::{dossier, erasure};
use crate::store::consents::{self, Consent, ConsentKind};
use crate::store::people::{self, Language, Person, PersonRole};
use crate::store::{ConsentId, Flag, JournalId, Moment, PersonId, courses, journal};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Archives made at once. More of them wait.
static AT_ONCE: Semaphore = Semaphore::const_new(1);
const CONSENTS_MAX: i64 = 200;
const JOURNAL_PAGE: i64 = 100;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(hand_out, erase))
        .routes(routes!(list_consents, say_consent))
        .routes(routes!(list_journal))
        .routes(routes!(show_notice))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(
        c,
        EraseForm,
        Erased,
        ConsentKind,
        ConsentInfo,
        Consents,
        ConsentForm,
        JournalLine,
        Audience,
        Notice,
        notice::Section
    )
}

/// Everything that is stored about a person, as one archive.
#[utoipa::path(post, path = "/api/people/{id}/dossier", params(("id" = PersonId, Path)), tag = "privacy",
    responses((status = 200, body = String, content_type = "application/zip"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn hand_out(State(app): State<App>, Signed(access): Signed, Id(id): Id<PersonId>) -> Result<Response, Problem> {
    access.require(Action::Read, Object::Dossier, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let person = people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let parts = dossier::collect(&mut db, &id).await?;
    journal::note(&mut db, access.id(), "read", "dossier", id.as_str()).await?;
    db.commit().await?;
    let _place = AT_ONCE.acquire().await.map_err(|_| Problem::stopping())?;
    let packed = tokio::task::spawn_blocking(move || dossier::archive(&person, &parts)).await;
    let packed = packed.ok().and_then(Result::ok).ok_or_else(|| Problem::internal("the archive cannot be made"))?;
    let headers = [(header::CONTENT_TYPE, "application/zip"), (header::CONTENT_DISPOSITION, "attachment; filename=\"Auskunft.zip\"")];
    Ok((headers, packed).into_response())
}

/// Whoever erases types the name, so that it is not done by mistake.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct EraseForm {
    /// As the list of people has it.
    name: String,
}

/// Who is gone.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Erased {
    /// With guardians who were there for this person alone.
    people: u32,
}

/// Erases a person: nothing of them stays, attendance becomes anonymous.
#[utoipa::path(delete, path = "/api/people/{id}/dossier", params(("id" = PersonId, Path)), request_body = EraseForm, tag = "privacy",
    responses((status = 200, body = Erased), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn erase(State(app): State<App>, Signed(access): Signed, Id(id): Id<PersonId>, Input(form): Input<EraseForm>) -> Answer<Erased> {
    access.require(Action::Delete, Object::Dossier, Relations::NONE)?;
    let name = line("name", &form.name, 2 * NAME_MAX + 1)?;
    let mut db = app.school.store.write().await?;
    let person = people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    if name != person.name() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "other_name", "type the name as it stands there").about("name"));
    }
    let protected = people::roles(&mut db, &id).await?.contains(&PersonRole::Operator);
    if access.id() == &id || protected {
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", "neither oneself nor an operator is erased here"));
    }
    let erased = erasure::erase(&mut db, &app.key, &person).await?;
    // The line says that somebody was erased and by whom, no more.
    journal::note(&mut db, access.id(), "delete", "dossier", "").await?;
    db.commit().await?;
    erasure::note(&app.school.store, &app.data).await?;
    if let Err(error) = sweep::gone(&app.school.files, &app.school.store).await {
        // The rows are gone; the hourly sweep tries the bytes again.
        tracing::warn!("files of who was erased are still there: {error}");
    }
    app.school.store.scrub().await?;
    Ok(Json(Erased { people: u32::try_from(erased.len()).unwrap_or(u32::MAX) }))
}

/// What was said once.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ConsentInfo {
    id: ConsentId,
    kind: ConsentKind,
    given: bool,
    /// `null`: of somebody who is not here any more.
    by: Option<String>,
    said_at: Moment,
}

/// What holds, and how it came to it.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Consents {
    /// Kinds that are allowed now.
    allowed: Vec<ConsentKind>,
    /// The newest first.
    history: Vec<ConsentInfo>,
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ConsentForm {
    kind: ConsentKind,
    given: bool,
}

/// What guardians allowed for a student.
#[utoipa::path(get, path = "/api/people/{id}/consents", params(("id" = PersonId, Path)), tag = "privacy",
    responses((status = 200, body = Consents), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list_consents(State(app): State<App>, Signed(access): Signed, Id(id): Id<PersonId>) -> Answer<Consents> {
    let mut db = app.school.store.read().await?;
    let child = people::is_guardian(&mut db, access.id(), &id).await?;
    let taught = courses::teaches(&mut db, access.id(), &id).await?;
    let relations = Relations::NONE.with(Relation::Own, access.id() == &id).with(Relation::Child, child).with(Relation::Taught, taught);
    access.require(Action::Read, Object::Consent, relations)?;
    people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let allowed = consents::current(&mut db, &id).await?.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect();
    let said = consents::of(&mut db, &id, CONSENTS_MAX).await?;
    let mut names = HashMap::<PersonId, Option<String>>::new();
    let mut history = vec![];
    for Consent { id, kind, given, by_person, said_at, .. } in said {
        let by = match by_person {
            Some(by) if names.contains_key(&by) => names.get(&by).cloned().flatten(),
            Some(by) => {
                let name = people::find(&mut db, &by).await?.map(|person: Person| person.name());
                names.insert(by, name.clone());
                name
            }
            None => None,
        };
        history.push(ConsentInfo { id, kind, given: given.0, by, said_at });
    }
    Ok(Json(Consents { allowed, history }))
}

/// Allows something for a student, or takes it back.
#[utoipa::path(post, path = "/api/people/{id}/consents", params(("id" = PersonId, Path)), request_body = ConsentForm, tag = "privacy",
    responses((status = 201, body = ConsentInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn say_consent(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<PersonId>,
    Input(form): Input<ConsentForm>,
) -> Result<(StatusCode, Json<ConsentInfo>), Problem> {
    let mut db = app.school.store.write().await?;
    let child = people::is_guardian(&mut db, access.id(), &id).await?;
    access.require(Action::Create, Object::Consent, Relations::NONE.with(Relation::Child, child))?;
    let student = people::roles(&mut db, &id).await?.contains(&PersonRole::Student);
    people::find(&mut db, &id).await?.filter(|_| student).ok_or_else(not_found)?;
    let consent = Consent {
        id: ConsentId::new(),
        student_id: id.clone(),
        kind: form.kind,
        given: Flag(form.given),
        by_person: Some(access.id().clone()),
        said_at: Moment::now(),
    };
    consents::add(&mut db, &consent).await?;
    journal::note(&mut db, access.id(), "create", "consent", id.as_str()).await?;
    db.commit().await?;
    let info =
        ConsentInfo { id: consent.id, kind: consent.kind, given: form.given, by: Some(access.person.name()), said_at: consent.said_at };
    Ok((StatusCode::CREATED, Json(info)))
}

#[derive(Deserialize, IntoParams, Default)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Before {
    /// Lines before this instant: the last one's `at` for the next page.
    before: Option<Moment>,
}

/// One thing that somebody of the administration did.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct JournalLine {
    id: JournalId,
    at: Moment,
    actor: PersonId,
    /// `null`: not here any more, or not for whoever asks.
    actor_name: Option<String>,
    action: String,
    object: String,
    object_id: String,
}

/// Who of the administration did what, the newest first.
#[utoipa::path(get, path = "/api/journal", params(Before), tag = "privacy",
    responses((status = 200, body = Vec<JournalLine>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list_journal(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<Before>) -> Answer<Vec<JournalLine>> {
    access.require(Action::Read, Object::Journal, Relations::NONE)?;
    let named = access.may(Action::Read, Object::Person, Relations::NONE);
    let mut db = app.school.store.read().await?;
    let mut names = HashMap::<PersonId, Option<String>>::new();
    let mut lines = vec![];
    for line in journal::list(&mut db, asked.before.unwrap_or(Moment(i64::MAX)), JOURNAL_PAGE).await? {
        if named && !names.contains_key(&line.actor_id) {
            let name = people::find(&mut db, &line.actor_id).await?.map(|person| person.name());
            names.insert(line.actor_id.clone(), name);
        }
        lines.push(JournalLine {
            id: line.id,
            at: line.at,
            actor_name: names.get(&line.actor_id).cloned().flatten(),
            actor: line.actor_id,
            action: line.action,
            object: line.object,
            object_id: line.object_id,
        });
    }
    Ok(Json(lines))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    language: Language,
    /// `null`: adults.
    #[serde(rename = "for", default)]
    audience: Audience,
}

/// What the school stores, why and how long (Art. 13 GDPR), from what is really configured. For everybody, before they join.
#[utoipa::path(get, path = "/api/privacy-notice", params(Reader), tag = "privacy", security(()),
    responses((status = 200, body = Notice), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show_notice(State(app): State<App>, Asked(reader): Asked<Reader>) -> Answer<Notice> {
    let mut db = app.school.store.read().await?;
    let facts = notice::facts(&mut db, &app.config).await?;
    Ok(Json(notice::write(&facts, reader.language, reader.audience)))
}

#[cfg(test)]
#[path = "privacy_tests.rs"]
mod tests;
