//! Who may do what, and what it does.

use crate::world::{Browser, World};
use auftakt_media::worker::Muted;
use auftakt_signaling::wire::*;
use auftakt_signaling::*;

const ROLES: [Role; 5] = [Role::Teacher, Role::Student, Role::Guest, Role::Moderator, Role::Attendee];

/// Everything that only some may do, aimed at `other`.
fn leaders_messages(other: ParticipantId) -> Vec<ClientMessage> {
    vec![
        ClientMessage::MuteOther { participant: other, source: TrackSource::Microphone },
        ClientMessage::MuteAll,
        ClientMessage::AskUnmute { participant: other },
        ClientMessage::Admit { participants: vec![other] },
        ClientMessage::AdmitAll,
        ClientMessage::Dismiss { participant: other },
        ClientMessage::SetLocked { locked: true },
        ClientMessage::LowerHand { participant: other },
        ClientMessage::GiveFloor { participant: Some(other) },
        ClientMessage::SetSpotlight { stream: Some(SeatedStream { participant: other, stream: StreamKind::Main }) },
        ClientMessage::SetScreens { screens: ScreenPolicy::Many },
        ClientMessage::SetScreens { screens: ScreenPolicy::One },
        ClientMessage::Remove { participant: other },
    ]
}

fn everybodys_messages(other: ParticipantId) -> Vec<ClientMessage> {
    let tracks = vec![OfferedTrack { mid: "m".into(), source: TrackSource::Microphone, muted: false }];
    vec![
        ClientMessage::Offer { id: 9, sdp: ">am ".into(), tracks, seats: vec![], fresh: true },
        ClientMessage::SetMuted { source: TrackSource::Microphone, muted: true },
        ClientMessage::SetSoundProfile { profile: SoundProfile::Studio },
        ClientMessage::Chat { text: "Hallo".into(), to: None },
        ClientMessage::Chat { text: "Psst".into(), to: Some(other) },
        ClientMessage::SetView { wanted: vec![], pinned: 0, sizes: vec![] },
        ClientMessage::RaiseHand { up: true },
        ClientMessage::React { reaction: Reaction::Applause },
        ClientMessage::Ping { id: 1 },
    ]
}

