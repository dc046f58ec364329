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
        aims: VARIABLE,
        figures: variable_figures,
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
    Case {
        name: "several flows, variable (5.2)",
        scenario: || {
            let link = LinkSpec::steady(4_000_000)
                .then(25 * S, 2_000_000)
                .then(50 * S, 3_500_000)
                .then(75 * S, 1_000_000)
                .then(100 * S, 2_000_000);
            Scenario::new(link, vec![FlowSpec::Rtc(RtcSpec::endless()); 2], 125)
        },
        aims: &[
            ("used at 4000", Least(0.85)),
            ("at 2000", Least(0.85)),
            ("at 3500", Least(0.85)),
            ("at 1000", Least(0.85)),
            ("at 2000 again", Least(0.85)),
            ("Jain", Least(0.97)),
            ("s above 150 ms", Most(2.0)),
        ],
        figures: |r| {
            let used = |from: u64, to: u64, bps| r.share(0, from * S, to * S, bps) + r.share(1, from * S, to * S, bps);
            vec![
                used(2, 25, 4_000_000),
                used(25, 50, 2_000_000),
                used(50, 75, 3_500_000),
                used(75, 100, 1_000_000),
                used(100, 125, 2_000_000),
                jain(r, &[0, 1], 10 * S, 125 * S),
                r.standing(0, 125 * S, 150_000),
            ]
        },
    },
    Case {
        name: "congested feedback (5.3)",
        scenario: || {
            let forward = LinkSpec::steady(2_000_000).then(20 * S, 1_000_000).then(40 * S, 500_000).then(60 * S, 2_000_000);
            let backward = LinkSpec::steady(2_000_000).then(35 * S, 800_000).then(70 * S, 2_000_000);
            let flows = vec![FlowSpec::Rtc(RtcSpec::endless()), FlowSpec::Rtc(RtcSpec { backward: true, ..RtcSpec::endless() })];
            Scenario { backward, ..Scenario::new(forward, flows, 100) }
        },
        aims: &[
            ("used at 2000", Least(0.85)),
            ("at 1000", Least(0.85)),
            ("at 500", Least(0.8)),
            ("at 2000 again", Least(0.85)),
            ("s above 150 ms", Most(2.0)),
            ("other way at 800", Least(0.8)),
        ],
        figures: |r| {
            vec![
                r.share(0, S, 20 * S, 2_000_000),
                r.share(0, 20 * S, 40 * S, 1_000_000),
                r.share(0, 40 * S, 60 * S, 500_000),
                r.share(0, 60 * S, 100 * S, 2_000_000),
                r.standing(0, 100 * S, 150_000),
                r.share(1, 35 * S, 70 * S, 800_000),
            ]
        },
    },
    Case {
        name: "three flows (5.4)",
        scenario: || {
            let flows = [0, 20, 40].map(|start| FlowSpec::Rtc(RtcSpec::endless().from(start * S)));
            Scenario::new(LinkSpec::steady(3_500_000), flows.to_vec(), 120)
        },
        aims: &[("Jain 60..120 s", Least(0.97)), ("used", Least(0.85)), ("s above 150 ms", Most(2.0)), ("queue ms", Shown)],
        figures: |r| {
            vec![
                jain(r, &[0, 1, 2], 60 * S, 120 * S),
                (0..3).map(|flow| r.share(flow, 60 * S, 120 * S, 3_500_000)).sum(),
                r.standing(0, 120 * S, 150_000),
                r.queue_mean(60 * S, 120 * S),
            ]
        },
    },
    Case {
        name: "pause and resume (5.8)",
        scenario: || {
            let pause = Source::Limited(vec![(0, 10_000_000), (40 * S, 0), (60 * S, 10_000_000)]);
            let flows =
                vec![FlowSpec::Rtc(RtcSpec::endless().with(pause)), FlowSpec::Rtc(RtcSpec::endless()), FlowSpec::Rtc(RtcSpec::endless())];
            Scenario::new(LinkSpec::steady(3_500_000), flows, 120)
        },
        aims: &[
            ("others use 42..60 s", Least(0.85)),
            ("all use 62..120 s", Least(0.85)),
            ("Jain 80..120 s", Least(0.95)),
            ("s above 150 ms", Most(2.0)),
        ],
        figures: |r| {
            vec![
                r.share(1, 42 * S, 60 * S, 3_500_000) + r.share(2, 42 * S, 60 * S, 3_500_000),
                (0..3).map(|flow| r.share(flow, 62 * S, 120 * S, 3_500_000)).sum(),
                jain(r, &[0, 1, 2], 80 * S, 120 * S),
                r.standing(0, 120 * S, 150_000),
            ]
        },
    },
    Case {
        name: "TCP that ends",
        scenario: || {
            let flows = vec![FlowSpec::Rtc(RtcSpec::endless()), FlowSpec::Tcp { growth: Growth::Cubic, start: 10 * S, stop: 40 * S }];
            Scenario::new(LinkSpec::steady(2_000_000), flows, 60)
        },
        aims: &[("s to 80 % after", Most(5.0)), ("used 50..60 s", Least(0.9)), ("queue ms", Most(60.0))],
        figures: |r| vec![r.until(0, 40 * S, |bps| bps >= 1_600_000), r.share(0, 50 * S, 60 * S, 2_000_000), r.queue_mean(50 * S, 60 * S)],
    },
    Case {
        name: "two flows and TCP",
        scenario: || {
            let flows = vec![
                FlowSpec::Rtc(RtcSpec::endless()),
                FlowSpec::Rtc(RtcSpec::endless()),
                FlowSpec::Tcp { growth: Growth::Cubic, start: 10 * S, stop: 60 * S },
            ];
            Scenario::new(LinkSpec::steady(4_000_000), flows, 120)
        },
        aims: &[("share of both", Least(0.3)), ("TCP's share", Least(0.2)), ("used after", Least(0.85)), ("queue ms after", Most(60.0))],
        figures: |r| {
            vec![
                r.share(0, 20 * S, 60 * S, 4_000_000) + r.share(1, 20 * S, 60 * S, 4_000_000),
                r.share(2, 20 * S, 60 * S, 4_000_000),
                r.share(0, 70 * S, 120 * S, 4_000_000) + r.share(1, 70 * S, 120 * S, 4_000_000),
                r.queue_mean(70 * S, 120 * S),
            ]
        },
    },
    Case {
        name: "queue of 20 ms",
        scenario: || {
            let link = LinkSpec { queue: 20_000, ..LinkSpec::steady(3_000_000).then(30 * S, 1_500_000) };
            Scenario::new(link, vec![FlowSpec::Rtc(RtcSpec::endless())], 60)
        },
        aims: &[("used at 3000", Least(0.85)), ("at 1500", Least(0.85)), ("sound lost", Most(0.03))],
        figures: |r| vec![r.share(0, 2 * S, 30 * S, 3_000_000), r.share(0, 30 * S, 60 * S, 1_500_000), sound_lost(r, 0)],
    },
    Case {
        name: "queue of 1 s",
        scenario: || {
            let link = LinkSpec { queue: 1_000_000, ..LinkSpec::steady(2_000_000).then(30 * S, 500_000) };
            Scenario::new(link, vec![FlowSpec::Rtc(RtcSpec::endless())], 60)
        },
        aims: &[("used at 2000", Least(0.9)), ("at 500", Least(0.85)), ("s above 150 ms", Most(4.0))],
        figures: |r| vec![r.share(0, 2 * S, 30 * S, 2_000_000), r.share(0, 30 * S, 60 * S, 500_000), r.standing(0, 60 * S, 150_000)],
    },
    Case {
        name: "feedback every 50 ms (5.1)",
        scenario: || {
            let link = LinkSpec::steady(1_000_000).then(40 * S, 2_500_000).then(60 * S, 600_000).then(80 * S, 1_000_000);
            Scenario::new(link, vec![FlowSpec::Rtc(RtcSpec { feedback_interval: 50_000, ..RtcSpec::endless() })], 100)
        },
        aims: VARIABLE,
        figures: variable_figures,
    },
    Case {
        name: "150 ms each way (5.1)",
        scenario: || {
            let link = LinkSpec::steady(1_000_000).then(40 * S, 2_500_000).then(60 * S, 600_000).then(80 * S, 1_000_000);
            let far = |link| LinkSpec { propagation: 150_000, ..link };
            let flows = vec![FlowSpec::Rtc(RtcSpec::endless())];
            Scenario { backward: far(LinkSpec::wide()), ..Scenario::new(far(link), flows, 100) }
        },
        aims: VARIABLE,
        figures: variable_figures,
    },
    Case {
        name: "10 ms each way (5.1)",
        scenario: || {
            let link = LinkSpec::steady(1_000_000).then(40 * S, 2_500_000).then(60 * S, 600_000).then(80 * S, 1_000_000);
            let near = |link| LinkSpec { propagation: 10_000, ..link };
            let flows = vec![FlowSpec::Rtc(RtcSpec::endless())];
            Scenario { backward: near(LinkSpec::wide()), ..Scenario::new(near(link), flows, 100) }
        },
        aims: VARIABLE,
        figures: variable_figures,
    },
    Case {
        name: "feedback lost, a fifth",
        scenario: || {
            let backward = LinkSpec { loss: 0.2, ..LinkSpec::wide() };
            let flows = vec![FlowSpec::Rtc(RtcSpec::endless())];
            Scenario { backward, ..Scenario::new(LinkSpec::steady(1_000_000).then(30 * S, 500_000), flows, 60) }
        },
        aims: &[("used at 1000", Least(0.85)), ("at 500", Least(0.85)), ("s above 150 ms", Most(2.0))],
        figures: |r| vec![r.share(0, 2 * S, 30 * S, 1_000_000), r.share(0, 30 * S, 60 * S, 500_000), r.standing(0, 60 * S, 150_000)],
    },
    Case {
        name: "feedback stops for 5 s",
        scenario: || {
            let backward = LinkSpec { dead: Some((20 * S, 25 * S)), ..LinkSpec::wide() };
            Scenario { backward, ..Scenario::new(LinkSpec::steady(1_000_000), vec![FlowSpec::Rtc(RtcSpec::endless())], 40) }
        },
        aims: &[("kbit/s at its end", Most(200.0)), ("s to 80 % again", Most(1.0)), ("used after", Least(0.9))],
        figures: |r| vec![r.rate(0, 24 * S, 25 * S) / 1e3, r.until(0, 25 * S, |bps| bps >= 800_000), r.share(0, 27 * S, 40 * S, 1_000_000)],
    },
    Case { name: "layers, 1 Mbit/s", scenario: || layered(1_000_000), aims: LAYERED, figures: |r| layered_figures(r, 580_000) },
    Case { name: "layers, 3 Mbit/s", scenario: || layered(3_000_000), aims: LAYERED, figures: |r| layered_figures(r, 1_580_000) },
    Case {
        name: "path longer by 60 ms, untold",
        scenario: || Scenario {
            longer: Some((20 * S, 60_000)),
            ..Scenario::new(LinkSpec::steady(1_000_000), vec![FlowSpec::Rtc(RtcSpec::endless())], 60)
        },
        aims: &[("used 20..60 s", Least(0.7)), ("used 40..60 s", Least(0.85)), ("queue ms at the end", Most(100.0))],
        figures: |r| vec![r.share(0, 20 * S, 60 * S, 1_000_000), r.share(0, 40 * S, 60 * S, 1_000_000), r.queue_mean(40 * S, 60 * S)],
    },
    Case {
        name: "another path, told",
        scenario: || Scenario {
            longer: Some((20 * S, 60_000)),
            path_change: Some(20 * S),
            ..Scenario::new(LinkSpec::steady(2_000_000).then(20 * S, 1_000_000), vec![FlowSpec::Rtc(RtcSpec::endless())], 40)
        },
        aims: &[("used 20..40 s", Least(0.85)), ("s above 150 ms", Most(2.0))],
        figures: |r| vec![r.share(0, 20 * S, 40 * S, 1_000_000), r.standing(20 * S, 40 * S, 150_000)],
    },
    Case {
        name: "short TCP flows (5.7)",
        scenario: || {
            let source = Source::Limited(vec![(0, 1_000_000)]);
            let mut flows = vec![FlowSpec::Rtc(RtcSpec::endless().with(source))];
            flows.extend((2..20).map(|n| FlowSpec::Tcp { growth: Growth::Cubic, start: n * 3 * S, stop: n * 3 * S + S }));
            Scenario::new(LinkSpec::steady(5_000_000), flows, 60)
        },
        aims: &[("used of 1000", Least(0.82)), ("sound lost", Shown)],
        figures: |r| vec![r.share(0, 5 * S, 60 * S, 1_000_000), sound_lost(r, 0)],
    },
    Case {
        name: "half is lost, then all",
        scenario: || {
            let forward = LinkSpec { loss: 0.45, dead: Some((20 * S, 20 * S + 2 * S)), ..LinkSpec::steady(1_000_000) };
            Scenario::new(forward, vec![FlowSpec::Rtc(RtcSpec::endless())], 40)
        },
        aims: &[("used before", Least(0.4)), ("used after", Least(0.4))],
        figures: |r| vec![r.share(0, 5 * S, 20 * S, 1_000_000), r.share(0, 25 * S, 40 * S, 1_000_000)],
    },
    Case {
        name: "100 kbit/s",
        scenario: || Scenario::new(LinkSpec::steady(100_000), vec![FlowSpec::Rtc(RtcSpec::endless())], 60),
        aims: &[("used", Least(0.85)), ("s above 150 ms, from 5 s on", Most(1.5)), ("queue ms", Shown)],
        figures: |r| vec![r.share(0, 5 * S, 60 * S, 100_000), r.standing(5 * S, 60 * S, 150_000), r.queue_mean(5 * S, 60 * S)],
    },
    Case {
        name: "9 Mbit/s",
        scenario: || Scenario::new(LinkSpec::steady(9_000_000), vec![FlowSpec::Rtc(RtcSpec::endless())], 30),
        aims: &[("s to 80 %", Most(1.5)), ("used 2..30 s", Least(0.9)), ("queue ms", Shown)],
        figures: |r| vec![r.until(0, 0, |bps| bps >= 7_200_000), r.share(0, 2 * S, 30 * S, 9_000_000), r.queue_mean(2 * S, 30 * S)],
    },
];

