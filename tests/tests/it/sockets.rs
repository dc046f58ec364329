//! The WebSocket from outside: who gets in, what is refused, and what survives a lost socket.

use crate::house::{Heard, House, PARTICIPANTS, ROOM, assert_step_arrives, picture};
use auftakt_client::ClientEvent;
use auftakt_client::band::sound;
use auftakt_signaling::wire::{ClientMessage, ErrorCode, PROTOCOL_VERSION, ParticipantId, Role, ServerMessage, TrackSource};
use tokio_tungstenite::tungstenite::{self, Message};

#[tokio::test]
async fn only_the_servers_own_page_may_connect() {
    let house = House::open().await;
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        let Err(tungstenite::Error::Http(refused)) = house.socket(Some(origin)).await else { panic!("{origin} may connect") };
        assert_eq!(refused.status(), 403);
        let body = refused.body().clone().unwrap_or_default();
        assert!(String::from_utf8_lossy(&body).contains("other_origin"));
    }
    let own = [house.server.url().to_owned(), format!("http://{}", house.server.address())];
    for origin in own.iter().map(|origin| Some(origin.as_str())).chain([None]) {
        let mut socket = house.socket(origin).await.expect("may connect");
        socket.say(&ClientMessage::Ping { id: 7 }).await;
        assert!(matches!(socket.hear().await, Heard::Message(ServerMessage::Pong { id: 7 })));
    }
    assert_eq!(house.metrics().await["origin_refused_total"], 3);
}

/// Says one thing instead of joining, and hears why that was wrong.
async fn refused(house: &House, first: Message) -> (ErrorCode, u16, String) {
    let mut socket = house.socket(None).await.expect("a socket");
    socket.send(first).await;
    let (messages, code, reason) = socket.hear_out().await;
    match messages[..] {
        [ServerMessage::Error { code: error, id: None }] => (error, code, reason),
        _ => panic!("{messages:?}"),
    }
}

fn join(token: &str, name: &str, version: u32) -> Message {
    Message::text(
        serde_json::json!({"type": "join", "version": version, "token": token, "name": name, "sound_profile": "music", "resume": null})
            .to_string(),
    )
}

