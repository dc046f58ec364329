//! Worlds that the behaviour tests share.

pub mod browser;
pub mod impair;

/// Media workers of the servers under test: two, unless `AUFTAKT_TEST_WORKERS` says otherwise.
pub fn workers() -> u8 {
    std::env::var("AUFTAKT_TEST_WORKERS").ok().and_then(|text| text.parse().ok()).unwrap_or(2)
}
