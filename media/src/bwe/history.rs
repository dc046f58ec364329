//! What was sent lately, found by its number.

use crate::rtp::seq;

/// Packets remembered at first: enough for two seconds of one small picture.
const LEN_MIN: usize = 256;
/// And at most: 2 s at 4,000 packets a second. Who sends more gets feedback for the newest of them.
const LEN_MAX: usize = 8192;
/// What is overwritten before it is this old shows that the ring is too small.
const KEEP_MICROS: u64 = 2_000_000;

/// What is known of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Unknown,
    Lost,
    Arrived,
}

/// A packet that was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    /// In µs since the estimator began.
    pub(super) sent: u64,
    /// The low bits of the extended number: which packet of all with this place it is.
    number: u32,
    pub(super) bytes: u16,
    pub(super) state: State,
}

/// No packet has this size, so none is found here.
const EMPTY: Packet = Packet { sent: 0, number: 0, bytes: 0, state: State::Unknown };

/// A ring, indexed by the number.
#[derive(Debug)]
pub(super) struct History {
    packets: Vec<Packet>,
    newest: Option<u64>,
}

impl History {
    pub(super) fn new() -> Self {
        Self { packets: Vec::new(), newest: None }
    }

    /// Notes a packet; says its number, extended. The first is put into the second cycle, so that none is below zero.
    pub(super) fn insert(&mut self, number: u16, sent: u64, bytes: usize) -> u64 {
        let number = self.newest.map_or(u64::from(number) + (1 << 16), |newest| seq::extend(newest, number));
        self.newest = Some(self.newest.map_or(number, |newest| newest.max(number)));
        if self.packets.is_empty() {
            self.packets = vec![EMPTY; LEN_MIN];
        }
        if self.packets.len() < LEN_MAX {
            let old = &self.packets[self.place(number)];
            if old.bytes > 0 && old.state == State::Unknown && sent < old.sent.saturating_add(KEEP_MICROS) {
                self.grow();
            }
        }
        let place = self.place(number);
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX).max(1);
        self.packets[place] = Packet { sent, number: number as u32, bytes, state: State::Unknown };
        number
    }

    /// A packet that feedback names: its extended number and what is known of it. `None` when it was never sent, or too long ago.
    pub(super) fn find(&mut self, number: u16) -> Option<(u64, &mut Packet)> {
        let newest = self.newest?;
        let number = newest.checked_sub(u64::from((newest as u16).wrapping_sub(number)))?;
        let place = self.place(number);
        let packet = self.packets.get_mut(place)?;
        (packet.bytes > 0 && packet.number == number as u32).then_some((number, packet))
    }

    /// The extended number of the newest packet.
    pub(super) fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// The length is a power of two, and a mask is cheaper than a division.
    fn place(&self, number: u64) -> usize {
        number as usize & self.packets.len().wrapping_sub(1)
    }

    fn grow(&mut self) {
        let len = self.packets.len() * 2;
        let mut packets = vec![EMPTY; len];
        for packet in self.packets.iter().filter(|packet| packet.bytes > 0) {
            packets[packet.number as usize & (len - 1)] = *packet;
        }
        self.packets = packets;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_sent_and_nothing_else() {
        let mut history = History::new();
        assert!(history.find(0).is_none());
        for count in 0..1000_u16 {
            history.insert(65_000_u16.wrapping_add(count), u64::from(count), 100 + usize::from(count));
        }
        for count in 0..1000_u16 {
            let number = 65_000_u16.wrapping_add(count);
            let (_, packet) = history.find(number).expect("was sent");
            assert_eq!((packet.sent, packet.bytes), (u64::from(count), 100 + count));
        }
        assert!(history.find(65_000_u16.wrapping_add(1000)).is_none(), "not sent yet");
        assert!(history.find(64_999).is_none(), "sent by nobody");
    }

    #[test]
    fn is_bounded_and_keeps_the_newest() {
        let mut history = History::new();
        for count in 0..100_000_u64 {
            history.insert(count as u16, count, 1200);
        }
        assert_eq!(history.packets.len(), LEN_MAX);
        let newest = 99_999_u64 as u16;
        assert!(history.find(newest).is_some());
        assert!(history.find(newest.wrapping_sub(LEN_MAX as u16 - 1)).is_some());
        assert!(history.find(newest.wrapping_sub(LEN_MAX as u16)).is_none());
        assert!(history.find(newest.wrapping_add(1)).is_none());
    }

    #[test]
    fn stays_small_while_feedback_comes() {
        let mut history = History::new();
        for count in 0..10_000_u64 {
            history.insert(count as u16, count * 5_000, 1200);
            if let Some((_, packet)) = count.checked_sub(100).and_then(|old| history.find(old as u16)) {
                packet.state = State::Arrived;
            }
        }
        assert_eq!(history.packets.len(), LEN_MIN);
    }
}
