//! What is said of a lesson date, told to those whom it concerns: by mail, in few words, with no more about a person than the child's first name.

use super::agenda::Entry;
use super::calendar::{self, Event, Method, Parties};
use crate::store::agenda::Scope;
use crate::store::people::Language;
use crate::store::{Connection, Day, MailId, Moment, PersonId, Result, agenda, mails};
use chrono::Datelike;
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Who changes a date often changes it again at once; only the last word is sent.
pub const SETTLES_WITHIN: Duration = Duration::from_secs(2 * 60);

/// What has become of a date, compared with what its course plans: so that a later word can take an earlier one's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Cancelled,
    Moved {
        day: Day,
        minute: i64,
    },
    /// As planned after all.
    Restored,
    /// Somebody else teaches, or (`None`) the course's own teacher again.
    Substitute(Option<String>),
    Online,
    /// Where the course is at home; may be empty.
    OnSite(String),
}

/// Who says it, and where the school is.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The school's address of e-mail; without one there are no calendar attachments.
    pub organizer: Option<&'a str>,
    pub zone: Tz,
    /// Whoever changed the date: they know.
    pub actor: &'a PersonId,
}

/// A mail to everybody concerned: the families of those who have the lesson, and who teaches it, but not whoever changed it.
pub async fn tell(db: &mut Connection, entry: &Entry<'_>, news: &News, sender: Sender<'_>, now: Moment) -> Result<()> {
    let course = &entry.course.course;
    let staff: Vec<PersonId> = [&course.teacher_id, &entry.at.date.substitute_id].into_iter().flatten().cloned().collect();
    let mut concerned: BTreeMap<PersonId, (agenda::Recipient, Vec<String>)> = BTreeMap::new();
    for recipient in agenda::families(db, &course.id, entry.at.date.day).await? {
        let child = recipient.child.clone();
        let (_, children) = concerned.entry(recipient.person_id.clone()).or_insert((recipient, vec![]));
        children.push(child);
    }
    for person in staff {
        if let Some(recipient) = agenda::recipient(db, &person).await? {
            concerned.entry(person).or_insert((recipient, vec![]));
        }
    }
    concerned.remove(sender.actor);
    for (person, (recipient, children)) in concerned {
        let (subject, body) = words(recipient.language, &course.subject, &children, (entry.at.date.day, course.start_minute), news);
        let calendar =
            sender.organizer.map(|organizer| attachment(entry, sender.zone, Parties { organizer, attendee: &recipient.email }, now));
        let mail = mails::Mail {
            id: MailId::new(),
            merge_key: Some(format!("date {} {} {person}", course.id, entry.at.date.day)),
            person_id: Some(person),
            email: recipient.email,
            subject,
            body,
            calendar,
            due_at: now.plus(SETTLES_WITHIN),
            attempts: 0,
        };
        mails::queue(db, &mail).await?;
    }
    Ok(())
}

/// The date as it is now, for the calendar it stands in already: by its subject alone.
fn attachment(entry: &Entry<'_>, zone: Tz, parties: Parties<'_>, now: Moment) -> String {
    let (course, at) = (&entry.course.course, &entry.at);
    let (starts_at, ends_at) = at.span(zone);
    let cancelled = !at.takes_place();
    let event = Event {
        uid: format!("{}-{}@auftakt", course.id, at.date.day),
        sequence: at.date.version,
        starts_at,
        ends_at,
        summary: course.subject.clone(),
        place: if at.online { "Online".to_owned() } else { course.place.clone() },
        url: None,
        cancelled,
    };
    let method = if cancelled { Method::Cancel(parties) } else { Method::Request(parties) };
    calendar::write(method, &[event], now)
}

/// Everybody whose page shows a date: who teaches it, who has it, and their guardians.
pub async fn concerned(db: &mut Connection, entry: &Entry<'_>) -> Result<BTreeSet<PersonId>> {
    let course = &entry.course.course;
    let students: BTreeSet<&PersonId> = entry.students.iter().map(|student| &student.student_id).collect();
    let guardians = agenda::guardians(db, &Scope::Course(course.id.clone())).await?;
    let guardians = guardians.into_iter().filter(|(_, student)| students.contains(student)).map(|(guardian, _)| guardian);
    let staff = [&course.teacher_id, &entry.at.date.substitute_id].into_iter().flatten().cloned();
    Ok(guardians.chain(staff).chain(students.iter().map(|student| (*student).clone())).collect())
}

