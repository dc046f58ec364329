use auftakt_media::codec::Codec;
use auftakt_media::rtp::clock::NtpTime;
use auftakt_media::rtp::counters::Counters;
use auftakt_media::rtp::ring::{Inserted, PassedExtensions, Ring, RingLimits, StoredPacket};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const TIGHT: RingLimits = RingLimits { bytes_max: 16 * 1024, packets_max: 64 };

fn packet(ext_seq: u64, arrival: Instant, payload: &[u8]) -> StoredPacket<'_> {
    StoredPacket {
        ext_seq,
        timestamp: ext_seq as u32 * 960,
        marker: ext_seq.is_multiple_of(3),
        keyframe_start: ext_seq.is_multiple_of(7),
        codec: Codec::Opus,
        duration: 960,
        counters: Counters { frame: Some(ext_seq as u16), ..Counters::default() },
        temporal: None,
        layers: None,
        capture: NtpTime(ext_seq),
        arrival,
        extensions: PassedExtensions { audio_level: Some(ext_seq as u8), ..PassedExtensions::default() },
        dependency_descriptor: &payload[..payload.len() / 4],
        payload: &payload[payload.len() / 4..],
    }
}

/// Bytes that only this packet has.
fn content(ext_seq: u64, len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| (ext_seq.wrapping_mul(31).wrapping_add(i * 7)) as u8).collect()
}

#[test]
fn what_went_in_comes_out() {
    let now = Instant::now();
    let mut ring = Ring::new(RingLimits::VIDEO);
    let bytes = content(9, 1150);
    assert_eq!(ring.insert(&packet(9, now, &bytes)), Inserted::Newest);
    assert_eq!(ring.get(9), Some(packet(9, now, &bytes)));
    assert_eq!(ring.get(8), None);
    assert_eq!(ring.get(9 + 64), None, "same place, other number");
    assert_eq!(ring.insert(&packet(9, now, &bytes)), Inserted::Duplicate);
    assert_eq!(ring.highest(), Some(9));
}

#[test]
fn late_packets_fill_their_gap_until_the_ring_has_passed() {
    let now = Instant::now();
    let mut ring = Ring::new(TIGHT);
    for number in (100..164).filter(|number| ![110, 120].contains(number)) {
        ring.insert(&packet(number, now, &content(number, 20)));
    }
    assert_eq!(ring.insert(&packet(110, now, &content(110, 20))), Inserted::Late);
    assert!((100..164).filter(|&number| number != 120).all(|number| ring.get(number).is_some()));
    for number in 164..185 {
        ring.insert(&packet(number, now, &content(number, 20)));
    }
    assert_eq!(ring.insert(&packet(120, now, &content(120, 20))), Inserted::Refused, "64 behind");
    assert_eq!(ring.get(120), None);
    assert_eq!(ring.highest(), Some(184));
}

#[test]
fn it_grows_until_it_holds_long_enough_and_then_stays() {
    let start = Instant::now();
    let mut ring = Ring::new(RingLimits::VIDEO);
    let at = |number: u64| start + Duration::from_micros(number * 3333);
    let feed = |ring: &mut Ring, numbers: std::ops::Range<u64>| {
        for number in numbers {
            ring.insert(&packet(number, at(number), &content(number, 1150)));
        }
    };
    // 300 packets per second of 1150 bytes are 2.8 Mbit/s.
    feed(&mut ring, 0..3000);
    let memory = ring.memory();
    feed(&mut ring, 3000..9000);
    assert_eq!(ring.memory(), memory, "no allocation in steady state");
    assert!(memory < 1_300_000, "{memory}");
    let held = (0..9000).filter(|&number| ring.get(number).is_some()).count();
    assert!(held >= 450, "1.5 s are 450 packets, and {held} are held");
    assert!((9000 - 450..9000).all(|number| ring.get(number).is_some()));
}

#[test]
fn quiet_streams_stay_small() {
    let start = Instant::now();
    let mut ring = Ring::new(RingLimits::AUDIO);
    for number in 0..5000 {
        ring.insert(&packet(number, start + Duration::from_millis(20 * number), &content(number, 80)));
    }
    assert!(ring.memory() < 64 * 1024, "{}", ring.memory());
    assert!((5000 - 75..5000).all(|number| ring.get(number).is_some()));
}

#[test]
fn a_burst_after_a_quiet_time_takes_nothing_young_away() {
    for quiet in [40, 60, 75, 90, 105, 130, 150, 200] {
        let start = Instant::now();
        let mut ring = Ring::new(RingLimits::VIDEO);
        for number in 0..quiet {
            ring.insert(&packet(number, start + Duration::from_millis(67 * number), &content(number, 120)));
        }
        let burst = start + Duration::from_millis(67 * quiet);
        for number in quiet..quiet + 60 {
            ring.insert(&packet(number, burst, &content(number, 1100)));
        }
        for number in quiet - 20..quiet + 60 {
            let (arrival, len) = if number < quiet { (start + Duration::from_millis(67 * number), 120) } else { (burst, 1100) };
            assert_eq!(ring.get(number), Some(packet(number, arrival, &content(number, len))), "{number} of {quiet}");
        }
    }
}

#[test]
fn a_leap_of_numbers_is_no_harm() {
    let now = Instant::now();
    let mut ring = Ring::new(TIGHT);
    for number in [5, 6, 1 << 40, (1 << 40) + 1] {
        assert_eq!(ring.insert(&packet(number, now, &content(number, 30))), Inserted::Newest);
    }
    assert_eq!(ring.insert(&packet(7, now, &content(7, 30))), Inserted::Refused);
    assert!(ring.get((1 << 40) + 1).is_some());
}

#[test]
fn too_large_is_refused() {
    let mut ring = Ring::new(RingLimits::VIDEO);
    assert_eq!(ring.insert(&packet(1, Instant::now(), &[0; 5000])), Inserted::Refused);
    assert_eq!(ring.highest(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is inserted in whatever order: what can be got is what was put in, and the limits hold.
    #[test]
    fn never_the_wrong_bytes(steps in prop::collection::vec((0u64..400, 0usize..1400, 0u64..40), 1..600), base in prop::sample::select(vec![0u64, 65_400, 1 << 47])) {
        let mut now = Instant::now();
        let mut ring = Ring::new(TIGHT);
        let mut lens = std::collections::HashMap::new();
        let last = steps.len() - 1;
        for (step, (number, len, wait)) in steps.into_iter().enumerate() {
            now += Duration::from_millis(wait);
            let number = base + number;
            match ring.insert(&packet(number, now, &content(number, len))) {
                Inserted::Newest | Inserted::Late => {
                    lens.insert(number, (len, now));
                    prop_assert!(ring.get(number).is_some());
                }
                Inserted::Duplicate => prop_assert!(lens.contains_key(&number)),
                Inserted::Refused => prop_assert!(number + 64 <= ring.highest().unwrap()),
            }
            if step % 32 != 0 && step != last {
                continue;
            }
            for (&number, &(len, arrival)) in &lens {
                if let Some(stored) = ring.get(number) {
                    let bytes = content(number, len);
                    prop_assert_eq!(stored, packet(number, arrival, &bytes));
                }
            }
            prop_assert!(ring.memory() < 64 * 1024);
        }
    }
}
