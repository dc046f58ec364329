//! Texts that people choose: parsed once at the border, then carried as types.

use std::fmt;
use std::sync::Arc;

/// Characters in a display name. Long enough for two surnames with titles.
const DISPLAY_NAME_CHARS: usize = 64;
/// Characters in a room's name; it stands in the join link.
const ROOM_NAME_CHARS: usize = 64;
/// Characters in one chat message.
const CHAT_CHARS: usize = 2000;
/// Marks that may sit on one letter before it stops being a letter and starts climbing over its neighbours ("Zalgo").
const MARKS_IN_A_ROW: usize = 4;

/// What a participant is called in the room.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DisplayName(Arc<str>);

/// Why a display name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing visible in it.
    #[error("the name is missing")]
    Missing,
    /// More than 64 characters.
    #[error("the name is longer than {DISPLAY_NAME_CHARS} characters")]
    TooLong,
}

impl DisplayName {
    /// Trims, folds white space to single spaces, and leaves out what is not meant to be seen in a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        // Bounded before it is walked: the text comes from the network.
        if text.len() > DISPLAY_NAME_CHARS * 16 {
            return Err(NameError::TooLong);
        }
        let words: Vec<String> = text.split_whitespace().map(visible).filter(|word| !word.is_empty()).collect();
        let name = words.join(" ");
        match name.chars().count() {
            0 => Err(NameError::Missing),
            n if n > DISPLAY_NAME_CHARS => Err(NameError::TooLong),
            _ => Ok(Self(name.into())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// People's names do not belong into logs.
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayName(…)")
    }
}

/// What a room is called; part of its address.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(Arc<str>);

/// Why a room's name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomNameError {
    /// Nothing in it.
    #[error("the room's name is empty")]
    Empty,
    /// More than 64 characters.
    #[error("the room's name is longer than {ROOM_NAME_CHARS} characters")]
    TooLong,
    /// It could not stand in an address or a file name.
    #[error("a room's name cannot contain {0:?}")]
    Character(char),
}

impl RoomName {
    /// Letters of any script, digits, marks and single inner spaces; nothing that means something in an address.
    pub fn parse(text: &str) -> Result<Self, RoomNameError> {
        if text.len() > ROOM_NAME_CHARS * 4 || text.chars().count() > ROOM_NAME_CHARS {
            return Err(RoomNameError::TooLong);
        }
        let text = text.trim();
        if text.is_empty() {
            return Err(RoomNameError::Empty);
        }
        let forbidden = |c: char| is_unseen(c) || (c.is_whitespace() && c != ' ') || "/\\?#%*\"<>|:&".contains(c);
        if let Some(c) = text.chars().find(|c| forbidden(*c)) {
            return Err(RoomNameError::Character(c));
        }
        // "." and ".." would be read as steps in a path.
        if text.starts_with('.') {
            return Err(RoomNameError::Character('.'));
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A room may be called after a pupil.
impl fmt::Debug for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomName(…)")
    }
}

/// The text of one chat message.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatText(String);

/// Why a chat message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatTextError {
    /// Nothing visible in it.
    #[error("the message is empty")]
    Empty,
    /// More than 2000 characters.
    #[error("the message is longer than {CHAT_CHARS} characters")]
    TooLong,
}

impl ChatText {
    /// Keeps line breaks; leaves out what is not meant to be seen.
    pub fn parse(text: &str) -> Result<Self, ChatTextError> {
        if text.len() > CHAT_CHARS * 16 {
            return Err(ChatTextError::TooLong);
        }
        let lines: Vec<String> = text.trim().lines().map(|line| visible(line).trim_end().to_owned()).collect();
        let text = lines.join("\n").trim().to_owned();
        match text.chars().count() {
            0 => Err(ChatTextError::Empty),
            n if n > CHAT_CHARS => Err(ChatTextError::TooLong),
            _ => Ok(Self(text)),
        }
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// What people write to each other does not belong into logs.
impl fmt::Debug for ChatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChatText(…)")
    }
}

/// Leaves out control characters, direction overrides and towers of combining marks. Joiners stay: names need them.
fn visible(text: &str) -> String {
    let mut marks = 0;
    text.chars()
        .filter(|&c| !is_unseen(c) || c == '\t')
        .filter(|&c| {
            marks = if is_mark(c) { marks + 1 } else { 0 };
            marks <= MARKS_IN_A_ROW
        })
        .collect()
}

/// Control characters, and the formatting characters that make a text look like another one.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Combining marks of the general blocks.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn display_names() {
        let name = |text: &str| DisplayName::parse(text).map(|n| n.as_str().to_owned());
        assert_eq!(name("  Frau\u{a0} Dr.\tMüller-Lüdenscheidt "), Ok("Frau Dr. Müller-Lüdenscheidt".into()));
        assert_eq!(name("李 小龍 🎻"), Ok("李 小龍 🎻".into()));
        assert_eq!(name("<b>Eva</b>"), Ok("<b>Eva</b>".into()), "escaping is the page's task");
        assert_eq!(name("Eva\u{202E}retheL\u{0}"), Ok("EvaretheL".into()));
        assert_eq!(name("a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}b"), Ok("a\u{301}\u{301}\u{301}\u{301}b".into()));
        assert_eq!(name(" \u{200B} \n"), Err(NameError::Missing));
        assert!(name(&"ü".repeat(64)).is_ok());
        assert_eq!(name(&"ü".repeat(65)), Err(NameError::TooLong));
        assert_eq!(name(&"\u{0}".repeat(10_000)), Err(NameError::TooLong));
    }

    #[test]
    fn room_names() {
        assert_eq!(RoomName::parse(" Geige 3b, Frau Özgür ").map(|n| n.as_str().to_owned()), Ok("Geige 3b, Frau Özgür".into()));
        assert_eq!(RoomName::parse("U\u{308}bungsraum").map(|n| n.as_str().len()), Ok("U\u{308}bungsraum".len()));
        for (bad, why) in [("a/b", '/'), ("a#b", '#'), ("..", '.'), ("*", '*'), ("a\nb", '\n'), ("a\u{202E}b", '\u{202E}')] {
            assert_eq!(RoomName::parse(bad), Err(RoomNameError::Character(why)));
        }
        assert_eq!(RoomName::parse("  "), Err(RoomNameError::Empty));
        assert_eq!(RoomName::parse(&"x".repeat(65)), Err(RoomNameError::TooLong));
    }

    #[test]
    fn chat_texts() {
        assert_eq!(ChatText::parse(" Takt 12\r\nbitte\u{7} langsam \n").map(ChatText::into_string), Ok("Takt 12\nbitte langsam".into()));
        assert_eq!(ChatText::parse("\n \u{200B}\n"), Err(ChatTextError::Empty));
        assert_eq!(ChatText::parse("Takt \u{200B}\n12").map(ChatText::into_string), Ok("Takt\n12".into()), "blanks before the unseen");
        assert_eq!(ChatText::parse(&"x".repeat(2001)), Err(ChatTextError::TooLong));
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_bounded_and_stays_the_same(text in "\\PC{0,80}|[\\x00-\\x{2FFF}]{0,80}") {
            if let Ok(name) = DisplayName::parse(&text) {
                prop_assert!((1..=DISPLAY_NAME_CHARS).contains(&name.as_str().chars().count()));
                prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name.clone()));
            }
            if let Ok(room) = RoomName::parse(&text) {
                prop_assert_eq!(RoomName::parse(room.as_str()), Ok(room.clone()));
            }
        }
    }
}
