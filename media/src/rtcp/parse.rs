//! Reading RTCP: a compound is iterated in place.

use crate::drops::DropReason;
use crate::rtcp::{ReportBlock, SenderInfo, format, packet_type};
use crate::rtp::clock::NtpTime;

/// One packet of a compound.
#[derive(Clone, Debug)]
pub enum Packet<'a> {
    /// A sender report and its blocks.
    SenderReport(SenderInfo, ReportBlocks<'a>),
    /// A receiver report: the reporter and its blocks.
    ReceiverReport(u32, ReportBlocks<'a>),
    /// Packets to be sent again (RFC 4585 §6.2.1).
    Nack(Nack<'a>),
    /// A keyframe is wanted of this SSRC (RFC 4585 §6.3.1).
    PictureLoss {
        /// Whose keyframe.
        media_ssrc: u32,
    },
    /// Keyframes are wanted (RFC 5104 §4.3.1).
    FullIntra(FullIntra<'a>),
    /// Arrival times; the feedback control information is read by [`crate::rtp::twcc::Feedback`].
    TransportCc(&'a [u8]),
    /// These sources end (RFC 3550 §6.6).
    Bye(Ssrcs<'a>),
    /// Something else that is well formed.
    Other {
        /// RFC 3550 §12.1.
        packet_type: u8,
    },
}

/// The packets of a compound (RFC 3550 §6.1) or of a reduced-size one (RFC 5506). Stops after an error in the framing; an
/// error inside one packet is reported and the next one read.
#[derive(Clone, Debug)]
pub struct Compound<'a> {
    rest: &'a [u8],
}

impl<'a> Compound<'a> {
    /// `data` is decrypted RTCP, without the SRTCP trailer.
    pub fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Result<Packet<'a>, DropReason>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(match split_packet(self.rest) {
            Some((raw, rest)) => {
                self.rest = rest;
                read_packet(&raw).ok_or(DropReason::RtcpMalformed)
            }
            None => {
                self.rest = &[];
                Err(DropReason::RtcpMalformed)
            }
        })
    }
}

struct Raw<'a> {
    /// Count or format: the low five bits of the first byte.
    count: u8,
    packet_type: u8,
    /// Without the head and the padding.
    body: &'a [u8],
}

fn split_packet(data: &[u8]) -> Option<(Raw<'_>, &[u8])> {
    let (head, after) = data.split_first_chunk::<4>()?;
    if head[0] >> 6 != 2 {
        return None;
    }
    let len = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
    let (mut body, rest) = after.split_at_checked(len)?;
    if head[0] & 0x20 != 0 {
        let padding = usize::from(*body.last()?);
        body = &body[..body.len().checked_sub(padding).filter(|_| padding > 0)?];
    }
    Some((Raw { count: head[0] & 0x1f, packet_type: head[1], body }, rest))
}

fn read_packet<'a>(raw: &Raw<'a>) -> Option<Packet<'a>> {
    match raw.packet_type {
        packet_type::SENDER_REPORT => {
            let (info, rest) = raw.body.split_first_chunk::<24>()?;
            Some(Packet::SenderReport(read_sender_info(info), ReportBlocks::new(raw.count, rest)?))
        }
        packet_type::RECEIVER_REPORT => {
            let (ssrc, rest) = raw.body.split_first_chunk::<4>()?;
            Some(Packet::ReceiverReport(u32::from_be_bytes(*ssrc), ReportBlocks::new(raw.count, rest)?))
        }
        packet_type::BYE => raw.body.get(..4 * usize::from(raw.count)).map(|ssrcs| Packet::Bye(Ssrcs(ssrcs))),
        packet_type::TRANSPORT_FEEDBACK | packet_type::PAYLOAD_FEEDBACK => read_feedback(raw),
        packet_type => Some(Packet::Other { packet_type }),
    }
}

fn read_feedback<'a>(raw: &Raw<'a>) -> Option<Packet<'a>> {
    let (ssrcs, fci) = raw.body.split_first_chunk::<8>()?;
    let media_ssrc = word(ssrcs, 4);
    Some(match (raw.packet_type, raw.count) {
        (packet_type::TRANSPORT_FEEDBACK, format::NACK) => Packet::Nack(Nack { media_ssrc, fci }),
        (packet_type::TRANSPORT_FEEDBACK, format::TRANSPORT_CC) => Packet::TransportCc(fci),
        (packet_type::PAYLOAD_FEEDBACK, format::PLI) => Packet::PictureLoss { media_ssrc },
        (packet_type::PAYLOAD_FEEDBACK, format::FIR) => Packet::FullIntra(FullIntra(fci)),
        (packet_type, _) => Packet::Other { packet_type },
    })
}

/// The big-endian word at `at`, which the caller knows to be there.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.first_chunk()).map_or(0, |word| u32::from_be_bytes(*word))
}

fn read_sender_info(body: &[u8; 24]) -> SenderInfo {
    SenderInfo {
        ssrc: word(body, 0),
        ntp: NtpTime(u64::from(word(body, 4)) << 32 | u64::from(word(body, 8))),
        timestamp: word(body, 12),
        packets: word(body, 16),
        octets: word(body, 20),
    }
}

/// The report blocks of one report.
#[derive(Clone, Debug)]
pub struct ReportBlocks<'a>(&'a [u8]);

impl<'a> ReportBlocks<'a> {
    fn new(count: u8, body: &'a [u8]) -> Option<Self> {
        // What follows the blocks are profile-specific extensions.
        body.get(..24 * usize::from(count)).map(Self)
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.0.split_first_chunk::<24>()?;
        self.0 = rest;
        // Shifted up and down again to extend the sign of the 24 bit field.
        let cumulative_lost = ((word(block, 4) << 8) as i32) >> 8;
        Some(ReportBlock {
            ssrc: word(block, 0),
            fraction_lost: block[4],
            cumulative_lost,
            highest_sequence: word(block, 8),
            jitter: word(block, 12),
            last_sr: word(block, 16),
            delay_since_last_sr: word(block, 20),
        })
    }
}

/// A generic NACK.
#[derive(Clone, Copy, Debug)]
pub struct Nack<'a> {
    /// Whose packets.
    pub media_ssrc: u32,
    fci: &'a [u8],
}

impl<'a> Nack<'a> {
    /// The numbers asked for: up to 17 for each 4 bytes of the packet.
    pub fn lost(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.fci.chunks_exact(4).flat_map(|entry| {
            let first = u16::from_be_bytes([entry[0], entry[1]]);
            let mask = u16::from_be_bytes([entry[2], entry[3]]);
            let following = (0..16).filter(move |bit| mask >> bit & 1 != 0).map(move |bit| first.wrapping_add(bit + 1));
            std::iter::once(first).chain(following)
        })
    }
}

/// A full intra request.
#[derive(Clone, Copy, Debug)]
pub struct FullIntra<'a>(&'a [u8]);

impl<'a> FullIntra<'a> {
    /// The SSRC of each request, and its counter: the same counter again is the same request.
    pub fn requests(&self) -> impl Iterator<Item = (u32, u8)> + use<'a> {
        self.0.chunks_exact(8).map(|entry| (word(entry, 0), entry[4]))
    }
}

/// A list of SSRCs.
#[derive(Clone, Debug)]
pub struct Ssrcs<'a>(&'a [u8]);

impl Iterator for Ssrcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (ssrc, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*ssrc))
    }
}
