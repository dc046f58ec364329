//! Gives memory back to the system when many have left: the allocator keeps what it once had, in pieces, until it is asked.

use crate::rooms::Rooms;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How often it is looked how many are there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Until the server stops.
pub async fn follow(rooms: Rooms, mut stopping: watch::Receiver<bool>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut most = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.changed() => return,
        }
        let here = rooms.connections();
        if here < most && here <= most / 2 {
            most = here;
            // It takes some milliseconds, which nobody's socket should wait for.
            let _ = tokio::task::spawn_blocking(give_back).await;
        }
        most = most.max(here);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no safe wrapper")]
fn give_back() {
    // SAFETY: takes a number and touches nothing but the allocator's own state, under its locks.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators do it by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
