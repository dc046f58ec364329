//! Names for the things the media plane routes between.

use std::fmt;

/// One PeerConnection. Given by the caller; unique for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub u32);

/// One incoming track (of a peer, or fed by the process itself). Given by the worker; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackId(pub u32);

/// Audio or video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// The `a=mid` of an m-section (RFC 8843 §3); at most 16 bytes of token characters here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mid(ShortToken);

/// The id of a simulcast encoding (RFC 8851 §10); at most 16 alphanumeric bytes here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rid(ShortToken);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ShortToken {
    len: u8,
    bytes: [u8; 16],
}

impl ShortToken {
    fn parse(text: &str) -> Option<Self> {
        let ok = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        ok.then(|| {
            let mut bytes = [0; 16];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            Self { len: text.len() as u8, bytes }
        })
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len as usize]).unwrap_or_default()
    }
}

macro_rules! token_name {
    ($name:ident) => {
        impl $name {
            /// `None` when empty, longer than 16 bytes or not printable ASCII.
            pub fn parse(text: &str) -> Option<Self> {
                ShortToken::parse(text).map(Self)
            }

            /// The text as it stands in SDP.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }
    };
}

token_name!(Mid);
token_name!(Rid);
