//! Names of files: as people write them in the records, harmless where they leave them.

use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization;

/// Characters of a file's name.
pub const NAME_MAX: usize = 200;
/// Characters of a folder's.
pub const FOLDER_MAX: usize = 100;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a name is needed")]
    Empty,
    #[error("the name is too long")]
    TooLong,
    #[error("a name has no control characters, and none that turn the direction of writing")]
    Control,
    #[error("a name has no slashes, and is not . or ..")]
    Path,
}

/// A file's name as it is kept: trimmed, composed (NFC), one line, no path.
///
/// # Errors
/// Says what is wrong with it.
pub fn file_name(text: &str) -> Result<String, NameError> {
    let name = checked(text, NAME_MAX)?;
    if name.is_empty() { Err(NameError::Empty) } else { Ok(name) }
}

/// A folder's name; empty: no folder.
///
/// # Errors
/// Says what is wrong with it.
pub fn folder_name(text: &str) -> Result<String, NameError> {
    checked(text, FOLDER_MAX)
}

fn checked(text: &str, max: usize) -> Result<String, NameError> {
    // Before it is composed: that takes time, and no name grows by it more than threefold.
    if text.len() > 16 * max {
        return Err(NameError::TooLong);
    }
    let name: String = text.trim().nfc().collect();
    if name.chars().any(|c| c.is_control() || turns_direction(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        return Err(NameError::Control);
    }
    if name.contains(['/', '\\']) || name == "." || name == ".." {
        return Err(NameError::Path);
    }
    if name.chars().count() > max { Err(NameError::TooLong) } else { Ok(name) }
}

/// "fdp.exe" must not read "exe.pdf".
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first of "name.pdf", "name (2).pdf", "name (3).pdf" … that is not taken.
pub fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    let (stem, ending) = split(name);
    let numbered = (2_u32..).map(|number| {
        let tail = format!(" ({number}){ending}");
        let room = NAME_MAX.saturating_sub(tail.chars().count());
        stem.chars().take(room).collect::<String>() + &tail
    });
    numbered.into_iter().find(|name| !taken(name)).unwrap_or_default()
}

/// "a.b" and ".pdf"; a name that begins with its only dot has no ending, nor has one whose ending is a sentence.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= 12 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// A name that every system can write: no characters that Windows or a Mac refuses, no device of Windows, no dots or blanks at the end.
pub fn portable(name: &str) -> String {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "COM", "LPT"];
    let name: String = name.chars().map(|c| if c.is_control() || "<>:\"/\\|?*".contains(c) { '_' } else { c }).collect();
    let name = name.trim_matches(' ').trim_end_matches(['.', ' ']);
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let device = DEVICES.iter().any(|device| {
        let rest = stem.get(..3).filter(|start| start.eq_ignore_ascii_case(device)).and_then(|_| stem.get(3..));
        let numbered = matches!(*device, "COM" | "LPT");
        rest.is_some_and(|rest| {
            if numbered {
                matches!(rest.chars().next(), Some('0'..='9' | '¹' | '²' | '³')) && rest.chars().count() == 1
            } else {
                rest.is_empty()
            }
        })
    });
    if name.is_empty() || device { format!("_{name}") } else { name.to_owned() }
}

/// Where files lie in one archive: each path once, whatever the case, as Windows and Macs see it.
#[derive(Default)]
pub struct Paths(HashSet<String>);

impl Paths {
    /// The path of one more file.
    pub fn add(&mut self, folder: &str, name: &str) -> String {
        let prefix = if folder.is_empty() { String::new() } else { format!("{}/", portable(folder)) };
        let key = |name: &str| crate::store::folded(&format!("{prefix}{name}"));
        let name = free_name(&portable(name), |name| self.0.contains(&key(name)));
        self.0.insert(key(&name));
        prefix + &name
    }

    /// A file beside a folder of the same name could not be unpacked.
    pub fn reserve_folder(&mut self, folder: &str) {
        self.0.insert(crate::store::folded(&portable(folder)));
    }
}

