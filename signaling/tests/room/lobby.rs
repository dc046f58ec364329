//! Who waits, who lets them in, and who need not wait again.

use crate::world::{Browser, Outside, World};
use auftakt_signaling::wire::*;
use auftakt_signaling::*;
use std::time::Duration;

const fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn guest(w: &mut World, name: &str) -> Outside {
    let request = w.request(name, Role::Guest);
    w.wait_outside(request).0
}

/// The last list of waiting people that somebody was told.
fn lobby(w: &mut World, of: &Browser) -> Option<Vec<(u32, String)>> {
    w.wait(Duration::from_millis(250));
    w.read(of).into_iter().rev().find_map(|message| match message {
        ServerMessage::Lobby { waiting } => Some(waiting.into_iter().map(|who| (who.id.0, who.name)).collect()),
        _ => None,
    })
}

fn hosts(w: &mut World, outside: &Outside) -> Vec<Vec<String>> {
    let told = w.read_socket(outside.socket).into_iter().filter_map(|message| match message {
        ServerMessage::Waiting { hosts, .. } => Some(hosts),
        _ => None,
    });
    told.collect()
}

fn admit(w: &mut World, by: &Browser, ids: &[u32]) {
    let participants = ids.iter().copied().map(ParticipantId).collect();
    w.say(by, ClientMessage::Admit { participants });
}

#[test]
fn a_guest_of_a_conference_waits_until_let_in() {
    let mut w = World::conference();
    let attendee = w.join("Herr Okafor", Role::Attendee);
    let request = w.request("Opa", Role::Guest);
    let (outside, told) = w.wait_outside(request);
    assert_eq!(told, Vec::<String>::new(), "an attendee lets nobody in");
    let moderator = w.join("Frau Adler", Role::Moderator);
    assert_eq!(hosts(&mut w, &outside), [["Frau Adler"]]);
    w.read(&attendee);
    admit(&mut w, &moderator, &[2]);
    let inside = w.let_in(&outside);
    assert_eq!(inside.id, ParticipantId(2), "the id it waited with");
    assert_ne!(inside.resume, outside.resume);
    assert!(matches!(&w.read(&attendee)[..], [ServerMessage::ParticipantJoined { participant }] if participant.id == inside.id));
    w.say(&inside, ClientMessage::Chat { text: "Guten Tag".into(), to: None });
    assert_eq!(w.errors(&inside), []);
}

#[test]
fn the_order_on_the_roster_is_that_of_coming_in() {
    let mut w = World::conference();
    let outside = guest(&mut w, "G");
    let moderator = w.join("M", Role::Moderator);
    admit(&mut w, &moderator, &[1]);
    w.let_in(&outside);
    let request = w.request("A", Role::Attendee);
    let (_, _, snapshot) = w.welcome(request);
    assert_eq!(snapshot.participants.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["M", "G", "A"]);
}

#[test]
fn those_who_may_let_in_see_who_waits_and_nobody_else_does() {
    let mut w = World::conference();
    let (moderator, attendee) = (w.join("M", Role::Moderator), w.join("A", Role::Attendee));
    let (first, second) = (guest(&mut w, "Anna"), guest(&mut w, "Bo"));
    assert_eq!(lobby(&mut w, &moderator).unwrap(), [(3, "Anna".to_owned()), (4, "Bo".to_owned())]);
    assert_eq!(w.read(&attendee), []);
    let request = w.request("M2", Role::Moderator);
    let (_, _, snapshot) = w.welcome(request);
    assert_eq!((snapshot.lobby.len(), snapshot.lobby[0].since), (2, 1_000_000));
    let request = w.request("A2", Role::Attendee);
    assert_eq!(w.welcome(request).2.lobby, []);
    w.say_on(first.socket, ClientMessage::Leave);
    assert_eq!(w.closed[&first.socket], CloseReason::Left);
    w.say_on(second.socket, ClientMessage::Leave);
    assert_eq!(lobby(&mut w, &moderator).unwrap(), []);
}

