//! RTP header extensions as SDP names them (RFC 8285 §6).

use super::error::SdpError;
use super::lines::Line;
use super::section::Direction;
use crate::rtp::ext::ExtensionKind;

/// One `a=extmap` line of a known kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedExtension {
    /// 1-14 in the one-byte form; 16-255 only with `a=extmap-allow-mixed`.
    pub id: u8,
    /// What it carries.
    pub kind: ExtensionKind,
    /// In which direction the client means it; `None` when the line says nothing.
    pub direction: Option<Direction>,
}

impl OfferedExtension {
    /// Would the client write this into packets it sends?
    pub(super) fn is_sent(&self) -> bool {
        matches!(self.direction, None | Some(Direction::SendRecv | Direction::SendOnly))
    }

    /// Would the client read this from packets it gets?
    pub(super) fn is_received(&self) -> bool {
        matches!(self.direction, None | Some(Direction::SendRecv | Direction::RecvOnly))
    }
}

/// What each id means to one transport: bundled sections must agree (RFC 9143 §9), as an id is read before its section is known.
pub(super) struct IdMeanings<'a>([Option<&'a str>; 256]);

impl<'a> IdMeanings<'a> {
    pub fn new() -> Self {
        Self([None; 256])
    }

    /// Reads the value of one `a=extmap`. `None` for what this server has no use for.
    pub fn parse(&mut self, line: &Line<'_>, value: &'a str) -> Result<Option<OfferedExtension>, SdpError> {
        let mut words = value.split_ascii_whitespace();
        let (Some(name), Some(uri)) = (words.next(), words.next()) else {
            return Err(line.error("expected a=extmap:<id>[/<direction>] <uri>"));
        };
        let (id, direction) = match name.split_once('/') {
            Some((id, direction)) => {
                let direction = Direction::parse(direction).ok_or_else(|| line.error("no such direction in a=extmap"))?;
                (id, Some(direction))
            }
            None => (name, None),
        };
        let id: u16 = id.parse().map_err(|_| line.error("the id of an a=extmap is a number"))?;
        // 15 is reserved (RFC 8285 §4.2), and above 255 stand offers of more extensions than there are ids: none of ours.
        let Ok(id @ (1..=14 | 16..)) = u8::try_from(id) else { return Ok(None) };
        let meaning = &mut self.0[usize::from(id)];
        if meaning.is_some_and(|known| known != uri) {
            return Err(SdpError::ExtensionConflict { id });
        }
        *meaning = Some(uri);
        Ok(ExtensionKind::from_uri(uri).map(|kind| OfferedExtension { id, kind, direction }))
    }
}
