//! Who may do what: one table, asked in one place, for HTTP and WebSocket alike. What is not in it is refused.

use crate::store::people::PersonRole;

/// What is acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Object {
    /// Name and roles of a person.
    Person,
    /// Address, telephone, date of birth and number of a person.
    Contact,
    /// Whether and how a person signs in.
    Account,
    Course,
    Enrolment,
    /// One lesson date, with its attendance.
    Date,
    /// The online room of a course.
    Room,
    Conference,
    /// A conversation with its messages.
    Thread,
    /// A message to a whole course or school.
    Notice,
    File,
    Holiday,
    Category,
    Consent,
    /// Taking in a file of the administration program.
    Import,
    /// Attendance for the administration program.
    Export,
    /// Everything about one person, to be handed out or erased.
    Dossier,
    Journal,
    Settings,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
    /// Signs a lesson date, after which it is closed.
    Finalise,
    /// Opens what was closed again.
    Reopen,
    /// Enters as one who takes part.
    Join,
    /// Enters as one who leads.
    Lead,
}

/// How the one who acts stands to what is acted on; several may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is about oneself, or one's own.
    Own,
    /// One's own child, or a record about it.
    Child,
    /// Of a course that one teaches, or of somebody in it; a substitute counts on the dates that are given to them.
    Taught,
    /// Of a course that one is in, or one's child is.
    Attended,
    /// One was invited, or is a member.
    Invited,
}

/// The relations that hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relations(u8);

impl Relations {
    /// None: a stranger.
    pub const NONE: Self = Self(0);

    /// With one more, if it holds.
    #[must_use]
    pub fn with(self, relation: Relation, holds: bool) -> Self {
        Self(self.0 | u8::from(holds) << relation as u8)
    }

    fn holds(self, relation: Relation) -> bool {
        self.0 & 1 << relation as u8 != 0
    }
}

impl From<Relation> for Relations {
    fn from(relation: Relation) -> Self {
        Self::NONE.with(relation, true)
    }
}

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To everything of the school.
    School,
    /// To what one has this relation to.
    Related(Relation),
}

use Action::{Create, Delete, Finalise, Join, Lead, Read, Reopen, Update};
use PersonRole::{Guardian, Head, Office, Operator, Student, Teacher};
use Reach::{Related, School};
use Relation::{Attended, Child, Invited, Own, Taught};