#[test]
fn who_waits_can_do_nothing_but_wait() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let outside = guest(&mut w, "G");
    w.wait(seconds(1));
    w.read(&moderator);
    for message in [
        ClientMessage::Chat { text: "lasst mich rein".into(), to: None },
        ClientMessage::AdmitAll,
        ClientMessage::RaiseHand { up: true },
        ClientMessage::Offer { id: 1, sdp: ">am ".into(), tracks: vec![], seats: vec![], fresh: true },
    ] {
        w.say_on(outside.socket, message);
        assert_eq!(w.read_socket(outside.socket), [ServerMessage::Error { code: ErrorCode::NotAllowed, id: None }]);
    }
    let again = JoinRequest { socket: outside.socket, ..w.request("G", Role::Moderator) };
    w.input(Input::Join(again));
    assert_eq!(w.read_socket(outside.socket), [ServerMessage::Error { code: ErrorCode::NotAllowed, id: None }]);
    w.say_on(outside.socket, ClientMessage::Ping { id: 5 });
    assert_eq!(w.read_socket(outside.socket), [ServerMessage::Pong { id: 5 }]);
    w.say(&moderator, ClientMessage::Chat { text: "intern".into(), to: None });
    w.say(&moderator, ClientMessage::SetLocked { locked: true });
    w.wait(seconds(5));
    assert_eq!(w.read_socket(outside.socket), [], "nothing of the room is heard outside");
    assert!(w.peers.is_empty());
}

#[test]
fn one_several_all_and_nobody_are_let_in() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let outside: Vec<Outside> = (0..6).map(|n| guest(&mut w, &format!("G{n}"))).collect();
    admit(&mut w, &moderator, &[2]);
    admit(&mut w, &moderator, &[3, 99, 4, 3]);
    w.say(&moderator, ClientMessage::Dismiss { participant: ParticipantId(5) });
    w.say(&moderator, ClientMessage::Dismiss { participant: ParticipantId(99) });
    w.say(&moderator, ClientMessage::Dismiss { participant: moderator.id });
    assert_eq!(w.closed.get(&moderator.socket), None);
    assert_eq!(w.closed[&outside[3].socket], CloseReason::Fatal(ErrorCode::Dismissed));
    w.say(&moderator, ClientMessage::AdmitAll);
    assert_eq!(lobby(&mut w, &moderator).unwrap(), []);
    for index in [0, 1, 2, 4, 5] {
        assert_eq!(w.let_in(&outside[index]).id.0, 2 + index as u32);
    }
    assert_eq!(w.errors(&moderator), []);
    // Turned away is not removed: coming again is waiting again.
    guest(&mut w, "G3");
}

#[test]
fn the_lobby_is_bounded_and_so_is_the_room() {
    let mut w = World::of(RoomKind::Conference, Limits { participants: 3, viewers: 0, heard: 5 });
    let moderator = w.join("M", Role::Moderator);
    let outside: Vec<Outside> = (0..100).map(|n| guest(&mut w, &format!("G{n}"))).collect();
    let request = w.request("too many", Role::Guest);
    let socket = request.socket;
    w.input(Input::Join(request));
    assert_eq!(w.read_socket(socket), [ServerMessage::Error { code: ErrorCode::LobbyFull, id: None }]);
    assert_eq!(w.closed[&socket], CloseReason::Fatal(ErrorCode::LobbyFull));
    w.read(&moderator);
    w.say(&moderator, ClientMessage::AdmitAll);
    assert_eq!(w.errors(&moderator), [ErrorCode::NoPlaceLeft]);
    assert_eq!(w.room.size().0, 3);
    assert_eq!(lobby(&mut w, &moderator), None, "told at once, before");
    w.let_in(&outside[1]);
    w.say_on(outside[2].socket, ClientMessage::Ping { id: 1 });
    assert_eq!(w.read_socket(outside[2].socket), [ServerMessage::Pong { id: 1 }], "the others go on waiting");
}

