//! WHIP and WHEP: encoders and players without a page.

use crate::house::{House, ROOM, picture};
use auftakt::links::MediaClaims;
use auftakt_client::band::sound;
use auftakt_client::{Client, ClientConfig, ClientEvent, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_signaling::wire::{Role, ServerMessage};
use auftakt_tests::browser::Browser;
use std::time::Instant;

/// May do one thing in one room.
fn claims(room: &str, publish: bool, subscribe: bool) -> MediaClaims {
    MediaClaims { room: room.into(), publish, subscribe, name: "Encoder".into(), expires: u64::MAX }
}

pub fn publisher() -> Client {
    let mut client = Client::new(ClientConfig::seeded(11), Instant::now());
    client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
    client.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[Codec::Vp8], rids: &[] });
    client
}

pub fn player(seed: u64) -> Client {
    let mut client = Client::new(ClientConfig::seeded(seed), Instant::now());
    client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    client.add_receiver(MediaKind::Video, &[Codec::Vp8]);
    client
}

/// A client through `POST /whip` or `/whep`, connected, and its address.
pub async fn stream(house: &House, kind: &str, mut client: Client) -> (Browser, String) {
    let reply = house.post(&format!("/{kind}/{ROOM}"), &house.master(), &client.offer()).await;
    assert_eq!((reply.status, reply.header("content-type")), (201, "application/sdp"), "{reply:?}");
    assert!(!reply.header("etag").is_empty());
    let location = reply.header("location").to_owned();
    assert!(location.starts_with(&format!("/{kind}/{ROOM}/")), "{location}");
    client.handle_answer(Instant::now(), &reply.body);
    let mut browser = Browser::new(client, house.media()).await;
    browser.connected().await;
    (browser, location)
}

