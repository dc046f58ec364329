//! Keyframe detection in AV1 payloads (AV1 RTP specification §4.4).

/// Whether this packet begins a coded video sequence (the N bit of the aggregation header).
pub fn is_keyframe_start(payload: &[u8]) -> bool {
    const CONTINUES: u8 = 0x80;
    const NEW_SEQUENCE: u8 = 0x08;
    payload.len() > 1 && payload[0] & NEW_SEQUENCE != 0 && payload[0] & CONTINUES == 0
}
