//! Sequence numbers and timestamps that wrap around.

/// The 64 bit number nearest to `near` whose low 16 bits are `sequence` (RFC 3711 §3.3.1, without the 48 bit limit).
/// Never below zero: near the start the number is taken as ahead.
pub fn extend(near: u64, sequence: u16) -> u64 {
    let distance = sequence.wrapping_sub(near as u16) as i16;
    near.checked_add_signed(i64::from(distance)).unwrap_or(u64::from(sequence))
}

/// How far `timestamp` is after `reference`, in ticks; negative when it is before.
pub fn timestamp_distance(timestamp: u32, reference: u32) -> i32 {
    timestamp.wrapping_sub(reference) as i32
}

/// Whether `timestamp` is later than `reference`, around the wrap.
pub fn timestamp_newer(timestamp: u32, reference: u32) -> bool {
    timestamp_distance(timestamp, reference) > 0
}

/// Extends a stream of 16 bit numbers that has no other state (transport-wide sequence numbers).
#[derive(Clone, Copy, Debug, Default)]
pub struct Extender {
    highest: Option<u64>,
}

impl Extender {
    /// The extended number. The first one is put into the second cycle, so that earlier ones still fit below it.
    pub fn extend(&mut self, sequence: u16) -> u64 {
        let extended = match self.highest {
            Some(highest) => extend(highest, sequence),
            None => u64::from(sequence) + (1 << 16),
        };
        self.highest = Some(self.highest.map_or(extended, |highest| highest.max(extended)));
        extended
    }
}
