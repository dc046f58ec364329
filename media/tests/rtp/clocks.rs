use auftakt_media::rtp::clock::{NtpTime, PeerClock, SourceClock, WallClock, round_trip};
use auftakt_media::rtp::stats::ReceiveStats;
use proptest::prelude::*;
use std::time::{Duration, Instant};

const SECOND: u64 = 1 << 32;

fn ntp(milliseconds: u64) -> NtpTime {
    NtpTime((3_900_000_000 * SECOND).wrapping_add(milliseconds * SECOND / 1000))
}

/// Milliseconds from `a` to `b`.
fn between(a: NtpTime, b: NtpTime) -> f64 {
    b.ticks_since(a, 1_000_000) as f64 / 1000.0
}

#[test]
fn the_wall_clock_counts_from_1900() {
    let base = Instant::now();
    let clock = WallClock::new(base, Duration::new(1, 500_000_000));
    assert_eq!(clock.ntp(base).0, 2_208_988_801 * SECOND + SECOND / 2);
    assert_eq!(clock.ntp(base + Duration::from_millis(250)).0 >> 30, (2_208_988_801 << 2) + 3);
    assert_eq!(clock.ntp(base - Duration::from_secs(1)), clock.ntp(base));
}

#[test]
fn round_trips_are_read_from_reports() {
    let sent = ntp(1000);
    // Held for 500 ms by the receiver, back after 540 ms.
    let rtt = round_trip(ntp(1540), sent.compact(), 65_536 / 2).unwrap();
    assert!((rtt.as_secs_f64() - 0.040).abs() < 0.001, "{rtt:?}");
    assert_eq!(round_trip(ntp(1540), 0, 0), None, "no report seen");
    assert_eq!(round_trip(ntp(1000), sent.compact(), 65_536), None, "held longer than it was away");
    assert_eq!(round_trip(ntp(1000), sent.compact(), 1), Some(Duration::ZERO), "rounding");
    assert_eq!(round_trip(ntp(100_000), sent.compact(), 0), None, "99 s");
}

#[test]
fn two_streams_of_a_sender_match_by_its_reports() {
    // The sender's clock is an hour behind; the picture was captured with the sound but takes 200 ms longer to arrive.
    let sender = |milliseconds: u64| NtpTime(ntp(milliseconds).0 - 3600 * SECOND);
    let mut peer = PeerClock::default();
    let mut sound = SourceClock::new(48_000);
    let mut picture = SourceClock::new(90_000);
    sound.on_sender_report(&mut peer, sender(1000), 5_000, ntp(1030));
    picture.on_sender_report(&mut peer, sender(1500), 7_000, ntp(1535));
    let heard = sound.on_packet(&peer, 5_000 + 48_000, ntp(2050));
    let seen = picture.on_packet(&peer, 7_000 + 45_000, ntp(2250));
    assert!(between(heard, seen).abs() < 0.1, "both captured at 2000: {}", between(heard, seen));
    assert!((between(ntp(2030), heard)).abs() < 0.1, "on our clock, but for the shortest way");
    assert_eq!(sound.timestamp_at(&peer, ntp(2030)), Some(53_000));
    assert_eq!(picture.timestamp_at(&peer, ntp(2030)), Some(52_000));
}

#[test]
fn before_reports_the_shortest_way_counts() {
    let peer = PeerClock::default();
    let mut clock = SourceClock::new(90_000);
    assert_eq!(clock.timestamp_at(&peer, ntp(0)), None);
    // Frames each 33 ms with delays of 40, 10 and 30 ms, the timestamp wrapping around.
    let timestamp = |frame: u32| (u32::MAX - 1000).wrapping_add(frame * 2970);
    clock.on_packet(&peer, timestamp(0), ntp(40));
    clock.on_packet(&peer, timestamp(1), ntp(33 + 10));
    let third = clock.on_packet(&peer, timestamp(2), ntp(66 + 30));
    assert!((between(ntp(66 + 10), third)).abs() < 0.1);
    assert_eq!(clock.timestamp_at(&peer, ntp(66 + 10)), Some(timestamp(2)));
}

