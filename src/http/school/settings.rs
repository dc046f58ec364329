//! What the office sets for the school, and how its mail does.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::Answer;
use super::input::{Input, optional_line};
use super::signed::Signed;
use crate::school::access::Access;
use crate::school::permit::{Action, Object, Relations};
use crate::store::settings::{self, RETENTION, SCHOOL};
use crate::store::{Connection, Moment, PersonId, journal, mails};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const SCHOOL_MAX: usize = 120;
/// Less would take away what is still used; more is what "long" means.
const MONTHS: std::ops::RangeInclusive<u32> = 3..=240;
/// Mails with a problem that are listed; all are counted.
const PROBLEMS: i64 = 50;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, update)).routes(routes!(retry_mail, forget_mail))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, SettingsInfo, SettingsForm, Retention, MailState, MailProblem)
}

/// For how many months what is kept: 3 to 240.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    #[schema(minimum = 3, maximum = 240)]
    messages: u32,
    #[schema(minimum = 3, maximum = 240)]
    files: u32,
    /// From when it was exported.
    #[schema(minimum = 3, maximum = 240)]
    attendance: u32,
    #[schema(minimum = 3, maximum = 240)]
    journal: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { messages: 24, files: 36, attendance: 24, journal: 24 }
    }
}

impl Retention {
    /// In the order of [`RETENTION`].
    fn months(self) -> [(&'static str, u32); 4] {
        [("messages", self.messages), ("files", self.files), ("attendance", self.attendance), ("journal", self.journal)]
    }
}

/// The settings.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct SettingsInfo {
    /// The school's name; may be empty.
    pub school: String,
    /// From the configuration.
    pub time_zone: String,
    pub retention: Retention,
    pub mail: MailState,
}

/// How the school's mail does.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct MailState {
    /// The operator has named a mail server.
    pub set_up: bool,
    pub waiting: i64,
    /// Given up, until somebody sees to them.
    pub failed: i64,
    /// The newest of these.
    pub problems: Vec<MailProblem>,
}

/// A mail that could not be sent.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct MailProblem {
    /// To whom, for those who may know.
    pub person_id: Option<PersonId>,
    /// `smtp_550`: what the mail server answered; `address`, `timeout`, `tls`, `unreachable`.
    pub problem: String,
}

/// The settings, as they are to be.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SettingsForm {
    school: String,
    retention: Retention,
}

/// The school's settings.
#[utoipa::path(get, path = "/api/settings", tag = "settings", responses((status = 200, body = SettingsInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed) -> Answer<SettingsInfo> {
    access.require(Action::Read, Object::Settings, Relations::NONE)?;
    let mut db = app.school.store.read().await?;
    Ok(Json(describe(&mut db, &app, &access).await?))
}

