//! The network under a participant changes while it plays.

use crate::lesson::{Lesson, audio_mid, video_mid};
use crate::lines::{clean, lossy, wild};
use crate::picture::{frames, longest_freeze};
use crate::{MS, each_seed};
use auftakt_client::ClientConfig;
use auftakt_client::stun::{Check, write_check};
use auftakt_client::world::{Way, Who};
use auftakt_media::worker::Event;
use auftakt_signaling::wire::{ClientMessage, ServerMessage, TrackSource};
use auftakt_tests::impair::Settings;
use std::net::SocketAddr;
use std::time::Duration;

fn elsewhere(number: u8) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 100 + number], 61_000 + u16::from(number)))
}

/// Everything that was sent arrived, in both directions.
fn assert_nothing_lost(lesson: &Lesson) {
    for (listener, speaker) in [(0, 1), (1, 0)] {
        lesson.assert_heard(listener, speaker);
        let seen = frames(&lesson.received(listener, &video_mid(0)));
        assert_eq!(seen.last().map(|frame| frame.number + 1), Some(lesson.people[speaker].player.cameras[0].frame));
        assert!(longest_freeze(&seen) < Duration::from_millis(900), "{:?}", longest_freeze(&seen));
    }
}

#[test]
fn a_client_that_roams_loses_nothing() {
    each_seed(4, |seed| {
        let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
        lesson.play(20);
        lesson.lines.set_all(lossy());
        for turn in 0..4 {
            // What is on its way to the old address is lost.
            lesson.world.clients[1].address = elsewhere(turn);
            let now = lesson.world.now;
            lesson.world.clients[1].client.check_now(now);
            lesson.play(60);
        }
        lesson.lines.set_all(clean());
        lesson.play(50);
        lesson.wait(Duration::from_secs(1));
        assert_nothing_lost(&lesson);
        assert!(!lesson.world.events.iter().any(|event| matches!(event, Event::Disconnected { .. })));
    });
}

/// A router gives the connection another port, and the client does not know: its next check repairs it.
#[test]
fn a_rebound_port_is_found_within_a_check() {
    each_seed(2, |seed| {
        let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
        lesson.play(50);
        lesson.world.clients[1].address = elsewhere(1);
        let moved = lesson.world.now;
        lesson.play(300);
        lesson.wait(Duration::from_secs(1));
        for (listener, mid) in [(0, audio_mid(0)), (1, audio_mid(0))] {
            let heard = lesson.received(listener, &mid);
            // A browser checks every 2.5 s; ours does too.
            let late = heard.iter().filter(|packet| packet.at > moved + Duration::from_millis(2700)).count();
            assert!(late >= 160, "person {listener} hears {late}");
        }
    });
}

#[test]
fn the_client_nominates_which_of_its_ways_media_takes() {
    let mut lesson = Lesson::of_two(1, ClientConfig::seeded);
    lesson.lines.record();
    lesson.play(20);
    let (wifi, mobile) = (lesson.world.clients[1].address, elsewhere(2));
    let username = format!("{}:abcd", lesson.world.clients[1].answered("a=ice-ufrag:"));
    let pwd = lesson.world.clients[1].answered("a=ice-pwd:");
    let check = |value| {
        let check = Check { username: &username, pwd: &pwd, transaction: [value as u8; 12], nominate: true, nomination: Some(value) };
        write_check(&check)
    };
    // Both ways are open all the time.
    lesson.world.clients[1].also = vec![wifi, mobile];
    let now = lesson.world.now;
    lesson.world.clients[1].client.nominate_with(1);
    lesson.world.clients[1].client.check_now(now);
    lesson.play(10);
    // Renominated with a higher value, then an old check arrives late.
    for (from, value, wins) in [(mobile, 2, mobile), (wifi, 1, mobile), (wifi, 3, wifi), (mobile, 3, mobile), (wifi, 2, mobile)] {
        lesson.world.inject(from, &check(value));
        lesson.play(5);
        assert_eq!(media_goes_to(&mut lesson), wins, "after {value} from {from}");
    }
    lesson.world.clients[1].client.nominate_with(9);
    lesson.play(50);
    lesson.wait(Duration::from_secs(1));
    assert_nothing_lost(&lesson);
}

