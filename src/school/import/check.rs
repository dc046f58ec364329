//! Rows as they are meant: each cell read as what its column holds.

use super::value::{self, Wrong};
use super::{Field, Issue};
use crate::school::sheet;
use crate::store::Day;
use crate::store::courses::CourseKind;
use crate::store::people::PersonRole;
use std::collections::HashMap;

const NAME_CHARS: usize = 100;
const NUMBER_CHARS: usize = 40;
const TEXT_CHARS: usize = 120;

/// What a row says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    pub number: Option<String>,
    pub given_name: String,
    pub family_name: String,
    pub born: Option<Day>,
    pub role: PersonRole,
    pub email: Option<String>,
}

impl PersonRow {
    /// "Achterberg, Karl-Friedrich".
    pub fn name(&self) -> String {
        listed(&self.family_name, &self.given_name)
    }
}

/// A name as lists have it.
pub fn listed(family: &str, given: &str) -> String {
    match (family, given) {
        (name, "") | ("", name) => name.to_owned(),
        (family, given) => format!("{family}, {given}"),
    }
}

/// What a row says of a course. `None` is what it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourseRow {
    pub code: String,
    pub name: Option<String>,
    pub subject: Option<String>,
    pub kind: Option<CourseKind>,
    pub teacher: Option<String>,
    pub weekday: Option<i64>,
    pub start: Option<i64>,
    pub duration: Option<i64>,
    pub place: Option<String>,
}

/// A row that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub row: u32,
    pub person: Option<PersonRow>,
    pub course: Option<CourseRow>,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
}

/// The columns of a file.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    headings: Vec<String>,
    of: HashMap<Field, usize>,
}

impl Columns {
    /// `None`: a field stands twice.
    pub fn new(headings: Vec<String>, fields: &[Option<Field>]) -> Option<Self> {
        let mut of = HashMap::new();
        for (index, field) in fields.iter().enumerate() {
            let Some(field) = field else { continue };
            if of.insert(*field, index).is_some() {
                return None;
            }
        }
        Some(Self { headings, of })
    }

    /// Whether a column holds this.
    pub fn has(&self, field: Field) -> bool {
        self.of.contains_key(&field)
    }

    fn cell<'a>(&self, cells: &'a [String], field: Field) -> Option<&'a str> {
        self.of.get(&field).and_then(|index| cells.get(*index)).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// A mistake in the column of a field.
    pub fn issue(&self, row: u32, field: Option<Field>, content: &str, wrong: Wrong) -> Issue {
        let index = field.and_then(|field| self.of.get(&field)).copied();
        let hint = match (&wrong.suggestion, wrong.code) {
            (Some(suggestion), _) => Some(format!("Gemeint ist vielleicht {suggestion}.")),
            (None, "no_email") => Some("Leer lassen ist erlaubt; dann kommt keine Benachrichtigung.".to_owned()),
            _ => None,
        };
        Issue {
            row,
            column: index.map(sheet::letter),
            heading: index.and_then(|index| self.headings.get(index)).filter(|heading| !heading.is_empty()).cloned(),
            content: content.to_owned(),
            code: wrong.code.to_owned(),
            message: wrong.message.to_owned(),
            hint,
            suggestion: wrong.suggestion,
            other_row: None,
        }
    }
}

/// Reads cells of one row and collects what is wrong.
struct Reader<'a> {
    columns: &'a Columns,
    cells: &'a [String],
    row: u32,
    issues: Vec<Issue>,
}

impl Reader<'_> {
    fn read<T>(&mut self, field: Field, read: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        let cell = self.columns.cell(self.cells, field)?;
        match read(cell) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.issues.push(self.columns.issue(self.row, Some(field), cell, wrong));
                None
            }
        }
    }

    fn text(&mut self, field: Field, max: usize) -> Option<String> {
        self.read(field, |cell| line(cell, max))
    }

    fn refuse(&mut self, field: Option<Field>, code: &'static str, message: &'static str) {
        self.issues.push(self.columns.issue(self.row, field, "", Wrong::new(code, message)));
    }
}

