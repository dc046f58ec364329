//! The offer a browser would write, and what is needed of the answer.

use crate::Rtx;
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use std::fmt::Write;

/// Payload types and extension ids of one client. Two clients with different numbers prove that the server translates.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Added to every payload type.
    pub payload_shift: u8,
    /// Extension ids rotate by this (1-14 stay 1-14).
    pub extension_shift: u8,
}

/// The header extensions of the tests, with the ids of Chromium.
pub const EXTENSIONS: [(&str, u8); 9] = [
    (MID, 4),
    (RID, 10),
    (REPAIRED_RID, 11),
    (TRANSPORT_CC, 3),
    ("http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", 2),
    (AUDIO_LEVEL, 1),
    ("http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", 6),
    (ORIENTATION, 13),
    (DEPENDENCY_DESCRIPTOR, 12),
];
/// urn:ietf:params:rtp-hdrext:sdes:mid
pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// RFC 8852.
pub const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// RFC 8852.
pub const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/// draft-holmer-rmcat-transport-wide-cc-extensions-01.
pub const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// RFC 6464.
pub const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// 3GPP TS 26.114.
pub const ORIENTATION: &str = "urn:3gpp:video-orientation";
/// AV1 RTP specification, appendix A.
pub const DEPENDENCY_DESCRIPTOR: &str = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

impl Numbers {
    /// As in Chromium.
    pub const CHROMIUM: Self = Self { payload_shift: 0, extension_shift: 0 };

    /// The payload type of `codec` in this client.
    pub fn payload_type(self, codec: Codec) -> u8 {
        self.payload_shift
            + match codec {
                Codec::Opus => 111,
                Codec::Red => 109,
                Codec::Vp8 => 96,
                Codec::Vp9 => 98,
                Codec::H264 => 100,
                Codec::Av1 => 102,
            }
    }

    /// The payload type of its retransmissions.
    pub fn rtx(self, codec: Codec) -> u8 {
        self.payload_type(codec) + 1
    }

    /// Which codec a payload type is, and whether it is a retransmission.
    pub fn codec(self, payload_type: u8) -> Option<(Codec, bool)> {
        let all = [Codec::Opus, Codec::Red, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];
        all.into_iter().find_map(|codec| {
            let plain = payload_type == self.payload_type(codec);
            let again = codec.kind() == MediaKind::Video && payload_type == self.rtx(codec);
            (plain || again).then_some((codec, again))
        })
    }

    /// The id of a header extension.
    pub fn extension(self, uri: &str) -> u8 {
        let id = EXTENSIONS.iter().find(|(u, _)| *u == uri).map_or(0, |(_, id)| *id);
        (id - 1 + self.extension_shift) % 14 + 1
    }
}

/// One m-section of the offer.
#[derive(Clone, Debug)]
pub(crate) struct OfferSection {
    pub mid: String,
    pub kind: MediaKind,
    pub direction: &'static str,
    pub codecs: Vec<Codec>,
    pub rids: Vec<String>,
    /// (ssrc, rtx) announced; empty with rids, as browsers do.
    pub ssrcs: Vec<(u32, Option<u32>)>,
    pub rtx: Rtx,
    pub transport_feedback: bool,
}

/// What stands above the m-sections.
pub(crate) struct OfferSession<'a> {
    pub ufrag: &'a str,
    pub pwd: &'a str,
    pub fingerprint: &'a str,
    pub version: u32,
    pub numbers: Numbers,
}

pub(crate) fn write_offer(session: &OfferSession<'_>, sections: &[OfferSection]) -> String {
    let mut sdp = format!("v=0\r\no=- 4711 {} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE", session.version);
    for section in sections {
        let _ = write!(sdp, " {}", section.mid);
    }
    sdp.push_str("\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n");
    for section in sections {
        write_section(&mut sdp, session, section);
    }
    sdp
}

