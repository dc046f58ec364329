use crate::world::{FINGERPRINT, negotiated, offer};

/// Changes a good offer and says how the refusal must begin.
fn refused(name: &str, from: &str, to: &str, message: &str) {
    let text = offer(name);
    assert!(text.contains(from), "{from} is in {name}");
    refused_text(&text.replace(from, to), message);
}

fn refused_text(text: &str, message: &str) {
    match negotiated(text) {
        Ok(_) => panic!("should be refused: {message}"),
        Err(error) => assert!(error.to_string().contains(message), "expected {message:?}, got {error}"),
    }
}

#[test]
fn what_is_missing_is_named() {
    refused_text("", "this is not SDP: the first line must be v=0");
    refused_text("{\"type\":\"offer\"}", "this is not SDP");
    refused_text("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "no m-section");
    refused("chromium-whip", "a=mid:1\r\n", "", "m-section 1 (counted from 0) has no a=mid");
    refused("chromium-whip", "a=mid:1", "a=mid:0", "two m-sections have a=mid:0");
    refused("chromium-whip", "a=group:BUNDLE 0 1", "a=group:BUNDLE 0", "m-section 1 is not in the BUNDLE group");
    refused("chromium-whip", "a=group:BUNDLE 0 1", "a=group:LS 0 1", "m-section 0 is not in the BUNDLE group");
    refused("chromium-whip", "a=rtcp-mux", "a=x", "m-section 0 has no a=rtcp-mux");
    refused("chromium-whip", "a=ice-ufrag", "a=x", "no a=ice-ufrag");
    refused("chromium-whip", "a=fingerprint:sha-256", "a=fingerprint:sha-1", "no a=fingerprint with sha-256");
}

#[test]
fn what_cannot_work_is_explained() {
    refused("chromium-whip", "a=setup:actpass", "a=setup:passive", "this server is the DTLS server");
    refused("chromium-whip", "a=setup:actpass", "a=setup:actpass\r\na=ice-lite", "the client must be a full ICE agent");
    refused("chromium-whip", "UDP/TLS/RTP/SAVPF", "RTP/AVP", "0: its protocol is not UDP/TLS/RTP/SAVPF; 1: its protocol");
    let no_mid = offer("chromium-lesson").replace("sdes:mid", "sdes:another");
    refused_text(&no_mid, "m-section 1 can be told apart neither by the mid header extension nor by a=ssrc lines");
    refused("chromium-whip", "extmap:14 urn", "extmap:4 urn", "header extension id 4 has two meanings");
    refused("chromium-lesson", "a=rid:m send\r\n", "", "a=simulcast names m without an a=rid:m send line");
    let two = offer("chromium-whip").replacen("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 00:", 1);
    refused_text(&two, "line 14: a=fingerprint wants as many hex bytes");
    let other = offer("chromium-whip");
    let line = other.lines().find(|line| line.starts_with("a=fingerprint")).unwrap();
    let other = other.replacen(line, &format!("a=fingerprint:sha-256 {FINGERPRINT}"), 1);
    refused_text(&other, "m-section 1 has another a=fingerprint than the sections before it");
}

#[test]
fn a_line_that_cannot_be_read_is_found_by_its_number() {
    refused("chromium-whip", "s=-", "nonsense", "line 3: expected a letter and an equals sign");
    refused("chromium-whip", "m=audio 9", "m=audio many", "line 8: expected m=<media>");
    refused("chromium-whip", "SAVPF 111", "SAVPF 300", "line 8: payload types are numbers");
    refused("chromium-whip", "a=rtpmap:111 opus", "a=rtpmap:111 op\u{fc}s", ": expected a=rtpmap:");
    refused("chromium-whip", "a=ice-ufrag:", "a=ice-ufrag:\u{7}", ": a=ice-ufrag has 4 to 256");
    refused("chromium-whip", "a=mid:0", "a=mid:a name with spaces", ": a=mid is a token");
}

#[test]
fn every_list_has_a_bound() {
    refused_text(&format!("v=0\r\n{}", "a=x\r\n".repeat(60_000)), "the offer has 300005 bytes; at most 262144 are read");
    refused_text(&format!("v=0\r\na={}", "x".repeat(3000)), "line 2: more than 2048 bytes in one line");
    refused_text(&format!("v=0\r\n{}", "m=audio 0 x y\r\na=mid:1\r\n".repeat(129)), "more than 128 m-sections");
    let numbers: String = (0..129).map(|number| format!(" {}", number % 128)).collect();
    refused_text(&format!("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF{numbers}\r\n"), "line 2: more than 128 payload types");
    let rids: String = (0..5).map(|rid| format!("a=rid:{rid} send\r\n")).collect();
    refused("chromium-lesson", "a=rid:h send\r\n", &rids, "more than 4 simulcast encodings");
    let ssrcs: String = (0..13).map(|ssrc| format!("a=ssrc:{ssrc} cname:x\r\n")).collect();
    refused("chromium-whip", "a=mid:1\r\n", &format!("a=mid:1\r\n{ssrcs}"), "more than 12 SSRCs");
}
