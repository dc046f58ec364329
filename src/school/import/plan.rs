//! What a file changes: its rows against the school as it is. Works on a copy of the records in which everything that differs is marked.

use super::check::{Columns, CourseRow, PersonRow, Row, listed};
use super::records::{Entry, Index, Mark, Records, Somebody, name_key};
use super::value::{Wrong, distance};
use super::{Counts, Field, Issue};
use crate::store::courses::{Course, CourseKind, Enrolment};
use crate::store::people::{Language, Person, PersonRole};
use crate::store::{CourseId, Day, EnrolmentId, Flag, Moment, PersonId, folded};
use chrono::Datelike;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A guardian's given name when the file knows only an address.
pub const FAMILY: &str = "Familie";
const ADULT_YEARS: i32 = 18;

/// What comes of a dry run, and what [`super::apply`] writes.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub records: Records,
    pub counts: Counts,
    pub issues: Vec<Issue>,
}

/// What the file says of a course in all its rows.
struct Group<'a> {
    first: u32,
    said: &'a CourseRow,
    students: HashSet<String>,
    from: Option<Day>,
    /// `None`: some row says no end.
    to: Option<Day>,
}

struct Planner<'a> {
    plan: Plan,
    index: Index,
    columns: &'a Columns,
    groups: HashMap<&'a str, Group<'a>>,
    /// Row and name by which the file first used a number.
    numbers: HashMap<&'a str, (u32, &'a PersonRow)>,
    default_from: Day,
    today: Day,
}

/// Compares rows with the school. `broken` are the rows that could not be read.
pub fn plan(records: Records, columns: &Columns, rows: &[Row], broken: Vec<Vec<Issue>>, default_from: Day, today: Day) -> Plan {
    let index = Index::of(&records);
    let mut planner = Planner {
        plan: Plan { records, ..Plan::default() },
        index,
        columns,
        groups: groups(rows),
        numbers: HashMap::new(),
        default_from,
        today,
    };
    planner.plan.counts.failed = u32::try_from(broken.len()).unwrap_or(u32::MAX);
    planner.plan.issues = broken.into_iter().flatten().collect();
    // Teachers first: rows may name teachers that stand further down.
    let teaches = |row: &Row| row.person.as_ref().is_some_and(|person| person.role == PersonRole::Teacher);
    for row in rows.iter().filter(|row| teaches(row)).chain(rows.iter().filter(|row| !teaches(row))) {
        planner.row(row);
    }
    let mut plan = planner.plan;
    plan.issues.sort_by_key(|issue| issue.row);
    say_once(&mut plan.issues);
    plan
}

/// The same mistake again points to where it was first.
fn say_once(issues: &mut [Issue]) {
    let mut first = HashMap::<(String, Option<String>, String), u32>::new();
    for issue in issues.iter_mut().filter(|issue| !issue.content.is_empty() && issue.other_row.is_none()) {
        let key = (issue.code.clone(), issue.column.clone(), issue.content.clone());
        match first.get(&key) {
            Some(row) if *row != issue.row => {
                issue.hint = Some(format!("Wie Zeile {row}."));
                issue.other_row = Some(*row);
            }
            Some(_) => {}
            None => {
                first.insert(key, issue.row);
            }
        }
    }
}

fn groups(rows: &[Row]) -> HashMap<&str, Group<'_>> {
    let mut groups = HashMap::<&str, Group<'_>>::new();
    for row in rows {
        let Some(course) = &row.course else { continue };
        let group = groups.entry(&course.code).or_insert_with(|| Group {
            first: row.row,
            said: course,
            students: HashSet::new(),
            from: row.valid_from,
            to: row.valid_to,
        });
        group.from = group.from.zip(row.valid_from).map(|(one, other)| one.min(other)).or(group.from).or(row.valid_from);
        group.to = group.to.zip(row.valid_to).map(|(one, other)| one.max(other));
        if let Some(person) = row.person.as_ref().filter(|person| person.role == PersonRole::Student) {
            group.students.insert(person.number.clone().unwrap_or_else(|| person.name()));
        }
    }
    groups
}

