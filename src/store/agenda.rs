//! What a span of days needs to know, for one person, one course or the whole school: a few queries for all of its courses.

use super::courses::{Course, Holiday};
use super::dates::LessonDate;
use super::people::Language;
use super::{Connection, CourseId, Day, EnrolmentId, PersonId, Result, like};
use sqlx::FromRow;

/// Whose courses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    School,
    Course(CourseId),
    /// What somebody teaches, stands in for, or is in; and what their children are in.
    Person(PersonId),
}

impl Scope {
    pub fn value(&self) -> String {
        match self {
            Self::School => String::new(),
            Self::Course(id) => id.to_string(),
            Self::Person(id) => id.to_string(),
        }
    }
}

/// A query about the courses in scope, which is `$1`. Every text is whole when the program is built.
macro_rules! scoped {
    ($scope:expr, $before:literal, $course:literal, $after:literal) => {
        sqlx::query_as(match $scope {
            Scope::School => concat!($before, " '' = $1 ", $after),
            Scope::Course(_) => concat!($before, " ", $course, " = $1 ", $after),
            Scope::Person(_) => concat!(
                $before,
                " ",
                $course,
                " IN (SELECT id FROM courses WHERE teacher_id = $1 \
                 UNION SELECT course_id FROM enrolments WHERE student_id = $1 \
                 UNION SELECT m.course_id FROM guardians g JOIN enrolments m ON m.student_id = g.student_id WHERE g.guardian_id = $1 \
                 UNION SELECT course_id FROM lesson_dates WHERE substitute_id = $1) ",
                $after
            ),
        })
        .bind($scope.value())
    };
}

pub(crate) use scoped;

/// A course with the name of who teaches it.
#[derive(Clone, Debug, FromRow)]
pub struct CourseRow {
    #[sqlx(flatten)]
    pub course: Course,
    teacher_given: Option<String>,
    teacher_family: Option<String>,
}

impl CourseRow {
    pub fn teacher_name(&self) -> Option<String> {
        full_name(self.teacher_given.as_deref(), self.teacher_family.as_deref())
    }
}

/// What was said of a date, with the name of who stands in.
#[derive(Clone, Debug, FromRow)]
pub struct SaidRow {
    #[sqlx(flatten)]
    pub date: LessonDate,
    substitute_given: Option<String>,
    substitute_family: Option<String>,
}

impl SaidRow {
    pub fn substitute_name(&self) -> Option<String> {
        full_name(self.substitute_given.as_deref(), self.substitute_family.as_deref())
    }
}

/// Somebody in a course, by name.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Enrolled {
    pub course_id: CourseId,
    pub student_id: PersonId,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    pub given_name: String,
    pub family_name: String,
}

