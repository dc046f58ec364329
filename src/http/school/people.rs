//! People: names and roles for those who work here, addresses and accounts for the office alone.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Asked, Id, Input, email, line, optional_line};
use super::sessions::{Child, NAME_MAX};
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::access::Access;
use crate::school::permit::{Action, Object, Relation, Relations};
use crate::school::sign_in;
use crate::store::accounts::{self, LinkPurpose};
use crate::store::people::{self, Contact, Filter, Language, Person, PersonRole};
use crate::store::{Connection, Day, Moment, PersonId, journal, sessions};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const PAGE: i64 = 100;
/// A link that the office hands over on paper or through its own mail.
const HANDED_LINK_LIFE: Duration = Duration::from_secs(14 * 24 * 3600);
const NUMBER_MAX: usize = 40;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Search {
    /// Somewhere in the name.
    words: String,
    role: Option<PersonRole>,
    /// With those who have left.
    archived: bool,
    #[param(minimum = 0, maximum = 1_000_000)]
    offset: i64,
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update))
        .routes(routes!(contact, set_contact))
        .routes(routes!(account, set_account, close_account))
        .routes(routes!(make_link))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, People, PersonInfo, PersonForm, Contact, AccountInfo, AccountForm, LinkInfo)
}

/// A page of a list.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct People {
    pub people: Vec<PersonInfo>,
    /// In the whole list.
    pub total: i64,
}

/// A person as those may see it who work here.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct PersonInfo {
    pub id: PersonId,
    pub name: String,
    pub given_name: String,
    pub family_name: String,
    pub roles: Vec<PersonRole>,
    pub archived: bool,
    /// The office's alone, as is what follows.
    pub number: Option<String>,
    pub born: Option<Day>,
    pub language: Option<Language>,
    #[schema(required)]
    pub guardians: Vec<Child>,
    #[schema(required)]
    pub children: Vec<Child>,
}

impl PersonInfo {
    fn of(person: Person, roles: Vec<PersonRole>, to: &Access) -> Self {
        let private = to.may(Action::Read, Object::Contact, Relations::NONE);
        Self {
            name: person.name(),
            id: person.id,
            given_name: person.given_name,
            family_name: person.family_name,
            roles,
            archived: person.archived_at.is_some(),
            number: person.number.filter(|_| private),
            born: person.born.filter(|_| private),
            language: private.then_some(person.language),
            guardians: vec![],
            children: vec![],
        }
    }
}

/// A person as the office writes it.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct PersonForm {
    /// Of the administration program; empty: none.
    number: String,
    given_name: String,
    family_name: String,
    born: Option<Day>,
    language: Language,
    roles: Vec<PersonRole>,
    guardians: Vec<PersonId>,
    archived: bool,
}

/// Searches people.
#[utoipa::path(get, path = "/api/people", params(Search), tag = "people", responses((status = 200, body = People), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<Search>) -> Answer<People> {
    access.require(Action::Read, Object::Person, Relations::NONE)?;
    let filter = Filter { words: asked.words, role: asked.role, archived: asked.archived };
    let mut db = app.school.store.read().await?;
    let total = people::count(&mut db, &filter).await?;
    let people = people::list(&mut db, &filter, PAGE, asked.offset.clamp(0, i64::from(u32::MAX))).await?;
    let mut roles = people::all_roles(&mut db).await?;
    let people = people.into_iter().map(|person| {
        let roles = roles.remove(&person.id).unwrap_or_default();
        PersonInfo::of(person, roles, &access)
    });
    Ok(Json(People { people: people.collect(), total }))
}

