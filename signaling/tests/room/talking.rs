//! Mutes, sound profiles, chat.

use crate::world::{Browser, World};
use auftakt_media::id::TrackId;
use auftakt_media::worker::Muted;
use auftakt_signaling::wire::*;
use auftakt_signaling::*;

fn microphone(w: &World, of: &Browser) -> TrackId {
    let (_, tracks) = w.peers.iter().find(|(peer, _)| w.offered_by[*peer] == of.socket).expect("connected");
    tracks[0]
}

fn set_muted(w: &mut World, who: &Browser, muted: bool) {
    w.say(who, ClientMessage::SetMuted { source: TrackSource::Microphone, muted });
}

fn mute_other(w: &mut World, who: &Browser, other: &Browser) {
    w.say(who, ClientMessage::MuteOther { participant: other.id, source: TrackSource::Microphone });
}

#[test]
fn muting_is_enforced_and_shown() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    let track = microphone(&w, &student);
    assert_eq!(w.muted[&track], Muted::No);
    w.read(&teacher);
    set_muted(&mut w, &student, true);
    assert_eq!(w.muted[&track], Muted::Yes);
    assert!(matches!(&w.read(&teacher)[..], [ServerMessage::ParticipantChanged { participant }] if participant.tracks[0].muted));
    set_muted(&mut w, &student, true);
    assert_eq!(w.read(&teacher), [], "nothing new");
    set_muted(&mut w, &student, false);
    assert_eq!(w.muted[&track], Muted::No);
}

#[test]
fn a_teacher_mutes_and_only_the_owner_unmutes() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    let track = microphone(&w, &student);
    w.read(&student);
    mute_other(&mut w, &teacher, &student);
    assert_eq!(w.muted[&track], Muted::Yes);
    assert!(w.read(&student).contains(&ServerMessage::MutedBy { source: TrackSource::Microphone, by: teacher.id }));
    let info = w.info(student.id);
    assert!(info.tracks[0].muted && info.tracks[0].muted_by_other);
    set_muted(&mut w, &student, true);
    assert!(w.info(student.id).tracks[0].muted_by_other, "muting oneself too lifts nothing");
    set_muted(&mut w, &student, false);
    assert_eq!(w.muted[&track], Muted::No);
    assert!(!w.info(student.id).tracks[0].muted_by_other);
}

#[test]
fn coming_back_never_unmutes() {
    for by_other in [false, true] {
        let mut w = World::new();
        let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
        if by_other {
            mute_other(&mut w, &teacher, &student)
        } else {
            set_muted(&mut w, &student, true)
        }
        w.input(Input::SocketLost(student.socket));
        let request = JoinRequest { resume: Some(student.resume), ..w.request("S", Role::Student) };
        let (again, _, _) = w.welcome(request);
        // A reloaded page that has forgotten everything, even in two steps.
        w.offer(&again, &[], 2, true);
        w.offer(&again, &["m", "c"], 2, false);
        let info = w.info(again.id);
        assert!(info.tracks[0].muted, "by_other: {by_other}");
        assert_eq!(info.tracks[0].muted_by_other, by_other);
        assert!(!info.tracks[1].muted, "the camera was not muted");
        let muted = w.muted.values().filter(|muted| **muted == Muted::Yes).count();
        assert_eq!(muted, 2, "the old track and the new one");
    }
}

#[test]
fn a_teachers_mute_outlives_a_connection_that_died_before_the_page_came_back() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    mute_other(&mut w, &teacher, &student);
    let peer = *w.peers.keys().max().unwrap();
    w.input(Input::SocketLost(student.socket));
    w.input(Input::PeerTrouble { peer, trouble: PeerTrouble::Failed });
    let request = JoinRequest { resume: Some(student.resume.clone()), ..w.request("S", Role::Student) };
    let (again, resumed, snapshot) = w.welcome(request);
    let own = snapshot.participants.iter().find(|p| p.id == again.id).expect("in the room");
    assert!(!resumed && own.tracks.is_empty(), "nothing tells the page of the mute so far");
    set_muted(&mut w, &again, false);
    w.offer(&again, &["m", "c"], 2, true);
    assert_eq!(w.muted[&microphone(&w, &again)], Muted::Yes);
    let told = w.read(&again);
    let knows = |message: &ServerMessage| match message {
        ServerMessage::ParticipantChanged { participant } => participant.id == again.id && participant.tracks[0].muted_by_other,
        _ => false,
    };
    assert!(told.iter().any(knows), "it is told with its tracks: {told:?}");
    set_muted(&mut w, &again, false);
    assert_eq!(w.muted[&microphone(&w, &again)], Muted::No, "now it is the owner who wants it");
}