/// Where the next packet of sound for the student is sent to.
fn media_goes_to(lesson: &mut Lesson) -> SocketAddr {
    let (wifi, also) = (lesson.world.clients[1].address, lesson.world.clients[1].also.clone());
    let reaches = |lesson: &mut Lesson, address: SocketAddr| {
        // Deaf everywhere else for a moment; what is missed is recovered later.
        lesson.world.clients[1].address = address;
        lesson.world.clients[1].also.clear();
        let before = lesson.received(1, &audio_mid(0)).len();
        lesson.play(6);
        lesson.received(1, &audio_mid(0)).len() > before + 2
    };
    let found: Vec<SocketAddr> = also.iter().copied().filter(|address| reaches(lesson, *address)).collect();
    lesson.world.clients[1].address = wifi;
    lesson.world.clients[1].also = also;
    assert_eq!(found.len(), 1, "media takes one way");
    found[0]
}

#[test]
fn an_ice_restart_while_media_flows_loses_nothing() {
    each_seed(4, |seed| {
        let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
        lesson.play(20);
        lesson.lines.set_all(wild());
        for turn in 0..3 {
            lesson.world.clients[1].address = elsewhere(turn);
            lesson.world.clients[1].client.restart_ice();
            lesson.offer(1);
            lesson.play(60);
        }
        lesson.lines.set_all(clean());
        lesson.play(50);
        lesson.wait(Duration::from_secs(1));
        assert_nothing_lost(&lesson);
        assert_eq!(lesson.world.stats().gauges.ufrags, 2);
    });
}

#[test]
fn nothing_is_sent_to_who_does_not_consent_any_more() {
    let mut lesson = Lesson::of_two(1, ClientConfig::seeded);
    lesson.play(50);
    // It hears everything and says nothing: a firewall that closed one way.
    let (up, down) = (Way::Up(Who::Client(1)), Way::Down(Who::Client(1)));
    lesson.lines.set(up, Settings { loss: 1.0, ..clean() });
    lesson.play(25 * 50);
    let peer = lesson.world.clients[1].peer;
    assert!(!lesson.world.events.contains(&Event::Disconnected { peer }));
    lesson.play(8 * 50);
    assert!(lesson.world.events.contains(&Event::Disconnected { peer }));
    let before = lesson.lines.stats(down).delivered;
    lesson.play(5 * 50);
    assert_eq!(lesson.lines.stats(down).delivered, before, "RFC 7675: nothing without consent");

    lesson.lines.set(up, clean());
    let now = lesson.world.now;
    lesson.play(4 * 50);
    assert!(lesson.world.events.contains(&Event::Reconnected { peer }));
    let back = lesson.received(1, &audio_mid(0)).iter().filter(|packet| packet.at > now).count();
    assert!(back > 50, "sound is back: {back}");
    assert!(lesson.received(1, &video_mid(0)).iter().filter(|packet| packet.at > now).count() > 150, "and the picture");
}

/// The socket breaks and the person comes back within 30 s: the media has gone on, and a mute holds.
#[test]
fn a_lost_socket_leaves_the_media_and_the_mutes_alone() {
    each_seed(2, |seed| {
        let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
        lesson.play(20);
        lesson.lines.set_all(lossy());
        lesson.say(1, ClientMessage::SetMuted { source: TrackSource::Camera, muted: true });
        lesson.play(20);
        let seen = lesson.received(0, &video_mid(0)).len();
        lesson.lose_socket(1);
        lesson.play(20 * 50);
        lesson.resume(1);
        lesson.offer(1);
        lesson.play(50);
        lesson.lines.set_all(clean());
        lesson.play(50);
        lesson.wait(Duration::from_secs(1));
        let resumed = |message: &ServerMessage| matches!(message, ServerMessage::Welcome { resumed: true, .. });
        assert!(lesson.people[1].inbox.iter().any(resumed));
        lesson.assert_heard(0, 1);
        lesson.assert_heard(1, 0);
        let last = lesson.received(0, &video_mid(0)).len();
        assert!(last <= seen + 3, "the camera stays muted: {} packets", last - seen);
        lesson.say(1, ClientMessage::SetMuted { source: TrackSource::Camera, muted: false });
        lesson.play(50);
        lesson.wait(500 * MS);
        assert!(lesson.received(0, &video_mid(0)).len() > last + 120);
    });
}