#[test]
fn waiting_survives_a_lost_socket_for_a_while() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let outside = guest(&mut w, "G");
    w.input(Input::SocketLost(outside.socket));
    w.wait(seconds(29));
    assert_eq!(lobby(&mut w, &moderator).unwrap().len(), 1);
    let back = JoinRequest { resume: Some(outside.resume.clone()), ..w.request("Gesa", Role::Guest) };
    let (again, told) = w.wait_outside(back);
    assert_eq!((again.resume.as_str(), told), (outside.resume.as_str(), vec!["M".to_owned()]));
    w.wait(seconds(60));
    assert_eq!(lobby(&mut w, &moderator).unwrap(), [(2, "Gesa".to_owned())], "the same place, the new name");
    w.input(Input::SocketLost(again.socket));
    w.wait(seconds(31));
    assert_eq!(lobby(&mut w, &moderator).unwrap(), []);
}

#[test]
fn a_second_tab_takes_the_place_in_the_lobby() {
    let mut w = World::conference();
    let outside = guest(&mut w, "G");
    let second = JoinRequest { resume: Some(outside.resume.clone()), ..w.request("G", Role::Guest) };
    w.wait_outside(second);
    assert_eq!(w.closed[&outside.socket], CloseReason::Fatal(ErrorCode::ReplacedElsewhere));
    // Without the secret but through the same link: only a lost self makes room.
    let link = LinkId(77);
    let first = JoinRequest { link, ..w.request("H", Role::Guest) };
    let (lost, _) = w.wait_outside(first);
    w.input(Input::SocketLost(lost.socket));
    let request = JoinRequest { link, ..w.request("H", Role::Guest) };
    w.wait_outside(request);
    let moderator = w.request("M", Role::Moderator);
    assert_eq!(w.welcome(moderator).2.lobby.len(), 2);
}

#[test]
fn who_is_let_in_while_the_socket_is_lost_comes_back_inside() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let outside = guest(&mut w, "G");
    w.input(Input::SocketLost(outside.socket));
    w.say(&moderator, ClientMessage::AdmitAll);
    assert_eq!(w.room.size().0, 2);
    // All its page knows is the secret it waited with.
    let back = JoinRequest { resume: Some(outside.resume.clone()), ..w.request("G", Role::Guest) };
    let (inside, resumed, _) = w.welcome(back);
    assert!(!resumed && inside.id == ParticipantId(2) && inside.resume != outside.resume);
}

#[test]
fn who_was_inside_does_not_wait_again() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let outside = guest(&mut w, "G");
    w.say(&moderator, ClientMessage::AdmitAll);
    w.say(&moderator, ClientMessage::SetLocked { locked: true });
    let inside = w.let_in(&outside);
    w.input(Input::SocketLost(inside.socket));
    let back = JoinRequest { resume: Some(inside.resume.clone()), ..w.request("G", Role::Guest) };
    let (again, _, _) = w.welcome(back);
    assert_eq!(again.id, inside.id);
    // Later than the place is kept, or after a restart of the server: the secret's own word counts.
    w.say(&again, ClientMessage::Leave);
    let back = JoinRequest { resume: Some(inside.resume.clone()), standing: Standing::Admitted, ..w.request("G", Role::Guest) };
    w.welcome(back);
    let back = JoinRequest { resume: Some(inside.resume), ..w.request("G", Role::Guest) };
    w.wait_outside(back);
}

#[test]
fn a_locked_room_lets_nobody_new_in_but_who_leads() {
    for kind in [RoomKind::Lesson, RoomKind::Conference] {
        let mut w = World::of(kind, Limits { participants: 50, viewers: 0, heard: 5 });
        let leader = if kind == RoomKind::Lesson { Role::Teacher } else { Role::Moderator };
        let (host, attendee) = (w.join("M", leader), w.join("A", Role::Attendee));
        w.say(&host, ClientMessage::SetLocked { locked: true });
        let told = w.read(&attendee);
        assert!(matches!(&told[..], [ServerMessage::RoomChanged { settings }] if settings.locked), "{told:?}");
        let mut waiting = vec![];
        for role in [Role::Student, Role::Attendee, Role::Guest] {
            let request = w.request("new", role);
            waiting.push(w.wait_outside(request).0);
        }
        w.join("M2", leader);
        assert_eq!(w.room.size().0, 3);
        w.say(&host, ClientMessage::SetLocked { locked: false });
        // Opened: who had to wait for nothing else comes in by itself.
        for (index, outside) in waiting.iter().enumerate() {
            let welcomed = w.read_socket(outside.socket).iter().any(|m| matches!(m, ServerMessage::Welcome { .. }));
            assert_eq!(welcomed, kind == RoomKind::Lesson || index < 2, "{kind:?} {index}");
        }
    }
}

