//! What goes to a receiver is numbered, bounded by what it looks at, and by what it may ask for.

use auftakt_client::band::{Camera, Player, join_publisher, join_viewer, play};
use auftakt_client::world::{Way, Who, World, mid};
use auftakt_client::{ClientConfig, Received, Rtx, TRANSPORT_CC, TransportFeedback, wire};
use auftakt_media::drops::DropReason;
use auftakt_media::worker::{Event, Importance, Viewing};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

const LAYERS: [(&str, usize); 3] = [("q", 60), ("h", 350), ("f", 1100)];
const SECOND: u32 = 50;

fn simulcast(world: &mut World) -> Player {
    let client = join_publisher(world, ClientConfig::seeded(1), &LAYERS.map(|(rid, _)| rid));
    Player::new(client, LAYERS.map(|(rid, size)| Camera { size, ..Camera::new(Some(rid)) }).into())
}

fn watch(world: &mut World, player: &Player, config: ClientConfig) -> usize {
    let viewer = join_viewer(world, config, 1);
    for (section, uplink) in [("0", "0"), ("1", "1")] {
        world.assign(viewer, section, Some(world.track(player.client, uplink)));
    }
    viewer
}

fn view(world: &mut World, viewer: usize, height: u16) {
    let viewing = Viewing { width: height * 16 / 9, height, importance: Importance::Ordinary };
    world.worker.set_viewing(world.now, world.clients[viewer].peer, mid("1"), viewing);
    world.carry();
}

fn size(packet: &Received) -> usize {
    packet.payload.len() - 5
}

fn layer(world: &World, viewer: usize) -> Option<usize> {
    world.received(viewer, "1").last().filter(|p| p.at + Duration::from_millis(100) > world.now).map(size)
}

fn wanted(world: &World) -> Vec<u8> {
    let layers = |event: &Event| if let Event::LayersWanted { layers, .. } = event { Some(*layers) } else { None };
    world.events.iter().filter_map(layers).collect()
}

#[test]
fn every_transmission_counts_and_no_index_is_sealed_twice() {
    for rtx in [Rtx::Offered, Rtx::None] {
        let mut world = World::new();
        let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
        let mut player = Player::new(teacher, vec![Camera::new(None)]);
        let config = ClientConfig { rtx, ..ClientConfig::seeded(2) };
        let viewer = watch(&mut world, &player, config);
        let sent: Rc<RefCell<Vec<Vec<u8>>>> = Rc::default();
        let (log, mut state) = (sent.clone(), 7u64);
        world.loss = Box::new(move |way, datagram| {
            let media = matches!(datagram.first(), Some(128..=191)) && !matches!(datagram.get(1), Some(192..=223));
            if !media {
                return false;
            }
            if way == Way::Down(Who::Client(viewer)) {
                log.borrow_mut().push(datagram.to_vec());
            }
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 100 < 5
        });
        play(&mut world, &mut [&mut player], 400);
        let id = config.numbers.extension(TRANSPORT_CC);
        let (mut by_index, mut numbers, mut repeated) = (BTreeMap::new(), vec![], 0);
        for datagram in sent.borrow().iter() {
            let header = wire::Rtp::read(datagram).expect("RTP");
            let number = u16::from_be_bytes(header.extension(id).expect("a number").try_into().expect("two bytes"));
            match by_index.insert((header.ssrc, header.sequence), datagram.clone()) {
                Some(before) => {
                    assert_eq!(before, *datagram, "the same index, the same bytes");
                    repeated += 1;
                }
                None => numbers.push(number),
            }
        }
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{rtx:?}: one number each, in order");
        assert!(repeated > 10, "{rtx:?}: sound at least goes out again as it was: {repeated}");
        let seen = world.clients[viewer].client.seen("0").expect("a section");
        assert!(seen.recovered > 10 && seen.missing.len() < 5, "{seen:?}");
    }
}

#[test]
fn a_hidden_picture_costs_nothing_and_comes_back_with_a_keyframe() {
    let mut world = World::new();
    let mut player = simulcast(&mut world);
    let viewer = watch(&mut world, &player, ClientConfig::seeded(2));
    play(&mut world, &mut [&mut player], 2 * SECOND);
    view(&mut world, viewer, 0);
    play(&mut world, &mut [&mut player], 2);
    let (before, sounds) = (world.received(viewer, "1").len(), world.received(viewer, "0").len());
    play(&mut world, &mut [&mut player], 2 * SECOND);
    assert_eq!(world.received(viewer, "1").len(), before);
    assert_eq!(world.received(viewer, "0").len(), sounds + 100, "its sound goes on");
    view(&mut world, viewer, 360);
    play(&mut world, &mut [&mut player], 5);
    let back = &world.received(viewer, "1")[before..];
    assert!(back.len() > 3, "within 100 ms");
    assert_eq!((back[0].payload[4] & 1, size(&back[0])), (0, 350), "a keyframe of the layer that is enough");
}

