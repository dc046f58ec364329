//! One m-section of an offer.

use super::codecs::{CodecTable, OfferedCodec, parse_payload_type};
use super::error::SdpError;
use super::extensions::{IdMeanings, OfferedExtension};
use super::lines::{Line, is_token};
use super::transport::TransportAttributes;
use super::{MAX_CODECS, MAX_EXTENSIONS, MAX_RIDS, MAX_SSRCS};
use crate::id::{MediaKind, Mid, Rid};

/// Who sends, from the client's point of view (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both; what SDP means when it says nothing.
    #[default]
    SendRecv,
    /// The client.
    SendOnly,
    /// We.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Direction {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The same from the other side.
    pub(super) fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            same => same,
        }
    }
}

/// One simulcast encoding the client sends (RFC 8851).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedRid {
    /// Its name.
    pub rid: Rid,
    /// The payload types it is restricted to; empty means any.
    pub payload_types: Vec<u8>,
}

/// One m-section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedSection {
    /// Its name.
    pub mid: Mid,
    /// `None`: neither audio nor video (a data channel, say).
    pub kind: Option<MediaKind>,
    /// Port 0 and not `bundle-only`: out of use.
    pub stopped: bool,
    /// The client's point of view.
    pub direction: Direction,
    /// In the client's order of preference.
    pub codecs: Vec<OfferedCodec>,
    /// Of the kinds this server knows.
    pub extensions: Vec<OfferedExtension>,
    /// Encodings the client wants to send, in its order. Empty without simulcast.
    pub rids: Vec<OfferedRid>,
    /// What the client will send with, when it says so.
    pub ssrcs: Vec<u32>,
    /// `a=ssrc-group:FID`: a stream and its retransmissions.
    pub fid: Vec<(u32, u32)>,
    /// Milliseconds of audio per packet that the client asks for.
    pub ptime_ms: Option<u32>,
    pub(super) rtcp_mux: bool,
    pub(super) rtcp_rsize: bool,
    pub(super) extmap_allow_mixed: bool,
    pub(super) media_line: MediaLine,
}

/// What a rejection must repeat of the m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaLine {
    pub media: String,
    pub protocol: String,
    /// One is enough for a rejection (RFC 3264 §6).
    pub format: String,
}

/// The m-section and what it says of the transport, in the reading.
pub(super) struct SectionReader<'a> {
    pub transport: TransportAttributes<'a>,
    section: OfferedSection,
    codecs: CodecTable,
    simulcast: Option<Vec<Rid>>,
    has_mid: bool,
    bundle_only: bool,
}

impl<'a> SectionReader<'a> {
    /// Starts with the m-line: `m=<media> <port>[/<n>] <protocol> <format> …`
    pub fn new(line: &Line<'_>, direction: Direction) -> Result<Self, SdpError> {
        let problem = || line.error("expected m=<media> <port> <protocol> <format> …");
        let mut words = line.value.split_ascii_whitespace();
        let media = words.next().filter(|word| is_token(word, 32)).ok_or_else(problem)?;
        let port = words.next().ok_or_else(problem)?;
        let port: u16 = port.split('/').next().and_then(|port| port.parse().ok()).ok_or_else(problem)?;
        let protocol = words.next().filter(|word| word.split('/').all(|part| is_token(part, 16)) && word.len() <= 64);
        let protocol = protocol.ok_or_else(problem)?;
        let formats: Vec<&str> = words.take(MAX_CODECS + 1).collect();
        let format = formats.first().filter(|word| is_token(word, 64)).ok_or_else(problem)?;
        let kind = match media {
            "audio" => Some(MediaKind::Audio),
            "video" => Some(MediaKind::Video),
            _ => None,
        };
        let is_rtp = kind.is_some() && protocol.contains("RTP/");
        Ok(Self {
            transport: TransportAttributes::default(),
            section: OfferedSection {
                // Stands in until a=mid is read; finish() refuses a section without one.
                mid: Mid::parse("-").ok_or_else(problem)?,
                kind,
                stopped: port == 0,
                direction,
                codecs: Vec::new(),
                extensions: Vec::new(),
                rids: Vec::new(),
                ssrcs: Vec::new(),
                fid: Vec::new(),
                ptime_ms: None,
                rtcp_mux: false,
                rtcp_rsize: false,
                extmap_allow_mixed: false,
                media_line: MediaLine { media: media.to_owned(), protocol: protocol.to_owned(), format: (*format).to_owned() },
            },
            codecs: if is_rtp { CodecTable::new(line, &formats)? } else { CodecTable::default() },
            simulcast: None,
            has_mid: false,
            bundle_only: false,
        })
    }

