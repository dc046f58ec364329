//! What every test here does: take an offer, answer it, look at both.

use auftakt_media::codec::Codec;
use auftakt_media::id::Mid;
use auftakt_media::sdp::{
    AnswerIdentity, AnswerParams, DownlinkMedia, Negotiated, NegotiatedCodec, Offer, SdpError, Section, SectionRole, negotiate,
    write_answer,
};

macro_rules! offers {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of every offer in `testdata`.
        pub const OFFERS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../src/sdp/testdata/", $name, ".sdp")))),+];
    };
}

offers![
    "chromium-lesson",
    "chromium-lesson-screen",
    "chromium-lesson-stopped",
    "chromium-lesson-recycled",
    "chromium-lesson-restart",
    "chromium-whip",
    "chromium-whep",
    "chromium-sendrecv",
    "firefox-lesson",
    "firefox-lesson-screen",
    "firefox-lesson-stopped",
    "firefox-lesson-recycled",
    "firefox-lesson-restart",
    "firefox-whip",
    "firefox-whep",
    "firefox-sendrecv",
    "safari-sendrecv",
];

pub const FINGERPRINT: &str = "6E:52:CA:43:03:1D:92:89:BB:7F:6C:E2:EA:AD:E8:8C:9C:81:3B:3B:AE:8E:A0:5C:A5:74:9E:18:C7:DA:FB:94";

pub fn offer(name: &str) -> &'static str {
    OFFERS.iter().find(|(known, _)| *known == name).expect("an offer of that name").1
}

pub fn negotiated(text: &str) -> Result<Negotiated, SdpError> {
    negotiate(&Offer::parse(text)?, &AnswerParams::default())
}

/// Answers with a source for every downlink: SSRC 1000 + index, seats in pairs.
pub fn answer(negotiated: &Negotiated) -> String {
    let candidates = ["192.0.2.7:3478".parse().expect("an address"), "[2001:db8::7]:3478".parse().expect("an address")];
    let downlinks = negotiated.sections.iter().enumerate().filter(|(_, section)| section.role == SectionRole::Downlink);
    let downlinks: Vec<DownlinkMedia<'_>> = downlinks.map(|(index, section)| source(section.mid, index as u32)).collect();
    write_answer(negotiated, &identity(&candidates), &downlinks)
}

pub fn identity(candidates: &[std::net::SocketAddr]) -> AnswerIdentity<'_> {
    AnswerIdentity {
        ufrag: "aB3d",
        pwd: "0123456789abcdef01234567",
        fingerprint: FINGERPRINT,
        candidates,
        session_id: 4711,
        session_version: 2,
    }
}

fn source(mid: Mid, index: u32) -> DownlinkMedia<'static> {
    DownlinkMedia { mid, ssrc: 1000 + index, rtx_ssrc: Some(2000 + index), stream: "s0", cname: "c0" }
}

pub fn mid(name: &str) -> Mid {
    Mid::parse(name).expect("a mid")
}

pub fn codec(section: &Section, codec: Codec) -> &NegotiatedCodec {
    section.codecs.iter().find(|known| known.codec == codec).expect("the codec was negotiated")
}

/// The lines of the `index`-th m-section of an answer.
pub fn section_lines(answer: &str, index: usize) -> Vec<&str> {
    let mut sections: Vec<Vec<&str>> = Vec::new();
    for line in answer.lines() {
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push(line);
        }
    }
    sections.swap_remove(index)
}

/// A line must be there, an attribute must not: `lines.has("a=…")`.
pub trait Lines {
    fn has(&self, line: &str) -> bool;
    fn starts(&self, start: &str) -> Vec<&str>;
}

impl Lines for Vec<&str> {
    fn has(&self, line: &str) -> bool {
        self.contains(&line)
    }

    fn starts(&self, start: &str) -> Vec<&str> {
        self.iter().filter(|line| line.starts_with(start)).copied().collect()
    }
}

/// What holds for every answer there is.
pub fn check_answer(offer: &str, negotiated: &Negotiated, answer: &str) {
    let readable = with_known_media(answer);
    let parsed = rtc_sdp::description::session::SessionDescription::unmarshal(&mut std::io::Cursor::new(readable.as_bytes()));
    let parsed = parsed.unwrap_or_else(|error| panic!("{error}\n{answer}"));
    let offered: Vec<&str> = offer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(parsed.media_descriptions.len(), offered.len(), "as many sections as offered");
    for (media, section) in parsed.media_descriptions.iter().zip(&negotiated.sections) {
        assert_eq!(media.attribute("mid").flatten(), Some(section.mid.as_str()), "sections keep their place");
        let rejected = matches!(section.role, SectionRole::Rejected(_));
        assert_eq!(media.media_name.port.value == 0, rejected, "port 0 means rejected");
    }
    assert!(answer.split("\r\n").all(|line| line.is_empty() || line.as_bytes()[1] == b'='), "only lines of SDP: {answer}");
    assert!(answer.bytes().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\r' | b'\n')), "nothing unprintable");
}

/// The independent parser knows six kinds of media and refuses all others, but RFC 8866 §5.14 lets a section be of any token, and an answer repeats
/// it with port 0 (RFC 3264 §6): such a section becomes one of a kind that the parser knows.
fn with_known_media(answer: &str) -> String {
    let known = ["audio", "video", "text", "application", "message", "image"];
    let line = |line: &str| match line.strip_prefix("m=").and_then(|rest| rest.split_once(' ')) {
        Some((media, rest)) if !known.contains(&media) => format!("m=application {rest}"),
        _ => line.to_owned(),
    };
    answer.split("\r\n").map(line).collect::<Vec<_>>().join("\r\n")
}
