//! Seats change without renegotiation; layers change at keyframes.

use auftakt_client::band::{Camera, Player, join_publisher, join_viewer, play};
use auftakt_client::world::{World, mid};
use auftakt_client::{ClientConfig, ClientEvent, Received};
use auftakt_media::codec::Codec;
use auftakt_media::worker::{Event, LayerLimit, LocalPacket};
use std::time::Duration;

/// What a decoder wants to see: numbers without gaps, frames whose timestamps grow and whose picture ids count on.
fn assert_continuous(seen: &[Received]) {
    for pair in seen.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        assert_eq!(b.index, a.index + 1);
        let step = b.timestamp.wrapping_sub(a.timestamp) as i32;
        if a.marker {
            assert!(step > 0, "a new frame has a later timestamp: {step}");
        } else {
            assert_eq!(step, 0, "one frame, one timestamp");
        }
        if let (Some(x), Some(y)) = (picture_id(a), picture_id(b)) {
            let expected = if a.marker { x.wrapping_add(1) & 0x7FFF } else { x };
            assert_eq!(y, expected);
        }
    }
}

fn picture_id(packet: &Received) -> Option<u16> {
    (packet.codec == Codec::Vp8).then(|| u16::from_be_bytes([packet.payload[2], packet.payload[3]]) & 0x7FFF)
}

#[test]
fn a_seat_changes_between_people_without_a_seam() {
    let mut world = World::new();
    let one = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let two = join_publisher(&mut world, ClientConfig::seeded(2), &[]);
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    let mut first = Player::new(one, vec![Camera::new(None)]);
    let mut second = Player::new(two, vec![Camera::new(None)]);
    second.cameras[0].frame = 7000;
    for turn in 0..6 {
        let source = if turn % 2 == 0 { one } else { two };
        world.assign(viewer, "0", Some(world.track(source, "0")));
        world.assign(viewer, "1", Some(world.track(source, "1")));
        play(&mut world, &mut [&mut first, &mut second], 60);
        // The last picture is of who sits there now.
        let last = world.received(viewer, "1").pop().expect("a picture");
        let frame = u32::from_be_bytes(last.payload[last.payload.len() - 5..last.payload.len() - 1].try_into().expect("four bytes"));
        assert_eq!(frame >= 7000, source == two, "turn {turn} shows frame {frame}");
    }
    let seen = world.received(viewer, "1");
    assert_continuous(&seen);
    let heard = world.received(viewer, "0");
    assert!(heard.windows(2).all(|w| w[1].index == w[0].index + 1));
    for pair in heard.windows(2) {
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!(step % 960 == 0 && (960..=4800).contains(&step), "sound steps by whole frames: {step}");
    }
    assert_eq!(world.stats().gauges.subscriptions, 2, "nobody stays subscribed to who left the seat");
    let reports = world.clients[viewer].events.iter().filter(|e| matches!(e, ClientEvent::SenderReport { .. })).count();
    assert!(reports >= 12 + 12, "one at each switch and one a second: {reports}");
}

#[test]
fn an_empty_seat_is_silent_and_fills_again() {
    let mut world = World::new();
    let one = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    let mut player = Player::new(one, vec![Camera::new(None)]);
    world.assign(viewer, "1", Some(world.track(one, "1")));
    play(&mut world, &mut [&mut player], 50);
    world.assign(viewer, "1", None);
    world.run_for(Duration::from_millis(50));
    let before = world.received(viewer, "1").len();
    play(&mut world, &mut [&mut player], 100);
    assert_eq!(world.received(viewer, "1").len(), before);
    world.assign(viewer, "1", Some(world.track(one, "1")));
    play(&mut world, &mut [&mut player], 50);
    let seen = world.received(viewer, "1");
    assert!(seen.len() > before + 100);
    assert_continuous(&seen);
}

