//! What strangers and insiders send has no effect, and is counted.

use auftakt_client::band::{Camera, Player, join_publisher, join_viewer, play};
use auftakt_client::stun::{Check, write_check};
use auftakt_client::world::{Way, World};
use auftakt_client::{ClientConfig, Outgoing};
use auftakt_media::codec::Codec;
use auftakt_media::drops::DropReason;
use auftakt_media::worker::Gauges;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

fn stranger() -> SocketAddr {
    "192.0.2.66:6666".parse().expect("an address")
}

/// Deterministic noise.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

#[test]
fn garbage_is_counted_and_changes_nothing() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, ClientConfig::seeded(2), 1);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    world.assign(student, "1", Some(world.track(teacher, "1")));
    let captured = Rc::new(RefCell::new(Vec::<Vec<u8>>::new()));
    let tap = captured.clone();
    world.loss = Box::new(move |way, datagram| {
        if matches!(way, Way::Up(_)) {
            tap.borrow_mut().push(datagram.to_vec());
        }
        false
    });
    let mut player = Player::new(teacher, vec![Camera::new(None)]);
    let inside = world.clients[teacher].address;
    let steps = 200u32;
    for step in 0..steps {
        player.play(&mut world);
        world.run_for(Duration::from_millis(20));
        for from in [stranger(), inside] {
            for kind in [0u8, 1, 22, 23, 60, 100, 128, 144, 191, 255] {
                let mut datagram = noise(u64::from(step) * 31 + u64::from(kind), 5 + step as usize * 3);
                datagram[0] = kind;
                world.inject(from, &datagram);
                world.inject(from, &datagram[..step as usize % datagram.len()]);
            }
        }
        // Replays, truncations and bit errors of the genuine.
        let genuine = captured.borrow().last().cloned().unwrap_or_default();
        world.inject(inside, &genuine);
        // A copied check is valid from anywhere (RFC 8445 §19.2: who reads and forges on the path is the path); the rest is not.
        if genuine.first().is_some_and(|first| *first > 3) {
            world.inject(stranger(), &genuine);
        }
        world.inject(inside, &genuine[..genuine.len() / 2]);
        let mut bent = genuine;
        let at = bent.len() - 1 - step as usize % 40.min(bent.len());
        bent[at] ^= 1 << (step % 8);
        world.inject(inside, &bent);
    }
    world.run_for(Duration::from_millis(300));
    assert_eq!(world.received(student, "0").len(), steps as usize);
    let seen = world.clients[student].client.seen("1").expect("a section");
    assert!(seen.missing.is_empty() && seen.packets >= 3 * u64::from(steps) - 10, "{seen:?}");
    let drops = world.stats().counters.drops;
    for reason in [
        DropReason::UnknownProtocol,
        DropReason::StunMalformed,
        DropReason::UnknownSource,
        DropReason::RtpUnauthenticated,
        DropReason::RtpMalformed,
        DropReason::RtcpUnauthenticated,
        DropReason::RtpReplayed,
    ] {
        assert!(drops.of(reason) > 0, "{reason:?} is counted");
    }
    assert_eq!(world.stats().gauges.addresses, 2);
    world.worker.remove_peer(world.now, world.clients[teacher].peer);
    world.worker.remove_peer(world.now, world.clients[student].peer);
    assert_eq!(world.stats().gauges, Gauges::default());
}

#[test]
fn a_check_with_a_wrong_password_opens_nothing() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let answer = world.clients[teacher].accepted.as_ref().expect("negotiated").answer.clone();
    let value = |name: &str| answer.lines().find_map(|l| l.strip_prefix(name)).expect("in the answer").to_owned();
    let username = format!("{}:abcd", value("a=ice-ufrag:"));
    let forged = write_check(&Check {
        username: &username,
        pwd: "a wrong password of length",
        transaction: [1; 12],
        nominate: true,
        nomination: None,
    });
    world.inject(stranger(), &forged);
    assert_eq!(world.stats().counters.drops.of(DropReason::StunUnauthenticated), 1);
    let nobody = write_check(&Check { username: "nobody:abcd", pwd: "whatever", transaction: [1; 12], nominate: true, nomination: None });
    world.inject(stranger(), &nobody);
    assert_eq!(world.stats().counters.drops.of(DropReason::StunUnknownUser), 1);
    assert_eq!(world.stats().gauges.addresses, 1);
}