/// Somebody of a role inside, wherever one has to be let in.
fn inside(w: &mut World, name: &str, role: Role) -> Browser {
    let request = w.request(name, role);
    let socket = request.socket;
    w.input(Input::Join(request));
    match w.take(socket) {
        Some(ServerMessage::Welcome { you, resume, .. }) => Browser { socket, id: you, resume },
        Some(ServerMessage::Waiting { resume, .. }) => {
            let host = w.join("host", Role::Moderator);
            w.say(&host, ClientMessage::AdmitAll);
            w.say(&host, ClientMessage::Leave);
            w.let_in(&crate::world::Outside { socket, resume })
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_role_may_do_what_it_may_and_nothing_else() {
    for kind in [RoomKind::Lesson, RoomKind::Conference] {
        for role in ROLES {
            let leads = matches!(role, Role::Teacher | Role::Moderator);
            let count = leaders_messages(ParticipantId(0)).len();
            for index in 0..count + everybodys_messages(ParticipantId(0)).len() {
                let mut w = World::of(kind, Limits { participants: 9, viewers: 0, heard: 5 });
                let (who, other) = (inside(&mut w, "W", role), w.join_with_media("O", Role::Student));
                w.offer(&who, &["m"], 1, true);
                w.say(&other, ClientMessage::RaiseHand { up: true });
                w.read(&who);
                w.read(&other);
                let (message, for_leaders) = match index.checked_sub(count) {
                    None => (leaders_messages(other.id).swap_remove(index), true),
                    Some(index) => (everybodys_messages(other.id).swap_remove(index), false),
                };
                let floor_in_lesson = kind == RoomKind::Lesson && matches!(message, ClientMessage::GiveFloor { .. });
                let allowed = (!for_leaders || leads) && !floor_in_lesson;
                w.say(&who, message.clone());
                let expected = if allowed { vec![] } else { vec![ErrorCode::NotAllowed] };
                assert_eq!(w.errors(&who), expected, "{kind:?} {role:?} {message:?}");
                if !allowed {
                    let muted = w.muted[&w.track(&other, "m")];
                    assert_eq!((w.read(&other), muted), (vec![], Muted::No), "{kind:?} {role:?} {message:?} has an effect");
                    assert!(!w.closed.contains_key(&other.socket));
                }
            }
        }
    }
}

#[test]
fn nothing_aimed_at_nobody_does_anything() {
    let mut w = World::conference();
    let (moderator, attendee) = (w.join("M", Role::Moderator), w.join_with_media("A", Role::Attendee));
    w.read(&moderator);
    w.read(&attendee);
    for message in leaders_messages(ParticipantId(4_000_000_000)) {
        let general = matches!(message, ClientMessage::MuteAll | ClientMessage::SetLocked { .. } | ClientMessage::SetScreens { .. });
        if !general {
            w.say(&moderator, message.clone());
            assert_eq!((w.read(&moderator), w.read(&attendee)), (vec![], vec![]), "{message:?}");
        }
    }
}

#[test]
fn nobody_removes_oneself() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    w.say(&moderator, ClientMessage::Remove { participant: moderator.id });
    assert_eq!(w.errors(&moderator), [ErrorCode::NotAllowed]);
    assert_eq!(w.room.size().0, 1);
}

#[test]
fn mute_all_spares_the_asker_and_who_leads() {
    let mut w = World::conference();
    let people = [("M", Role::Moderator), ("N", Role::Moderator), ("A", Role::Attendee), ("B", Role::Attendee)];
    let people = people.map(|(name, role)| w.join_with_media(name, role));
    let silent = w.join("without microphone", Role::Attendee);
    w.say(&people[3], ClientMessage::SetMuted { source: TrackSource::Microphone, muted: true });
    people.iter().for_each(|who| drop(w.read(who)));
    w.read(&silent);
    w.say(&people[0], ClientMessage::MuteAll);
    let muted = people.each_ref().map(|who| w.muted[&w.track(who, "m")] == Muted::Yes);
    assert_eq!(muted, [false, false, true, true]);
    assert!(people.iter().all(|who| w.muted[&w.track(who, "c")] == Muted::No), "pictures stay");
    let told =
        people.each_ref().map(|who| w.read(who).contains(&ServerMessage::MutedBy { source: TrackSource::Microphone, by: people[0].id }));
    assert_eq!(told, [false, false, true, false], "who was silent already was not silenced");
    w.say(&people[2], ClientMessage::SetMuted { source: TrackSource::Microphone, muted: false });
    assert_eq!(w.muted[&w.track(&people[2], "m")], Muted::No, "everybody may speak again by oneself");
}

#[test]
fn somebody_silent_is_asked_to_unmute_and_stays_silent() {
    let mut w = World::new();
    let (teacher, student) = (w.join("T", Role::Teacher), w.join_with_media("S", Role::Student));
    w.say(&teacher, ClientMessage::AskUnmute { participant: student.id });
    let asked = ServerMessage::AskedToUnmute { by: teacher.id };
    assert!(!w.read(&student).contains(&asked), "is heard already");
    w.say(&student, ClientMessage::SetMuted { source: TrackSource::Microphone, muted: true });
    w.say(&teacher, ClientMessage::AskUnmute { participant: student.id });
    assert!(w.read(&student).contains(&asked));
    assert_eq!(w.muted[&w.track(&student, "m")], Muted::Yes);
}

fn hands(w: &mut World, of: &[&Browser]) -> Vec<Option<u32>> {
    of.iter().map(|who| w.info(who.id).hand).collect()
}

#[test]
fn hands_go_up_in_order_and_down_by_whoever_may() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let (a, b, c) = (w.join("A", Role::Attendee), w.join("B", Role::Attendee), w.join("C", Role::Attendee));
    for who in [&b, &a, &c, &b] {
        w.say(who, ClientMessage::RaiseHand { up: true });
    }
    assert_eq!(hands(&mut w, &[&a, &b, &c]), [Some(2), Some(1), Some(3)], "raising twice changes nothing");
    w.say(&b, ClientMessage::RaiseHand { up: false });
    w.say(&b, ClientMessage::RaiseHand { up: true });
    assert_eq!(hands(&mut w, &[&a, &b, &c]), [Some(2), Some(4), Some(3)], "at the end of the line");
    w.read(&a);
    w.say(&moderator, ClientMessage::LowerHand { participant: a.id });
    assert!(matches!(&w.read(&a)[..], [ServerMessage::ParticipantChanged { participant }] if participant.hand.is_none()));
    w.say(&moderator, ClientMessage::LowerHand { participant: a.id });
    assert_eq!(w.read(&a), [], "nothing new");
    // A hand stays up while its owner looks for a network.
    w.input(Input::SocketLost(c.socket));
    assert_eq!(hands(&mut w, &[&c]), [Some(3)]);
}

/// The latest settings somebody was told.
fn settings(w: &mut World, of: &Browser) -> Option<RoomSettings> {
    w.read(of).into_iter().rev().find_map(|message| match message {
        ServerMessage::RoomChanged { settings } => Some(settings),
        _ => None,
    })
}

#[test]
fn the_floor_lowers_the_hand_and_ends_with_its_holder() {
    let mut w = World::conference();
    let (moderator, a) = (w.join("M", Role::Moderator), w.join("A", Role::Attendee));
    w.say(&a, ClientMessage::RaiseHand { up: true });
    w.say(&moderator, ClientMessage::GiveFloor { participant: Some(a.id) });
    assert_eq!(settings(&mut w, &a).unwrap().floor, Some(a.id));
    assert_eq!(hands(&mut w, &[&a]), [None]);
    w.say(&moderator, ClientMessage::GiveFloor { participant: None });
    assert_eq!(settings(&mut w, &a).unwrap().floor, None);
    w.say(&moderator, ClientMessage::GiveFloor { participant: Some(a.id) });
    w.input(Input::SocketLost(a.socket));
    assert_eq!(settings(&mut w, &moderator).unwrap().floor, Some(a.id), "a lost socket is no end");
    w.wait(std::time::Duration::from_secs(31));
    assert_eq!(settings(&mut w, &moderator).unwrap().floor, None);
}

#[test]
fn the_spotlight_ends_with_its_stream() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let a = w.join_with_media("A", Role::Attendee);
    let screen = SeatedStream { participant: a.id, stream: StreamKind::Screen };
    w.read(&moderator);
    w.say(&moderator, ClientMessage::SetSpotlight { stream: Some(screen) });
    assert_eq!(settings(&mut w, &moderator), None, "there is no such stream");
    w.offer(&a, &["m", "c", "s"], 2, false);
    w.say(&moderator, ClientMessage::SetSpotlight { stream: Some(screen) });
    let request = w.request("B", Role::Attendee);
    assert_eq!(w.welcome(request).2.settings.spotlight, Some(screen), "who comes later knows it");
    w.offer(&a, &["m", "c"], 2, false);
    assert_eq!(settings(&mut w, &moderator).unwrap().spotlight, None);
}

