//! Payload types of an m-section: `a=rtpmap`, `a=fmtp`, `a=rtcp-fb`.

use super::MAX_CODECS;
use super::error::SdpError;
use super::lines::{Line, is_token};

/// The feedback messages that both ends understand (RFC 4585, RFC 5104).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Generic NACK.
    pub nack: bool,
    /// Picture loss indication.
    pub pli: bool,
    /// Full intra request.
    pub fir: bool,
    /// Transport-wide congestion control.
    pub transport_cc: bool,
}

impl Feedback {
    /// What of `a=rtcp-fb` is known here. `goog-remb` is not: transport-cc replaces it.
    fn add(&mut self, value: &str) {
        match value.trim() {
            "nack" => self.nack = true,
            "nack pli" => self.pli = true,
            "ccm fir" => self.fir = true,
            "transport-cc" => self.transport_cc = true,
            _ => {}
        }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            nack: self.nack || other.nack,
            pli: self.pli || other.pli,
            fir: self.fir || other.fir,
            transport_cc: self.transport_cc || other.transport_cc,
        }
    }
}

/// The parameters of one payload type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fmtp(String);

impl Fmtp {
    /// The value of `name=value` among the parameters; names have no case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.0.split(';').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Everything after the payload type.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One payload type as the client offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedCodec {
    /// 0-127.
    pub payload_type: u8,
    /// The encoding name in lower case.
    pub name: String,
    /// RTP timestamp units per second.
    pub clock_rate: u32,
    /// 1 when the line says nothing.
    pub channels: u8,
    /// Empty when there is no `a=fmtp`.
    pub fmtp: Fmtp,
    /// What `a=rtcp-fb` allows.
    pub feedback: Feedback,
}

/// Collects what several lines say of the payload types of one m-section.
#[derive(Debug, Default)]
pub(super) struct CodecTable {
    codecs: Vec<OfferedCodec>,
    /// `a=rtcp-fb:*`.
    feedback_of_all: Feedback,
}

impl CodecTable {
    /// From the formats of the m-line, which give the order.
    pub fn new(line: &Line<'_>, formats: &[&str]) -> Result<Self, SdpError> {
        let mut table = Self::default();
        for format in formats {
            let payload_type = parse_payload_type(format).ok_or_else(|| line.error("payload types are numbers from 0 to 127"))?;
            if table.codecs.len() == MAX_CODECS {
                return Err(line.too_many("payload types in one m-section", MAX_CODECS));
            }
            if table.find(payload_type).is_none() {
                table.codecs.push(OfferedCodec {
                    payload_type,
                    name: String::new(),
                    clock_rate: 0,
                    channels: 1,
                    fmtp: Fmtp::default(),
                    feedback: Feedback::default(),
                });
            }
        }
        Ok(table)
    }

    /// `a=rtpmap:<payload type> <name>/<clock rate>[/<channels>]`
    pub fn take_rtpmap(&mut self, line: &Line<'_>, value: &str) -> Result<(), SdpError> {
        let problem = || line.error("expected a=rtpmap:<payload type> <name>/<clock rate>[/<channels>]");
        let (payload_type, encoding) = value.split_once(' ').ok_or_else(problem)?;
        let mut parts = encoding.trim().split('/');
        let name = parts.next().filter(|name| is_token(name, 64)).ok_or_else(problem)?;
        let clock_rate = parts.next().and_then(|rate| rate.parse().ok()).ok_or_else(problem)?;
        let channels = parts.next().map_or(Ok(1), |channels| channels.parse().map_err(|_| problem()))?;
        let payload_type = parse_payload_type(payload_type).ok_or_else(problem)?;
        if let Some(codec) = self.find(payload_type) {
            codec.name = name.to_ascii_lowercase();
            codec.clock_rate = clock_rate;
            codec.channels = channels;
        }
        Ok(())
    }

    /// `a=fmtp:<payload type> <parameters>`
    pub fn take_fmtp(&mut self, line: &Line<'_>, value: &str) -> Result<(), SdpError> {
        let (payload_type, parameters) = value.split_once(' ').unwrap_or((value, ""));
        let payload_type = parse_payload_type(payload_type).ok_or_else(|| line.error("expected a=fmtp:<payload type> <parameters>"))?;
        if let Some(codec) = self.find(payload_type) {
            codec.fmtp = Fmtp(parameters.trim().to_owned());
        }
        Ok(())
    }

    /// `a=rtcp-fb:<payload type or *> <feedback>`
    pub fn take_feedback(&mut self, line: &Line<'_>, value: &str) -> Result<(), SdpError> {
        let problem = || line.error("expected a=rtcp-fb:<payload type> <feedback>");
        let (payload_type, feedback) = value.split_once(' ').ok_or_else(problem)?;
        if payload_type == "*" {
            self.feedback_of_all.add(feedback);
        } else if let Some(codec) = self.find(parse_payload_type(payload_type).ok_or_else(problem)?) {
            codec.feedback.add(feedback);
        }
        Ok(())
    }

    /// The payload types that have a name. (Static ones, RFC 3551, need none; none of them is of use here.)
    pub fn finish(mut self) -> Vec<OfferedCodec> {
        self.codecs.retain(|codec| !codec.name.is_empty());
        for codec in &mut self.codecs {
            codec.feedback = codec.feedback.union(self.feedback_of_all);
        }
        self.codecs
    }

    fn find(&mut self, payload_type: u8) -> Option<&mut OfferedCodec> {
        self.codecs.iter_mut().find(|codec| codec.payload_type == payload_type)
    }
}

/// `None` above 127: the eighth bit is the marker.
pub(super) fn parse_payload_type(text: &str) -> Option<u8> {
    text.parse().ok().filter(|number| *number < 128)
}
