//! Signing in and out, and the devices that are signed in.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Id, Input, email, line, password};
use super::signed::{Signed, clear_cookie, set_cookie};
use super::{Answer, not_found};
use crate::listener::Caller;
use crate::school::categories;
use crate::school::sign_in::{self, SignInError};
use crate::shares::visitor;
use crate::store::accounts::{self, LinkPurpose};
use crate::store::people::{self, Language, Person, PersonRole};
use crate::store::{Connection, Moment, PersonId, SessionId, mails, sessions};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A link that was mailed is used soon or not at all.
const MAILED_LINK_LIFE: Duration = Duration::from_secs(60 * 60);
pub const NAME_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in, sign_out))
        .routes(routes!(request_link))
        .routes(routes!(redeem))
        .routes(routes!(set_up))
        .routes(routes!(me))
        .routes(routes!(set_password))
        .routes(routes!(set_language))
        .routes(routes!(list, end_others))
        .routes(routes!(end))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, PersonRole, Language, Me, Child, SignIn, LinkWanted, Redeem, SetUp, NewPassword, NewLanguage, Device)
}

/// Who is signed in.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Me {
    pub id: PersonId,
    pub name: String,
    pub given_name: String,
    pub roles: Vec<PersonRole>,
    pub language: Language,
    /// Whose guardian this is.
    pub children: Vec<Child>,
    pub session: SessionId,
    /// Signs in with a password (too).
    pub has_password: bool,
}

/// A guardian's child.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Child {
    pub id: PersonId,
    pub name: String,
    pub given_name: String,
}

impl From<Person> for Child {
    fn from(person: Person) -> Self {
        Self { name: person.name(), given_name: person.given_name, id: person.id }
    }
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    password: String,
}

