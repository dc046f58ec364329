//! HTTP from outside: refusals in one form, bounds that come before the work, and what pages of other origins may do.

use crate::house::{Heard, House, ROOM, SCHOOL};
use crate::streams::{player, publisher, stream};
use auftakt::links::MediaClaims;
use auftakt_client::{Client, ClientConfig, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_signaling::wire::{ClientMessage, ErrorCode, OfferedSeat, Role, ServerMessage};
use auftakt_tests::browser::PATIENCE;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn who_may_not_enter_hears_so_before_the_body_is_said() {
    let house = House::open().await;
    let mut stream = TcpStream::connect(house.server.address()).await.expect("connected");
    let head = format!("POST /whip/{ROOM} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 1000\r\n\r\nhalf");
    stream.write_all(head.as_bytes()).await.expect("said");
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("closed").expect("read");
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("token_missing"), "{answer}");
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let house = House::open().await;
    for (method, path, status, code) in [
        ("GET", "/nothing.js", 404, "not_found"),
        ("POST", "/", 405, "method_not_allowed"),
        ("GET", "/api/link", 405, "method_not_allowed"),
        ("GET", "/whip/geige", 405, "method_not_allowed"),
        ("GET", "/signal", 400, "bad_request"),
        ("POST", "/whip/%ff", 400, "bad_request"),
        ("GET", "/api/demo", 404, "no_demo"),
    ] {
        let reply = house.http(method, path, &[], "").await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, code), "{method} {path}");
        assert_eq!(reply.header("allow").is_empty(), status != 405, "{method} {path}");
        assert!(!reply.header("content-security-policy").is_empty());
    }
    let long = house.http("POST", "/api/link", &[], &"x".repeat(10_000)).await;
    assert_eq!((long.status, long.problem().as_str()), (413, "message_too_large"));
    let sdp = ("Content-Type", "application/sdp");
    let long = house.http("POST", "/api/probe", &[sdp], &"x".repeat(300_000)).await;
    assert_eq!((long.status, long.problem().as_str()), (413, "message_too_large"));
}

#[tokio::test]
async fn a_mistyped_address_gives_a_person_the_page_and_a_program_the_problem() {
    let house = House::open().await;
    let browser = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    for path in ["/geige", "/r", "/assets/gone.js"] {
        let page = house.http("GET", path, &[browser], "").await;
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"), "{path}");
        assert!(page.body.starts_with("<!doctype html>") && !page.header("content-security-policy").is_empty());
        for accept in ["*/*", "application/json", "text/htmlx"] {
            let problem = house.http("GET", path, &[("Accept", accept)], "").await;
            assert_eq!((problem.status, problem.problem().as_str()), (404, "not_found"), "{path} {accept}");
        }
    }
}

#[tokio::test]
async fn a_link_says_the_room_and_the_school() {
    let house = House::open().await;
    let body = serde_json::json!({ "token": house.link(Role::Student, "Mia") }).to_string();
    let reply = house.http("POST", "/api/link", &[], &body).await;
    let told: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(told, serde_json::json!({"room": ROOM, "kind": "lesson", "role": "student", "name": "Mia", "school": SCHOOL}));
}

#[tokio::test]
async fn the_demonstration_school_says_where_to_enter() {
    let house = House::open().await;
    let text = house.server.open_demo().await.expect("opened");
    let reply = house.http("GET", "/api/demo", &[], "").await;
    let told: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    for who in ["teacher", "student", "musician", "moderator", "attendee", "guest"] {
        let link = told[who].as_str().expect("a link");
        assert!(link.starts_with(house.server.url()) && text.contains(link), "{link}");
    }
}

#[tokio::test]
async fn a_test_connection_carries_nothing_from_anybody() {
    let house = House::open().await;
    let sdp = ("Content-Type", "application/sdp");
    let mut listener = Client::new(ClientConfig::seeded(21), Instant::now());
    listener.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    assert_eq!(house.http("POST", "/api/probe", &[sdp], &listener.offer()).await.status, 200);
    let mut sender = Client::new(ClientConfig::seeded(22), Instant::now());
    sender.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
    for offer in [sender.offer(), sender.offer().replace("a=sendonly", "a=sendrecv"), player(23).offer()] {
        let reply = house.http("POST", "/api/probe", &[sdp], &offer).await;
        assert_eq!((reply.status, reply.problem().as_str()), (422, "offer_refused"));
    }
}

#[tokio::test]
async fn a_subscriber_cannot_publish() {
    let house = House::open().await;
    let reply = house.post(&format!("/whep/{ROOM}"), &house.master(), &publisher().offer()).await;
    assert_eq!((reply.status, reply.problem().as_str()), (422, "offer_refused"));
    assert_eq!(house.metrics().await["peers"], 0);
}

#[tokio::test]
async fn pages_of_other_origins_may_publish_and_play() {
    let house = House::open().await;
    for path in ["/whip/geige", "/whep/geige", "/whip/geige/0123", "/whep/geige/0123"] {
        let reply = house.http("OPTIONS", path, &[("Origin", "https://encoder.example")], "").await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, "*"), "{path}");
        assert_eq!(reply.header("accept-post"), "application/sdp");
        assert!(reply.header("access-control-allow-headers").contains("authorization"));
        assert!(reply.header("access-control-allow-methods").contains("PATCH"));
    }
    let refused = house.http("POST", "/whip/geige", &[], "").await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, "*"), "else the page could not read why");
    assert_eq!(house.http("GET", "/", &[], "").await.header("access-control-allow-origin"), "", "nothing but the streams");
}

