//! Numbers that begin again at zero: of who sends, and of the seat.

use crate::each_seed;
use crate::lesson::{Lesson, audio_mid, video_mid};
use crate::lines::{clean, wild};
use crate::picture::{frames, longest_freeze};
use auftakt_client::band::{Camera, FRAME, Player, join_publisher, join_viewer, play};
use auftakt_client::world::World;
use auftakt_client::{ClientConfig, Received, Rtx};
use std::time::Duration;

use crate::lines::Lines;

#[test]
fn a_publishers_numbers_and_timestamps_wrap_around_on_bad_lines() {
    each_seed(3, |seed| {
        for rtx in [Rtx::Offered, Rtx::None] {
            let mut lesson = Lesson::of_two(seed, |seed| ClientConfig { rtx, ..ClientConfig::seeded(seed) });
            let first = lesson.people[0].first();
            let client = &mut lesson.world.clients[0].client;
            // Both numbers and timestamps wrap within the first two seconds, at different moments.
            client.start_at("0", None, 65_500);
            client.start_at("1", None, 65_300);
            client.start_timestamps_at("0", 0u32.wrapping_sub((first + 60) * 960));
            client.start_timestamps_at("1", 0u32.wrapping_sub((first + 90) * 1800));
            lesson.play(5);
            lesson.lines.set_all(wild());
            lesson.play(200);
            lesson.lines.set_all(clean());
            lesson.play(20);
            lesson.wait(Duration::from_secs(1));
            lesson.assert_heard(1, 0);
            let seen = frames(&lesson.received(1, &video_mid(0)));
            assert_eq!(seen.last().map(|frame| frame.number + 1), Some(lesson.people[0].player.cameras[0].frame));
            assert!(seen.iter().all(|frame| frame.timestamp == seen[0].timestamp.wrapping_add((frame.number - seen[0].number) * 1800)));
        }
    });
}

/// A seat's own 16 bit numbers begin below 0x8000, so that 65,536 packets take them over the edge twice, with the roll-over
/// counter of SRTP; the receiver decrypts all of it.
#[test]
fn a_seats_numbers_wrap_around_on_bad_lines() {
    each_seed(1, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let sender = join_publisher(&mut world, ClientConfig::seeded(seed), &[]);
        let viewer = join_viewer(&mut world, ClientConfig::seeded(seed + 1), 1);
        world.assign(viewer, "1", Some(world.track(sender, "1")));
        let cameras = || Camera { size: 30, ..Camera::new(None) };
        let mut player = Player::new(sender, vec![cameras()]);
        play(&mut world, &mut [&mut player], 20);
        lines.set_all(wild());
        let mut last = 0;
        while last <= 0x1_0000 + 500 {
            // Ten frames at once: the clock of the camera runs faster, not ours.
            for _ in 0..10 {
                player.play(&mut world);
            }
            world.run_for(FRAME);
            last = world.clients[viewer].client.seen("1").and_then(|seen| seen.highest).unwrap_or(0);
        }
        lines.set_all(clean());
        play(&mut world, &mut [&mut player], 50);
        world.run_for(Duration::from_secs(1));
        let received = world.received(viewer, "1");
        assert!(received.first().is_some_and(|packet| packet.index < 0x8000));
        let seen = frames(&received);
        assert_eq!(seen.last().map(|frame| frame.number + 1), Some(player.cameras[0].frame));
        assert_eq!(world.clients[viewer].client.seen("1").map(|seen| seen.missing.len()), Some(0));
    });
}

/// The lines of a seat count from a random beginning. Everything sleeps until the timestamps are about to wrap (a laptop that was
/// closed for hours), wakes, and goes on.
#[test]
fn a_seats_timestamps_wrap_around_after_a_long_sleep() {
    each_seed(2, |seed| {
        for (mid, rate) in [(audio_mid(0), 48_000), (video_mid(0), 90_000)] {
            let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
            lesson.play(50);
            let last = lesson.received(1, &mid).pop().expect("media");
            let steps_left = (u32::MAX - last.timestamp) / (rate / 50);
            sleep(&mut lesson, steps_left - 100);
            let slept = lesson.received(1, &mid).len();
            lesson.lines.set_all(wild());
            lesson.play(200);
            lesson.lines.set_all(clean());
            lesson.play(50);
            lesson.wait(Duration::from_secs(1));
            let awake = lesson.received(1, &mid).split_off(slept);
            assert!(awake.windows(2).any(|pair| pair[1].timestamp < pair[0].timestamp / 2), "{mid} wraps");
            assert_goes_on(&mid, &awake);
        }
    });
}

/// So many steps of 20 ms pass, and nobody does anything.
fn sleep(lesson: &mut Lesson, steps: u32) {
    lesson.wait(Duration::from_millis(500));
    lesson.world.now += FRAME * steps;
    let now = lesson.world.now;
    for person in &mut lesson.people {
        person.player.step += steps;
        person.player.cameras[0].frame += steps;
        person.player.cameras[0].keyframe_next = true;
        lesson.world.clients[person.client].client.check_now(now);
    }
    lesson.wait(Duration::from_millis(500));
}

fn assert_goes_on(mid: &str, awake: &[Received]) {
    if mid == video_mid(0) {
        let seen = frames(awake);
        assert!(seen.len() > 230, "{} pictures", seen.len());
        assert!(longest_freeze(&seen) < Duration::from_millis(700), "{:?}", longest_freeze(&seen));
        return;
    }
    let mut heard: Vec<_> = awake.iter().map(|packet| (packet.index, packet.timestamp)).collect();
    heard.sort_unstable();
    assert!(heard.len() > 240, "{} sounds", heard.len());
    for pair in heard.windows(2) {
        assert_eq!(pair[1].0, pair[0].0 + 1);
        assert_eq!(pair[1].1.wrapping_sub(pair[0].1), 960);
    }
}
