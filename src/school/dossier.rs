//! Everything about one person: collected for handing out, and erased.
//!
//! Which rows are about a person is one list, [`ABOUT`]; a test holds it to the schema, so that a table which points to people cannot be forgotten.

use crate::store::classes::{Class, TABLES, Table};
use crate::store::people::Person;
use crate::store::{Connection, PersonId, Result};
use serde_json::{Map, Value, json};
use sqlx::{Row, ValueRef};
use std::io::{Cursor, Write};

/// Rows of one table in an archive; nobody has more.
const ROWS_MAX: i64 = 100_000;

/// How a table's rows are about a person: the condition under which they are, `$1` being the person.
pub const ABOUT: &[(&str, &str)] = &[
    ("persons", "id = $1"),
    ("person_roles", "person_id = $1"),
    ("guardians", "guardian_id = $1 OR student_id = $1"),
    ("contacts", "person_id = $1"),
    ("accounts", "person_id = $1"),
    ("sessions", "person_id = $1"),
    ("sign_in_links", "person_id = $1"),
    ("courses", "teacher_id = $1 OR id IN (SELECT course_id FROM enrolments WHERE student_id = $1)"),
    ("enrolments", "student_id = $1"),
    (
        "lesson_dates",
        "substitute_id = $1 OR course_id IN (SELECT id FROM courses WHERE teacher_id = $1) OR EXISTS (SELECT 1 FROM attendance a \
         WHERE a.student_id = $1 AND a.course_id = lesson_dates.course_id AND a.day = lesson_dates.day)",
    ),
    ("attendance", "student_id = $1"),
    ("presence", "person_id = $1"),
    ("conferences", "moderator_id = $1 OR id IN (SELECT conference_id FROM invitees WHERE person_id = $1)"),
    ("invitees", "person_id = $1"),
    ("threads", "student_id = $1 OR id IN (SELECT thread_id FROM thread_members WHERE person_id = $1)"),
    ("thread_members", "person_id = $1"),
    ("messages", "author_id = $1 OR thread_id IN (SELECT id FROM threads WHERE student_id = $1)"),
    ("read_marks", "person_id = $1"),
    ("files", FILES),
    (
        "file_versions",
        "uploaded_by = $1 OR file_id IN (SELECT id FROM files WHERE student_id = $1 \
         OR message_id IN (SELECT id FROM messages WHERE author_id = $1))",
    ),
    ("uploads", "person_id = $1"),
    ("mails", "person_id = $1"),
    ("feeds", "person_id = $1"),
    ("consents", "student_id = $1 OR by_person = $1"),
    ("journal", "actor_id = $1 OR object_id = $1"),
    ("exports", "by_person = $1"),
];

const FILES: &str = "student_id = $1 OR message_id IN (SELECT id FROM messages WHERE author_id = $1) \
                     OR id IN (SELECT file_id FROM file_versions WHERE uploaded_by = $1)";

/// One table's part of a dossier.
#[derive(Clone, Debug)]
pub struct Part {
    pub table: &'static Table,
    pub rows: Vec<Map<String, Value>>,
}

/// Collects everything about somebody but what they prove their identity with.
///
/// # Errors
/// The database.
pub async fn collect(db: &mut Connection, person: &PersonId) -> Result<Vec<Part>> {
    let mut parts = vec![];
    for table in TABLES {
        let Some((_, condition)) = ABOUT.iter().find(|(name, _)| *name == table.name) else { continue };
        let shown: Vec<&'static str> =
            table.columns.iter().filter(|(_, class)| *class != Class::Credential).map(|(name, _)| *name).collect();
        let text = format!("SELECT {} FROM {} WHERE {condition} ORDER BY 1 LIMIT {ROWS_MAX}", shown.join(", "), table.name);
        // The text is made of our own words.
        let found = sqlx::query(sqlx::AssertSqlSafe(text)).bind(person).fetch_all(&mut *db).await?;
        let mut rows = vec![];
        for row in found {
            let mut object = Map::new();
            for (index, name) in shown.iter().enumerate() {
                object.insert((*name).to_owned(), value(&row, index)?);
            }
            rows.push(object);
        }
        parts.push(Part { table, rows });
    }
    Ok(parts)
}

/// Whatever lies in a column: all of ours are texts or numbers.
fn value(row: &sqlx::any::AnyRow, index: usize) -> Result<Value> {
    if row.try_get_raw(index)?.is_null() {
        return Ok(Value::Null);
    }
    if let Ok(number) = row.try_get::<i64, _>(index) {
        return Ok(json!(number));
    }
    Ok(json!(row.try_get::<String, _>(index)?))
}

/// An archive for people and machines: one page to read, one JSON file for each table.
///
/// # Errors
/// It cannot be packed.
pub fn archive(person: &Person, parts: &[Part]) -> std::io::Result<Vec<u8>> {
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("lesen.html", options)?;
    zip.write_all(page(person, parts).as_bytes())?;
    for part in parts {
        zip.start_file(format!("daten/{}.json", part.table.name), options)?;
        serde_json::to_writer_pretty(&mut zip, &json!({ "columns": columns(part.table), "rows": part.rows }))?;
    }
    Ok(zip.finish()?.into_inner())
}

