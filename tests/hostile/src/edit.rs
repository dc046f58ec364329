//! Damage to bytes and to texts.

use arbitrary::Arbitrary;

/// What happens to a datagram.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Damage {
    None,
    Bits { at: u16, mask: u8 },
    Cut { len: u16 },
    Longer { tail: [u8; 5] },
}

impl Damage {
    /// Whether the bytes are others now.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) -> bool {
        match *self {
            Self::None => false,
            Self::Bits { at, mask } => {
                let len = bytes.len().max(1);
                bytes.get_mut(usize::from(at) % len).map(|byte| *byte ^= mask).is_some() && mask != 0
            }
            Self::Cut { len } => {
                let before = bytes.len();
                bytes.truncate(usize::from(len) % (before + 1));
                bytes.len() != before
            }
            Self::Longer { tail } => {
                bytes.extend_from_slice(&tail);
                true
            }
        }
    }
}

/// What happens to one line of a text.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum LineEdit {
    Drop,
    Twice,
    Cut(u8),
    Char(u8, char),
    /// Another line of the same text in its place.
    Swap(u16),
    /// Another number in place of its first.
    Number(u64),
    SmallNumber(u8),
    Attribute(u8, String),
    Text(String),
}

const ATTRIBUTES: [&str; 19] = [
    "mid",
    "rid",
    "simulcast",
    "ssrc",
    "ssrc-group",
    "rtpmap",
    "fmtp",
    "rtcp-fb",
    "extmap",
    "group",
    "fingerprint",
    "setup",
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "ptime",
    "sendonly",
    "recvonly",
    "inactive",
];

impl LineEdit {
    pub(crate) fn apply(&self, lines: &mut Vec<String>, at: u16) {
        if lines.is_empty() {
            return;
        }
        let at = usize::from(at) % lines.len();
        match self {
            Self::Drop => drop(lines.remove(at)),
            Self::Twice => lines.insert(at, lines[at].clone()),
            Self::Cut(len) => lines[at] = lines[at].chars().take(usize::from(*len) % 40).collect(),
            Self::Char(column, c) => {
                let mut chars: Vec<char> = lines[at].chars().collect();
                chars.insert(usize::from(*column) % (chars.len() + 1), *c);
                lines[at] = chars.into_iter().collect();
            }
            Self::Swap(other) => lines[at] = lines[usize::from(*other) % lines.len()].clone(),
            Self::Number(number) => replace_number(&mut lines[at], *number),
            Self::SmallNumber(number) => replace_number(&mut lines[at], (*number).into()),
            Self::Attribute(name, value) => lines.insert(at, format!("a={}:{value}", ATTRIBUTES[usize::from(*name) % ATTRIBUTES.len()])),
            Self::Text(text) => lines.insert(at, text.clone()),
        }
    }
}

fn replace_number(line: &mut String, number: u64) {
    let is_digit = |c: char| c.is_ascii_digit();
    if let Some(start) = line.find(is_digit) {
        let end = line[start..].find(|c| !is_digit(c)).map_or(line.len(), |len| start + len);
        line.replace_range(start..end, &number.to_string());
    }
}

/// A text after some edits, with line ends as SDP wants them.
pub(crate) fn edited(text: &str, edits: &[(u16, LineEdit)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, edit) in edits {
        edit.apply(&mut lines, *at);
    }
    lines.join("\r\n") + "\r\n"
}