/// Sends one sound and the three packets of a picture; all of it arrives at the player.
async fn assert_plays(publisher: &mut Browser, player: &mut Browser, number: u32) {
    publisher.send("0", &Outgoing::plain(Codec::Opus, number * 960, false, &sound(number))).await;
    for (part, payload) in picture(number).iter().enumerate() {
        publisher.send("1", &Outgoing::plain(Codec::Vp8, number * 1800, part == 2, payload)).await;
    }
    let mut seen = vec![];
    let mut heard = 0;
    while heard < 1 || seen.len() < 3 {
        let ClientEvent::Media(received) = player.event_beside(publisher).await else { continue };
        if received.mid == "0" {
            assert_eq!(received.payload, sound(number));
            heard += 1;
        } else {
            seen.push(received.payload[4..].to_vec());
        }
    }
    assert_eq!(seen, picture(number).iter().map(|payload| payload[4..].to_vec()).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_encoder_is_played_until_it_is_deleted() {
    let house = House::open().await;
    let (mut teacher, _) = house.enter(&house.link(Role::Teacher, "Frau Berger"), "Frau Berger", None).await;
    let (mut encoder, location) = stream(&house, "whip", publisher()).await;
    let joined = teacher.until(|message| match message {
        ServerMessage::ParticipantJoined { participant } => Some(participant),
        _ => None,
    });
    let joined = joined.await;
    assert_eq!((joined.name.as_str(), joined.role), ("Encoder", Role::Guest));
    let (mut player, played_at) = stream(&house, "whep", player(12)).await;
    for number in 0..50 {
        assert_plays(&mut encoder, &mut player, number).await;
    }
    let authorization = format!("Bearer {}", house.master());
    let headers = [("Authorization", authorization.as_str())];
    for address in [&location, &played_at] {
        assert_eq!(house.http("DELETE", address, &headers, "").await.status, 200);
        let again = house.http("DELETE", address, &headers, "").await;
        assert_eq!((again.status, again.problem().as_str()), (404, "session_unknown"));
    }
    let left = |message| matches!(message, ServerMessage::ParticipantLeft { .. }).then_some(());
    teacher.until(left).await;
    // The media plane hears of it just after the room.
    while house.metrics().await["peers"] > 0 {}
}

#[tokio::test]
async fn a_patch_restarts_ice_and_the_stream_goes_on_from_another_port() {
    let house = House::open().await;
    let (mut encoder, location) = stream(&house, "whip", publisher()).await;
    let (mut player, _) = stream(&house, "whep", player(12)).await;
    assert_plays(&mut encoder, &mut player, 0).await;

    let authorization = format!("Bearer {}", house.master());
    let patch = async |extra: &[(&str, &str)], body: &str| {
        let headers = [&[("Authorization", authorization.as_str())], extra].concat();
        house.http("PATCH", &location, &headers, body).await
    };
    let fragment = ("Content-Type", "application/trickle-ice-sdpfrag");
    let written = |client: &Client| {
        let (ufrag, pwd) = client.credentials();
        format!("a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n")
    };
    let same = written(&encoder.client);
    // Candidates are taken and not needed.
    assert_eq!(patch(&[fragment, ("If-Match", "\"ice-0\"")], &same).await.status, 204);
    encoder.client.restart_ice();
    let restart = written(&encoder.client);
    for (headers, body, status, code) in [
        (&[("Content-Type", "text/plain"), ("If-Match", "*")][..], &restart[..], 415, "unsupported_media_type"),
        (&[fragment, ("If-Match", "*")], "a=ice-ufrag:x\r\n", 422, "fragment_refused"),
        (&[fragment], &restart, 428, "if_match_missing"),
        (&[fragment, ("If-Match", "\"ice-7\"")], &restart, 412, "etag_mismatch"),
    ] {
        let reply = patch(headers, body).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, code));
    }
    let reply = patch(&[fragment, ("If-Match", "*")], &restart).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/trickle-ice-sdpfrag"));
    assert_eq!(reply.header("etag"), "\"ice-1\"");
    encoder.client.handle_restart(Instant::now(), &reply.body);
    encoder.move_away().await;
    encoder.checked().await;
    for number in 1..30 {
        assert_plays(&mut encoder, &mut player, number).await;
    }
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let house = House::open().await;
    let offer = publisher().offer();
    let sdp = ("Content-Type", "application/sdp");
    let bearer = |claims| format!("Bearer {}", house.bearer(claims));
    let (all, publish, subscribe) = (bearer(claims("*", true, true)), bearer(claims(ROOM, true, false)), bearer(claims(ROOM, false, true)));
    let other = bearer(claims("klavier", true, true));
    let expired = bearer(MediaClaims { expires: 1_000_000_000, ..claims("*", true, true) });
    let link = format!("Bearer {}", house.link(Role::Teacher, "Frau Berger"));
    let whip = format!("/whip/{ROOM}");
    let whep = format!("/whep/{ROOM}");
    let check = async |path: &str, headers: &[(&str, &str)], body: &str, status: u16, code: &str| {
        let reply = house.http("POST", path, headers, body).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, code), "{path} {reply:?}");
        if status == 401 {
            assert_eq!(reply.header("www-authenticate"), "Bearer");
        }
    };
    let auth = |value| ("Authorization", value);
    check(&whip, &[sdp], &offer, 401, "token_missing").await;
    check(&whip, &[sdp, ("Authorization", "Basic bWlhOm1pYQ==")], &offer, 401, "token_missing").await;
    for token in ["Bearer nonsense", &expired, &link] {
        check(&whip, &[sdp, auth(token)], &offer, 401, "token_refused").await;
    }
    check(&whip, &[sdp, auth(&other)], &offer, 403, "other_room").await;
    check(&whip, &[sdp, auth(&subscribe)], &offer, 403, "not_allowed").await;
    check(&whep, &[sdp, auth(&publish)], &offer, 403, "not_allowed").await;
    // A room that nobody made is made only for who may enter all.
    check(&whip, &[sdp, auth(&publish)], &offer, 404, "room_unknown").await;
    check(&whip, &[("Content-Type", "text/plain"), auth(&all)], &offer, 415, "unsupported_media_type").await;
    check(&whip, &[auth(&all)], &offer, 415, "unsupported_media_type").await;
    let unanswerable = offer.replace("a=fingerprint:sha-256", "a=fingerprint:md5");
    for body in ["", "v=0\r\n", "{}", &unanswerable] {
        check(&whip, &[sdp, auth(&all)], body, 422, "offer_refused").await;
        check(&whep, &[sdp, auth(&all)], body, 422, "offer_refused").await;
    }
    let reply = house.http("POST", &whip, &[sdp, auth(&all)], &"x".repeat(300_000)).await;
    assert_eq!(reply.status, 413);
    let authorized = [auth(&all)];
    let unknown = house.http("DELETE", &format!("{whip}/0123456789"), &authorized, "").await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "session_unknown"));

    // Somebody else's address: the right secret, the wrong right.
    let (_publisher, location) = stream(&house, "whip", publisher()).await;
    let forbidden = house.http("DELETE", &location, &[auth(&subscribe)], "").await;
    assert_eq!((forbidden.status, forbidden.problem().as_str()), (403, "not_allowed"));
    let elsewhere = house.http("DELETE", &location.replace("/whip/", "/whep/"), &authorized, "").await;
    assert_eq!(elsewhere.status, 404);
    assert_eq!(house.metrics().await["peers"], 1, "no refusal left anything behind");
}