fn columns(table: &Table) -> Value {
    let shown = table.columns.iter().filter(|(_, class)| *class != Class::Credential);
    Value::Object(shown.map(|(name, class)| ((*name).to_owned(), json!(class_word(*class)))).collect())
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Key => "Zuordnung",
        Class::Identity => "Wer jemand ist",
        Class::Contact => "Erreichbarkeit",
        Class::Credential => "Zugang",
        Class::Schedule => "Stundenplan",
        Class::Content => "Nachrichten und Dateien",
        Class::Attendance => "Unterricht und Anwesenheit",
        Class::Trace => "Zeitpunkte",
        Class::Consent => "Einwilligungen",
        Class::Setting => "Einstellungen",
    }
}

/// What a table is called for people.
fn title(table: &str) -> &'static str {
    match table {
        "persons" => "Person",
        "person_roles" => "Rollen",
        "guardians" => "Familie",
        "contacts" => "Erreichbarkeit",
        "accounts" => "Anmeldung",
        "sessions" => "Angemeldete Geräte",
        "courses" => "Veranstaltungen",
        "enrolments" => "Belegungen",
        "lesson_dates" => "Termine",
        "attendance" => "Anwesenheit",
        "presence" => "Im Online-Raum",
        "conferences" | "invitees" => "Konferenzen",
        "threads" | "thread_members" | "read_marks" => "Unterhaltungen",
        "messages" => "Nachrichten",
        "files" | "file_versions" | "uploads" => "Dateien",
        "mails" => "E-Mails, die noch warten",
        "consents" => "Einwilligungen",
        "journal" => "Protokoll der Verwaltung",
        _ => "Weiteres",
    }
}

/// A page without anything that acts or loads.
fn page(person: &Person, parts: &[Part]) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"de\"><meta charset=\"utf-8\"><title>Auskunft</title>\
         <style>body{font:16px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;margin-bottom:2em}\
         td,th{border:1px solid #999;padding:.3em .6em;text-align:left;vertical-align:top}</style>",
    );
    html += &format!("<h1>Was gespeichert ist: {}</h1>", escaped(&person.name()));
    html += "<p>Dieselben Angaben liegen als JSON im Ordner „daten“. Zeitpunkte sind Millisekunden seit 1970 (UTC), Uhrzeiten Minuten seit Mitternacht.</p>";
    for part in parts.iter().filter(|part| !part.rows.is_empty()) {
        html += &format!("<h2>{} <small>({})</small></h2><table><tr>", title(part.table.name), part.table.name);
        let names: Vec<&String> = part.rows.first().map(|row| row.keys().collect()).unwrap_or_default();
        names.iter().for_each(|name| html += &format!("<th>{name}</th>"));
        html += "</tr>";
        for row in &part.rows {
            html += "<tr>";
            for name in &names {
                let text = match row.get(*name) {
                    Some(Value::String(text)) => escaped(text),
                    None | Some(Value::Null) => String::new(),
                    Some(other) => escaped(&other.to_string()),
                };
                html += &format!("<td>{text}</td>");
            }
            html += "</tr>";
        }
        html += "</table>";
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::people::{self, Language};

    #[tokio::test]
    async fn no_table_that_points_to_people_is_forgotten() {
        let store = Store::open("sqlite::memory:").await.expect("a database");
        let mut db = store.write().await.expect("the only connection");
        for table in TABLES {
            let query = format!("SELECT count(*) FROM pragma_foreign_key_list('{}') WHERE \"table\" = 'persons'", table.name);
            let points: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&mut *db).await.expect("the schema");
            assert!(points == 0 || ABOUT.iter().any(|(name, _)| *name == table.name), "{} is about people", table.name);
        }
    }

    #[tokio::test]
    async fn an_archive_holds_rows_but_no_credentials_and_nothing_that_acts() {
        let store = Store::open("sqlite::memory:").await.expect("a database");
        let mut db = store.write().await.expect("the only connection");
        let person = Person {
            id: PersonId::new(),
            number: Some("10483".into()),
            given_name: "<script>alert(1)</script>".into(),
            family_name: "Sommerfeld".into(),
            born: None,
            language: Language::German,
            archived_at: None,
        };
        people::insert(&mut db, &person).await.expect("a person");
        crate::store::accounts::put(&mut db, &person.id, "hannah@post.example").await.expect("an account");
        crate::store::accounts::set_password(&mut db, &person.id, Some("geheimer-hash")).await.expect("a password");
        let parts = collect(&mut db, &person.id).await.expect("collected");
        let text = format!("{parts:?}");
        assert!(text.contains("hannah@post.example") && text.contains("10483") && !text.contains("geheimer-hash"));
        let page = page(&person, &parts);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
        let mut archive = zip::ZipArchive::new(Cursor::new(archive(&person, &parts).expect("packed"))).expect("an archive");
        assert!(archive.by_name("daten/persons.json").is_ok() && archive.by_name("lesen.html").is_ok());
    }
}
