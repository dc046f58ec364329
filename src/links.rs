//! Signed links and tokens: who may join which room as what, until when.
//!
//! A token is `base64url(claims) . base64url(HMAC-SHA256(claims))`, the claims as JSON. The key lies in the data directory, so that links made by the
//! command line hold at the running server, and after a restart.

use crate::rooms::RoomLife;
use auftakt_signaling::RoomName;
use auftakt_signaling::wire::{Role, RoomKind};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a join link says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinClaims {
    pub room: String,
    pub kind: RoomKind,
    pub role: Role,
    /// The name suggested on the join page.
    pub name: String,
    /// Seconds since 1970.
    pub expires: u64,
    /// Who it was made for, when that is somebody of the school who was signed in: whose presence it is. Means nothing to the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// What a bearer token for WHIP and WHEP says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaClaims {
    /// A room's name, or `*` for all, existing or not.
    pub room: String,
    pub publish: bool,
    pub subscribe: bool,
    /// What a publisher is called in the room.
    #[serde(default)]
    pub name: String,
    /// Seconds since 1970.
    pub expires: u64,
}

/// What a resume secret says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeClaims {
    /// The link that was used.
    pub link: u64,
    /// Makes it a secret.
    pub nonce: String,
    /// Seconds since 1970.
    pub until: u64,
    /// Of somebody who was in the room, not of somebody who waited to be let in.
    #[serde(default = "of_somebody_inside")]
    pub admitted: bool,
    /// In which life of the room. `None` in secrets of a server that did not say so.
    #[serde(default)]
    pub life: Option<RoomLife>,
}

/// Before there was waiting, every secret was.
fn of_somebody_inside() -> bool {
    true
}

/// What is signed: the tag keeps a link from being taken for a bearer token and the reverse.
#[derive(Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
enum Claims {
    Join(JoinClaims),
    Media(MediaClaims),
    Resume(ResumeClaims),
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Cut short, changed, made by another server, or made for something else.
    #[error("the token was not made by this server")]
    Invalid,
    #[error("the token has expired")]
    Expired,
}

/// Longer ones are refused unread.
const TOKEN_BYTES: usize = 2048;
const KEY_FILE: &str = "link.key";
const KEY_BYTES: usize = 32;

/// Signs and checks. Prints as nothing but its name.
pub struct LinkKey(hmac::Key);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkKey {
    /// Reads the key of a data directory, without making one.
    ///
    /// # Errors
    /// It cannot be read, or is no key.
    pub fn read(data: &Path) -> std::io::Result<Self> {
        let path = data.join(KEY_FILE);
        let bytes = std::fs::read(&path)?;
        let damaged = |_| std::io::Error::other(format!("{} is damaged: delete it to make a new one (all links end)", path.display()));
        Ok(Self::from_bytes(&bytes.try_into().map_err(damaged)?))
    }

    /// Reads the key of a data directory; the first time makes one that only its owner may read.
    ///
    /// # Errors
    /// The directory or file cannot be made or read, or the file is no key.
    pub fn open(data: &Path) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
        let path = data.join(KEY_FILE);
        if !path.exists() {
            Self::create(data, &path)?;
        }
        Self::read(data)
    }

    /// A key that is known.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Written aside and linked into place, so that two programs starting at once agree on one key and none reads half of it.
    fn create(data: &Path, path: &Path) -> std::io::Result<()> {
        let mut bytes = [0; KEY_BYTES];
        SystemRandom::new().fill(&mut bytes).map_err(|_| std::io::Error::other("no randomness"))?;
        let aside = data.join(format!("{KEY_FILE}.{}", std::process::id()));
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&aside, path);
        std::fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// The token of a join link.
    pub fn sign_join(&self, claims: JoinClaims) -> String {
        self.sign(&Claims::Join(claims))
    }

    /// A bearer token.
    pub fn sign_media(&self, claims: MediaClaims) -> String {
        self.sign(&Claims::Media(claims))
    }

    /// Checks a join link's token; `now` in seconds since 1970.
    ///
    /// # Errors
    /// Not ours, or expired.
    pub fn verify_join(&self, token: &str, now: u64) -> Result<JoinClaims, TokenError> {
        let claims = self.read_join(token)?;
        if now < claims.expires { Ok(claims) } else { Err(TokenError::Expired) }
    }

    /// What a join link says, whether or not it still admits newcomers: whoever is in a lesson when the link ends may come back.
    ///
    /// # Errors
    /// Not ours.
    pub fn read_join(&self, token: &str) -> Result<JoinClaims, TokenError> {
        match self.verify(token)? {
            Claims::Join(claims) => Ok(claims),
            Claims::Media(_) | Claims::Resume(_) => Err(TokenError::Invalid),
        }
    }

    /// Checks a bearer token; `now` in seconds since 1970.
    ///
    /// # Errors
    /// Not ours, or expired.
    pub fn verify_media(&self, token: &str, now: u64) -> Result<MediaClaims, TokenError> {
        let claims = self.read_media(token)?;
        if now < claims.expires { Ok(claims) } else { Err(TokenError::Expired) }
    }

    /// What a bearer token says, expired or not: for whoever owns a session already.
    ///
    /// # Errors
    /// Not ours.
    pub fn read_media(&self, token: &str) -> Result<MediaClaims, TokenError> {
        match self.verify(token)? {
            Claims::Media(claims) => Ok(claims),
            Claims::Join(_) | Claims::Resume(_) => Err(TokenError::Invalid),
        }
    }

    /// The secret that brings a participant back. It says for which link, so that it holds at a server that was restarted, too.
    pub fn sign_resume(&self, claims: ResumeClaims) -> String {
        self.sign(&Claims::Resume(claims))
    }

    /// Whether somebody was in the room through this link not long ago; `now` in seconds since 1970. Whoever only waited was not.
    pub fn was_here(&self, token: &str, link: u64, now: u64) -> bool {
        self.read_resume(token, link, now).is_some()
    }

    /// Whether somebody is in the room through this link, as far as this life of it goes on what was before; `now` in seconds since 1970.
    pub fn was_let_in(&self, token: &str, link: u64, now: u64, life: RoomLife) -> bool {
        self.read_resume(token, link, now).is_some_and(|claims| claims.life.is_none_or(|earlier| life.continues(earlier)))
    }

    /// What stays of an identifier whose owner was erased: who has the key can tell whether it is the same, nobody else anything.
    pub fn tombstone(&self, id: &str) -> String {
        let tag = hmac::sign(&self.0, format!("tombstone:{id}").as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn read_resume(&self, token: &str, link: u64, now: u64) -> Option<ResumeClaims> {
        match self.verify(token) {
            Ok(Claims::Resume(claims)) => Some(claims).filter(|claims| claims.admitted && claims.link == link && now < claims.until),
            _ => None,
        }
    }

    fn sign(&self, claims: &Claims) -> String {
        let body = serde_json::to_vec(claims).unwrap_or_default();
        let tag = hmac::sign(&self.0, &body);
        format!("{}.{}", BASE64.encode(&body), BASE64.encode(tag))
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let (body, tag) = token.split_once('.').ok_or(TokenError::Invalid)?;
        let body = BASE64.decode(body).map_err(|_| TokenError::Invalid)?;
        let tag = BASE64.decode(tag).map_err(|_| TokenError::Invalid)?;
        // Compares in constant time, before anything of the body is believed.
        hmac::verify(&self.0, &body, &tag).map_err(|_| TokenError::Invalid)?;
        serde_json::from_slice(&body).map_err(|_| TokenError::Invalid)
    }
}

/// The token stands behind `#`: it never leaves the browser in a request's address, and so is in nobody's log.
pub fn join_url(base: &str, room: &RoomName, token: &str) -> String {
    format!("{base}/r/{}#{token}", percent_encoded(room.as_str()))
}

/// For the path of an address.
pub fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// The same link has the same id, at every start of the server.
pub fn link_id(token: &str) -> u64 {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte))
}

