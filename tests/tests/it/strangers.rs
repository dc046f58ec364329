//! What strangers send to the media port while a lesson runs.

use crate::house::{House, Person, assert_step_arrives};
use auftakt_client::stun::{Check, write_check};
use auftakt_client::wire;
use auftakt_signaling::wire::Role;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use tokio::net::UdpSocket;

const STEPS: u32 = 150;

fn is_stun(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(0..=3))
}

fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(20..=63))
}

fn random(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut datagram = vec![0; rng.random_range(0..1500)];
    rng.fill(&mut datagram[..]);
    // One in two begins like something.
    if let Some(first) = datagram.first_mut().filter(|_| rng.random_bool(0.5)) {
        *first = [0, 1, 20, 22, 23, 63, 128, 144, 191][rng.random_range(0..9)];
    }
    datagram
}

fn truncated(rng: &mut ChaCha8Rng, genuine: &[u8]) -> Vec<u8> {
    genuine[..rng.random_range(0..genuine.len())].to_vec()
}

fn bent(rng: &mut ChaCha8Rng, genuine: &[u8]) -> Vec<u8> {
    let mut copy = genuine.to_vec();
    // What stands behind the integrity of a check proves nothing and changes nothing.
    let end = if is_stun(genuine) { 40 } else { copy.len() };
    let at = rng.random_range(0..end);
    copy[at] ^= 1 << rng.random_range(0..8);
    copy
}

/// Well-formed RTCP about streams that exist, but nobody sealed it.
fn forged_rtcp(ssrc: u32) -> Vec<Vec<u8>> {
    let with = |message: Vec<u8>| [wire::write_receiver_report(1), message].concat();
    let bye = [&[0x81, 203, 0, 1][..], &ssrc.to_be_bytes()].concat();
    vec![
        with(wire::write_pli(1, ssrc)),
        with(wire::write_nack(1, ssrc, &(0..500).collect::<Vec<u16>>())),
        with(bye),
        wire::write_sender_report(ssrc, std::time::Duration::ZERO, 0, 0, 0),
    ]
}

/// A fatal alert in the clear, as one can write who has seen nothing.
const ALERT: [u8; 15] = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 0];

