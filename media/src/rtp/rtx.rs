//! Retransmission payloads (RFC 4588): the original sequence number, then the original payload.

/// Splits an RTX payload. `None` when there is no original in it (an empty one is a probe).
pub fn unwrap(payload: &[u8]) -> Option<(u16, &[u8])> {
    let (number, original) = payload.split_first_chunk::<2>()?;
    (!original.is_empty()).then_some((u16::from_be_bytes(*number), original))
}

/// Appends the head of an RTX payload; the original payload follows.
pub fn write_original_sequence(out: &mut Vec<u8>, sequence: u16) {
    out.extend_from_slice(&sequence.to_be_bytes());
}