/// Why a row stays outside: where, what stands there, what is wrong.
struct Refused {
    field: Option<Field>,
    content: String,
    wrong: Wrong,
    hint: Option<String>,
    other_row: Option<u32>,
}

impl Refused {
    fn new(field: Field, content: impl Into<String>, code: &'static str, message: &'static str) -> Self {
        Self { field: Some(field), content: content.into(), wrong: Wrong::new(code, message), hint: None, other_row: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl<'a> Planner<'a> {
    fn row(&mut self, row: &'a Row) {
        // Everything that can be wrong is found before anything is changed.
        let found = row.person.as_ref().map(|person| self.find_person(row.row, person)).transpose();
        let teacher = row.course.as_ref().map(|course| self.check_course(row.row, course)).transpose();
        let (found, teacher) = match (found, teacher) {
            (Ok(found), Ok(teacher)) => (found, teacher.flatten()),
            (found, teacher) => {
                self.plan.counts.failed += 1;
                for refused in found.err().into_iter().chain(teacher.err()) {
                    let mut issue = self.columns.issue(row.row, refused.field, &refused.content, refused.wrong);
                    issue.hint = refused.hint.or(issue.hint);
                    issue.other_row = refused.other_row;
                    self.plan.issues.push(issue);
                }
                return;
            }
        };
        let mut marks = BTreeSet::new();
        let student = row.person.as_ref().zip(found).map(|(person, found)| self.put_person(person, found, &mut marks));
        let course = row.course.as_ref().map(|course| self.put_course(course, teacher, &mut marks));
        let student = student.filter(|_| row.person.as_ref().is_some_and(|person| person.role == PersonRole::Student));
        if let Some((course, student)) = course.zip(student) {
            self.put_enrolment(row, course, student, &mut marks);
        }
        let counts = &mut self.plan.counts;
        let count = match (marks.contains(&"new"), marks.is_empty()) {
            (true, _) => &mut counts.new,
            (false, true) => &mut counts.same,
            (false, false) => &mut counts.changed,
        };
        *count += 1;
    }

    /// Who a row is about; `None`: somebody new.
    fn find_person(&mut self, number_of_row: u32, row: &'a PersonRow) -> Result<Option<usize>, Refused> {
        self.check_number(number_of_row, row)?;
        let people = &self.plan.records.people;
        let by_number = row.number.as_ref().and_then(|number| self.index.by_number.get(number)).copied();
        let found = match by_number {
            Some(at) => Some(at),
            None => self.find_by_name(row)?,
        };
        if found.is_none() && row.family_name.is_empty() {
            let number = row.number.clone().unwrap_or_default();
            return Err(Refused::new(
                Field::PersonNumber,
                number,
                "number_unknown",
                "Diese Nummer kennt Auftakt nicht, und ein Name fehlt.",
            ));
        }
        self.check_email(row, found)?;
        if let Some(at) = by_number.filter(|_| !row.family_name.is_empty()) {
            let known = &people[at].value.person;
            let differ = |one: &str, other: &str| folded(one) != folded(other);
            if differ(&known.family_name, &row.family_name) && differ(&known.given_name, &row.given_name) {
                let number = row.number.clone().unwrap_or_default();
                let hint = format!("In Auftakt: {}. Hier: {}.", listed(&known.family_name, &known.given_name), row.name());
                return Err(Refused::new(Field::PersonNumber, number, "number_of_other", "Diese Nummer gehört jemand anderem.").hint(hint));
            }
        }
        if let Some(number) = &row.number {
            self.numbers.entry(number).or_insert((number_of_row, row));
        }
        Ok(found)
    }

    fn check_number(&self, number_of_row: u32, row: &PersonRow) -> Result<(), Refused> {
        let Some(number) = &row.number else { return Ok(()) };
        let Some((other, said)) = self.numbers.get(number.as_str()) else { return Ok(()) };
        let same =
            row.family_name.is_empty() || name_key(&said.given_name, &said.family_name) == name_key(&row.given_name, &row.family_name);
        if same || *other == number_of_row {
            return Ok(());
        }
        let mut refused = Refused::new(Field::PersonNumber, number, "number_twice", "Diese Nummer steht schon in einer anderen Zeile.");
        refused.hint = Some(format!("Zeile {other}: {}. Hier: {}.", said.name(), row.name()));
        refused.other_row = Some(*other);
        Err(refused)
    }

    fn find_by_name(&self, row: &PersonRow) -> Result<Option<usize>, Refused> {
        let named = self.index.by_name.get(&name_key(&row.given_name, &row.family_name)).map_or(&[][..], Vec::as_slice);
        let fits = |at: &&usize| {
            let known = &self.plan.records.people[**at].value;
            // Whoever has another number or another birthday is somebody else; so is a teacher of a pupil's name.
            let number = known.person.number.is_none() || row.number.is_none();
            let born = known.person.born.zip(row.born).is_none_or(|(one, other)| one == other);
            number && born && (known.roles.is_empty() || known.roles.contains(&row.role))
        };
        let found: Vec<usize> = named.iter().filter(fits).copied().collect();
        match found[..] {
            [] => Ok(None),
            [at] => Ok(Some(at)),
            _ => Err(Refused::new(Field::FamilyName, row.name(), "name_ambiguous", "So heißen mehrere Personen.")
                .hint("Mit der Personen-Nummer oder dem Geburtsdatum ist klar, wer gemeint ist.")),
        }
    }

    fn owns_address(&self, row: &PersonRow) -> bool {
        let adult = |born: Day| {
            let birthday_passed = (self.today.0.month(), self.today.0.day()) >= (born.0.month(), born.0.day());
            self.today.0.year() - born.0.year() - i32::from(!birthday_passed) >= ADULT_YEARS
        };
        row.role != PersonRole::Student || row.born.is_some_and(adult)
    }

    /// An address that one person signs in with cannot be another's own.
    fn check_email(&self, row: &PersonRow, found: Option<usize>) -> Result<(), Refused> {
        let Some(email) = &row.email else { return Ok(()) };
        let owner = self.index.by_email.get(email).copied();
        let protected = found.is_some_and(|at| self.plan.records.people[at].value.roles.contains(&PersonRole::Operator));
        if protected && self.owns_address(row) && owner != found {
            return Err(Refused::new(Field::Email, email, "account_protected", "Die Adresse dieser Person ändert nur die IT."));
        }
        if let Some(owner) = owner.filter(|owner| Some(*owner) != found && row.role != PersonRole::Student) {
            let known = &self.plan.records.people[owner].value.person;
            let hint = format!("In Auftakt: {}.", listed(&known.family_name, &known.given_name));
            return Err(Refused::new(Field::Email, email, "email_taken", "Mit dieser Adresse meldet sich schon jemand an.").hint(hint));
        }
        Ok(())
    }

    /// That a course can be as this row says; its teacher, if it says one.
    fn check_course(&self, number_of_row: u32, row: &CourseRow) -> Result<Option<usize>, Refused> {
        let known = self.index.by_code.contains_key(&row.code);
        if let Some(group) = self.groups.get(row.code.as_str()).filter(|group| group.first != number_of_row) {
            let clash = |one: &Option<i64>, other: &Option<i64>| one.zip(*other).is_some_and(|(one, other)| one != other);
            let said = group.said;
            let field = [
                (clash(&said.weekday, &row.weekday), Field::Weekday),
                (clash(&said.start, &row.start), Field::Start),
                (clash(&said.duration, &row.duration), Field::Duration),
                (said.teacher.as_ref().zip(row.teacher.as_ref()).is_some_and(|(one, other)| one != other), Field::Teacher),
            ];
            if let Some((_, field)) = field.into_iter().find(|(clashes, _)| *clashes) {
                let message = "Eine andere Zeile sagt über diese Veranstaltung etwas anderes.";
                let mut refused = Refused::new(field, &row.code, "course_conflict", message);
                refused.hint = Some(format!("Siehe Zeile {}.", group.first));
                refused.other_row = Some(group.first);
                return Err(refused);
            }
        }
        let complete = row.weekday.is_some() && row.start.is_some() && row.duration.is_some();
        if !known && !complete {
            let message = "Diese Veranstaltung ist neu: Wochentag, Beginn und Dauer fehlen.";
            return Err(Refused::new(Field::Course, &row.code, "course_incomplete", message));
        }
        row.teacher.as_ref().map(|teacher| self.find_teacher(teacher)).transpose()
    }

    fn find_teacher(&self, said: &str) -> Result<usize, Refused> {
        let people = &self.plan.records.people;
        let teaches = |at: &usize| {
            let known = &people[*at].value;
            known.roles.contains(&PersonRole::Teacher) && known.person.archived_at.is_none()
        };
        if let Some(at) = self.index.by_number.get(said).copied().filter(teaches) {
            return Ok(at);
        }
        let (given, family) = super::value::full_name(said);
        let key = name_key(&given, &family);
        let named = self.index.by_name.get(&key).map_or(&[][..], Vec::as_slice);
        let found: Vec<usize> = named.iter().copied().filter(teaches).collect();
        match found[..] {
            [at] => return Ok(at),
            [_, _, ..] => return Err(Refused::new(Field::Teacher, said, "teacher_ambiguous", "So heißen mehrere Lehrkräfte.")),
            [] => {}
        }
        let teachers = (0..people.len()).filter(teaches).map(|at| &people[at].value.person);
        let scored = teachers.map(|known| (distance(&name_key(&known.given_name, &known.family_name), &key), known));
        let near = scored.filter(|(far, _)| *far <= 1 + key.chars().count() / 6).min_by_key(|(far, _)| *far);
        let mut refused = Refused::new(Field::Teacher, said, "teacher_unknown", "Diese Lehrkraft kennt Auftakt nicht.");
        if let Some((_, near)) = near {
            let name = listed(&near.family_name, &near.given_name);
            refused.hint = Some(format!("Ähnlich: {name}."));
            refused.wrong.suggestion = Some(name);
        }
        Err(refused)
    }

    fn put_person(&mut self, row: &PersonRow, found: Option<usize>, marks: &mut BTreeSet<&'static str>) -> usize {
        let at = match found {
            Some(at) => at,
            None => {
                self.plan.counts.people_added += 1;
                marks.insert("new");
                self.add_person(&row.given_name, &row.family_name, row.role)
            }
        };
        let entry = &mut self.plan.records.people[at];
        let mut somebody = entry.value.clone();
        let person = &mut somebody.person;
        if !row.family_name.is_empty() {
            person.family_name.clone_from(&row.family_name);
        }
        if !row.given_name.is_empty() {
            person.given_name.clone_from(&row.given_name);
        }
        person.number = row.number.clone().or(person.number.take());
        person.born = row.born.or(person.born);
        person.archived_at = None;
        if !somebody.roles.contains(&row.role) {
            somebody.roles.push(row.role);
        }
        let before = entry.value.clone();
        entry.put(somebody);
        if entry.value != before {
            marks.insert("changed");
            self.index.add_person(&entry.value.clone(), at);
        }
        if let Some(email) = &row.email {
            let own = self.owns_address(row) && self.index.by_email.get(email).is_none_or(|owner| *owner == at);
            if own { self.put_own_address(at, email, marks) } else { self.put_family(at, email, marks) }
        }
        at
    }

    fn add_person(&mut self, given: &str, family: &str, role: PersonRole) -> usize {
        let person = Person {
            id: PersonId::new(),
            number: None,
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            born: None,
            language: Language::German,
            archived_at: None,
        };
        let at = self.plan.records.people.len();
        let somebody = Somebody { person, roles: vec![role], email: None };
        self.index.add_person(&somebody, at);
        self.plan.records.people.push(Entry { value: somebody, mark: Mark::New });
        at
    }

    fn put_own_address(&mut self, at: usize, email: &str, marks: &mut BTreeSet<&'static str>) {
        let entry = &mut self.plan.records.people[at];
        let before = entry.value.email.clone();
        if before.as_deref() == Some(email) {
            return;
        }
        if let Some(before) = before {
            self.index.by_email.remove(&before);
            self.plan.records.readdressed.push(entry.value.person.id.clone());
        }
        entry.put(Somebody { email: Some(email.to_owned()), ..entry.value.clone() });
        self.index.by_email.insert(email.to_owned(), at);
        marks.insert("changed");
    }

    /// The family of a student at an address: who is there already, or the student's family with another address, or somebody new.
    fn put_family(&mut self, student: usize, email: &str, marks: &mut BTreeSet<&'static str>) {
        let child = self.plan.records.people[student].value.person.clone();
        let guardian = match self.index.by_email.get(email).copied() {
            Some(at) if at == student => return,
            Some(at) => at,
            None => match self.family_to_readdress(&child.id) {
                Some(at) => {
                    self.put_own_address(at, email, marks);
                    at
                }
                None => {
                    self.plan.counts.families_added += 1;
                    marks.insert("new");
                    let at = self.add_person(FAMILY, &child.family_name, PersonRole::Guardian);
                    self.put_own_address(at, email, marks);
                    at
                }
            },
        };
        let entry = &mut self.plan.records.people[guardian];
        if !entry.value.roles.contains(&PersonRole::Guardian) {
            let mut somebody = entry.value.clone();
            somebody.roles.push(PersonRole::Guardian);
            entry.put(somebody);
            marks.insert("changed");
        }
        let guardian = entry.value.person.id.clone();
        let linked = self.index.guardians.entry(child.id.clone()).or_default();
        if !linked.contains(&guardian) {
            linked.push(guardian.clone());
            self.plan.records.guardians.push(Entry { value: (guardian, child.id), mark: Mark::New });
            marks.insert("changed");
        }
    }

    /// The one guardian that an import made, if the address of this child is the only reason it has another one now: a wrong address must not
    /// keep seeing what the right one sees. Brothers and sisters who are to stay with the old one keep it.
    fn family_to_readdress(&self, child: &PersonId) -> Option<usize> {
        let guardians = self.index.guardians.get(child)?;
        let [only] = guardians.as_slice() else { return None };
        let at = *self.index.by_id.get(only)?;
        let entry = &self.plan.records.people[at];
        let made_here = entry.value.person.given_name == FAMILY && entry.value.roles == [PersonRole::Guardian];
        let children = self.index.guardians.values().filter(|guardians| guardians.contains(only)).count();
        (made_here && children == 1 && entry.mark == Mark::Kept).then_some(at)
    }

    fn put_course(&mut self, row: &CourseRow, teacher: Option<usize>, marks: &mut BTreeSet<&'static str>) -> usize {
        let teacher = teacher.map(|at| self.plan.records.people[at].value.person.id.clone());
        let group = &self.groups[row.code.as_str()];
        let (students, from, to) = (group.students.len(), group.from, group.to);
        let Some(at) = self.index.by_code.get(&row.code).copied() else {
            let course = new_course(row, teacher, students, from.unwrap_or(self.default_from), to);
            let at = self.plan.records.courses.len();
            self.index.by_code.insert(row.code.clone(), at);
            self.plan.records.courses.push(Entry { value: course, mark: Mark::New });
            self.plan.counts.courses_added += 1;
            marks.insert("new");
            return at;
        };
        let entry = &mut self.plan.records.courses[at];
        let mut course = entry.value.clone();
        let replace = |text: &mut String, said: &Option<String>| said.iter().for_each(|said| text.clone_from(said));
        replace(&mut course.name, &row.name);
        replace(&mut course.subject, &row.subject);
        replace(&mut course.place, &row.place);
        course.kind = row.kind.unwrap_or(course.kind);
        course.teacher_id = teacher.or(course.teacher_id.take());
        course.weekday = row.weekday.unwrap_or(course.weekday);
        course.start_minute = row.start.unwrap_or(course.start_minute);
        course.duration_minutes = row.duration.unwrap_or(course.duration_minutes);
        course.archived_at = None;
        if self.columns.has(Field::ValidFrom) {
            course.valid_from = from.map_or(course.valid_from, |from| from.min(course.valid_from));
        }
        if self.columns.has(Field::ValidTo) {
            // A lesson of one ends with the one; a group only becomes longer.
            let longer = course.valid_to.zip(to).map(|(one, other)| one.max(other));
            course.valid_to = if course.kind == CourseKind::Single { to } else { longer };
        }
        if entry.value != course {
            entry.put(course);
            marks.insert("changed");
        }
        at
    }

    fn put_enrolment(&mut self, row: &Row, course: usize, student: usize, marks: &mut BTreeSet<&'static str>) {
        let course = &self.plan.records.courses[course].value;
        let student = self.plan.records.people[student].value.person.id.clone();
        let key = (course.id.clone(), student.clone());
        let (from, to) = (row.valid_from.unwrap_or(self.default_from.max(course.valid_from)), row.valid_to);
        let enrolments = &mut self.plan.records.enrolments;
        let known = self.index.enrolled.entry(key).or_default();
        let overlaps = |at: &usize| {
            let one = &enrolments[*at].value;
            one.valid_to.is_none_or(|last| last >= from) && to.is_none_or(|last| last >= one.valid_from)
        };
        let exact = known.iter().copied().find(|at| enrolments[*at].value.valid_from == from);
        if let Some(at) = exact.or_else(|| known.iter().copied().find(overlaps)) {
            let entry = &mut enrolments[at];
            let mut enrolment = entry.value.clone();
            enrolment.valid_from = row.valid_from.unwrap_or(enrolment.valid_from);
            if self.columns.has(Field::ValidTo) {
                enrolment.valid_to = to;
            }
            if entry.value != enrolment {
                entry.put(enrolment);
                marks.insert("changed");
            }
            return;
        }
        known.push(enrolments.len());
        let value = Enrolment { id: EnrolmentId::new(), course_id: course.id.clone(), student_id: student, valid_from: from, valid_to: to };
        enrolments.push(Entry { value, mark: Mark::New });
        self.plan.counts.enrolments_added += 1;
        marks.insert("new");
    }
}

fn new_course(row: &CourseRow, teacher: Option<PersonId>, students: usize, from: Day, to: Option<Day>) -> Course {
    let id = CourseId::new();
    let by_size = match students {
        0 | 1 => CourseKind::Single,
        2 => CourseKind::Partner,
        _ => CourseKind::Group,
    };
    let place = row.place.clone().unwrap_or_default();
    Course {
        code: Some(row.code.clone()),
        name: row.name.clone().or_else(|| row.subject.clone()).unwrap_or_else(|| row.code.clone()),
        subject: row.subject.clone().unwrap_or_default(),
        kind: row.kind.unwrap_or(by_size),
        teacher_id: teacher,
        weekday: row.weekday.unwrap_or(1),
        start_minute: row.start.unwrap_or_default(),
        duration_minutes: row.duration.unwrap_or(30),
        online: Flag(folded(&place) == "online"),
        place,
        valid_from: from,
        valid_to: to,
        // Nothing of people, and nothing that another room may be called.
        room: format!("Raum {}", id.as_str()),
        id,
        archived_at: None::<Moment>,
    }
}