fn line(cell: &str, max: usize) -> Result<String, Wrong> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if cell.chars().count() > max {
        return Err(Wrong::new("too_long", "Dieser Text ist zu lang."));
    }
    if cell.chars().any(turns) {
        return Err(Wrong::new("control_characters", "Dieser Text enthält unsichtbare Zeichen."));
    }
    Ok(cell.to_owned())
}

/// Reads one row; `Ok(None)` is an empty one.
///
/// # Errors
/// Everything that is wrong with it.
pub fn row(columns: &Columns, number: u32, cells: &[String], today: Day) -> Result<Option<Row>, Vec<Issue>> {
    if !columns.of.keys().any(|field| columns.cell(cells, *field).is_some()) {
        return Ok(None);
    }
    let mut reader = Reader { columns, cells, row: number, issues: vec![] };
    let (born_latest, valid_latest) = (value::latest_year(today, 0), value::latest_year(today, 30));
    let person = person(&mut reader, born_latest, today);
    let course = course(&mut reader);
    let valid_from = reader.read(Field::ValidFrom, |cell| value::day(cell, valid_latest));
    let valid_to = reader.read(Field::ValidTo, |cell| value::day(cell, valid_latest));
    if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
        reader.refuse(Some(Field::ValidTo), "ends_before_it_begins", "Das Ende liegt vor dem Beginn.");
    }
    if person.is_none() && course.is_none() && reader.issues.is_empty() {
        reader.refuse(None, "nobody", "In dieser Zeile steht weder eine Person noch eine Veranstaltung.");
    }
    if reader.issues.is_empty() { Ok(Some(Row { row: number, person, course, valid_from, valid_to })) } else { Err(reader.issues) }
}

fn person(reader: &mut Reader<'_>, latest: i32, today: Day) -> Option<PersonRow> {
    let number = reader.text(Field::PersonNumber, NUMBER_CHARS);
    let both = reader.text(Field::FullName, NAME_CHARS).map(|name| value::full_name(&name));
    let (given, family) = both.unwrap_or_default();
    let given_name = reader.text(Field::GivenName, NAME_CHARS).unwrap_or(given);
    let family_name = reader.text(Field::FamilyName, NAME_CHARS).unwrap_or(family);
    let born = reader.read(Field::Born, |cell| match value::day(cell, latest) {
        Ok(day) if day > today => Err(Wrong::new("born_in_future", "Dieses Geburtsdatum liegt in der Zukunft.")),
        other => other,
    });
    let role = reader.read(Field::Role, value::role).unwrap_or(PersonRole::Student);
    let email = reader.read(Field::Email, value::email);
    if number.is_none() && family_name.is_empty() {
        if !given_name.is_empty() || born.is_some() || email.is_some() {
            reader.refuse(Some(Field::FamilyName), "name_missing", "Hier fehlt der Nachname.");
        }
        return None;
    }
    Some(PersonRow { number, given_name, family_name, born, role, email })
}

fn course(reader: &mut Reader<'_>) -> Option<CourseRow> {
    let code = reader.text(Field::Course, NUMBER_CHARS);
    let (kind, minutes) = reader.read(Field::Kind, value::kind).unzip();
    let course = CourseRow {
        code: code.clone().unwrap_or_default(),
        name: reader.text(Field::CourseName, TEXT_CHARS),
        subject: reader.text(Field::Subject, TEXT_CHARS),
        kind,
        teacher: reader.text(Field::Teacher, NAME_CHARS),
        weekday: reader.read(Field::Weekday, value::weekday),
        start: reader.read(Field::Start, value::time),
        duration: reader.read(Field::Duration, value::duration).or(minutes.flatten()),
        place: reader.text(Field::Place, TEXT_CHARS),
    };
    if code.is_none() {
        // Without a course these say nothing, and whoever wrote them meant one.
        if course.weekday.is_some() || course.start.is_some() {
            reader.refuse(Some(Field::Course), "course_missing", "Hier fehlt die Veranstaltung.");
        }
        return None;
    }
    Some(course)
}
