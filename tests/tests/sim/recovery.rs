//! What is lost is asked for, both ways, until it is there.

use crate::lesson::{Lesson, audio_mid, video_mid};
use crate::lines::{Lines, clean, lossy, wild};
use crate::picture::{Screen, frames};
use crate::{MS, each_seed};
use auftakt_client::band::{FRAME, Player, join_publisher, join_viewer, play};
use auftakt_client::world::{Way, Who, World};
use auftakt_client::{ClientConfig, Nacks, Received, Rtx};
use auftakt_media::drops::DropReason;
use auftakt_tests::impair::Settings;
use std::time::Duration;

/// Lets two play on bad lines and then on good ones; every packet of either must have arrived at the other, as it was sent.
fn lesson_survives(seed: u64, rtx: Rtx, faults: Settings) -> Lesson {
    let mut lesson = Lesson::of_two(seed, |seed| ClientConfig { rtx, ..ClientConfig::seeded(seed) });
    // Who never heard of a stream cannot miss its beginning.
    lesson.play(10);
    lesson.lines.set_all(faults);
    lesson.play(400);
    lesson.lines.set_all(clean());
    lesson.play(50);
    lesson.wait(Duration::from_secs(1));
    for (listener, speaker) in [(0, 1), (1, 0)] {
        lesson.assert_heard(listener, speaker);
        let seen = frames(&lesson.received(listener, &video_mid(0)));
        let first = seen[0].number;
        assert_eq!(seen.len() as u32, lesson.people[speaker].player.cameras[0].frame - first, "every picture");
        assert!(seen.windows(2).all(|pair| pair[1].number == pair[0].number + 1));
        for mid in [audio_mid(0), video_mid(0)] {
            let seen = lesson.world.clients[lesson.people[listener].client].client.seen(&mid).expect("a section");
            assert!(seen.missing.is_empty(), "{:?}", seen.missing);
        }
    }
    lesson
}

#[test]
fn every_packet_arrives_at_five_percent_loss() {
    each_seed(4, |seed| {
        for rtx in [Rtx::Offered, Rtx::None] {
            let lesson = lesson_survives(seed, rtx, lossy());
            let lost = lesson.lines.stats(Way::Up(Who::Client(0))).lost;
            assert!(lost > 60, "{lost}");
        }
    });
}

#[test]
fn and_with_jitter_reordering_and_duplicates() {
    each_seed(4, |seed| {
        for rtx in [Rtx::Offered, Rtx::None] {
            let lesson = lesson_survives(seed, rtx, wild());
            let line = lesson.lines.stats(Way::Down(Who::Client(1)));
            assert!(line.lost > 60 && line.reordered > 40 && line.duplicated > 40, "{line:?}");
        }
    });
}

#[test]
fn and_when_losses_come_in_bursts() {
    each_seed(4, |seed| {
        let bursts = Settings { burst: 5.0, ..lossy() };
        lesson_survives(seed, Rtx::Offered, bursts);
    });
}

#[test]
fn and_on_a_narrow_line_with_a_queue() {
    // Sound and picture are 650 kbit/s.
    each_seed(2, |seed| {
        let narrow = Settings { rate_bps: 900_000, queue: 100 * MS, loss: 0.02, ..clean() };
        lesson_survives(seed, Rtx::Offered, narrow);
        // Too narrow for two seconds: the queue overflows, and what it dropped is asked for.
        let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
        lesson.play(10);
        lesson.lines.set_all(Settings { rate_bps: 500_000, queue: 100 * MS, ..clean() });
        lesson.play(50);
        lesson.lines.set_all(clean());
        lesson.play(50);
        lesson.wait(Duration::from_secs(1));
        let line = lesson.lines.stats(Way::Up(Who::Client(0)));
        assert!(line.queue_dropped > 20, "{line:?}");
        lesson.assert_heard(0, 1);
        lesson.assert_heard(1, 0);
    });
}

#[test]
fn a_hole_of_300_ms_is_filled() {
    each_seed(3, |seed| {
        for way in [Way::Up(Who::Client(0)), Way::Down(Who::Client(1))] {
            let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
            lesson.play(50);
            lesson.lines.set(way, Settings { loss: 1.0, ..clean() });
            lesson.play(15);
            lesson.lines.set(way, clean());
            lesson.play(50);
            lesson.wait(Duration::from_secs(1));
            let lost = lesson.lines.stats(way).lost;
            assert!(lost >= 60, "{lost}");
            lesson.assert_heard(1, 0);
            let seen = frames(&lesson.received(1, &video_mid(0)));
            assert_eq!(seen.last().map(|frame| frame.number + 1), Some(lesson.people[0].player.cameras[0].frame));
        }
    });
}

#[test]
fn asking_stays_in_proportion_to_what_is_lost() {
    each_seed(3, |seed| {
        let lesson = lesson_survives(seed, Rtx::Offered, lossy());
        let counters = lesson.world.stats().counters;
        let lost = |way: fn(Who) -> Way| (0..2).map(|client| lesson.lines.stats(way(Who::Client(client))).lost).sum::<u64>();
        // Each way a request or its answer may be lost again; RTCP is among what was lost.
        assert!(counters.nacks_sent <= 2 * lost(Way::Up), "{} requests for {} losses", counters.nacks_sent, lost(Way::Up));
        assert!(counters.packets_retransmitted <= 3 * lost(Way::Down), "{} for {}", counters.packets_retransmitted, lost(Way::Down));
    });
}

