//! Losses are repaired, both ways.

use auftakt_client::band::{Camera, Player, join_publisher, join_viewer, play, sound};
use auftakt_client::world::{Loss, Way, Who, World};
use auftakt_client::{ClientConfig, ClientEvent, Nacks, wire};
use auftakt_media::drops::DropReason;
use auftakt_media::worker::{Event, Muted};
use std::time::Duration;

/// Is it RTP or RTCP, as far as one sees from outside?
fn is_media(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(128..=191)) && !matches!(datagram.get(1), Some(192..=223))
}

/// Loses so many media packets of a hundred, by chance but always the same.
fn lose_percent(percent: u64, seed: u64, lost_way: fn(Way) -> bool) -> Loss {
    let mut state = seed;
    Box::new(move |way, datagram| {
        let counts = lost_way(way) && is_media(datagram);
        if counts {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        }
        counts && (state >> 33) % 100 < percent
    })
}

fn lesson(world: &mut World) -> (usize, Player) {
    let teacher = join_publisher(world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(world, ClientConfig::seeded(2), 1);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    world.assign(student, "1", Some(world.track(teacher, "1")));
    (student, Player::new(teacher, vec![Camera::new(None)]))
}

fn assert_complete(world: &World, student: usize, steps: u32) {
    let mut heard: Vec<_> = world.received(student, "0").into_iter().map(|p| (p.index, p.payload)).collect();
    heard.sort();
    assert_eq!(heard.len(), steps as usize, "every packet of sound arrived");
    assert!(heard.iter().enumerate().all(|(n, (_, payload))| *payload == sound(n as u32)));
    for section in ["0", "1"] {
        let seen = world.clients[student].client.seen(section).expect("a section");
        assert!(seen.missing.is_empty(), "section {section} misses {:?}", seen.missing);
        assert!(seen.recovered > 0, "section {section} had something to recover");
    }
}

#[test]
fn what_is_lost_on_the_way_down_is_sent_again() {
    let mut world = World::new();
    let (student, mut player) = lesson(&mut world);
    world.loss = lose_percent(5, 1, |way| matches!(way, Way::Down(_)));
    play(&mut world, &mut [&mut player], 300);
    world.loss = Box::new(|_, _| false);
    world.run_for(Duration::from_millis(500));
    assert_complete(&world, student, 300);
    assert!(world.stats().counters.packets_retransmitted > 50);
}

#[test]
fn what_is_lost_on_the_way_up_is_asked_for_again() {
    let mut world = World::new();
    let (student, mut player) = lesson(&mut world);
    world.loss = lose_percent(5, 2, |way| matches!(way, Way::Up(_)));
    play(&mut world, &mut [&mut player], 300);
    world.loss = Box::new(|_, _| false);
    play(&mut world, &mut [&mut player], 10);
    world.run_for(Duration::from_millis(500));
    let heard = world.received(student, "0").len();
    assert_eq!(heard, 310, "every packet of sound");
    for section in ["0", "1"] {
        let seen = world.clients[student].client.seen(section).expect("a section");
        assert!(seen.missing.is_empty(), "section {section} misses {:?}", seen.missing);
    }
    assert!(world.stats().counters.packets_recovered > 30);
    assert_eq!(world.stats().counters.drops.of(DropReason::RtpReplayed), 0);
}

#[test]
fn sequence_numbers_wrap_around_while_packets_are_lost_both_ways() {
    let mut world = World::new();
    let (student, mut player) = lesson(&mut world);
    world.clients[player.client].client.start_at("0", None, 65_500);
    world.clients[player.client].client.start_at("1", None, 65_400);
    // Who never heard the first packet cannot know that there was one.
    play(&mut world, &mut [&mut player], 2);
    world.loss = lose_percent(8, 3, |_| true);
    play(&mut world, &mut [&mut player], 198);
    world.loss = Box::new(|_, _| false);
    play(&mut world, &mut [&mut player], 10);
    world.run_for(Duration::from_millis(600));
    assert_complete(&world, student, 210);
}

#[test]
fn a_flood_of_nacks_costs_little() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, ClientConfig { nack: Nacks::Silent, ..ClientConfig::seeded(2) }, 1);
    world.assign(student, "1", Some(world.track(teacher, "1")));
    let mut player = Player::new(teacher, vec![Camera::new(None)]);
    play(&mut world, &mut [&mut player], 100);
    let ssrc = world.clients[student].client.answered_ssrcs("1")[0];
    let first = world.received(student, "1")[0].index as u16;
    let all: Vec<u16> = (0..250).map(|n| first.wrapping_add(n)).collect();
    for _ in 0..100 {
        let mut compound = wire::write_receiver_report(1);
        compound.extend(wire::write_nack(1, ssrc, &all));
        world.clients[student].client.send_rtcp(&compound);
    }
    world.run_for(Duration::from_millis(30));
    let counters = world.stats().counters;
    assert!(counters.packets_retransmitted <= 1100, "{}", counters.packets_retransmitted);
    assert!(counters.drops.of(DropReason::RtcpThrottled) >= 90);
}

#[test]
fn a_receiver_gets_its_keyframe_and_not_more_often_than_needed() {
    let mut world = World::new();
    let (student, mut player) = lesson(&mut world);
    play(&mut world, &mut [&mut player], 50);
    let before = world.keyframes_wanted(player.client, "1", None);
    for _ in 0..50 {
        world.clients[student].client.request_keyframe("1");
        play(&mut world, &mut [&mut player], 1);
    }
    world.run_for(Duration::from_millis(300));
    let asked = world.keyframes_wanted(player.client, "1", None) - before;
    assert!((2..=6).contains(&asked), "50 requests in a second became {asked}");
}

