//! Writing the answer.

use super::codecs::Feedback;
use super::negotiate::{Negotiated, Section, SectionRole};
use super::section::MediaLine;
use crate::codec::Codec;
use crate::id::{MediaKind, Mid, Rid};
use std::fmt::{self, Write};
use std::net::SocketAddr;

/// Who answers.
#[derive(Clone, Copy)]
pub struct AnswerIdentity<'a> {
    /// Our ICE user name fragment.
    pub ufrag: &'a str,
    /// Our ICE password.
    pub pwd: &'a str,
    /// SHA-256 of our certificate: hex bytes between colons.
    pub fingerprint: &'a str,
    /// Where the client reaches us by UDP, best first.
    pub candidates: &'a [SocketAddr],
    /// Numeric; the same in every answer of one connection.
    pub session_id: u64,
    /// Counts the answers of one connection.
    pub session_version: u64,
}

/// What a downlink section sends. A downlink that has none is answered `inactive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownlinkMedia<'a> {
    /// The section.
    pub mid: Mid,
    /// The media's SSRC.
    pub ssrc: u32,
    /// The SSRC of its retransmissions; written when the section negotiated RTX.
    pub rtx_ssrc: Option<u32>,
    /// The MediaStream's id: the browser plays tracks of one stream in sync.
    pub stream: &'a str,
    /// RTCP's canonical name; equal for what is to be in sync.
    pub cname: &'a str,
}

/// Writes the answer to the offer that `negotiated` came from.
pub fn write_answer(negotiated: &Negotiated, identity: &AnswerIdentity<'_>, downlinks: &[DownlinkMedia<'_>]) -> String {
    let mut answer = Writer { text: String::with_capacity(1024 * (1 + negotiated.sections.len())) };
    answer.session(negotiated, identity);
    // The candidates stand once, in the section that names the bundle's transport (RFC 9143 §7.3.2).
    let accepted = |section: &&Section| !matches!(section.role, SectionRole::Rejected(_));
    let first = negotiated.bundle.first().copied().or_else(|| Some(negotiated.sections.iter().find(accepted)?.mid));
    for section in &negotiated.sections {
        if let SectionRole::Rejected(_) = section.role {
            answer.rejected(section);
            continue;
        }
        answer.transport(section, negotiated, identity);
        if Some(section.mid) == first {
            answer.candidates(identity.candidates);
        }
        let media = downlinks.iter().find(|media| media.mid == section.mid);
        answer.direction(section, media);
        answer.codecs(section);
        answer.extensions(section);
        answer.simulcast(section);
        if let (SectionRole::Downlink, Some(media)) = (section.role, media) {
            answer.source(section, media);
        }
    }
    answer.text
}

/// Appends lines. Every value written is a number, a constant, or was checked to be a token by the parser.
struct Writer {
    text: String,
}

/// `line!(writer, "format", …)`: one line with its CRLF.
macro_rules! line {
    ($writer:expr, $($format:tt)*) => {
        $writer.line(format_args!($($format)*))
    };
}