#[test]
fn a_silent_line_raises_no_storm_when_it_comes_back() {
    each_seed(2, |seed| {
        let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
        lesson.play(50);
        let before = lesson.world.stats().counters;
        lesson.lines.set_all(Settings { loss: 1.0, ..clean() });
        lesson.play(400);
        lesson.lines.set_all(clean());
        lesson.play(50);
        lesson.wait(Duration::from_secs(2));
        let after = lesson.world.stats().counters;
        // 1600 packets of each never came: too many to ask for.
        assert!(after.nacks_sent - before.nacks_sent <= 200, "{}", after.nacks_sent - before.nacks_sent);
        assert!(after.packets_retransmitted - before.packets_retransmitted <= 1000);
        assert!(after.keyframes_requested - before.keyframes_requested <= 20);
    });
}

/// A minute-long hole in what somebody sends cannot be repaired; the receiver's browser asks for a keyframe, and the picture goes on.
#[test]
fn what_cannot_be_recovered_costs_a_keyframe() {
    each_seed(3, |seed| {
        let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
        lesson.play(50);
        lesson.lines.set(Way::Up(Who::Client(0)), Settings { loss: 1.0, ..clean() });
        lesson.play(300);
        lesson.lines.set(Way::Up(Who::Client(0)), clean());
        let back = lesson.world.now;
        let mut screen = Screen::default();
        watch(&mut lesson, &mut screen, 150);
        let again = screen.shown.iter().find(|(at, _)| *at > back).expect("a picture after the hole");
        assert!(again.0 - back < Duration::from_millis(1500), "black for {:?}", again.0 - back);
        let (_, last) = screen.shown.last().expect("a picture");
        assert!(lesson.people[0].player.cameras[0].frame - last < 10, "it is live");
        assert!(screen.shown.iter().filter(|(at, _)| *at > again.0).count() > 50, "and stays");
        let heard = lesson.received(1, &audio_mid(0));
        let sounds = heard.iter().filter(|packet| packet.at > back + 100 * MS).count();
        assert!(sounds >= 140, "sound goes on at once: {sounds}");
    });
}

/// Without any repair every loss costs the picture, which comes back by keyframes; the sound goes on around its gaps.
#[test]
fn a_receiver_that_repairs_nothing_still_sees_something() {
    each_seed(3, |seed| {
        let silent = |seed| ClientConfig { nack: Nacks::Silent, ..ClientConfig::seeded(seed) };
        let mut lesson = Lesson::of_two(seed, silent);
        lesson.lines.set(Way::Down(Who::Client(1)), Settings { loss: 0.02, ..clean() });
        let mut screen = Screen::default();
        watch(&mut lesson, &mut screen, 500);
        assert!(screen.asked > 5, "{}", screen.asked);
        let freeze = screen.longest_freeze(lesson.world.now);
        assert!(freeze < Duration::from_secs(2), "{freeze:?}");
        assert_eq!(lesson.world.stats().counters.drops.of(DropReason::NackMissed), 0);
    });
}

/// Plays, and lets the student's browser look.
fn watch(lesson: &mut Lesson, screen: &mut Screen, steps: u32) {
    for _ in 0..steps {
        lesson.play(1);
        let received = lesson.received(1, &video_mid(0));
        if screen.look(lesson.world.now, &received) {
            lesson.world.clients[1].client.request_keyframe(&video_mid(0));
        }
    }
    lesson.wait(FRAME);
}

/// Whoever only publishes gives no reports that tell the round trip; its lost sound comes again as soon as anybody's.
#[test]
fn the_sound_of_who_only_publishes_is_recovered_as_soon_as_it_can_be() {
    each_seed(3, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let source = join_publisher(&mut world, ClientConfig::seeded(seed), &[]);
        let viewer = join_viewer(&mut world, ClientConfig::seeded(seed + 1), 1);
        world.assign(viewer, "0", Some(world.track(source, "0")));
        let mut player = Player::new(source, vec![]);
        play(&mut world, &mut [&mut player], 10);
        let begin = world.now;
        lines.set(Way::Up(Who::Client(source)), lossy());
        play(&mut world, &mut [&mut player], 1000);
        world.run_for(Duration::from_secs(1));
        let late = |packet: &Received| {
            let number = u32::from_be_bytes(packet.payload[1..5].try_into().expect("a number"));
            (number >= 10).then(|| packet.at.saturating_duration_since(begin + FRAME * (number - 10)))
        };
        let mut lateness: Vec<Duration> = world.received(viewer, "0").iter().filter_map(late).collect();
        lateness.sort_unstable();
        let recovered: Vec<Duration> = lateness.into_iter().filter(|late| *late > 60 * MS).collect();
        assert!(recovered.len() > 30, "{}", recovered.len());
        // 40 ms there and on, the next packet that shows the gap, and the round trip.
        let median = recovered[recovered.len() / 2];
        assert!(median < 130 * MS, "{median:?}");
    });
}
