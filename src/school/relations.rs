//! How somebody stands to a course or one of its dates: the one place that says what "taught" and "attended" mean.

use super::permit::{Relation, Relations};
use super::timetable::shifted;
use crate::store::agenda::{self, CourseRow, Enrolled, Scope};
use crate::store::courses::{self, Course};
use crate::store::people::Person;
use crate::store::{Connection, Day, PersonId, Result, dates, people};
use std::collections::BTreeSet;

/// A substitute has the course's people, files and messages for so many days before and after the date that is theirs: to prepare, and to note
/// what was.
pub const SUBSTITUTE_DAYS: i64 = 14;

/// Somebody and their children.
#[derive(Clone, Debug)]
pub struct Family {
    pub me: PersonId,
    pub children: BTreeSet<PersonId>,
}

impl Family {
    /// Somebody's, as the records have it.
    pub async fn of(db: &mut Connection, me: &PersonId) -> Result<Self> {
        let children: Vec<Person> = people::children(db, me).await?;
        Ok(Self { me: me.clone(), children: children.into_iter().map(|child| child.id).collect() })
    }

    /// Somebody without regard to children.
    pub fn alone(me: &PersonId) -> Self {
        Self { me: me.clone(), children: BTreeSet::new() }
    }

    /// Whether this is one of them.
    pub fn has(&self, person: &PersonId) -> bool {
        self.me == *person || self.children.contains(person)
    }

    /// How they stand to one date: its students are those who are in the course on that day.
    pub fn to_date<'a>(
        &self,
        course: &Course,
        substitute: Option<&PersonId>,
        students: impl IntoIterator<Item = &'a Enrolled>,
    ) -> Relations {
        let mine = |person: Option<&PersonId>| person == Some(&self.me);
        let taught = mine(course.teacher_id.as_ref()) || mine(substitute);
        let attended = students.into_iter().any(|student| self.has(&student.student_id));
        Relations::NONE.with(Relation::Taught, taught).with(Relation::Attended, attended)
    }
}

/// How somebody stands to a course as it is on a day: a substitute while one of their dates is near.
pub async fn to_course(db: &mut Connection, me: &PersonId, course: &Course, today: Day) -> Result<Relations> {
    within(db, me, course, today, SUBSTITUTE_DAYS).await
}

/// How somebody stands to the online room of a course: a substitute on the day of their date and beside it.
pub async fn to_room(db: &mut Connection, me: &PersonId, course: &Course, today: Day) -> Result<Relations> {
    within(db, me, course, today, 1).await
}

/// The same for all of somebody's courses at once.
pub async fn to_courses(db: &mut Connection, me: &PersonId, rows: &[CourseRow], today: Day) -> Result<Vec<Relations>> {
    let family = Family::of(db, me).await?;
    let enrolled = agenda::enrolled(db, &Scope::Person(me.clone()), today).await?;
    let (from, to) = (shifted(today, -SUBSTITUTE_DAYS), shifted(today, SUBSTITUTE_DAYS));
    let substituted = agenda::substituted(db, me, from, to).await?;
    let relations = |row: &CourseRow| {
        let substitute = substituted.contains(&row.course.id).then_some(me);
        family.to_date(&row.course, substitute, enrolled.iter().filter(|one| one.course_id == row.course.id))
    };
    Ok(rows.iter().map(relations).collect())
}

async fn within(db: &mut Connection, me: &PersonId, course: &Course, today: Day, days: i64) -> Result<Relations> {
    let taught = course.teacher_id.as_ref() == Some(me)
        || dates::substitutes(db, me, &course.id, shifted(today, -days), shifted(today, days)).await?;
    let attended = courses::attends(db, me, &course.id, today).await?;
    Ok(Relations::NONE.with(Relation::Taught, taught).with(Relation::Attended, attended))
}