const VARIABLE: &[(&str, Aim)] = &[
    ("used at 1000", Least(0.9)),
    ("at 2500", Least(0.85)),
    ("at 600", Least(0.9)),
    ("at 1000", Least(0.9)),
    ("s to find 2500", Most(5.0)),
    ("s to leave it", Most(1.0)),
    ("s above 150 ms", Most(1.5)),
    ("queue ms", Shown),
];

fn variable_figures(r: &Report) -> Vec<f64> {
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
}

const LAYERED: &[(&str, Aim)] =
    &[("s to the best layer", Most(3.0)), ("on it, of the time", Least(0.95)), ("sound lost", Most(0.003)), ("queue ms", Most(60.0))];

/// Frames of layers; the best that fits leaves a part of the link unused.
fn layered(bps: u64) -> Scenario {
    let layers = Source::Layers(vec![150_000, 500_000, 1_500_000, 4_000_000]);
    Scenario::new(LinkSpec::steady(bps), vec![FlowSpec::Rtc(RtcSpec::endless().with(layers))], 60)
}

fn layered_figures(r: &Report, needed: u64) -> Vec<f64> {
    let target = &r.flows[0].target[5 * 20..];
    let on = target.iter().filter(|bps| **bps >= needed).count() as f64 / target.len() as f64;
    vec![r.until(0, 0, |bps| bps >= needed), on, sound_lost(r, 0), r.queue_mean(5 * S, 60 * S)]
}

fn sound_lost(r: &Report, flow: usize) -> f64 {
    1.0 - r.flows[flow].sound_arrived as f64 / r.flows[flow].sound_sent as f64
}

const GREEDY: &[(&str, Aim)] =
    &[("share", Least(0.3)), ("TCP's share", Least(0.2)), ("sound sent a second", Least(49.9)), ("sound lost", Shown), ("queue ms", Shown)];

/// Two megabits; TCP from the tenth second on.
fn greedy(growth: Growth) -> Scenario {
    let flows = vec![FlowSpec::Rtc(RtcSpec::endless()), FlowSpec::Tcp { growth, start: 10 * S, stop: 120 * S }];
    Scenario::new(LinkSpec::steady(2_000_000), flows, 120)
}

fn greedy_figures(r: &Report) -> Vec<f64> {
    vec![
        r.share(0, 20 * S, 120 * S, 2_000_000),
        r.share(1, 20 * S, 120 * S, 2_000_000),
        r.flows[0].sound_sent as f64 / 120.0,
        sound_lost(r, 0),
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
