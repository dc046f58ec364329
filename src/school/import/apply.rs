//! Reads the school as it is for a plan, and writes what a plan marks: many rows with one statement.

use super::plan::Plan;
use super::records::{Entry, Mark, Records, Somebody};
use crate::store::courses::{self, Course, Enrolment};
use crate::store::people::{self, Person, PersonRole};
use crate::store::{Connection, Moment, PersonId, Result, accounts, folded, sessions};
use sqlx::Any;
use sqlx::query::Query;
use std::collections::HashMap;

/// Rows of one statement: far below what either database takes in parameters.
const AT_ONCE: usize = 200;

fn kept<T>(rows: Vec<T>) -> Vec<Entry<T>> {
    rows.into_iter().map(|value| Entry { value, mark: Mark::Kept }).collect()
}

/// Everything an import looks at.
///
/// # Errors
/// The database.
pub async fn load(db: &mut Connection) -> Result<Records> {
    let persons = "SELECT id, number, given_name, family_name, born, language, archived_at FROM persons ORDER BY id";
    let persons: Vec<Person> = sqlx::query_as(persons).fetch_all(&mut *db).await?;
    let mut roles = people::all_roles(db).await?;
    let emails: Vec<(PersonId, String)> = sqlx::query_as("SELECT person_id, email FROM accounts").fetch_all(&mut *db).await?;
    let mut emails: HashMap<PersonId, String> = emails.into_iter().collect();
    let somebody =
        |person: Person| Somebody { roles: roles.remove(&person.id).unwrap_or_default(), email: emails.remove(&person.id), person };
    let people = kept(persons.into_iter().map(somebody).collect());
    let guardians: Vec<(PersonId, PersonId)> = sqlx::query_as("SELECT guardian_id, student_id FROM guardians").fetch_all(&mut *db).await?;
    let courses = "SELECT id, code, name, subject, kind, teacher_id, weekday, start_minute, duration_minutes, place, online, valid_from, \
                   valid_to, room, archived_at FROM courses ORDER BY id";
    let courses: Vec<Course> = sqlx::query_as(courses).fetch_all(&mut *db).await?;
    let enrolments = "SELECT id, course_id, student_id, valid_from, valid_to FROM enrolments ORDER BY valid_from, id";
    let enrolments: Vec<Enrolment> = sqlx::query_as(enrolments).fetch_all(&mut *db).await?;
    Ok(Records { people, courses: kept(courses), enrolments: kept(enrolments), guardians: kept(guardians), readdressed: vec![] })
}

/// Writes what a plan marks. The caller commits.
///
/// # Errors
/// The database. Something that must be unique was taken meanwhile by nobody: the plan was made in the same transaction.
pub async fn write(db: &mut Connection, plan: &Plan) -> Result<()> {
    let records = &plan.records;
    let added = |entry: &&Entry<Somebody>| entry.mark == Mark::New;
    write_new_people(db, &records.people.iter().filter(added).map(|entry| &entry.value).collect::<Vec<_>>()).await?;
    for entry in records.people.iter().filter(|entry| entry.mark == Mark::Changed) {
        let Somebody { person, roles, email } = &entry.value;
        people::update(db, person).await?;
        people::set_roles(db, &person.id, roles).await?;
        if let Some(email) = email {
            accounts::put(db, &person.id, email).await?;
            let contact =
                "INSERT INTO contacts (person_id, email) VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET email = excluded.email";
            sqlx::query(contact).bind(&person.id).bind(email).execute(&mut *db).await?;
        }
    }
    for person in &records.readdressed {
        sessions::delete_others(db, person, None).await?;
        sqlx::query("DELETE FROM sign_in_links WHERE person_id = $1").bind(person).execute(&mut *db).await?;
    }
    let pairs: Vec<_> = records.guardians.iter().filter(|entry| entry.mark == Mark::New).map(|entry| &entry.value).collect();
    let insert = "INSERT INTO guardians (guardian_id, student_id) VALUES ";
    insert_all(db, insert, 2, &pairs, |query, (guardian, student)| {
        query.bind(guardian.as_str().to_owned()).bind(student.as_str().to_owned())
    })
    .await?;
    write_courses(db, &records.courses).await?;
    write_enrolments(db, &records.enrolments).await
}

type Bound<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

