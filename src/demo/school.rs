//! Fills the records of the demonstration school: a dozen teachers, two hundred pupils with their families, half a year of lessons. The same every time,
//! around the day it is filled on, and only into a school in which there is nobody yet.

use super::names::{ENSEMBLES, FAMILY, GIVEN, NOTES, TEACHERS};
use crate::school::categories;
use crate::school::timetable::{moment, occurrences, shifted};
use crate::store::courses::{self, Course, CourseKind, Enrolment, Holiday};
use crate::store::dates::{self, Attendance, LessonDate, Status};
use crate::store::people::{self, Contact, Filter, Person, PersonRole};
use crate::store::{CategoryId, Connection, CourseId, Day, EnrolmentId, Flag, HolidayId, PersonId, Result, Store, accounts};
use chrono_tz::Tz;

const PUPILS: usize = 200;
/// Of lessons that have been: half a year.
const PAST_WEEKS: i64 = 26;
const FUTURE_WEEKS: i64 = 20;
/// Days that nobody has signed yet.
const OPEN_DAYS: i64 = 3;
/// Lessons one after the other begin at two.
const FIRST_MINUTE: i64 = 14 * 60;

/// Who the doors of the demonstration lead to.
#[derive(Clone, Debug)]
pub struct Cast {
    pub teacher: PersonId,
    pub family: PersonId,
    pub office: PersonId,
    pub head: PersonId,
}

/// A fixed sequence: the same school on every machine (Knuth's MMIX numbers).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % sides
    }
}

/// Fills an empty school; finds who there is in one that is filled.
///
/// # Errors
/// The database.
pub async fn fill(store: &Store, today: Day, zone: Tz) -> Result<Option<Cast>> {
    let mut db = store.write().await?;
    if people::count(&mut db, &Filter { archived: true, ..Filter::default() }).await? > 0 {
        return find(&mut db).await;
    }
    let mut filling = Filling { today, zone, dice: Dice(7), staff: vec![], pupils: vec![], categories: vec![], courses: 0 };
    filling.staff(&mut db).await?;
    filling.pupils(&mut db).await?;
    filling.calendar(&mut db).await?;
    filling.lessons(&mut db).await?;
    db.commit().await?;
    find(&mut *store.read().await?).await
}

const OFFICE: &str = "verwaltung@demo.invalid";
const HEAD: &str = "leitung@demo.invalid";
const FIRST_TEACHER: &str = "lehrkraft0@demo.invalid";
const FIRST_FAMILY: &str = "familie0@demo.invalid";

/// Who plays the four roles, if this is the demonstration school.
async fn find(db: &mut Connection) -> Result<Option<Cast>> {
    let mut cast = vec![];
    for email in [FIRST_TEACHER, FIRST_FAMILY, OFFICE, HEAD] {
        cast.extend(accounts::by_email(db, email).await?.map(|account| account.person_id));
    }
    Ok(<[PersonId; 4]>::try_from(cast).ok().map(|[teacher, family, office, head]| Cast { teacher, family, office, head }))
}

struct Filling {
    today: Day,
    zone: Tz,
    dice: Dice,
    staff: Vec<PersonId>,
    pupils: Vec<PersonId>,
    categories: Vec<CategoryId>,
    courses: usize,
}

impl Filling {
    async fn person(
        &mut self,
        db: &mut Connection,
        given: &str,
        family: &str,
        role: &[PersonRole],
        email: Option<&str>,
    ) -> Result<PersonId> {
        let person = Person::named(given, family);
        people::insert(db, &person).await?;
        people::set_roles(db, &person.id, role).await?;
        if let Some(email) = email {
            people::set_contact(db, &person.id, &Contact { email: Some(email.to_owned()), ..Contact::default() }).await?;
            accounts::put(db, &person.id, email).await?;
        }
        Ok(person.id)
    }

    async fn staff(&mut self, db: &mut Connection) -> Result<()> {
        for (index, (given, family, _)) in TEACHERS.iter().enumerate() {
            let teacher = self.person(db, given, family, &[PersonRole::Teacher], Some(&format!("lehrkraft{index}@demo.invalid"))).await?;
            self.staff.push(teacher);
        }
        self.person(db, "Ida", "Brandt", &[PersonRole::Office, PersonRole::Operator], Some(OFFICE)).await?;
        self.person(db, "Ruth", "Adler", &[PersonRole::Head], Some(HEAD)).await?;
        Ok(())
    }