#[test]
fn a_picture_is_as_large_as_it_is_looked_at() {
    let mut world = World::new();
    let mut player = simulcast(&mut world);
    let viewer = watch(&mut world, &player, ClientConfig::seeded(2));
    play(&mut world, &mut [&mut player], 3 * SECOND);
    for (height, expected) in [(2000, 1100), (180, 60), (360, 350), (720, 1100), (100, 60)] {
        view(&mut world, viewer, height);
        play(&mut world, &mut [&mut player], SECOND / 2);
        assert_eq!(layer(&world, viewer), Some(expected), "shown with {height} lines");
    }
}

#[test]
fn layers_that_nobody_can_use_are_not_wanted() {
    let mut world = World::new();
    let mut player = simulcast(&mut world);
    play(&mut world, &mut [&mut player], 6 * SECOND);
    assert_eq!(wanted(&world), [0], "nobody looks");
    let viewer = watch(&mut world, &player, ClientConfig::seeded(2));
    play(&mut world, &mut [&mut player], 3 * SECOND);
    assert_eq!(wanted(&world).last(), Some(&3), "everything is looked at: {:?}", wanted(&world));
    let told = wanted(&world).len();
    view(&mut world, viewer, 200);
    play(&mut world, &mut [&mut player], 4 * SECOND);
    assert_eq!(wanted(&world).len(), told, "not before five seconds are over");
    play(&mut world, &mut [&mut player], 2 * SECOND);
    assert_eq!(wanted(&world)[told..], [1]);
    view(&mut world, viewer, 360);
    assert_eq!(wanted(&world)[told..], [1, 2], "at once");
    let other = watch(&mut world, &player, ClientConfig::seeded(3));
    play(&mut world, &mut [&mut player], 3 * SECOND);
    assert_eq!(wanted(&world).last(), Some(&3), "the most that anybody wants");
    for viewer in [viewer, other] {
        world.worker.remove_peer(world.now, world.clients[viewer].peer);
    }
    play(&mut world, &mut [&mut player], 6 * SECOND);
    assert_eq!(wanted(&world).last(), Some(&0));
}

#[test]
fn a_receiver_that_never_tells_what_arrived_is_served_as_far_as_it_looks() {
    for feedback in [TransportFeedback::Silent, TransportFeedback::NotOffered] {
        let mut world = World::new();
        let mut player = simulcast(&mut world);
        let viewer = watch(&mut world, &player, ClientConfig { feedback, ..ClientConfig::seeded(2) });
        play(&mut world, &mut [&mut player], 5 * SECOND);
        assert_eq!(layer(&world, viewer), Some(1100), "{feedback:?}");
        view(&mut world, viewer, 300);
        play(&mut world, &mut [&mut player], SECOND);
        assert_eq!(layer(&world, viewer), Some(350), "{feedback:?}");
    }
}

#[test]
fn probes_reach_the_receiver_and_disturb_nobody() {
    let mut world = World::new();
    let mut player = simulcast(&mut world);
    let viewer = watch(&mut world, &player, ClientConfig::seeded(2));
    play(&mut world, &mut [&mut player], 5 * SECOND);
    assert_eq!(layer(&world, viewer), Some(1100));
    world.run_for(Duration::from_millis(100));
    let padded = world.stats().counters.packets_padded;
    assert!(padded > 0, "a higher layer was worth a probe");
    let client = &world.clients[viewer].client;
    let seen = client.seen("1").expect("a section");
    assert_eq!(client.padding_received() + seen.duplicates, padded, "each is padding, or what had come before");
    assert!(seen.missing.is_empty());
    let pictures = world.received(viewer, "1");
    assert!(pictures.windows(2).all(|pair| pair[1].index == pair[0].index + 1));
}