    /// Takes one attribute. Unknown ones are ignored (RFC 8866 §5.13).
    pub fn take(&mut self, line: &Line<'a>, ids: &mut IdMeanings<'a>) -> Result<(), SdpError> {
        let Some((name, value)) = line.attribute() else { return Ok(()) };
        self.transport.take(line, name, value)?;
        let section = &mut self.section;
        match name {
            "mid" => {
                let mid = Mid::parse(value).filter(|_| is_token(value, 16));
                section.mid = mid.ok_or_else(|| line.error("a=mid is a token of at most 16 bytes"))?;
                self.has_mid = true;
            }
            "bundle-only" => self.bundle_only = true,
            "rtcp-mux" => section.rtcp_mux = true,
            "rtcp-rsize" => section.rtcp_rsize = true,
            "extmap-allow-mixed" => section.extmap_allow_mixed = true,
            "sendrecv" | "sendonly" | "recvonly" | "inactive" => section.direction = Direction::parse(name).unwrap_or_default(),
            // A fraction is a number of milliseconds that no browser packs.
            "ptime" => section.ptime_ms = value.trim().parse().ok(),
            "rtpmap" => self.codecs.take_rtpmap(line, value)?,
            "fmtp" => self.codecs.take_fmtp(line, value)?,
            "rtcp-fb" => self.codecs.take_feedback(line, value)?,
            "extmap" => self.take_extension(line, value, ids)?,
            "rid" => self.take_rid(line, value)?,
            "simulcast" => self.simulcast = parse_simulcast(line, value)?.or(self.simulcast.take()),
            "ssrc" => self.take_ssrc(line, value)?,
            "ssrc-group" => self.take_ssrc_group(line, value)?,
            _ => {}
        }
        Ok(())
    }

    fn take_extension(&mut self, line: &Line<'_>, value: &'a str, ids: &mut IdMeanings<'a>) -> Result<(), SdpError> {
        // A stopped section is not on the transport, so its ids bind nobody.
        if self.section.stopped && !self.bundle_only {
            return Ok(());
        }
        let extensions = &mut self.section.extensions;
        let Some(found) = ids.parse(line, value)? else { return Ok(()) };
        if extensions.len() == MAX_EXTENSIONS {
            return Err(line.too_many("header extensions in one m-section", MAX_EXTENSIONS));
        }
        if extensions.iter().all(|known| known.kind != found.kind) {
            extensions.push(found);
        }
        Ok(())
    }

    /// `a=rid:<rid> send [pt=<payload type>,…;…]`. Other restrictions are promises of the sender that nothing here depends on.
    fn take_rid(&mut self, line: &Line<'_>, value: &str) -> Result<(), SdpError> {
        let mut words = value.split_ascii_whitespace();
        let (Some(name), Some(direction)) = (words.next(), words.next()) else {
            return Err(line.error("expected a=rid:<rid> send or recv"));
        };
        let rid = parse_rid(line, name)?;
        if direction != "send" || self.section.rids.iter().any(|known| known.rid == rid) {
            return Ok(());
        }
        if self.section.rids.len() == MAX_RIDS {
            return Err(line.too_many("simulcast encodings in one m-section", MAX_RIDS));
        }
        let restrictions = words.next().unwrap_or_default();
        let payload_types = restrictions.split(';').find_map(|pair| pair.strip_prefix("pt="));
        let payload_types = payload_types.map(|list| list.split(',').filter_map(parse_payload_type).take(MAX_CODECS).collect());
        self.section.rids.push(OfferedRid { rid, payload_types: payload_types.unwrap_or_default() });
        Ok(())
    }

