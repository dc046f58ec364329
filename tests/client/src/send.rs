//! What a client sends: one [`Sender`] per section, one sequence per encoding, a history for NACKs.

use crate::offer::{AUDIO_LEVEL, MID, Numbers, REPAIRED_RID, RID, TRANSPORT_CC};
use crate::wire::{Rtp, write_sender_report};
use crate::{Random, Rtx};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A section that sends.
#[derive(Clone, Copy, Debug)]
pub struct SenderSpec<'a> {
    pub kind: MediaKind,
    /// Offered, best first.
    pub codecs: &'a [Codec],
    /// Simulcast encodings; empty for one encoding without a rid.
    pub rids: &'a [&'a str],
}

/// A media packet to send.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub rid: Option<&'a str>,
    pub codec: Codec,
    /// On the encoding's own clock; a random offset is added per encoding, as RFC 3550 wants.
    pub timestamp: u32,
    pub marker: bool,
    pub payload: &'a [u8],
    /// One more header extension, by URI. [`AUDIO_LEVEL`] stands for the usual one; empty: none.
    pub extension: Option<(&'static str, &'a [u8])>,
}

impl<'a> Outgoing<'a> {
    /// Without rid and extensions.
    pub fn plain(codec: Codec, timestamp: u32, marker: bool, payload: &'a [u8]) -> Self {
        Self { rid: None, codec, timestamp, marker, payload, extension: None }
    }
}

/// Packets kept per encoding to answer NACKs: more than a second of a fast camera.
const HISTORY: usize = 2048;

pub(crate) struct Sender {
    pub(crate) mid: String,
    kind: MediaKind,
    numbers: Numbers,
    encodings: Vec<Encoding>,
}

struct Encoding {
    rid: Option<String>,
    ssrc: u32,
    rtx_ssrc: u32,
    next_sequence: u16,
    next_rtx_sequence: u16,
    timestamp_offset: u32,
    history: VecDeque<Rtp>,
    last: Option<(Instant, u32, u32)>,
    packets: u32,
    octets: u32,
}

impl Sender {
    pub(crate) fn new(mid: String, spec: &SenderSpec<'_>, numbers: Numbers, random: &mut Random) -> Self {
        let names: Vec<Option<String>> =
            if spec.rids.is_empty() { vec![None] } else { spec.rids.iter().map(|r| Some(r.to_string())).collect() };
        let encodings = names
            .into_iter()
            .map(|rid| Encoding {
                rid,
                ssrc: random.next() as u32 | 1,
                rtx_ssrc: random.next() as u32 | 1,
                next_sequence: random.next() as u16 & 0x7FFF,
                next_rtx_sequence: random.next() as u16 & 0x7FFF,
                timestamp_offset: random.next() as u32,
                history: VecDeque::new(),
                last: None,
                packets: 0,
                octets: 0,
            })
            .collect();
        Self { mid, kind: spec.kind, numbers, encodings }
    }

    /// Without rids the SSRCs stand in the offer.
    pub(crate) fn announced_ssrcs(&self, rtx: Rtx) -> Vec<(u32, Option<u32>)> {
        let video = self.kind == MediaKind::Video && rtx == Rtx::Offered;
        self.encodings.iter().filter(|e| e.rid.is_none()).map(|e| (e.ssrc, video.then_some(e.rtx_ssrc))).collect()
    }

    pub(crate) fn ssrcs(&self) -> Vec<(u32, u32)> {
        self.encodings.iter().map(|e| (e.ssrc, e.rtx_ssrc)).collect()
    }

    pub(crate) fn encoding_name(&self, ssrc: u32) -> Option<(String, Option<String>)> {
        let encoding = self.encodings.iter().find(|e| e.ssrc == ssrc)?;
        Some((self.mid.clone(), encoding.rid.clone()))
    }

    pub(crate) fn start_at(&mut self, rid: Option<&str>, sequence: u16) {
        for encoding in self.encodings.iter_mut().filter(|e| e.rid.as_deref() == rid) {
            encoding.next_sequence = sequence;
        }
    }

    pub(crate) fn start_timestamps_at(&mut self, offset: u32) {
        for encoding in &mut self.encodings {
            encoding.timestamp_offset = offset;
        }
    }

