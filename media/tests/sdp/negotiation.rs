use crate::world::{Lines, OFFERS, answer, check_answer, codec, identity, mid, negotiated, offer, section_lines};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::rtp::ext::ExtensionKind;
use auftakt_media::sdp::{AnswerParams, Offer, RedPolicy, RejectReason, SectionRole, negotiate, write_answer};

#[test]
fn every_real_offer_gets_an_answer_that_another_parser_reads() {
    for (name, text) in OFFERS {
        let negotiated = negotiated(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        check_answer(text, &negotiated, &answer(&negotiated));
    }
}

#[test]
fn what_the_client_sends_is_an_uplink_and_what_it_receives_a_downlink() {
    for name in ["chromium-lesson", "firefox-lesson"] {
        let sections = negotiated(offer(name)).unwrap().sections;
        let roles: Vec<_> = sections.iter().map(|section| (section.kind.unwrap(), section.role)).collect();
        let (audio, video) = (MediaKind::Audio, MediaKind::Video);
        let (up, down) = (SectionRole::Uplink, SectionRole::Downlink);
        assert_eq!(roles, [(audio, up), (video, up), (audio, down), (video, down), (audio, down), (video, down)], "{name}");
    }
}

#[test]
fn the_answer_lists_vp8_first_and_each_codec_with_its_retransmissions() {
    let negotiated = negotiated(offer("chromium-lesson")).unwrap();
    let chosen: Vec<_> = negotiated.sections[1].codecs.iter().map(|codec| (codec.codec, codec.payload_type, codec.rtx)).collect();
    assert_eq!(
        chosen,
        [
            (Codec::Vp8, 96, Some(97)),
            // Constrained baseline in packetization mode 1, of six H264 that are offered.
            (Codec::H264, 108, Some(109)),
            (Codec::Vp9, 98, Some(99)),
            (Codec::Av1, 45, Some(46)),
        ]
    );
    let lines = answer(&negotiated);
    let lines = section_lines(&lines, 1);
    assert!(lines.has("m=video 3478 UDP/TLS/RTP/SAVPF 96 97 108 109 98 99 45 46"));
    assert!(lines.has("a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"));
    assert!(lines.has("a=fmtp:109 apt=108"));
    for feedback in ["transport-cc", "ccm fir", "nack", "nack pli"] {
        assert!(lines.has(&format!("a=rtcp-fb:96 {feedback}")), "{feedback}");
    }
    assert!(lines.iter().all(|line| !line.contains("goog-remb")));
}

#[test]
fn the_preference_decides_order_and_choice_of_video_codecs() {
    let params = AnswerParams { video_preference: vec![Codec::Av1, Codec::H264, Codec::H264], ..AnswerParams::default() };
    let negotiated = negotiate(&Offer::parse(offer("chromium-whip")).unwrap(), &params).unwrap();
    let chosen: Vec<_> = negotiated.sections[1].codecs.iter().map(|codec| codec.codec).collect();
    assert_eq!(chosen, [Codec::Av1, Codec::H264]);
}

#[test]
fn h264_takes_the_best_profile_there_is_and_never_packetization_mode_0() {
    let with = |profiles: &[(&str, u8)]| {
        let mut text = String::from("v=0\r\na=fingerprint:sha-256 ");
        text += crate::world::FINGERPRINT;
        text += "\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\nm=video 9 UDP/TLS/RTP/SAVPF";
        (0..profiles.len()).for_each(|index| text += &format!(" {}", 100 + index));
        text += "\r\na=mid:v\r\na=rtcp-mux\r\n";
        for (index, (profile, mode)) in profiles.iter().enumerate() {
            let number = 100 + index;
            text += &format!("a=rtpmap:{number} H264/90000\r\n");
            text += &format!("a=fmtp:{number} profile-level-id={profile};packetization-mode={mode}\r\n");
        }
        negotiated(&text).map(|negotiated| negotiated.sections[0].codecs[0].payload_type)
    };
    assert_eq!(with(&[("640c1f", 1), ("42e01f", 0), ("42e01f", 1)]), Ok(102), "constrained baseline");
    assert_eq!(with(&[("64001f", 1), ("4d001f", 1), ("42001f", 1)]), Ok(102), "baseline before main and high");
    assert_eq!(with(&[("64001f", 1), ("4d801f", 1), ("42001f", 1)]), Ok(101), "main with constraint_set0 is constrained baseline too");
    assert_eq!(with(&[("640c1f", 1)]), Ok(100), "high, for want of better");
    assert!(with(&[("42e01f", 0)]).is_err());
    assert!(with(&[("nonsense", 1), ("42é1f", 1), ("", 1)]).is_err());
}

#[test]
fn opus_is_asked_for_in_stereo_without_fec_and_dtx() {
    let negotiated = negotiated(offer("chromium-lesson")).unwrap();
    let text = answer(&negotiated);
    let lines = section_lines(&text, 0);
    let fmtp = "a=fmtp:111 minptime=10;useinbandfec=0;usedtx=0;stereo=1;sprop-stereo=1;maxaveragebitrate=510000;maxplaybackrate=48000";
    assert!(lines.has(fmtp));
    assert!(lines.has("a=rtcp-fb:111 nack") && lines.has("a=rtcp-fb:111 transport-cc"));
    assert!(lines.has("a=ptime:20") && lines.has("a=maxptime:60"));
    let lines = section_lines(&text, 2);
    assert!(lines.has(fmtp), "and described so where it is sent");
    assert!(lines.has("a=rtcp-fb:111 nack") && lines.has("a=rtcp-fb:111 transport-cc"), "the same feedback either way");
}

#[test]
fn a_client_says_in_its_offer_what_it_wants_to_be_asked_for() {
    let wish = |parameters: &str| {
        let text = offer("chromium-whip").replace("minptime=10;useinbandfec=1", parameters).replace("a=mid:0", "a=mid:0\r\na=ptime:10");
        let text = answer(&negotiated(&text).unwrap());
        let lines = section_lines(&text, 0);
        assert!(lines.has("a=ptime:10"));
        lines.starts("a=fmtp:111")[0].to_owned()
    };
    assert!(wish("maxaveragebitrate=128000").contains("stereo=1;sprop-stereo=1;maxaveragebitrate=128000;"));
    assert!(wish("sprop-stereo=0;maxaveragebitrate=48000").contains("stereo=0;sprop-stereo=0;maxaveragebitrate=48000;"));
    assert!(wish("maxaveragebitrate=99999999").contains("maxaveragebitrate=510000;"), "within the server's limit");
    assert!(wish("maxaveragebitrate=1").contains("maxaveragebitrate=6000;"));
}

#[test]
fn red_stands_where_the_policy_puts_it() {
    let order = |text: &str, red| {
        let negotiated = negotiate(&Offer::parse(text).unwrap(), &AnswerParams { red, ..AnswerParams::default() }).unwrap();
        let codecs: Vec<_> = negotiated.sections[0].codecs.iter().map(|codec| codec.codec).collect();
        codecs
    };
    let text = offer("chromium-whip");
    assert_eq!(order(text, RedPolicy::AsOffered), [Codec::Opus, Codec::Red]);
    assert_eq!(order(text, RedPolicy::Preferred), [Codec::Red, Codec::Opus]);
    assert_eq!(order(text, RedPolicy::Never), [Codec::Opus]);
    let wished = text.replace("UDP/TLS/RTP/SAVPF 111 63", "UDP/TLS/RTP/SAVPF 63 111");
    assert_eq!(order(&wished, RedPolicy::AsOffered), [Codec::Red, Codec::Opus]);
    let of_something_else = text.replace("a=fmtp:63 111/111", "a=fmtp:63 9/111");
    assert_eq!(order(&of_something_else, RedPolicy::Preferred), [Codec::Opus]);
    assert_eq!(order(offer("firefox-whip"), RedPolicy::Preferred), [Codec::Opus], "Firefox has none");
}

#[test]
fn simulcast_is_received_under_the_offered_names() {
    for name in ["chromium-lesson", "firefox-lesson"] {
        let negotiated = negotiated(offer(name)).unwrap();
        let camera = &negotiated.sections[1];
        assert_eq!(camera.rids.iter().map(|rid| rid.as_str()).collect::<Vec<_>>(), ["h", "m", "l"], "{name}");
        assert!(camera.extensions.id(ExtensionKind::Rid).is_some() && camera.extensions.id(ExtensionKind::RepairedRid).is_some());
        let text = answer(&negotiated);
        let lines = section_lines(&text, 1);
        assert!(lines.has("a=rid:h recv") && lines.has("a=rid:m recv") && lines.has("a=rid:l recv"));
        assert!(lines.has("a=simulcast:recv h;m;l"));
    }
    let one_stream = negotiated(offer("firefox-whip")).unwrap();
    assert_eq!(one_stream.sections[1].extensions.id(ExtensionKind::Rid), None, "no simulcast, no rids in packets");
}

#[test]
fn a_rid_restricted_to_a_codec_that_is_not_used_is_left_out() {
    let text = offer("chromium-lesson").replace("a=rid:h send", "a=rid:h send pt=104").replace("a=rid:m send", "a=rid:m send pt=96,104");
    let text = answer(&negotiated(&text).unwrap());
    let lines = section_lines(&text, 1);
    assert_eq!(lines.starts("a=rid:"), ["a=rid:m recv pt=96", "a=rid:l recv"]);
    assert!(lines.has("a=simulcast:recv m;l"));
}

#[test]
fn header_extensions_keep_their_ids_and_are_agreed_on_only_where_used() {
    let negotiated = negotiated(offer("firefox-lesson")).unwrap();
    let (camera, seat) = (&negotiated.sections[1].extensions, &negotiated.sections[3].extensions);
    assert_eq!((camera.id(ExtensionKind::Mid), camera.id(ExtensionKind::TransportCc)), (Some(3), Some(7)));
    assert_eq!(camera.id(ExtensionKind::PlayoutDelay), None, "Firefox only reads it");
    assert_eq!(seat.id(ExtensionKind::PlayoutDelay), Some(6));
    assert_eq!((seat.id(ExtensionKind::TransportCc), seat.id(ExtensionKind::Rid)), (Some(7), None));
    let text = answer(&negotiated);
    assert!(section_lines(&text, 1).has("a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"), "seen from our side");
    assert!(text.contains("\r\na=extmap-allow-mixed\r\n"));
    for (name, offer) in OFFERS {
        assert!(!answer(&self::negotiated(offer).unwrap()).contains("abs-send-time"), "{name}: transport-wide numbers say more");
    }
}

#[test]
fn the_dependency_descriptor_is_for_av1_alone() {
    let of_camera = |preference: Vec<Codec>| {
        let params = AnswerParams { video_preference: preference, ..AnswerParams::default() };
        let negotiated = negotiate(&Offer::parse(offer("chromium-lesson")).unwrap(), &params).unwrap();
        negotiated.sections[1].extensions.id(ExtensionKind::DependencyDescriptor)
    };
    assert_eq!(of_camera(vec![Codec::Vp8, Codec::Av1]), None, "VP8 describes itself then, with picture ids that can go on");
    assert!(of_camera(vec![Codec::Av1, Codec::Vp8]).is_some());
}

#[test]
fn transport_cc_needs_both_its_extension_and_its_feedback() {
    let text = offer("chromium-whip");
    let without_extension = text.replace("draft-holmer-rmcat-transport-wide-cc", "another");
    let video = &negotiated(&without_extension).unwrap().sections[1];
    assert!(!codec(video, Codec::Vp8).feedback.transport_cc);
    let without_feedback = text.replace("transport-cc", "another");
    assert_eq!(negotiated(&without_feedback).unwrap().sections[1].extensions.id(ExtensionKind::TransportCc), None);
    let of_all = text.replace("a=rtcp-fb:96 transport-cc", "a=rtcp-fb:* transport-cc");
    assert!(codec(&negotiated(&of_all).unwrap().sections[1], Codec::Vp8).feedback.transport_cc);
}

#[test]
fn a_seat_is_one_media_stream_with_its_sources() {
    let negotiated = negotiated(offer("chromium-whep")).unwrap();
    let text = answer(&negotiated);
    let (audio, video) = (section_lines(&text, 0), section_lines(&text, 1));
    assert!(audio.has("a=sendonly") && audio.has("a=msid:s0 s0-0") && audio.has("a=ssrc:1000 cname:c0"));
    assert!(audio.starts("a=ssrc-group").is_empty(), "no retransmission payload type, so no stream for it");
    assert!(video.has("a=msid:s0 s0-1") && video.has("a=ssrc-group:FID 1001 2001"));
    assert!(video.has("a=ssrc:1001 cname:c0") && video.has("a=ssrc:2001 cname:c0"));
    let silent = write_answer(&negotiated, &identity(&[]), &[]);
    assert!(section_lines(&silent, 0).has("a=inactive"), "a downlink without a source");
}

#[test]
fn the_transport_is_described_once_and_for_all_sections() {
    let text = answer(&negotiated(offer("firefox-lesson")).unwrap());
    assert!(text.contains("\r\na=ice-lite\r\n") && text.contains("\r\na=group:BUNDLE 0 1 2 3 4 5\r\n"));
    let first = section_lines(&text, 0);
    assert_eq!(
        first.starts("a=candidate"),
        ["a=candidate:1 1 udp 2130706431 192.0.2.7 3478 typ host", "a=candidate:2 1 udp 2130706175 2001:db8::7 3478 typ host"]
    );
    assert!(first.has("a=end-of-candidates") && first.has("c=IN IP4 192.0.2.7"));
    for index in 0..6 {
        let lines = section_lines(&text, index);
        assert!(lines.has("a=setup:passive") && lines.has("a=rtcp-mux") && lines.has("a=ice-ufrag:aB3d"));
        assert_eq!(lines.starts("a=fingerprint:sha-256 6E:52:").len(), 1);
        assert_eq!(lines.starts("a=candidate").is_empty(), index != 0);
    }
}

#[test]
fn data_channels_and_unknown_codecs_are_rejected_in_their_place() {
    let text = offer("chromium-sendrecv").replace("opus/48000", "sine/48000");
    let negotiated = negotiated(&text).unwrap();
    let roles: Vec<_> = negotiated.sections.iter().map(|section| section.role).collect();
    assert_eq!(roles, [SectionRole::Rejected(RejectReason::NoCodec), SectionRole::Uplink, SectionRole::Rejected(RejectReason::NotMedia)]);
    let text = answer(&negotiated);
    assert!(text.contains("a=group:BUNDLE 1\r\n"));
    assert!(section_lines(&text, 0).has("m=audio 0 UDP/TLS/RTP/SAVPF 111"));
    assert!(section_lines(&text, 1).has("a=recvonly"), "sendrecv is answered recvonly");
    assert_eq!(section_lines(&text, 1).starts("a=candidate").len(), 2, "the candidates move to the first that is accepted");
    assert!(section_lines(&text, 2).has("m=application 0 UDP/DTLS/SCTP webrtc-datachannel"));
}

#[test]
fn one_section_alone_needs_no_group() {
    let text = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=fingerprint:SHA-256 ".to_owned()
        + &crate::world::FINGERPRINT.to_lowercase()
        + "\na=ice-ufrag:abcd\na=ice-pwd:0123456789abcdef01234567\na=setup:active\nm=audio 4000 UDP/TLS/RTP/SAVPF 97\na=mid:voice\na=rtcp-mux\na=rtpmap:97 OPUS/48000/2\na=sendonly\n";
    let parsed = Offer::parse(&text).unwrap();
    assert_eq!((parsed.fingerprint.algorithm, parsed.fingerprint.value.as_str()), ("sha-256", crate::world::FINGERPRINT));
    let negotiated = negotiated(&text).unwrap();
    assert_eq!((negotiated.sections[0].mid, negotiated.sections[0].role), (mid("voice"), SectionRole::Uplink));
    let text = answer(&negotiated);
    assert!(!text.contains("BUNDLE") && text.contains("a=candidate"));
}

#[test]
fn announced_sources_are_kept_with_their_pairs() {
    let negotiated = negotiated(offer("firefox-lesson")).unwrap();
    let camera = &negotiated.sections[1];
    assert_eq!((camera.ssrcs.len(), camera.fid.len()), (6, 3));
    assert!(camera.fid.iter().all(|(media, rtx)| camera.ssrcs.contains(media) && camera.ssrcs.contains(rtx)));
    assert!(negotiated.sections[3].ssrcs.is_empty(), "a receiver's own SSRC is nobody's source");
}