/// One person, with family.
#[utoipa::path(get, path = "/api/people/{id}", params(("id" = PersonId, Path)), tag = "people",
    responses((status = 200, body = PersonInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Id(id): Id<PersonId>) -> Answer<PersonInfo> {
    let mut db = app.school.store.read().await?;
    let relations = relations(&mut db, &access, &id).await?;
    access.require(Action::Read, Object::Person, relations)?;
    Ok(Json(describe(&mut db, &access, &id).await?))
}

/// Adds a person.
#[utoipa::path(post, path = "/api/people", request_body = PersonForm, tag = "people",
    responses((status = 201, body = PersonInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<PersonForm>,
) -> Result<(StatusCode, Json<PersonInfo>), Problem> {
    access.require(Action::Create, Object::Person, Relations::NONE)?;
    let id = PersonId::new();
    let (person, roles, guardians) = check(id.clone(), form, None)?;
    let mut db = app.school.store.write().await?;
    people::insert(&mut db, &person).await?;
    put_roles(&mut db, &access, &id, &roles).await?;
    people::set_guardians(&mut db, &id, &guardians).await?;
    journal::note(&mut db, access.id(), "create", "person", id.as_str()).await?;
    let info = describe(&mut db, &access, &id).await?;
    db.commit().await?;
    Ok((StatusCode::CREATED, Json(info)))
}

/// Changes a person.
#[utoipa::path(put, path = "/api/people/{id}", params(("id" = PersonId, Path)), request_body = PersonForm, tag = "people",
    responses((status = 200, body = PersonInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn update(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<PersonId>,
    Input(form): Input<PersonForm>,
) -> Answer<PersonInfo> {
    access.require(Action::Update, Object::Person, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    let before = people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let (person, roles, guardians) = check(id.clone(), form, before.archived_at)?;
    people::update(&mut db, &person).await?;
    put_roles(&mut db, &access, &id, &roles).await?;
    people::set_guardians(&mut db, &id, &guardians).await?;
    if person.archived_at.is_some() {
        sessions::delete_others(&mut db, &id, None).await?;
    }
    journal::note(&mut db, access.id(), "update", "person", id.as_str()).await?;
    let info = describe(&mut db, &access, &id).await?;
    db.commit().await?;
    if info.archived {
        app.school.live.end_sessions(&id, None);
    }
    Ok(Json(info))
}

/// How to reach a person.
#[utoipa::path(get, path = "/api/people/{id}/contact", params(("id" = PersonId, Path)), tag = "people",
    responses((status = 200, body = Contact), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn contact(State(app): State<App>, Signed(access): Signed, Id(id): Id<PersonId>) -> Answer<Contact> {
    access.require(Action::Read, Object::Contact, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let contact = people::contact(&mut db, &id).await?;
    journal::note(&mut db, access.id(), "read", "contact", id.as_str()).await?;
    db.commit().await?;
    Ok(Json(contact))
}

/// Notes how to reach a person.
#[utoipa::path(put, path = "/api/people/{id}/contact", params(("id" = PersonId, Path)), request_body = Contact, tag = "people",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn set_contact(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<PersonId>,
    Input(form): Input<Contact>,
) -> Result<StatusCode, Problem> {
    access.require(Action::Update, Object::Contact, Relations::NONE)?;
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let contact = Contact {
        email: given(form.email).map(|text| email("email", &text)).transpose()?,
        phone: given(form.phone).map(|text| optional_line("phone", &text, 60)).transpose()?,
        address: given(form.address).map(|text| optional_line("address", &text, 300)).transpose()?,
    };
    let mut db = app.school.store.write().await?;
    people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    people::set_contact(&mut db, &id, &contact).await?;
    journal::note(&mut db, access.id(), "update", "contact", id.as_str()).await?;
    db.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a person signs in.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct AccountInfo {
    /// `None`: not at all.
    pub email: Option<String>,
    pub has_password: bool,
    pub disabled: bool,
    pub devices: u32,
}

/// Whether and how a person signs in.
#[utoipa::path(get, path = "/api/people/{id}/account", params(("id" = PersonId, Path)), tag = "people",
    responses((status = 200, body = AccountInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn account(State(app): State<App>, Signed(access): Signed, Id(id): Id<PersonId>) -> Answer<AccountInfo> {
    access.require(Action::Read, Object::Account, Relations::NONE)?;
    let mut db = app.school.store.read().await?;
    people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    let account = accounts::of(&mut db, &id).await?;
    let devices = sessions::of(&mut db, &id, Moment::now()).await?.len() as u32;
    Ok(Json(AccountInfo {
        has_password: account.as_ref().is_some_and(|account| account.password_hash.is_some()),
        disabled: account.as_ref().is_some_and(|account| account.disabled_at.is_some()),
        email: account.map(|account| account.email),
        devices,
    }))
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct AccountForm {
    email: String,
    disabled: bool,
}

/// Lets a person sign in with an address, or shuts the account.
#[utoipa::path(put, path = "/api/people/{id}/account", params(("id" = PersonId, Path)), request_body = AccountForm, tag = "people",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn set_account(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<PersonId>,
    Input(form): Input<AccountForm>,
) -> Result<StatusCode, Problem> {
    access.require(Action::Update, Object::Account, Relations::NONE)?;
    let email = email("email", &form.email)?;
    let mut db = app.school.store.write().await?;
    people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    guard_operator(&mut db, &access, &id).await?;
    accounts::put(&mut db, &id, &email).await?;
    accounts::set_disabled(&mut db, &id, form.disabled.then(Moment::now)).await?;
    if form.disabled {
        sessions::delete_others(&mut db, &id, None).await?;
    }
    journal::note(&mut db, access.id(), "update", "account", id.as_str()).await?;
    db.commit().await?;
    if form.disabled {
        app.school.live.end_sessions(&id, None);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a person's account: its devices are signed out.
#[utoipa::path(delete, path = "/api/people/{id}/account", params(("id" = PersonId, Path)), tag = "people",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn close_account(State(app): State<App>, Signed(access): Signed, Id(id): Id<PersonId>) -> Result<StatusCode, Problem> {
    access.require(Action::Delete, Object::Account, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    people::find(&mut db, &id).await?.ok_or_else(not_found)?;
    guard_operator(&mut db, &access, &id).await?;
    accounts::delete(&mut db, &id).await?;
    sessions::delete_others(&mut db, &id, None).await?;
    journal::note(&mut db, access.id(), "delete", "account", id.as_str()).await?;
    db.commit().await?;
    app.school.live.end_sessions(&id, None);
    Ok(StatusCode::NO_CONTENT)
}

/// A one-time link that signs a person in.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct LinkInfo {
    pub url: String,
    pub until: Moment,
}

/// Makes a link to hand over: on paper, or when no mail server is set up.
#[utoipa::path(post, path = "/api/people/{id}/link", params(("id" = PersonId, Path)), tag = "people",
    responses((status = 201, body = LinkInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn make_link(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<PersonId>,
) -> Result<(StatusCode, Json<LinkInfo>), Problem> {
    access.require(Action::Create, Object::Account, Relations::NONE)?;
    let mut db = app.school.store.write().await?;
    people::find(&mut db, &id).await?.filter(|person| person.archived_at.is_none()).ok_or_else(not_found)?;
    guard_operator(&mut db, &access, &id).await?;
    let until = Moment::now().plus(HANDED_LINK_LIFE);
    let secret = sign_in::make_link(&mut db, Some(&id), LinkPurpose::SignIn, until).await?;
    journal::note(&mut db, access.id(), "create", "link", id.as_str()).await?;
    db.commit().await?;
    Ok((StatusCode::CREATED, Json(LinkInfo { url: format!("{}/enter#{}", app.url, secret.reveal()), until })))
}

async fn describe(db: &mut Connection, access: &Access, id: &PersonId) -> Result<PersonInfo, Problem> {
    let person = people::find(db, id).await?.ok_or_else(not_found)?;
    let roles = people::roles(db, id).await?;
    let mut info = PersonInfo::of(person, roles, access);
    // Who belongs to whom is the office's, and the family's own.
    let family = access.may(Action::Read, Object::Contact, Relations::NONE) || access.id() == id;
    if family {
        info.guardians = people::guardians(db, id).await?.into_iter().map(Child::from).collect();
        info.children = people::children(db, id).await?.into_iter().map(Child::from).collect();
    }
    Ok(info)
}

/// How whoever asks stands to a person.
async fn relations(db: &mut Connection, access: &Access, id: &PersonId) -> Result<Relations, Problem> {
    let own = access.id() == id;
    let child = people::is_guardian(db, access.id(), id).await?;
    Ok(Relations::NONE.with(Relation::Own, own).with(Relation::Child, child))
}

/// Only an operator makes operators, or acts on one: otherwise the office could become one.
async fn guard_operator(db: &mut Connection, access: &Access, id: &PersonId) -> Result<(), Problem> {
    let is_operator = people::roles(db, id).await?.contains(&PersonRole::Operator);
    // And only the office acts on those whose content it may not see: an operator must not let itself in as somebody else.
    let content = !is_operator && !access.is(PersonRole::Office) && access.id() != id;
    let staff = content && !people::roles(db, id).await?.iter().any(|role| matches!(role, PersonRole::Office | PersonRole::Operator));
    if (is_operator && !access.is(PersonRole::Operator)) || staff {
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", "this account is not yours to change"));
    }
    Ok(())
}

async fn put_roles(db: &mut Connection, access: &Access, id: &PersonId, roles: &[PersonRole]) -> Result<(), Problem> {
    let before = people::roles(db, id).await?;
    let operator = PersonRole::Operator;
    if before.contains(&operator) != roles.contains(&operator) {
        if !access.is(operator) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", "only an operator makes or unmakes operators").about("roles"));
        }
        if before.contains(&operator) && people::count_with_role(db, operator).await? == 1 {
            return Err(Problem::new(StatusCode::CONFLICT, "last_operator", "somebody must stay operator").about("roles"));
        }
    }
    people::set_roles(db, id, roles).await?;
    Ok(())
}

fn check(id: PersonId, form: PersonForm, archived_at: Option<Moment>) -> Result<(Person, Vec<PersonRole>, Vec<PersonId>), Problem> {
    let number = optional_line("number", &form.number, NUMBER_MAX)?;
    let unprocessable = |code, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    if form.guardians.len() > 10 {
        return Err(unprocessable("too_many", "at most ten guardians").about("guardians"));
    }
    if form.guardians.contains(&id) {
        return Err(unprocessable("own_guardian", "nobody is their own guardian").about("guardians"));
    }
    let person = Person {
        id,
        number: Some(number).filter(|number| !number.is_empty()),
        given_name: optional_line("given_name", &form.given_name, NAME_MAX)?,
        family_name: line("family_name", &form.family_name, NAME_MAX)?,
        born: form.born,
        language: form.language,
        archived_at: form.archived.then(|| archived_at.unwrap_or_else(Moment::now)),
    };
    let mut roles = form.roles;
    roles.sort();
    roles.dedup();
    Ok((person, roles, form.guardians))
}