    /// The packet's bytes and header length.
    pub(crate) fn packet(&mut self, now: Instant, out: &Outgoing<'_>, transport: &mut u16) -> (Vec<u8>, usize) {
        let (numbers, mid, kind) = (self.numbers, self.mid.clone(), self.kind);
        let Some(encoding) = self.encodings.iter_mut().find(|e| e.rid.as_deref() == out.rid) else { return (vec![], 0) };
        let mut extensions = base_extensions(numbers, &mid, transport);
        if let Some(rid) = &encoding.rid {
            extensions.push((numbers.extension(RID), rid.as_bytes().to_vec()));
        }
        if kind == MediaKind::Audio && out.extension.is_none_or(|(uri, _)| uri != AUDIO_LEVEL) {
            extensions.push((numbers.extension(AUDIO_LEVEL), vec![0x80 | 30]));
        }
        if let Some((uri, value)) = out.extension.filter(|(_, value)| !value.is_empty()) {
            extensions.push((numbers.extension(uri), value.to_vec()));
        }
        let rtp = Rtp {
            payload_type: numbers.payload_type(out.codec),
            marker: out.marker,
            sequence: encoding.next_sequence,
            timestamp: out.timestamp.wrapping_add(encoding.timestamp_offset),
            ssrc: encoding.ssrc,
            extensions,
            payload: out.payload.to_vec(),
        };
        encoding.next_sequence = encoding.next_sequence.wrapping_add(1);
        encoding.last = Some((now, rtp.timestamp, out.codec.clock_rate()));
        encoding.packets += 1;
        encoding.octets = encoding.octets.wrapping_add(out.payload.len() as u32);
        let bytes = rtp.write();
        if encoding.history.len() == HISTORY {
            encoding.history.pop_front();
        }
        encoding.history.push_back(rtp);
        bytes
    }

    /// Answers a NACK: RTX for video where it is offered, else the same bytes again.
    pub(crate) fn retransmissions(&mut self, ssrc: u32, sequences: &[u16], rtx: Rtx, transport: &mut u16) -> Vec<(Vec<u8>, usize)> {
        let (numbers, mid, kind) = (self.numbers, self.mid.clone(), self.kind);
        let Some(encoding) = self.encodings.iter_mut().find(|e| e.ssrc == ssrc) else { return vec![] };
        let mut out = vec![];
        for &sequence in sequences {
            let Some(original) = encoding.history.iter().find(|p| p.sequence == sequence).cloned() else { continue };
            if kind == MediaKind::Audio || rtx == Rtx::None {
                out.push(original.write());
                continue;
            }
            let mut extensions = base_extensions(numbers, &mid, transport);
            if let Some(rid) = &encoding.rid {
                extensions.push((numbers.extension(REPAIRED_RID), rid.as_bytes().to_vec()));
            }
            let own = [MID, TRANSPORT_CC, RID].map(|uri| numbers.extension(uri));
            extensions.extend(original.extensions.iter().filter(|(id, _)| !own.contains(id)).cloned());
            let mut payload = sequence.to_be_bytes().to_vec();
            payload.extend_from_slice(&original.payload);
            let again = Rtp {
                payload_type: original.payload_type + 1,
                sequence: encoding.next_rtx_sequence,
                ssrc: encoding.rtx_ssrc,
                extensions,
                payload,
                ..original
            };
            encoding.next_rtx_sequence = encoding.next_rtx_sequence.wrapping_add(1);
            out.push(again.write());
        }
        out
    }

    pub(crate) fn reports(&self, now: Instant, wall: Duration) -> Vec<Vec<u8>> {
        let report = |e: &Encoding| {
            let (at, timestamp, rate) = e.last?;
            let since = now.saturating_duration_since(at).as_micros() as u64 * u64::from(rate) / 1_000_000;
            Some(write_sender_report(e.ssrc, wall, timestamp.wrapping_add(since as u32), e.packets, e.octets))
        };
        self.encodings.iter().filter_map(report).collect()
    }
}

fn base_extensions(numbers: Numbers, mid: &str, transport: &mut u16) -> Vec<(u8, Vec<u8>)> {
    *transport = transport.wrapping_add(1);
    vec![(numbers.extension(MID), mid.as_bytes().to_vec()), (numbers.extension(TRANSPORT_CC), transport.to_be_bytes().to_vec())]
}