#[test]
fn an_insider_cannot_take_the_address_of_another() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let insider = join_publisher(&mut world, ClientConfig::seeded(2), &[]);
    let student = join_viewer(&mut world, ClientConfig::seeded(3), 1);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    let mut player = Player::new(teacher, vec![]);
    play(&mut world, &mut [&mut player], 10);
    // The insider's own credentials, the teacher's address.
    let answer = world.clients[insider].accepted.as_ref().expect("negotiated").answer.clone();
    let value = |name: &str| answer.lines().find_map(|l| l.strip_prefix(name)).expect("in the answer").to_owned();
    let username = format!("{}:abcd", value("a=ice-ufrag:"));
    let pwd = value("a=ice-pwd:");
    let check = write_check(&Check { username: &username, pwd: &pwd, transaction: [2; 12], nominate: true, nomination: None });
    let victim = world.clients[teacher].address;
    world.inject(victim, &check);
    assert_eq!(world.stats().counters.drops.of(DropReason::AddressHeld), 1);
    play(&mut world, &mut [&mut player], 40);
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.received(student, "0").len(), 50);
}

#[test]
fn who_sends_more_than_a_client_would_is_cut_and_the_others_are_not() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let flooder = join_publisher(&mut world, ClientConfig::seeded(3), &[]);
    let student = join_viewer(&mut world, ClientConfig::seeded(2), 2);
    world.assign(student, "0", Some(world.track(teacher, "0")));
    world.assign(student, "3", Some(world.track(flooder, "1")));
    let mut player = Player::new(teacher, vec![]);
    let packet = vec![0x10; 1100];
    for step in 0..100_u32 {
        // 110 kB in 20 ms are 44 Mbit/s, after the burst that is allowed.
        for _ in 0..if step == 0 { 2000 } else { 100 } {
            let now = world.now;
            world.clients[flooder].client.send(now, "1", &Outgoing::plain(Codec::Vp8, step * 1800, false, &packet));
        }
        play(&mut world, &mut [&mut player], 1);
    }
    let cut = world.stats().counters.drops.of(DropReason::UplinkTooFast);
    assert!(cut > 500, "{cut} packets");
    assert_eq!(world.received(student, "0").len(), 100, "and the other's sound is whole");
}

#[test]
fn forged_feedback_about_others_is_ignored() {
    let mut world = World::new();
    let teacher = join_publisher(&mut world, ClientConfig::seeded(1), &[]);
    let student = join_viewer(&mut world, ClientConfig::seeded(2), 1);
    world.assign(student, "1", Some(world.track(teacher, "1")));
    let mut player = Player::new(teacher, vec![Camera::new(None)]);
    play(&mut world, &mut [&mut player], 50);
    let before = (world.keyframes_wanted(teacher, "1", None), world.stats().counters.packets_retransmitted);
    for ssrc in [0, 1, 0xDEAD_BEEF] {
        let mut compound = auftakt_client::wire::write_receiver_report(1);
        compound.extend(auftakt_client::wire::write_pli(1, ssrc));
        compound.extend(auftakt_client::wire::write_nack(1, ssrc, &[1, 2, 3]));
        world.clients[student].client.send_rtcp(&compound);
    }
    world.run_for(Duration::from_millis(100));
    assert_eq!(before, (world.keyframes_wanted(teacher, "1", None), world.stats().counters.packets_retransmitted));
    assert_eq!(world.stats().counters.drops.of(DropReason::RtcpUnknownStream), 6);
}
