//! A hundred people come at once.

use crate::world::{Browser, World};
use auftakt_signaling::wire::*;
use std::time::Duration;

/// Everybody joins, brings media and nine seats with nine for sound, within one second of virtual time.
#[expect(clippy::disallowed_methods, reason = "what the machine needs is only printed")]
fn storm(count: usize) -> (World, Vec<Browser>, Duration) {
    let mut w = World::conference();
    let began = std::time::Instant::now();
    let mut people = vec![];
    for n in 0..count {
        let who = w.join(&format!("Lehrkraft {n}"), Role::Attendee);
        w.offer_with(&who, &["m", "c"], 9, 9, true);
        people.push(who);
        w.wait(Duration::from_millis(1000 / count as u64));
    }
    (w, people, began.elapsed())
}

#[test]
fn a_hundred_joins_in_a_second_tell_each_what_it_needs_and_no_more() {
    for count in [25, 50, 100] {
        let (mut w, people, took) = storm(count);
        eprintln!("{count} joins: {took:?}");
        w.wait(Duration::from_secs(1));
        let told = w.read(&people[0]);
        let of = |fits: fn(&ServerMessage) -> bool| told.iter().filter(|message| fits(message)).count();
        assert_eq!(of(|m| matches!(m, ServerMessage::ParticipantJoined { .. })), count - 1);
        // Each that came brought its tracks once.
        assert_eq!(of(|m| matches!(m, ServerMessage::ParticipantChanged { .. })), count);
        assert!(of(|m| matches!(m, ServerMessage::Seats { .. })) <= 20, "nobody moves while the seats are full");
        assert!(of(|m| matches!(m, ServerMessage::Speakers { .. })) <= 6);
        // Each sees nine and hears five.
        for who in &people {
            let peer = w.peer(who);
            let sections: Vec<char> = w.plays.keys().filter(|(p, _)| *p == peer).filter_map(|(_, mid)| mid.chars().next()).collect();
            let pictures = sections.iter().filter(|kind| **kind == 'v').count();
            assert_eq!(pictures, 9);
            assert!((4..=5).contains(&(sections.len() - pictures)), "{sections:?}");
        }
    }
}

#[test]
fn a_snapshot_of_a_hundred_fits_into_a_message() {
    let (mut w, _, _) = storm(99);
    let request = w.request("the last", Role::Moderator);
    let (_, _, snapshot) = w.welcome(request);
    let bytes = serde_json::to_string(&snapshot).unwrap().len();
    assert_eq!(snapshot.participants.len(), 100);
    assert!(bytes < 64 * 1024, "{bytes}");
}
