use auftakt_media::rtp::nack::{Arrived, NackGenerator, NackPolicy};
use auftakt_media::rtp::seq::extend;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What is asked for at `now`.
fn poll(nack: &mut NackGenerator, now: Instant) -> Vec<u16> {
    let mut out = Vec::new();
    nack.poll(now, &mut out);
    out
}

/// Polls whenever the generator wants to be polled, up to `until`; with the time since `start` in milliseconds.
fn run(nack: &mut NackGenerator, start: Instant, until: Duration) -> Vec<(u64, u16)> {
    let mut asked = Vec::new();
    while let Some(due) = nack.poll_timeout().filter(|&due| due <= start + until) {
        asked.extend(poll(nack, due).into_iter().map(|number| ((due - start).as_millis() as u64, number)));
    }
    asked
}

#[test]
fn a_lost_audio_packet_is_asked_for_after_a_moment_and_again_after_a_round_trip() {
    let start = Instant::now();
    let mut nack = NackGenerator::new(NackPolicy::AUDIO);
    nack.set_round_trip(ms(40));
    assert_eq!(nack.on_packet(65_534, start), Arrived::InOrder);
    assert_eq!(nack.on_packet(65_536, start), Arrived::Gap);
    assert_eq!(poll(&mut nack, start), [], "it may only be reordered");
    let asked = run(&mut nack, start, ms(2000));
    let times: Vec<u64> = asked.iter().map(|&(time, _)| time).collect();
    assert!(asked.iter().all(|&(_, number)| number == 65_535));
    assert_eq!(times[..3], [5, 65, 140], "5 ms of patience, then 60 ms, then a quarter more each time");
    assert!(times.last().unwrap() < &800, "given up: {times:?}");
    assert_eq!((nack.missing(), nack.abandoned()), (0, 1));
    assert_eq!(nack.poll_timeout(), None);
}

#[test]
fn three_later_packets_prove_a_loss() {
    let now = Instant::now();
    let mut nack = NackGenerator::new(NackPolicy::VIDEO);
    for number in [10, 12, 13] {
        nack.on_packet(number, now);
        assert_eq!(poll(&mut nack, now), []);
    }
    nack.on_packet(14, now);
    assert_eq!(nack.poll_timeout(), Some(now));
    assert_eq!(poll(&mut nack, now), [11]);
    assert_eq!(poll(&mut nack, now), [], "once");
}

#[test]
fn what_was_recovered_or_came_late_is_not_asked_for() {
    let now = Instant::now();
    let mut nack = NackGenerator::new(NackPolicy::VIDEO);
    nack.on_packet(1, now);
    nack.on_packet(5, now);
    assert_eq!(nack.on_packet(3, now), Arrived::Late);
    assert_eq!(nack.on_packet(3, now), Arrived::Unexpected);
    assert_eq!(poll(&mut nack, now + ms(50)), [2, 4]);
    assert!(nack.on_recovered(4, now + ms(90)));
    assert!(!nack.on_recovered(4, now + ms(91)));
    let asked = run(&mut nack, now, ms(3000));
    assert!(!asked.is_empty() && asked.iter().all(|&(_, number)| number == 2));
}

#[test]
fn it_learns_that_a_network_reorders() {
    let mut now = Instant::now();
    let mut nack = NackGenerator::new(NackPolicy::VIDEO);
    let mut needless = Vec::new();
    for pair in 0..50u64 {
        // Every second packet comes 20 ms late.
        nack.on_packet(1 + 2 * pair, now);
        now += ms(20);
        needless.push(poll(&mut nack, now).len());
        if pair > 0 {
            nack.on_packet(2 * pair, now);
        }
    }
    assert!(needless[..3].iter().sum::<usize>() <= 3);
    assert_eq!(needless[3..].iter().sum::<usize>(), 0, "{needless:?}");
}

#[test]
fn a_slow_answer_is_waited_for() {
    let mut now = Instant::now();
    let mut nack = NackGenerator::new(NackPolicy::VIDEO);
    nack.set_round_trip(ms(20));
    let mut requests = 0;
    for round in 0..20u64 {
        nack.on_packet(round * 2, now);
        nack.on_packet(round * 2 + 2, now);
        let lost = round * 2 + 1;
        // The answer takes 150 ms, because the publisher paces.
        let asked = now + ms(5);
        let mut at = asked;
        while at < asked + ms(150) {
            requests += poll(&mut nack, at).len();
            at += ms(5);
        }
        assert!(nack.on_recovered(lost, asked + ms(150)) || round == 0);
        now = asked + ms(200);
    }
    assert!(requests <= 20 + 4 + 60, "{requests}");
}