impl Enrolled {
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    /// Whether they are in the course on a day.
    pub fn on(&self, day: Day) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

fn full_name(given: Option<&str>, family: Option<&str>) -> Option<String> {
    Some(format!("{} {}", given?, family?).trim().to_owned())
}

/// The courses in scope, archived ones too: their dates were.
pub async fn courses(db: &mut Connection, scope: &Scope) -> Result<Vec<CourseRow>> {
    let query = scoped!(
        scope,
        "SELECT c.id, c.code, c.name, c.subject, c.kind, c.teacher_id, c.weekday, c.start_minute, c.duration_minutes, c.place, c.online, \
         c.valid_from, c.valid_to, c.room, c.archived_at, t.given_name AS teacher_given, t.family_name AS teacher_family \
         FROM courses c LEFT JOIN persons t ON t.id = c.teacher_id WHERE",
        "c.id",
        "ORDER BY c.name, c.id"
    );
    Ok(query.fetch_all(db).await?)
}

/// What was said of dates that are planned in these days or moved into them.
pub async fn said(db: &mut Connection, scope: &Scope, from: Day, to: Day) -> Result<Vec<SaidRow>> {
    // Two halves, each of which finds its rows by an index.
    let query = scoped!(
        scope,
        "SELECT d.course_id, d.day, d.status, d.category_id, d.moved_day, d.moved_minute, d.substitute_id, d.online, d.given_minutes, d.note, \
         d.version, d.finalised_at, d.finalised_by, s.given_name AS substitute_given, s.family_name AS substitute_family \
         FROM lesson_dates d LEFT JOIN persons s ON s.id = d.substitute_id WHERE",
        "d.course_id",
        "AND ((d.day >= $2 AND d.day <= $3) OR (d.moved_day >= $2 AND d.moved_day <= $3)) ORDER BY d.course_id, d.day"
    );
    Ok(query.bind(from).bind(to).fetch_all(db).await?)
}

/// Who is in the courses in scope at some time from a day on.
pub async fn enrolled(db: &mut Connection, scope: &Scope, from: Day) -> Result<Vec<Enrolled>> {
    let query = scoped!(
        scope,
        "SELECT e.course_id, e.student_id, e.valid_from, e.valid_to, p.given_name, p.family_name \
         FROM enrolments e JOIN persons p ON p.id = e.student_id WHERE",
        "e.course_id",
        "AND (e.valid_to IS NULL OR e.valid_to >= $2) ORDER BY p.given_name, p.family_name, p.id"
    );
    Ok(query.bind(from).fetch_all(db).await?)
}

/// Who is guardian of whom, of those in the courses in scope: guardian first.
pub async fn guardians(db: &mut Connection, scope: &Scope) -> Result<Vec<(PersonId, PersonId)>> {
    let query = scoped!(
        scope,
        "SELECT g.guardian_id, g.student_id FROM guardians g WHERE g.student_id IN (SELECT e.student_id FROM enrolments e WHERE",
        "e.course_id",
        ") ORDER BY g.guardian_id, g.student_id"
    );
    Ok(query.fetch_all(db).await?)
}

/// When the school is closed in these days.
pub async fn holidays(db: &mut Connection, from: Day, to: Day) -> Result<Vec<Holiday>> {
    let query = "SELECT id, name, first_day, last_day FROM holidays WHERE first_day <= $2 AND last_day >= $1 ORDER BY first_day, id";
    Ok(sqlx::query_as(query).bind(from).bind(to).fetch_all(db).await?)
}

/// Somebody who is told by mail.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct Recipient {
    pub person_id: PersonId,
    /// Of the account.
    pub email: String,
    pub language: Language,
    /// First name of the student it is about; empty when it is about none.
    pub child: String,
}

/// The families of those who are in a course on a day: students and guardians who have an account.
pub async fn families(db: &mut Connection, course: &CourseId, day: Day) -> Result<Vec<Recipient>> {
    let query = "SELECT p.id AS person_id, a.email, p.language, s.given_name AS child FROM enrolments e \
                 JOIN persons s ON s.id = e.student_id \
                 JOIN persons p ON p.id = s.id OR p.id IN (SELECT g.guardian_id FROM guardians g WHERE g.student_id = s.id) \
                 JOIN accounts a ON a.person_id = p.id \
                 WHERE e.course_id = $1 AND e.valid_from <= $2 AND (e.valid_to IS NULL OR e.valid_to >= $2) \
                 AND a.disabled_at IS NULL AND p.archived_at IS NULL ORDER BY s.given_name, p.id";
    Ok(sqlx::query_as(query).bind(course).bind(day).fetch_all(db).await?)
}

/// Somebody who has an account.
pub async fn recipient(db: &mut Connection, person: &PersonId) -> Result<Option<Recipient>> {
    let query = "SELECT p.id AS person_id, a.email, p.language, '' AS child FROM persons p JOIN accounts a ON a.person_id = p.id \
                 WHERE p.id = $1 AND a.disabled_at IS NULL AND p.archived_at IS NULL";
    Ok(sqlx::query_as(query).bind(person).fetch_optional(db).await?)
}

/// Of the whole school, by name.
pub async fn search_courses(db: &mut Connection, words: &str, archived: bool, limit: i64, offset: i64) -> Result<Vec<CourseRow>> {
    let query = "SELECT c.id, c.code, c.name, c.subject, c.kind, c.teacher_id, c.weekday, c.start_minute, c.duration_minutes, c.place, c.online, \
                 c.valid_from, c.valid_to, c.room, c.archived_at, t.given_name AS teacher_given, t.family_name AS teacher_family \
                 FROM courses c LEFT JOIN persons t ON t.id = c.teacher_id \
                 WHERE c.folded LIKE $1 ESCAPE '\\' AND ($2 = 1 OR c.archived_at IS NULL) ORDER BY c.name, c.id LIMIT $3 OFFSET $4";
    let query = sqlx::query_as(query).bind(like(words)).bind(i64::from(archived));
    Ok(query.bind(limit).bind(offset).fetch_all(db).await?)
}

/// An enrolment with the student's name.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct EnrolmentRow {
    pub id: EnrolmentId,
    pub student_id: PersonId,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    given_name: String,
    family_name: String,
}

impl EnrolmentRow {
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }
}

