//! RTP and RTCP bytes, read and written naively: independent of the code under test.

use std::time::Duration;

/// One-byte-form header extensions (RFC 8285 §4.2).
pub type Extensions = Vec<(u8, Vec<u8>)>;

/// An RTP packet in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtp {
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub extensions: Extensions,
    pub payload: Vec<u8>,
}

impl Rtp {
    /// Its bytes, and how many of them are the header.
    pub fn write(&self) -> (Vec<u8>, usize) {
        let mut out = vec![if self.extensions.is_empty() { 0x80 } else { 0x90 }];
        out.push(self.payload_type | if self.marker { 0x80 } else { 0 });
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        if !self.extensions.is_empty() {
            let mut body = vec![];
            for (id, value) in &self.extensions {
                body.push(id << 4 | (value.len() as u8 - 1));
                body.extend_from_slice(value);
            }
            body.resize(body.len().next_multiple_of(4), 0);
            out.extend_from_slice(&[0xBE, 0xDE]);
            out.extend_from_slice(&((body.len() / 4) as u16).to_be_bytes());
            out.extend_from_slice(&body);
        }
        let header = out.len();
        out.extend_from_slice(&self.payload);
        (out, header)
    }

    /// Where the payload of an encrypted packet begins.
    pub fn header_len(packet: &[u8]) -> Option<usize> {
        let mut len = 12 + 4 * usize::from(packet.first()? & 15);
        if packet[0] & 0x10 != 0 {
            len += 4 + 4 * usize::from(u16::from_be_bytes([*packet.get(len + 2)?, *packet.get(len + 3)?]));
        }
        (packet.len() >= len).then_some(len)
    }

    /// A decrypted packet.
    pub fn read(packet: &[u8]) -> Option<Self> {
        let header = Self::header_len(packet)?;
        let padding = if packet[0] & 0x20 != 0 { usize::from(*packet.last()?) } else { 0 };
        let end = packet.len().checked_sub(padding).filter(|end| *end >= header)?;
        let fixed = 12 + 4 * usize::from(packet[0] & 15);
        Some(Self {
            payload_type: packet[1] & 0x7F,
            marker: packet[1] & 0x80 != 0,
            sequence: u16::from_be_bytes(packet[2..4].try_into().ok()?),
            timestamp: u32::from_be_bytes(packet[4..8].try_into().ok()?),
            ssrc: u32::from_be_bytes(packet[8..12].try_into().ok()?),
            extensions: read_extensions(packet.get(fixed..header)?),
            payload: packet[header..end].to_vec(),
        })
    }

    /// The value of one extension.
    pub fn extension(&self, id: u8) -> Option<&[u8]> {
        self.extensions.iter().find(|(i, _)| *i == id).map(|(_, v)| v.as_slice())
    }
}

fn read_extensions(block: &[u8]) -> Extensions {
    let mut found = vec![];
    let mut rest = block.get(4..).unwrap_or_default();
    while let Some(&first) = rest.first() {
        let len = usize::from(first & 15) + 1;
        match (first >> 4, rest.get(1..=len)) {
            (0, _) => rest = &rest[1..],
            (id, Some(value)) => {
                found.push((id, value.to_vec()));
                rest = &rest[1 + len..];
            }
            _ => break,
        }
    }
    found
}

/// What the tests look at in RTCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rtcp {
    SenderReport {
        ssrc: u32,
        ntp: u64,
        rtp: u32,
        packets: u32,
    },
    ReceiverReport {
        blocks: Vec<ReportBlock>,
    },
    Nack {
        ssrc: u32,
        sequences: Vec<u16>,
    },
    Pli {
        ssrc: u32,
    },
    /// Every number it tells of, and when that packet arrived, in 250 µs on the receiver's clock, or not at all.
    TransportFeedback {
        statuses: Vec<(u16, Option<i64>)>,
    },
    Bye,
    Other,
}

/// RFC 3550 §6.4.1, as far as tests look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub highest: u32,
    pub last_sr: u32,
}

