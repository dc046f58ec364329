//! What cells mean: times, days, durations and words as offices write them. Each function says what is wrong in words, and what may be meant.

use crate::store::Day;
use crate::store::courses::CourseKind;
use crate::store::folded;
use crate::store::people::PersonRole;
use chrono::{Datelike, NaiveDate};

/// Why a cell is not what its column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// For programs.
    pub code: &'static str,
    /// For people, in German.
    pub message: &'static str,
    /// What may be meant.
    pub suggestion: Option<String>,
}

impl Wrong {
    pub fn new(code: &'static str, message: &'static str) -> Self {
        Self { code, message, suggestion: None }
    }

    fn suggest(self, suggestion: Option<String>) -> Self {
        Self { suggestion, ..self }
    }
}

fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
}

/// Minutes since midnight: `14:00`, `14.30 Uhr`, `9`, `1430`, `14:00 - 14:30` (the first).
pub fn time(text: &str) -> Result<i64, Wrong> {
    let not_a_time = Wrong::new("no_time", "Das ist keine Uhrzeit.");
    let start = text.split(['-', '–']).next().unwrap_or_default();
    let lower = start.to_lowercase().replace("uhr", "");
    let lower = lower.trim().trim_end_matches('h').trim();
    if lower.is_empty() || lower.chars().any(|c| !c.is_ascii_digit() && !":., h".contains(c)) {
        return Err(not_a_time);
    }
    let (hour, minute) = match numbers(lower).as_deref() {
        Some([joined]) if (3..=4).contains(&lower.len()) => (joined / 100, joined % 100),
        Some([hour]) if lower.len() <= 2 => (*hour, 0),
        Some([hour, minute] | [hour, minute, 0]) => (*hour, *minute),
        _ => return Err(not_a_time),
    };
    if hour < 24 && minute < 60 {
        return Ok(i64::from(hour * 60 + minute));
    }
    // 25:30 is 15:30 with a finger on the wrong key.
    let suggestion = match (hour, minute) {
        (24..30, 0..60) => Some(format!("{}:{minute:02}", hour - 10)),
        (0..24, 60..100) if minute % 10 < 6 => Some(format!("{hour}:{}{}", minute % 10, minute / 10)),
        _ => None,
    };
    Err(Wrong::new("no_such_time", "Diese Uhrzeit gibt es nicht.").suggest(suggestion))
}

/// 1 is Monday.
pub fn weekday(text: &str) -> Result<i64, Wrong> {
    const NAMES: [&[&str]; 7] = [
        &["montag", "monday"],
        &["dienstag", "tuesday"],
        &["mittwoch", "wednesday"],
        &["donnerstag", "thursday"],
        &["freitag", "friday"],
        &["samstag", "sonnabend", "saturday"],
        &["sonntag", "sunday"],
    ];
    let word = folded(text.trim().trim_end_matches('.'));
    if let Some(number) = word.parse::<i64>().ok().filter(|number| (1..=7).contains(number)) {
        return Ok(number);
    }
    let found = NAMES.iter().position(|names| word.len() >= 2 && names.iter().any(|name| name.starts_with(&word)));
    if let Some(index) = found {
        return Ok(i64::try_from(index).unwrap_or_default() + 1);
    }
    let near = NAMES.iter().map(|names| names[0]).find(|name| word.len() > 3 && distance(name, &word) <= 2);
    let capital = near.map(|name| name[..1].to_uppercase() + &name[1..]);
    Err(Wrong::new("no_weekday", "Diesen Wochentag gibt es nicht.").suggest(capital))
}

/// A day: `TT.MM.JJJJ`, `T.M.JJ`, `JJJJ-MM-TT`; a time behind it is left out. `latest`: years of two digits are not later.
pub fn day(text: &str, latest: i32) -> Result<Day, Wrong> {
    let not_a_day = || Wrong::new("no_day", "Das ist kein Datum. Erwartet wird TT.MM.JJJJ.");
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    if date.chars().any(|c| !c.is_ascii_digit() && !"./-".contains(c)) {
        return Err(not_a_day());
    }
    let Some([first, month, last]) = numbers(date).and_then(|parts| <[u32; 3]>::try_from(parts).ok()) else { return Err(not_a_day()) };
    let (year, day) = if first > 31 { (first, last) } else { (last, first) };
    let year = i32::try_from(year).map_err(|_| not_a_day())?;
    let century = latest / 100 * 100;
    let year = match year {
        0..100 if century + year <= latest => century + year,
        0..100 => century - 100 + year,
        1900..2200 => year,
        _ => return Err(not_a_day()),
    };
    NaiveDate::from_ymd_opt(year, month, day).map(Day).ok_or_else(|| {
        let swapped = NaiveDate::from_ymd_opt(year, day, month);
        let shorter = || (28..31).rev().find_map(|last| NaiveDate::from_ymd_opt(year, month, last).filter(|_| day > last && day <= 31));
        let suggestion = swapped.or_else(shorter).map(|day| german(Day(day)));
        Wrong::new("no_such_day", "Dieses Datum gibt es nicht.").suggest(suggestion)
    })
}

