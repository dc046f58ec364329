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
    /// One past the highest sequence number noted.
    end: u64,
}

impl Numbers {
    pub(crate) fn new(kind: MediaKind) -> Self {
        let len = if kind == MediaKind::Audio { SOUND } else { PICTURE };
        Self { entries: vec![NEVER; len], end: 0 }
    }

    /// Every packet that goes out is kept in mind here.
    #[inline]
    pub(crate) fn are_kept(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The number that this packet has, or a fresh one if it has not gone out yet. `None`: that is too long ago to be known.
    #[inline]
    pub(crate) fn of(&mut self, sequence: u64, fresh: impl FnOnce() -> u16) -> Option<u16> {
        let len = self.entries.len() as u64;
        if len == 0 || sequence + len < self.end {
            return None;
        }
        let lap = (sequence >> len.trailing_zeros()) as u32 & 0xFFFF;
        let entry = &mut self.entries[(sequence & (len - 1)) as usize];
        if *entry == NEVER || *entry >> 16 != lap {
            *entry = lap << 16 | u32::from(fresh());
            self.end = self.end.max(sequence + 1);
        }
        Some(*entry as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_keeps_its_number_for_as_long_as_it_can_be_sent_again() {
        let mut numbers = Numbers::new(MediaKind::Audio);
        for sequence in 100..400 {
            assert_eq!(numbers.of(sequence, || sequence as u16 + 7), Some(sequence as u16 + 7));
        }
        assert_eq!(numbers.of(399, || 1), Some(406), "not another one");
        assert_eq!(numbers.of(144, || 1), Some(151));
        assert_eq!(numbers.of(143, || 1), None, "256 are kept");
        assert_eq!(numbers.of(450, || 1), Some(1));
        assert_eq!(numbers.of(420, || 2), Some(2), "left out at first");
        assert_eq!(numbers.of(420, || 3), Some(2));
        assert!(!Numbers::default().are_kept());
    }
}