/// The packets of a compound.
pub fn read_rtcp(compound: &[u8]) -> Vec<Rtcp> {
    let mut found = vec![];
    let mut rest = compound;
    while let Some(header) = rest.get(..4) {
        let len = 4 + 4 * usize::from(u16::from_be_bytes([header[2], header[3]]));
        let Some(packet) = rest.get(..len) else { break };
        found.push(read_one(packet).unwrap_or(Rtcp::Other));
        rest = &rest[len..];
    }
    found
}

fn word(packet: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(packet.get(at..at + 4)?.try_into().ok()?))
}

fn read_one(packet: &[u8]) -> Option<Rtcp> {
    let format = packet[0] & 31;
    match (packet[1], format) {
        (200, _) => {
            let ntp = u64::from(word(packet, 8)?) << 32 | u64::from(word(packet, 12)?);
            Some(Rtcp::SenderReport { ssrc: word(packet, 4)?, ntp, rtp: word(packet, 16)?, packets: word(packet, 20)? })
        }
        (201, count) => {
            let block = |i: usize| {
                let at = 8 + 24 * i;
                let lost = word(packet, at + 4)?;
                Some(ReportBlock {
                    ssrc: word(packet, at)?,
                    fraction_lost: (lost >> 24) as u8,
                    highest: word(packet, at + 8)?,
                    last_sr: word(packet, at + 16)?,
                })
            };
            Some(Rtcp::ReceiverReport { blocks: (0..usize::from(count)).map_while(block).collect() })
        }
        (205, 1) => {
            let mut sequences = vec![];
            for pair in packet[12..].chunks_exact(4) {
                let first = u16::from_be_bytes([pair[0], pair[1]]);
                let mask = u16::from_be_bytes([pair[2], pair[3]]);
                sequences.push(first);
                sequences.extend((0..16).filter(|bit| mask >> bit & 1 == 1).map(|bit| first.wrapping_add(bit + 1)));
            }
            Some(Rtcp::Nack { ssrc: word(packet, 8)?, sequences })
        }
        (205, 15) => Some(Rtcp::TransportFeedback { statuses: read_transport_feedback(packet.get(12..)?)? }),
        (203, _) => Some(Rtcp::Bye),
        (206, 1) => Some(Rtcp::Pli { ssrc: word(packet, 8)? }),
        _ => None,
    }
}

/// draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1, from the base sequence number on.
fn read_transport_feedback(fci: &[u8]) -> Option<Vec<(u16, Option<i64>)>> {
    let (base, time) = (word(fci, 0)?, word(fci, 4)?);
    let (first, count) = ((base >> 16) as u16, usize::from(base as u16));
    // 24 bits with a sign, in 64 ms.
    let mut ticks = i64::from(time as i32 >> 8) * 256;
    let mut at = 8;
    let mut symbols = vec![];
    while symbols.len() < count {
        let chunk = u16::from_be_bytes([*fci.get(at)?, *fci.get(at + 1)?]);
        at += 2;
        match chunk >> 14 {
            0 | 1 => symbols.extend(std::iter::repeat_n(chunk >> 13 & 3, usize::from(chunk & 0x1FFF))),
            2 => symbols.extend((0..14).rev().map(|bit| chunk >> bit & 1)),
            _ => symbols.extend((0..7).rev().map(|pair| chunk >> (2 * pair) & 3)),
        }
    }
    let mut statuses = vec![];
    for (index, symbol) in symbols.into_iter().take(count).enumerate() {
        let delta = match symbol {
            1 => i64::from(*fci.get(at)?),
            2 => i64::from(i16::from_be_bytes([*fci.get(at)?, *fci.get(at + 1)?])),
            _ => 0,
        };
        at += usize::from(symbol);
        ticks += delta;
        statuses.push((first.wrapping_add(index as u16), (symbol != 0).then_some(ticks)));
    }
    Some(statuses)
}

