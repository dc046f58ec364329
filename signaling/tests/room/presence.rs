//! Coming, coming back, going.

use crate::world::World;
use auftakt_signaling::wire::*;
use auftakt_signaling::*;
use std::time::Duration;

const fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

#[test]
fn whoever_comes_sees_everybody_and_is_seen() {
    let mut w = World::new();
    let teacher = w.join("Frau Lindqvist", Role::Teacher);
    let request = w.request("Mia", Role::Student);
    let (student, resumed, snapshot) = w.welcome(request);
    assert!(!resumed);
    let names: Vec<_> = snapshot.participants.iter().map(|p| (p.name.as_str(), p.role)).collect();
    assert_eq!(names, [("Frau Lindqvist", Role::Teacher), ("Mia", Role::Student)]);
    assert_eq!((snapshot.room.as_str(), snapshot.started_at), ("Geige", 1_000_000));
    assert!(matches!(&w.read(&teacher)[..], [ServerMessage::ParticipantJoined { participant }] if participant.id == student.id));
    assert!(w.read(&student).is_empty(), "the snapshot has said it");
}

#[test]
fn leaving_is_at_once() {
    let mut w = World::new();
    let (teacher, student) = (w.join("T", Role::Teacher), w.join("S", Role::Student));
    w.read(&teacher);
    w.say(&student, ClientMessage::Leave);
    assert_eq!(w.closed[&student.socket], CloseReason::Left);
    assert_eq!(w.read(&teacher), [ServerMessage::ParticipantLeft { participant: student.id }]);
}

#[test]
fn a_short_loss_is_noticed_by_nobody() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    // Who is heard is told a moment later.
    w.wait(seconds(1));
    w.read(&teacher);
    let before = w.playing().len();
    w.input(Input::SocketLost(student.socket));
    w.wait(seconds(1));
    let request = JoinRequest { resume: Some(student.resume.clone()), ..w.request("S", Role::Student) };
    let (again, resumed, snapshot) = w.welcome(request);
    assert_eq!((again.id, resumed, &again.resume), (student.id, true, &student.resume));
    assert_eq!(snapshot.seats.len(), 2, "the seats are still there");
    w.wait(seconds(60));
    assert_eq!(w.read(&teacher), []);
    assert_eq!(w.playing().len(), before, "media went on");
}

#[test]
fn a_longer_loss_is_shown_and_ends_after_thirty_seconds() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    // Who is heard is told a moment later.
    w.wait(seconds(1));
    w.read(&teacher);
    w.input(Input::SocketLost(student.socket));
    w.wait(seconds(3));
    assert!(matches!(&w.read(&teacher)[..], [ServerMessage::ParticipantChanged { participant }] if !participant.present));
    assert_eq!(w.peers.len(), 2);
    w.wait(Duration::from_millis(26_900));
    assert_eq!(w.read(&teacher), []);
    w.wait(Duration::from_millis(200));
    assert!(w.read(&teacher).contains(&ServerMessage::ParticipantLeft { participant: student.id }));
    assert_eq!(w.peers.len(), 1, "its connection is gone too");
    let request = JoinRequest { resume: Some(student.resume), ..w.request("S", Role::Student) };
    let (again, resumed, _) = w.welcome(request);
    assert!(!resumed && again.id != student.id, "too late: somebody new");
}

#[test]
fn coming_back_is_shown_when_the_loss_was() {
    let mut w = World::new();
    let (teacher, student) = (w.join("T", Role::Teacher), w.join("S", Role::Student));
    w.input(Input::SocketLost(student.socket));
    w.wait(seconds(5));
    w.read(&teacher);
    let request = JoinRequest { resume: Some(student.resume), ..w.request("S", Role::Student) };
    w.welcome(request);
    assert!(matches!(&w.read(&teacher)[..], [ServerMessage::ParticipantChanged { participant }] if participant.present));
}

#[test]
fn a_second_tab_replaces_the_first() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    let request = JoinRequest { resume: Some(student.resume.clone()), ..w.request("S", Role::Student) };
    let (second, _, _) = w.welcome(request);
    assert_eq!(second.id, student.id);
    assert_eq!(w.errors(&student), [ErrorCode::ReplacedElsewhere]);
    assert_eq!(w.closed[&student.socket], CloseReason::Fatal(ErrorCode::ReplacedElsewhere));
    w.input(Input::SocketLost(student.socket));
    w.wait(seconds(60));
    w.say(&second, ClientMessage::Ping { id: 7 });
    assert_eq!(w.read(&second), [ServerMessage::Pong { id: 7 }], "the old socket's end is not its end");
}

