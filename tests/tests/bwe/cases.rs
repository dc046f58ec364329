//! What is tried, and what is aimed at: the table of the design's facts, and those cases of RFC 8867 §5 that apply to a downlink.

use super::link::{LinkSpec, Micros};
use super::rtc::{RtcSpec, Source};
use super::tcp::Growth;
use super::world::{FlowSpec, Report, Scenario};

const S: Micros = 1_000_000;

/// What a figure should be at least or at most.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    Least(f64),
    Most(f64),
    /// For the reader.
    Shown,
}

/// A case, and the figures it gives with their aims.
pub struct Case {
    pub name: &'static str,
    pub scenario: fn() -> Scenario,
    pub aims: &'static [(&'static str, Aim)],
    pub figures: fn(&Report) -> Vec<f64>,
}

use Aim::{Least, Most, Shown};

pub const CASES: &[Case] = &[
    Case {
        name: "start",
        scenario: || Scenario::new(LinkSpec::steady(1_000_000), vec![FlowSpec::Rtc(RtcSpec::endless())], 20),
        aims: &[("s to 80 %", Most(0.5)), ("used 1..20 s", Least(0.85)), ("queue ms", Shown)],
        figures: |r| vec![r.until(0, 0, |bps| bps >= 800_000), r.share(0, S, 20 * S, 1_000_000), r.queue_mean(2 * S, 20 * S)],
    },
    Case {
        name: "variable (5.1)",
        scenario: || {
            let link = LinkSpec::steady(1_000_000).then(40 * S, 2_500_000).then(60 * S, 600_000).then(80 * S, 1_000_000);
            Scenario::new(link, vec![FlowSpec::Rtc(RtcSpec::endless())], 100)
        },
        aims: &[
            ("used at 1000", Least(0.9)),
            ("at 2500", Least(0.85)),
            ("at 600", Least(0.9)),
            ("at 1000", Least(0.9)),
            ("s to find 2500", Most(5.0)),
            ("s to leave it", Most(1.0)),
            ("s above 150 ms", Most(1.5)),
            ("queue ms", Shown),
        ],
        figures: |r| {
            vec![
                r.share(0, 0, 40 * S, 1_000_000),
                r.share(0, 40 * S, 60 * S, 2_500_000),
                r.share(0, 60 * S, 80 * S, 600_000),
                r.share(0, 80 * S, 100 * S, 1_000_000),
                r.until(0, 40 * S, |bps| bps >= 2_125_000),
                r.until(0, 60 * S, |bps| bps <= 600_000),
                r.standing(0, 100 * S, 150_000),
                r.queue_mean(5 * S, 60 * S),
            ]
        },
    },
    Case {
        name: "two flows",
        scenario: || {
            let flows = vec![FlowSpec::Rtc(RtcSpec::endless()), FlowSpec::Rtc(RtcSpec::endless().from(10 * S))];
            Scenario::new(LinkSpec::steady(2_000_000), flows, 120)
        },
        aims: &[("Jain 40..120 s", Least(0.97)), ("used", Least(0.85)), ("s above 150 ms", Most(1.5)), ("queue ms", Shown)],
        figures: |r| {
            vec![
                jain(r, &[0, 1], 40 * S, 120 * S),
                r.share(0, 40 * S, 120 * S, 2_000_000) + r.share(1, 40 * S, 120 * S, 2_000_000),
                r.standing(0, 120 * S, 150_000),
                r.queue_mean(40 * S, 120 * S),
            ]
        },
    },
    Case { name: "TCP, CUBIC (5.6)", scenario: || greedy(Growth::Cubic), aims: GREEDY, figures: greedy_figures },
    Case { name: "TCP, Reno (5.6)", scenario: || greedy(Growth::Reno), aims: GREEDY, figures: greedy_figures },
    Case { name: "loss 5 %", scenario: || lossy(0.05), aims: &[("used", Least(0.9)), ("queue ms", Shown)], figures: lossy_figures },
    Case { name: "loss 10 %", scenario: || lossy(0.1), aims: &[("used", Least(0.8)), ("queue ms", Shown)], figures: lossy_figures },
    Case { name: "loss 20 %", scenario: || lossy(0.2), aims: &[("used", Least(0.6)), ("queue ms", Shown)], figures: lossy_figures },
    Case {
        name: "jitter ±30 ms", scenario: || jittery(false), aims: &[("used", Least(0.9)), ("queue ms", Shown)], figures: lossy_figures
    },
    Case {
        name: "jitter, reordering",
        scenario: || jittery(true),
        aims: &[("used", Least(0.9)), ("queue ms", Shown)],
        figures: lossy_figures,
    },
    Case {
        name: "700 kbit/s, then 3 Mbit/s",
        scenario: || {
            let source = Source::Limited(vec![(0, 700_000), (30 * S, 3_000_000)]);
            Scenario::new(LinkSpec::steady(10_000_000), vec![FlowSpec::Rtc(RtcSpec::endless().with(source))], 40)
        },
        aims: &[("s to 2.7 Mbit/s", Most(1.0)), ("used of 3 Mbit/s", Least(0.9))],
        figures: |r| vec![r.until(0, 30 * S, |bps| bps >= 2_700_000), r.share(0, 32 * S, 40 * S, 3_000_000)],
    },
];

const GREEDY: &[(&str, Aim)] = &[("share", Least(0.3)), ("TCP's share", Least(0.2)), ("sound lost", Most(0.02)), ("queue ms", Shown)];

/// Two megabits; TCP from the tenth second on.
fn greedy(growth: Growth) -> Scenario {
    let flows = vec![FlowSpec::Rtc(RtcSpec::endless()), FlowSpec::Tcp { growth, start: 10 * S, stop: 120 * S }];
    Scenario::new(LinkSpec::steady(2_000_000), flows, 120)
}

fn greedy_figures(r: &Report) -> Vec<f64> {
    let sound = &r.flows[0];
    vec![
        r.share(0, 20 * S, 120 * S, 2_000_000),
        r.share(1, 20 * S, 120 * S, 2_000_000),
        1.0 - sound.sound_arrived as f64 / sound.sound_sent as f64,
        r.queue_mean(20 * S, 120 * S),
    ]
}

fn lossy(loss: f64) -> Scenario {
    Scenario::new(LinkSpec { loss, ..LinkSpec::steady(1_000_000) }, vec![FlowSpec::Rtc(RtcSpec::endless())], 60)
}

fn jittery(reorders: bool) -> Scenario {
    let link = LinkSpec { jitter: 30_000, reorders, ..LinkSpec::steady(1_000_000) };
    Scenario::new(link, vec![FlowSpec::Rtc(RtcSpec::endless())], 60)
}

fn lossy_figures(r: &Report) -> Vec<f64> {
    vec![r.share(0, 5 * S, 60 * S, 1_000_000), r.queue_mean(5 * S, 60 * S)]
}

/// 1 when all got the same, 1/n when one got everything.
fn jain(r: &Report, flows: &[usize], from: Micros, to: Micros) -> f64 {
    let rates: Vec<f64> = flows.iter().map(|flow| r.rate(*flow, from, to)).collect();
    let sum: f64 = rates.iter().sum();
    sum * sum / (rates.len() as f64 * rates.iter().map(|rate| rate * rate).sum::<f64>())
}