fn write_section(sdp: &mut String, session: &OfferSession<'_>, section: &OfferSection) {
    let numbers = session.numbers;
    let video = section.kind == MediaKind::Video;
    let _ = write!(sdp, "m={} 9 UDP/TLS/RTP/SAVPF", if video { "video" } else { "audio" });
    for &codec in &section.codecs {
        let _ = write!(sdp, " {}", numbers.payload_type(codec));
        if video && section.rtx == Rtx::Offered {
            let _ = write!(sdp, " {}", numbers.rtx(codec));
        }
    }
    let _ = write!(
        sdp,
        "\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\na=mid:{}\r\n",
        session.ufrag, session.pwd, session.fingerprint, section.mid
    );
    for (uri, _) in EXTENSIONS {
        if extension_applies(uri, section) {
            let _ = write!(sdp, "a=extmap:{} {uri}\r\n", numbers.extension(uri));
        }
    }
    let _ = write!(sdp, "a={}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", section.direction);
    if section.direction == "sendonly" {
        let _ = write!(sdp, "a=msid:stream{0} track{0}\r\n", section.mid);
    }
    for &codec in &section.codecs {
        write_codec(sdp, numbers, codec, section.rtx);
    }
    for rid in &section.rids {
        let _ = write!(sdp, "a=rid:{rid} send\r\n");
    }
    if !section.rids.is_empty() {
        let _ = write!(sdp, "a=simulcast:send {}\r\n", section.rids.join(";"));
    }
    for (ssrc, rtx) in &section.ssrcs {
        if let Some(rtx) = rtx {
            let _ = write!(sdp, "a=ssrc-group:FID {ssrc} {rtx}\r\na=ssrc:{ssrc} cname:test\r\na=ssrc:{rtx} cname:test\r\n");
        } else {
            let _ = write!(sdp, "a=ssrc:{ssrc} cname:test\r\n");
        }
    }
}

fn extension_applies(uri: &str, section: &OfferSection) -> bool {
    match uri {
        RID | REPAIRED_RID => !section.rids.is_empty(),
        TRANSPORT_CC => section.transport_feedback,
        AUDIO_LEVEL => section.kind == MediaKind::Audio,
        ORIENTATION | DEPENDENCY_DESCRIPTOR => section.kind == MediaKind::Video,
        _ => true,
    }
}

fn write_codec(sdp: &mut String, numbers: Numbers, codec: Codec, repair: Rtx) {
    let pt = numbers.payload_type(codec);
    let opus = numbers.payload_type(Codec::Opus);
    let _ = match codec {
        Codec::Opus => write!(
            sdp,
            "a=rtpmap:{pt} opus/48000/2\r\na=rtcp-fb:{pt} transport-cc\r\na=rtcp-fb:{pt} nack\r\na=fmtp:{pt} minptime=10;stereo=1;sprop-stereo=1;useinbandfec=0\r\n"
        ),
        Codec::Red => write!(sdp, "a=rtpmap:{pt} red/48000/2\r\na=fmtp:{pt} {opus}/{opus}\r\n"),
        Codec::Vp8 => write!(sdp, "a=rtpmap:{pt} VP8/90000\r\n"),
        Codec::Vp9 => write!(sdp, "a=rtpmap:{pt} VP9/90000\r\na=fmtp:{pt} profile-id=0\r\n"),
        Codec::H264 => write!(
            sdp,
            "a=rtpmap:{pt} H264/90000\r\na=fmtp:{pt} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
        ),
        Codec::Av1 => write!(sdp, "a=rtpmap:{pt} AV1/90000\r\na=fmtp:{pt} level-idx=5;profile=0;tier=0\r\n"),
    };
    if codec.kind() == MediaKind::Video {
        let rtx = numbers.rtx(codec);
        for feedback in ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"] {
            let _ = write!(sdp, "a=rtcp-fb:{pt} {feedback}\r\n");
        }
        if repair == Rtx::Offered {
            let _ = write!(sdp, "a=rtpmap:{rtx} rtx/90000\r\na=fmtp:{rtx} apt={pt}\r\n");
        }
    }
}

/// What the client needs of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub ufrag: String,
    pub pwd: String,
    pub sections: Vec<AnswerSection>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerSection {
    pub mid: String,
    /// The sending SSRC, then its retransmissions.
    pub ssrcs: Vec<u32>,
    pub payload_types: Vec<u8>,
}

pub(crate) fn read_answer(text: &str) -> Answer {
    let mut answer = Answer::default();
    for line in text.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let payload_types = media.split(' ').skip(3).filter_map(|p| p.parse().ok()).collect();
            answer.sections.push(AnswerSection { payload_types, ..AnswerSection::default() });
        } else if let Some(ufrag) = line.strip_prefix("a=ice-ufrag:") {
            answer.ufrag = ufrag.into();
        } else if let Some(pwd) = line.strip_prefix("a=ice-pwd:") {
            answer.pwd = pwd.into();
        } else if let Some(section) = answer.sections.last_mut() {
            read_section_line(section, line);
        }
    }
    answer
}

fn read_section_line(section: &mut AnswerSection, line: &str) {
    if let Some(mid) = line.strip_prefix("a=mid:") {
        section.mid = mid.into();
    } else if let Some(group) = line.strip_prefix("a=ssrc-group:FID ") {
        section.ssrcs = group.split(' ').filter_map(|s| s.parse().ok()).collect();
    } else if let Some(ssrc) = line.strip_prefix("a=ssrc:").and_then(|s| s.split(' ').next()?.parse().ok())
        && !section.ssrcs.contains(&ssrc)
    {
        section.ssrcs.push(ssrc);
    }
}
