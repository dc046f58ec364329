//! The line grammar of SDP (RFC 8866 §5): `letter=value` lines, those of the session first, then one block per m-line.

use super::error::SdpError;
use super::{MAX_OFFER_BYTES, MAX_SECTIONS};

/// Longest line that is read. The longest honest ones (an m-line with every codec, an H264 fmtp) have about 200 bytes.
const MAX_LINE_BYTES: usize = 2048;

/// One line, with its place for error messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    pub letter: u8,
    pub value: &'a str,
}

impl<'a> Line<'a> {
    /// `a=name:value` or `a=name`; the value of the latter is empty.
    pub fn attribute(&self) -> Option<(&'a str, &'a str)> {
        (self.letter == b'a').then(|| self.value.split_once(':').unwrap_or((self.value, "")))
    }

    /// This line cannot be read because of `problem`.
    pub fn error(&self, problem: &'static str) -> SdpError {
        SdpError::Line { line: self.number, problem }
    }

    /// This line makes a list longer than `limit`.
    pub fn too_many(&self, what: &'static str, limit: usize) -> SdpError {
        SdpError::TooMany { line: self.number, what, limit }
    }
}

/// A session description, cut into its blocks.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    /// Everything before the first m-line.
    pub session: Vec<Line<'a>>,
    /// The m-line and what follows it, for each m-section.
    pub media: Vec<(Line<'a>, Vec<Line<'a>>)>,
}

/// Cuts `text` into lines and blocks. Lines end in LF or CRLF; blank ones (a text editor's last) are skipped.
pub(super) fn split(text: &str) -> Result<Blocks<'_>, SdpError> {
    if text.len() > MAX_OFFER_BYTES {
        return Err(SdpError::TooLarge { bytes: text.len() });
    }
    let mut lines = text.split('\n').enumerate().map(|(index, line)| (index + 1, line.strip_suffix('\r').unwrap_or(line)));
    if lines.next().is_none_or(|(_, first)| first != "v=0") {
        return Err(SdpError::NotSdp);
    }
    let mut blocks = Blocks { session: Vec::new(), media: Vec::new() };
    for (number, text) in lines.filter(|(_, line)| !line.is_empty()) {
        let line = parse_line(number, text)?;
        if line.letter == b'm' {
            if blocks.media.len() == MAX_SECTIONS {
                return Err(line.too_many("m-sections", MAX_SECTIONS));
            }
            blocks.media.push((line, Vec::new()));
        } else {
            blocks.media.last_mut().map_or(&mut blocks.session, |(_, block)| block).push(line);
        }
    }
    Ok(blocks)
}

fn parse_line(number: usize, text: &str) -> Result<Line<'_>, SdpError> {
    if text.len() > MAX_LINE_BYTES {
        return Err(SdpError::TooMany { line: number, what: "bytes in one line", limit: MAX_LINE_BYTES });
    }
    match text.as_bytes() {
        [letter, b'=', ..] if letter.is_ascii_lowercase() => Ok(Line { number, letter: *letter, value: &text[2..] }),
        _ => Err(SdpError::Line { line: number, problem: "expected a letter and an equals sign" }),
    }
}

/// A `token` of RFC 8866 §9 of at most `limit` bytes: what may be repeated in an answer.
pub(super) fn is_token(text: &str, limit: usize) -> bool {
    (1..=limit).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'{'..=b'~'))
}