/// Changes the school's settings.
#[utoipa::path(put, path = "/api/settings", request_body = SettingsForm, tag = "settings",
    responses((status = 200, body = SettingsInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn update(State(app): State<App>, Signed(access): Signed, Input(form): Input<SettingsForm>) -> Answer<SettingsInfo> {
    access.require(Action::Update, Object::Settings, Relations::NONE)?;
    let school = optional_line("school", &form.school, SCHOOL_MAX)?;
    if let Some((field, _)) = form.retention.months().into_iter().find(|(_, months)| !MONTHS.contains(months)) {
        let detail = format!("between {} and {} months", MONTHS.start(), MONTHS.end());
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", detail).about(format!("retention.{field}")));
    }
    let mut db = app.school.store.write().await?;
    settings::put(&mut db, SCHOOL, &school).await?;
    for (key, (_, months)) in RETENTION.into_iter().zip(form.retention.months()) {
        settings::put(&mut db, key, &months.to_string()).await?;
    }
    journal::note(&mut db, access.id(), "update", "settings", "").await?;
    let info = describe(&mut db, &app, &access).await?;
    db.commit().await?;
    Ok(Json(info))
}

/// Has mails that were given up tried again.
#[utoipa::path(post, path = "/api/settings/mail/failed", tag = "settings", responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn retry_mail(State(app): State<App>, Signed(access): Signed) -> Result<StatusCode, Problem> {
    access.require(Action::Update, Object::Settings, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    mails::retry(&mut db, Moment::now()).await?;
    journal::note(&mut db, access.id(), "retry", "mails", "").await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets mails that were given up.
#[utoipa::path(delete, path = "/api/settings/mail/failed", tag = "settings", responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn forget_mail(State(app): State<App>, Signed(access): Signed) -> Result<StatusCode, Problem> {
    access.require(Action::Update, Object::Settings, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    mails::forget_failed(&mut db).await?;
    journal::note(&mut db, access.id(), "delete", "mails", "").await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn describe(db: &mut Connection, app: &App, access: &Access) -> Result<SettingsInfo, Problem> {
    let all = settings::all(db).await?;
    let standard = Retention::default().months();
    let months = |at: usize| {
        let set = all.get(RETENTION[at]).and_then(|value| value.parse().ok()).filter(|months| MONTHS.contains(months));
        set.unwrap_or(standard[at].1)
    };
    let (waiting, failed) = mails::counts(db).await?;
    let people = access.may(Action::Read, Object::Person, Relations::NONE);
    let problems = mails::failed(db, PROBLEMS).await?.into_iter();
    let problems = problems.map(|mail| MailProblem { person_id: mail.person_id.filter(|_| people), problem: mail.problem });
    Ok(SettingsInfo {
        school: all.get(SCHOOL).cloned().or_else(|| app.config.school.clone()).unwrap_or_default(),
        time_zone: app.config.time_zone.name().to_owned(),
        retention: Retention { messages: months(0), files: months(1), attendance: months(2), journal: months(3) },
        mail: MailState { set_up: app.config.mail.is_some(), waiting, failed, problems: problems.collect() },
    })
}

#[cfg(test)]
mod tests {
    use super::super::world::World;
    use super::*;
    use crate::store::MailId;
    use crate::store::mails::Mail;
    use crate::store::people::PersonRole;
    use serde_json::json;

    #[tokio::test]
    async fn the_office_sets_and_others_do_not_even_look() {
        let world = World::open().await;
        let office = world.person("Olga Office", &[PersonRole::Office]).await;
        let form = |months: u32| {
            json!({ "school": "Musikschule Neustadt",
            "retention": { "messages": 12, "files": months, "attendance": 24, "journal": 24 } })
        };
        for role in [PersonRole::Teacher, PersonRole::Student, PersonRole::Guardian, PersonRole::Head] {
            let other = world.person("Other Person", &[role]).await;
            assert_eq!((other.get("/api/settings").await.status, other.put("/api/settings", form(12)).await.status), (403, 403));
        }
        let before = office.get("/api/settings").await.json;
        assert_eq!((before["time_zone"].as_str(), &before["retention"]["files"]), (Some("Europe/Berlin"), &json!(36)));
        let wrong = office.put("/api/settings", form(2)).await;
        assert_eq!((wrong.status, wrong.code(), wrong.json["field"].as_str()), (422, "out_of_range", Some("retention.files")));
        let after = office.put("/api/settings", form(48)).await;
        assert_eq!(after.status, 200);
        let shown = office.get("/api/settings").await.json;
        assert_eq!((shown["school"].as_str(), &shown["retention"]), (Some("Musikschule Neustadt"), &form(48)["retention"]));
    }

    #[tokio::test]
    async fn the_operator_sees_that_mail_has_problems_but_not_whose() {
        let world = World::open().await;
        let (office, operator) =
            (world.person("Olga Office", &[PersonRole::Office]).await, world.person("Ole Operator", &[PersonRole::Operator]).await);
        let mail = Mail {
            id: MailId::new(),
            person_id: Some(office.id.clone()),
            email: "a@b.example".into(),
            subject: "s".into(),
            body: "b".into(),
            calendar: None,
            merge_key: None,
            due_at: Moment(0),
            attempts: 0,
        };
        let mut db = world.store.write().await.expect("the database");
        mails::queue(&mut db, &mail).await.expect("queued");
        mails::queue(&mut db, &Mail { id: MailId::new(), ..mail.clone() }).await.expect("queued");
        mails::give_up(&mut db, &mail.id, "smtp_550").await.expect("given up");
        db.commit().await.expect("written");
        let state = |of: Option<&PersonId>| json!({ "set_up": false, "waiting": 1, "failed": 1, "problems": [{ "person_id": of, "problem": "smtp_550" }] });
        assert_eq!(office.get("/api/settings").await.json["mail"], state(Some(&office.id)));
        assert_eq!(operator.get("/api/settings").await.json["mail"], state(None));
        assert_eq!(office.post("/api/settings/mail/failed", json!({})).await.status, 204);
        assert_eq!(office.get("/api/settings").await.json["mail"]["waiting"], 2);
        assert_eq!(world.person("T T", &[PersonRole::Teacher]).await.delete("/api/settings/mail/failed").await.status, 403);
    }
}
