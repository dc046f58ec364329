//! Who sits where, and what plays there.

use crate::world::World;
use auftakt_signaling::wire::*;
use auftakt_signaling::*;

#[test]
fn everybody_else_has_a_seat_at_once_in_order_of_joining() {
    let mut w = World::new();
    let teacher = w.join_with_media("T", Role::Teacher);
    assert_eq!(w.seats(&teacher).unwrap(), ["-", "-"]);
    let student = w.join("S", Role::Student);
    assert_eq!(w.seats(&teacher).unwrap(), ["2/Main", "-"], "before any media: initials are shown");
    assert_eq!(w.playing(), []);
    w.offer(&student, &["m", "c"], 2, true);
    assert_eq!(w.seats(&student).unwrap(), ["1/Main", "-"]);
    assert_eq!(w.playing().len(), 4, "sound and picture both ways: {:?}", w.playing());
    assert_eq!(w.seats(&teacher), None, "nobody moved");
}

#[test]
fn nobody_moves_when_somebody_leaves() {
    let mut w = World::new();
    let teacher = w.join_with_media("T", Role::Teacher);
    let (a, b) = (w.join_with_media("A", Role::Student), w.join_with_media("B", Role::Student));
    assert_eq!(w.seats(&teacher).unwrap(), ["2/Main", "3/Main"]);
    w.say(&a, ClientMessage::Leave);
    assert_eq!(w.seats(&teacher).unwrap(), ["-", "3/Main"]);
    w.join("C", Role::Student);
    assert_eq!(w.seats(&teacher).unwrap(), ["4/Main", "3/Main"]);
    assert_eq!(w.seats(&b).unwrap()[0], "1/Main");
}

#[test]
fn streams_wait_until_there_are_seats() {
    let mut w = World::new();
    let teacher = w.join("T", Role::Teacher);
    w.offer(&teacher, &["m"], 1, true);
    let student = w.join_with_media("S", Role::Student);
    w.offer(&student, &["m", "c", "s", "S", "2"], 2, false);
    assert_eq!(w.seats(&teacher).unwrap(), ["2/Main"]);
    w.offer(&teacher, &["m"], 4, false);
    assert_eq!(w.seats(&teacher).unwrap(), ["2/Main", "2/Screen", "2/SecondCamera", "-"]);
    // Microphone, camera, screen with sound, second camera; and the teacher's microphone at the student.
    assert_eq!(w.playing().len(), 2 + 2 + 1 + 1);
    w.offer(&student, &["m", "c", "2"], 2, false);
    assert_eq!(w.seats(&teacher).unwrap(), ["2/Main", "-", "2/SecondCamera", "-"], "the screen is taken back");
}

#[test]
fn a_track_that_comes_later_plays_where_its_owner_sits() {
    let mut w = World::new();
    let _teacher = w.join_with_media("T", Role::Teacher);
    let student = w.join("S", Role::Student);
    w.offer(&student, &["m"], 1, true);
    let before = w.playing().len();
    w.offer(&student, &["m", "c"], 1, false);
    assert_eq!(w.playing().len(), before + 1, "the camera");
    w.offer(&student, &["c"], 1, false);
    assert_eq!(w.playing().len(), before, "without the microphone");
}

#[test]
fn a_new_connection_is_filled_anew() {
    let mut w = World::new();
    let _teacher = w.join_with_media("T", Role::Teacher);
    let student = w.join_with_media("S", Role::Student);
    let old: Vec<_> = w.peers.keys().copied().collect();
    w.offer(&student, &["m", "c"], 3, true);
    assert_eq!(w.seats(&student).unwrap(), ["1/Main", "-", "-"]);
    assert_eq!(w.peers.len(), 2);
    assert!(w.peers.keys().any(|peer| !old.contains(peer)), "the old connection is thrown away");
    assert_eq!(w.playing().len(), 4);
}

#[test]
fn seats_that_cannot_be_are_refused() {
    let seat = |a: &str, v: &str| OfferedSeat { audio_mid: a.into(), video_mid: Some(v.into()) };
    let many: Vec<_> = (0..=SEATS_MAX).map(|i| seat(&format!("a{i}"), &format!("v{i}"))).collect();
    for seats in [vec![seat("a", "a")], vec![seat("", "v")], vec![seat("a", "v"), seat("b", "v")], vec![seat(&"x".repeat(17), "v")], many] {
        let mut w = World::new();
        let student = w.join("S", Role::Student);
        w.say(&student, ClientMessage::Offer { id: 5, sdp: String::new(), tracks: vec![], seats, fresh: true });
        assert_eq!(w.read(&student), [ServerMessage::Error { code: ErrorCode::OfferRefused, id: Some(5) }]);
        assert!(w.peers.is_empty());
    }
}

#[test]
fn sections_that_the_media_plane_did_not_make_stay_empty() {
    let mut w = World::new();
    let _teacher = w.join_with_media("T", Role::Teacher);
    let student = w.join("S", Role::Student);
    let seats = vec![OfferedSeat { audio_mid: "a".into(), video_mid: Some("v".into()) }];
    w.say(&student, ClientMessage::Offer { id: 5, sdp: "<vv ".into(), tracks: vec![], seats, fresh: true });
    assert_eq!(w.playing().iter().map(|(_, mid, _)| *mid).collect::<Vec<_>>(), ["v"]);
}
