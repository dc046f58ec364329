//! What the online rooms of courses and conferences are called: as the course is, as far as an address can carry it, and no two alike.

use crate::rooms::Records;
use crate::store::{Connection, Result};
use auftakt_signaling::RoomName;

/// How many alike are counted through before a random ending is taken.
const COUNTED: u32 = 20;
/// Leaves room for an ending in the 64 characters of a room's name.
const STEM_CHARS: usize = 48;

/// A name that no course, conference or room of the command line has.
pub async fn unused(db: &mut Connection, records: &Records, name: &str) -> Result<RoomName> {
    let stem = stem(name);
    for candidate in candidates(&stem) {
        if !is_taken(db, records, &candidate).await? {
            return Ok(candidate);
        }
    }
    Ok(unguessable(&stem))
}

/// The name without what means something in an address; `Raum` when nothing is left.
fn stem(name: &str) -> String {
    let spoken: String = name.chars().map(|c| if c.is_alphanumeric() || "-_.,'()+".contains(c) { c } else { ' ' }).collect();
    let words = spoken.split_whitespace().collect::<Vec<_>>().join(" ");
    let stem: String = words.trim_start_matches(['.', ' ']).chars().take(STEM_CHARS).collect();
    match RoomName::parse(&stem) {
        Ok(name) => name.as_str().to_owned(),
        Err(_) => "Raum".to_owned(),
    }
}

fn candidates(stem: &str) -> impl Iterator<Item = RoomName> + use<'_> {
    let numbered = (2..=COUNTED).map(move |number| format!("{stem} {number}"));
    std::iter::once(stem.to_owned()).chain(numbered).filter_map(|name| RoomName::parse(&name).ok())
}

fn unguessable(stem: &str) -> RoomName {
    // The last digits are the random ones.
    let ending: String = uuid::Uuid::now_v7().simple().to_string().chars().skip(20).collect();
    // A stem and letters are always a name.
    RoomName::parse(&format!("{stem} {ending}")).unwrap_or_else(|_| RoomName::parse("Raum").expect("a name"))
}

async fn is_taken(db: &mut Connection, records: &Records, name: &RoomName) -> Result<bool> {
    let query = "SELECT (SELECT count(*) FROM courses WHERE room = $1) + (SELECT count(*) FROM conferences WHERE room = $1)";
    let count: i64 = sqlx::query_scalar(query).bind(name.as_str()).fetch_one(db).await?;
    // A record that cannot be read is somebody's.
    Ok(count > 0 || !matches!(records.kind(name), Ok(None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_called_like_its_course_as_far_as_an_address_goes() {
        assert_eq!(stem("Violine: Mia & Lotte / Gruppe 2"), "Violine Mia Lotte Gruppe 2");
        assert_eq!(stem("../../etc/passwd"), "etc passwd");
        assert_eq!(stem("  ???  "), "Raum");
        assert_eq!(stem("\u{202e}Geige\u{200b}"), "Geige");
        assert!(RoomName::parse(&format!("{} 20", stem(&"ä".repeat(200)))).is_ok());
        let names: Vec<String> = candidates("Chor").take(3).map(|name| name.as_str().to_owned()).collect();
        assert_eq!(names, ["Chor", "Chor 2", "Chor 3"]);
        assert_ne!(unguessable("Chor"), unguessable("Chor"));
    }
}