impl Writer {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        self.text.write_fmt(line).expect("a String takes everything");
        self.text.push_str("\r\n");
    }

    fn session(&mut self, negotiated: &Negotiated, identity: &AnswerIdentity<'_>) {
        line!(self, "v=0");
        // RFC 8829 §5.2.1: the id fits a signed 64-bit number.
        line!(self, "o=- {} {} IN IP4 0.0.0.0", identity.session_id >> 1, identity.session_version);
        line!(self, "s=-");
        line!(self, "t=0 0");
        if !negotiated.bundle.is_empty() {
            let mids: Vec<&str> = negotiated.bundle.iter().map(Mid::as_str).collect();
            line!(self, "a=group:BUNDLE {}", mids.join(" "));
        }
        line!(self, "a=ice-lite");
        line!(self, "a=msid-semantic:WMS *");
        if negotiated.extmap_allow_mixed {
            line!(self, "a=extmap-allow-mixed");
        }
    }

    fn rejected(&mut self, section: &Section) {
        let MediaLine { media, protocol, format } = &section.media_line;
        line!(self, "m={media} 0 {protocol} {format}");
        line!(self, "c=IN IP4 0.0.0.0");
        line!(self, "a=mid:{}", section.mid.as_str());
        line!(self, "a=inactive");
    }

    /// The m-line, and what is the same for every section because they share one transport.
    fn transport(&mut self, section: &Section, negotiated: &Negotiated, identity: &AnswerIdentity<'_>) {
        let MediaLine { media, protocol, .. } = &section.media_line;
        let payload_types = section.codecs.iter().flat_map(|codec| [Some(codec.payload_type), codec.rtx]).flatten();
        let payload_types: Vec<String> = payload_types.map(|number| number.to_string()).collect();
        // The default destination must be one of the candidates (RFC 8839 §4.2.1.2); without any it is port 9, "discard".
        let default = identity.candidates.first().copied().unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 9)));
        line!(self, "m={media} {} {protocol} {}", default.port(), payload_types.join(" "));
        line!(self, "c=IN {} {}", if default.is_ipv4() { "IP4" } else { "IP6" }, default.ip());
        line!(self, "a=mid:{}", section.mid.as_str());
        line!(self, "a=ice-ufrag:{}", identity.ufrag);
        line!(self, "a=ice-pwd:{}", identity.pwd);
        if negotiated.renomination {
            line!(self, "a=ice-options:renomination");
        }
        line!(self, "a=fingerprint:sha-256 {}", identity.fingerprint);
        line!(self, "a=setup:passive");
        line!(self, "a=rtcp-mux");
        if section.rtcp_rsize {
            line!(self, "a=rtcp-rsize");
        }
    }

    fn candidates(&mut self, candidates: &[SocketAddr]) {
        for (index, address) in candidates.iter().enumerate() {
            // RFC 8445 §5.1.2: type preference 126 for host, then the order of configuration, then component 1 (256 - 1).
            let local_preference = 65_535 - index.min(65_535);
            let priority = (126 << 24) + (local_preference << 8) + 255;
            line!(self, "a=candidate:{} 1 udp {priority} {} {} typ host", index + 1, address.ip(), address.port());
        }
        line!(self, "a=end-of-candidates");
    }

    fn direction(&mut self, section: &Section, media: Option<&DownlinkMedia<'_>>) {
        match (section.role, media) {
            (SectionRole::Uplink, _) => line!(self, "a=recvonly"),
            (SectionRole::Downlink, Some(_)) => line!(self, "a=sendonly"),
            _ => line!(self, "a=inactive"),
        }
    }

    fn codecs(&mut self, section: &Section) {
        for codec in &section.codecs {
            let number = codec.payload_type;
            let (name, suffix) = encoding_name(codec.codec);
            line!(self, "a=rtpmap:{number} {name}/{}{suffix}", codec.codec.clock_rate());
            if let Some(fmtp) = &codec.fmtp {
                line!(self, "a=fmtp:{number} {fmtp}");
            }
            let Feedback { nack, pli, fir, transport_cc } = codec.feedback;
            let known = [(transport_cc, "transport-cc"), (fir, "ccm fir"), (nack, "nack"), (pli, "nack pli")];
            for (_, name) in known.into_iter().filter(|(agreed, _)| *agreed) {
                line!(self, "a=rtcp-fb:{number} {name}");
            }
            if let Some(rtx) = codec.rtx {
                line!(self, "a=rtpmap:{rtx} rtx/{}", codec.codec.clock_rate());
                line!(self, "a=fmtp:{rtx} apt={number}");
            }
        }
        if section.kind == Some(MediaKind::Audio) && section.role == SectionRole::Uplink {
            line!(self, "a=ptime:{}", ptime_ms(section.ptime_ms));
            line!(self, "a=maxptime:{PTIME_MS_MAX}");
        }
    }

    fn extensions(&mut self, section: &Section) {
        for extension in &section.offered_extensions {
            let uri = extension.kind.uri();
            match extension.direction {
                None => line!(self, "a=extmap:{} {uri}", extension.id),
                Some(direction) => line!(self, "a=extmap:{}/{} {uri}", extension.id, direction.reversed().as_str()),
            }
        }
    }

    fn simulcast(&mut self, section: &Section) {
        for (rid, payload_types) in section.rids.iter().zip(&section.rid_payload_types) {
            let payload_types: Vec<String> = payload_types.iter().map(u8::to_string).collect();
            let restriction = if payload_types.is_empty() { String::new() } else { format!(" pt={}", payload_types.join(",")) };
            line!(self, "a=rid:{} recv{restriction}", rid.as_str());
        }
        if !section.rids.is_empty() {
            let rids: Vec<&str> = section.rids.iter().map(Rid::as_str).collect();
            line!(self, "a=simulcast:recv {}", rids.join(";"));
        }
    }

    fn source(&mut self, section: &Section, media: &DownlinkMedia<'_>) {
        let DownlinkMedia { ssrc, stream, cname, .. } = media;
        line!(self, "a=msid:{stream} {stream}-{}", section.mid.as_str());
        let rtx = media.rtx_ssrc.filter(|_| section.codecs.iter().any(|codec| codec.rtx.is_some()));
        if let Some(rtx) = rtx {
            line!(self, "a=ssrc-group:FID {ssrc} {rtx}");
        }
        for ssrc in [Some(*ssrc), rtx].into_iter().flatten() {
            line!(self, "a=ssrc:{ssrc} cname:{cname}");
        }
    }
}

/// Longest audio packet that is asked for: what RED of 20 ms frames, or a client's 60 ms frames, need.
const PTIME_MS_MAX: u32 = 60;

/// The client's wish, if Opus has such a frame (RFC 6716 §2.1.4; 2.5 and 5 ms are not worth their headers).
fn ptime_ms(offered: Option<u32>) -> u32 {
    offered.filter(|ms| matches!(ms, 10 | 20 | 40 | 60)).unwrap_or(20)
}

/// The name in `a=rtpmap`, and what follows the clock rate.
fn encoding_name(codec: Codec) -> (&'static str, &'static str) {
    match codec {
        Codec::Opus => ("opus", "/2"),
        Codec::Red => ("red", "/2"),
        Codec::Vp8 => ("VP8", ""),
        Codec::H264 => ("H264", ""),
        Codec::Vp9 => ("VP9", ""),
        Codec::Av1 => ("AV1", ""),
    }
}
