//! Keyframe detection in H.264 payloads (RFC 6184, packetization mode 1).

const NAL_TYPE: u8 = 0x1f;
const NAL_SPS: u8 = 7;
const NAL_STAP_A: u8 = 24;
const NAL_FU_A: u8 = 28;

/// Whether this packet is where a receiver can begin: it brings a sequence parameter set. An IDR picture alone is no such
/// place, because the parameter sets of another sender do not fit it.
pub fn is_keyframe_start(payload: &[u8]) -> bool {
    let Some((&first, rest)) = payload.split_first() else { return false };
    match first & NAL_TYPE {
        NAL_SPS => true,
        NAL_STAP_A => aggregate_has_sps(rest),
        NAL_FU_A => rest.first().is_some_and(|fu| fu & 0x80 != 0 && fu & NAL_TYPE == NAL_SPS),
        _ => false,
    }
}

fn aggregate_has_sps(mut units: &[u8]) -> bool {
    while let [high, low, rest @ ..] = units {
        let size = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((unit, after)) = rest.split_at_checked(size) else { return false };
        if unit.first().is_some_and(|nal| nal & NAL_TYPE == NAL_SPS) {
            return true;
        }
        units = after;
    }
    false
}
