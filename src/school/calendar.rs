//! Calendars as programs read them (RFC 5545), and invitations by mail (RFC 5546). Instants are written in UTC, so they need no description of the
//! school's time zone; nothing here repeats by rule, so they stay right when the clocks change.

use super::timetable::{Occurrence, occurrences};
use crate::store::courses::{Course, Holiday};
use crate::store::dates::LessonDate;
use crate::store::{Day, Moment, PersonId};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// RFC 5545 §3.1: longer lines are folded.
const LINE_OCTETS: usize = 75;
/// First names in a teacher's calendar; a choir's are left out.
const NAMES_MAX: usize = 4;

/// What a calendar is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method<'a> {
    /// A calendar to look at.
    Publish,
    /// An invitation, or a change of one.
    Request(Parties<'a>),
    /// The end of one.
    Cancel(Parties<'a>),
}

/// Who invites whom: addresses of e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties<'a> {
    pub organizer: &'a str,
    pub attendee: &'a str,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for the same event, always.
    pub uid: String,
    /// Grows with every change.
    pub sequence: i64,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub summary: String,
    pub place: String,
    /// Where it is shown in full.
    pub url: Option<String>,
    pub cancelled: bool,
}

impl Event {
    /// A conference; `id` is its identifier.
    pub fn conference(id: &str, sequence: i64, title: &str, starts_at: Moment, minutes: i64, cancelled: bool) -> Self {
        Self {
            uid: format!("{id}@auftakt"),
            sequence,
            starts_at,
            ends_at: Moment(starts_at.0.saturating_add(minutes.saturating_mul(60_000))),
            summary: title.to_owned(),
            place: "Online".to_owned(),
            url: None,
            cancelled,
        }
    }
}

/// The text of a calendar.
pub fn write(method: Method<'_>, events: &[Event], now: Moment) -> String {
    let (word, parties) = match method {
        Method::Publish => ("PUBLISH", None),
        Method::Request(parties) => ("REQUEST", Some(parties)),
        Method::Cancel(parties) => ("CANCEL", Some(parties)),
    };
    let mut out = Lines::default();
    out.line("BEGIN", "VCALENDAR");
    out.line("VERSION", "2.0");
    out.line("PRODID", "-//Auftakt//Auftakt//DE");
    out.line("METHOD", word);
    for event in events {
        out.line("BEGIN", "VEVENT");
        out.line("UID", &escaped(&event.uid));
        out.line("SEQUENCE", &event.sequence.to_string());
        out.line("DTSTAMP", &instant(now));
        out.line("DTSTART", &instant(event.starts_at));
        out.line("DTEND", &instant(event.ends_at));
        out.line("SUMMARY", &escaped(&event.summary));
        if !event.place.is_empty() {
            out.line("LOCATION", &escaped(&event.place));
        }
        if let Some(url) = &event.url {
            out.line("URL", &plain(url));
        }
        if let Some(parties) = parties {
            out.line("ORGANIZER", &plain(&format!("mailto:{}", parties.organizer)));
            out.line("ATTENDEE;RSVP=FALSE", &plain(&format!("mailto:{}", parties.attendee)));
        }
        out.line("STATUS", if event.cancelled { "CANCELLED" } else { "CONFIRMED" });
        out.line("END", "VEVENT");
    }
    out.line("END", "VCALENDAR");
    out.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if octets + c.len_utf8() > LINE_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// A TEXT of RFC 5545 §3.3.11.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// What is no TEXT, and must not begin another line either.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn instant(moment: Moment) -> String {
    let at: DateTime<Utc> = DateTime::from_timestamp_millis(moment.0).unwrap_or_default();
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Somebody in a course, from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pupil {
    pub given_name: String,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
}

impl Pupil {
    fn is_in(&self, day: Day) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// What a person's calendar shows of a course.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Whoever teaches it: its subject and the first names.
    Teacher { teacher: &'a PersonId, pupils: &'a [Pupil] },
    /// A family: its subject and teacher, with the child's first name when there are several.
    Family { teacher: &'a str, child: &'a Pupil, several: bool },
}

/// The time that a calendar covers, and where.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    pub from: Day,
    pub to: Day,
    pub zone: Tz,
    pub holidays: &'a [Holiday],
    /// How addresses begin.
    pub url: &'a str,
}

/// The dates of a course in somebody's calendar.
pub fn lessons(course: &Course, said: &[LessonDate], view: View<'_>, span: Span<'_>) -> Vec<Event> {
    let dates = occurrences(course, span.holidays, said, span.from, span.to);
    let mine = dates.into_iter().filter(|at| match view {
        // A date that a substitute gives is in the substitute's calendar.
        View::Teacher { teacher, .. } => match &at.date.substitute_id {
            Some(substitute) => substitute == teacher,
            None => course.teacher_id.as_ref() == Some(teacher),
        },
        View::Family { child, .. } => child.is_in(at.date.day),
    });
    mine.map(|at| lesson(course, &at, view, span)).collect()
}

fn lesson(course: &Course, at: &Occurrence, view: View<'_>, span: Span<'_>) -> Event {
    let (starts_at, ends_at) = at.span(span.zone);
    let summary = match view {
        View::Teacher { pupils, .. } => {
            let names: Vec<&str> = pupils.iter().filter(|pupil| pupil.is_in(at.date.day)).map(|pupil| pupil.given_name.as_str()).collect();
            if names.is_empty() || names.len() > NAMES_MAX {
                course.name.clone()
            } else {
                format!("{} – {}", course.subject, names.join(", "))
            }
        }
        View::Family { teacher, child, several } => {
            let lesson = if teacher.is_empty() { course.subject.clone() } else { format!("{} ({teacher})", course.subject) };
            if several { format!("{}: {lesson}", child.given_name) } else { lesson }
        }
    };
    Event {
        // Two children of a family in one course are two events.
        uid: match view {
            View::Family { child, several: true, .. } => format!("{}-{}-{}@auftakt", course.id, at.date.day, digest(&child.given_name)),
            _ => format!("{}-{}@auftakt", course.id, at.date.day),
        },
        sequence: at.date.version,
        starts_at,
        ends_at,
        summary,
        place: if at.online { "Online".to_owned() } else { course.place.clone() },
        url: Some(format!("{}/courses/{}", span.url, course.id)),
        cancelled: !at.takes_place(),
    }
}