#[test]
fn a_sign_reaches_everybody_and_its_sender() {
    let mut w = World::conference();
    let (a, b) = (w.join("A", Role::Attendee), w.join("B", Role::Attendee));
    w.read(&a);
    w.say(&a, ClientMessage::React { reaction: Reaction::Heart });
    let sign = [ServerMessage::Reacted { participant: a.id, reaction: Reaction::Heart }];
    assert_eq!((w.read(&a), w.read(&b)), (sign.to_vec(), sign.to_vec()));
}

#[test]
fn what_is_said_to_one_is_read_by_two() {
    let mut w = World::conference();
    let (a, b, c) = (w.join("A", Role::Attendee), w.join("B", Role::Attendee), w.join("C", Role::Moderator));
    for who in [&a, &b, &c] {
        w.read(who);
    }
    w.say(&a, ClientMessage::Chat { text: "unter uns".into(), to: Some(b.id) });
    for who in [&a, &b] {
        let told = w.read(who);
        assert!(matches!(&told[..], [ServerMessage::Chat { message }] if message.text == "unter uns" && message.to == Some(b.id)));
    }
    assert_eq!(w.read(&c), [], "not the moderator either");
    w.say(&c, ClientMessage::Chat { text: "an alle".into(), to: None });
    let request = w.request("D", Role::Attendee);
    assert_eq!(w.welcome(request).2.chat.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["an alle"]);
    // Both see it again when they come back.
    for who in [&a, &b, &c] {
        w.input(Input::SocketLost(who.socket));
        let back = JoinRequest { resume: Some(who.resume.clone()), ..w.request("x", Role::Attendee) };
        let texts: Vec<_> = w.welcome(back).2.chat.into_iter().map(|m| m.text).collect();
        let expected: &[&str] = if who.id == c.id { &["an alle"] } else { &["unter uns", "an alle"] };
        assert_eq!(texts, expected);
    }
}

#[test]
fn a_private_message_to_nobody_is_refused_and_one_to_a_lost_socket_kept() {
    let mut w = World::conference();
    let (a, b) = (w.join("A", Role::Attendee), w.join("B", Role::Attendee));
    w.input(Input::SocketLost(b.socket));
    w.say(&a, ClientMessage::Chat { text: "noch da?".into(), to: Some(b.id) });
    assert_eq!(w.errors(&a), []);
    w.wait(std::time::Duration::from_secs(31));
    for to in [b.id, ParticipantId(999)] {
        w.read(&a);
        w.say(&a, ClientMessage::Chat { text: "noch da?".into(), to: Some(to) });
        assert_eq!(w.errors(&a), [ErrorCode::RecipientGone]);
    }
    w.say(&a, ClientMessage::Chat { text: "an mich".into(), to: Some(a.id) });
    assert_eq!(w.read(&a).len(), 1, "once");
}

#[test]
fn whispering_pushes_nothing_out_that_was_said_to_all() {
    let mut w = World::conference();
    let (a, b) = (w.join("A", Role::Attendee), w.join("B", Role::Attendee));
    w.say(&a, ClientMessage::Chat { text: "an alle".into(), to: None });
    for n in 0..1000 {
        w.say(&a, ClientMessage::Chat { text: n.to_string(), to: Some(b.id) });
    }
    let request = w.request("C", Role::Attendee);
    assert_eq!(w.welcome(request).2.chat.len(), 1);
    let back = JoinRequest { resume: Some(b.resume.clone()), ..w.request("B", Role::Attendee) };
    let chat = w.welcome(back).2.chat;
    assert_eq!((chat.len(), chat[99].text.as_str()), (100, "999"));
}