#[test]
fn who_asks_for_keyframes_all_the_time_gets_some_of_them() {
    let mut world = World::new();
    let mut player = simulcast(&mut world);
    let viewer = watch(&mut world, &player, ClientConfig::seeded(2));
    play(&mut world, &mut [&mut player], 4 * SECOND);
    let asked = |world: &World| LAYERS.iter().map(|(rid, _)| world.keyframes_wanted(player.client, "1", Some(rid))).sum::<usize>();
    let before = asked(&world);
    let mut again = Player::new(player.client, std::mem::take(&mut player.cameras));
    again.step = player.step;
    for _ in 0..30 * SECOND {
        world.clients[viewer].client.request_keyframe("1");
        play(&mut world, &mut [&mut again], 1);
    }
    let asked = asked(&world) - before;
    assert!((12..=12 + 30 / 2 + 2).contains(&asked), "{asked} keyframes in 30 seconds");
    assert!(world.stats().counters.drops.of(DropReason::RtcpThrottled) > 1000);
}

#[test]
fn feedback_without_sense_or_measure_is_dropped_and_counted() {
    let mut world = World::new();
    let mut player = simulcast(&mut world);
    let viewer = watch(&mut world, &player, ClientConfig::seeded(2));
    play(&mut world, &mut [&mut player], 4 * SECOND);
    let ssrc = world.clients[viewer].client.answered_ssrcs("1")[0];
    // Numbers that were never sent, all lost, all at once, in times that run backwards; and a packet that is cut short.
    let lost = wire::write_transport_feedback(ssrc, 40_000, 1, &[None; 300]);
    let backwards = wire::write_transport_feedback(ssrc, 0, 2, &(0..300).map(|n| Some(100_000 - n)).collect::<Vec<_>>());
    let mut cut = wire::write_transport_feedback(ssrc, 0, 3, &[Some(5); 300]);
    cut[22] = 0xFF;
    for _ in 0..100 {
        for compound in [&lost, &backwards, &cut] {
            world.clients[viewer].client.send_rtcp(compound);
        }
    }
    play(&mut world, &mut [&mut player], 10);
    let drops = world.stats().counters.drops;
    assert!(drops.of(DropReason::RtcpThrottled) >= 200, "{}", drops.of(DropReason::RtcpThrottled));
    assert!(drops.of(DropReason::RtcpMalformed) > 10, "{}", drops.of(DropReason::RtcpMalformed));
    play(&mut world, &mut [&mut player], 20 * SECOND);
    assert!(layer(&world, viewer).is_some(), "it harmed nobody but itself, and not for ever");
}

#[test]
fn who_sits_down_after_a_pause_is_seen() {
    let mut world = World::new();
    let one = join_publisher(&mut world, ClientConfig::seeded(1), &["q", "h", "f"]);
    let viewer = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    let cameras = || Vec::from(["q", "h", "f"].map(|rid| Camera::new(Some(rid))));
    let mut first = Player::new(one, cameras());
    world.assign(viewer, "0", Some(world.track(one, "0")));
    world.assign(viewer, "1", Some(world.track(one, "1")));
    play(&mut world, &mut [&mut first], 150);
    let peer = world.clients[viewer].peer;
    let hidden = Viewing { width: 0, height: 0, importance: Importance::Ordinary };
    world.worker.set_viewing(world.now, peer, mid("1"), hidden);
    play(&mut world, &mut [&mut first], 100);
    first.cameras.clear();
    play(&mut world, &mut [&mut first], 300);
    world.worker.set_viewing(world.now, peer, mid("1"), Viewing { width: 640, height: 360, importance: Importance::Ordinary });
    first.cameras = cameras();
    let before = world.received(viewer, "1").len();
    play(&mut world, &mut [&mut first], 200);
    assert!(world.received(viewer, "1").len() > before + 100, "the picture comes back");
    world.worker.remove_peer(world.now, world.clients[one].peer);
    let two = join_publisher(&mut world, ClientConfig::seeded(2), &["q", "h", "f"]);
    let mut second = Player::new(two, cameras());
    second.cameras.iter_mut().for_each(|camera| camera.frame = 70_000);
    world.assign(viewer, "0", Some(world.track(two, "0")));
    world.assign(viewer, "1", Some(world.track(two, "1")));
    play(&mut world, &mut [&mut second], 300);
    let seen = world.received(viewer, "1");
    let of_second = |packet: &&auftakt_client::Received| {
        let at = packet.payload.len() - 5;
        u32::from_be_bytes(packet.payload[at..at + 4].try_into().expect("four bytes")) >= 70_000
    };
    let new = seen.iter().filter(of_second).count();
    assert!(new > 200, "{new} packets of who sits there now");
}
