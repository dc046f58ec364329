//! The real worker, real clients and a real room on a simulated network, in virtual time.
//!
//! Everything by chance comes from a seed; a failing one is printed, and `SIM_SEED=7` replays it alone. `SIM_SEEDS=100` tries so many.

mod conference;
mod feedback;
mod guests;
mod lesson;
mod lines;
mod lips;
mod moving;
mod neighbours;
mod picture;
mod recovery;
mod redundancy;
mod replay;
mod switching;
mod voices;
mod wrapping;

use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Runs a scenario for the seeds 1 to `count`, and says which one failed.
fn each_seed(count: u64, scenario: impl Fn(u64)) {
    let given = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let seeds = 1..=given("SIM_SEEDS").unwrap_or(count);
    for seed in given("SIM_SEED").map_or(seeds, |seed| seed..=seed) {
        let _named = Named(seed);
        scenario(seed);
    }
}

struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed with seed {0}; SIM_SEED={0} replays it", self.0);
        }
    }
}
