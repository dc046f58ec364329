//! One screen or many.

use crate::world::{Browser, World};
use auftakt_signaling::wire::*;
use auftakt_signaling::*;

fn taken_over(w: &mut World, who: &Browser) -> Vec<ParticipantId> {
    let told = w.read(who).into_iter().filter_map(|message| match message {
        ServerMessage::ScreenTakenOver { by } => Some(by),
        _ => None,
    });
    told.collect()
}

fn three(kind: RoomKind) -> (World, [Browser; 3]) {
    let mut w = World::of(kind, Limits { participants: 9, viewers: 2, heard: 5 });
    let people = [Role::Moderator, Role::Attendee, Role::Attendee].map(|role| w.join("x", role));
    for who in &people {
        w.offer(who, &["m"], 6, true);
    }
    (w, people)
}

const SHARING: &[&str] = &["m", "s", "S"];

#[test]
fn who_shares_takes_over_and_the_other_goes_to_nobody() {
    let (mut w, [a, b, c]) = three(RoomKind::Conference);
    w.offer(&a, SHARING, 6, false);
    assert_eq!(w.plays_at(&c, &a, "s").len(), 1);
    w.read(&a);
    w.offer(&b, SHARING, 6, false);
    assert_eq!(taken_over(&mut w, &a), [b.id]);
    for (name, of, seen) in [("s", &a, 0), ("S", &a, 0), ("s", &b, 1), ("S", &b, 1)] {
        assert_eq!(w.plays_at(&c, of, name).len(), seen, "{name}");
    }
    assert!(w.info(a.id).tracks.iter().all(|track| track.source == TrackSource::Microphone), "nobody is told of it any more");
    // An offer for something else brings it back no more than time does.
    w.offer(&a, &["m", "s", "S", "c"], 6, false);
    assert_eq!((w.plays_at(&c, &a, "s").len(), taken_over(&mut w, &b).len()), (0, 0));
    // Stopped and shared anew, it does.
    w.offer(&a, &["m"], 6, false);
    w.offer(&a, SHARING, 6, false);
    assert_eq!(taken_over(&mut w, &b), [a.id]);
    assert_eq!((w.plays_at(&c, &a, "s").len(), w.plays_at(&c, &b, "s").len()), (1, 0));
}

#[test]
fn going_on_sharing_is_no_taking_over() {
    let (mut w, [a, b, _]) = three(RoomKind::Conference);
    w.offer(&a, SHARING, 6, false);
    w.offer(&b, SHARING, 6, false);
    // After it was told, the page offers without; until then its ICE restarts and the like say it still shares.
    w.offer(&a, SHARING, 6, false);
    w.offer(&b, SHARING, 6, false);
    assert_eq!(taken_over(&mut w, &b), []);
    w.say(&b, ClientMessage::Leave);
    w.offer(&a, SHARING, 6, false);
    assert!(w.info(a.id).tracks.len() == 1, "it has to share anew");
}

#[test]
fn several_may_share_where_it_is_allowed() {
    let (mut w, [a, b, c]) = three(RoomKind::Conference);
    w.say(&a, ClientMessage::SetScreens { screens: ScreenPolicy::Many });
    w.offer(&a, SHARING, 6, false);
    w.offer(&b, SHARING, 6, false);
    assert_eq!((w.plays_at(&c, &a, "s").len(), w.plays_at(&c, &b, "s").len()), (1, 1));
    w.read(&a);
    w.say(&a, ClientMessage::SetScreens { screens: ScreenPolicy::One });
    assert_eq!(taken_over(&mut w, &a), [b.id], "who began last goes on");
    assert_eq!((w.plays_at(&c, &a, "s").len(), w.plays_at(&c, &b, "s").len()), (0, 1));
}

#[test]
fn in_a_lesson_both_show_theirs() {
    let (mut w, [a, b, _]) = three(RoomKind::Lesson);
    w.offer(&a, SHARING, 6, false);
    w.offer(&b, SHARING, 6, false);
    assert_eq!((w.plays_at(&b, &a, "s").len(), w.plays_at(&a, &b, "s").len()), (1, 1));
}
