//! Joining, hearing and seeing each other, leaving.

use auftakt_client::band::{Camera, Player, join_publisher, join_viewer, play, sound};
use auftakt_client::world::{World, mid};
use auftakt_client::{ClientConfig, ClientEvent, Numbers, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::{MediaKind, PeerId};
use auftakt_media::worker::{Event, Gauges, Muted};
use std::time::Duration;

/// A client whose numbers are all different from Chromium's.
fn foreign(seed: u64) -> ClientConfig {
    ClientConfig { numbers: Numbers { payload_shift: 5, extension_shift: 3 }, ..ClientConfig::seeded(seed) }
}

#[test]
fn a_lesson_is_forwarded_bit_exact() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, foreign(2), 1);
    assert!(world.events.contains(&Event::Connected { peer: PeerId(100) }));
    world.assign(student, "0", Some(world.track(teacher, "0")));
    world.assign(student, "1", Some(world.track(teacher, "1")));
    let mut player = Player::new(teacher, vec![Camera::new(None)]);
    play(&mut world, &mut [&mut player], 100);
    world.run_for(Duration::from_millis(100));

    let heard = world.received(student, "0");
    assert_eq!(heard.len(), 100, "every packet of sound");
    for (n, packet) in heard.iter().enumerate() {
        assert_eq!(packet.payload, sound(n as u32));
        assert_eq!(packet.codec, Codec::Opus);
        assert_eq!(packet.index, heard[0].index + n as u64);
        assert_eq!(packet.timestamp, heard[0].timestamp.wrapping_add(960 * n as u32));
    }
    let seen = world.received(student, "1");
    assert!(seen.len() >= 297, "the picture begins with a keyframe that was asked for: {}", seen.len());
    assert!(seen.windows(2).all(|w| w[1].index == w[0].index + 1));
    let last = seen.last().expect("a picture");
    assert_eq!(last.payload[5..], player_payload_tail(99, 2));
    assert!(world.clients[student].events.iter().any(|e| matches!(e, ClientEvent::SenderReport { .. })));
}

fn player_payload_tail(frame: u32, part: u8) -> Vec<u8> {
    let mut camera = Camera::new(None);
    (camera.frame, camera.keyframe_next) = (frame, false);
    camera.payloads()[usize::from(part)][5..].to_vec()
}

#[test]
fn levels_and_orientation_reach_the_receiver_under_its_ids() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, foreign(2), 1);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    let mut player = Player::new(teacher, vec![]);
    play(&mut world, &mut [&mut player], 10);
    world.run_for(Duration::from_millis(50));
    let ids = [auftakt_client::TRANSPORT_CC, auftakt_client::AUDIO_LEVEL].map(|uri| foreign(2).numbers.extension(uri));
    let heard = world.received(student, "0");
    assert_eq!(heard.len(), 10);
    for pair in heard.windows(2) {
        let number = |packet: &auftakt_client::Received| u16::from_be_bytes(packet.extensions[0].1[..].try_into().expect("two bytes"));
        assert_eq!(pair[0].extensions.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
        assert_eq!(pair[0].extensions[1].1, [0x80 | 30]);
        assert_eq!(number(&pair[1]), number(&pair[0]).wrapping_add(1), "each packet counts");
    }
}

#[test]
fn a_muted_track_is_silent_for_everybody() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, ClientConfig::seeded(2), 1);
    let (voice, face) = (world.track(teacher, "0"), world.track(teacher, "1"));
    world.assign(student, "0", Some(voice));
    world.assign(student, "1", Some(face));
    let mut player = Player::new(teacher, vec![Camera::new(None)]);
    play(&mut world, &mut [&mut player], 50);
    world.worker.set_muted(voice, Muted::Yes);
    world.worker.set_muted(face, Muted::Yes);
    world.run_for(Duration::from_millis(50));
    let before = (world.received(student, "0").len(), world.received(student, "1").len());
    play(&mut world, &mut [&mut player], 50);
    world.run_for(Duration::from_millis(50));
    assert_eq!(before, (world.received(student, "0").len(), world.received(student, "1").len()));

    world.worker.set_muted(voice, Muted::No);
    world.worker.set_muted(face, Muted::No);
    play(&mut world, &mut [&mut player], 50);
    world.run_for(Duration::from_millis(50));
    let heard = world.received(student, "0");
    assert!(heard.len() >= before.0 + 49);
    assert!(heard.windows(2).all(|w| w[1].index == w[0].index + 1), "no gap that would be asked for");
    let seen = world.received(student, "1");
    assert!(seen.len() > before.1 + 120, "the picture is back: {}", seen.len() - before.1);
    assert!(seen.windows(2).all(|w| w[1].index == w[0].index + 1));
    assert_eq!(seen[before.1].payload[4], 0, "and begins with a keyframe");
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &["q", "h", "f"]);
    let student = join_viewer(&mut world, ClientConfig::seeded(2), 2);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    world.assign(student, "1", Some(world.track(teacher, "1")));
    let cameras = ["q", "h", "f"].map(|rid| Camera::new(Some(rid))).into_iter().collect();
    let mut player = Player::new(teacher, cameras);
    play(&mut world, &mut [&mut player], 50);
    let held = world.stats().gauges;
    assert_eq!((held.peers, held.tracks, held.encodings, held.slots, held.subscriptions), (2, 2, 4, 4, 2));
    assert_eq!((held.addresses, held.ufrags), (2, 2));
    // Somebody leaves while packets wait to be forwarded.
    player.play(&mut world);
    world.worker.remove_peer(world.now, world.clients[teacher].peer);
    world.carry();
    assert_eq!(world.stats().gauges.subscriptions, 0);
    world.worker.remove_peer(world.now, world.clients[student].peer);
    assert_eq!(world.stats().gauges, Gauges::default());
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.stats().gauges, Gauges::default());
    assert_eq!(world.worker.poll_timeout(), None);
}