#[test]
fn drift_and_longer_ways_are_followed() {
    let peer = PeerClock::default();
    let mut clock = SourceClock::new(48_000);
    let mut worst = 0f64;
    // A sender whose clock is 100 ppm slow, for ten minutes.
    for packet in 0..30_000u64 {
        let captured = packet * 20;
        let timestamp = (captured * 48) as f64 * 0.9999;
        let capture = clock.on_packet(&peer, timestamp as u32, ntp(captured + 20));
        worst = worst.max((between(ntp(captured + 20), capture)).abs());
    }
    assert!(worst < 8.0, "{worst}");
}

#[test]
fn reports_that_make_no_sense_are_not_believed() {
    let mut peer = PeerClock::default();
    let mut clock = SourceClock::new(90_000);
    clock.on_packet(&peer, 1000, ntp(0));
    clock.on_sender_report(&mut peer, NtpTime(0), 5, ntp(10));
    clock.on_sender_report(&mut peer, ntp(10), 1_000_000_000, ntp(10));
    let capture = clock.on_packet(&peer, 1000 + 9000, ntp(100));
    assert!(between(ntp(100), capture).abs() < 0.1, "by arrival");
    assert_eq!(clock.timestamp_at(&peer, ntp(100)), Some(10_000));
    // A clock that was set anew is followed.
    clock.on_sender_report(&mut peer, ntp(90_000), 10_000, ntp(100));
    assert!(between(ntp(200), clock.on_packet(&peer, 19_000, ntp(200))).abs() < 0.1);
}

#[test]
fn receive_statistics_follow_rfc_3550() {
    let mut stats = ReceiveStats::new(48_000);
    assert_eq!(stats.report(1, ntp(0)), None);
    for number in (0..100u64).filter(|number| number % 10 != 3) {
        stats.on_packet(65_500 + number, number as u32 * 960, ntp(number * 20));
    }
    stats.on_sender_report(NtpTime(0x1234_5678_9abc_def0), ntp(1900));
    let report = stats.report(7, ntp(2000)).unwrap();
    assert_eq!((report.ssrc, report.fraction_lost, report.cumulative_lost), (7, 25, 10));
    assert_eq!(report.highest_sequence, 65_599);
    assert!(report.jitter <= 1, "{}", report.jitter);
    assert_eq!(report.last_sr, 0x5678_9abc);
    assert!((6550..=6557).contains(&report.delay_since_last_sr), "100 ms: {}", report.delay_since_last_sr);
    let next = stats.report(7, ntp(2000)).unwrap();
    assert_eq!((next.fraction_lost, next.cumulative_lost), (0, 10), "nothing in this interval");
    // A jitter of 10 ms each way settles there.
    for number in 100..400u64 {
        stats.on_packet(65_500 + number, number as u32 * 960, ntp(number * 20 + number % 2 * 10));
    }
    assert!((430..500).contains(&stats.jitter()), "{}", stats.jitter());
    // Duplicates make the loss negative.
    for _ in 0..50 {
        stats.on_packet(65_500, 0, ntp(9000));
    }
    assert_eq!(stats.report(7, ntp(9000)).unwrap().cumulative_lost, -40);
}

proptest! {
    #[test]
    fn random_times_never_panic(
        reports in prop::collection::vec((any::<u64>(), any::<u32>(), any::<u64>()), 1..20),
        packets in prop::collection::vec((any::<u32>(), any::<u64>(), 0u64..1 << 48), 1..20),
        rate in prop::sample::select(vec![8_000u32, 48_000, 90_000]),
    ) {
        let mut peer = PeerClock::default();
        let mut clock = SourceClock::new(rate);
        let mut stats = ReceiveStats::new(rate);
        for (ntp, timestamp, arrival) in reports {
            clock.on_sender_report(&mut peer, NtpTime(ntp), timestamp, NtpTime(arrival));
            stats.on_sender_report(NtpTime(ntp), NtpTime(arrival));
            for &(timestamp, arrival, ext_seq) in &packets {
                let capture = clock.on_packet(&peer, timestamp, NtpTime(arrival));
                prop_assert!(between(capture, NtpTime(arrival)).abs() <= 5000.0);
                clock.timestamp_at(&peer, NtpTime(arrival));
                stats.on_packet(ext_seq, timestamp, NtpTime(arrival));
                stats.report(1, NtpTime(arrival));
            }
        }
        let _ = round_trip(NtpTime(packets[0].1), packets[0].0, packets[0].0);
    }
}