/// Seconds since 1970, for the expiry of tokens.
pub fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> LinkKey {
        LinkKey::from_bytes(&[7; KEY_BYTES])
    }

    fn claims() -> JoinClaims {
        JoinClaims {
            room: "geige".into(),
            kind: RoomKind::Lesson,
            role: Role::Student,
            name: "Hannah Nguyễn".into(),
            expires: 100,
            person: None,
        }
    }

    #[test]
    fn a_link_holds_until_it_expires() {
        let token = key().sign_join(claims());
        assert_eq!(key().verify_join(&token, 99), Ok(claims()));
        assert_eq!(key().verify_join(&token, 100), Err(TokenError::Expired));
    }

    #[test]
    fn every_changed_character_breaks_it() {
        let token = key().sign_join(claims());
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("still ASCII");
            assert_eq!(key().verify_join(&changed, 0), Err(TokenError::Invalid), "position {index}");
        }
    }

    #[test]
    fn a_link_is_no_bearer_token() {
        let token = key().sign_join(claims());
        assert_eq!(key().verify_media(&token, 0), Err(TokenError::Invalid));
    }

    #[test]
    fn a_resume_secret_proves_one_link_for_a_while_and_nothing_else() {
        let secret = key().sign_resume(resume_claims(true));
        assert!(key().was_here(&secret, 5, 99));
        assert!(!key().was_here(&secret, 5, 100) && !key().was_here(&secret, 6, 99));
        assert!(!LinkKey::from_bytes(&[8; KEY_BYTES]).was_here(&secret, 5, 99));
        assert!(!key().was_here(&key().sign_join(claims()), 5, 99));
        assert_eq!(key().read_join(&secret), Err(TokenError::Invalid));
        assert_eq!(key().read_media(&secret), Err(TokenError::Invalid));
    }

    fn resume_claims(admitted: bool) -> ResumeClaims {
        ResumeClaims { link: 5, nonce: "x".into(), until: 100, admitted, life: None }
    }

    #[test]
    fn a_secret_of_the_lobby_proves_nothing() {
        assert!(!key().was_here(&key().sign_resume(resume_claims(false)), 5, 99));
    }

    #[test]
    fn a_secret_of_a_server_that_knew_no_lobby_is_of_somebody_inside() {
        let old = r#"{"for":"resume","link":5,"nonce":"x","until":100}"#;
        let claims: Claims = serde_json::from_str(old).expect("as it was written");
        assert!(key().was_here(&key().sign(&claims), 5, 99));
    }

    #[test]
    fn a_link_says_whose_it_is_and_one_from_before_says_nothing() {
        let own = JoinClaims { person: Some("0198".into()), ..claims() };
        assert_eq!(key().verify_join(&key().sign_join(own.clone()), 0), Ok(own));
        let old = r#"{"for":"join","room":"geige","kind":"lesson","role":"student","name":"Hannah Nguyễn","expires":100}"#;
        let old: Claims = serde_json::from_str(old).expect("as it was written");
        assert_eq!(key().verify_join(&key().sign(&old), 0), Ok(claims()));
        // And links for nobody stay as they were, so that their ids do.
        assert!(!serde_json::to_string(&Claims::Join(claims())).expect("JSON").contains("person"));
    }

    #[test]
    fn another_key_refuses() {
        let other = LinkKey::from_bytes(&[8; KEY_BYTES]);
        assert_eq!(other.verify_join(&key().sign_join(claims()), 0), Err(TokenError::Invalid));
    }
}
