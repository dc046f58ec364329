//! Seats and layers change while packets are lost.

use crate::lines::{Lines, clean, wild};
use crate::picture::{Frame, frames, longest_freeze};
use crate::{MS, each_seed};
use auftakt_client::band::{Camera, Player, join_publisher, join_viewer, play};
use auftakt_client::world::{Way, Who, World, mid};
use auftakt_client::{ClientConfig, Received};
use auftakt_media::worker::LayerLimit;
use auftakt_tests::impair::Settings;
use std::time::Duration;

fn number(sound: &Received) -> u32 {
    u32::from_be_bytes(sound.payload[1..5].try_into().expect("a number"))
}

/// Two who play, the second with numbers from a million on, and a viewer with one seat.
fn two_and_a_viewer(lines: &Lines, seed: u64) -> (World, [Player; 2], usize) {
    let mut world = World::on(Box::new(lines.clone()), seed as u8);
    let sources = [seed, seed + 100].map(|seed| join_publisher(&mut world, ClientConfig::seeded(seed), &[]));
    let viewer = join_viewer(&mut world, ClientConfig::seeded(seed + 200), 1);
    let mut players = sources.map(|source| Player::new(source, vec![Camera::new(None)]));
    (players[1].step, players[1].cameras[0].frame) = (1_000_000, 1_000_000);
    (world, players, viewer)
}

/// The picture is one player's, and then the other's.
fn is_change(pair: &[Frame]) -> bool {
    (pair[0].number < 1_000_000) != (pair[1].number < 1_000_000)
}

#[test]
fn a_seat_that_changes_on_bad_lines_stays_decodable() {
    each_seed(6, |seed| {
        let lines = Lines::new(seed);
        let (mut world, mut players, viewer) = two_and_a_viewer(&lines, seed);
        let sources = [players[0].client, players[1].client];
        let mut turn = |world: &mut World, turn: usize, steps: u32| {
            let source = sources[turn % 2];
            for (section, uplink) in [("0", "0"), ("1", "1")] {
                world.assign(viewer, section, Some(world.track(source, uplink)));
            }
            let [one, two] = &mut players;
            play(world, &mut [one, two], steps);
        };
        turn(&mut world, 0, 50);
        lines.set_all(wild());
        for n in 1..16 {
            // Now and then again before the last change is through.
            turn(&mut world, n, if n % 5 == 4 { 5 } else { 75 });
        }
        turn(&mut world, 16, 60);
        lines.set_all(clean());
        turn(&mut world, 16, 60);
        world.run_for(Duration::from_secs(1));

        let seen = frames(&world.received(viewer, "1"));
        assert!(longest_freeze(&seen) < Duration::from_millis(1500), "frozen for {:?}", longest_freeze(&seen));
        let changes: Vec<_> = seen.windows(2).filter(|pair| is_change(pair)).collect();
        assert!((10..=16).contains(&changes.len()), "{} changes seen", changes.len());
        assert!(changes.iter().all(|pair| pair[1].keyframe));
        assert!(seen.last().is_some_and(|last| last.number < 1_000_000 && last.number + 5 > players[0].cameras[0].frame));

        let mut heard = world.received(viewer, "0");
        heard.sort_by_key(|packet| packet.index);
        for pair in heard.windows(2) {
            assert_eq!(pair[1].index, pair[0].index + 1, "sound without gaps");
            let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
            // A switch may leave out up to half a second that was on its way.
            assert!(step % 960 == 0 && (960..=30 * 960).contains(&step), "sound steps by whole frames: {step}");
        }
        assert!(heard.last().is_some_and(|last| number(last) + 5 > players[0].step), "the sound of who sits there now");
        assert_eq!(world.stats().gauges.subscriptions, 2);
    });
}

#[test]
fn layers_change_on_bad_lines_at_keyframes() {
    each_seed(6, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let source = join_publisher(&mut world, ClientConfig::seeded(seed), &["q", "h", "f"]);
        let viewer = join_viewer(&mut world, ClientConfig::seeded(seed + 200), 1);
        world.assign(viewer, "1", Some(world.track(source, "1")));
        let sizes = [("q", 100), ("h", 300), ("f", 900)];
        let cameras = sizes.map(|(rid, size)| Camera { size, ..Camera::new(Some(rid)) });
        let mut player = Player::new(source, cameras.into());
        play(&mut world, &mut [&mut player], 100);
        lines.set_all(wild());
        let peer = world.clients[viewer].peer;
        let limits = [1, 0, 2, 0, 1, 2, 1, 0].map(LayerLimit::UpTo);
        for limit in limits {
            world.worker.set_layer_limit(peer, mid("1"), limit);
            play(&mut world, &mut [&mut player], 60);
        }
        world.worker.set_layer_limit(peer, mid("1"), LayerLimit::Best);
        play(&mut world, &mut [&mut player], 60);
        lines.set_all(clean());
        play(&mut world, &mut [&mut player], 60);
        world.run_for(Duration::from_secs(1));
        let seen = frames(&world.received(viewer, "1"));
        let changes: Vec<_> = seen.windows(2).filter(|pair| pair[0].size != pair[1].size).collect();
        assert!(changes.len() >= limits.len(), "{} changes of layer", changes.len());
        assert!(changes.iter().all(|pair| pair[1].keyframe));
        assert!(longest_freeze(&seen) < Duration::from_secs(1), "frozen for {:?}", longest_freeze(&seen));
        let last = seen.last().expect("a picture");
        assert_eq!(last.size, 900);
        assert!(world.now - last.at < 1100 * MS, "live to the end");
    });
}

#[test]
fn a_new_picture_comes_soon_after_a_change() {
    // The way to the publishers and back, and within what time 19 of 20 changes are seen.
    for (round_trip, limit) in [(4, 200), (50, 250)] {
        let mut took: Vec<Duration> = (1..=6).flat_map(|seed| changes_take(seed, round_trip * MS / 2)).collect();
        took.sort();
        let (median, late) = (took[took.len() / 2], took[took.len() * 19 / 20]);
        assert!(late <= limit * MS, "with {round_trip} ms to the publishers: median {median:?}, p95 {late:?}");
    }
}

/// Twenty changes between two publishers who are `way` away and lose one packet in a hundred; the viewer is 20 ms away.
fn changes_take(seed: u64, way: Duration) -> Vec<Duration> {
    let lines = Lines::new(seed);
    let (mut world, mut players, viewer) = two_and_a_viewer(&lines, seed);
    let sources = [players[0].client, players[1].client];
    for source in sources {
        for line in [Way::Up, Way::Down] {
            lines.set(line(Who::Client(source)), Settings { delay: way, loss: 0.01, ..clean() });
        }
    }
    let mut changed = vec![];
    for turn in 0..21 {
        world.assign(viewer, "1", Some(world.track(sources[turn % 2], "1")));
        changed.push(world.now);
        let [one, two] = &mut players;
        // Not always at the same moment between two frames.
        world.run_for((7 * turn as u32 % 20) * MS);
        play(&mut world, &mut [one, two], 50);
    }
    world.run_for(Duration::from_secs(1));
    let seen = frames(&world.received(viewer, "1"));
    let firsts: Vec<_> = seen.windows(2).filter(|pair| is_change(pair)).map(|pair| pair[1].at).collect();
    assert_eq!(firsts.len(), 20, "every change is seen");
    firsts.iter().zip(&changed[1..]).map(|(at, from)| *at - *from - 20 * MS).collect()
}