/// Everybody who is, was or will be in a course, by name.
pub async fn enrolments(db: &mut Connection, course: &CourseId) -> Result<Vec<EnrolmentRow>> {
    let query = "SELECT e.id, e.student_id, e.valid_from, e.valid_to, p.given_name, p.family_name \
                 FROM enrolments e JOIN persons p ON p.id = e.student_id WHERE e.course_id = $1 ORDER BY p.given_name, p.family_name, e.valid_from, e.id";
    Ok(sqlx::query_as(query).bind(course).fetch_all(db).await?)
}

/// The courses in which somebody stands in on a date in these days.
pub async fn substituted(db: &mut Connection, person: &PersonId, from: Day, to: Day) -> Result<Vec<CourseId>> {
    let query = "SELECT DISTINCT course_id FROM lesson_dates WHERE substitute_id = $1 \
                 AND ((day >= $2 AND day <= $3) OR (moved_day >= $2 AND moved_day <= $3)) ORDER BY course_id";
    Ok(sqlx::query_scalar(query).bind(person).bind(from).bind(to).fetch_all(db).await?)
}

/// The school in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Who is here.
    pub people: i64,
    /// Courses that have not ended.
    pub courses: i64,
    /// Mails that could not be sent so far.
    pub mails_with_problem: i64,
}

