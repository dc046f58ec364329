//! What was handed to the administration program, and when.

use super::{Connection, CourseId, Day, ExportId, Moment, PersonId, Result};
use sqlx::FromRow;
use std::collections::HashMap;

/// One export.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Export {
    pub id: ExportId,
    pub at: Moment,
    pub by_person: Option<PersonId>,
    pub first_day: Day,
    pub last_day: Day,
    /// Its name, as it was then.
    pub template: String,
    pub rows_written: i64,
}

/// Writes one down, with the lesson dates that were in it.
pub async fn add(db: &mut Connection, export: &Export, dates: &[(CourseId, Day)]) -> Result<()> {
    let insert = "INSERT INTO exports (id, at, by_person, first_day, last_day, template, rows_written) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(insert)
        .bind(&export.id)
        .bind(export.at)
        .bind(&export.by_person)
        .bind(export.first_day)
        .bind(export.last_day)
        .bind(&export.template)
        .bind(export.rows_written)
        .execute(&mut *db)
        .await?;
    const AT_ONCE: usize = 500;
    for dates in dates.chunks(AT_ONCE) {
        let tuples: Vec<String> = (0..dates.len()).map(|at| format!("(${}, ${}, $1)", at * 2 + 2, at * 2 + 3)).collect();
        let text = format!("INSERT INTO exported_dates (course_id, day, export_id) VALUES {}", tuples.join(", "));
        // The text is made of our own words and counted places.
        let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(&export.id);
        dates.iter().fold(query, |query, (course, day)| query.bind(course).bind(*day)).execute(&mut *db).await?;
    }
    Ok(())
}

/// The newest.
pub async fn list(db: &mut Connection, limit: i64) -> Result<Vec<Export>> {
    let query = "SELECT id, at, by_person, first_day, last_day, template, rows_written FROM exports ORDER BY at DESC, id DESC LIMIT $1";
    Ok(sqlx::query_as(query).bind(limit).fetch_all(db).await?)
}

/// When the dates of these days were exported last.
pub async fn last_of_dates(db: &mut Connection, from: Day, to: Day) -> Result<HashMap<(CourseId, Day), Moment>> {
    let query = "SELECT d.course_id, d.day, max(e.at) FROM exported_dates d JOIN exports e ON e.id = d.export_id \
                 WHERE d.day >= $1 AND d.day <= $2 GROUP BY d.course_id, d.day";
    let rows: Vec<(CourseId, Day, Moment)> = sqlx::query_as(query).bind(from).bind(to).fetch_all(db).await?;
    Ok(rows.into_iter().map(|(course, day, at)| ((course, day), at)).collect())
}
