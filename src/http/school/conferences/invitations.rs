//! What those who are invited to a conference are told by mail.

use super::super::super::App;
use crate::school::calendar::{self, Event, Method, Parties};
use crate::school::notices::{SETTLES_WITHIN, at};
use crate::school::timetable::local;
use crate::store::conferences::Conference;
use crate::store::people::{Language, Person};
use crate::store::{Connection, MailId, Moment, PersonId, Result, agenda, mails};
use chrono_tz::Tz;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Invited,
    Changed,
    Cancelled,
}

/// A mail to each of them who has an account, but not to whoever does it. Nothing about what is over.
pub async fn invite(
    db: &mut Connection,
    app: &App,
    conference: &Conference,
    people: &[Person],
    word: Word,
    actor: &PersonId,
) -> Result<()> {
    let now = Moment::now();
    if conference.starts_at.plus(Duration::from_secs(conference.duration_minutes.unsigned_abs() * 60)) <= now {
        return Ok(());
    }
    for person in people.iter().filter(|person| person.id != *actor) {
        let Some(recipient) = agenda::recipient(db, &person.id).await? else { continue };
        let (subject, body) = words(recipient.language, conference, word, app.school.zone, &app.url);
        let calendar = app.config.mail.as_ref().map(|mail| {
            let parties = Parties { organizer: mail.from.email.as_ref(), attendee: &recipient.email };
            let cancelled = word == Word::Cancelled;
            let event = Event::conference(
                conference.id.as_str(),
                conference.sequence,
                &conference.title,
                conference.starts_at,
                conference.duration_minutes,
                cancelled,
            );
            let method = if cancelled { Method::Cancel(parties) } else { Method::Request(parties) };
            calendar::write(method, &[event], now)
        });
        let mail = mails::Mail {
            id: MailId::new(),
            merge_key: Some(format!("conference {} {}", conference.id, person.id)),
            person_id: Some(person.id.clone()),
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

/// Subject and body. The agenda stays on the school's server.
fn words(language: Language, conference: &Conference, word: Word, zone: Tz, url: &str) -> (String, String) {
    let title = &conference.title;
    let (day, minute) = local(zone, conference.starts_at);
    let when = at(language, day, minute);
    let minutes = conference.duration_minutes;
    let place = format!("{url}/conferences/{}", conference.id);
    match (language, word) {
        (Language::German, Word::Invited) => (
            format!("Einladung: {title}"),
            format!(
                "Guten Tag,\n\nSie sind eingeladen: {title}\n{when} ({minutes} Minuten), online.\n\nTagesordnung und Zugang:\n{place}\n"
            ),
        ),
        (Language::German, Word::Changed) => (
            format!("Geändert: {title}"),
            format!(
                "Guten Tag,\n\ngeändert wurde: {title}\nJetzt {when} ({minutes} Minuten), online.\n\nTagesordnung und Zugang:\n{place}\n"
            ),
        ),
        (Language::German, Word::Cancelled) => {
            (format!("Abgesagt: {title}"), format!("Guten Tag,\n\nfür Sie ist abgesagt: {title}\n{when}.\n"))
        }
        (Language::English, Word::Invited) => (
            format!("Invitation: {title}"),
            format!("Hello,\n\nyou are invited: {title}\n{when} ({minutes} minutes), online.\n\nAgenda and entrance:\n{place}\n"),
        ),
        (Language::English, Word::Changed) => (
            format!("Changed: {title}"),
            format!("Hello,\n\nthis has changed: {title}\nNow {when} ({minutes} minutes), online.\n\nAgenda and entrance:\n{place}\n"),
        ),
        (Language::English, Word::Cancelled) => {
            (format!("Cancelled: {title}"), format!("Hello,\n\nthis is cancelled for you: {title}\n{when}.\n"))
        }
    }
}
