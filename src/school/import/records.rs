//! The copy of the school's records on which an import is planned: everything that differs is marked.

use crate::store::courses::{Course, Enrolment};
use crate::store::people::{Person, PersonRole};
use crate::store::{CourseId, PersonId, folded};
use std::collections::HashMap;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Kept,
    New,
    Changed,
}

/// A record of the copy.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    pub value: T,
    pub mark: Mark,
}

impl<T: PartialEq> Entry<T> {
    /// Takes another value, and notes that it differs.
    pub fn put(&mut self, value: T) {
        if self.value != value {
            self.value = value;
            if self.mark == Mark::Kept {
                self.mark = Mark::Changed;
            }
        }
    }
}

/// A person with what an import knows of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Somebody {
    pub person: Person,
    pub roles: Vec<PersonRole>,
    /// Of the account, as it is compared.
    pub email: Option<String>,
}

/// The school as it is, and as it is to be.
#[derive(Clone, Debug, Default)]
pub struct Records {
    pub people: Vec<Entry<Somebody>>,
    pub courses: Vec<Entry<Course>>,
    pub enrolments: Vec<Entry<Enrolment>>,
    /// Guardian and student.
    pub guardians: Vec<Entry<(PersonId, PersonId)>>,
    /// Whose address became another one: whoever used the old one is signed out.
    pub readdressed: Vec<PersonId>,
}

/// Where what is in the copy.
#[derive(Default)]
pub struct Index {
    pub by_number: HashMap<String, usize>,
    pub by_name: HashMap<String, Vec<usize>>,
    pub by_email: HashMap<String, usize>,
    pub by_id: HashMap<PersonId, usize>,
    pub by_code: HashMap<String, usize>,
    pub enrolled: HashMap<(CourseId, PersonId), Vec<usize>>,
    pub guardians: HashMap<PersonId, Vec<PersonId>>,
}

/// A name as it is compared.
pub fn name_key(given: &str, family: &str) -> String {
    folded(format!("{given} {family}").trim())
}

impl Index {
    /// Of records that were read.
    pub fn of(records: &Records) -> Self {
        let mut index = Self::default();
        for at in 0..records.people.len() {
            index.add_person(&records.people[at].value, at);
        }
        for (at, course) in records.courses.iter().enumerate() {
            if let Some(code) = &course.value.code {
                index.by_code.insert(code.clone(), at);
            }
        }
        for (at, enrolment) in records.enrolments.iter().enumerate() {
            let key = (enrolment.value.course_id.clone(), enrolment.value.student_id.clone());
            index.enrolled.entry(key).or_default().push(at);
        }
        for pair in &records.guardians {
            index.guardians.entry(pair.value.1.clone()).or_default().push(pair.value.0.clone());
        }
        index
    }

    /// Makes somebody found by what is known of them now.
    pub fn add_person(&mut self, somebody: &Somebody, at: usize) {
        let person = &somebody.person;
        if let Some(number) = &person.number {
            self.by_number.insert(number.clone(), at);
        }
        if let Some(email) = &somebody.email {
            self.by_email.insert(email.clone(), at);
        }
        let named = self.by_name.entry(name_key(&person.given_name, &person.family_name)).or_default();
        if !named.contains(&at) {
            named.push(at);
        }
        self.by_id.insert(person.id.clone(), at);
    }
}
