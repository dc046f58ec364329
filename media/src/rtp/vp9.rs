//! Keyframe detection in VP9 payloads (RFC 9628 §4.2).

/// Whether this packet begins a keyframe: not predicted from another picture, begin of a frame, lowest spatial layer.
pub fn is_keyframe_start(payload: &[u8]) -> bool {
    const PICTURE_ID: u8 = 0x80;
    const PREDICTED: u8 = 0x40;
    const LAYERS: u8 = 0x20;
    const BEGIN: u8 = 0x08;
    let Some((&first, rest)) = payload.split_first() else { return false };
    if first & PREDICTED != 0 || first & BEGIN == 0 {
        return false;
    }
    let mut at = 0;
    if first & PICTURE_ID != 0 {
        let Some(&id) = rest.first() else { return false };
        at = if id & 0x80 != 0 { 2 } else { 1 };
    }
    // The layer byte: temporal (3), switching up (1), spatial (3), inter-layer predicted (1).
    if first & LAYERS != 0 { rest.get(at).is_some_and(|layer| layer & 0x0e == 0) } else { rest.len() > at }
}