#[test]
fn an_ice_restart_and_a_new_address_keep_the_media() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, ClientConfig::seeded(2), 1);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    let mut player = Player::new(teacher, vec![]);
    play(&mut world, &mut [&mut player], 50);
    // The student's network changes: first without, then with a new offer.
    world.clients[student].address = "198.51.100.77:50000".parse().expect("an address");
    let now = world.now;
    world.clients[student].client.check_now(now);
    world.carry();
    play(&mut world, &mut [&mut player], 50);
    world.clients[student].address = "198.51.100.78:50001".parse().expect("an address");
    world.clients[student].client.restart_ice();
    world.negotiate(student, &[]);
    play(&mut world, &mut [&mut player], 50);
    world.run_for(Duration::from_millis(200));
    let heard = world.received(student, "0");
    assert!(heard.len() >= 145, "{}", heard.len());
    assert_eq!(heard.last().map(|p| p.payload.clone()), Some(sound(149)));
    assert_eq!(world.stats().gauges.ufrags, 2, "the restarted credentials replaced the old ones");
    // Addresses that nobody checks from any more are forgotten.
    world.run_for(Duration::from_secs(40));
    assert_eq!(world.stats().gauges.addresses, 2);
}

#[test]
fn silence_on_the_network_is_noticed_and_so_is_the_return() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let peer = world.clients[teacher].peer;
    world.loss = Box::new(|_, _| true);
    world.run_for(Duration::from_secs(40));
    assert!(world.events.contains(&Event::Disconnected { peer }));
    world.loss = Box::new(|_, _| false);
    world.run_for(Duration::from_secs(5));
    assert!(world.events.contains(&Event::Reconnected { peer }));
}

#[test]
fn sections_can_be_added_and_stopped_by_a_new_offer() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let first = world.track(teacher, "0");
    let screen = auftakt_client::SenderSpec { kind: auftakt_media::id::MediaKind::Video, codecs: &[Codec::Vp8], rids: &[] };
    let added = world.clients[teacher].client.add_sender(&screen);
    let accepted = world.negotiate(teacher, &[]);
    assert_eq!(accepted.tracks.len(), 3);
    assert_eq!(world.track(teacher, "0"), first, "ids are stable");
    let screen_track = world.track(teacher, &added);
    world.clients[teacher].client.stop_section(&added);
    let accepted = world.negotiate(teacher, &[]);
    assert_eq!(accepted.tracks.len(), 2);
    assert!(accepted.tracks.iter().all(|(m, _, _)| *m != mid(&added)));
    world.carry();
    assert!(world.events.contains(&Event::TrackEnded { track: screen_track }));
}

#[test]
fn a_server_that_stood_still_for_long_goes_on_with_who_is_there() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, ClientConfig::seeded(2), 1);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    let mut player = Player::new(teacher, vec![]);
    play(&mut world, &mut [&mut player], 10);
    // The machine was suspended: what arrived meanwhile is read before anything that is due by time.
    world.now += Duration::from_secs(40);
    for client in [teacher, student] {
        let (now, address) = (world.now, world.clients[client].address);
        world.clients[client].client.handle_timeout(now);
        while let Some(mut datagram) = world.clients[client].client.poll_transmit() {
            world.worker.handle_datagram(now, address, &mut datagram);
        }
    }
    play(&mut world, &mut [&mut player], 10);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.received(student, "0").len(), 20);
}

#[test]
fn who_is_removed_is_told_at_once() {
    let mut world = World::new();
    let client = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let stranger = world.add(ClientConfig::seeded(2));
    world.clients[stranger].client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    world.negotiate(stranger, &[]);
    for client in [client, stranger] {
        world.worker.remove_peer(world.now, world.clients[client].peer);
    }
    world.run_for(Duration::from_millis(50));
    assert_eq!(world.clients[client].events.last(), Some(&ClientEvent::Closed));
    assert!(!world.clients[stranger].events.contains(&ClientEvent::Closed), "nothing was agreed on with them");
}

#[test]
fn nobody_is_given_an_ssrc_that_its_transport_has() {
    let join = |offered: Option<(u32, u32)>| {
        let mut world = World::new();
        let client = world.add(ClientConfig::seeded(1));
        let add = &mut world.clients[client].client;
        add.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[Codec::Vp8], rids: &[] });
        add.add_receiver(MediaKind::Video, &[Codec::Vp8]);
        let own = add.sending_ssrcs("0")[0];
        let mut offer = add.offer();
        if let Some((media, repair)) = offered {
            offer = offer.replace(&own.0.to_string(), &media.to_string()).replace(&own.1.to_string(), &repair.to_string());
        }
        let accepted = world.worker.accept_offer(world.now, PeerId(100), &offer, &[]).expect("an acceptable offer");
        world.clients[client].client.handle_answer(world.now, &accepted.answer);
        let given = world.clients[client].client.answered_ssrcs("1");
        (given[0], given[1])
    };
    // The same worker with the same seed would draw the same again.
    let given = join(None);
    let other = join(Some(given));
    assert!([other.0, other.1].iter().all(|ssrc| ![given.0, given.1].contains(ssrc)), "{given:?}, {other:?}");
}
