//! Small records for tests.

use crate::store::courses::{self, Course, CourseKind};
use crate::store::people::{self, Language, Person, PersonRole};
use crate::store::{Connection, CourseId, Day, Flag, PersonId};

pub fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

/// Somebody new.
pub async fn person(db: &mut Connection, given: &str, family: &str, role: PersonRole) -> PersonId {
    let person = Person {
        id: PersonId::new(),
        number: None,
        given_name: given.into(),
        family_name: family.into(),
        born: None,
        language: Language::German,
        archived_at: None,
    };
    people::insert(db, &person).await.expect("a new person");
    people::set_roles(db, &person.id, &[role]).await.expect("a role");
    person.id
}

/// Mondays at four, for 45 minutes, from September 2026 to January 2027.
pub fn mondays(teacher: Option<PersonId>) -> Course {
    Course {
        id: CourseId::new(),
        code: None,
        name: "Violine".into(),
        subject: "Violine".into(),
        kind: CourseKind::Single,
        teacher_id: teacher,
        weekday: 1,
        start_minute: 960,
        duration_minutes: 45,
        place: "Raum 12".into(),
        online: Flag(false),
        valid_from: day("2026-09-01"),
        valid_to: Some(day("2027-01-31")),
        room: format!("Violine {}", CourseId::new()),
        archived_at: None,
    }
}

/// A teacher with a course.
pub async fn course(db: &mut Connection) -> (PersonId, Course) {
    let teacher = person(db, "Anna", "Berger", PersonRole::Teacher).await;
    let course = mondays(Some(teacher.clone()));
    courses::insert(db, &course).await.expect("a new course");
    (teacher, course)
}
