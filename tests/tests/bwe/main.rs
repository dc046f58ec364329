//! The bandwidth estimator on a narrow network in virtual time: figures against aims, as medians over seeds.
//!
//! `SIM_SEEDS=100` tries more. `cargo test --release -p auftakt-tests --test bwe -- --ignored --nocapture` prints the table with the
//! yardstick beside it.

mod cases;
mod controller;
mod goog;
mod link;
mod rtc;
mod tcp;
mod world;

use auftakt_media::bwe::Estimator;
use cases::{Aim, CASES, Case};
use controller::Controller;
use std::time::Instant;

type Make = fn(Instant) -> Box<dyn Controller>;

fn ours(now: Instant) -> Box<dyn Controller> {
    Box::new(Estimator::new(now))
}

fn seeds() -> u64 {
    std::env::var("SIM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(12)
}

/// All figures of a case, one list over all seeds each, sorted.
fn figures(case: &Case, make: Make) -> Vec<Vec<f64>> {
    let scenario = (case.scenario)();
    let mut all = vec![vec![]; case.aims.len()];
    for seed in 0..seeds() {
        let figures = (case.figures)(&world::run(&scenario, seed, make));
        assert_eq!(figures.len(), all.len(), "{}: a figure for each aim", case.name);
        all.iter_mut().zip(figures).for_each(|(all, figure)| all.push(figure));
    }
    all.iter_mut().for_each(|all| all.sort_by(f64::total_cmp));
    all
}

fn reaches_its_aims(name: &str) {
    let case = CASES.iter().find(|case| case.name == name).expect("a case of this name");
    let mut missed = String::new();
    for ((what, aim), all) in case.aims.iter().zip(figures(case, ours)) {
        let median = all[all.len() / 2];
        if !aim.holds(median) {
            missed += &format!("\n  {what}: {median:.3} ({:.3} to {:.3}), aim {aim}", all[0], all[all.len() - 1]);
        }
    }
    assert!(missed.is_empty(), "{name} misses:{missed}");
}

macro_rules! tests {
    ($($test:ident = $name:literal;)+) => {
        $(#[test]
        fn $test() {
            reaches_its_aims($name);
        })+

        #[test]
        fn every_case_is_tested() {
            let here = [$($name),+];
            assert_eq!(CASES.iter().map(|case| case.name).collect::<Vec<_>>(), here);
        }
    };
}

tests! {
    starts_fast = "start";
    follows_a_variable_link = "variable (5.1)";
    shares_with_its_like = "two flows";
    stands_up_to_cubic = "TCP, CUBIC (5.6)";
    stands_up_to_reno = "TCP, Reno (5.6)";
    ignores_random_loss_of_a_twentieth = "loss 5 %";
    ignores_random_loss_of_a_tenth = "loss 10 %";
    ignores_random_loss_of_a_fifth = "loss 20 %";
    sees_through_jitter = "jitter ±30 ms";
    sees_through_reordering = "jitter, reordering";
    finds_what_was_not_needed_before = "700 kbit/s, then 3 Mbit/s";
    several_follow_a_variable_link = "several flows, variable (5.2)";
    bears_congested_feedback = "congested feedback (5.3)";
    three_share = "three flows (5.4)";
    pauses_and_resumes = "pause and resume (5.8)";
    takes_back_what_tcp_leaves = "TCP that ends";
    two_stand_up_to_cubic_and_then_share = "two flows and TCP";
    finds_the_limit_of_a_short_queue = "queue of 20 ms";
    empties_a_long_queue = "queue of 1 s";
    follows_with_feedback_as_chromium_gives_it = "feedback every 50 ms (5.1)";
    follows_over_a_long_way = "150 ms each way (5.1)";
    follows_over_a_short_way = "10 ms each way (5.1)";
    bears_lost_feedback = "feedback lost, a fifth";
    backs_off_without_feedback = "feedback stops for 5 s";
    keeps_the_best_layer_of_a_narrow_link = "layers, 1 Mbit/s";
    keeps_the_best_layer_of_a_wider_link = "layers, 3 Mbit/s";
    learns_that_a_path_became_longer = "path longer by 60 ms, untold";
    goes_on_over_another_path = "another path, told";
    bears_web_traffic = "short TCP flows (5.7)";
    survives_a_network_that_loses_half = "half is lost, then all";
    serves_a_very_narrow_link = "100 kbit/s";
    fills_a_wide_link = "9 Mbit/s";
}

#[test]
#[ignore = "prints a table: ours beside goog_cc, whose figures depend on the real clock"]
#[expect(clippy::print_stdout, reason = "a table for the reader")]
fn table() {
    println!("| case | figure | ours | worst | goog_cc | aim |\n|---|---|---|---|---|---|");
    for case in CASES {
        let (ours, goog) = (figures(case, ours), figures(case, goog::Goog::boxed));
        let mut name = case.name;
        for (((what, aim), ours), goog) in case.aims.iter().zip(ours).zip(goog) {
            let middle = ours.len() / 2;
            println!("| {name} | {what} | {:.3} | {:.3} | {:.3} | {aim} |", ours[middle], aim.worst(&ours), goog[middle]);
            name = "";
        }
    }
}

impl Aim {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::Least(least) => figure >= least,
            Self::Most(most) => figure <= most,
            Self::Shown => true,
        }
    }

    fn worst(self, sorted: &[f64]) -> f64 {
        match self {
            Self::Least(_) => sorted[0],
            _ => sorted[sorted.len() - 1],
        }
    }
}

impl std::fmt::Display for Aim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Least(least) => write!(f, "≥ {least}"),
            Self::Most(most) => write!(f, "≤ {most}"),
            Self::Shown => Ok(()),
        }
    }
}