/// `INSERT … VALUES ($1, $2), ($3, $4) …`, as many at once as is good.
async fn insert_all<T>(
    db: &mut Connection,
    insert: &str,
    columns: usize,
    rows: &[T],
    bind: impl for<'q> Fn(Bound<'q>, &T) -> Bound<'q>,
) -> Result<()> {
    for rows in rows.chunks(AT_ONCE) {
        let tuple = |row: usize| {
            let places: Vec<String> = (0..columns).map(|column| format!("${}", row * columns + column + 1)).collect();
            format!("({})", places.join(", "))
        };
        let tuples: Vec<String> = (0..rows.len()).map(tuple).collect();
        let text = format!("{insert}{}", tuples.join(", "));
        // The text is made of our own words and counted places.
        let query = sqlx::query(sqlx::AssertSqlSafe(text));
        rows.iter().fold(query, &bind).execute(&mut *db).await?;
    }
    Ok(())
}

async fn write_new_people(db: &mut Connection, added: &[&Somebody]) -> Result<()> {
    let now = Moment::now();
    let insert = "INSERT INTO persons (id, number, given_name, family_name, folded, born, language, created_at) VALUES ";
    insert_all(db, insert, 8, added, |query, somebody| {
        let person = &somebody.person;
        let query = query.bind(person.id.as_str().to_owned()).bind(person.number.clone()).bind(person.given_name.clone());
        let query = query.bind(person.family_name.clone()).bind(folded(&person.name())).bind(person.born).bind(person.language);
        query.bind(now)
    })
    .await?;
    let roles: Vec<(PersonId, PersonRole)> =
        added.iter().flat_map(|somebody| somebody.roles.iter().map(|role| (somebody.person.id.clone(), *role))).collect();
    let insert = "INSERT INTO person_roles (person_id, role) VALUES ";
    insert_all(db, insert, 2, &roles, |query, (id, role)| query.bind(id.as_str().to_owned()).bind(*role)).await?;
    let reached: Vec<(PersonId, String)> =
        added.iter().filter_map(|somebody| Some((somebody.person.id.clone(), somebody.email.clone()?))).collect();
    let insert = "INSERT INTO contacts (person_id, email) VALUES ";
    insert_all(db, insert, 2, &reached, |query, (id, email)| query.bind(id.as_str().to_owned()).bind(email.clone())).await?;
    let insert = "INSERT INTO accounts (person_id, email, created_at) VALUES ";
    insert_all(db, insert, 3, &reached, |query, (id, email)| query.bind(id.as_str().to_owned()).bind(accounts::normalised(email)).bind(now))
        .await
}

async fn write_courses(db: &mut Connection, all: &[Entry<Course>]) -> Result<()> {
    let now = Moment::now();
    let added: Vec<&Course> = all.iter().filter(|entry| entry.mark == Mark::New).map(|entry| &entry.value).collect();
    let insert = "INSERT INTO courses (id, code, name, folded, subject, kind, teacher_id, weekday, start_minute, duration_minutes, place, \
                  online, valid_from, valid_to, room, created_at) VALUES ";
    insert_all(db, insert, 16, &added, |query, course| {
        let query = query.bind(course.id.as_str().to_owned()).bind(course.code.clone()).bind(course.name.clone());
        let query = query.bind(folded(&course.name)).bind(course.subject.clone()).bind(course.kind).bind(course.teacher_id.clone());
        let query = query.bind(course.weekday).bind(course.start_minute).bind(course.duration_minutes).bind(course.place.clone());
        query.bind(course.online).bind(course.valid_from).bind(course.valid_to).bind(course.room.clone()).bind(now)
    })
    .await?;
    for entry in all.iter().filter(|entry| entry.mark == Mark::Changed) {
        courses::update(db, &entry.value).await?;
    }
    Ok(())
}

async fn write_enrolments(db: &mut Connection, all: &[Entry<Enrolment>]) -> Result<()> {
    for Entry { value, .. } in all.iter().filter(|entry| entry.mark == Mark::Changed) {
        let update = "UPDATE enrolments SET valid_from = $2, valid_to = $3 WHERE id = $1";
        sqlx::query(update).bind(&value.id).bind(value.valid_from).bind(value.valid_to).execute(&mut *db).await?;
    }
    let added: Vec<&Enrolment> = all.iter().filter(|entry| entry.mark == Mark::New).map(|entry| &entry.value).collect();
    let insert = "INSERT INTO enrolments (id, course_id, student_id, valid_from, valid_to) VALUES ";
    insert_all(db, insert, 5, &added, |query, enrolment| {
        let query = query.bind(enrolment.id.as_str().to_owned()).bind(enrolment.course_id.as_str().to_owned());
        query.bind(enrolment.student_id.as_str().to_owned()).bind(enrolment.valid_from).bind(enrolment.valid_to)
    })
    .await
}
