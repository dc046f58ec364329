//! Redundant sound on lines that lose packets: where they carry it beside the sound itself, and nowhere else.

use crate::conference::{FULL, Hall, SIZES, audio};
use crate::lines::{clean, lossy};
use crate::{MS, each_seed};
use auftakt_client::ClientConfig;
use auftakt_media::codec::Codec;
use auftakt_tests::impair::Settings;
use std::cell::RefCell;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// A viewer who takes redundant sound, and people who send none.
fn hall(seed: u64, publishers: usize) -> Hall {
    let config = ClientConfig { sound: &[Codec::Red, Codec::Opus], ..ClientConfig::seeded(100 * seed + 99) };
    Hall::with(config, seed, publishers, SIZES)
}

/// Sound that came in a seat at the first try since a time, in order: when, and whether it was redundant.
fn sounds(hall: &Hall, seat: usize, since: Instant) -> Vec<(Instant, bool)> {
    let heard = hall.world.received(hall.viewer, &audio(seat));
    heard.iter().filter(|packet| packet.at >= since && !packet.recovered).map(|packet| (packet.at, packet.codec == Codec::Red)).collect()
}

/// Of what came in the last so many seconds: all of it is redundant, none of it, or `None`.
fn redundant(hall: &Hall, seat: usize, seconds: u32) -> Option<bool> {
    let lately = sounds(hall, seat, hall.world.now - seconds * SECOND);
    let first = lately.first()?.1;
    lately.iter().all(|(_, red)| *red == first).then_some(first)
}

#[test]
fn redundancy_is_sent_where_the_line_carries_it_beside_the_sound() {
    each_seed(6, |seed| {
        let mut hall = hall(seed, 5);
        hall.play(5);
        assert!((0..5).all(|seat| redundant(&hall, seat, 4) == Some(false)), "nothing is lost");
        hall.lines.set(hall.down(), lossy());
        hall.play(6);
        for seat in 0..5 {
            assert_eq!(redundant(&hall, seat, 2), Some(true), "sound {seat} of a wide line that loses packets");
            assert_eq!(hall.layer(seat), Some(FULL), "and its picture is what it was");
        }
        // Five sounds take 450 kbit/s, and their redundancy as much as 320 more.
        hall.lines.set(hall.down(), Settings { rate_bps: 200_000, queue: 300 * MS, ..lossy() });
        hall.play(4);
        let narrow = hall.world.now;
        hall.play(8);
        for seat in 0..5 {
            let lately = sounds(&hall, seat, narrow);
            assert!(lately.iter().all(|(_, red)| !red), "sound {seat} of a narrow line");
        }
        hall.lines.set(hall.down(), lossy());
        hall.play(25);
        for seat in 0..5 {
            assert_eq!(redundant(&hall, seat, 2), Some(true), "sound {seat} of a line that is wide again");
            assert_eq!(hall.layer(seat), Some(FULL));
        }
    });
}

#[test]
fn a_line_that_loses_packets_from_the_start_gets_it_within_two_seconds() {
    let took = RefCell::new(vec![]);
    each_seed(12, |seed| {
        let mut hall = hall(seed, 1);
        hall.lines.set(hall.down(), lossy());
        let start = hall.world.now;
        hall.play(4);
        let first = sounds(&hall, 0, start).iter().find(|(_, red)| *red).map(|(at, _)| *at - start);
        // By chance no sound is lost in the first one or two seconds.
        assert!(first.is_some_and(|after| after < 3400 * MS), "{first:?}");
        took.borrow_mut().extend(first);
    });
    let mut took = took.into_inner();
    took.sort_unstable();
    assert!(took[took.len() * 3 / 4] < 2400 * MS, "{took:?}");
}

#[test]
fn a_line_that_carries_a_part_of_it_does_not_go_to_and_fro() {
    // Sound and redundancy take 770 kbit/s; what the line is estimated at wavers around nine tenths of what it carries.
    for kbps in [600, 800, 1000] {
        each_seed(2, |seed| {
            let mut hall = hall(seed, 5);
            hall.lines.set(hall.down(), Settings { rate_bps: kbps * 1000, queue: 300 * MS, loss: 0.03, ..clean() });
            let start = hall.world.now;
            hall.play(60);
            let heard = sounds(&hall, 0, start);
            let changes = |heard: &[(Instant, bool)]| heard.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
            assert!(heard.len() > 2850, "the sound itself comes: {} of 3000", heard.len());
            assert!(changes(&heard) <= 10, "with {kbps} kbit/s it changed {} times in a minute", changes(&heard));
            assert!(changes(&heard[heard.len() / 2..]) <= 4, "and later less and less");
        });
    }
}
