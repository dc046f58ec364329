//! Who is seen and heard where in a conference.

use crate::world::{Browser, World};
use auftakt_signaling::wire::*;
use std::time::Duration;

fn main_of(who: &Browser) -> SeatedStream {
    SeatedStream { participant: who.id, stream: StreamKind::Main }
}

/// A viewer with so many seats, and people with microphone and camera.
fn conference(pictures: usize, sounds: usize, people: usize) -> (World, Browser, Vec<Browser>) {
    let mut w = World::conference();
    let viewer = w.join("viewer", Role::Attendee);
    w.offer_with(&viewer, &[], pictures, sounds, true);
    let people = (0..people).map(|n| w.join_with_media(&format!("{n}"), Role::Attendee)).collect();
    (w, viewer, people)
}

fn want(w: &mut World, viewer: &Browser, people: &[&Browser]) {
    w.say(viewer, ClientMessage::SetView { wanted: people.iter().map(|p| main_of(p)).collect(), pinned: 0, sizes: vec![] });
}

#[test]
fn seats_bound_what_is_received() {
    let (mut w, viewer, _) = conference(2, 0, 4);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "3/Main"]);
}

#[test]
fn whoever_is_wanted_is_shown_and_the_others_do_not_move() {
    let (mut w, viewer, people) = conference(3, 0, 6);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "3/Main", "4/Main"]);
    want(&mut w, &viewer, &[&people[4], &people[1]]);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "3/Main", "6/Main"]);
    want(&mut w, &viewer, &[&people[1], &people[4]]);
    assert_eq!(w.seats(&viewer), None, "another order moves nobody");
    want(&mut w, &viewer, &[&people[5], &people[3], &people[2], &people[0]]);
    assert_eq!(w.seats(&viewer).unwrap(), ["7/Main", "5/Main", "4/Main"]);
    assert_eq!(w.plays_at(&viewer, &people[5], "c"), ["v0"]);
    assert_eq!(w.plays_at(&viewer, &people[0], "c"), Vec::<String>::new());
}

#[test]
fn who_speaks_takes_a_seat_and_keeps_it_as_the_last_who_spoke() {
    let (mut w, viewer, people) = conference(2, 1, 5);
    w.seats(&viewer);
    w.sound(&people[4], 90);
    assert_eq!(w.seats(&viewer).unwrap()[..2], ["2/Main", "6/Main"]);
    w.sound(&people[4], 0);
    w.wait(Duration::from_secs(60));
    assert_eq!(w.seats(&viewer), None);
    w.sound(&people[3], 90);
    assert_eq!(w.seats(&viewer).unwrap()[..2], ["5/Main", "6/Main"], "who never spoke goes");
    w.sound(&people[3], 0);
    w.sound(&people[2], 90);
    assert_eq!(w.seats(&viewer).unwrap()[..2], ["5/Main", "4/Main"], "then who spoke longest ago");
}

#[test]
fn screen_spotlight_and_floor_go_before_speakers() {
    let (mut w, viewer, people) = conference(3, 5, 6);
    let moderator = w.join("M", Role::Moderator);
    w.sound(&people[0], 90);
    w.sound(&people[1], 90);
    w.sound(&people[2], 90);
    w.offer(&people[5], &["m", "c", "s"], 0, false);
    w.say(&moderator, ClientMessage::SetSpotlight { stream: Some(main_of(&people[4])) });
    w.say(&moderator, ClientMessage::GiveFloor { participant: Some(people[3].id) });
    let mut shown = w.seats(&viewer).unwrap()[..3].to_vec();
    shown.sort();
    assert_eq!(shown, ["5/Main", "6/Main", "7/Screen"]);
}

#[test]
fn everybody_is_heard_while_they_are_few_in_a_picture_seat_or_beside() {
    let (w, viewer, people) = conference(2, 5, 4);
    let places: Vec<_> = people.iter().map(|who| w.plays_at(&viewer, who, "m").concat()).collect();
    assert_eq!(places, ["a0", "a1", "b0", "b1"]);
}