#[test]
fn the_lock_ends_with_the_last_who_goes_unless_somebody_waits() {
    let mut w = World::new();
    let teacher = w.join("T", Role::Teacher);
    w.say(&teacher, ClientMessage::SetLocked { locked: true });
    w.say(&teacher, ClientMessage::Leave);
    let student = w.join("S", Role::Student);
    let teacher = w.join("T", Role::Teacher);
    w.say(&teacher, ClientMessage::SetLocked { locked: true });
    let request = w.request("next", Role::Student);
    let (outside, _) = w.wait_outside(request);
    w.say(&student, ClientMessage::Leave);
    w.say(&teacher, ClientMessage::Leave);
    assert!(w.read_socket(outside.socket).iter().all(|message| !matches!(message, ServerMessage::Welcome { .. })));
    let request = w.request("another", Role::Student);
    w.wait_outside(request);
}

#[test]
fn who_was_removed_comes_back_only_through_the_lobby() {
    for role in [Role::Attendee, Role::Guest, Role::Moderator] {
        let mut w = World::conference();
        let moderator = w.join("M", Role::Moderator);
        let request = w.request("A", role);
        let link = request.link;
        let removed = match role {
            Role::Guest => {
                let (outside, _) = w.wait_outside(request);
                w.say(&moderator, ClientMessage::AdmitAll);
                w.let_in(&outside)
            }
            _ => w.welcome(request).0,
        };
        w.offer(&removed, &["m", "c"], 2, true);
        w.read(&removed);
        w.read(&moderator);
        w.say(&moderator, ClientMessage::Remove { participant: removed.id });
        assert_eq!(w.errors(&removed), [ErrorCode::Removed]);
        assert_eq!(w.closed[&removed.socket], CloseReason::Fatal(ErrorCode::Removed));
        assert!(w.read(&moderator).contains(&ServerMessage::ParticipantLeft { participant: removed.id }));
        assert!(w.peers.is_empty(), "nothing of it is received any more");
        // Neither the secret nor its own word helps.
        let again = JoinRequest { link, resume: Some(removed.resume.clone()), standing: Standing::Admitted, ..w.request("A", role) };
        let (outside, _) = w.wait_outside(again);
        w.say(&moderator, ClientMessage::AdmitAll);
        let inside = w.let_in(&outside);
        // Let in again: it stays when it loses its socket, but whoever takes the same link anew waits.
        w.input(Input::SocketLost(inside.socket));
        let back = JoinRequest { link, resume: Some(inside.resume), ..w.request("A", role) };
        assert_eq!(w.welcome(back).0.id, inside.id);
        // Others are not concerned.
        w.join("B", Role::Attendee);
    }
}

#[test]
fn removing_somebody_whose_socket_is_lost_is_final_too() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let request = w.request("A", Role::Attendee);
    let link = request.link;
    let (attendee, _, _) = w.welcome(request);
    w.input(Input::SocketLost(attendee.socket));
    w.say(&moderator, ClientMessage::Remove { participant: attendee.id });
    let back = JoinRequest { link, resume: Some(attendee.resume), ..w.request("A", Role::Attendee) };
    w.wait_outside(back);
    for id in [attendee.id, ParticipantId(999)] {
        w.say(&moderator, ClientMessage::Remove { participant: id });
    }
    assert_eq!(w.errors(&moderator), [], "unknown ids are harmless");
}

#[test]
fn the_list_of_who_was_removed_is_bounded() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let mut links = vec![];
    for _ in 0..257 {
        let request = w.request("A", Role::Attendee);
        links.push(request.link);
        let (attendee, _, _) = w.welcome(request);
        w.say(&moderator, ClientMessage::Remove { participant: attendee.id });
    }
    let last = JoinRequest { link: links[256], ..w.request("A", Role::Attendee) };
    w.wait_outside(last);
    let first = JoinRequest { link: links[0], ..w.request("A", Role::Attendee) };
    w.welcome(first);
}