#[test]
fn a_keyframe_request_that_is_lost_is_made_again() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let mut player = Player::new(teacher, vec![Camera::new(None)]);
    play(&mut world, &mut [&mut player], 20);
    let viewers = [join_viewer(&mut world, ClientConfig::seeded(2), 1), join_viewer(&mut world, ClientConfig::seeded(3), 1)];
    let camera = world.track(teacher, "1");
    // Nothing that could be a request reaches the teacher while both begin to ask, one a little after the other.
    world.loss = Box::new(|way, datagram| way == Way::Down(Who::Client(0)) && !is_media(datagram));
    for viewer in viewers {
        world.assign(viewer, "1", Some(camera));
        play(&mut world, &mut [&mut player], 5);
    }
    play(&mut world, &mut [&mut player], 20);
    assert!(viewers.iter().all(|v| world.received(*v, "1").is_empty()), "nobody begins without a keyframe");
    world.loss = Box::new(|_, _| false);
    play(&mut world, &mut [&mut player], 30);
    assert!(viewers.iter().all(|v| !world.received(*v, "1").is_empty()), "asked again, both see a picture");
}

#[test]
fn what_was_lost_while_muted_is_not_heard_after() {
    let mut world = World::new();
    let (student, mut player) = lesson(&mut world);
    play(&mut world, &mut [&mut player], 50);
    let (voice, face) = (world.track(player.client, "0"), world.track(player.client, "1"));
    world.worker.set_muted(voice, Muted::Yes);
    world.worker.set_muted(face, Muted::Yes);
    play(&mut world, &mut [&mut player], 50);
    // One step is lost; what comes after it tells, and before the answer arrives the mute ends.
    world.loss = Box::new(|way, datagram| way == Way::Up(Who::Client(0)) && is_media(datagram));
    play(&mut world, &mut [&mut player], 1);
    world.loss = Box::new(|_, _| false);
    play(&mut world, &mut [&mut player], 1);
    let first_after = player.step;
    world.worker.set_muted(voice, Muted::No);
    world.worker.set_muted(face, Muted::No);
    world.run_for(Duration::from_millis(200));
    play(&mut world, &mut [&mut player], 50);
    let heard: Vec<u32> =
        world.received(student, "0").iter().map(|p| u32::from_be_bytes(p.payload[1..5].try_into().expect("four bytes"))).collect();
    // Two steps were on their way when the mute began.
    assert!(heard.iter().all(|step| *step < 52 || *step >= first_after), "{heard:?}");
    assert!(heard.contains(&(first_after + 40)), "it is heard again: {heard:?}");
}

#[test]
fn sound_goes_out_before_what_is_sent_again() {
    let mut world = World::new();
    let config = ClientConfig { nack: Nacks::Silent, ..ClientConfig::seeded(2) };
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, config, 1);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    world.assign(student, "1", Some(world.track(teacher, "1")));
    let mut player = Player::new(teacher, vec![Camera::new(None)]);
    play(&mut world, &mut [&mut player], 100);
    let ssrc = world.clients[student].client.answered_ssrcs("1")[0];
    let first = world.received(student, "1")[0].index as u16;
    let mut compound = wire::write_receiver_report(1);
    compound.extend(wire::write_nack(1, ssrc, &(0..200).map(|n| first.wrapping_add(n)).collect::<Vec<_>>()));
    world.clients[student].client.send_rtcp(&compound);
    let before = world.clients[student].events.len();
    // Request and new sound reach the worker in one batch.
    play(&mut world, &mut [&mut player], 2);
    let media = world.clients[student].events[before..].iter().filter_map(|event| match event {
        ClientEvent::Media(received) => Some(received),
        _ => None,
    });
    let order: Vec<bool> = media.map(|received| received.mid == "0").collect();
    assert!(order[0], "the first is sound: {order:?}");
    // Pictures' packets wait for the receiver's pacing.
    world.run_for(Duration::from_secs(1));
    let resent = world.stats().counters.packets_retransmitted;
    assert!(resent >= 150, "{resent}");
}

#[test]
fn a_publisher_that_may_not_be_answered_costs_no_wake_ups() {
    let mut world = World::new();
    let (_, mut player) = lesson(&mut world);
    play(&mut world, &mut [&mut player], 50);
    // Its checks are lost, its media is not: after 30 s nothing may be sent to it (RFC 7675).
    world.loss = Box::new(|way, datagram| way == Way::Up(Who::Client(0)) && !is_media(datagram));
    play(&mut world, &mut [&mut player], 1600);
    assert!(world.events.iter().any(|event| matches!(event, Event::Disconnected { .. })));
    let mut now = world.now;
    for _ in 0..20 {
        now = world.worker.poll_timeout().expect("reports at least").max(now);
        world.worker.handle_timeout(now);
    }
    assert!(now - world.now >= Duration::from_secs(2), "20 wake-ups in {:?}", now - world.now);
}

#[test]
fn the_publisher_hears_how_its_packets_arrive() {
    let mut world = World::new();
    let (_, mut player) = lesson(&mut world);
    play(&mut world, &mut [&mut player], 150);
    let reports = world.clients[player.client].events.iter();
    let (mut transport, mut blocks) = (0, 0);
    for event in reports {
        match event {
            ClientEvent::Report(wire::Rtcp::TransportFeedback { statuses }) => transport += statuses.len(),
            ClientEvent::Report(wire::Rtcp::ReceiverReport { blocks: b }) => {
                blocks += b.len();
                assert!(b.iter().all(|b| b.fraction_lost == 0));
            }
            _ => {}
        }
    }
    // Four packets a step; the last ones are not reported yet.
    assert!(transport >= 4 * 150 - 40, "{transport}");
    assert!(blocks >= 4, "two streams, every second: {blocks}");
}