#[test]
fn a_seat_changes_between_codecs_and_a_receiver_without_the_codec_gets_nothing() {
    let mut world = World::new();
    let one = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let two = join_publisher(&mut world, ClientConfig::seeded(2), &[]);
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    let mut first = Player::new(one, vec![Camera::new(None)]);
    let mut second = Player::new(two, vec![Camera { codec: Codec::H264, ..Camera::new(None) }]);
    world.assign(viewer, "1", Some(world.track(one, "1")));
    play(&mut world, &mut [&mut first, &mut second], 50);
    world.assign(viewer, "1", Some(world.track(two, "1")));
    play(&mut world, &mut [&mut first, &mut second], 50);
    let seen = world.received(viewer, "1");
    assert_continuous(&seen);
    assert_eq!(seen[0].codec, Codec::Vp8);
    assert_eq!(seen.last().map(|p| p.codec), Some(Codec::H264));

    let firefox = world.add(ClientConfig::seeded(9));
    world.clients[firefox].client.add_receiver(auftakt_media::id::MediaKind::Video, &[Codec::Vp8]);
    world.negotiate(firefox, &[]);
    world.run_for(Duration::from_secs(1));
    let asked = world.keyframes_wanted(two, "1", None);
    world.assign(firefox, "0", Some(world.track(two, "1")));
    play(&mut world, &mut [&mut first, &mut second], 150);
    assert_eq!(world.received(firefox, "0").len(), 0);
    assert_eq!(world.keyframes_wanted(two, "1", None), asked, "keyframes would help nobody");

    // It can be seen once the other codec comes.
    second.cameras[0].codec = Codec::Vp8;
    second.cameras[0].keyframe_next = true;
    play(&mut world, &mut [&mut first, &mut second], 50);
    assert!(world.received(firefox, "0").len() > 50);
}

fn simulcast_cameras() -> Vec<Camera> {
    let sizes = [("q", 100), ("h", 300), ("f", 900)];
    sizes.into_iter().map(|(rid, size)| Camera { size, ..Camera::new(Some(rid)) }).collect()
}

/// The layer of a received packet, by its size.
fn layer_of(packet: &Received) -> usize {
    [105, 305, 905].iter().position(|size| *size == packet.payload.len()).expect("a known size")
}

#[test]
fn the_best_layer_is_found_whichever_is_named_or_comes_first() {
    for names in [["f", "h", "q"], ["q", "h", "f"]] {
        let mut world = World::new();
        let one = join_publisher(&mut world, ClientConfig::seeded(1), &names);
        let (viewer, small) = (join_viewer(&mut world, ClientConfig::seeded(3), 1), join_viewer(&mut world, ClientConfig::seeded(4), 1));
        let track = world.track(one, "1");
        world.assign(viewer, "1", Some(track));
        world.assign(small, "1", Some(track));
        let peer = world.clients[small].peer;
        world.worker.set_layer_limit(peer, mid("1"), LayerLimit::UpTo(0));
        let mut cameras = simulcast_cameras();
        cameras.reverse();
        play(&mut world, &mut [&mut Player::new(one, cameras)], 250);
        assert_eq!(world.received(viewer, "1").last().map(layer_of), Some(2), "{names:?}");
        assert_eq!(world.received(small, "1").last().map(layer_of), Some(0), "{names:?}");
    }
}

#[test]
fn the_best_layer_that_comes_is_forwarded_and_changes_at_keyframes() {
    let mut world = World::new();
    let one = join_publisher(&mut world, ClientConfig::seeded(1), &["q", "h", "f"]);
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    let small = join_viewer(&mut world, ClientConfig::seeded(4), 1);
    let track = world.track(one, "1");
    world.assign(viewer, "1", Some(track));
    world.assign(small, "1", Some(track));
    let peer = world.clients[small].peer;
    world.worker.set_layer_limit(peer, mid("1"), LayerLimit::UpTo(0));
    let mut player = Player::new(one, simulcast_cameras());
    play(&mut world, &mut [&mut player], 150);
    assert_eq!(world.received(viewer, "1").last().map(layer_of), Some(2));
    assert_eq!(world.received(small, "1").last().map(layer_of), Some(0));

    // The limit rises: the change is asked for, and comes with a keyframe.
    world.worker.set_layer_limit(peer, mid("1"), LayerLimit::UpTo(1));
    play(&mut world, &mut [&mut player], 50);
    assert_eq!(world.received(small, "1").last().map(layer_of), Some(1));

    // The browser stops sending its best layer: the next one takes over.
    let best = player.cameras.pop();
    play(&mut world, &mut [&mut player], 100);
    assert_eq!(world.received(viewer, "1").last().map(layer_of), Some(1));
    player.cameras.extend(best);
    play(&mut world, &mut [&mut player], 150);
    assert_eq!(world.received(viewer, "1").last().map(layer_of), Some(2));

    for client in [viewer, small] {
        let seen = world.received(client, "1");
        assert_continuous(&seen);
        for pair in seen.windows(2).filter(|w| layer_of(&w[0]) != layer_of(&w[1])) {
            assert_eq!(pair[1].payload[4], 0, "a layer begins with a keyframe");
        }
    }
    world.worker.set_layer_limit(peer, mid("1"), LayerLimit::Paused);
    world.run_for(Duration::from_millis(50));
    let before = world.received(small, "1").len();
    play(&mut world, &mut [&mut player], 20);
    assert_eq!(world.received(small, "1").len(), before);
}

