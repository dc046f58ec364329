use crate::world::{answer, mid, negotiated, offer, section_lines};
use auftakt_media::sdp::{Offer, RejectReason, SdpError, SectionRole};

const STEPS: [&str; 5] = ["lesson", "lesson-screen", "lesson-stopped", "lesson-recycled", "lesson-restart"];

#[test]
fn sections_keep_their_place_through_a_lesson() {
    for browser in ["chromium", "firefox"] {
        let steps = STEPS.map(|step| negotiated(offer(&format!("{browser}-{step}"))).unwrap());
        for pair in steps.windows(2) {
            assert_eq!(pair[1].check_continues(&pair[0]), Ok(()), "{browser}");
        }
        assert!(steps[0].check_continues(&steps[1]).is_err(), "{browser}: sections are not taken away");
    }
}

#[test]
fn a_stopped_screen_is_rejected_and_its_place_can_be_taken_over() {
    let stopped = negotiated(offer("firefox-lesson-stopped")).unwrap();
    assert_eq!(stopped.sections[6].role, SectionRole::Rejected(RejectReason::Stopped));
    assert_eq!(stopped.sections[2].role, SectionRole::Inactive);
    let text = answer(&stopped);
    assert!(text.contains("a=group:BUNDLE 0 1 2 3 4 5 7 8\r\n"));
    assert!(section_lines(&text, 6)[0].starts_with("m=video 0 "));
    assert!(section_lines(&text, 2).contains(&"a=inactive"));
    let recycled = negotiated(offer("firefox-lesson-recycled")).unwrap();
    assert_eq!((recycled.sections[6].mid, recycled.sections[6].role), (mid("9"), SectionRole::Downlink));
}

#[test]
fn a_section_in_use_cannot_be_renamed() {
    let before = negotiated(offer("chromium-whep")).unwrap();
    let text = offer("chromium-whep").replace("a=mid:1\r", "a=mid:9\r").replace("BUNDLE 0 1", "BUNDLE 0 9");
    let renamed = negotiated(&text).unwrap();
    assert_eq!(renamed.check_continues(&before), Err(SdpError::SectionMoved { index: 1, before: mid("1") }));
}

#[test]
fn an_ice_restart_shows_in_the_credentials() {
    for browser in ["chromium", "firefox"] {
        let [before, same, after] =
            ["lesson", "lesson-recycled", "lesson-restart"].map(|step| Offer::parse(offer(&format!("{browser}-{step}"))).unwrap());
        assert_eq!(before.ice, same.ice, "{browser}");
        assert!(after.ice.ufrag != before.ice.ufrag && after.ice.pwd != before.ice.pwd, "{browser}");
        assert_eq!(before.fingerprint, after.fingerprint, "{browser}");
    }
}
