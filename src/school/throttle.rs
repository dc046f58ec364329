//! Slows down who guesses passwords: per account and per address, in memory, without writing down who tried.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// Mistakes that cost nothing.
const FREE: u32 = 5;
/// The first wait; each further mistake doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Mistakes are forgotten after this long without one.
const MEMORY: Duration = Duration::from_secs(60 * 60);
/// Entries kept; when full, the oldest is forgotten.
const ENTRIES_MAX: usize = 20_000;

#[derive(Clone, Copy, Debug)]
struct Entry {
    mistakes: u32,
    last: Instant,
}

/// Who failed how often. Keys are kept as keyed digests.
#[derive(Debug, Default)]
pub struct Throttle {
    hasher: RandomState,
    entries: HashMap<u64, Entry>,
}

impl Throttle {
    /// How long whoever this is must wait yet. An address stands for many people, so it has more patience than an account.
    pub fn wait(&self, now: Instant, account: &str, address: &str) -> Option<Duration> {
        let of = |key: u64, free: u32| {
            let entry = self.entries.get(&key).filter(|entry| now < entry.last + MEMORY)?;
            let over = entry.mistakes.checked_sub(free)?;
            let wait = FIRST_WAIT.saturating_mul(1 << over.min(16)).min(LONGEST_WAIT);
            (entry.last + wait).checked_duration_since(now).filter(|wait| !wait.is_zero())
        };
        of(self.account(account), FREE).max(of(self.address(address), FREE * 10))
    }

    /// One more mistake.
    pub fn failed(&mut self, now: Instant, account: &str, address: &str) {
        for key in [self.account(account), self.address(address)] {
            if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(&key) {
                self.make_room(now);
            }
            let entry = self.entries.entry(key).or_insert(Entry { mistakes: 0, last: now });
            if now >= entry.last + MEMORY {
                entry.mistakes = 0;
            }
            *entry = Entry { mistakes: entry.mistakes.saturating_add(1), last: now };
        }
    }

    /// Whoever has proved who they are starts anew.
    pub fn succeeded(&mut self, account: &str) {
        self.entries.remove(&self.account(account));
    }

    fn make_room(&mut self, now: Instant) {
        self.entries.retain(|_, entry| now < entry.last + MEMORY);
        if self.entries.len() >= ENTRIES_MAX
            && let Some(oldest) = self.entries.iter().min_by_key(|(_, entry)| entry.last).map(|(key, _)| *key)
        {
            self.entries.remove(&oldest);
        }
    }

    fn account(&self, account: &str) -> u64 {
        self.hasher.hash_one(("account", account))
    }

    fn address(&self, address: &str) -> u64 {
        self.hasher.hash_one(("address", address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_cost_more_and_more_and_are_forgotten() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..FREE {
            assert_eq!(throttle.wait(start, "a", "1"), None);
            throttle.failed(start, "a", "1");
        }
        assert_eq!(throttle.wait(start, "a", "1"), Some(FIRST_WAIT));
        assert_eq!(throttle.wait(start + FIRST_WAIT, "a", "1"), None);
        throttle.failed(start, "a", "1");
        assert_eq!(throttle.wait(start, "a", "2"), Some(FIRST_WAIT * 2), "from another address too");
        assert_eq!(throttle.wait(start, "b", "1"), None, "a colleague behind the same router");
        (0..40).for_each(|_| throttle.failed(start, "a", "1"));
        assert_eq!(throttle.wait(start, "a", "1"), Some(LONGEST_WAIT));
        assert_eq!(throttle.wait(start + MEMORY, "a", "1"), None);
    }

    #[test]
    fn an_address_that_tries_many_accounts_waits() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        (0..FREE * 10).for_each(|number| throttle.failed(start, &number.to_string(), "1"));
        assert!(throttle.wait(start, "another", "1").is_some());
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        (0..ENTRIES_MAX + 5).for_each(|number| throttle.failed(start, &number.to_string(), "1"));
        assert!(throttle.entries.len() <= ENTRIES_MAX);
    }
}