#[tokio::test]
async fn a_session_outlives_its_token_and_ends_with_it() {
    let house = House::open().await;
    let (_player, location) = stream(&house, "whep", player(31)).await;
    let claims = |publish| MediaClaims { room: "*".into(), publish, subscribe: !publish, name: String::new(), expires: 1_000_000_000 };
    let bearer = |publish| format!("Bearer {}", house.bearer(claims(publish)));
    let foreign = house.http("DELETE", &location, &[("Authorization", &bearer(true))], "").await;
    assert_eq!((foreign.status, foreign.problem().as_str()), (403, "not_allowed"));
    let fragment = "a=ice-ufrag:wxyz\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n";
    let own = bearer(false);
    let kind = ("Content-Type", "application/trickle-ice-sdpfrag");
    let restarted = house.http("PATCH", &location, &[("Authorization", &own), kind, ("If-Match", "\"*\"")], fragment).await;
    assert_eq!(restarted.status, 200, "{restarted:?}");
    assert_eq!(house.http("DELETE", &location, &[("Authorization", &own)], "").await.status, 200);
    assert_eq!(house.http("DELETE", &location, &[("Authorization", &own)], "").await.status, 404);
}

#[tokio::test]
async fn a_secret_brings_back_through_an_expired_link_after_a_restart_of_the_server() {
    let house = House::open().await;
    let expired = house.link_until(Role::Student, "Mia", 1_000_000_000);
    let (_, welcome) = house.enter(&expired, "Mia", Some(house.resume_secret(&expired))).await;
    assert!(!welcome.resumed, "of this server nobody was here");
    let mut socket = house.socket(None).await.expect("a socket");
    let other = house.link_until(Role::Teacher, "Mia", 1_000_000_000);
    socket.join(&expired, "Mia", Some(house.resume_secret(&other))).await;
    let (messages, code, _) = socket.hear_out().await;
    assert_eq!((&messages[..], code), (&[ServerMessage::Error { code: ErrorCode::LinkExpired, id: None }][..], 4000));
}

#[tokio::test]
async fn an_offer_that_comes_too_fast_is_answered_under_its_id() {
    let house = House::open().await;
    let (mut socket, _) = house.enter(&house.link(Role::Student, "Mia"), "Mia", None).await;
    // Refused each, and cheaply: the seats cannot be.
    let seats = vec![OfferedSeat { audio_mid: String::new(), video_mid: Some(String::new()) }];
    for id in 1..=12 {
        socket.say(&ClientMessage::Offer { id, sdp: String::new(), tracks: vec![], seats: seats.clone(), fresh: true }).await;
    }
    let mut codes = vec![];
    for expected in 1..=12 {
        let Heard::Message(ServerMessage::Error { code, id }) = socket.hear().await else { panic!("no refusal") };
        codes.push(code);
        assert!(code != ErrorCode::TooFast || id.is_some(), "{expected}: the page waits for it");
    }
    assert!(codes.contains(&ErrorCode::TooFast), "{codes:?}");
}

#[tokio::test]
async fn chat_has_a_pace_of_its_own() {
    let house = House::open().await;
    let (mut socket, _) = house.enter(&house.link(Role::Student, "Mia"), "Mia", None).await;
    for number in 0..10 {
        socket.say(&ClientMessage::Chat { text: number.to_string(), to: None }).await;
    }
    let refused = socket.until(|message| match message {
        ServerMessage::Error { code, .. } => Some(code),
        _ => None,
    });
    assert_eq!(refused.await, ErrorCode::TooFast);
    socket.say(&ClientMessage::Ping { id: 7 }).await;
    socket.until(|message| (message == ServerMessage::Pong { id: 7 }).then_some(())).await;
}

#[tokio::test]
async fn pings_of_the_socket_itself_count_too() {
    let house = House::open().await;
    let (mut socket, _) = house.enter(&house.link(Role::Student, "Mia"), "Mia", None).await;
    for _ in 0..200 {
        socket.send(Message::Ping(vec![1].into())).await;
    }
    let (_, code, reason) = socket.hear_out().await;
    assert_eq!((code, reason.as_str()), (1013, "too_fast"));
}

#[tokio::test]
async fn what_is_far_too_large_is_refused_with_a_reason() {
    let house = House::open().await;
    for joined in [false, true] {
        let mut socket = match joined {
            true => house.enter(&house.link(Role::Student, "Mia"), "Mia", None).await.0,
            false => house.socket(None).await.expect("a socket"),
        };
        socket.send(Message::text("x".repeat(300_000))).await;
        let (messages, code, reason) = socket.hear_out().await;
        assert!(messages.contains(&ServerMessage::Error { code: ErrorCode::MessageTooLarge, id: None }));
        assert_eq!((code, reason.as_str()), (4000, "message_too_large"));
    }
}

#[tokio::test]
async fn when_the_server_stops_the_reason_is_an_error_of_the_protocol() {
    let house = House::open().await;
    let (mut joined, _) = house.enter(&house.link(Role::Student, "Mia"), "Mia", None).await;
    let mut waiting = house.socket(None).await.expect("a socket");
    waiting.say(&ClientMessage::Ping { id: 1 }).await;
    waiting.hear().await;
    let (_, joined, waiting) = tokio::join!(house.close(), joined.hear_out(), waiting.hear_out());
    for (messages, code, reason) in [joined, waiting] {
        assert!(messages.contains(&ServerMessage::Error { code: ErrorCode::ServerFault, id: None }));
        assert_eq!((code, reason.as_str()), (1001, "server_fault"));
    }
}
