//! What the office sets for the school, beyond the operator's configuration.

use super::{Connection, Result};
use std::collections::BTreeMap;

/// The school's name, in place of the configuration's.
pub const SCHOOL: &str = "school.name";
/// For how many months what is kept.
pub const RETENTION: [&str; 4] =
    ["retention.messages_months", "retention.files_months", "retention.attendance_months", "retention.journal_months"];

/// All that was ever set.
pub async fn all(db: &mut Connection) -> Result<BTreeMap<String, String>> {
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT key, value FROM settings").fetch_all(db).await?;
    Ok(rows.into_iter().collect())
}

/// Sets one.
pub async fn put(db: &mut Connection, key: &str, value: &str) -> Result<()> {
    let upsert = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    sqlx::query(upsert).bind(key).bind(value).execute(db).await?;
    Ok(())
}
