//! Persons, what they are at the school, and who belongs to whom.

use super::{Connection, Day, Moment, PersonId, Result, folded, like};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use std::collections::BTreeMap;
use utoipa::ToSchema;

super::words! {
    /// What somebody is at the school; one person may be several things.
    PersonRole {
        Teacher = "teacher",
        Student = "student",
        Guardian = "guardian",
        Office = "office",
        Head = "head",
        /// Configures the server and never sees content.
        Operator = "operator",
    }
}

super::words! {
    /// The languages of the interface.
    Language { German = "de", English = "en" }
}

/// A person as everybody may see it who may see it at all: no way to reach it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Person {
    pub id: PersonId,
    /// In the administration program.
    pub number: Option<String>,
    pub given_name: String,
    pub family_name: String,
    pub born: Option<Day>,
    pub language: Language,
    pub archived_at: Option<Moment>,
}

impl Person {
    /// Somebody new of whom nothing but the name is known.
    pub fn named(given_name: impl Into<String>, family_name: impl Into<String>) -> Self {
        Self {
            id: PersonId::new(),
            number: None,
            given_name: given_name.into(),
            family_name: family_name.into(),
            born: None,
            language: Language::German,
            archived_at: None,
        }
    }

    /// "Hannah Sommerfeld-Nguyễn".
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }
}

/// How to reach somebody: the office's alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow, Serialize, Deserialize, ToSchema, ts_rs::TS)]
pub struct Contact {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, number, given_name, family_name, born, language, archived_at FROM persons ", $rest)
    };
}

/// Adds one.
///
/// # Errors
/// The number is somebody else's.
pub async fn insert(db: &mut Connection, person: &Person) -> Result<()> {
    sqlx::query(
        "INSERT INTO persons (id, number, given_name, family_name, folded, born, language, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&person.id)
    .bind(&person.number)
    .bind(&person.given_name)
    .bind(&person.family_name)
    .bind(folded(&person.name()))
    .bind(person.born)
    .bind(person.language)
    .bind(Moment::now())
    .execute(db)
    .await?;
    Ok(())
}

/// Writes everything of one but its roles. False when it is not there.
///
/// # Errors
/// The number is somebody else's.
pub async fn update(db: &mut Connection, person: &Person) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE persons SET number = $2, given_name = $3, family_name = $4, folded = $5, born = $6, language = $7, archived_at = $8 WHERE id = $1",
    )
    .bind(&person.id)
    .bind(&person.number)
    .bind(&person.given_name)
    .bind(&person.family_name)
    .bind(folded(&person.name()))
    .bind(person.born)
    .bind(person.language)
    .bind(person.archived_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One of them.
pub async fn find(db: &mut Connection, id: &PersonId) -> Result<Option<Person>> {
    Ok(sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(db).await?)
}

/// By the number of the administration program.
pub async fn by_number(db: &mut Connection, number: &str) -> Result<Option<Person>> {
    Ok(sqlx::query_as(select!("WHERE number = $1")).bind(number).fetch_optional(db).await?)
}

/// Whom a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Somewhere in the name; empty: everybody.
    pub words: String,
    /// `None`: whatever they are.
    pub role: Option<PersonRole>,
    /// With those who have left.
    pub archived: bool,
}

/// Sorted by family name; at most `limit` behind the first `offset`.
pub async fn list(db: &mut Connection, filter: &Filter, limit: i64, offset: i64) -> Result<Vec<Person>> {
    let query = select!(
        "WHERE folded LIKE $1 ESCAPE '\\' AND ($2 = 1 OR archived_at IS NULL) \
         AND ($3 = '' OR EXISTS (SELECT 1 FROM person_roles r WHERE r.person_id = persons.id AND r.role = $3)) \
         ORDER BY family_name, given_name, id LIMIT $4 OFFSET $5"
    );
    let role = filter.role.map_or("", PersonRole::as_str);
    let query = sqlx::query_as(query).bind(like(&filter.words)).bind(i64::from(filter.archived)).bind(role);
    Ok(query.bind(limit).bind(offset).fetch_all(db).await?)
}

/// How many a list would show.
pub async fn count(db: &mut Connection, filter: &Filter) -> Result<i64> {
    let query = "SELECT count(*) FROM persons WHERE folded LIKE $1 ESCAPE '\\' AND ($2 = 1 OR archived_at IS NULL) \
                 AND ($3 = '' OR EXISTS (SELECT 1 FROM person_roles r WHERE r.person_id = persons.id AND r.role = $3))";
    let role = filter.role.map_or("", PersonRole::as_str);
    Ok(sqlx::query_scalar(query).bind(like(&filter.words)).bind(i64::from(filter.archived)).bind(role).fetch_one(db).await?)
}