/// Counts them.
pub async fn counts(db: &mut Connection) -> Result<Counts> {
    let query = "SELECT (SELECT count(*) FROM persons WHERE archived_at IS NULL) AS people, \
                 (SELECT count(*) FROM courses WHERE archived_at IS NULL) AS courses, \
                 (SELECT count(*) FROM mails WHERE problem IS NOT NULL) AS mails_with_problem";
    Ok(sqlx::query_as(query).fetch_one(db).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::school::samples::{self, day, mondays};
    use crate::store::conferences::{self, Conference};
    use crate::store::courses::{self, Enrolment};
    use crate::store::dates::{self, Attendance, Presence, Status};
    use crate::store::people::PersonRole::{Guardian, Student, Teacher};
    use crate::store::{ConferenceId, Flag, Moment, accounts, conformance, people};

    async fn enrol(db: &mut Connection, course: &CourseId, student: &PersonId) {
        let (valid_from, valid_to) = (day("2026-09-01"), Some(day("2026-12-31")));
        let enrolment = Enrolment { id: EnrolmentId::new(), course_id: course.clone(), student_id: student.clone(), valid_from, valid_to };
        courses::enrol(db, &enrolment).await.expect("enrolled");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_scope_has_what_somebody_teaches_stands_in_for_and_has_through_children() {
        for store in conformance::databases().await.all {
            let mut db = store.write().await.expect("a transaction");
            let (teacher, course) = samples::course(&mut db).await;
            let substitute = samples::person(&mut db, "Tom", "Okafor", Teacher).await;
            let (mia, mother) = (samples::person(&mut db, "Mia", "W", Student).await, samples::person(&mut db, "Ewa", "W", Guardian).await);
            people::add_guardian(&mut db, &mother, &mia).await.expect("a guardian");
            accounts::put(&mut db, &mother, "ewa@example.org").await.expect("an account");
            enrol(&mut db, &course.id, &mia).await;
            courses::insert(&mut db, &mondays(None)).await.expect("another course");
            let mut date = LessonDate::planned(course.id.clone(), day("2026-10-12"));
            (date.status, date.moved_day, date.moved_minute) = (Status::Moved, Some(day("2026-11-20")), Some(600));
            date.substitute_id = Some(substitute.clone());
            assert!(dates::put(&mut db, &date).await.expect("written"));
            assert!(!dates::put(&mut db, &date).await.expect("asked"), "somebody was faster");
            let stay = Presence { course_id: course.id.clone(), person_id: mia.clone(), from_at: Moment(10), to_at: Moment(20) };
            dates::add_presence(&mut db, &stay).await.expect("written");
            let there = Attendance {
                course_id: course.id.clone(),
                day: date.day,
                student_id: Some(mia.clone()),
                present: Flag(true),
                excused: Flag(false),
                from_at: None,
                to_at: None,
            };
            dates::put_attendance(&mut db, &there).await.expect("written");
            db.commit().await.expect("written");

            let mut db = store.read().await.expect("a connection");
            for who in [&teacher, &substitute, &mia, &mother] {
                let scope = Scope::Person(who.clone());
                let found = courses(&mut db, &scope).await.expect("courses");
                assert_eq!(found.iter().map(|row| &row.course.id).collect::<Vec<_>>(), [&course.id]);
                assert_eq!(found[0].teacher_name().as_deref(), Some("Anna Berger"));
            }
            assert_eq!(courses(&mut db, &Scope::School).await.expect("courses").len(), 2);
            assert_eq!(search_courses(&mut db, "violine", false, 10, 1).await.expect("a page").len(), 1);
            let scope = Scope::Course(course.id.clone());
            let in_november = said(&mut db, &scope, day("2026-11-01"), day("2026-11-30")).await.expect("dates");
            assert_eq!(in_november.len(), 1, "moved into these days");
            assert_eq!(in_november[0].substitute_name().as_deref(), Some("Tom Okafor"));
            assert!(said(&mut db, &scope, day("2026-10-13"), day("2026-10-31")).await.expect("dates").is_empty());
            assert_eq!(enrolled(&mut db, &scope, day("2026-12-31")).await.expect("people").len(), 1);
            assert!(enrolled(&mut db, &scope, day("2027-01-01")).await.expect("people").is_empty());
            assert_eq!(guardians(&mut db, &scope).await.expect("pairs"), [(mother.clone(), mia.clone())]);
            let told = families(&mut db, &course.id, date.day).await.expect("families");
            assert_eq!(told.iter().map(|one| (one.email.as_str(), one.child.as_str())).collect::<Vec<_>>(), [("ewa@example.org", "Mia")]);
            assert!(families(&mut db, &course.id, day("2027-01-04")).await.expect("families").is_empty());
            assert_eq!(substituted(&mut db, &substitute, date.day, date.day).await.expect("courses"), [course.id.clone()]);
            assert!(dates::substitutes(&mut db, &substitute, &course.id, day("2026-11-20"), day("2026-11-21")).await.expect("asked"));
            assert_eq!(dates::presence_in(&mut db, &scope, Moment(0), Moment(11)).await.expect("stays"), [stay.clone()]);
            assert!(dates::presence_in(&mut db, &scope, Moment(20), Moment(30)).await.expect("stays").is_empty());
            assert_eq!(dates::attendance_in(&mut db, &Scope::School, date.day, date.day).await.expect("rows"), [there.clone()]);
            assert_eq!(counts(&mut db).await.expect("numbers"), Counts { people: 4, courses: 2, mails_with_problem: 0 });
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stay_that_is_written_again_is_the_same_and_longer() {
        for store in conformance::databases().await.all {
            let mut db = store.write().await.expect("a transaction");
            let (teacher, course) = samples::course(&mut db).await;
            let id = crate::store::PresenceId::new();
            for (room, to) in [(course.room.as_str(), 20), (course.room.as_str(), 50), ("nowhere", 60)] {
                dates::extend_presence(&mut db, &id, room, &teacher, Moment(10), Moment(to)).await.expect("written");
            }
            let stays = dates::presence(&mut db, &course.id, Moment(0), Moment(100)).await.expect("stays");
            assert_eq!(stays.iter().map(|stay| (stay.from_at, stay.to_at)).collect::<Vec<_>>(), [(Moment(10), Moment(50))]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_conference_changes_for_whoever_saw_it_as_it_is() {
        for store in conformance::databases().await.all {
            let mut db = store.write().await.expect("a transaction");
            let (head, guest) = (samples::person(&mut db, "H", "L", Teacher).await, samples::person(&mut db, "T", "O", Teacher).await);
            let conference = Conference {
                id: ConferenceId::new(),
                title: "Gesamtkonferenz".into(),
                agenda: String::new(),
                starts_at: Moment(1000),
                duration_minutes: 60,
                room: "Gesamtkonferenz".into(),
                moderator_id: Some(head.clone()),
                sequence: 0,
                cancelled_at: None,
            };
            conferences::insert(&mut db, &conference).await.expect("scheduled");
            conferences::set_invitees(&mut db, &conference.id, std::slice::from_ref(&guest)).await.expect("invited");
            assert!(conferences::update(&mut db, &conference).await.expect("changed"));
            assert!(!conferences::update(&mut db, &conference).await.expect("asked"), "somebody was faster");
            for person in [&head, &guest] {
                let found = conferences::of(&mut db, person, Moment(0), Moment(1000), 10).await.expect("a list");
                assert_eq!(found.iter().map(|one| one.sequence).collect::<Vec<_>>(), [1]);
            }
            assert!(conferences::of(&mut db, &guest, Moment(1001), Moment(2000), 10).await.expect("a list").is_empty());
            assert!(conferences::is_invited(&mut db, &conference.id, &guest).await.expect("asked"));
            assert!(!conferences::is_invited(&mut db, &conference.id, &head).await.expect("asked"));
        }
    }
}