    /// Every second family has two children here.
    async fn pupils(&mut self, db: &mut Connection) -> Result<()> {
        let mut family = None;
        for index in 0..PUPILS {
            let sibling = index % 3 == 1;
            let name = FAMILY[(index - usize::from(sibling)) % FAMILY.len()];
            let given = GIVEN[(index * 7 + index / FAMILY.len() * 9) % GIVEN.len()];
            let number = format!("{}", 10_400 + index);
            let id = self.person(db, given, name, &[PersonRole::Student], None).await?;
            if let Some(pupil) = people::find(db, &id).await? {
                let born = shifted(self.today, -(7 * 365 + i64::try_from(self.dice.roll(10 * 365)).unwrap_or_default()));
                people::update(db, &Person { number: Some(number), born: Some(born), ..pupil }).await?;
            }
            if !sibling {
                let email = format!("familie{index}@demo.invalid");
                family = Some(self.person(db, "Familie", name, &[PersonRole::Guardian], Some(&email)).await?);
            }
            if let Some(family) = &family {
                people::add_guardian(db, family, &id).await?;
            }
            self.pupils.push(id);
        }
        Ok(())
    }

    async fn calendar(&mut self, db: &mut Connection) -> Result<()> {
        // Made for any day of the year: two free weeks a good while ago and two to come.
        for (name, weeks) in [("Ferien", -11), ("Ferien", 6)] {
            let first = shifted(self.today, weeks * 7);
            let holiday = Holiday { id: HolidayId::new(), name: name.into(), first_day: first, last_day: shifted(first, 13) };
            courses::put_holiday(db, &holiday).await?;
        }
        categories::seed(db).await?;
        self.categories = dates::categories(db).await?.into_iter().map(|category| category.id).collect();
        Ok(())
    }

    async fn lessons(&mut self, db: &mut Connection) -> Result<()> {
        let holidays = courses::holidays(db).await?;
        for pupil in 0..self.pupils.len() {
            let (teacher, place) = (pupil % TEACHERS.len(), pupil / TEACHERS.len());
            let slots = 4;
            let (group, slot) = (place / slots, place % slots);
            // The first teacher's first lessons are today, and no others: whoever looks at the demonstration sees a day.
            let today = self.weekday_of_today();
            let weekday = match (teacher, group) {
                (0, 0) => today,
                (0, _) => (1..=5).filter(|day| *day != today).nth((group - 1) % 4).unwrap_or(1),
                _ => 1 + i64::try_from(group % 5).unwrap_or_default(),
            };
            let start = FIRST_MINUTE + 40 * i64::try_from(slot).unwrap_or_default();
            let name = format!("{} {}", TEACHERS[teacher].2, pupil + 1);
            let course = self.course(name, TEACHERS[teacher].2, CourseKind::Single, teacher, weekday, start, 30);
            let members = [pupil];
            self.add(db, &course, &members, &holidays).await?;
        }
        for (index, (name, subject, teacher, weekday, start)) in ENSEMBLES.iter().enumerate() {
            let weekday = if index == 0 { self.weekday_of_today() } else { *weekday };
            let course = self.course((*name).to_owned(), subject, CourseKind::Ensemble, *teacher, weekday, *start, 45);
            let members: Vec<usize> = (0..6 + index * 2).map(|member| (member * 12 + teacher) % self.pupils.len()).collect();
            self.add(db, &course, &members, &holidays).await?;
        }
        Ok(())
    }

    fn weekday_of_today(&self) -> i64 {
        use chrono::Datelike;
        i64::from(self.today.0.weekday().number_from_monday())
    }

    #[expect(clippy::too_many_arguments, reason = "what a course is made of, each of another kind")]
    fn course(&mut self, name: String, subject: &str, kind: CourseKind, teacher: usize, weekday: i64, start: i64, minutes: i64) -> Course {
        self.courses += 1;
        let online = self.courses.is_multiple_of(2) || teacher == 0;
        Course {
            id: CourseId::new(),
            code: Some(format!("V{:03}", self.courses)),
            room: name.clone(),
            name,
            subject: subject.to_owned(),
            kind,
            teacher_id: self.staff.get(teacher).cloned(),
            weekday,
            start_minute: start,
            duration_minutes: minutes,
            place: format!("Raum {}.{:02}", 1 + teacher % 3, 1 + teacher),
            online: Flag(online),
            valid_from: shifted(self.today, -PAST_WEEKS * 7),
            valid_to: Some(shifted(self.today, FUTURE_WEEKS * 7)),
            archived_at: None,
        }
    }

