//! Writing RTCP. Each function appends one packet; a compound (RFC 3550 §6.1) begins with a report.

use crate::rtcp::{ReportBlock, SenderInfo, format, packet_type};

/// Report blocks one packet can hold (5 bit count).
pub const BLOCKS_MAX: usize = 31;
/// Entries of one NACK packet: keeps it well below any MTU. What does not fit is asked for with the next poll's retry.
pub const NACK_ENTRIES_MAX: usize = 128;

/// Appends a sender report (PT 200). Let a [`source_description`] follow. Blocks beyond [`BLOCKS_MAX`] are left out.
pub fn sender_report(out: &mut Vec<u8>, info: &SenderInfo, blocks: &[ReportBlock]) {
    let start = begin(out, blocks.len().min(BLOCKS_MAX) as u8, packet_type::SENDER_REPORT);
    out.extend_from_slice(&info.ssrc.to_be_bytes());
    out.extend_from_slice(&info.ntp.0.to_be_bytes());
    for word in [info.timestamp, info.packets, info.octets] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    write_blocks(out, blocks);
    finish(out, start);
}

/// Appends a receiver report (PT 201). Blocks beyond [`BLOCKS_MAX`] are left out.
pub fn receiver_report(out: &mut Vec<u8>, sender_ssrc: u32, blocks: &[ReportBlock]) {
    let start = begin(out, blocks.len().min(BLOCKS_MAX) as u8, packet_type::RECEIVER_REPORT);
    out.extend_from_slice(&sender_ssrc.to_be_bytes());
    write_blocks(out, blocks);
    finish(out, start);
}

/// Appends a source description (PT 202) with one canonical name (RFC 3550 §6.5.1). Names beyond 255 bytes are cut.
pub fn source_description(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
    const CNAME: u8 = 1;
    let start = begin(out, 1, packet_type::SOURCE_DESCRIPTION);
    out.extend_from_slice(&ssrc.to_be_bytes());
    let name = &cname.as_bytes()[..cname.len().min(255)];
    out.extend_from_slice(&[CNAME, name.len() as u8]);
    out.extend_from_slice(name);
    // The list of items ends with at least one zero.
    out.push(0);
    finish(out, start);
}

/// Appends one generic NACK (RFC 4585 §6.2.1) for `lost`, ascending; returns how many of them it holds (all, up to
/// [`NACK_ENTRIES_MAX`] entries). Nothing is written for an empty list.
pub fn nack(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32, lost: &[u16]) -> usize {
    if lost.is_empty() {
        return 0;
    }
    let start = begin_feedback(out, format::NACK, packet_type::TRANSPORT_FEEDBACK, sender_ssrc, media_ssrc);
    let mut taken = 0;
    for _ in 0..NACK_ENTRIES_MAX {
        let Some((&first, following)) = lost[taken..].split_first() else { break };
        taken += 1;
        let mut mask = 0u16;
        for &number in following {
            let distance = number.wrapping_sub(first);
            if !(1..=16).contains(&distance) {
                break;
            }
            mask |= 1 << (distance - 1);
            taken += 1;
        }
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&mask.to_be_bytes());
    }
    finish(out, start);
    taken
}

/// Appends a picture loss indication (RFC 4585 §6.3.1).
pub fn picture_loss(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32) {
    let start = begin_feedback(out, format::PLI, packet_type::PAYLOAD_FEEDBACK, sender_ssrc, media_ssrc);
    finish(out, start);
}

/// Appends a goodbye (RFC 3550 §6.6). Sources beyond 31 are left out.
pub fn bye(out: &mut Vec<u8>, ssrcs: &[u32]) {
    let start = begin(out, ssrcs.len().min(BLOCKS_MAX) as u8, packet_type::BYE);
    for ssrc in ssrcs.iter().take(BLOCKS_MAX) {
        out.extend_from_slice(&ssrc.to_be_bytes());
    }
    finish(out, start);
}

/// Begins a feedback packet; [`finish`] ends it.
pub(crate) fn begin_feedback(out: &mut Vec<u8>, format: u8, packet_type: u8, sender_ssrc: u32, media_ssrc: u32) -> usize {
    let start = begin(out, format, packet_type);
    out.extend_from_slice(&sender_ssrc.to_be_bytes());
    out.extend_from_slice(&media_ssrc.to_be_bytes());
    start
}

fn begin(out: &mut Vec<u8>, count: u8, packet_type: u8) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0x80 | count, packet_type, 0, 0]);
    start
}

/// Fills up to a word with zeros and writes the length.
pub(crate) fn finish(out: &mut Vec<u8>, start: usize) {
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

/// Like [`finish`], for a body whose end cannot be told from its content: the padding says how long it is (RFC 3550 §6.4.1).
pub(crate) fn finish_padded(out: &mut Vec<u8>, start: usize) {
    let padding = (4 - (out.len() - start) % 4) % 4;
    if padding > 0 {
        out[start] |= 0x20;
        out.resize(out.len() + padding - 1, 0);
        out.push(padding as u8);
    }
    finish(out, start);
}

fn write_blocks(out: &mut Vec<u8>, blocks: &[ReportBlock]) {
    for block in blocks.iter().take(BLOCKS_MAX) {
        out.extend_from_slice(&block.ssrc.to_be_bytes());
        let lost = block.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0x00ff_ffff;
        out.extend_from_slice(&(u32::from(block.fraction_lost) << 24 | lost).to_be_bytes());
        for word in [block.highest_sequence, block.jitter, block.last_sr, block.delay_since_last_sr] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}
