//! Attendance and lesson counts for the administration program: one line for each enrolment and lesson date. Pure: records in, lines out.

use super::import::value::german;
use super::sheet::Value;
use super::timetable::{Occurrence, occurrences};
use crate::store::courses::{Course, CourseKind, Enrolment, Holiday};
use crate::store::dates::{Attendance, Category, LessonDate, Status};
use crate::store::people::Person;
use crate::store::{CourseId, Day, Moment, PersonId};
use chrono::Datelike;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

crate::store::words! {
    /// What a column of an export holds.
    ExportColumn {
        /// The code of the course.
        Course = "course",
        CourseName = "course_name",
        Subject = "subject",
        Kind = "kind",
        /// Course and student, as one word that stays the same.
        Enrolment = "enrolment",
        PersonNumber = "person_number",
        FamilyName = "family_name",
        GivenName = "given_name",
        Teacher = "teacher",
        TeacherNumber = "teacher_number",
        /// As planned.
        Date = "date",
        Weekday = "weekday",
        /// As planned.
        Start = "start",
        MinutesPlanned = "minutes_planned",
        MinutesGiven = "minutes_given",
        Status = "status",
        Category = "category",
        MovedTo = "moved_to",
        Substitute = "substitute",
        /// Whether the student was there.
        Attendance = "attendance",
        Note = "note",
        FinalisedBy = "finalised_by",
        FinalisedAt = "finalised_at",
    }
}

crate::store::words! {
    /// Which dates go out.
    ExportDates {
        /// Those that a teacher has signed.
        Finalised = "finalised",
        All = "all",
    }
}

crate::store::words! {
    /// Whether what went out before goes out again.
    ExportScope {
        All = "all",
        /// Only what was not exported yet, or was signed again since.
        New = "new",
    }
}

/// A column with its heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct HeadedColumn {
    pub column: ExportColumn,
    pub heading: String,
}

/// The columns of a file, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub columns: Vec<HeadedColumn>,
}

/// Column lists that ship with the program.
pub fn shipped() -> Vec<(&'static str, Template)> {
    const FILES: [(&str, &str); 2] = [("Wie iMikel", include_str!("export/imikel.json")), ("Einfach", include_str!("export/plain.json"))];
    // A test reads them.
    FILES.into_iter().filter_map(|(name, text)| Some((name, serde_json::from_str(text).ok()?))).collect()
}

/// The records that an export is made of.
#[derive(Debug, Default)]
pub struct Source {
    pub courses: Vec<Course>,
    pub holidays: Vec<Holiday>,
    pub dates: Vec<LessonDate>,
    pub enrolments: Vec<Enrolment>,
    pub attendance: Vec<Attendance>,
    pub categories: Vec<Category>,
    pub people: Vec<Person>,
    /// When a date went out last.
    pub exported: HashMap<(CourseId, Day), Moment>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub from: Day,
    pub to: Day,
    pub dates: ExportDates,
    pub scope: ExportScope,
    pub columns: Vec<ExportColumn>,
    pub zone: Tz,
}

/// The lines of an export, and the dates that are in it.
#[derive(Debug, Default)]
pub struct Export {
    pub lines: Vec<Vec<Value>>,
    pub dates: Vec<(CourseId, Day)>,
}

/// Everything that one line is made of.
struct Line<'a> {
    course: &'a Course,
    at: &'a Occurrence,
    student: Option<&'a Person>,
    attendance: Option<&'a Attendance>,
    found: &'a Found<'a>,
    zone: Tz,
}

struct Found<'a> {
    people: HashMap<&'a PersonId, &'a Person>,
    categories: HashMap<&'a str, &'a str>,
}

/// Makes the lines, by date, time, course and name.
pub fn lines(source: &Source, wanted: &Wanted) -> Export {
    let found = Found {
        people: source.people.iter().map(|person| (&person.id, person)).collect(),
        categories: source.categories.iter().map(|category| (category.id.as_str(), category.name.as_str())).collect(),
    };
    let mut said = HashMap::<&CourseId, Vec<LessonDate>>::new();
    source.dates.iter().for_each(|date| said.entry(&date.course_id).or_default().push(date.clone()));
    let mut enrolled = HashMap::<&CourseId, Vec<&Enrolment>>::new();
    source.enrolments.iter().for_each(|enrolment| enrolled.entry(&enrolment.course_id).or_default().push(enrolment));
    let key = |one: &'_ Attendance| Some(((one.course_id.clone(), one.day), one.student_id.clone()?));
    let attended: HashMap<_, &Attendance> = source.attendance.iter().filter_map(|one| Some((key(one)?, one))).collect();
    let mut planned: Vec<(&Course, Occurrence)> = vec![];
    for course in &source.courses {
        let said = said.get(&course.id).map_or(&[][..], Vec::as_slice);
        let dates = occurrences(course, &source.holidays, said, wanted.from, wanted.to);
        planned.extend(dates.into_iter().filter(|at| goes_out(at, wanted, &source.exported)).map(|at| (course, at)));
    }
    planned.sort_by(|(one, a), (other, b)| {
        (a.date.day, a.start_minute, &one.code, &one.id).cmp(&(b.date.day, b.start_minute, &other.code, &other.id))
    });
    let mut export = Export::default();
    for (course, at) in &planned {
        let day = at.date.day;
        let holds = |enrolment: &&&Enrolment| enrolment.valid_from <= day && enrolment.valid_to.is_none_or(|last| day <= last);
        let mut students: Vec<&Person> = enrolled
            .get(&course.id)
            .into_iter()
            .flatten()
            .filter(holds)
            .filter_map(|enrolment| found.people.get(&enrolment.student_id).copied())
            .collect();
        students.sort_by(|one, other| (&one.family_name, &one.given_name).cmp(&(&other.family_name, &other.given_name)));
        let mut add = |student: Option<&Person>| {
            let attendance = student.and_then(|student| attended.get(&((course.id.clone(), day), student.id.clone()))).copied();
            let line = Line { course, at, student, attendance, found: &found, zone: wanted.zone };
            export.lines.push(wanted.columns.iter().map(|column| line.cell(*column)).collect());
        };
        // A lesson that nobody is enrolled in any more was given all the same.
        if students.is_empty() {
            add(None)
        } else {
            students.into_iter().for_each(|student| add(Some(student)))
        }
        export.dates.push((course.id.clone(), day));
    }
    export
}