/// A sender report with a source description, as every compound starts.
pub fn write_sender_report(ssrc: u32, wall: Duration, rtp: u32, packets: u32, octets: u32) -> Vec<u8> {
    let mut out = vec![0x80, 200, 0, 6];
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&ntp(wall).to_be_bytes());
    for n in [rtp, packets, octets] {
        out.extend_from_slice(&n.to_be_bytes());
    }
    out.extend_from_slice(&[0x81, 202, 0, 3]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[1, 4, b't', b'e', b's', b't', 0, 0]);
    out
}

/// An empty receiver report, which starts a compound of somebody who sends nothing.
pub fn write_receiver_report(sender: u32) -> Vec<u8> {
    let mut out = vec![0x80, 201, 0, 1];
    out.extend_from_slice(&sender.to_be_bytes());
    out
}

/// A generic NACK (RFC 4585 §6.2.1).
pub fn write_nack(sender: u32, ssrc: u32, sequences: &[u16]) -> Vec<u8> {
    let mut pairs: Vec<(u16, u16)> = vec![];
    for &sequence in sequences {
        match pairs.last_mut() {
            Some((first, mask)) if (1..=16).contains(&sequence.wrapping_sub(*first)) => *mask |= 1 << (sequence.wrapping_sub(*first) - 1),
            _ => pairs.push((sequence, 0)),
        }
    }
    let mut out = vec![0x81, 205];
    out.extend_from_slice(&(2 + pairs.len() as u16).to_be_bytes());
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
    for (first, mask) in pairs {
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&mask.to_be_bytes());
    }
    out
}

/// A picture loss indication (RFC 4585 §6.3.1).
pub fn write_pli(sender: u32, ssrc: u32) -> Vec<u8> {
    let mut out = vec![0x81, 206, 0, 2];
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
    out
}

/// Transport-wide feedback behind an empty report: of each number from `base` on, when it arrived in 250 µs, or not at all. Chunks are
/// vectors of seven two-bit symbols; times are told in the order of the numbers.
pub fn write_transport_feedback(media_ssrc: u32, base: u16, count: u8, statuses: &[Option<i64>]) -> Vec<u8> {
    let first = statuses.iter().flatten().min().copied().unwrap_or(0);
    let reference = first.div_euclid(256);
    let mut before = reference * 256;
    let (mut symbols, mut deltas) = (vec![], vec![]);
    for status in statuses {
        let Some(ticks) = status else {
            symbols.push(0u16);
            continue;
        };
        // Eight seconds do not fit; who waits so long for feedback gets a wrong time.
        let delta = (ticks - before).clamp(-32_768, 32_767);
        before += delta;
        if (0..256).contains(&delta) {
            symbols.push(1);
            deltas.push(delta as u8);
        } else {
            symbols.push(2);
            deltas.extend_from_slice(&(delta as i16).to_be_bytes());
        }
    }
    let mut body = base.to_be_bytes().to_vec();
    body.extend_from_slice(&(statuses.len() as u16).to_be_bytes());
    body.extend_from_slice(&(reference as u32 & 0xFF_FFFF).to_be_bytes()[1..]);
    body.push(count);
    for seven in symbols.chunks(7) {
        let chunk = seven.iter().enumerate().fold(0xC000, |chunk, (n, symbol)| chunk | symbol << (12 - 2 * n));
        body.extend_from_slice(&chunk.to_be_bytes());
    }
    body.extend_from_slice(&deltas);
    let padding = (4 - body.len() % 4) % 4;
    let mut out = write_receiver_report(1);
    out.extend_from_slice(&[if padding > 0 { 0xAF } else { 0x8F }, 205]);
    out.extend_from_slice(&(2 + (body.len() + padding) as u16 / 4).to_be_bytes());
    out.extend_from_slice(&1u32.to_be_bytes());
    out.extend_from_slice(&media_ssrc.to_be_bytes());
    out.extend_from_slice(&body);
    out.extend((1..=padding).map(|n| if n == padding { padding as u8 } else { 0 }));
    out
}

/// 64-bit NTP of a time since the UNIX epoch.
pub fn ntp(wall: Duration) -> u64 {
    let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
    (wall.as_secs() + 2_208_988_800) << 32 | fraction
}
