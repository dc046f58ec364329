//! Offers: answered, refused, overtaken.

use crate::world::World;
use auftakt_media::id::PeerId;
use auftakt_signaling::wire::*;
use auftakt_signaling::*;

#[test]
fn an_offer_is_answered_under_its_own_id() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    let id = w.offer(&student, &["m"], 1, true);
    let told = w.read(&student);
    assert!(told.iter().any(|m| matches!(m, ServerMessage::Answer { id: answered, sdp } if *answered == id && sdp.starts_with("answer"))));
}

#[test]
fn a_refused_first_offer_leaves_nothing_and_a_refused_later_one_leaves_everything() {
    let mut w = World::new();
    w.hold_answers = true;
    let student = w.join("S", Role::Student);
    let id = w.offer(&student, &["m"], 1, true);
    w.refuse_next();
    assert_eq!(w.read(&student), [ServerMessage::Error { code: ErrorCode::OfferRefused, id: Some(id) }]);
    w.offer(&student, &["m"], 1, true);
    w.answer_next();
    w.read(&student);
    w.offer(&student, &["m", "c"], 1, false);
    w.refuse_next();
    assert_eq!(w.errors(&student), [ErrorCode::OfferRefused]);
    w.hold_answers = false;
    assert_eq!(w.info(student.id).tracks.len(), 1);
    assert_eq!(w.peers.len(), 1);
}

#[test]
fn what_was_made_for_nobody_is_removed() {
    let mut w = World::new();
    w.hold_answers = true;
    let student = w.join("S", Role::Student);
    w.offer(&student, &["m"], 1, true);
    w.say(&student, ClientMessage::Leave);
    w.answer_next();
    assert!(w.peers.is_empty(), "left meanwhile");
    let student = w.join("S", Role::Student);
    w.offer(&student, &["m"], 1, true);
    w.offer(&student, &["m"], 1, true);
    w.answer_next();
    assert!(w.peers.is_empty(), "started anew meanwhile");
    w.answer_next();
    assert_eq!(w.peers.len(), 1);
}

#[test]
fn a_flood_of_offers_is_bounded() {
    let mut w = World::new();
    w.hold_answers = true;
    let student = w.join("S", Role::Student);
    w.offer(&student, &["m"], 1, true);
    for _ in 0..10 {
        w.offer(&student, &["m"], 1, false);
    }
    assert_eq!(w.held.len(), 4);
    assert_eq!(w.errors(&student).len(), 7);
}

#[test]
fn tracks_that_cannot_be_are_refused() {
    let track = |mid: &str, source| OfferedTrack { mid: mid.into(), source, muted: false };
    for tracks in [
        vec![track("", TrackSource::Microphone)],
        vec![track("a", TrackSource::Microphone), track("b", TrackSource::Microphone)],
        vec![track("a", TrackSource::Microphone), track("a", TrackSource::Camera)],
    ] {
        let mut w = World::new();
        let student = w.join("S", Role::Student);
        w.say(&student, ClientMessage::Offer { id: 1, sdp: ">aa >ab ".into(), tracks, seats: vec![], fresh: true });
        assert_eq!(w.errors(&student), [ErrorCode::OfferRefused]);
    }
}

#[test]
fn a_track_of_the_wrong_kind_is_not_published() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    let tracks = vec![OfferedTrack { mid: "a".into(), source: TrackSource::Camera, muted: false }];
    w.say(&student, ClientMessage::Offer { id: 1, sdp: ">aa ".into(), tracks, seats: vec![], fresh: true });
    assert!(w.info(student.id).tracks.is_empty());
}

#[test]
fn a_dead_connection_takes_its_tracks_along() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    let peer: PeerId = *w.peers.keys().max().unwrap();
    w.read(&teacher);
    w.input(Input::PeerTrouble { peer, trouble: PeerTrouble::Silent });
    assert_eq!(w.read(&teacher), [], "the browser restarts ICE");
    w.input(Input::PeerTrouble { peer, trouble: PeerTrouble::Failed });
    assert!(matches!(&w.read(&teacher)[..], [ServerMessage::ParticipantChanged { participant }] if participant.tracks.is_empty()));
    assert_eq!(w.peers.len(), 1);
    let request = JoinRequest { resume: Some(student.resume.clone()), ..w.request("S", Role::Student) };
    let (again, resumed, _) = w.welcome(request);
    assert!(!resumed, "a new connection is needed");
    w.offer(&again, &["m"], 1, false);
    assert_eq!((w.errors(&again), w.peers.len()), (vec![ErrorCode::OfferRefused], 1), "the dead one cannot go on");
    w.offer(&again, &["m"], 1, true);
    assert_eq!(w.peers.len(), 2);
}