#[test]
fn a_muted_microphone_sounds_nowhere() {
    let (mut w, viewer, people) = conference(2, 2, 3);
    w.say(&people[2], ClientMessage::SetMuted { source: TrackSource::Microphone, muted: true });
    w.say(&people[0], ClientMessage::SetMuted { source: TrackSource::Microphone, muted: true });
    assert!(w.plays_at(&viewer, &people[0], "m").is_empty() && w.plays_at(&viewer, &people[2], "m").is_empty());
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "3/Main", "-", "-"], "the picture stays");
    assert_eq!(w.plays_at(&viewer, &people[0], "c"), ["v0"]);
}

#[test]
fn who_speaks_and_gets_a_picture_is_not_cut_off_for_it() {
    let (mut w, viewer, people) = conference(2, 3, 3);
    assert_eq!(w.plays_at(&viewer, &people[2], "m"), ["b0"]);
    w.sound(&people[2], 90);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "4/Main", "4/Main", "3/Main", "-"]);
    assert_eq!((w.plays_at(&viewer, &people[2], "c"), w.plays_at(&viewer, &people[2], "m")), (vec!["v1".into()], vec!["b0".into()]));
    assert_eq!(w.plays_at(&viewer, &people[1], "m"), ["b1"], "whose picture went away");
    w.sound(&people[2], 0);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "4/Main", "-", "3/Main", "-"]);
    assert_eq!(w.plays_at(&viewer, &people[2], "m"), ["a1"], "in the pause");
}

#[test]
fn of_many_the_loudest_are_heard() {
    let (w, viewer, people) = conference(1, 8, 8);
    let heard = people.iter().filter(|who| !w.plays_at(&viewer, who, "m").is_empty()).count();
    assert_eq!(heard, 5);
    let mut w = w;
    w.sound(&people[7], 90);
    assert_eq!(w.plays_at(&viewer, &people[7], "m").len(), 1, "a quiet one makes room at once");
    let heard = people.iter().filter(|who| !w.plays_at(&viewer, who, "m").is_empty()).count();
    assert_eq!(heard, 5);
    // Nobody is in two places with sound.
    for viewer in &people {
        let others = people.iter().filter(|who| who.id != viewer.id);
        assert!(others.clone().all(|who| w.plays_at(viewer, who, "m").len() <= 1));
    }
}

#[test]
fn a_screens_sound_is_always_heard() {
    let (mut w, viewer, people) = conference(1, 2, 9);
    w.offer(&people[8], &["m", "c", "s", "S"], 0, false);
    assert_eq!(w.plays_at(&viewer, &people[8], "S"), ["a0"], "beside its picture");
    want(&mut w, &viewer, &[&people[0]]);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "10/Screen", "4/Main"]);
    assert_eq!(w.plays_at(&viewer, &people[8], "S"), ["b0"], "and without it");
}

#[test]
fn seats_for_sound_alone_stay_stable() {
    let (mut w, viewer, people) = conference(0, 5, 5);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "3/Main", "4/Main", "5/Main", "6/Main"]);
    w.say(&people[1], ClientMessage::SetMuted { source: TrackSource::Microphone, muted: true });
    w.say(&people[3], ClientMessage::Leave);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "-", "4/Main", "-", "6/Main"]);
    w.join_with_media("new", Role::Attendee);
    assert_eq!(w.seats(&viewer).unwrap(), ["2/Main", "7/Main", "4/Main", "-", "6/Main"]);
}

#[test]
fn nobody_sees_or_hears_oneself() {
    let (mut w, _, people) = conference(1, 1, 3);
    w.offer_with(&people[0], &["m", "c"], 4, 4, false);
    want(&mut w, &people[0], &[&people[0], &people[1]]);
    w.sound(&people[0], 100);
    assert!(w.plays_at(&people[0], &people[0], "m").is_empty() && w.plays_at(&people[0], &people[0], "c").is_empty());
}

#[test]
fn a_view_outlives_its_connection() {
    let (mut w, viewer, people) = conference(1, 0, 4);
    want(&mut w, &viewer, &[&people[3]]);
    w.offer(&viewer, &[], 1, true);
    assert_eq!(w.seats(&viewer).unwrap(), ["5/Main"]);
}
