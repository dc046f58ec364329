//! The information page (Art. 13 GDPR): who stores what, why and for how long, from what is really configured. For adults, and in words for children.

use super::retention::Months;
use crate::config::Config;
use crate::store::people::Language;
use crate::store::{Connection, Result};
use serde::Serialize;
use utoipa::ToSchema;

crate::store::words! {
    /// For whom it is written.
    Audience { Adults = "adults", Children = "children" }
}

#[expect(clippy::derivable_impls, reason = "the words are made by a macro that knows no default")]
impl Default for Audience {
    fn default() -> Self {
        Self::Adults
    }
}

/// What the page rests on.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `None`: the school has not said what it is called.
    pub school: Option<String>,
    /// How to reach the school about this, as it has written it down.
    pub contact: Option<String>,
    pub months: Months,
    /// Whether a mail server is set up.
    pub mail: bool,
    /// Whether the database is a server of its own.
    pub database_server: bool,
}

/// A part of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct Section {
    pub heading: String,
    pub paragraphs: Vec<String>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct Notice {
    pub title: String,
    pub sections: Vec<Section>,
}

/// Reads what the page rests on. Settings: `school.name`, `privacy.contact`, and those of [`Months`].
///
/// # Errors
/// The database.
pub async fn facts(db: &mut Connection, config: &Config) -> Result<Facts> {
    Ok(Facts {
        school: setting(db, "school.name").await?.or_else(|| config.school.clone()),
        contact: setting(db, "privacy.contact").await?,
        months: Months::load(db).await?,
        mail: config.mail.is_some(),
        database_server: config.database.is_some(),
    })
}

async fn setting(db: &mut Connection, key: &str) -> Result<Option<String>> {
    let value: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE key = $1").bind(key).fetch_optional(db).await?;
    Ok(value.map(|value| serde_json::from_str::<String>(&value).unwrap_or(value)).filter(|value| !value.trim().is_empty()))
}

/// Writes the page.
pub fn write(facts: &Facts, language: Language, audience: Audience) -> Notice {
    match (language, audience) {
        (Language::German, Audience::Adults) => german(facts),
        (Language::German, Audience::Children) => german_for_children(facts),
        (Language::English, Audience::Adults) => english(facts),
        (Language::English, Audience::Children) => english_for_children(facts),
    }
}