    /// `a=ssrc:<ssrc> <attribute>`, several lines for each.
    fn take_ssrc(&mut self, line: &Line<'_>, value: &str) -> Result<(), SdpError> {
        let ssrc = value.split(' ').next().and_then(|ssrc| ssrc.parse().ok());
        let ssrc = ssrc.ok_or_else(|| line.error("expected a=ssrc:<number> <attribute>"))?;
        let ssrcs = &mut self.section.ssrcs;
        if ssrcs.contains(&ssrc) {
            return Ok(());
        }
        if ssrcs.len() == MAX_SSRCS {
            return Err(line.too_many("SSRCs in one m-section", MAX_SSRCS));
        }
        ssrcs.push(ssrc);
        Ok(())
    }

    fn take_ssrc_group(&mut self, line: &Line<'_>, value: &str) -> Result<(), SdpError> {
        let Some(members) = value.strip_prefix("FID ") else { return Ok(()) };
        let mut members = members.split_ascii_whitespace().map(str::parse);
        let (Some(Ok(media)), Some(Ok(rtx)), None) = (members.next(), members.next(), members.next()) else {
            return Err(line.error("expected a=ssrc-group:FID <ssrc> <ssrc of its retransmissions>"));
        };
        if self.section.fid.len() == MAX_SSRCS {
            return Err(line.too_many("SSRC groups in one m-section", MAX_SSRCS));
        }
        self.section.fid.push((media, rtx));
        Ok(())
    }

    /// The section, once all its lines were taken.
    pub fn finish(mut self, index: usize) -> Result<(OfferedSection, TransportAttributes<'a>), SdpError> {
        if !self.has_mid {
            return Err(SdpError::MissingMid { index });
        }
        // Port 0 means rejected, but with a=bundle-only it means: only on the bundle's transport (RFC 9143 §6).
        self.section.stopped &= !self.bundle_only;
        self.section.codecs = self.codecs.finish();
        if let Some(order) = self.simulcast {
            let described = &self.section.rids;
            let find = |rid: &Rid| described.iter().find(|known| known.rid == *rid).cloned().ok_or(SdpError::UnknownRid { rid: *rid });
            self.section.rids = order.iter().map(find).collect::<Result<_, _>>()?;
        }
        Ok((self.section, self.transport))
    }
}

fn parse_rid(line: &Line<'_>, name: &str) -> Result<Rid, SdpError> {
    let ok = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    Rid::parse(name).filter(|_| ok).ok_or_else(|| line.error("a rid has at most 16 letters, digits, - and _"))
}

/// The `send` list of `a=simulcast:send h;m,alternative;~l recv …`: one rid for each stream, the first of its alternatives.
/// `None` when the client only receives simulcast.
fn parse_simulcast(line: &Line<'_>, value: &str) -> Result<Option<Vec<Rid>>, SdpError> {
    let mut words = value.split_ascii_whitespace();
    while let Some(direction) = words.next() {
        let list = words.next().ok_or_else(|| line.error("expected a=simulcast:send <rid>;<rid>…"))?;
        if direction != "send" {
            continue;
        }
        let mut rids = Vec::new();
        for stream in list.split(';') {
            let name = stream.split(',').next().unwrap_or_default();
            let rid = parse_rid(line, name.strip_prefix('~').unwrap_or(name))?;
            if rids.len() == MAX_RIDS {
                return Err(line.too_many("simulcast encodings in one m-section", MAX_RIDS));
            }
            if !rids.contains(&rid) {
                rids.push(rid);
            }
        }
        return Ok(Some(rids));
    }
    Ok(None)
}
