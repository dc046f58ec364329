//! What presence in the online room proposes for the attendance of a lesson date. Pure; the teacher decides.

use super::presence::joined;
use crate::store::dates::{Presence, Status};
use crate::store::{Moment, PersonId};
use std::time::Duration;

/// Who comes early or stays on was there for the lesson …
const BEFORE: Duration = Duration::from_secs(15 * 60);
/// … and a lesson may run late.
const AFTER: Duration = Duration::from_secs(30 * 60);
/// A device that is changed, a network that breaks: no reason to have been away.
const GAP: Duration = Duration::from_secs(5 * 60);

/// A lesson date as far as attendance goes.
pub struct Lesson<'a> {
    pub start: Moment,
    pub end: Moment,
    pub online: bool,
    /// Who may have taught it: the teacher, and who stood in.
    pub leaders: &'a [PersonId],
    /// Who was to have it, each with those through whose account they may have come.
    pub students: &'a [(PersonId, Vec<PersonId>)],
}

/// What seems to have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// `None`: nothing speaks for one or the other.
    pub status: Option<Status>,
    pub students: Vec<Seen>,
}

/// One student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub id: PersonId,
    pub present: bool,
    /// In the online room, by time.
    pub online: Vec<(Moment, Moment)>,
}

impl Seen {
    /// From the first coming to the last going.
    pub fn span(&self) -> Option<(Moment, Moment)> {
        Some((self.online.first()?.0, self.online.last()?.1))
    }
}

/// The span in which presence counts for a lesson.
pub fn window(start: Moment, end: Moment) -> (Moment, Moment) {
    (start.minus(BEFORE), end.plus(AFTER))
}

/// What presence proposes. Nothing for a date that has not begun.
pub fn propose(lesson: &Lesson<'_>, presence: &[Presence], now: Moment) -> Option<Proposal> {
    if now < lesson.start {
        return None;
    }
    let seen = |people: &[&PersonId]| times(lesson, presence, people);
    let mut students: Vec<Seen> = lesson
        .students
        .iter()
        .map(|(id, through)| {
            let online = seen(&through.iter().chain([id]).collect::<Vec<_>>());
            Seen { id: id.clone(), present: !online.is_empty(), online }
        })
        .collect();
    let taught_online = !seen(&lesson.leaders.iter().collect::<Vec<_>>()).is_empty() && students.iter().any(|student| student.present);
    let status = match (taught_online, lesson.online) {
        (true, _) => Some(Status::GivenOnline),
        // On site nobody is seen; that it took place is what is usual.
        (false, false) => Some(Status::Given),
        (false, true) => None,
    };
    if status == Some(Status::Given) {
        students.iter_mut().for_each(|student| student.present = true);
    }
    Some(Proposal { status, students })
}

/// When any of these people was in the room, around the lesson.
fn times(lesson: &Lesson<'_>, presence: &[Presence], people: &[&PersonId]) -> Vec<(Moment, Moment)> {
    let (from, to) = window(lesson.start, lesson.end);
    let theirs = presence.iter().filter(|stay| people.contains(&&stay.person_id) && stay.from_at < to && stay.to_at > from);
    let clipped: Vec<Presence> =
        theirs.map(|stay| Presence { from_at: stay.from_at.max(from), to_at: stay.to_at.min(to), ..stay.clone() }).collect();
    joined(&clipped, GAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::CourseId;

    const MINUTE: i64 = 60_000;

    struct Scene {
        teacher: PersonId,
        mia: PersonId,
        mother: PersonId,
        tom: PersonId,
        stays: Vec<Presence>,
    }

    impl Scene {
        fn new() -> Self {
            let [teacher, mia, mother, tom] = [(); 4].map(|()| PersonId::new());
            Self { teacher, mia, mother, tom, stays: vec![] }
        }

        /// In minutes from the lesson's start.
        fn there(mut self, who: fn(&Self) -> &PersonId, from: i64, to: i64) -> Self {
            let person_id = who(&self).clone();
            let (from_at, to_at) = (Moment((1000 + from) * MINUTE), Moment((1000 + to) * MINUTE));
            self.stays.push(Presence { course_id: CourseId::new(), person_id, from_at, to_at });
            self
        }

        fn propose(&self, online: bool, now: i64) -> Option<Proposal> {
            let students = [(self.mia.clone(), vec![self.mother.clone()]), (self.tom.clone(), vec![])];
            let leaders = [self.teacher.clone()];
            let (start, end) = (Moment(1000 * MINUTE), Moment(1045 * MINUTE));
            propose(&Lesson { start, end, online, leaders: &leaders, students: &students }, &self.stays, Moment((1000 + now) * MINUTE))
        }
    }

    fn spans(seen: &Seen) -> Vec<(i64, i64)> {
        seen.online.iter().map(|(from, to)| (from.0 / MINUTE - 1000, to.0 / MINUTE - 1000)).collect()
    }

    #[test]
    fn teacher_and_a_student_online_are_a_lesson_online() {
        let scene = Scene::new().there(|s| &s.teacher, -5, 46).there(|s| &s.mia, -2, 20).there(|s| &s.mia, 24, 44);
        for online in [true, false] {
            let proposal = scene.propose(online, 60).expect("it has begun");
            assert_eq!(proposal.status, Some(Status::GivenOnline), "whatever was planned");
            assert_eq!(spans(&proposal.students[0]), [(-2, 44)], "a gap of four minutes is none");
            assert_eq!(proposal.students.iter().map(|seen| seen.present).collect::<Vec<_>>(), [true, false]);
        }
    }

    #[test]
    fn a_child_comes_through_its_mothers_account() {
        let scene = Scene::new().there(|s| &s.teacher, 0, 45).there(|s| &s.mother, 1, 10).there(|s| &s.mia, 20, 45);
        let proposal = scene.propose(true, 60).expect("it has begun");
        assert_eq!(spans(&proposal.students[0]), [(1, 10), (20, 45)]);
        assert_eq!(proposal.students[0].span().map(|(from, to)| (to.0 - from.0) / MINUTE), Some(44));
    }

    #[test]
    fn an_empty_room_proposes_nothing_for_a_lesson_online_and_the_usual_for_one_on_site() {
        let alone = Scene::new().there(|s| &s.teacher, 0, 45);
        let online = alone.propose(true, 60).expect("it has begun");
        assert_eq!((online.status, online.students[0].present), (None, false));
        let on_site = Scene::new().propose(false, 60).expect("it has begun");
        assert_eq!(on_site.status, Some(Status::Given));
        assert!(on_site.students.iter().all(|seen| seen.present && seen.online.is_empty()));
    }

    #[test]
    fn only_what_is_around_the_lesson_counts() {
        let scene = Scene::new().there(|s| &s.teacher, -120, -16).there(|s| &s.mia, 76, 90).there(|s| &s.tom, 70, 200);
        let proposal = scene.propose(true, 300).expect("it has begun");
        assert_eq!(proposal.status, None);
        assert_eq!((spans(&proposal.students[0]), spans(&proposal.students[1])), (vec![], vec![(70, 75)]));
    }

    #[test]
    fn nothing_is_known_of_what_has_not_begun() {
        let scene = Scene::new().there(|s| &s.teacher, -10, -1).there(|s| &s.mia, -10, -1);
        assert_eq!(scene.propose(true, -1), None);
        assert!(scene.propose(true, 0).is_some());
    }
}
