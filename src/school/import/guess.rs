//! Which column holds what: a template that was saved wins, then the heading's words, then what the cells look like.

use super::Field;
use super::value;
use crate::school::sheet;
use crate::store::{Day, folded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows above the headings: a title, a date.
const ABOVE_MAX: usize = 10;
/// Cells that are looked at for what a column holds.
const SAMPLE: usize = 60;
const EXAMPLES: usize = 3;

/// A saved mapping: heading (folded) to field; `None` is a column that is left out on purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub columns: BTreeMap<String, Option<Field>>,
}

crate::store::words! {
    /// How a column was recognised.
    Recognised {
        /// A template says so.
        Template = "template",
        /// By its heading.
        Name = "name",
        /// By its cells.
        Content = "content",
        /// Not at all.
        Not = "not",
    }
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub heading: String,
    pub examples: Vec<String>,
    pub field: Option<Field>,
    pub recognised: Recognised,
}

/// What is said of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Index of the row with the headings; `None`: there is none.
    pub heading_row: Option<usize>,
    pub columns: Vec<Column>,
    /// The template that fits.
    pub template: Option<String>,
}

/// What headings are called, folded, without what is neither letter nor digit.
const SYNONYMS: &[(Field, &[&str])] = &[
    (
        Field::PersonNumber,
        &[
            "personennummer",
            "personennr",
            "persnr",
            "personnr",
            "personalnummer",
            "schulernummer",
            "schulernr",
            "kundennummer",
            "kundennr",
            "mitgliedsnummer",
            "nummer",
            "nr",
            "id",
            "personid",
            "number",
        ],
    ),
    (Field::FamilyName, &["nachname", "familienname", "name", "zuname", "schulername", "lastname", "familyname", "surname"]),
    (Field::GivenName, &["vorname", "vornamen", "rufname", "firstname", "givenname"]),
    (
        Field::FullName,
        &["nachnamevorname", "namevorname", "schulerin", "schuler", "teilnehmer", "teilnehmerin", "person", "student", "fullname"],
    ),
    (Field::Born, &["geburtsdatum", "geburtstag", "geb", "gebdatum", "gebdat", "geboren", "geborenam", "birthday", "dateofbirth", "born"]),
    (Field::Role, &["rolle", "funktion", "personentyp", "personenart", "role"]),
    (
        Field::Course,
        &[
            "veranstaltung",
            "veranst",
            "veranstaltungsnr",
            "veranstaltungsnummer",
            "veranstnr",
            "va",
            "vanr",
            "kurs",
            "kursnr",
            "kursnummer",
            "unterrichtnr",
            "code",
            "course",
        ],
    ),
    (Field::CourseName, &["veranstaltungsname", "veranstaltungsbezeichnung", "kursname", "bezeichnung", "titel", "coursename"]),
    (Field::Subject, &["fach", "instrument", "unterrichtsfach", "subject"]),
    (Field::Kind, &["art", "unterrichtsart", "unterrichtsform", "form", "veranstaltungsart", "kursart", "kind"]),
    (Field::Teacher, &["lehrkraft", "lk", "lehrer", "lehrerin", "dozent", "dozentin", "unterrichtende", "lehrkraftname", "teacher"]),
    (Field::Weekday, &["wochentag", "tag", "wt", "unterrichtstag", "weekday", "day"]),
    (Field::Start, &["beginn", "zeit", "uhrzeit", "von", "start", "anfang", "beginnzeit", "unterrichtsbeginn", "time"]),
    (Field::Duration, &["dauer", "dauermin", "minuten", "min", "unterrichtsdauer", "lange", "duration"]),
    (Field::Place, &["ort", "unterrichtsort", "raum", "gebaude", "unterrichtsraum", "zweigstelle", "place", "room", "location"]),
    (Field::Email, &["email", "mail", "emailfamilie", "familienmail", "emailderfamilie", "emaileltern", "emailadresse", "emailaddress"]),
    (Field::ValidFrom, &["gultigab", "gultigvon", "ab", "belegungab", "belegtab", "eintritt", "vertragsbeginn", "validfrom", "from"]),
    (Field::ValidTo, &["gultigbis", "bis", "belegungbis", "belegtbis", "austritt", "vertragsende", "abmeldung", "validto", "to"]),
];