#[tokio::test]
async fn a_lesson_goes_on_among_strangers_who_hear_nothing() {
    let house = House::open().await;
    let mut teacher = house.person(Role::Teacher, "Frau Berger", 1).await;
    let mut student = house.person(Role::Student, "Mia", 2).await;
    let third = house.person(Role::Guest, "Opa", 3).await;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    // One on this host and one on another.
    let strangers = [bind("127.0.0.1").await, bind("127.0.0.2").await];
    for stranger in &strangers {
        stranger.connect(house.media()).await.expect("connected");
    }
    let ssrcs = [student.browser.client.answered_ssrcs("2")[0], student.browser.client.answered_ssrcs("3")[0]];
    let hellos: Vec<Vec<u8>> = third.browser.sent.iter().filter(|datagram| is_dtls(datagram)).take(2).cloned().collect();
    let answer_ufrag = teacher.browser.sent.iter().find(|datagram| is_stun(datagram)).map(|check| ufrag_in(check)).expect("a check");
    let before = house.drops().await;

    for step in 0..STEPS {
        assert_step_arrives(&mut teacher, &mut student, step).await;
        // Reports and requests are among what is recorded.
        teacher.browser.client.request_keyframe("3");
        teacher.browser.flush().await;
        let genuine = teacher.browser.sent[rng.random_range(0..teacher.browser.sent.len())].clone();
        let username = format!("{answer_ufrag}:abcd");
        let spoofed =
            Check { username: &username, pwd: "not the password of anybody", transaction: rng.random(), nominate: true, nomination: None };
        let nobody = Check { username: "nobody:abcd", ..spoofed.clone() };
        for stranger in &strangers {
            let mut attack = vec![random(&mut rng), truncated(&mut rng, &genuine), bent(&mut rng, &genuine)];
            // A copied check is as good as the original (RFC 8445 §19.2): who reads along could as well be in between. All else is not.
            if !is_stun(&genuine) {
                attack.push(genuine.clone());
            }
            attack.extend(forged_rtcp(ssrcs[step as usize % 2]));
            attack.extend([write_check(&spoofed), write_check(&nobody), vec![], vec![0x80; 9000], ALERT.to_vec()]);
            attack.extend(hellos.iter().cloned());
            for datagram in attack {
                let _ = stranger.send(&datagram).await;
            }
        }
        // And under the teacher's own address, as whoever can forge it would.
        let mut forged = vec![genuine.clone(), truncated(&mut rng, &genuine), bent(&mut rng, &genuine), random(&mut rng), ALERT.to_vec()];
        forged.extend(forged_rtcp(ssrcs[0]));
        forged.extend(hellos.iter().cloned());
        for datagram in forged {
            teacher.browser.socket.send(&datagram).await.expect("sent");
        }
    }
    // What came before this has been handled.
    assert_step_arrives(&mut teacher, &mut student, STEPS).await;
    assert_step_arrives(&mut student, &mut teacher, STEPS).await;

    let mut buffer = [0; 2048];
    for stranger in &strangers {
        let heard = stranger.try_recv(&mut buffer);
        assert!(heard.is_err(), "a stranger was answered with {heard:?} bytes: {:?}", &buffer[..16]);
    }
    let after = house.drops().await;
    let grown: BTreeSet<&str> =
        after.iter().filter(|(reason, count)| **count > before[*reason]).map(|(reason, _)| reason.as_str()).collect();
    for reason in [
        "unknown_protocol",
        "stun_malformed",
        "stun_unknown_user",
        "stun_unauthenticated",
        "unknown_source",
        "rtp_malformed",
        "rtp_unauthenticated",
        "rtp_replayed",
        "rtcp_malformed",
        "rtcp_unauthenticated",
        "rtcp_replayed",
    ] {
        assert!(grown.contains(reason), "{reason} is counted; these are: {grown:?}");
    }
    drop(third);
}

/// Somebody who proved to be at an address, but has no keys yet, gets nonsense under that address; and gets in all the same.
#[tokio::test]
async fn a_handshake_succeeds_among_nonsense() {
    let house = House::open().await;
    let mut teacher = house.person(Role::Teacher, "Frau Berger", 1).await;
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let hello: Vec<u8> = teacher.browser.sent.iter().find(|datagram| is_dtls(datagram)).cloned().expect("a hello");
    let token = house.link(Role::Student, "Mia");
    let (socket, welcome) = house.enter(&token, "Mia", None).await;
    let mut student = Person::new(socket, welcome, token, house.browser(2).await);
    student.offer(true).await;
    let before = house.drops().await;
    for _ in 0..20 {
        for datagram in [truncated(&mut rng, &hello), ALERT.to_vec(), vec![22; 60], vec![128; 60], forged_rtcp(1)[0].clone()] {
            student.browser.socket.send(&datagram).await.expect("sent");
        }
    }
    student.browser.connected().await;
    for step in 0..10 {
        assert_step_arrives(&mut student, &mut teacher, step).await;
    }
    let after = house.drops().await;
    for reason in ["dtls_malformed", "no_keys"] {
        assert!(after[reason] > before[reason], "{reason} is counted");
    }
}

async fn bind(ip: &str) -> UdpSocket {
    UdpSocket::bind((ip, 0)).await.expect("a socket")
}

/// The server's user name fragment in a recorded check: the first half of USERNAME.
fn ufrag_in(check: &[u8]) -> String {
    let at = check.windows(2).position(|pair| pair == [0x00, 0x06]).expect("USERNAME");
    let len = usize::from(check[at + 3]);
    let username = std::str::from_utf8(&check[at + 4..at + 4 + len]).expect("text");
    username.split(':').next().expect("two halves").to_owned()
}
