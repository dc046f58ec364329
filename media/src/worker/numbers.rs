//! The transport-wide numbers of packets that may go out again as they are.
//!
//! Without RTX a packet is sent again byte by byte, because one SRTP index must never carry two contents; its number is one of the
//! bytes. A number that is forgotten is a packet that cannot be sent again.

use crate::id::MediaKind;

/// Sound: two and a half seconds of 10 ms packets. Receivers ask for one or two.
const SOUND: usize = 256;
/// Pictures of a receiver without RTX: two seconds at 10 Mbit/s.
const PICTURE: usize = 2048;
/// Which lap of the table an entry belongs to stands in its upper half; no sequence number reaches this one within 16 million.
const NEVER: u32 = u32::MAX;

/// The last numbers of one section, by sequence number.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    entries: Vec<u32>,
}

impl Numbers {
    pub(crate) fn new(kind: MediaKind) -> Self {
        let len = if kind == MediaKind::Audio { SOUND } else { PICTURE };
        Self { entries: vec![NEVER; len] }
    }

    #[inline]
    pub(crate) fn note(&mut self, sequence: u64, number: u16) {
        let lap = self.lap(sequence);
        let len = self.entries.len();
        if len > 0 {
            self.entries[sequence as usize & (len - 1)] = lap << 16 | u32::from(number);
        }
    }

    pub(crate) fn of(&self, sequence: u64) -> Option<u16> {
        let entry = *self.entries.get(sequence as usize & self.entries.len().checked_sub(1)?)?;
        (entry != NEVER && entry >> 16 == self.lap(sequence)).then_some(entry as u16)
    }

    fn lap(&self, sequence: u64) -> u32 {
        (sequence >> self.entries.len().trailing_zeros().min(63)) as u32 & 0xFFFF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_until_another_packet_takes_its_place() {
        let mut numbers = Numbers::new(MediaKind::Audio);
        assert_eq!(numbers.of(0), None);
        for sequence in 100..400 {
            numbers.note(sequence, sequence as u16 + 7);
        }
        assert_eq!(numbers.of(399), Some(406));
        assert_eq!(numbers.of(144), Some(151));
        assert_eq!(numbers.of(143), None, "256 are kept");
        assert_eq!(numbers.of(400), None, "not sent yet");
        assert_eq!(Numbers::default().of(5), None);
    }
}
