//! The school around the call: who may do what, and what follows from it. Records lie in [`crate::store`], requests come through `http`.

pub mod access;
pub mod agenda;
pub mod attendance;
pub mod categories;
pub mod dossier;
pub mod erasure;
pub mod export;
pub mod files;
pub mod import;
pub mod live;
pub mod notices;
pub mod permit;
pub mod presence;
pub mod relations;
pub mod retention;
pub mod room_names;
#[cfg(test)]
pub mod samples;
pub mod secret;
pub mod sheet;
pub mod sign_in;
pub mod threads;
pub mod throttle;
pub mod timetable;

use crate::store::Store;
use chrono_tz::Tz;
use files::Files;
use live::Live;
use presence::Presences;
use sign_in::Passwords;
use std::sync::{Mutex, MutexGuard, PoisonError};
use throttle::Throttle;

/// What every request about the school may use.
pub struct School {
    pub store: Store,
    pub passwords: Passwords,
    pub files: Files,
    /// Where the school is: times of day are meant there.
    pub zone: Tz,
    /// Who is in which course's online room.
    pub presence: Presences,
    /// The pages that are open.
    pub live: Live,
    /// Failed sign-ins, by account and by address.
    throttle: Mutex<Throttle>,
}

impl School {
    pub fn new(store: Store, files: Files, zone: Tz) -> Self {
        Self {
            store,
            passwords: Passwords::default(),
            files,
            zone,
            presence: Presences::default(),
            live: Live::default(),
            throttle: Mutex::default(),
        }
    }

    /// Whole after every statement under the lock, so a panic elsewhere spoils nothing.
    pub fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