type Rule = (PersonRole, Object, &'static [Action], Reach);

/// The matrix. Everybody's own things come first, then role by role.
pub const MATRIX: &[Rule] = &[
    // Teachers
    (Teacher, Object::Person, &[Read], School),
    (Teacher, Object::Course, &[Read], Related(Taught)),
    (Teacher, Object::Course, &[Read], Related(Attended)),
    (Teacher, Object::Enrolment, &[Read], Related(Taught)),
    (Teacher, Object::Date, &[Read, Update, Finalise], Related(Taught)),
    (Teacher, Object::Room, &[Join, Lead], Related(Taught)),
    (Teacher, Object::Conference, &[Read, Join], Related(Invited)),
    (Teacher, Object::Conference, &[Read, Create, Update, Delete, Join, Lead], Related(Own)),
    (Teacher, Object::Thread, &[Read, Create], Related(Taught)),
    (Teacher, Object::Thread, &[Read, Create], Related(Invited)),
    (Teacher, Object::Notice, &[Create], Related(Taught)),
    (Teacher, Object::Notice, &[Read], School),
    (Teacher, Object::File, &[Read, Create, Update, Delete], Related(Taught)),
    (Teacher, Object::File, &[Read, Create], Related(Invited)),
    (Teacher, Object::File, &[Read, Create, Update, Delete], Related(Own)),
    (Teacher, Object::Holiday, &[Read], School),
    (Teacher, Object::Category, &[Read], School),
    (Teacher, Object::Consent, &[Read], Related(Taught)),
    // Students
    (Student, Object::Person, &[Read], Related(Attended)),
    (Student, Object::Person, &[Read], Related(Own)),
    (Student, Object::Course, &[Read], Related(Attended)),
    (Student, Object::Date, &[Read], Related(Attended)),
    (Student, Object::Room, &[Join], Related(Attended)),
    (Student, Object::Conference, &[Read, Join], Related(Invited)),
    (Student, Object::Thread, &[Read, Create], Related(Attended)),
    (Student, Object::Thread, &[Read, Create], Related(Own)),
    (Student, Object::Thread, &[Read, Create], Related(Invited)),
    (Student, Object::Notice, &[Read], School),
    (Student, Object::File, &[Read, Create], Related(Attended)),
    (Student, Object::File, &[Read, Create, Update, Delete], Related(Own)),
    (Student, Object::File, &[Read], Related(Invited)),
    (Student, Object::Holiday, &[Read], School),
    (Student, Object::Category, &[Read], School),
    (Student, Object::Consent, &[Read], Related(Own)),
    // Guardians
    (Guardian, Object::Person, &[Read], Related(Attended)),
    (Guardian, Object::Person, &[Read], Related(Child)),
    (Guardian, Object::Person, &[Read], Related(Own)),
    (Guardian, Object::Course, &[Read], Related(Attended)),
    (Guardian, Object::Date, &[Read], Related(Attended)),
    (Guardian, Object::Room, &[Join], Related(Attended)),
    (Guardian, Object::Conference, &[Read, Join], Related(Invited)),
    (Guardian, Object::Thread, &[Read, Create], Related(Attended)),
    (Guardian, Object::Thread, &[Read, Create], Related(Child)),
    (Guardian, Object::Thread, &[Read, Create], Related(Invited)),
    (Guardian, Object::Notice, &[Read], School),
    (Guardian, Object::File, &[Read, Create], Related(Attended)),
    (Guardian, Object::File, &[Read, Create], Related(Child)),
    (Guardian, Object::File, &[Read, Create, Update, Delete], Related(Own)),
    (Guardian, Object::File, &[Read], Related(Invited)),
    (Guardian, Object::Holiday, &[Read], School),
    (Guardian, Object::Category, &[Read], School),
    (Guardian, Object::Consent, &[Read, Create], Related(Child)),
    // The office keeps the records and reaches people; it does not read what teachers and families write to each other.
    (Office, Object::Person, &[Read, Create, Update, Delete], School),
    (Office, Object::Contact, &[Read, Update], School),
    (Office, Object::Account, &[Read, Create, Update, Delete], School),
    (Office, Object::Course, &[Read, Create, Update, Delete], School),
    (Office, Object::Enrolment, &[Read, Create, Update, Delete], School),
    (Office, Object::Date, &[Read, Update, Reopen], School),
    (Office, Object::Conference, &[Read, Create, Update, Delete, Join], School),
    (Office, Object::Conference, &[Lead], Related(Own)),
    (Office, Object::Thread, &[Read, Create], Related(Invited)),
    (Office, Object::Notice, &[Read, Create], School),
    (Office, Object::File, &[Read, Create], Related(Invited)),
    (Office, Object::File, &[Read, Create, Update, Delete], Related(Own)),
    (Office, Object::Holiday, &[Read, Create, Update, Delete], School),
    (Office, Object::Category, &[Read, Create, Update, Delete], School),
    (Office, Object::Consent, &[Read, Create], School),
    (Office, Object::Import, &[Read, Create], School),
    (Office, Object::Export, &[Read, Create], School),
    (Office, Object::Dossier, &[Read, Delete], School),
    (Office, Object::Settings, &[Read, Update], School),
    // The head sees how the school does, and leads its conferences.
    (Head, Object::Person, &[Read], School),
    (Head, Object::Course, &[Read], School),
    (Head, Object::Enrolment, &[Read], School),
    (Head, Object::Date, &[Read, Reopen], School),
    (Head, Object::Conference, &[Read, Create, Update, Delete, Join, Lead], School),
    (Head, Object::Thread, &[Read, Create], Related(Invited)),
    (Head, Object::Notice, &[Read, Create], School),
    (Head, Object::File, &[Read, Create], Related(Invited)),
    (Head, Object::File, &[Read, Create, Update, Delete], Related(Own)),
    (Head, Object::Holiday, &[Read], School),
    (Head, Object::Category, &[Read], School),
    (Head, Object::Export, &[Read], School),
    (Head, Object::Journal, &[Read], School),
    // The operator configures, and lets the office in; no content.
    (Operator, Object::Person, &[Read], Related(Own)),
    (Operator, Object::Account, &[Read, Create, Update, Delete], School),
    (Operator, Object::Settings, &[Read, Update], School),
    (Operator, Object::Journal, &[Read], School),
];

/// Whether any of these roles allows it.
pub fn may(roles: &[PersonRole], action: Action, object: Object, relations: Relations) -> bool {
    let reaches = |reach: Reach| match reach {
        School => true,
        Related(relation) => relations.holds(relation),
    };
    MATRIX.iter().any(|(role, on, actions, reach)| *on == object && roles.contains(role) && actions.contains(&action) && reaches(*reach))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(role: PersonRole, action: Action, object: Object) -> bool {
        may(&[role], action, object, Relations::NONE)
    }

    #[test]
    fn nobody_without_a_role_may_anything() {
        let all = [Own, Child, Taught, Attended, Invited].into_iter().fold(Relations::NONE, |all, one| all.with(one, true));
        for (_, object, actions, _) in MATRIX {
            assert!(actions.iter().all(|action| !may(&[], *action, *object, all)));
        }
    }

    #[test]
    fn private_contact_data_is_the_offices_alone() {
        for role in PersonRole::ALL.iter().filter(|role| **role != Office) {
            let all = [Own, Child, Taught, Attended, Invited].into_iter().fold(Relations::NONE, |all, one| all.with(one, true));
            assert!(!may(&[*role], Read, Object::Contact, all), "{role:?}");
        }
    }

    #[test]
    fn the_operator_sees_no_content() {
        for object in [Object::Thread, Object::File, Object::Date, Object::Course, Object::Room, Object::Conference, Object::Dossier] {
            assert!(MATRIX.iter().all(|(role, on, _, _)| *role != Operator || *on != object), "{object:?}");
        }
    }

    #[test]
    fn a_relation_opens_what_it_is_about_and_nothing_else() {
        assert!(!stranger(Teacher, Update, Object::Date) && !stranger(Guardian, Read, Object::Thread));
        assert!(may(&[Teacher], Finalise, Object::Date, Taught.into()));
        assert!(!may(&[Teacher], Finalise, Object::Date, Attended.into()));
        assert!(may(&[Guardian], Join, Object::Room, Attended.into()) && !may(&[Guardian], Lead, Object::Room, Attended.into()));
        assert!(may(&[Guardian, Teacher], Finalise, Object::Date, Taught.into()), "roles add up");
    }

    #[test]
    fn no_rule_is_said_twice() {
        for (index, rule) in MATRIX.iter().enumerate() {
            let again = |other: &&Rule| other.0 == rule.0 && other.1 == rule.1 && other.3 == rule.3;
            assert_eq!(MATRIX.iter().skip(index + 1).find(again), None, "{rule:?}");
        }
    }
}