fn digest(text: &str) -> String {
    super::secret::hash_of(text).chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::courses::CourseKind;
    use crate::store::dates::Status;
    use crate::store::{CourseId, Flag};

    fn event(summary: &str) -> Event {
        Event::conference("c1", 3, summary, Moment(1_793_000_000_000), 90, false)
    }

    /// What a program that reads it sees: RFC 5545 §3.1 the other way round.
    fn unfolded(text: &str) -> Vec<String> {
        text.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_folded_between_characters_and_come_back_whole() {
        let long = "Größe 🎻 ".repeat(40);
        let text = write(Method::Publish, &[event(&long)], Moment(0));
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_OCTETS), "{text}");
        assert!(unfolded(&text).contains(&format!("SUMMARY:{long}")));
    }

    #[test]
    fn no_text_of_people_becomes_a_line_of_its_own() {
        let text = write(Method::Publish, &[event("a;b,c\\d\r\nATTACH:x\nEND:VEVENT")], Moment(0));
        let lines = unfolded(&text);
        assert!(lines.contains(&"SUMMARY:a\\;b\\,c\\\\d\\nATTACH:x\\nEND:VEVENT".to_owned()), "{text}");
        assert_eq!(lines.iter().filter(|line| *line == "END:VEVENT").count(), 1);
    }

    #[test]
    fn an_invitation_says_who_and_a_cancellation_ends_it() {
        let parties = Parties { organizer: "schule@musik.example", attendee: "lehrkraft@musik.example" };
        let lines = unfolded(&write(Method::Request(parties), &[event("Konferenz")], Moment(0)));
        for line in [
            "METHOD:REQUEST",
            "UID:c1@auftakt",
            "SEQUENCE:3",
            "DTSTAMP:19700101T000000Z",
            "DTSTART:20261026T073320Z",
            "DTEND:20261026T090320Z",
            "ORGANIZER:mailto:schule@musik.example",
            "ATTENDEE;RSVP=FALSE:mailto:lehrkraft@musik.example",
            "STATUS:CONFIRMED",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:?}");
        }
        let cancelled = write(Method::Cancel(parties), &[Event { cancelled: true, ..event("Konferenz") }], Moment(0));
        assert!(cancelled.contains("METHOD:CANCEL\r\n") && cancelled.contains("STATUS:CANCELLED\r\n"));
    }

    #[test]
    fn everybody_sees_of_a_course_what_they_need() {
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let (teacher, substitute) = (PersonId::new(), PersonId::new());
        let course = Course {
            id: CourseId::new(),
            code: None,
            name: "Violine Partner".into(),
            subject: "Violine".into(),
            kind: CourseKind::Partner,
            teacher_id: Some(teacher.clone()),
            weekday: 1,
            start_minute: 960,
            duration_minutes: 30,
            place: "Raum 3".into(),
            online: Flag(false),
            valid_from: day("2026-09-01"),
            valid_to: None,
            room: "violine".into(),
            archived_at: None,
        };
        let span = Span {
            from: day("2026-10-12"),
            to: day("2026-11-02"),
            zone: chrono_tz::Europe::Berlin,
            holidays: &[],
            url: "https://m.example",
        };
        let pupil = |name: &str, to: Option<&str>| Pupil { given_name: name.into(), valid_from: day("2026-09-01"), valid_to: to.map(day) };
        let pupils = [pupil("Sami", None), pupil("Mia", Some("2026-10-20"))];
        let cancelled = LessonDate { status: Status::Cancelled, version: 2, ..LessonDate::planned(course.id.clone(), day("2026-10-19")) };
        let handed = LessonDate { substitute_id: Some(substitute.clone()), ..LessonDate::planned(course.id.clone(), day("2026-11-02")) };
        let said = [cancelled, handed];
        let events = |view| lessons(&course, &said, view, span);
        let teachers = events(View::Teacher { teacher: &teacher, pupils: &pupils });
        assert_eq!(
            teachers.iter().map(|event| event.summary.as_str()).collect::<Vec<_>>(),
            ["Violine – Sami, Mia", "Violine – Sami, Mia", "Violine – Sami"]
        );
        assert_eq!(teachers.iter().map(|event| (event.sequence, event.cancelled)).collect::<Vec<_>>(), [(0, false), (2, true), (0, false)]);
        // 16:00, in summer and in winter.
        assert_eq!([instant(teachers[0].starts_at), instant(teachers[2].starts_at)], ["20261012T140000Z", "20261026T150000Z"]);
        assert_eq!(events(View::Teacher { teacher: &substitute, pupils: &pupils }).len(), 1);
        let family = events(View::Family { teacher: "Tara Teacher", child: &pupils[1], several: false });
        assert_eq!(family.iter().map(|event| event.summary.as_str()).collect::<Vec<_>>(), ["Violine (Tara Teacher)"; 2]);
        assert!(family.iter().all(|event| event.place == "Raum 3" && teachers.iter().any(|other| other.uid == event.uid)));
        let several = events(View::Family { teacher: "Tara Teacher", child: &pupils[0], several: true });
        assert_eq!(several.len(), 4);
        assert!(several.iter().all(|event| event.summary.starts_with("Sami: ")));
    }
}