/// `Content-Disposition` (RFC 6266): a plain form of the name for old clients, and the name itself (RFC 8187).
pub fn disposition(kind: &str, name: &str) -> String {
    let plain: String = portable(name)
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | ';') || c == ' ' { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        // attr-char of RFC 8187.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_people_write_them() {
        for good in ["Für Elise.pdf", "Bach – Invention Nr. 1 (2. Fassung).musicxml", "音楽.mp3", "a:b?.pdf", "<b>x<b>.png", "...", "CON"]
        {
            assert_eq!(file_name(good).as_deref(), Ok(good));
        }
        assert_eq!(file_name(" Fu\u{308}r Elise.pdf ").as_deref(), Ok("Für Elise.pdf"), "composed, as Macs do not send it");
    }

    #[test]
    fn what_is_a_path_or_a_trick_is_no_name() {
        for path in ["../../x", "C:\\x", "..", ".", "/etc/passwd", "a/b"] {
            assert_eq!(file_name(path), Err(NameError::Path), "{path}");
        }
        for trick in ["a\0b", "a\nb", "abc\u{202e}fdp.exe", "a\u{2067}b", "a\u{2028}b", "a\u{200f}b", "a\u{7f}"] {
            assert_eq!(file_name(trick), Err(NameError::Control), "{trick:?}");
        }
        assert_eq!(file_name(" \t "), Err(NameError::Empty));
        assert_eq!(file_name(&"x".repeat(201)), Err(NameError::TooLong));
        assert_eq!(file_name(&"x".repeat(1 << 20)), Err(NameError::TooLong));
        assert!(file_name(&"ü".repeat(200)).is_ok());
        assert_eq!(folder_name(""), Ok(String::new()));
        assert!(folder_name("a/b").is_err());
    }

    #[test]
    fn every_system_can_unpack() {
        for (name, portable_name) in [
            ("a:b?.pdf", "a_b_.pdf"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Com1.pdf", "_Com1.pdf"),
            ("COM10.pdf", "COM10.pdf"),
            ("Konzert.pdf", "Konzert.pdf"),
            ("Ende. ", "Ende"),
            ("...", "_"),
            ("../../x", ".._.._x"),
        ] {
            assert_eq!(portable(name), portable_name, "{name}");
        }
    }

    #[test]
    fn an_archive_has_each_path_once() {
        let mut paths = Paths::default();
        paths.reserve_folder("Noten");
        let all = [("", "a.pdf"), ("", "A.pdf"), ("", "a.pdf"), ("Noten", "a.pdf"), ("", "Noten"), ("No:ten", "x"), ("No?ten", "x")];
        let all: Vec<String> = all.iter().map(|(folder, name)| paths.add(folder, name)).collect();
        assert_eq!(all, ["a.pdf", "A (2).pdf", "a (3).pdf", "Noten/a.pdf", "Noten (2)", "No_ten/x", "No_ten/x (2)"]);
    }

    #[test]
    fn a_number_goes_before_the_ending_and_the_name_stays_short_enough() {
        assert_eq!(free_name("a.b.pdf", |name| name == "a.b.pdf"), "a.b (2).pdf");
        assert_eq!(free_name(".gitignore", |name| name == ".gitignore"), ".gitignore (2)");
        let long = "x".repeat(196) + ".pdf";
        assert_eq!(free_name(&long, |name| name == long).chars().count(), NAME_MAX);
    }

    #[test]
    fn a_header_holds_every_name() {
        assert_eq!(
            disposition("attachment", "Für \"Elise\";\r\n.pdf"),
            "attachment; filename=\"F_r _Elise____.pdf\"; filename*=UTF-8''F%C3%BCr%20%22Elise%22%3B%0D%0A.pdf"
        );
        for name in ["音楽.mp3", "%41.pdf", "a'b*c(d).pdf", "\u{202e}", ""] {
            let header = disposition("inline", name);
            assert!(axum::http::HeaderValue::from_str(&header).is_ok() && header.is_ascii(), "{header}");
            assert_eq!(header.matches('"').count(), 2, "{header}");
        }
    }
}