fn notice(title: &str, sections: Vec<(&str, Vec<String>)>) -> Notice {
    let section = |(heading, paragraphs): (&str, Vec<String>)| Section { heading: heading.to_owned(), paragraphs };
    Notice { title: title.to_owned(), sections: sections.into_iter().map(section).collect() }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn german(facts: &Facts) -> Notice {
    let school = facts.school.as_deref().unwrap_or("Die Musikschule, die diese Seite betreibt");
    let contact = facts.contact.as_deref().map_or_else(
        || "Fragen zum Datenschutz beantwortet die Verwaltung der Musikschule.".to_owned(),
        |contact| format!("Fragen zum Datenschutz: {contact}."),
    );
    let Months { messages, files, attendance, journal } = facts.months;
    let database = if facts.database_server {
        "Die Daten liegen in einer Datenbank, die die Schule betreibt."
    } else {
        "Die Daten liegen auf dem Server der Schule, sonst nirgends."
    };
    let mail = if facts.mail {
        "E-Mails gehen über den Mailserver der Schule. Sie enthalten Termine und Anmelde-Links, aber keine Nachrichten."
    } else {
        "Auftakt versendet zurzeit keine E-Mails."
    };
    notice(
        "Datenschutz",
        vec![
            ("Wer verantwortlich ist", vec![format!("{school} ist für diese Daten verantwortlich."), contact]),
            (
                "Wozu die Daten da sind",
                texts(&[
                    "Für den Online-Unterricht, den Stundenplan, Nachrichten, Unterrichtsmaterial und die Anwesenheitslisten der Musikschule. \
                     Grundlage ist der Unterrichtsvertrag (Art. 6 Abs. 1 b DSGVO) oder der öffentliche Auftrag der Schule (Art. 6 Abs. 1 e DSGVO).",
                    "Kamera und Aufnahmen von Minderjährigen beruhen auf der Einwilligung der Erziehungsberechtigten (Art. 6 Abs. 1 a DSGVO). \
                     Sie kann jederzeit widerrufen werden; das gilt dann ab diesem Zeitpunkt.",
                ]),
            ),
            (
                "Welche Daten gespeichert werden",
                texts(&[
                    "Wer jemand ist: Name, Geburtsdatum, Personen-Nummer, Rolle, wer zu welcher Familie gehört.",
                    "Erreichbarkeit: E-Mail, Telefon, Anschrift. Nur die Verwaltung sieht sie.",
                    "Stundenplan: Veranstaltungen, Belegungen, Konferenzen.",
                    "Unterricht: welche Stunde stattfand, wer anwesend war, wer wann im Online-Raum war, Bemerkungen der Lehrkraft.",
                    "Was geschrieben oder hochgeladen wurde: Nachrichten und Dateien.",
                    "Zeitpunkte: wann sich ein Gerät angemeldet hat, und ein Protokoll dessen, was die Verwaltung eingesehen oder geändert hat.",
                    "Bild und Ton des Unterrichts werden übertragen und nicht gespeichert.",
                ]),
            ),
            (
                "Wie lange",
                vec![
                    format!("Nachrichten {messages} Monate, Dateien {files} Monate."),
                    format!("Termine und Anwesenheit {attendance} Monate, nachdem sie an die Schulverwaltung übergeben wurden."),
                    format!("Das Protokoll der Verwaltung {journal} Monate. Anmeldungen 30 Tage nach der letzten Benutzung."),
                    "Name, Erreichbarkeit und Belegungen, bis die Verwaltung die Person löscht.".to_owned(),
                ],
            ),
            ("Wer die Daten bekommt", vec![database.to_owned(), mail.to_owned(), "Anwesenheitslisten übergibt die Verwaltung an ihr Schulverwaltungsprogramm. Niemand sonst bekommt Daten, und keine Seite lädt etwas von Dritten.".to_owned()]),
            (
                "Ihre Rechte",
                texts(&[
                    "Sie können Auskunft und eine Kopie aller Daten verlangen, sie berichtigen oder löschen lassen, die Verarbeitung einschränken lassen \
                     und ihr widersprechen. Wenden Sie sich an die Verwaltung; sie gibt die Daten als Archiv heraus und löscht sie auf Wunsch.",
                    "Sie können sich bei der Datenschutzaufsicht Ihres Bundeslandes beschweren.",
                    "Der Browser speichert nur, was zum Anmelden und für Ihre Einstellungen nötig ist.",
                ]),
            ),
        ],
    )
}

fn german_for_children(facts: &Facts) -> Notice {
    let school = facts.school.as_deref().unwrap_or("Deine Musikschule");
    let Months { messages, files, attendance, .. } = facts.months;
    notice(
        "Was wir über dich wissen",
        vec![
            ("Wer passt auf deine Daten auf?", vec![format!("{school}. Alles liegt auf dem Computer der Schule.")]),
            (
                "Was ist gespeichert?",
                texts(&[
                    "Dein Name, dein Geburtstag und welchen Unterricht du hast.",
                    "Ob du in der Stunde da warst.",
                    "Was du schreibst und was du hochlädst. Das sehen nur die Leute, an die du schreibst, und deine Eltern.",
                    "Dein Bild und dein Ton im Unterricht werden nicht gespeichert.",
                ]),
            ),
            (
                "Musst du die Kamera anmachen?",
                texts(&[
                    "Nein. Deine Eltern entscheiden mit, ob du im Bild bist und ob jemand aufnehmen darf. Sie dürfen ihre Meinung ändern.",
                ]),
            ),
            (
                "Wie lange?",
                vec![format!(
                    "Nachrichten {messages} Monate, Dateien {files} Monate, deine Stunden {attendance} Monate, nachdem die Schule sie gezählt hat. Dann werden sie gelöscht."
                )],
            ),
            (
                "Was kannst du tun?",
                texts(&[
                    "Du darfst fragen, was wir über dich wissen. Du darfst verlangen, dass wir etwas löschen. Sag es deinen Eltern, deiner Lehrkraft oder der Verwaltung.",
                ]),
            ),
        ],
    )
}

fn english(facts: &Facts) -> Notice {
    let school = facts.school.as_deref().unwrap_or("The music school that runs this page");
    let contact = facts.contact.as_deref().map_or_else(
        || "The school's office answers questions about data protection.".to_owned(),
        |contact| format!("Questions about data protection: {contact}."),
    );
    let Months { messages, files, attendance, journal } = facts.months;
    let database = if facts.database_server {
        "The data lies in a database that the school runs."
    } else {
        "The data lies on the school's server and nowhere else."
    };
    let mail = if facts.mail {
        "E-mail goes through the school's mail server. It holds dates and links to sign in, but no messages."
    } else {
        "Auftakt sends no e-mail at present."
    };
    notice(
        "Data protection",
        vec![
            ("Who is responsible", vec![format!("{school} is responsible for this data."), contact]),
            (
                "What the data is for",
                texts(&[
                    "For online lessons, the timetable, messages, teaching material and the attendance lists of the music school. The basis is the \
                     contract for lessons (Art. 6(1)(b) GDPR) or the school's public task (Art. 6(1)(e) GDPR).",
                    "Camera and recordings of minors rest on the consent of their guardians (Art. 6(1)(a) GDPR). It can be withdrawn at any time, \
                     with effect from then on.",
                ]),
            ),
            (
                "What is stored",
                texts(&[
                    "Who somebody is: name, date of birth, number, role, and who belongs to which family.",
                    "How to reach somebody: e-mail, telephone, address. Only the office sees this.",
                    "The timetable: courses, enrolments, conferences.",
                    "Lessons: which took place, who was there, who was in the online room when, notes of the teacher.",
                    "What was written or uploaded: messages and files.",
                    "Times: when a device signed in, and a journal of what the office looked at or changed.",
                    "Picture and sound of lessons are transmitted and not stored.",
                ]),
            ),
            (
                "For how long",
                vec![
                    format!("Messages {messages} months, files {files} months."),
                    format!("Lesson dates and attendance {attendance} months after they were handed to the school's administration."),
                    format!("The office's journal {journal} months. Sign-ins 30 days after they were last used."),
                    "Name, address and enrolments until the office erases the person.".to_owned(),
                ],
            ),
            ("Who receives the data", vec![database.to_owned(), mail.to_owned(), "The office hands attendance lists to its administration program. Nobody else receives data, and no page loads anything from third parties.".to_owned()]),
            (
                "Your rights",
                texts(&[
                    "You may ask for information and a copy of all data, have it corrected or erased, have its use restricted, and object to it. Turn to \
                     the office: it hands out the data as an archive and erases it on request.",
                    "You may complain to the data protection authority.",
                    "The browser stores only what is needed to sign in and for your settings.",
                ]),
            ),
        ],
    )
}

fn english_for_children(facts: &Facts) -> Notice {
    let school = facts.school.as_deref().unwrap_or("Your music school");
    let Months { messages, files, attendance, .. } = facts.months;
    notice(
        "What we know about you",
        vec![
            ("Who looks after your data?", vec![format!("{school}. Everything is on the school's own computer.")]),
            (
                "What is stored?",
                texts(&[
                    "Your name, your birthday, and which lessons you have.",
                    "Whether you were there.",
                    "What you write and what you upload. Only the people you write to, and your parents, see it.",
                    "Your picture and your sound in lessons are not stored.",
                ]),
            ),
            (
                "Do you have to turn the camera on?",
                texts(&["No. Your parents help decide whether you are seen and whether anybody may record. They may change their mind."]),
            ),
            (
                "For how long?",
                vec![format!(
                    "Messages {messages} months, files {files} months, your lessons {attendance} months after the school has counted them. Then they are deleted."
                )],
            ),
            (
                "What can you do?",
                texts(&[
                    "You may ask what we know about you. You may ask us to delete something. Tell your parents, your teacher or the office.",
                ]),
            ),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_is_configured_in_every_version() {
        let months = Months { messages: 7, files: 11, attendance: 13, journal: 17 };
        let facts = Facts { school: Some("Musikschule Linden".into()), contact: None, months, mail: false, database_server: false };
        for language in Language::ALL {
            for audience in Audience::ALL {
                let text = format!("{:?}", write(&facts, *language, *audience));
                for fact in ["Musikschule Linden", " 7 ", " 11 ", " 13 "] {
                    assert!(text.contains(fact), "{language:?} {audience:?} {fact}");
                }
            }
            let text = format!("{:?}", write(&facts, *language, Audience::Adults));
            assert!(text.contains(" 17 "));
            let other = format!(
                "{:?}",
                write(
                    &Facts { mail: true, database_server: true, contact: Some("dsb@stadt.example".into()), ..facts.clone() },
                    *language,
                    Audience::Adults
                )
            );
            assert!(text != other && other.contains("dsb@stadt.example"));
        }
    }
}