#[test]
fn hosts_are_told_anew_when_they_change_and_only_then() {
    let mut w = World::conference();
    let outside = guest(&mut w, "G");
    let moderator = w.join("M", Role::Moderator);
    w.join("A", Role::Attendee);
    assert_eq!(hosts(&mut w, &outside), [["M"]]);
    w.input(Input::SocketLost(moderator.socket));
    w.wait(seconds(1));
    assert_eq!(hosts(&mut w, &outside), Vec::<Vec<String>>::new(), "a short loss is noticed by nobody");
    w.wait(seconds(2));
    assert_eq!(hosts(&mut w, &outside), [Vec::<String>::new()]);
    let back = JoinRequest { resume: Some(moderator.resume), ..w.request("Frau M", Role::Moderator) };
    w.welcome(back);
    assert_eq!(hosts(&mut w, &outside), [["Frau M"]]);
}

#[test]
fn an_expired_link_waits_for_nothing() {
    let mut w = World::conference();
    let request = JoinRequest { link_state: LinkState::Expired, ..w.request("G", Role::Guest) };
    let socket = request.socket;
    w.input(Input::Join(request));
    assert_eq!(w.closed[&socket], CloseReason::Fatal(ErrorCode::LinkExpired));
    // But who waits already goes on waiting when the link expires meanwhile.
    let outside = guest(&mut w, "G");
    let back = JoinRequest { link_state: LinkState::Expired, resume: Some(outside.resume), ..w.request("G", Role::Guest) };
    w.wait_outside(back);
}

#[test]
fn a_better_link_ends_the_waiting() {
    let mut w = World::conference();
    let outside = guest(&mut w, "G");
    let better = JoinRequest { resume: Some(outside.resume), ..w.request("G", Role::Attendee) };
    w.welcome(better);
    assert_eq!(w.closed[&outside.socket], CloseReason::Fatal(ErrorCode::ReplacedElsewhere));
    let moderator = w.request("M", Role::Moderator);
    assert_eq!(w.welcome(moderator).2.lobby, []);
}

#[test]
fn a_room_lives_while_somebody_waits_and_ends_after() {
    let mut w = World::conference();
    let outside = guest(&mut w, "G");
    w.wait(seconds(3600));
    assert!(!w.ended);
    w.say_on(outside.socket, ClientMessage::Leave);
    w.wait(seconds(31));
    assert!(w.ended);
}

#[test]
fn when_the_server_stops_who_waits_is_told_too() {
    let mut w = World::conference();
    let outside = guest(&mut w, "G");
    w.input(Input::Shutdown);
    assert_eq!(w.read_socket(outside.socket), [ServerMessage::Error { code: ErrorCode::ServerFault, id: None }]);
    assert_eq!(w.closed[&outside.socket], CloseReason::ServerStops);
    assert!(w.ended);
}

#[test]
fn the_lost_self_of_a_guest_goes_when_the_guest_is_let_in_again_and_not_before() {
    let mut w = World::conference();
    let moderator = w.join("M", Role::Moderator);
    let link = LinkId(500);
    let request = JoinRequest { link, ..w.request("G", Role::Guest) };
    let (outside, _) = w.wait_outside(request);
    w.say(&moderator, ClientMessage::AdmitAll);
    let inside = w.let_in(&outside);
    w.input(Input::SocketLost(inside.socket));
    w.read(&moderator);
    // Anybody with this link could say this name.
    let request = JoinRequest { link, ..w.request("G", Role::Guest) };
    let (outside, _) = w.wait_outside(request);
    assert!(!w.read(&moderator).contains(&ServerMessage::ParticipantLeft { participant: inside.id }));
    w.say(&moderator, ClientMessage::AdmitAll);
    w.let_in(&outside);
    assert!(w.read(&moderator).contains(&ServerMessage::ParticipantLeft { participant: inside.id }));
}
