//! What a participant with keys can do to a lesson: nothing.

use crate::house::{House, Person, assert_step_arrives};
use auftakt_client::ClientEvent;
use auftakt_client::wire::{self, Rtp};
use auftakt_signaling::wire::Role;
use std::time::Instant;

const STEPS: u32 = 100;

/// An RTCP packet with these words behind its header.
fn rtcp(packet_type: u8, format: u8, words: &[u32]) -> Vec<u8> {
    let mut packet = vec![0x80 | format, packet_type];
    packet.extend_from_slice(&(words.len() as u16).to_be_bytes());
    words.iter().for_each(|word| packet.extend_from_slice(&word.to_be_bytes()));
    packet
}

fn rtp(payload_type: u8, sequence: u16, ssrc: u32) -> Rtp {
    Rtp { payload_type, marker: false, sequence, timestamp: 0, ssrc, extensions: vec![], payload: vec![0xFC; 50] }
}

async fn attack(insider: &mut Person, victims: &[u32], step: u32) {
    let own = [insider.browser.client.answered_ssrcs("2")[0], insider.browser.client.answered_ssrcs("3")[0]];
    let client = &mut insider.browser.client;
    let all: Vec<u16> = (0..4000).collect();
    for &ssrc in victims.iter().chain(&own) {
        let compounds = [
            wire::write_pli(1, ssrc),
            wire::write_nack(1, ssrc, &all),
            rtcp(203, 1, &[ssrc]),
            // Transport feedback: about nothing, with chunks missing, and 65,535 packets that were never sent.
            rtcp(205, 15, &[1, ssrc]),
            rtcp(205, 15, &[1, ssrc, 0x0001_FFFF, 0, 0x2000_0000]),
            rtcp(205, 15, &[1, ssrc, 0x0001_FFFF, 0x7FFF_FFFF, 0x7FFF_7FFF, 0x7FFF_7FFF, 0x7FFF_7FFF]),
            // A full intra request for nobody, an REMB of nothing, an SR of somebody else, an extended report.
            rtcp(206, 4, &[1, 0]),
            rtcp(206, 15, &[1, 0, 0x5245_4D42, 0xFF00_0000]),
            wire::write_sender_report(ssrc, std::time::Duration::from_secs(9_000_000), 77, 1, 1),
            rtcp(207, 0, &[1, 0xFFFF_FFFF]),
            // Lengths that do not hold.
            vec![0x81, 206, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0, 0, 1],
            vec![0xBF, 201, 0, 1, 0, 0, 0, 1],
        ];
        for message in compounds {
            client.send_rtcp(&[wire::write_receiver_report(1), message].concat());
        }
        // Media under somebody else's name, of an unknown kind, and of nobody.
        client.send_rtp(&rtp(111, 2 * step as u16, ssrc));
        client.send_rtp(&rtp(77, 2 * step as u16 + 1, ssrc));
        client.send_rtp(&rtp(96, step as u16, 0xDEAD_0000 + step % 50));
    }
    insider.browser.flush().await;
    insider.browser.catch_up().await;
}

#[tokio::test]
async fn a_lesson_goes_on_with_a_hostile_participant() {
    let house = House::open().await;
    let mut teacher = house.person(Role::Teacher, "Frau Berger", 1).await;
    let mut student = house.person(Role::Student, "Mia", 2).await;
    let mut insider = house.person(Role::Guest, "Eva", 3).await;
    // The streams of the others: what the student receives, and what the teacher sends.
    let sent = teacher.browser.client.offer();
    let announced: Option<u32> = sent.lines().find_map(|line| line.strip_prefix("a=ssrc:")?.split(' ').next()?.parse().ok());
    let mut victims = [student.browser.client.answered_ssrcs("2"), student.browser.client.answered_ssrcs("3")].concat();
    victims.extend(announced);
    let before = house.metrics().await;
    // What was asked for while they came in does not count.
    keyframes_asked(&mut teacher).await;
    let begun = Instant::now();
    let mut asked = 0;
    for step in 0..STEPS {
        attack(&mut insider, &victims, step).await;
        assert_step_arrives(&mut teacher, &mut student, step).await;
        asked += keyframes_asked(&mut teacher).await;
    }
    // Its own picture it may ask for, at most every 250 ms; a few requests of their coming in may still be on the way.
    let allowed = begun.elapsed().as_millis() as usize / 250 + 5;
    assert!(asked <= allowed, "{asked} keyframes were asked for, {allowed} are bearable");
    assert_step_arrives(&mut student, &mut teacher, STEPS).await;
    let after = house.metrics().await;
    let grown = |name: &str| after[name] - before[name];
    let dropped = |reason: &str| grown(&format!("packets_dropped_total{{reason=\"{reason}\"}}"));
    for reason in ["rtcp_unknown_stream", "rtcp_throttled", "nack_missed", "rtcp_malformed", "rtp_unknown_payload", "rtp_unknown_stream"] {
        assert!(dropped(reason) > 0, "{reason} is counted");
    }
    assert_eq!(after["participants"], 3);
    let seconds = begun.elapsed().as_secs() + 1;
    assert!(grown("packets_retransmitted_total") <= 1500 * (seconds + 1), "{}", grown("packets_retransmitted_total"));
}

async fn keyframes_asked(person: &mut Person) -> usize {
    person.browser.catch_up().await;
    let events = std::iter::from_fn(|| person.browser.client.poll_event());
    events.filter(|event| matches!(event, ClientEvent::KeyframeWanted { .. })).count()
}