#[test]
fn a_take_over_without_the_secret_unmutes_nothing() {
    let mut w = World::new();
    let teacher = w.join_with_media("T", Role::Teacher);
    let request = w.request("S", Role::Student);
    let link = request.link;
    let (student, _, _) = w.welcome(request);
    w.offer(&student, &["m", "c"], 2, true);
    mute_other(&mut w, &teacher, &student);
    w.say(&student, ClientMessage::SetMuted { source: TrackSource::Camera, muted: true });
    w.input(Input::SocketLost(student.socket));
    let request = JoinRequest { link, ..w.request("S", Role::Student) };
    let (again, _, _) = w.welcome(request);
    assert_ne!(again.id, student.id);
    w.offer(&again, &["m", "c"], 2, true);
    let tracks = w.info(again.id).tracks;
    assert_eq!(tracks.iter().map(|t| (t.muted, t.muted_by_other)).collect::<Vec<_>>(), [(true, true), (true, false)]);
}

#[test]
fn an_offer_that_mutes_does_so_even_when_it_is_refused() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    let track = microphone(&w, &student);
    w.read(&teacher);
    w.hold_answers = true;
    w.offer(&student, &["m+", "c"], 2, false);
    w.refuse_next();
    set_muted(&mut w, &student, true);
    assert_eq!(w.muted[&track], Muted::Yes);
    assert!(matches!(&w.read(&teacher)[..], [ServerMessage::ParticipantChanged { participant }] if participant.tracks[0].muted));
}

#[test]
fn a_mute_said_while_the_offer_is_under_way_holds() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    w.hold_answers = true;
    w.offer(&student, &["m"], 1, true);
    set_muted(&mut w, &student, true);
    w.answer_next();
    assert!(w.muted.values().all(|muted| *muted == Muted::Yes) && w.muted.len() == 1);
}

#[test]
fn a_source_taken_back_by_its_owner_starts_anew_but_not_against_the_teacher() {
    let mut w = World::new();
    let (teacher, student) = (w.join("T", Role::Teacher), w.join_with_media("S", Role::Student));
    w.say(&student, ClientMessage::SetMuted { source: TrackSource::Camera, muted: true });
    mute_other(&mut w, &teacher, &student);
    w.offer(&student, &[], 2, false);
    w.offer(&student, &["m", "c"], 2, false);
    let info = w.info(student.id);
    assert_eq!(info.tracks.iter().map(|t| t.muted).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_sound_profile_is_announced() {
    let mut w = World::new();
    let (teacher, student) = (w.join("T", Role::Teacher), w.join("S", Role::Student));
    w.read(&teacher);
    w.say(&student, ClientMessage::SetSoundProfile { profile: SoundProfile::Studio });
    assert!(
        matches!(&w.read(&teacher)[..], [ServerMessage::ParticipantChanged { participant }] if participant.sound_profile == SoundProfile::Studio)
    );
}

#[test]
fn chat_reaches_everybody_and_those_who_come_later() {
    let mut w = World::new();
    let (teacher, student) = (w.join("Frau Lindqvist", Role::Teacher), w.join("S", Role::Student));
    w.read(&teacher);
    w.say(&teacher, ClientMessage::Chat { text: " Takt 12 <b>bitte</b>\u{202E} ".into(), to: None });
    for who in [&teacher, &student] {
        let told = w.read(who);
        assert!(
            matches!(&told[..], [ServerMessage::Chat { message }] if message.text == "Takt 12 <b>bitte</b>" && message.from == teacher.id)
        );
    }
    w.say(&teacher, ClientMessage::Leave);
    let request = w.request("G", Role::Guest);
    let (_, _, snapshot) = w.welcome(request);
    assert_eq!((snapshot.chat[0].name.as_str(), snapshot.chat[0].sent_at), ("Frau Lindqvist", 1_000_000));
}

#[test]
fn chat_is_bounded() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    w.say(&student, ClientMessage::Chat { text: " \u{200B}".into(), to: None });
    w.say(&student, ClientMessage::Chat { text: "x".repeat(2001), to: None });
    assert_eq!(w.errors(&student), [ErrorCode::ChatEmpty, ErrorCode::ChatTooLong]);
    for n in 0..1000 {
        w.say(&student, ClientMessage::Chat { text: n.to_string(), to: None });
    }
    let request = w.request("G", Role::Guest);
    let (_, _, snapshot) = w.welcome(request);
    assert_eq!(snapshot.chat.len(), 100);
    assert_eq!((snapshot.chat[0].text.as_str(), snapshot.chat[99].text.as_str()), ("900", "999"));
}
