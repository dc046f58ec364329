//! How long an Opus packet lasts (RFC 6716 §3.1).

/// Samples at 48 kHz, the RTP clock of Opus. `None` for packets that are empty or longer than 120 ms.
pub fn duration(payload: &[u8]) -> Option<u32> {
    let (&toc, rest) = payload.split_first()?;
    let config = toc >> 3;
    let frame = match config {
        // SILK: 10, 20, 40, 60 ms.
        0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        // Hybrid: 10, 20 ms.
        12..=15 => [480, 960][usize::from(config & 1)],
        // CELT: 2.5, 5, 10, 20 ms.
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(*rest.first()? & 0x3f),
    };
    Some(frame * count).filter(|samples| (1..=5760).contains(samples))
}