/// Subject and body.
fn words(language: Language, subject: &str, children: &[String], planned: (Day, i64), news: &News) -> (String, String) {
    let when = |(day, minute)| at(language, day, minute);
    let old = when(planned);
    let (greeting, lesson, (head, said)) = match language {
        Language::German => {
            let lesson = named(subject, children, " und ");
            let said = match news {
                News::Cancelled => ("Termin fällt aus", format!("{lesson}: Der Termin am {old} fällt aus.")),
                News::Moved { day, minute } => {
                    ("Termin verlegt", format!("{lesson}: Der Termin am {old} ist verlegt. Neuer Termin: {}.", when((*day, *minute))))
                }
                News::Restored => ("Termin findet statt", format!("{lesson}: Der Termin am {old} findet statt wie geplant.")),
                News::Substitute(Some(name)) => ("Vertretung", format!("{lesson}: Den Termin am {old} übernimmt {name}.")),
                News::Substitute(None) => ("Keine Vertretung", format!("{lesson}: Der Termin am {old} findet ohne Vertretung statt.")),
                News::Online => ("Termin online", format!("{lesson}: Der Termin am {old} findet online statt.")),
                News::OnSite(place) => {
                    ("Termin vor Ort", format!("{lesson}: Der Termin am {old} findet vor Ort statt{}.", in_brackets(place)))
                }
            };
            ("Guten Tag,", lesson, said)
        }
        Language::English => {
            let lesson = named(subject, children, " and ");
            let said = match news {
                News::Cancelled => ("lesson cancelled", format!("{lesson}: the lesson on {old} is cancelled.")),
                News::Moved { day, minute } => {
                    ("lesson moved", format!("{lesson}: the lesson on {old} is moved. New time: {}.", when((*day, *minute))))
                }
                News::Restored => ("lesson takes place", format!("{lesson}: the lesson on {old} takes place as planned.")),
                News::Substitute(Some(name)) => ("substitute", format!("{lesson}: the lesson on {old} is given by {name}.")),
                News::Substitute(None) => ("no substitute", format!("{lesson}: the lesson on {old} is given by your own teacher.")),
                News::Online => ("lesson online", format!("{lesson}: the lesson on {old} takes place online.")),
                News::OnSite(place) => {
                    ("lesson on site", format!("{lesson}: the lesson on {old} takes place on site{}.", in_brackets(place)))
                }
            };
            ("Hello,", lesson, said)
        }
    };
    (format!("{lesson}: {head}"), format!("{greeting}\n\n{said}\n"))
}

fn named(subject: &str, children: &[String], and: &str) -> String {
    format!("{subject}{}", in_brackets(&children.join(and)))
}

fn in_brackets(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

/// "Montag, 12.10.2026, 16:00 Uhr", "Monday, 12 October 2026, 16:00".
pub fn at(language: Language, day: Day, minute: i64) -> String {
    const GERMAN: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
    let weekday = day.0.weekday().num_days_from_monday() as usize;
    let time = format!("{:02}:{:02}", minute / 60, minute % 60);
    match language {
        Language::German => format!("{}, {}, {time} Uhr", GERMAN.get(weekday).unwrap_or(&""), day.0.format("%d.%m.%Y")),
        Language::English => format!("{}, {time}", day.0.format("%A, %-d %B %Y")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::school::samples::day;

    #[test]
    fn a_notice_says_what_and_when_and_nothing_else() {
        let planned = (day("2026-10-12"), 960);
        let news = News::Moved { day: day("2026-10-15"), minute: 905 };
        let (subject, body) = words(Language::German, "Violine", &["Mia".into(), "Tom".into()], planned, &news);
        assert_eq!(subject, "Violine (Mia und Tom): Termin verlegt");
        assert_eq!(
            body,
            "Guten Tag,\n\nVioline (Mia und Tom): Der Termin am Montag, 12.10.2026, 16:00 Uhr ist verlegt. \
             Neuer Termin: Donnerstag, 15.10.2026, 15:05 Uhr.\n"
        );
        let (subject, body) = words(Language::English, "Violin", &[], planned, &News::Cancelled);
        assert_eq!(subject, "Violin: lesson cancelled");
        assert!(body.contains("the lesson on Monday, 12 October 2026, 16:00 is cancelled."));
    }
}