/// What somebody is.
pub async fn roles(db: &mut Connection, id: &PersonId) -> Result<Vec<PersonRole>> {
    Ok(sqlx::query_scalar("SELECT role FROM person_roles WHERE person_id = $1 ORDER BY role").bind(id).fetch_all(db).await?)
}

/// What everybody is, for lists.
pub async fn all_roles(db: &mut Connection) -> Result<BTreeMap<PersonId, Vec<PersonRole>>> {
    let rows: Vec<(PersonId, PersonRole)> = sqlx::query_as("SELECT person_id, role FROM person_roles ORDER BY role").fetch_all(db).await?;
    let mut roles = BTreeMap::<_, Vec<_>>::new();
    rows.into_iter().for_each(|(id, role)| roles.entry(id).or_default().push(role));
    Ok(roles)
}

/// From now on somebody is this and nothing else.
pub async fn set_roles(db: &mut Connection, id: &PersonId, roles: &[PersonRole]) -> Result<()> {
    sqlx::query("DELETE FROM person_roles WHERE person_id = $1").bind(id).execute(&mut *db).await?;
    for role in roles {
        let insert = "INSERT INTO person_roles (person_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(insert).bind(id).bind(*role).execute(&mut *db).await?;
    }
    Ok(())
}

/// How many have a role and are still here.
pub async fn count_with_role(db: &mut Connection, role: PersonRole) -> Result<i64> {
    let query = "SELECT count(*) FROM person_roles r JOIN persons p ON p.id = r.person_id WHERE r.role = $1 AND p.archived_at IS NULL";
    Ok(sqlx::query_scalar(query).bind(role).fetch_one(db).await?)
}

/// Whom somebody is guardian of.
pub async fn children(db: &mut Connection, guardian: &PersonId) -> Result<Vec<Person>> {
    let query = select!(
        "WHERE archived_at IS NULL AND id IN (SELECT student_id FROM guardians WHERE guardian_id = $1) ORDER BY given_name, family_name, id"
    );
    Ok(sqlx::query_as(query).bind(guardian).fetch_all(db).await?)
}

/// Somebody's guardians.
pub async fn guardians(db: &mut Connection, student: &PersonId) -> Result<Vec<Person>> {
    let query = select!(
        "WHERE archived_at IS NULL AND id IN (SELECT guardian_id FROM guardians WHERE student_id = $1) ORDER BY family_name, given_name, id"
    );
    Ok(sqlx::query_as(query).bind(student).fetch_all(db).await?)
}

/// Whether the one is guardian of the other.
pub async fn is_guardian(db: &mut Connection, guardian: &PersonId, student: &PersonId) -> Result<bool> {
    let query = "SELECT count(*) FROM guardians WHERE guardian_id = $1 AND student_id = $2";
    let count: i64 = sqlx::query_scalar(query).bind(guardian).bind(student).fetch_one(db).await?;
    Ok(count > 0)
}

/// From now on these are somebody's guardians and nobody else.
pub async fn set_guardians(db: &mut Connection, student: &PersonId, guardians: &[PersonId]) -> Result<()> {
    sqlx::query("DELETE FROM guardians WHERE student_id = $1").bind(student).execute(&mut *db).await?;
    for guardian in guardians {
        add_guardian(db, guardian, student).await?;
    }
    Ok(())
}

/// One more.
pub async fn add_guardian(db: &mut Connection, guardian: &PersonId, student: &PersonId) -> Result<()> {
    let insert = "INSERT INTO guardians (guardian_id, student_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    sqlx::query(insert).bind(guardian).bind(student).execute(db).await?;
    Ok(())
}

/// How to reach somebody.
pub async fn contact(db: &mut Connection, id: &PersonId) -> Result<Contact> {
    let contact = sqlx::query_as("SELECT email, phone, address FROM contacts WHERE person_id = $1").bind(id).fetch_optional(db).await?;
    Ok(contact.unwrap_or_default())
}

/// Notes how to reach somebody.
pub async fn set_contact(db: &mut Connection, id: &PersonId, contact: &Contact) -> Result<()> {
    let upsert = "INSERT INTO contacts (person_id, email, phone, address) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (person_id) DO UPDATE SET email = excluded.email, phone = excluded.phone, address = excluded.address";
    sqlx::query(upsert).bind(id).bind(&contact.email).bind(&contact.phone).bind(&contact.address).execute(db).await?;
    Ok(())
}
