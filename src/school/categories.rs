//! The attendance categories (Ausfallkategorien) that a new school begins with. They are the office's from then on: to rename, to add to, to put away.

use crate::store::dates::{Category, categories, put_category};
use crate::store::{CategoryId, Connection, Flag, Result};

/// Name, and whether the school's side cancelled.
const BEGINNING: &[(&str, bool)] = &[
    ("Krankheit Lehrkraft", true),
    ("Krankheit Schüler/in", false),
    ("Abgesagt durch Familie", false),
    ("Klassenfahrt/Schule", false),
    ("Feiertag/Sonstiges", true),
];

/// Gives a school that has no categories yet the ones to begin with.
pub async fn seed(db: &mut Connection) -> Result<()> {
    if !categories(db).await?.is_empty() {
        return Ok(());
    }
    for (position, (name, by_school)) in (1..).zip(BEGINNING) {
        let category =
            Category { id: CategoryId::new(), name: (*name).to_owned(), by_school: Flag(*by_school), position, archived_at: None };
        put_category(db, &category).await?;
    }
    Ok(())
}
