//! Messages, names and tokens.

use arbitrary::{Arbitrary, Unstructured};
use auftakt::links::{JoinClaims, LinkKey, MediaClaims, TokenError};
use auftakt_signaling::wire::{ClientMessage, Role, RoomKind};
use auftakt_signaling::{ChatText, DisplayName, RoomName};

/// A text of the WebSocket.
pub(crate) fn message(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    names(text);
    let Ok(message) = serde_json::from_str::<ClientMessage>(text) else { return };
    let written = serde_json::to_string(&message).expect("our own types can be written");
    let again: ClientMessage = serde_json::from_str(&written).expect("what we write can be read");
    assert_eq!(again, message);
    match message {
        ClientMessage::Join { name, .. } => names(&name),
        ClientMessage::Chat { text, .. } => names(&text),
        _ => {}
    }
}

/// Whatever is accepted is bounded, and accepted again as it is.
fn names(text: &str) {
    if let Ok(name) = DisplayName::parse(text) {
        assert!((1..=64).contains(&name.as_str().chars().count()));
        assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
    }
    if let Ok(room) = RoomName::parse(text) {
        assert_eq!(RoomName::parse(room.as_str()), Ok(room));
    }
    if let Ok(chat) = ChatText::parse(text).map(ChatText::into_string) {
        assert!((1..=2000).contains(&chat.chars().count()));
        assert_eq!(ChatText::parse(&chat).map(ChatText::into_string), Ok(chat));
    }
}

#[derive(Arbitrary, Debug)]
struct Link {
    room: String,
    name: String,
    expires: u64,
    now: u64,
    role: u8,
    media: bool,
    at: u16,
    other: char,
}

/// The bytes as a token, and tokens of any content with one character changed.
pub(crate) fn link(data: &[u8]) {
    let key = LinkKey::from_bytes(&[7; 32]);
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(key.read_join(text), Err(TokenError::Invalid), "nobody guesses the key");
        assert!(key.verify_media(text, 0).is_err());
    }
    let Ok(link) = Unstructured::new(data).arbitrary::<Link>() else { return };
    let role = [Role::Teacher, Role::Student, Role::Guest, Role::Moderator, Role::Attendee][usize::from(link.role) % 5];
    let join = JoinClaims { room: link.room, kind: RoomKind::Lesson, role, name: link.name, expires: link.expires, person: None };
    let media = MediaClaims { room: join.room.clone(), publish: true, subscribe: false, name: join.name.clone(), expires: link.expires };
    let token = if link.media { key.sign_media(media.clone()) } else { key.sign_join(join.clone()) };
    // Longer tokens are refused unread.
    if token.len() <= 2048 {
        let expired = link.now >= link.expires;
        if link.media {
            assert_eq!(key.verify_media(&token, link.now), if expired { Err(TokenError::Expired) } else { Ok(media) });
            assert_eq!(key.verify_join(&token, link.now), Err(TokenError::Invalid));
        } else {
            assert_eq!(key.verify_join(&token, link.now), if expired { Err(TokenError::Expired) } else { Ok(join) });
            assert_eq!(key.verify_media(&token, link.now), Err(TokenError::Invalid));
        }
    }
    let mut changed: Vec<char> = token.chars().collect();
    let at = usize::from(link.at) % changed.len();
    changed[at] = link.other;
    let changed: String = changed.into_iter().collect();
    if changed != token {
        assert_eq!(key.read_join(&changed), Err(TokenError::Invalid));
        assert_eq!(key.verify_media(&changed, 0), Err(TokenError::Invalid));
    }
}