#[test]
fn lost_packets_of_a_simulcast_layer_are_repaired_by_their_rid() {
    let mut world = World::new();
    let one = join_publisher(&mut world, ClientConfig::seeded(1), &["q", "h", "f"]);
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    world.assign(viewer, "1", Some(world.track(one, "1")));
    let mut player = Player::new(one, simulcast_cameras());
    play(&mut world, &mut [&mut player], 50);
    let mut count = 0;
    world.loss = Box::new(move |way, datagram| {
        let media = matches!(way, auftakt_client::world::Way::Up(_)) && datagram.len() > 100 && matches!(datagram[0], 128..=191);
        count += u32::from(media);
        media && count % 11 == 0
    });
    play(&mut world, &mut [&mut player], 100);
    world.loss = Box::new(|_, _| false);
    play(&mut world, &mut [&mut player], 30);
    world.run_for(Duration::from_millis(500));
    let seen = world.clients[viewer].client.seen("1").expect("a section");
    assert!(seen.missing.is_empty(), "{:?}", seen.missing);
    assert!(world.stats().counters.packets_recovered >= 60, "{}", world.stats().counters.packets_recovered);
}

#[test]
fn lips_match_across_a_switch() {
    let mut world = World::new();
    let one = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    // The other's clock is hours away, and so are its timestamps.
    let two = join_publisher(&mut world, ClientConfig { wall_clock: Duration::from_secs(12345), ..ClientConfig::seeded(2) }, &[]);
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    let mut first = Player::new(one, vec![Camera::new(None)]);
    let mut second = Player::new(two, vec![Camera::new(None)]);
    for source in [one, two, one] {
        world.assign(viewer, "0", Some(world.track(source, "0")));
        world.assign(viewer, "1", Some(world.track(source, "1")));
        play(&mut world, &mut [&mut first, &mut second], 200);
        // Sound and picture of one step were captured together: through their reports they show the same time.
        let at = |section: &str, rate: f64| {
            let (ntp, rtp) = last_report(&world, viewer, section);
            let last = world.received(viewer, section).pop().expect("media");
            ntp + f64::from(last.timestamp.wrapping_sub(rtp) as i32) / rate
        };
        let offset = at("0", 48_000.0) - at("1", 90_000.0);
        assert!(offset.abs() < 0.005, "lips are off by {offset} s");
    }
}

fn last_report(world: &World, client: usize, section: &str) -> (f64, u32) {
    let report = |event: &ClientEvent| match event {
        ClientEvent::SenderReport { mid, ntp, rtp, .. } if mid == section => Some((*ntp as f64 / 2f64.powi(32), *rtp)),
        _ => None,
    };
    world.clients[client].events.iter().filter_map(report).next_back().expect("a report")
}

#[test]
fn the_process_can_play_itself() {
    let mut world = World::new();
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    let sound = world.worker.add_local_track(world.now, Codec::Opus);
    let picture = world.worker.add_local_track(world.now, Codec::Vp8);
    world.assign(viewer, "0", Some(sound));
    world.assign(viewer, "1", Some(picture));
    let mut camera = Camera::new(None);
    camera.keyframe_next = false;
    for step in 0..100u32 {
        let payload = auftakt_client::band::sound(step);
        let packet = LocalPacket { timestamp: step * 960, marker: false, keyframe_start: true, payload: &payload };
        world.worker.push_local(world.now, sound, packet);
        camera.keyframe_next |= world.events.contains(&Event::KeyframeWanted { track: picture });
        world.events.clear();
        for (part, payload) in camera.payloads().iter().enumerate() {
            let keyframe_start = camera.keyframe_next && part == 0;
            let packet = LocalPacket { timestamp: camera.timestamp(), marker: part == 2, keyframe_start, payload };
            world.worker.push_local(world.now, picture, packet);
        }
        camera.keyframe_next = false;
        camera.frame += 1;
        world.run_for(auftakt_client::band::FRAME);
    }
    assert_eq!(world.received(viewer, "0").len(), 99 + 1);
    let seen = world.received(viewer, "1");
    assert!(seen.len() > 270, "{}", seen.len());
    assert_continuous(&seen);
    world.worker.remove_local_track(world.now, sound);
    world.worker.remove_local_track(world.now, picture);
    assert_eq!(world.stats().gauges.tracks, 0);
    assert_eq!(world.stats().gauges.subscriptions, 0);
}
