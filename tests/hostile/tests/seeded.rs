//! Every fuzz target on seeded random input: a short version of `script/fuzz` with every test run.
//!
//! A failure names the target and the seed. `SEED=n cargo test -p auftakt-hostile` begins elsewhere.

use auftakt_hostile::{TARGETS, Target};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::panic::catch_unwind;

/// The longest input: enough for every step that a target takes.
const LEN_MAX: usize = 4096;

/// Bytes of one of several kinds: noise, small numbers, and text.
fn input(seed: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let len = rng.random_range(0..LEN_MAX) >> rng.random_range(0..8);
    let kind = rng.random_range(0..4);
    (0..len)
        .map(|_| match kind {
            0 => rng.random(),
            1 => rng.random_range(0..16),
            2 if rng.random_ratio(3, 4) => rng.random_range(b' '..=b'~'),
            // Mostly zero: the first choice of every kind.
            _ => rng.random::<u8>() & rng.random::<u8>() & rng.random::<u8>(),
        })
        .collect()
}

fn survives(target: &Target) {
    let start: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    for seed in start..start + u64::from(target.tries) {
        let data = input(seed);
        if catch_unwind(|| (target.run)(&data)).is_err() {
            panic!("{} fails with SEED={seed} ({} bytes)", target.name, data.len());
        }
    }
}

macro_rules! tests {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            survives(TARGETS.iter().find(|target| target.name == stringify!($name)).expect("a target of this name"));
        })+

        #[test]
        fn every_target_is_here() {
            let here = [$(stringify!($name)),+];
            assert_eq!(TARGETS.iter().map(|target| target.name).collect::<Vec<_>>(), here);
        }
    };
}

tests! { demux stun dtls srtp rtp payload stream rtcp twcc bwe sdp sdpfrag message room link worker }
