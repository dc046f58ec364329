//! RED (RFC 2198) is passed on to who has it, and taken off for who has not.

use auftakt_client::band::sound;
use auftakt_client::world::World;
use auftakt_client::{ClientConfig, Numbers, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use std::time::Duration;

const OFFERED: [Codec; 2] = [Codec::Red, Codec::Opus];

/// One redundant block of 20 ms before, and the primary one; payload types are the sender's.
fn redundant(numbers: Numbers, n: u32) -> Vec<u8> {
    let opus = numbers.payload_type(Codec::Opus);
    let (before, now) = (sound(n.wrapping_sub(1)), sound(n));
    let offset_and_len = (960u32 << 10 | before.len() as u32).to_be_bytes();
    let mut payload = vec![0x80 | opus, offset_and_len[1], offset_and_len[2], offset_and_len[3], opus];
    payload.extend_from_slice(&before);
    payload.extend_from_slice(&now);
    payload
}

fn receiver(world: &mut World, config: ClientConfig, codecs: &[Codec]) -> usize {
    let client = world.add(config);
    world.clients[client].client.add_receiver(MediaKind::Audio, codecs);
    world.negotiate(client, &[]);
    world.run_for(Duration::from_secs(1));
    client
}

#[test]
fn redundancy_is_passed_renumbered_or_taken_off() {
    let mut world = World::new();
    let config = ClientConfig::seeded(1);
    let teacher = world.add(config);
    world.clients[teacher].client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &OFFERED, rids: &[] });
    world.negotiate(teacher, &[]);
    world.run_for(Duration::from_secs(1));
    let foreign = Numbers { payload_shift: 5, extension_shift: 3 };
    let chromium = receiver(&mut world, ClientConfig { numbers: foreign, ..ClientConfig::seeded(2) }, &OFFERED);
    let firefox = receiver(&mut world, ClientConfig::seeded(3), &[Codec::Opus]);
    for client in [chromium, firefox] {
        world.assign(client, "0", Some(world.track(teacher, "0")));
    }
    for n in 0..50u32 {
        let payload = redundant(config.numbers, n);
        let now = world.now;
        world.clients[teacher].client.send(now, "0", &Outgoing::plain(Codec::Red, n * 960, false, &payload));
        world.run_for(Duration::from_millis(20));
    }
    world.run_for(Duration::from_millis(50));
    let redundant_ones = world.received(chromium, "0");
    let plain_ones = world.received(firefox, "0");
    assert_eq!((redundant_ones.len(), plain_ones.len()), (50, 50));
    for n in 0..50u32 {
        let (red, plain) = (&redundant_ones[n as usize], &plain_ones[n as usize]);
        assert_eq!((red.codec, plain.codec), (Codec::Red, Codec::Opus));
        assert_eq!(red.payload, redundant(foreign, n));
        assert_eq!(plain.payload, sound(n));
    }
}