/// Signs in with address and password.
#[utoipa::path(post, path = "/api/session", request_body = SignIn, security(()), tag = "session",
    responses((status = 200, body = Me), (status = 401, body = ProblemBody, content_type = "application/problem+json"), (status = 429, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn sign_in(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    headers: HeaderMap,
    Input(form): Input<SignIn>,
) -> Result<Response, Problem> {
    let email = accounts::normalised(&form.email);
    let caller = visitor(caller).to_string();
    check_throttle(&app, &email, &caller)?;
    let account = accounts::by_email(&mut *app.school.store.read().await?, &email).await?;
    let account = account.filter(|account| account.disabled_at.is_none());
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let right = app.school.passwords.verify(form.password, hash).await?;
    let Some(account) = account.filter(|_| right) else {
        app.school.throttle().failed(Instant::now(), &email, &caller);
        return Err(SignInError::Wrong.into());
    };
    app.school.throttle().succeeded(&email);
    let mut db = app.school.store.write().await?;
    let response = begin(&mut db, &account.person_id, &headers).await?;
    db.commit().await?;
    Ok(response)
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LinkWanted {
    email: String,
}

/// Sends a one-time link to an address, if it belongs to somebody here; whether it does is not said.
#[utoipa::path(post, path = "/api/session/link", request_body = LinkWanted, security(()), tag = "session",
    responses((status = 202), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn request_link(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    Input(form): Input<LinkWanted>,
) -> Result<StatusCode, Problem> {
    let email = accounts::normalised(&email("email", &form.email)?);
    let (account_key, caller) = (format!("link {email}"), visitor(caller).to_string());
    check_throttle(&app, &account_key, &caller)?;
    // Every link that is asked for counts: nobody's mailbox is to be filled.
    app.school.throttle().failed(Instant::now(), &account_key, &caller);
    let mut db = app.school.store.write().await?;
    let account = accounts::by_email(&mut db, &email).await?.filter(|account| account.disabled_at.is_none());
    if let Some(account) = account
        && let Some(person) = people::find(&mut db, &account.person_id).await?.filter(|person| person.archived_at.is_none())
    {
        let now = Moment::now();
        let until = now.plus(MAILED_LINK_LIFE);
        let secret = sign_in::make_link(&mut db, Some(&person.id), LinkPurpose::SignIn, until).await?;
        let link = format!("{}/enter#{}", app.url, secret.reveal());
        mails::queue_until(&mut db, &mails::sign_in_link(&person, &account.email, &link, now), Some(until)).await?;
        db.commit().await?;
    }
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    secret: String,
}

/// Signs in with a one-time link.
#[utoipa::path(post, path = "/api/session/redeem", request_body = Redeem, security(()), tag = "session",
    responses((status = 200, body = Me), (status = 410, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn redeem(State(app): State<App>, headers: HeaderMap, Input(form): Input<Redeem>) -> Result<Response, Problem> {
    let mut db = app.school.store.write().await?;
    let person = sign_in::redeem(&mut db, &form.secret, LinkPurpose::SignIn, Moment::now()).await?.ok_or(SignInError::LinkUsed)?;
    let shut = accounts::of(&mut db, &person).await?.is_some_and(|account| account.disabled_at.is_some());
    if shut {
        return Err(SignInError::LinkUsed.into());
    }
    let response = begin(&mut db, &person, &headers).await?;
    db.commit().await?;
    Ok(response)
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    secret: String,
    given_name: String,
    family_name: String,
    email: String,
    password: String,
    /// In a small school the operator is the office, too.
    office: bool,
    language: Language,
}

/// Makes the first operator, with the link that the server printed when it started.
#[utoipa::path(post, path = "/api/set-up", request_body = SetUp, security(()), tag = "session",
    responses((status = 200, body = Me), (status = 410, body = ProblemBody, content_type = "application/problem+json"), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn set_up(State(app): State<App>, headers: HeaderMap, Input(form): Input<SetUp>) -> Result<Response, Problem> {
    let person = Person {
        language: form.language,
        ..Person::named(line("given_name", &form.given_name, NAME_MAX)?, line("family_name", &form.family_name, NAME_MAX)?)
    };
    let email = email("email", &form.email)?;
    let hash = app.school.passwords.hash(password("password", form.password)?).await?;
    let mut db = app.school.store.write().await?;
    sign_in::redeem(&mut db, &form.secret, LinkPurpose::SetUp, Moment::now()).await?;
    people::insert(&mut db, &person).await?;
    let roles: &[_] = if form.office { &[PersonRole::Operator, PersonRole::Office] } else { &[PersonRole::Operator] };
    people::set_roles(&mut db, &person.id, roles).await?;
    categories::seed(&mut db).await?;
    accounts::put(&mut db, &person.id, &email).await?;
    accounts::set_password(&mut db, &person.id, Some(&hash)).await?;
    let response = begin(&mut db, &person.id, &headers).await?;
    db.commit().await?;
    Ok(response)
}

/// Signs this device out.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn sign_out(State(app): State<App>, Signed(access): Signed) -> Result<Response, Problem> {
    let mut db = app.school.store.write().await?;
    sessions::delete(&mut db, access.id(), &access.session).await?;
    db.commit().await?;
    app.school.live.end_session(access.id(), &access.session);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie())]).into_response())
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/me", tag = "session", responses((status = 200, body = Me), (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn me(State(app): State<App>, Signed(access): Signed) -> Answer<Me> {
    let mut db = app.school.store.read().await?;
    Ok(Json(describe(&mut db, access.person, access.roles, access.session).await?))
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The one there is; empty for whoever has none yet.
    current: String,
    new: String,
}

/// Sets one's password, and signs all other devices out.
#[utoipa::path(put, path = "/api/me/password", request_body = NewPassword, tag = "session",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn set_password(
    State(app): State<App>,
    Extension(Caller(caller)): Extension<Caller>,
    Signed(access): Signed,
    Input(form): Input<NewPassword>,
) -> Result<StatusCode, Problem> {
    let new = password("new", form.new)?;
    let account = accounts::of(&mut *app.school.store.read().await?, access.id()).await?;
    let account = account.ok_or_else(|| Problem::new(StatusCode::CONFLICT, "no_account", "there is no address to sign in with"))?;
    if let Some(hash) = account.password_hash {
        let caller = visitor(caller).to_string();
        check_throttle(&app, &account.email, &caller)?;
        if !app.school.passwords.verify(form.current, Some(hash)).await? {
            app.school.throttle().failed(Instant::now(), &account.email, &caller);
            return Err(Problem::new(StatusCode::FORBIDDEN, "password_wrong", "the current password is another").about("current"));
        }
    }
    let hash = app.school.passwords.hash(new).await?;
    let mut db = app.school.store.write().await?;
    accounts::set_password(&mut db, access.id(), Some(&hash)).await?;
    sessions::delete_others(&mut db, access.id(), Some(&access.session)).await?;
    db.commit().await?;
    app.school.live.end_sessions(access.id(), Some(&access.session));
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct NewLanguage {
    language: Language,
}

/// Sets the language of one's pages and mails.
#[utoipa::path(put, path = "/api/me/language", request_body = NewLanguage, tag = "session",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn set_language(State(app): State<App>, Signed(access): Signed, Input(form): Input<NewLanguage>) -> Result<StatusCode, Problem> {
    let mut db = app.school.store.write().await?;
    let person = people::find(&mut db, access.id()).await?.ok_or_else(not_found)?;
    people::update(&mut db, &Person { language: form.language, ..person }).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A device that is signed in.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Device {
    pub id: SessionId,
    /// "Safari, iPad".
    pub device: String,
    pub since: Moment,
    pub seen_at: Moment,
    /// The one that asks.
    pub this_one: bool,
}

/// One's devices, the last used first.
#[utoipa::path(get, path = "/api/me/sessions", tag = "session", responses((status = 200, body = Vec<Device>), (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed) -> Answer<Vec<Device>> {
    let mut db = app.school.store.read().await?;
    let devices = sessions::of(&mut db, access.id(), Moment::now()).await?.into_iter().map(|session| Device {
        this_one: session.id == access.session,
        id: session.id,
        device: session.device,
        since: session.created_at,
        seen_at: session.seen_at,
    });
    Ok(Json(devices.collect()))
}

/// Signs one of one's devices out.
#[utoipa::path(delete, path = "/api/me/sessions/{id}", params(("id" = SessionId, Path)), tag = "session",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn end(State(app): State<App>, Signed(access): Signed, Id(id): Id<SessionId>) -> Result<StatusCode, Problem> {
    let mut db = app.school.store.write().await?;
    if !sessions::delete(&mut db, access.id(), &id).await? {
        return Err(not_found());
    }
    db.commit().await?;
    app.school.live.end_session(access.id(), &id);
    Ok(StatusCode::NO_CONTENT)
}

