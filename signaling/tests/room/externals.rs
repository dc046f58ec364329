//! Publishers and viewers without a socket, and what the process plays itself.

use crate::world::World;
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{Muted, SeatMids};
use auftakt_signaling::wire::*;
use auftakt_signaling::*;
use std::time::Duration;

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

fn publish(w: &mut World, number: u32) {
    let role = ExternalRole::Publisher(name("Kamera"));
    let offer = ExternalOffer { external: ExternalId(number.into()), role, sdp: ">ax >vy ".into(), spare: PeerId(500 + number) };
    w.input(Input::ExternalOffer(offer));
}

fn watch(w: &mut World, number: u32) {
    let mid = |text: &str| Mid::parse(text);
    let seats = vec![SeatMids { audio: mid("0"), video: mid("1") }, SeatMids { audio: None, video: mid("2") }];
    let offer = ExternalOffer {
        external: ExternalId(number.into()),
        role: ExternalRole::Viewer(seats),
        sdp: "<a0 <v1 <v2 ".into(),
        spare: PeerId(500 + number),
    };
    w.input(Input::ExternalOffer(offer));
}

#[test]
fn a_publisher_is_a_participant() {
    let mut w = World::new();
    let teacher = w.join_with_media("T", Role::Teacher);
    publish(&mut w, 1);
    assert_eq!(w.externals[&ExternalId(1)], [ExternalEvent::Answered("answer to >ax >vy ".into())]);
    assert_eq!(w.seats(&teacher).unwrap(), ["2/Main", "-"]);
    assert_eq!(w.playing().len(), 2);
    w.say(&teacher, ClientMessage::MuteOther { participant: ParticipantId(2), source: TrackSource::Microphone });
    assert!(w.muted.values().any(|muted| *muted == Muted::Yes));
    w.input(Input::RemoveExternal(ExternalId(1)));
    assert_eq!(w.externals[&ExternalId(1)].last(), Some(&ExternalEvent::Ended));
    assert_eq!(w.seats(&teacher).unwrap(), ["-", "-"]);
    assert_eq!(w.peers.len(), 1);
}

#[test]
fn a_viewer_sees_publishers_in_order_and_is_seen_by_nobody() {
    let mut w = World::new();
    let teacher = w.join("T", Role::Teacher);
    publish(&mut w, 1);
    w.read(&teacher);
    watch(&mut w, 2);
    assert_eq!(w.read(&teacher), []);
    assert_eq!(w.playing().iter().map(|(_, mid, _)| *mid).collect::<Vec<_>>(), ["0", "1"], "not the teacher, who sends nothing");
    w.offer(&teacher, &["c"], 0, true);
    assert_eq!(w.playing().iter().map(|(_, mid, _)| *mid).collect::<Vec<_>>(), ["0", "1", "2"]);
    w.input(Input::RemoveExternal(ExternalId(2)));
    assert_eq!(w.playing(), []);
}

#[test]
fn places_are_limited() {
    let mut w = World::new();
    (1..=5).for_each(|n| publish(&mut w, n));
    assert_eq!(w.externals[&ExternalId(5)], [ExternalEvent::Refused(ExternalRefusal::RoomFull)]);
    (11..=13).for_each(|n| watch(&mut w, n));
    assert_eq!(w.externals[&ExternalId(13)], [ExternalEvent::Refused(ExternalRefusal::RoomFull)]);
}

#[test]
fn a_refused_first_offer_leaves_nobody_behind() {
    let mut w = World::new();
    let teacher = w.join("T", Role::Teacher);
    w.hold_answers = true;
    publish(&mut w, 1);
    w.refuse_next();
    assert!(matches!(w.externals[&ExternalId(1)][0], ExternalEvent::Refused(ExternalRefusal::Offer(_))));
    assert!(w.read(&teacher).iter().any(|m| matches!(m, ServerMessage::ParticipantLeft { .. })));
}

#[test]
fn silence_ends_who_has_no_socket() {
    let mut w = World::new();
    publish(&mut w, 1);
    watch(&mut w, 2);
    for number in [1, 2] {
        w.input(Input::PeerTrouble { peer: PeerId(500 + number), trouble: PeerTrouble::Silent });
        assert_eq!(w.externals[&ExternalId(number.into())].last(), Some(&ExternalEvent::Ended));
    }
    assert!(w.peers.is_empty());
}

#[test]
fn an_ice_restart_keeps_the_connection() {
    let mut w = World::new();
    publish(&mut w, 1);
    publish(&mut w, 1);
    assert_eq!(w.externals[&ExternalId(1)].len(), 2);
    assert_eq!(w.peers.keys().map(|p| p.0).collect::<Vec<_>>(), [501]);
    assert_eq!(w.room.size(), (1, 0));
}

#[test]
fn what_the_process_plays_keeps_no_room_alive() {
    let mut w = World::new();
    let guest = w.join_with_media("G", Role::Guest);
    let tracks = vec![(TrackSource::Microphone, TrackId(7)), (TrackSource::Camera, TrackId(8))];
    w.input(Input::AddLocal { external: ExternalId(1), name: name("Bot"), sound_profile: SoundProfile::Studio, tracks });
    assert_eq!(w.playing().iter().map(|(_, _, track)| *track).collect::<Vec<_>>(), [7, 8]);
    w.say(&guest, ClientMessage::Leave);
    w.wait(Duration::from_secs(31));
    assert!(w.ended);
    assert_eq!(w.externals[&ExternalId(1)], [ExternalEvent::Ended]);
}