fn bare(heading: &str) -> String {
    folded(heading).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn by_name(heading: &str) -> Option<Field> {
    let bare = bare(heading);
    SYNONYMS.iter().find(|(_, words)| words.contains(&bare.as_str())).map(|(field, _)| *field)
}

/// The field of most cells, when they can hardly be anything else.
fn by_content(cells: &[&str], today: Day) -> Option<Field> {
    const LEAST: usize = 2;
    if cells.len() < LEAST {
        return None;
    }
    let mostly = |holds: &dyn Fn(&str) -> bool| cells.iter().filter(|cell| holds(cell)).count() * 10 >= cells.len() * 8;
    let lettered = |cell: &str| cell.chars().any(char::is_alphabetic);
    let latest = value::latest_year(today, 0);
    if mostly(&|cell| value::email(cell).is_ok()) {
        return Some(Field::Email);
    }
    if mostly(&|cell| lettered(cell) && value::weekday(cell).is_ok()) {
        return Some(Field::Weekday);
    }
    // A number alone may be anything; a time has something between hour and minute.
    if mostly(&|cell| cell.len() <= 9 && cell.contains([':', '.', 'U']) && value::time(cell).is_ok()) {
        return Some(Field::Start);
    }
    if mostly(&|cell| value::day(cell, latest).is_ok_and(|day| day <= today)) {
        let adult_or_child = |cell: &str| value::day(cell, latest).is_ok_and(|day| (today.0 - day.0).num_days() > 3 * 365);
        return mostly(&adult_or_child).then_some(Field::Born);
    }
    if mostly(&|cell| value::duration(cell).is_ok_and(|minutes| minutes % 5 == 0 && minutes <= 240) && cell.len() <= 6) {
        return Some(Field::Duration);
    }
    None
}

/// Proposes what each column holds. `templates` are tried in order.
pub fn propose(rows: &[Vec<String>], templates: &[(String, Template)], today: Day) -> Proposal {
    let heading_row = heading_row(rows);
    let empty = vec![];
    let headings = heading_row.and_then(|row| rows.get(row)).unwrap_or(&empty);
    let body = rows.get(heading_row.map_or(0, |row| row + 1)..).unwrap_or_default();
    let width = rows.iter().map(Vec::len).max().unwrap_or_default().min(sheet::COLUMNS_MAX);
    let template = templates.iter().find(|(_, template)| fits(template, headings));
    let mut columns: Vec<Column> = (0..width)
        .map(|index| {
            let cells = cells(body, index);
            let mut examples: Vec<String> = vec![];
            cells.iter().filter(|cell| !cell.is_empty()).for_each(|cell| {
                if examples.len() < EXAMPLES && !examples.iter().any(|known| known == cell) {
                    examples.push((*cell).to_owned());
                }
            });
            let heading = headings.get(index).cloned().unwrap_or_default();
            Column { heading, examples, field: None, recognised: Recognised::Not }
        })
        .collect();
    // From the surest to the least sure, each field once.
    if let Some((_, template)) = template {
        settle(&mut columns, Recognised::Template, |_, column| template.columns.get(&folded(&column.heading)).copied().flatten());
    } else {
        settle(&mut columns, Recognised::Name, |_, column| by_name(&column.heading));
        one_column_of_names(&mut columns, body);
        settle(&mut columns, Recognised::Content, |index, _| by_content(&cells(body, index), today));
    }
    // Columns with neither heading nor cells at the end.
    while columns.last().is_some_and(|column| column.heading.is_empty() && column.examples.is_empty()) {
        columns.pop();
    }
    Proposal { heading_row, columns, template: template.map(|(name, _)| name.clone()) }
}

fn settle(columns: &mut [Column], how: Recognised, guess: impl Fn(usize, &Column) -> Option<Field>) {
    for index in 0..columns.len() {
        let Some(column) = columns.get(index).filter(|column| column.field.is_none()) else { continue };
        let Some(field) = guess(index, column) else { continue };
        if columns.iter().all(|other| other.field != Some(field)) {
            (columns[index].field, columns[index].recognised) = (Some(field), how);
        }
    }
}

/// "Name" alone, with "Sommerfeld, Hannah" in it, is both names.
fn one_column_of_names(columns: &mut [Column], body: &[Vec<String>]) {
    if columns.iter().any(|column| matches!(column.field, Some(Field::GivenName | Field::FullName))) {
        return;
    }
    let Some(index) = columns.iter().position(|column| column.field == Some(Field::FamilyName)) else { return };
    let cells = cells(body, index);
    if !cells.is_empty() && cells.iter().filter(|cell| cell.contains([',', ' '])).count() * 2 > cells.len() {
        columns[index].field = Some(Field::FullName);
    }
}

fn cells(body: &[Vec<String>], index: usize) -> Vec<&str> {
    body.iter().filter_map(|row| row.get(index)).map(String::as_str).filter(|cell| !cell.is_empty()).take(SAMPLE).collect()
}

/// A template fits when at least two of its headings are there, and every one that it takes in.
fn fits(template: &Template, headings: &[String]) -> bool {
    let there = |heading: &String| headings.iter().any(|have| folded(have) == *heading);
    let mut taken = template.columns.iter().filter(|(_, field)| field.is_some()).map(|(heading, _)| heading);
    template.columns.keys().filter(|heading| there(heading)).count() >= 2 && taken.all(there)
}

/// The first row with two headings that are known; otherwise the first row, if it can be one of headings at all.
fn heading_row(rows: &[Vec<String>]) -> Option<usize> {
    let known = |row: &Vec<String>| row.iter().filter(|cell| by_name(cell).is_some()).count();
    if let Some(index) = rows.iter().take(ABOVE_MAX).position(|row| known(row) >= 2) {
        return Some(index);
    }
    let first = rows.iter().take(ABOVE_MAX).position(|row| row.iter().any(|cell| !cell.is_empty()))?;
    let worded = rows[first].iter().filter(|cell| !cell.is_empty()).all(|cell| !cell.contains(|c: char| c.is_ascii_digit() || c == '@'));
    worded.then_some(first)
}

/// The mapping as a template to keep.
#[cfg(test)]
fn template_of(headings: &[String], fields: &[Option<Field>]) -> Template {
    let pairs = headings.iter().zip(fields).filter(|(heading, _)| !heading.is_empty());
    Template { columns: pairs.map(|(heading, field)| (folded(heading), *field)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        sheet::read(text.as_bytes(), None).expect("a table").rows
    }

    fn today() -> Day {
        "2026-11-27".parse().expect("a day")
    }

    fn fields(proposal: &Proposal) -> Vec<Option<Field>> {
        proposal.columns.iter().map(|column| column.field).collect()
    }

    #[test]
    fn headings_as_the_office_has_them() {
        let table = rows(
            "PersNr;Name;Vorname;Veranst.;LK;Tg;Zeit;Dauer;Mail;Bem.\n10482;Achterberg;Karl;Vl-E30;Lindqvist, Astrid;Mo;14:00;30;a@b.example;bar\n\
             10483;Sommerfeld;Hannah;Vl-E31;Lindqvist, Astrid;Do;14.30;45;c@d.example;\n",
        );
        let proposal = propose(&table, &[], today());
        let wanted = [
            Some(Field::PersonNumber),
            Some(Field::FamilyName),
            Some(Field::GivenName),
            Some(Field::Course),
            Some(Field::Teacher),
            Some(Field::Weekday),
            Some(Field::Start),
            Some(Field::Duration),
            Some(Field::Email),
            None,
        ];
        assert_eq!(fields(&proposal), wanted);
        assert_eq!(proposal.columns[5].recognised, Recognised::Content, "nobody knows what Tg is, but Mo and Do are days");
        assert_eq!(proposal.columns[6].examples, ["14:00", "14.30"]);
        assert_eq!(proposal.heading_row, Some(0));
    }

    #[test]
    fn a_title_above_and_no_headings_at_all() {
        let titled = rows("Export vom 01.11.2026\n\nNachname;Vorname\nAchterberg;Karl\nVogel;Ida\n");
        assert_eq!(propose(&titled, &[], today()).heading_row, Some(2));
        let bare = rows("10482;07.03.2014;14:00;a@b.example\n10483;08.04.2015;15:00;c@d.example\n");
        let proposal = propose(&bare, &[], today());
        assert_eq!(
            (proposal.heading_row, fields(&proposal)),
            (None, vec![None, Some(Field::Born), Some(Field::Start), Some(Field::Email)])
        );
    }

    #[test]
    fn one_column_may_hold_both_names_and_no_field_is_taken_twice() {
        let table = rows("Name;Nr;Nummer\nVogel, Ida;1;2\nAchterberg, Karl;3;4\n");
        assert_eq!(fields(&propose(&table, &[], today())), [Some(Field::FullName), Some(Field::PersonNumber), None]);
    }

    #[test]
    fn a_saved_template_wins_where_it_fits() {
        let table = rows("Tg;Nr;Bem.\nMo;1;x\nDi;2;y\n");
        let headings = table[0].clone();
        let saved = template_of(&headings, &[None, Some(Field::Course), Some(Field::Place)]);
        let proposal = propose(&table, &[("Unsere".into(), saved.clone())], today());
        assert_eq!(fields(&proposal), [None, Some(Field::Course), Some(Field::Place)]);
        assert_eq!(proposal.template.as_deref(), Some("Unsere"));
        let other = rows("Nr;Tg\n1;Mo\n2;Di\n");
        assert_eq!(propose(&other, &[("Unsere".into(), saved)], today()).template, None, "Bem. is not there");
    }
}