/// `TT.MM.JJJJ`.
pub fn german(day: Day) -> String {
    day.0.format("%d.%m.%Y").to_string()
}

/// Minutes: `30`, `45 min`, `0:45`.
pub fn duration(text: &str) -> Result<i64, Wrong> {
    let wrong = || Wrong::new("no_duration", "Das ist keine Dauer in Minuten (5 bis 720).");
    let lower = text.to_lowercase();
    let plain = lower.trim().trim_end_matches(['.', '\'', '′']).trim_end_matches("minuten").trim_end_matches("min").trim();
    let minutes = match plain.split_once(':') {
        Some((hours, minutes)) => {
            let minutes = minutes.split(':').next().unwrap_or_default();
            let (hours, minutes) = (hours.parse::<i64>().map_err(|_| wrong())?, minutes.parse::<i64>().map_err(|_| wrong())?);
            hours.checked_mul(60).and_then(|of_hours| of_hours.checked_add(minutes)).ok_or_else(wrong)?
        }
        None => plain.trim_end_matches(",0").parse().map_err(|_| wrong())?,
    };
    if (5..=720).contains(&minutes) { Ok(minutes) } else { Err(wrong()) }
}

/// `Einzel`, `E30`, `Partner`, `Gruppe`, `Orchester` …; with the minutes that are said along with it.
pub fn kind(text: &str) -> Result<(CourseKind, Option<i64>), Wrong> {
    const WORDS: &[(&str, CourseKind)] = &[
        ("einzel", CourseKind::Single),
        ("single", CourseKind::Single),
        ("partner", CourseKind::Partner),
        ("zweier", CourseKind::Partner),
        ("gruppe", CourseKind::Group),
        ("klasse", CourseKind::Group),
        ("dreier", CourseKind::Group),
        ("vierer", CourseKind::Group),
        ("group", CourseKind::Group),
        ("ensemble", CourseKind::Ensemble),
        ("orchester", CourseKind::Ensemble),
        ("chor", CourseKind::Ensemble),
        ("band", CourseKind::Ensemble),
    ];
    let word = folded(text.trim());
    let minutes = numbers(&word).and_then(|numbers| numbers.last().copied()).map(i64::from).filter(|minutes| (15..=240).contains(minutes));
    let letters: String = word.chars().take_while(|c| c.is_alphabetic()).collect();
    let short = match letters.as_str() {
        "e" | "eu" => Some(CourseKind::Single),
        "p" | "pu" => Some(CourseKind::Partner),
        "g" | "gu" | "gr" => Some(CourseKind::Group),
        "ens" => Some(CourseKind::Ensemble),
        _ => None,
    };
    let long = || WORDS.iter().find(|(start, _)| word.contains(start)).map(|(_, kind)| *kind);
    let found = short.or_else(long);
    found.map(|kind| (kind, minutes)).ok_or_else(|| {
        let message = "Diese Art kennt Auftakt nicht. Möglich sind Einzel, Partner, Gruppe und Ensemble.";
        Wrong::new("no_kind", message)
    })
}

/// The roles that a file may give; others are given by hand.
pub fn role(text: &str) -> Result<PersonRole, Wrong> {
    const WORDS: &[(&str, PersonRole)] = &[
        ("lehr", PersonRole::Teacher),
        ("lk", PersonRole::Teacher),
        ("teacher", PersonRole::Teacher),
        ("schul", PersonRole::Student),
        ("teilnehm", PersonRole::Student),
        ("student", PersonRole::Student),
        ("erziehungs", PersonRole::Guardian),
        ("eltern", PersonRole::Guardian),
        ("guardian", PersonRole::Guardian),
    ];
    let word = folded(text.trim());
    let staff = word.starts_with("schulleit") || word.starts_with("schulverw");
    let found = WORDS.iter().find(|(start, _)| word.starts_with(start)).filter(|_| !staff).map(|(_, role)| *role);
    let message = "Diese Rolle vergibt ein Import nicht. Möglich sind Lehrkraft, Schülerin oder Schüler, Erziehungsberechtigte.";
    found.ok_or_else(|| Wrong::new("no_role", message))
}

/// An address as far as can be told without writing to it.
pub fn email(text: &str) -> Result<String, Wrong> {
    let text = text.trim().trim_start_matches("mailto:");
    let well = text.len() <= 254
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            let plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@,;:<>()[]\\\"".contains(c));
            plain(local)
                && plain(domain)
                && domain.contains('.')
                && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-'))
        });
    if well {
        return Ok(text.to_lowercase());
    }
    let repaired = text.replace("(at)", "@").replace("[at]", "@").replace(" ", "").replace("(dot)", ".");
    let suggestion = Some(repaired).filter(|repaired| repaired != text && email(repaired).is_ok());
    Err(Wrong::new("no_email", "Das ist keine E-Mail-Adresse.").suggest(suggestion))
}