#[test]
fn a_wrong_secret_is_no_secret() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    for wrong in ["", "secret", "secret 1", "SECRET 2"] {
        let request = JoinRequest { resume: Some(wrong.into()), ..w.request("S", Role::Student) };
        let (other, resumed, _) = w.welcome(request);
        assert!(!resumed && other.id != student.id);
        w.say(&other, ClientMessage::Leave);
    }
    assert!(w.errors(&student).is_empty());
}

#[test]
fn an_expired_link_lets_back_in_but_not_in() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    let expired = JoinRequest { link_state: LinkState::Expired, ..w.request("S", Role::Student) };
    let socket = expired.socket;
    w.input(Input::Join(expired.clone()));
    assert_eq!(w.take(socket), Some(ServerMessage::Error { code: ErrorCode::LinkExpired, id: None }));
    assert_eq!(w.closed[&socket], CloseReason::Fatal(ErrorCode::LinkExpired));
    let request = JoinRequest { socket: SocketId(999), resume: Some(student.resume), ..expired };
    assert_eq!(w.welcome(request).0.id, student.id);
}

#[test]
fn the_lost_self_makes_room_when_its_secret_is_lost_too() {
    let mut w = World::new();
    let (teacher, student) = (w.join("T", Role::Teacher), w.join("Mia", Role::Student));
    w.input(Input::SocketLost(student.socket));
    let link = LinkId(u64::from(3_u8));
    let same = JoinRequest { link, ..w.request("Mia", Role::Student) };
    let other_name = JoinRequest { name: DisplayName::parse("Opa").unwrap(), ..same.clone() };
    w.input(Input::Join(other_name));
    assert!(!w.read(&teacher).contains(&ServerMessage::ParticipantLeft { participant: student.id }), "somebody else with the same link");
    w.input(Input::Join(JoinRequest { socket: SocketId(998), ..same }));
    assert!(w.read(&teacher).contains(&ServerMessage::ParticipantLeft { participant: student.id }));
}

#[test]
fn a_full_room_says_so() {
    let mut w = World::new();
    for _ in 0..crate::world::LIMITS.participants {
        w.join("X", Role::Guest);
    }
    let request = w.request("late", Role::Guest);
    let socket = request.socket;
    w.input(Input::Join(request));
    assert_eq!(w.take(socket), Some(ServerMessage::Error { code: ErrorCode::RoomFull, id: None }));
    assert_eq!(w.closed[&socket].code(), 4000);
}

#[test]
fn an_empty_room_ends_after_a_while() {
    let mut w = World::new();
    let student = w.join("S", Role::Student);
    w.say(&student, ClientMessage::Chat { text: "bis gleich".into(), to: None });
    w.say(&student, ClientMessage::Leave);
    w.wait(seconds(20));
    assert!(!w.ended);
    let request = w.request("S", Role::Student);
    let (again, _, snapshot) = w.welcome(request);
    assert_eq!(snapshot.chat.len(), 1, "the chat is still there");
    w.wait(seconds(100));
    assert!(!w.ended);
    w.say(&again, ClientMessage::Leave);
    w.wait(seconds(31));
    assert!(w.ended);
    assert_eq!(w.room.poll_timeout(), None);
}

#[test]
fn when_the_server_stops_everybody_is_told() {
    let mut w = World::new();
    let (teacher, student) = (w.join_with_media("T", Role::Teacher), w.join_with_media("S", Role::Student));
    w.read(&teacher);
    w.input(Input::Shutdown);
    assert!(w.ended && w.peers.is_empty());
    assert_eq!(w.errors(&teacher), [ErrorCode::ServerFault]);
    assert_eq!(w.closed[&student.socket].code(), 1001);
}

#[test]
fn nothing_works_before_joining() {
    let mut w = World::new();
    let stranger = crate::world::Browser { socket: SocketId(77), id: ParticipantId(1), resume: String::new() };
    w.say(&stranger, ClientMessage::Chat { text: "hallo".into(), to: None });
    assert_eq!(w.errors(&stranger), [ErrorCode::NotJoined]);
}
