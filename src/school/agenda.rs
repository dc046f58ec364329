//! The lesson dates of a span of days with everything that is known of each, from one round of queries.

use super::permit::Relations;
use super::relations::Family;
use super::timetable::{Occurrence, occurrences, shifted};
use crate::store::agenda::{self, CourseRow, Enrolled, SaidRow, Scope};
use crate::store::courses::Holiday;
use crate::store::dates::{self, Category, LessonDate};
use crate::store::{CategoryId, Connection, CourseId, Day, PersonId, Result};
use std::collections::BTreeMap;

/// What was read.
pub struct Agenda {
    pub family: Family,
    pub categories: BTreeMap<CategoryId, Category>,
    courses: Vec<CourseRow>,
    said: BTreeMap<CourseId, Vec<SaidRow>>,
    enrolled: BTreeMap<CourseId, Vec<Enrolled>>,
    holidays: Vec<Holiday>,
    from: Day,
    to: Day,
}

/// One date.
pub struct Entry<'a> {
    pub course: &'a CourseRow,
    pub at: Occurrence,
    /// The name of who stands in.
    pub substitute: Option<String>,
    /// Who is in the course on that day, by name.
    pub students: Vec<&'a Enrolled>,
    /// How whoever asks stands to it.
    pub relations: Relations,
}

impl Entry<'_> {
    /// Whether it is somebody's, or one of their children's, to teach or to have.
    pub fn concerns(&self, family: &Family) -> bool {
        let substitute = self.at.date.substitute_id.as_ref();
        family.to_date(&self.course.course, substitute, self.students.iter().copied()) != Relations::NONE
    }
}

impl Agenda {
    /// Reads what these days need.
    pub async fn load(db: &mut Connection, me: &PersonId, scope: &Scope, from: Day, to: Day) -> Result<Self> {
        let courses = agenda::courses(db, scope).await?;
        let (mut said, mut enrolled) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        // Who teaches nothing and is in nothing, like the office, costs one query.
        if !courses.is_empty() {
            for row in agenda::said(db, scope, from, to).await? {
                said.entry(row.date.course_id.clone()).or_default().push(row);
            }
            // A date that was moved into these days had its students when it was planned.
            for one in agenda::enrolled(db, scope, shifted(from, -200)).await? {
                enrolled.entry(one.course_id.clone()).or_default().push(one);
            }
        }
        let categories = dates::categories(db).await?.into_iter().map(|category| (category.id.clone(), category)).collect();
        let holidays = agenda::holidays(db, from, to).await?;
        Ok(Self { family: Family::of(db, me).await?, categories, courses, said, enrolled, holidays, from, to })
    }

    /// What concerns the planned date of a course on `day`, wherever it was moved to, and on `other` days.
    pub async fn load_date(db: &mut Connection, me: &PersonId, course: &CourseId, day: Day, other: Option<Day>) -> Result<Self> {
        let moved = dates::find(db, course, day).await?.and_then(|date| date.moved_day);
        let days = [Some(day), moved, other].into_iter().flatten();
        let (from, to) = (days.clone().min().unwrap_or(day), days.max().unwrap_or(day));
        Self::load(db, me, &Scope::Course(course.clone()), from, to).await
    }

    pub fn courses(&self) -> &[CourseRow] {
        &self.courses
    }

    /// The date that is planned on this day, of a single course's agenda. `None` when there is none.
    pub fn entry(&self, day: Day) -> Option<Entry<'_>> {
        self.entries().into_iter().find(|entry| entry.at.date.day == day)
    }

    /// Every date, by time.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        self.entries_between(self.from, self.to)
    }

    /// Those of some of the days, by time.
    pub fn entries_between(&self, from: Day, to: Day) -> Vec<Entry<'_>> {
        let mut entries: Vec<Entry<'_>> = self.courses.iter().flat_map(|course| self.entries_of(course, from, to)).collect();
        entries.sort_by(|a, b| {
            let key = |entry: &Entry<'_>| (entry.at.day, entry.at.start_minute);
            key(a).cmp(&key(b)).then_with(|| a.course.course.id.cmp(&b.course.course.id))
        });
        entries
    }

    fn entries_of<'a>(&'a self, row: &'a CourseRow, from: Day, to: Day) -> impl Iterator<Item = Entry<'a>> {
        let said = self.said.get(&row.course.id).map_or(&[][..], Vec::as_slice);
        let dates: Vec<LessonDate> = said.iter().map(|row| row.date.clone()).collect();
        occurrences(&row.course, &self.holidays, &dates, from, to).into_iter().map(move |at| {
            let enrolled = self.enrolled.get(&row.course.id).map_or(&[][..], Vec::as_slice);
            let students: Vec<&Enrolled> = enrolled.iter().filter(|one| one.on(at.date.day)).collect();
            let relations = self.family.to_date(&row.course, at.date.substitute_id.as_ref(), students.iter().copied());
            let substitute = said.iter().find(|said| said.date.day == at.date.day).and_then(SaidRow::substitute_name);
            Entry { course: row, at, substitute, students, relations }
        })
    }
}
