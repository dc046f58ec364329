//! Keyframes in H.264 payloads (RFC 6184, packetization mode 1), and how large they are.

use crate::rtp::bits::Bits;

const NAL_TYPE: u8 = 0x1f;
const NAL_SPS: u8 = 7;
const NAL_STAP_A: u8 = 24;
const NAL_FU_A: u8 = 28;
/// Of a parameter set, so many bytes are read: what tells the size comes first.
const SPS_MAX: usize = 64;
/// Profiles whose parameter sets speak of chroma and scaling (H.264 §7.3.2.1.1).
const HIGH_PROFILES: [u32; 4] = [100, 110, 122, 244];

/// Whether this packet is where a receiver can begin: it brings a sequence parameter set. An IDR picture alone is no such
/// place, because the parameter sets of another sender do not fit it.
pub fn is_keyframe_start(payload: &[u8]) -> bool {
    parameter_set(payload).is_some()
}

/// Width and height of the pictures that begin with this packet (H.264 §7.3.2.1.1). `None` without a parameter set, or with one such as no
/// browser writes: with scaling lists, or cycles of the picture order.
pub fn keyframe_size(payload: &[u8]) -> Option<(u16, u16)> {
    let mut bytes = [0; SPS_MAX];
    let len = unescape(parameter_set(payload)?, &mut bytes);
    let mut bits = Bits::new(&bytes[..len]);
    let profile = bits.take(8)?;
    // Constraints, level, number.
    bits.skip(16)?;
    bits.exp_golomb()?;
    let mut chroma = 1;
    if HIGH_PROFILES.contains(&profile) {
        chroma = bits.exp_golomb()?;
        bits.skip(usize::from(chroma == 3))?;
        // Depths of luma and chroma; lossless; scaling lists.
        bits.exp_golomb()?;
        bits.exp_golomb()?;
        bits.skip(1)?;
        if bits.flag()? {
            return None;
        }
    }
    // Frame numbers, picture order, reference frames, gaps.
    bits.exp_golomb()?;
    match bits.exp_golomb()? {
        0 => bits.exp_golomb().map(|_| ())?,
        1 => return None,
        _ => {}
    }
    bits.exp_golomb()?;
    bits.skip(1)?;
    let (width, height) = (bits.exp_golomb()? + 1, bits.exp_golomb()? + 1);
    let fields = u32::from(!bits.flag()?);
    // Fields may change with frames; inference.
    bits.skip(1 + fields as usize)?;
    let mut cropped = (0, 0);
    if bits.flag()? {
        cropped.0 = bits.exp_golomb()? + bits.exp_golomb()?;
        cropped.1 = bits.exp_golomb()? + bits.exp_golomb()?;
    }
    let unit = (1 + u32::from(matches!(chroma, 1 | 2)), (1 + u32::from(chroma == 1)) * (1 + fields));
    let width = (16 * width).checked_sub(cropped.0 * unit.0)?;
    let height = (16 * height * (1 + fields)).checked_sub(cropped.1 * unit.1)?;
    Some((width.try_into().ok()?, height.try_into().ok()?))
}

/// The sequence parameter set in this packet, without the byte that names it.
fn parameter_set(payload: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = payload.split_first()?;
    match (first & NAL_TYPE, rest) {
        (NAL_SPS, _) => Some(rest),
        (NAL_STAP_A, _) => of_aggregate(rest),
        (NAL_FU_A, [fu, rest @ ..]) if fu & 0x80 != 0 && fu & NAL_TYPE == NAL_SPS => Some(rest),
        _ => None,
    }
}

fn of_aggregate(mut units: &[u8]) -> Option<&[u8]> {
    while let [high, low, rest @ ..] = units {
        let size = usize::from(u16::from_be_bytes([*high, *low]));
        let (unit, after) = rest.split_at_checked(size)?;
        match unit {
            [nal, set @ ..] if nal & NAL_TYPE == NAL_SPS => return Some(set),
            _ => units = after,
        }
    }
    None
}

/// Copies what fits without the bytes that keep start codes out (H.264 §7.4.1.1); how much that is.
fn unescape(escaped: &[u8], out: &mut [u8; SPS_MAX]) -> usize {
    let (mut len, mut zeros) = (0, 0);
    for &byte in escaped {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        let Some(place) = out.get_mut(len) else { break };
        *place = byte;
        (len, zeros) = (len + 1, if byte == 0 { zeros + 1 } else { 0 });
    }
    len
}