/// Signs all of one's devices out but this one.
#[utoipa::path(delete, path = "/api/me/sessions", tag = "session", responses((status = 204), (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn end_others(State(app): State<App>, Signed(access): Signed) -> Result<StatusCode, Problem> {
    let mut db = app.school.store.write().await?;
    sessions::delete_others(&mut db, access.id(), Some(&access.session)).await?;
    db.commit().await?;
    app.school.live.end_sessions(access.id(), Some(&access.session));
    Ok(StatusCode::NO_CONTENT)
}

/// A new session, whatever there was before.
pub async fn begin(db: &mut Connection, id: &PersonId, headers: &HeaderMap) -> Result<Response, Problem> {
    let now = Moment::now();
    let person = people::find(db, id).await?.filter(|person| person.archived_at.is_none()).ok_or(SignInError::Wrong)?;
    let roles = people::roles(db, id).await?;
    let secret = sign_in::begin(db, id, &device_of(headers), now).await?;
    let session = sessions::of(db, id, now).await?.into_iter().max_by(|a, b| a.id.cmp(&b.id)).ok_or_else(not_found)?;
    let me = describe(db, person, roles, session.id).await?;
    Ok(([(header::SET_COOKIE, set_cookie(secret.reveal()))], Json(me)).into_response())
}

async fn describe(db: &mut Connection, person: Person, roles: Vec<PersonRole>, session: SessionId) -> Result<Me, Problem> {
    let children = people::children(db, &person.id).await?.into_iter().map(Child::from).collect();
    let has_password = accounts::of(db, &person.id).await?.is_some_and(|account| account.password_hash.is_some());
    Ok(Me {
        name: person.name(),
        given_name: person.given_name,
        language: person.language,
        id: person.id,
        roles,
        children,
        session,
        has_password,
    })
}

fn check_throttle(app: &App, account: &str, caller: &str) -> Result<(), Problem> {
    match app.school.throttle().wait(Instant::now(), account, caller) {
        Some(wait) => Err(SignInError::Wait(wait).into()),
        None => Ok(()),
    }
}

/// What its owner knows a device by: browser and kind of machine, no version, nothing else of it.
pub fn device_of(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let first = |known: &[(&str, &'static str)]| known.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    let browser = first(&[
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let machine = first(&[
        ("iPad", "iPad"),
        ("iPhone", "iPhone"),
        ("Android", "Android"),
        ("Macintosh", "Mac"),
        ("Windows", "Windows"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ]);
    match (browser, machine) {
        (Some(browser), Some(machine)) => format!("{browser}, {machine}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}