#[tokio::test]
async fn who_does_not_join_properly_hears_why() {
    let house = House::open().await;
    let link = house.link(Role::Student, "Mia");
    let expired = house.link_until(Role::Student, "Mia", 1_000_000_000);
    let bearer = house.master();
    let cases = [
        (join("nonsense", "Mia", PROTOCOL_VERSION), ErrorCode::LinkInvalid, "link_invalid"),
        (join(&bearer, "Mia", PROTOCOL_VERSION), ErrorCode::LinkInvalid, "link_invalid"),
        (join(&expired, "Mia", PROTOCOL_VERSION), ErrorCode::LinkExpired, "link_expired"),
        (join(&link, "Mia", 99), ErrorCode::VersionMismatch, "version_mismatch"),
        (join(&link, " \u{202e} ", PROTOCOL_VERSION), ErrorCode::NameMissing, "name_missing"),
        (join(&link, &"x".repeat(65), PROTOCOL_VERSION), ErrorCode::NameTooLong, "name_too_long"),
        (Message::text(r#"{"type":"chat","text":"Hallo"}"#), ErrorCode::NotJoined, "not_joined"),
        (Message::text("{"), ErrorCode::BadMessage, "bad_message"),
        (Message::text(r#"{"type":"dance"}"#), ErrorCode::BadMessage, "bad_message"),
        (Message::text(r#"{"type":"ping","id":1,"more":2}"#), ErrorCode::BadMessage, "bad_message"),
        (Message::binary(vec![1, 2, 3]), ErrorCode::BadMessage, "bad_message"),
        (Message::text(format!(r#"{{"type":"chat","text":"{}"}}"#, "x".repeat(70_000))), ErrorCode::MessageTooLarge, "message_too_large"),
    ];
    for (message, error, reason) in cases {
        assert_eq!(refused(&house, message).await, (error, 4000, reason.to_owned()));
    }
    for (token, status, code) in [("nonsense", 404, "link_invalid"), (&expired, 410, "link_expired")] {
        let body = serde_json::json!({ "token": token }).to_string();
        let reply = house.http("POST", "/api/link", &[("Content-Type", "application/json")], &body).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, code));
    }
}

#[tokio::test]
async fn who_says_too_much_or_too_fast_is_stopped_and_the_others_are_not() {
    let house = House::open().await;
    let (mut quiet, _) = house.enter(&house.link(Role::Teacher, "Frau Berger"), "Frau Berger", None).await;
    let (mut large, _) = house.enter(&house.link(Role::Student, "Mia"), "Mia", None).await;
    large.say(&ClientMessage::Chat { text: "x".repeat(70_000), to: None }).await;
    let (messages, code, reason) = large.hear_out().await;
    assert!(matches!(messages.last(), Some(ServerMessage::Error { code: ErrorCode::MessageTooLarge, .. })));
    assert_eq!((code, reason.as_str()), (4000, "message_too_large"));

    let (mut fast, _) = house.enter(&house.link(Role::Guest, "Opa"), "Opa", None).await;
    for id in 0..200 {
        fast.say(&ClientMessage::Ping { id }).await;
    }
    let (messages, code, reason) = fast.hear_out().await;
    let answered = messages.iter().filter(|message| matches!(message, ServerMessage::Pong { .. })).count();
    let refused = messages.iter().filter(|message| matches!(message, ServerMessage::Error { code: ErrorCode::TooFast, .. })).count();
    // What was answered when the socket closed may not have been sent yet.
    assert!(answered < 150 && refused >= 20, "{answered} answered, {refused} refused");
    assert_eq!((code, reason.as_str()), (1013, "too_fast"));

    quiet.say(&ClientMessage::Ping { id: 7 }).await;
    quiet.until(|message| matches!(message, ServerMessage::Pong { id: 7 }).then_some(())).await;
    assert!(house.metrics().await["socket_too_fast_total"] >= refused as u64);
}

#[tokio::test]
async fn a_room_holds_so_many_and_tells_everybody_who_is_there() {
    let house = House::open().await;
    let (mut first, welcome) = house.enter(&house.link(Role::Teacher, "Frau Berger"), "Frau Berger", None).await;
    assert_eq!((welcome.snapshot.room.as_str(), welcome.snapshot.participants.len(), welcome.resumed), (ROOM, 1, false));
    first.say(&ClientMessage::Chat { text: "Willkommen".into(), to: None }).await;
    let mut others = vec![];
    for number in 1..PARTICIPANTS {
        let name = format!("Schüler {number}");
        let (socket, theirs) = house.enter(&house.link(Role::Student, "x"), &name, None).await;
        // The newcomer gets everything at once, the others what changed.
        assert_eq!(theirs.snapshot.participants.len(), number + 1);
        assert_eq!(theirs.snapshot.participants[0].id, welcome.you);
        assert_eq!(theirs.snapshot.chat.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["Willkommen"]);
        let joined = first.until(|message| match message {
            ServerMessage::ParticipantJoined { participant } => Some(participant),
            _ => None,
        });
        assert_eq!(joined.await.name, name);
        others.push((socket, theirs));
    }
    let late = join(&house.link(Role::Guest, "Opa"), "Opa", PROTOCOL_VERSION);
    assert_eq!(refused(&house, late).await, (ErrorCode::RoomFull, 4000, "room_full".into()));

    let (mut leaving, theirs) = others.pop().expect("somebody");
    leaving.say(&ClientMessage::Leave).await;
    let (_, code, reason) = leaving.hear_out().await;
    assert_eq!((code, reason.as_str()), (1000, "left"));
    let left = |message| match message {
        ServerMessage::ParticipantLeft { participant } => Some(participant),
        _ => None,
    };
    assert_eq!(first.until(left).await, theirs.you);
    house.enter(&house.link(Role::Guest, "Opa"), "Opa", None).await;
}

#[tokio::test]
async fn a_lost_socket_costs_no_sound_and_the_secret_brings_one_back() {
    let house = House::open().await;
    let mut teacher = house.person(Role::Teacher, "Frau Berger", 1).await;
    let mut student = house.person(Role::Student, "Mia", 2).await;
    for number in 0..20 {
        assert_step_arrives(&mut student, &mut teacher, number).await;
    }
    // Gone without a word.
    let (lost, secret) =
        (std::mem::replace(&mut student.socket, house.socket(None).await.expect("a socket")), student.welcome.resume.clone());
    drop(lost);
    for number in 20..40 {
        assert_step_arrives(&mut student, &mut teacher, number).await;
        assert_step_arrives(&mut teacher, &mut student, number).await;
    }
    student.socket.join(&student.token, "Mia", Some(secret)).await;
    let welcome = student.socket.welcome().await;
    assert!(welcome.resumed);
    assert_eq!(welcome.you, student.welcome.you);
    assert_eq!(welcome.snapshot.seats.iter().flatten().count(), 1);
    // The network changed too: another port and an ICE restart on the same connection.
    student.browser.move_away().await;
    student.browser.client.restart_ice();
    student.offer(false).await;
    for number in 40..60 {
        assert_step_arrives(&mut student, &mut teacher, number).await;
        assert_step_arrives(&mut teacher, &mut student, number).await;
    }
    let metrics = house.metrics().await;
    assert_eq!((metrics["participants"], metrics["peers"]), (2, 2));
}

/// Plays sound that is muted and then a picture that is not: what is heard until the picture is there was let through.
async fn sounds_before_the_picture(from: &mut crate::house::Person, to: &mut crate::house::Person, number: u32) -> usize {
    for step in 0..5 {
        from.play_sound(number + step).await;
    }
    from.play_picture(number).await;
    let last = picture(number)[2][4..].to_vec();
    let mut sounds = 0;
    loop {
        match to.browser.event_beside(&mut from.browser).await {
            ClientEvent::Media(received) if received.mid == "2" => {
                assert!((number..number + 5).any(|n| received.payload == sound(n)), "an old sound");
                sounds += 1;
            }
            ClientEvent::Media(received) if received.payload[4..] == last => return sounds,
            _ => {}
        }
    }
}

async fn until_muted(socket: &mut crate::house::Socket, who: ParticipantId, muted: bool) {
    let told = |message| match message {
        ServerMessage::ParticipantChanged { participant } if participant.id == who => {
            let microphone = participant.tracks.iter().find(|track| track.source == TrackSource::Microphone)?;
            (microphone.muted == muted).then_some(())
        }
        _ => None,
    };
    socket.until(told).await;
}

#[tokio::test]
async fn a_mute_holds_at_the_server_whatever_the_client_does() {
    let house = House::open().await;
    let mut teacher = house.person(Role::Teacher, "Frau Berger", 1).await;
    let mut student = house.person(Role::Student, "Mia", 2).await;
    let you = student.welcome.you;
    assert_step_arrives(&mut student, &mut teacher, 0).await;
    teacher.socket.say(&ClientMessage::MuteOther { participant: you, source: TrackSource::Microphone }).await;
    until_muted(&mut teacher.socket, you, true).await;
    assert_eq!(sounds_before_the_picture(&mut student, &mut teacher, 100).await, 0, "muted by the teacher");

    // Back with the secret, and an offer that says it is not muted.
    let secret = student.welcome.resume.clone();
    student.socket = house.socket(None).await.expect("a socket");
    student.socket.join(&student.token, "Mia", Some(secret.clone())).await;
    assert!(student.socket.welcome().await.resumed);
    student.offer(false).await;
    assert_eq!(sounds_before_the_picture(&mut student, &mut teacher, 200).await, 0, "after resuming");

    // Back with another connection altogether, as after a reload.
    student.socket = house.socket(None).await.expect("a socket");
    student.socket.join(&student.token, "Mia", Some(secret)).await;
    student.socket.welcome().await;
    student.browser = house.browser(3).await;
    student.offer(true).await;
    student.browser.connected().await;
    assert_eq!(sounds_before_the_picture(&mut student, &mut teacher, 300).await, 0, "with a fresh connection");

    student.socket.say(&ClientMessage::SetMuted { source: TrackSource::Microphone, muted: false }).await;
    until_muted(&mut teacher.socket, you, false).await;
    // The media plane hears of it just after the room.
    let mut number = 400;
    while sounds_before_the_picture(&mut student, &mut teacher, number).await == 0 {
        number += 100;
    }
}