fn goes_out(at: &Occurrence, wanted: &Wanted, exported: &HashMap<(CourseId, Day), Moment>) -> bool {
    let signed = at.date.finalised_at;
    if wanted.dates == ExportDates::Finalised && signed.is_none() {
        return false;
    }
    match (wanted.scope, exported.get(&(at.date.course_id.clone(), at.date.day))) {
        (ExportScope::All, _) | (ExportScope::New, None) => true,
        (ExportScope::New, Some(last)) => signed.is_some_and(|signed| signed > *last),
    }
}

impl Line<'_> {
    fn cell(&self, column: ExportColumn) -> Value {
        let date = &self.at.date;
        let number = |minutes: i64| Value::Number(minutes);
        let text = |text: &str| Value::Text(text.to_owned());
        let optional = |said: Option<&str>| Value::Text(said.unwrap_or_default().to_owned());
        match column {
            ExportColumn::Course => optional(self.course.code.as_deref()),
            ExportColumn::CourseName => text(&self.course.name),
            ExportColumn::Subject => text(&self.course.subject),
            ExportColumn::Kind => text(kind(self.course.kind)),
            ExportColumn::Enrolment => self.enrolment(),
            ExportColumn::PersonNumber => optional(self.student.and_then(|student| student.number.as_deref())),
            ExportColumn::FamilyName => optional(self.student.map(|student| student.family_name.as_str())),
            ExportColumn::GivenName => optional(self.student.map(|student| student.given_name.as_str())),
            ExportColumn::Teacher => self.name(self.course.teacher_id.as_ref()),
            ExportColumn::TeacherNumber => {
                let teacher = self.course.teacher_id.as_ref().and_then(|id| self.found.people.get(id));
                optional(teacher.and_then(|teacher| teacher.number.as_deref()))
            }
            ExportColumn::Date => Value::Text(german(date.day)),
            ExportColumn::Weekday => text(weekday(date.day)),
            ExportColumn::Start => Value::Text(clock(self.course.start_minute)),
            ExportColumn::MinutesPlanned => number(self.course.duration_minutes),
            ExportColumn::MinutesGiven => number(self.given()),
            ExportColumn::Status => text(status(date.status)),
            ExportColumn::Category => optional(date.category_id.as_ref().and_then(|id| self.found.categories.get(id.as_str())).copied()),
            ExportColumn::MovedTo => self.moved_to(),
            ExportColumn::Substitute => self.name(date.substitute_id.as_ref()),
            ExportColumn::Attendance => text(attendance(self.attendance)),
            ExportColumn::Note => text(&date.note),
            ExportColumn::FinalisedBy => optional(date.finalised_by.as_deref()),
            ExportColumn::FinalisedAt => Value::Text(date.finalised_at.map(|at| self.instant(at)).unwrap_or_default()),
        }
    }

    fn enrolment(&self) -> Value {
        let course = self.course.code.as_deref().unwrap_or_else(|| self.course.id.as_str());
        let student = self.student.map(|student| student.number.as_deref().unwrap_or_else(|| student.id.as_str()));
        Value::Text(student.map(|student| format!("{course}/{student}")).unwrap_or_default())
    }

    fn name(&self, person: Option<&PersonId>) -> Value {
        let person = person.and_then(|id| self.found.people.get(id));
        Value::Text(person.map(|person| super::import::check::listed(&person.family_name, &person.given_name)).unwrap_or_default())
    }

    /// What is cancelled or was only planned gave no minutes. A moved lesson is given where it was moved to.
    fn given(&self) -> i64 {
        match self.at.date.status {
            Status::Planned | Status::Cancelled => 0,
            Status::Given | Status::GivenOnline | Status::Moved => self.at.date.given_minutes.unwrap_or(self.course.duration_minutes),
        }
    }

    fn moved_to(&self) -> Value {
        if self.at.date.status != Status::Moved {
            return Value::Text(String::new());
        }
        Value::Text(format!("{} {}", german(self.at.day), clock(self.at.start_minute)))
    }

    fn instant(&self, at: Moment) -> String {
        let (day, minute) = super::timetable::local(self.zone, at);
        format!("{} {}", german(day), clock(minute))
    }
}

fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn weekday(day: Day) -> &'static str {
    ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"][day.0.weekday().num_days_from_monday() as usize]
}

fn kind(kind: CourseKind) -> &'static str {
    match kind {
        CourseKind::Single => "Einzel",
        CourseKind::Partner => "Partner",
        CourseKind::Group => "Gruppe",
        CourseKind::Ensemble => "Ensemble",
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Planned => "Geplant",
        Status::Given => "Erteilt",
        Status::GivenOnline => "Erteilt (Online)",
        Status::Cancelled => "Ausfall",
        Status::Moved => "Termin verlegt",
    }
}

fn attendance(said: Option<&Attendance>) -> &'static str {
    match said.map(|said| (said.present.0, said.excused.0)) {
        None => "",
        Some((true, _)) => "anwesend",
        Some((false, true)) => "entschuldigt",
        Some((false, false)) => "abwesend",
    }
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
