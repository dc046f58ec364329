//! The school around the call: who may do what, and what follows from it. Records lie in [`crate::store`], requests come through `http`.

pub mod access;
pub mod calendar;
pub mod live;
pub mod mail;
pub mod permit;
pub mod secret;
pub mod sign_in;
pub mod threads;
pub mod throttle;
pub mod timetable;

use crate::store::Store;
use live::Live;
use sign_in::Passwords;
use std::sync::{Mutex, MutexGuard, PoisonError};
use throttle::Throttle;

/// What every request about the school may use.
pub struct School {
    pub store: Store,
    pub passwords: Passwords,
    /// The pages that are open.
    pub live: Live,
    /// Failed sign-ins, by account and by address.
    throttle: Mutex<Throttle>,
}

impl School {
    pub fn new(store: Store) -> Self {
        Self { store, passwords: Passwords::default(), live: Live::default(), throttle: Mutex::default() }
    }

    /// Whole after every statement under the lock, so a panic elsewhere spoils nothing.
    pub fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
