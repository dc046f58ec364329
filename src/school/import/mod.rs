//! Taking in people, courses and enrolments from a file of the administration program.
//!
//! A table ([`super::sheet`]) gets a field for each column ([`guess`]), its rows are read ([`check`]) and compared with the school as it is
//! ([`plan`]); what differs is written in one transaction ([`apply`]). Everything but [`apply`] is pure, so that a dry run is the same as the
//! real one. A file that is taken in twice changes nothing the second time. An empty cell changes nothing. Rows with errors stay outside.

pub mod apply;
pub mod check;
pub mod guess;
pub mod plan;
pub mod records;
pub mod value;

#[cfg(test)]
mod tests;

use serde::Serialize;
use utoipa::ToSchema;

crate::store::words! {
    /// What a column holds.
    Field {
        /// In the administration program.
        PersonNumber = "person_number",
        FamilyName = "family_name",
        GivenName = "given_name",
        /// "Sommerfeld, Hannah" in one column.
        FullName = "full_name",
        Born = "born",
        /// Without it everybody in the file is a student.
        Role = "role",
        /// The code of the course.
        Course = "course",
        CourseName = "course_name",
        Subject = "subject",
        Kind = "kind",
        /// Name or number of the teacher.
        Teacher = "teacher",
        Weekday = "weekday",
        Start = "start",
        Duration = "duration",
        Place = "place",
        /// Of the family; of a teacher or an adult student their own.
        Email = "email",
        ValidFrom = "valid_from",
        ValidTo = "valid_to",
    }
}

/// What is wrong with one cell, or one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct Issue {
    /// As the spreadsheet counts: the first row is 1.
    pub row: u32,
    /// The column's letter; `None`: it is about the whole row.
    pub column: Option<String>,
    pub heading: Option<String>,
    pub content: String,
    /// For programs: stays the same in every language.
    pub code: String,
    /// For people, in German.
    pub message: String,
    /// What to do, or what is similar, in German.
    pub hint: Option<String>,
    /// What may be meant.
    pub suggestion: Option<String>,
    /// The row that says otherwise, or has the same mistake.
    pub other_row: Option<u32>,
}

/// What an import does, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct Counts {
    /// Rows that change nothing.
    pub same: u32,
    /// Rows that bring somebody, a course or an enrolment that was not there.
    pub new: u32,
    /// Rows that change what is there.
    pub changed: u32,
    /// Rows that stay outside.
    pub failed: u32,
    pub people_added: u32,
    pub families_added: u32,
    pub courses_added: u32,
    pub enrolments_added: u32,
}

/// Mappings that ship with the program.
pub fn shipped() -> Vec<(&'static str, guess::Template)> {
    const FILES: [(&str, &str); 2] =
        [("Wie iMikel", include_str!("templates/imikel.json")), ("Einfach", include_str!("templates/plain.json"))];
    // A test reads them.
    FILES.into_iter().filter_map(|(name, text)| Some((name, serde_json::from_str(text).ok()?))).collect()
}
