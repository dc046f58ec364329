//! Offers, and the fragments of WHIP and WHEP.

use crate::edit::{LineEdit, edited};
use arbitrary::{Arbitrary, Unstructured};
use auftakt_media::id::Mid;
use auftakt_media::sdp::{
    AnswerIdentity, AnswerParams, DownlinkMedia, Negotiated, Offer, RedPolicy, SectionRole, fragment as sdpfrag, negotiate, write_answer,
};

macro_rules! offers {
    ($($name:literal),+ $(,)?) => {
        /// What browsers offer.
        pub(crate) const OFFERS: &[&str] = &[$(include_str!(concat!("../../../media/src/sdp/testdata/", $name, ".sdp"))),+];
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
    "firefox-sendrecv",
    "safari-sendrecv",
];

/// A browser's offer after some edits, or any text.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum OfferText {
    Edited { base: u8, edits: Vec<(u16, LineEdit)> },
    Text(String),
}

impl OfferText {
    pub(crate) fn write(&self) -> String {
        match self {
            Self::Edited { base, edits } => edited(OFFERS[usize::from(*base) % OFFERS.len()], &edits[..edits.len().min(24)]),
            Self::Text(text) => format!("v=0\r\n{text}"),
        }
    }
}

/// The bytes as one text, and as a chain of offers of which each continues the last that was taken.
pub(crate) fn offers(data: &[u8]) {
    let mut before = None;
    if let Ok(text) = std::str::from_utf8(data) {
        answered(text, None);
    }
    let mut input = Unstructured::new(data);
    for _ in 0..4 {
        let Ok(offer) = input.arbitrary::<OfferText>() else { return };
        before = answered(&offer.write(), before.as_ref()).or(before);
        if input.is_empty() {
            return;
        }
    }
}

fn answered(text: &str, before: Option<&Negotiated>) -> Option<Negotiated> {
    let offer = Offer::parse(text).ok()?;
    let params = AnswerParams { red: [RedPolicy::Never, RedPolicy::AsOffered, RedPolicy::Preferred][text.len() % 3], ..Default::default() };
    let negotiated = negotiate(&offer, &params).ok()?;
    negotiated.check_continues(&negotiated).expect("the same offer continues itself");
    if let Some(before) = before {
        negotiated.check_continues(before).ok()?;
    }
    check_answer(text, &negotiated);
    Some(negotiated)
}

fn check_answer(text: &str, negotiated: &Negotiated) {
    let candidates = ["192.0.2.7:3478".parse().expect("an address")];
    let identity = AnswerIdentity {
        ufrag: "aB3d",
        pwd: "0123456789abcdef01234567",
        fingerprint: "AA",
        candidates: &candidates,
        session_id: 1,
        session_version: 1,
    };
    let is_downlink = |role: SectionRole| role == SectionRole::Downlink;
    let source = |mid: Mid| DownlinkMedia { mid, ssrc: 1000, rtx_ssrc: Some(2000), stream: "s0", cname: "c0" };
    let downlinks: Vec<DownlinkMedia<'_>> =
        negotiated.sections.iter().filter(|section| is_downlink(section.role)).map(|section| source(section.mid)).collect();
    let answer = write_answer(negotiated, &identity, &downlinks);
    check_text(&answer);
    let media = |text: &str| text.lines().filter(|line| line.starts_with("m=")).count();
    assert_eq!(media(&answer), media(text), "as many sections as offered");
    assert!(answer.len() <= 4 * text.len() + 4096, "{} bytes answer {}", answer.len(), text.len());
}

/// What holds for every answer there is.
pub(crate) fn check_text(answer: &str) {
    for line in answer.split("\r\n").filter(|line| !line.is_empty()) {
        assert!(line.as_bytes().get(1) == Some(&b'='), "only lines of SDP: {line:?}");
    }
    assert!(answer.bytes().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\r' | b'\n')), "nothing unprintable");
}

/// A fragment, the offer it changes, and the answer to that.
pub(crate) fn fragment(data: &[u8]) {
    let mut input = Unstructured::new(data);
    if let Ok(text) = std::str::from_utf8(data) {
        patch(text, OFFERS[0]);
    }
    let Ok((base, edits, offer)) = input.arbitrary::<(u8, Vec<(u16, LineEdit)>, OfferText)>() else { return };
    let bases = [
        "a=ice-ufrag:WXYZ\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
        OFFERS[0],
    ];
    patch(&edited(bases[usize::from(base) % 2], &edits), &offer.write());
}

fn patch(fragment: &str, offer: &str) {
    let Some(credentials) = sdpfrag::credentials(fragment) else { return };
    let restarted = sdpfrag::with_credentials(offer, &credentials);
    if offer.lines().any(|line| line.starts_with("a=ice-ufrag:")) && offer.lines().any(|line| line.starts_with("a=ice-pwd:")) {
        assert_eq!(sdpfrag::credentials(&restarted).as_ref(), Some(&credentials));
    }
    if let (Ok(before), Ok(after)) = (Offer::parse(offer), Offer::parse(&restarted)) {
        assert_eq!(after.sections, before.sections, "a restart changes the credentials alone");
    }
    let answer = sdpfrag::of_answer(&restarted);
    assert!(answer.ends_with("a=end-of-candidates\r\n"));
}