#[test]
fn a_jump_forgets_everything() {
    let now = Instant::now();
    let mut nack = NackGenerator::new(NackPolicy::AUDIO);
    nack.on_packet(1, now);
    nack.on_packet(3, now);
    assert_eq!(nack.on_packet(3 + 66, now), Arrived::Jump);
    assert_eq!((nack.missing(), nack.poll_timeout()), (0, None));
    assert_eq!(nack.on_packet(3 + 67, now), Arrived::InOrder);
    assert_eq!(nack.on_packet(3 + 67 + 65, now), Arrived::Gap, "64 in a row are still asked for");
    assert_eq!(nack.missing(), 64);
    assert_eq!(nack.on_packet(3 + 67 + 67, now), Arrived::Gap);
    assert_eq!(nack.missing(), 64, "never more");
}

/// Deterministic random numbers, so that a failure replays.
fn random(state: &mut u64) -> f64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) as f64 / (1u64 << 53) as f64
}

/// A stream through a network that loses `loss` each way: how many are never recovered, and how many requests each loss took.
fn simulate(policy: NackPolicy, interval: Duration, rtt: Duration, loss: f64, seed: u64) -> (usize, f64) {
    let start = Instant::now();
    let (mut state, mut nack) = (seed, NackGenerator::new(policy));
    nack.set_round_trip(rtt);
    let first = 65_000u64;
    let count = 4000u64;
    let mut answers: BTreeSet<(Instant, u64)> = BTreeSet::new();
    let (mut received, mut losses, mut requests) = (BTreeSet::new(), 0, 0);
    let mut next = first;
    let mut now = start;
    while now < start + interval * count as u32 + ms(3000) {
        while next < first + count && start + interval * (next - first) as u32 <= now {
            if next == first || random(&mut state) >= loss {
                nack.on_packet(next, now);
                received.insert(next);
            } else {
                losses += 1;
            }
            next += 1;
        }
        while let Some((_, number)) = answers.first().copied().filter(|&(at, _)| at <= now) {
            answers.pop_first();
            nack.on_recovered(number, now);
            assert!(received.insert(number), "asked again for what was recovered");
        }
        let mut asked = Vec::new();
        nack.poll(now, &mut asked);
        for number in asked {
            requests += 1;
            let number = extend(next, number);
            let answered = random(&mut state) >= loss && random(&mut state) >= loss;
            if answered && !answers.iter().any(|&(_, other)| other == number) {
                answers.insert((now + rtt, number));
            }
        }
        now += ms(1);
    }
    // The last ones have no later packet that would reveal their loss.
    let unrecovered = (first..*received.last().unwrap()).filter(|number| !received.contains(number)).count();
    (unrecovered, f64::from(requests) / f64::from(losses))
}

#[test]
fn five_percent_loss_is_recovered_for_sound_and_picture() {
    for seed in 1..=5 {
        for rtt in [20, 60, 150] {
            let (audio, _) = simulate(NackPolicy::AUDIO, ms(20), ms(rtt), 0.05, seed * 7919);
            let (video, tries) = simulate(NackPolicy::VIDEO, ms(3), ms(rtt), 0.05, seed * 104_729);
            assert!(tries < 1.3, "seed {seed}: {tries} requests for each loss");
            assert_eq!((audio, video), (0, 0), "seed {seed}, round trip {rtt} ms");
        }
    }
}

proptest! {
    #[test]
    fn any_order_stays_within_bounds(steps in prop::collection::vec((-300i64..300, any::<bool>(), 0u64..60), 1..400)) {
        let mut now = Instant::now();
        let mut nack = NackGenerator::new(NackPolicy::AUDIO);
        let mut at = 65_000u64;
        for (step, recovered, wait) in steps {
            now += ms(wait);
            let number = at.checked_add_signed(step).unwrap();
            if recovered { nack.on_recovered(number, now); } else { nack.on_packet(number, now); at = at.max(number); }
            let mut out = Vec::new();
            nack.poll(now, &mut out);
            prop_assert!(nack.missing() <= 64 && out.len() <= 64);
            prop_assert!(out.windows(2).all(|pair| extend(at, pair[0]) < extend(at, pair[1])), "ascending");
            prop_assert_eq!(nack.missing() == 0, nack.poll_timeout().is_none());
            prop_assert!(nack.poll_timeout().is_none_or(|due| due > now));
        }
    }
}
