//! Transport-wide feedback tells a publisher exactly what arrived, and when.

use crate::each_seed;
use crate::lines::{Lines, clean, media_header, wild};
use auftakt_client::band::{Camera, Player, join_publisher, play};
use auftakt_client::world::{Way, Who, World};
use auftakt_client::{ClientConfig, ClientEvent, TRANSPORT_CC, wire};
use std::collections::BTreeMap;
use std::time::Duration;

/// How the server counts time here.
const TICK: u128 = 250;

#[test]
fn feedback_tells_exactly_what_arrived() {
    each_seed(5, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        lines.record();
        let epoch = world.now;
        let config = ClientConfig::seeded(seed);
        let sender = join_publisher(&mut world, config, &[]);
        let up = Way::Up(Who::Client(sender));
        let mut player = Player::new(sender, vec![Camera::new(None)]);
        lines.set(up, wild());
        play(&mut world, &mut [&mut player], 400);
        lines.set(up, clean());
        play(&mut world, &mut [&mut player], 20);
        world.run_for(Duration::from_secs(1));

        let id = config.numbers.extension(TRANSPORT_CC);
        let mut arrived = BTreeMap::new();
        for (at, datagram) in lines.arrived(up) {
            let number = media_header(&datagram).and_then(|rtp| Some(u16::from_be_bytes(rtp.extension(id)?.try_into().ok()?)));
            if let Some(number) = number {
                // Copies do not count.
                arrived.entry(number).or_insert(at);
            }
        }
        let mut told: BTreeMap<u16, Option<i64>> = BTreeMap::new();
        let mut packets = 0;
        for event in &world.clients[sender].events {
            let ClientEvent::Report(wire::Rtcp::TransportFeedback { statuses }) = event else { continue };
            packets += 1;
            for (number, ticks) in statuses {
                // Late ones are told of again.
                let entry = told.entry(*number).or_default();
                *entry = ticks.or(*entry);
            }
        }
        assert!(packets > 150, "every 50 ms or so: {packets}");
        let lost = told.values().filter(|ticks| ticks.is_none()).count();
        assert!(lost > 20, "{lost}");
        for (number, at) in &arrived {
            let ticks = i64::try_from((*at - epoch).as_micros() / TICK).expect("not for ever");
            assert_eq!(told.get(number), Some(&Some(ticks)), "number {number}");
        }
        for (number, ticks) in told {
            assert_eq!(ticks.is_some(), arrived.contains_key(&number), "number {number}");
        }
    });
}
