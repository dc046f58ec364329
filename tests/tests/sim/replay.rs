//! The same seed gives the same world, down to the last packet.

use crate::lesson::Lesson;
use crate::lines::wild;
use auftakt_client::world::{Way, Who};
use auftakt_client::{ClientConfig, ClientEvent};
use auftakt_tests::impair::LinkStats;
use std::time::Duration;

/// Everything that anybody noticed.
fn transcript(seed: u64) -> (Vec<(Duration, String)>, Vec<LinkStats>, String) {
    let mut lesson = Lesson::of_two(seed, ClientConfig::seeded);
    let begin = lesson.world.now;
    lesson.lines.set_all(wild());
    lesson.play(150);
    let mut noticed = vec![];
    for participant in &lesson.world.clients {
        for event in &participant.events {
            let at = match event {
                ClientEvent::Media(received) => received.at.saturating_duration_since(begin),
                _ => Duration::ZERO,
            };
            let mut text = format!("{event:?}");
            // An instant prints as what the machine's clock showed.
            if let Some(cut) = text.find(", at: Instant") {
                text.truncate(cut);
            }
            noticed.push((at, text));
        }
    }
    let ways = [Way::Up(Who::Client(0)), Way::Up(Who::Client(1)), Way::Down(Who::Client(0)), Way::Down(Who::Client(1))];
    let stats = ways.map(|way| LinkStats { delivered_bytes: 0, ..lesson.lines.stats(way) });
    let mut counters = lesson.world.stats().counters;
    // The signatures of a handshake differ by a byte or two.
    (counters.bytes_received, counters.bytes_forwarded) = (0, 0);
    (noticed, stats.to_vec(), format!("{counters:?} {:?}", lesson.world.events))
}

#[test]
fn a_seed_replays() {
    let first = transcript(3);
    assert!(first.0.len() > 1000);
    assert_eq!(first, transcript(3));
    assert_ne!(first.0, transcript(4).0);
}
