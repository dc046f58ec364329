//! Proving who one is: passwords, sessions, one-time links.

use super::access::Access;
use super::secret::{Secret, hash_of};
use crate::store::accounts::LinkPurpose;
use crate::store::sessions::Session;
use crate::store::{self, Connection, Moment, PersonId, SessionId, Store, StoreError, accounts, people, sessions};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Hashes computed at once: each takes 19 MiB and a good part of a core.
const HASHES_AT_ONCE: usize = 2;
/// A device stays signed in so long after it was used last.
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often use is written down.
const TOUCH_EVERY: Duration = Duration::from_secs(5 * 60);
/// Devices of one person; the one that was used longest ago is signed out for the next.
const SESSIONS_MAX: usize = 20;

/// Why a sign-in did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Address or password, which of them is not said.
    #[error("address or password is wrong")]
    Wrong,
    /// Used, expired, or never made.
    #[error("the link holds no more")]
    LinkUsed,
    /// Too many mistakes before.
    #[error("too many attempts; wait {} s", .0.as_secs().max(1))]
    Wait(Duration),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gave no randomness, or a thread died.
    #[error("a fault of the server's own")]
    Fault,
}

/// Hashes and compares passwords (argon2id), a few at once.
pub struct Passwords {
    places: Semaphore,
    /// Compared against where there is no account, so that it takes as long.
    nobody: OnceLock<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Semaphore::new(HASHES_AT_ONCE), nobody: OnceLock::new() }
    }
}

impl Passwords {
    /// The hash of a password.
    ///
    /// # Errors
    /// The machine cannot.
    pub async fn hash(&self, password: String) -> Result<String, SignInError> {
        let _place = self.places.acquire().await.map_err(|_| SignInError::Fault)?;
        tokio::task::spawn_blocking(move || password_auth::generate_hash(password)).await.map_err(|_| SignInError::Fault)
    }

    /// Whether a password is the one of this hash; `None` takes as long and is never.
    ///
    /// # Errors
    /// The machine cannot.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, SignInError> {
        let _place = self.places.acquire().await.map_err(|_| SignInError::Fault)?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.get_or_init(|| password_auth::generate_hash("nobody's")).clone());
        let verify = move || password_auth::verify_password(password, &hash).is_ok();
        Ok(tokio::task::spawn_blocking(verify).await.map_err(|_| SignInError::Fault)? && known)
    }
}

/// Begins a session; the secret goes into the cookie.
///
/// # Errors
/// The database.
pub async fn begin(db: &mut Connection, person: &PersonId, device: &str, now: Moment) -> Result<Secret, SignInError> {
    let secret = Secret::new().ok_or(SignInError::Fault)?;
    for old in sessions::of(db, person, now).await?.iter().skip(SESSIONS_MAX - 1) {
        sessions::delete(db, person, &old.id).await?;
    }
    let session = Session {
        id: SessionId::new(),
        person_id: person.clone(),
        device: device.to_owned(),
        created_at: now,
        seen_at: now,
        expires_at: now.plus(SESSION_LIFE),
    };
    sessions::insert(db, &session, &secret.hash()).await?;
    Ok(secret)
}

/// Who brings this cookie.
///
/// # Errors
/// The database.
pub async fn who(store: &Store, cookie: &str, now: Moment) -> Result<Option<Access>, StoreError> {
    let mut db = store.read().await?;
    let Some(session) = sessions::by_secret(&mut db, &hash_of(cookie), now).await? else { return Ok(None) };
    let Some(person) = people::find(&mut db, &session.person_id).await? else { return Ok(None) };
    let roles = people::roles(&mut db, &session.person_id).await?;
    drop(db);
    if now >= session.seen_at.plus(TOUCH_EVERY) {
        let mut db = store.write().await?;
        sessions::touch(&mut db, &session.id, now, now.plus(SESSION_LIFE)).await?;
        db.commit().await?;
    }
    Ok(Some(Access { person, roles, session: session.id }))
}

/// A one-time link for somebody; the secret goes behind the `#` of its address.
///
/// # Errors
/// The database.
pub async fn make_link(db: &mut Connection, person: Option<&PersonId>, purpose: LinkPurpose, until: Moment) -> Result<Secret, SignInError> {
    let secret = Secret::new().ok_or(SignInError::Fault)?;
    accounts::add_link(db, &secret.hash(), person, purpose, until).await?;
    Ok(secret)
}

/// Uses a link up and says whose it was.
///
/// # Errors
/// [`SignInError::LinkUsed`], or the database.
pub async fn redeem(db: &mut Connection, secret: &str, purpose: LinkPurpose, now: Moment) -> Result<Option<PersonId>, SignInError> {
    accounts::take_link(db, &hash_of(secret), purpose, now).await?.ok_or(SignInError::LinkUsed)
}

/// The address of the first operator's set-up, when the school has none yet. An earlier one holds no more.
///
/// # Errors
/// The database.
pub async fn set_up_link(store: &Store, url: &str, now: Moment) -> Result<Option<String>, SignInError> {
    const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
    let mut db = store.write().await?;
    if people::count_with_role(&mut db, store::people::PersonRole::Operator).await? > 0 {
        return Ok(None);
    }
    accounts::forget_links(&mut db, LinkPurpose::SetUp, Moment(i64::MAX)).await?;
    let secret = make_link(&mut db, None, LinkPurpose::SetUp, now.plus(LIFE)).await?;
    db.commit().await.map_err(StoreError::from)?;
    Ok(Some(format!("{url}/setup#{}", secret.reveal())))
}