    async fn add(&mut self, db: &mut Connection, course: &Course, members: &[usize], holidays: &[Holiday]) -> Result<()> {
        courses::insert(db, course).await?;
        let members: Vec<PersonId> = members.iter().filter_map(|index| self.pupils.get(*index).cloned()).collect();
        for student in &members {
            let enrolment = Enrolment {
                id: EnrolmentId::new(),
                course_id: course.id.clone(),
                student_id: student.clone(),
                valid_from: course.valid_from,
                valid_to: None,
            };
            courses::enrol(db, &enrolment).await?;
        }
        let last = shifted(self.today, -1);
        for at in occurrences(course, holidays, &[], course.valid_from, last) {
            self.lesson(db, course, &members, at.day).await?;
        }
        Ok(())
    }

    /// What became of one lesson.
    async fn lesson(&mut self, db: &mut Connection, course: &Course, members: &[PersonId], day: Day) -> Result<()> {
        let is_open = day > shifted(self.today, -OPEN_DAYS);
        let mut date = LessonDate::planned(course.id.clone(), day);
        match self.dice.roll(20) {
            0 | 1 => {
                let category = self.dice.roll(self.categories.len().max(1));
                (date.status, date.category_id) = (Status::Cancelled, self.categories.get(category).cloned());
            }
            _ if is_open => return Ok(()),
            _ => date.status = if course.online.0 { Status::GivenOnline } else { Status::Given },
        }
        date.note = NOTES[self.dice.roll(NOTES.len())].to_owned();
        let (start, end) =
            (moment(self.zone, day, course.start_minute), moment(self.zone, day, course.start_minute + course.duration_minutes));
        if !is_open {
            let teacher = course.teacher_id.as_ref().and_then(|id| self.staff.iter().position(|one| one == id)).unwrap_or_default();
            let (given, family, _) = TEACHERS[teacher];
            date.finalised_by = Some(format!("{}. {family}", given.chars().next().unwrap_or('A')));
            date.finalised_at = Some(end);
        }
        dates::put(db, &date).await?;
        if date.status == Status::Cancelled {
            return Ok(());
        }
        for student in members {
            let present = self.dice.roll(15) != 0;
            let attendance = Attendance {
                course_id: course.id.clone(),
                day,
                student_id: Some(student.clone()),
                present: Flag(present),
                excused: Flag(!present),
                from_at: present.then_some(start),
                to_at: present.then_some(end),
            };
            dates::put_attendance(db, &attendance).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::people::Filter;

    #[tokio::test(flavor = "multi_thread")]
    async fn it_is_filled_once_and_has_what_it_promises() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open_embedded(directory.path()).await.expect("a database");
        let (today, zone) = ("2026-11-23".parse().expect("a day"), chrono_tz::Europe::Berlin);
        let first = fill(&store, today, zone).await.expect("filled").expect("a cast");
        let again = fill(&store, today, zone).await.expect("found").expect("a cast");
        assert_eq!(first.teacher, again.teacher);
        let mut db = store.read().await.expect("a connection");
        let with = |role| Filter { role: Some(role), ..Filter::default() };
        assert_eq!(people::count(&mut db, &with(PersonRole::Teacher)).await.expect("a number"), 12);
        assert_eq!(people::count(&mut db, &with(PersonRole::Student)).await.expect("a number"), 200);
        let taught = courses::taught_by(&mut db, &first.teacher).await.expect("courses");
        let today_s = |course: &&Course| !occurrences(course, &[], &[], today, today).is_empty();
        assert!(taught.iter().filter(today_s).count() >= 4, "whoever looks sees lessons today");
        assert!(!people::children(&mut db, &first.family).await.expect("children").is_empty());
        let said = dates::between(&mut db, shifted(today, -182), today).await.expect("dates");
        assert!(said.len() > 3000 && said.iter().filter(|date| date.finalised_at.is_some()).count() > 3000, "{}", said.len());
    }
}