/// "Lindqvist, Astrid" and "Astrid Lindqvist", as (given, family).
pub fn full_name(text: &str) -> (String, String) {
    let trimmed = |text: &str| text.trim().to_owned();
    match text.split_once(',') {
        Some((family, given)) => (trimmed(given), trimmed(family)),
        None => match text.trim().rsplit_once(' ') {
            Some((given, family)) => (trimmed(given), trimmed(family)),
            None => (String::new(), trimmed(text)),
        },
    }
}

/// How many letters differ (Levenshtein).
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

/// The year that a birth cannot be after, and lessons hardly are: for years of two digits.
pub fn latest_year(today: Day, ahead: i32) -> i32 {
    today.0.year() + ahead
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_offices_write_them() {
        for (text, minutes) in
            [("14:00", 840), ("14.30", 870), ("9", 540), ("1430", 870), ("930", 570), ("14 Uhr", 840), ("14.30 Uhr", 870)]
        {
            assert_eq!(time(text), Ok(minutes), "{text}");
        }
        assert_eq!((time("17:30 - 18:15"), time("16:00:00"), time("8h30")), (Ok(1050), Ok(960), Ok(510)));
        let wrong = time("25:30").expect_err("no time");
        assert_eq!((wrong.message, wrong.suggestion.as_deref()), ("Diese Uhrzeit gibt es nicht.", Some("15:30")));
        for text in ["", "morgens", "14:00 ca.", "1:2:3", "99999999999:1", "12345"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_of_both_centuries() {
        let written = |text: &str, latest| day(text, latest).map(|day| day.to_string()).map_err(|wrong| wrong.suggestion);
        assert_eq!(written("07.03.2014", 2026), Ok("2014-03-07".into()));
        assert_eq!(written("7.3.14", 2026), Ok("2014-03-07".into()));
        assert_eq!(written("7.3.74", 2026), Ok("1974-03-07".into()));
        assert_eq!(written("2026-08-01", 2026), Ok("2026-08-01".into()));
        assert_eq!(written("01.08.2026 00:00", 2026), Ok("2026-08-01".into()));
        assert_eq!(written("31.02.2026", 2026), Err(Some("28.02.2026".into())));
        assert_eq!(written("11.24.2026", 2026), Err(Some("24.11.2026".into())));
        for text in ["", "gestern", "1.2", "01.01.0001", "1.1.99999999999"] {
            assert_eq!(written(text, 2026), Err(None), "{text}");
        }
    }

    #[test]
    fn weekdays_durations_kinds_and_roles() {
        assert_eq!(["Mo", "Do.", "mittwoch", "Sonnabend", "5", "Tue"].map(weekday), [Ok(1), Ok(4), Ok(3), Ok(6), Ok(5), Ok(2)]);
        assert_eq!(weekday("Donerstag").expect_err("none").suggestion.as_deref(), Some("Donnerstag"));
        assert!(weekday("8").is_err() && weekday("").is_err() && weekday("M").is_err());
        assert_eq!(["30", "45 min", "0:45", "1:00:00", "60'", "30,0"].map(duration), [Ok(30), Ok(45), Ok(45), Ok(60), Ok(60), Ok(30)]);
        assert!(duration("4").is_err() && duration("721").is_err() && duration("9223372036854775807:1").is_err());
        assert_eq!(kind("E30"), Ok((CourseKind::Single, Some(30))));
        assert_eq!(kind("Gruppenunterricht (4)"), Ok((CourseKind::Group, None)));
        assert_eq!(kind("Streichorchester"), Ok((CourseKind::Ensemble, None)));
        assert!(kind("Exkursion").is_err());
        assert_eq!((role("Schülerin"), role("Lehrkraft")), (Ok(PersonRole::Student), Ok(PersonRole::Teacher)));
        assert!(role("Schulleitung").is_err() && role("Administrator").is_err(), "no file makes a head or an operator");
    }

    #[test]
    fn addresses_and_names() {
        assert_eq!(email("Familie.Wojcik@Post.example"), Ok("familie.wojcik@post.example".into()));
        assert_eq!(email("wojcik(at)post.example").expect_err("none").suggestion.as_deref(), Some("wojcik@post.example"));
        assert!(email("familie.wojcik(at)post").is_err() && email("a@b,c@d.e").is_err() && email("a@b.c\n").is_ok());
        assert_eq!(full_name("Lindqvist-Baumgärtner, Astrid"), ("Astrid".into(), "Lindqvist-Baumgärtner".into()));
        assert_eq!(full_name("Anna Maria Vogel"), ("Anna Maria".into(), "Vogel".into()));
        assert_eq!((distance("olschleger", "olschlager"), distance("", "abc"), distance("kitten", "sitting")), (1, 3, 3));
    }
}
