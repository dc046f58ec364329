//! Who speaks and who is heard, as everybody is told.

use crate::world::{Browser, World};
use auftakt_media::id::PeerId;
use auftakt_media::worker::Activity;
use auftakt_signaling::wire::*;
use auftakt_signaling::*;
use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn people(w: &mut World, count: usize) -> Vec<Browser> {
    (0..count)
        .map(|n| {
            let who = w.join(&format!("{n}"), Role::Attendee);
            w.offer_with(&who, &["m"], 0, 9, true);
            who
        })
        .collect()
}

/// What was told since the last look, after a second in which everything is told.
fn told(w: &mut World, of: &Browser) -> Vec<Speakers> {
    let told = w.read(of).into_iter().filter_map(|message| match message {
        ServerMessage::Speakers { speakers } => Some(speakers),
        _ => None,
    });
    told.collect()
}

fn last(w: &mut World, of: &Browser) -> Option<Speakers> {
    w.wait(ms(250));
    told(w, of).pop()
}

fn ids(people: &[Browser], indices: &[usize]) -> Vec<ParticipantId> {
    indices.iter().map(|index| people[*index].id).collect()
}

#[test]
fn speakers_are_told_the_louder_first_and_calmly() {
    let mut w = World::conference();
    let people = people(&mut w, 4);
    w.wait(ms(1000));
    told(&mut w, &people[0]);
    w.sound(&people[2], 80);
    assert_eq!(told(&mut w, &people[0]).len(), 1, "the first at once");
    w.sound(&people[1], 90);
    assert_eq!(told(&mut w, &people[0]).len(), 0);
    assert_eq!(last(&mut w, &people[0]).unwrap().speaking, ids(&people, &[1, 2]), "clearly louder");
    w.sound(&people[2], 95);
    assert_eq!(last(&mut w, &people[0]), None, "not clearly louder: the order stays");
    w.sound(&people[1], 0);
    assert_eq!(last(&mut w, &people[0]).unwrap().speaking, ids(&people, &[2]));
    w.sound(&people[2], 0);
    assert_eq!(last(&mut w, &people[0]).unwrap().speaking, []);
}

#[test]
fn at_most_four_times_a_second_whatever_happens() {
    let mut w = World::conference();
    let people = people(&mut w, 6);
    w.wait(ms(1000));
    told(&mut w, &people[0]);
    for step in 0..300_u32 {
        let who = &people[(step % 5) as usize];
        w.sound(who, if step % 3 == 0 { 0 } else { (step * 7 % 120 + 1) as u8 });
        w.wait(ms(10));
    }
    let count = told(&mut w, &people[0]).len();
    assert!((6..=13).contains(&count), "{count} in three seconds");
}

#[test]
fn what_does_not_change_is_not_told() {
    let mut w = World::conference();
    let people = people(&mut w, 2);
    w.sound(&people[1], 80);
    last(&mut w, &people[0]);
    for loudness in [81, 80, 79, 82] {
        w.sound(&people[1], loudness);
        assert_eq!(last(&mut w, &people[0]), None);
    }
}

#[test]
fn the_muted_neither_speak_nor_are_heard() {
    let mut w = World::conference();
    let people = people(&mut w, 3);
    w.sound(&people[1], 80);
    w.say(&people[1], ClientMessage::SetMuted { source: TrackSource::Microphone, muted: true });
    let now = last(&mut w, &people[0]).unwrap();
    assert_eq!((now.speaking, now.heard), (vec![], ids(&people, &[0, 2])));
    let request = w.request("late", Role::Attendee);
    assert_eq!(w.welcome(request).2.speakers.heard, ids(&people, &[0, 2]), "who comes later knows it");
}

fn heard(w: &mut World) -> Vec<ParticipantId> {
    let request = w.request("observer", Role::Moderator);
    let (observer, _, snapshot) = w.welcome(request);
    w.say(&observer, ClientMessage::Leave);
    snapshot.speakers.heard
}

#[test]
fn nobody_is_cut_off_in_a_breath() {
    let mut w = World::conference();
    let people = people(&mut w, 7);
    for who in &people[..5] {
        w.sound(who, 80);
    }
    w.wait(ms(5000));
    w.sound(&people[2], 0);
    w.sound(&people[5], 80);
    w.wait(ms(1900));
    assert_eq!(heard(&mut w), ids(&people, &[0, 1, 2, 3, 4]), "as loud as the others is not louder");
    w.wait(ms(200));
    assert_eq!(heard(&mut w), ids(&people, &[0, 1, 3, 4, 5]), "two seconds of silence are the end");
    // Only who is louder for a while takes the place of somebody who sounds.
    w.sound(&people[6], 90);
    w.wait(ms(200));
    w.sound(&people[6], 70);
    w.wait(ms(50));
    w.sound(&people[6], 90);
    w.wait(ms(200));
    assert_eq!(heard(&mut w), ids(&people, &[0, 1, 3, 4, 5]), "a cough");
    w.wait(ms(150));
    let now = heard(&mut w);
    assert!(now.contains(&people[6].id) && now.len() == 5, "{now:?}");
}

#[test]
fn equally_loud_ones_do_not_take_turns() {
    let mut w = World::conference();
    let people = people(&mut w, 8);
    people.iter().for_each(|who| w.sound(who, 80));
    let before = heard(&mut w);
    for step in 0..100_u8 {
        w.sound(&people[usize::from(step % 8)], 79 + step % 3);
        w.wait(ms(100));
        assert_eq!(heard(&mut w), before);
    }
}

#[test]
fn who_leads_and_who_has_the_floor_is_heard_however_many_sound() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    w.offer(&moderator, &["m"], 0, true);
    let people = people(&mut w, 9);
    people[..7].iter().for_each(|who| w.sound(who, 90));
    w.say(&moderator, ClientMessage::GiveFloor { participant: Some(people[8].id) });
    w.wait(ms(3000));
    let now = heard(&mut w);
    assert!(now.contains(&moderator.id) && now.contains(&people[8].id) && now.len() == 7, "{now:?}");
    w.say(&moderator, ClientMessage::GiveFloor { participant: None });
    w.wait(ms(3000));
    assert!(!heard(&mut w).contains(&people[8].id));
    let mut sorted = now.clone();
    sorted.sort();
    assert_eq!(now, sorted, "in order of joining");
}

#[test]
fn in_a_lesson_everybody_is_heard() {
    let mut w = World::of(RoomKind::Lesson, Limits { participants: 20, viewers: 0, heard: 2 });
    let people = people(&mut w, 9);
    assert_eq!(heard(&mut w).len(), 9);
    w.sound(&people[3], 80);
    assert_eq!(last(&mut w, &people[0]).unwrap().speaking, ids(&people, &[3]));
}

#[test]
fn what_sounds_and_is_no_microphone_is_nobodys_voice() {
    let mut w = World::conference();
    let people = people(&mut w, 2);
    w.offer_with(&people[1], &["m", "s", "S"], 0, 9, false);
    last(&mut w, &people[0]);
    let (peer, track) = (w.peer(&people[1]), w.track(&people[1], "S"));
    w.input(Input::Activity { peer, track, activity: Activity::Sounding { loudness: 90 } });
    let microphone = w.track(&people[1], "m");
    w.input(Input::Activity { peer: PeerId(999_999), track: microphone, activity: Activity::Sounding { loudness: 90 } });
    assert_eq!(last(&mut w, &people[0]), None);
}
