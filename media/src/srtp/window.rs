//! Packet indices and the replay window (RFC 3711 §3.3.1, §3.3.2), kept per SSRC.

/// How far behind the newest packet one may still arrive. RFC 3711 wants at least 64; a burst of video at a round
/// trip of 300 ms with retransmissions under the same SSRC needs more.
pub(super) const WINDOW: u64 = 1024;

const WORDS: usize = (WINDOW / 64) as usize;

/// Where an index stands towards the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    SeenOrOld,
}

/// The newest index of one SSRC and which of the [`WINDOW`] before it came.
#[derive(Clone)]
pub(super) struct Window {
    newest: u64,
    /// A ring: the bit of an index is at `index % WINDOW`.
    seen: [u64; WORDS],
}

impl Window {
    /// Starts with the first authentic packet.
    pub(super) fn starting_at(index: u64) -> Self {
        let mut window = Self { newest: index, seen: [0; WORDS] };
        window.mark(index);
        window
    }

    /// The index that `sequence` most likely stands for: the nearest one to the newest. `None` before 0 and past 48 bit.
    #[inline]
    pub(super) fn index_of(&self, sequence: u16) -> Option<u64> {
        let distance = sequence.wrapping_sub(self.newest as u16) as i16;
        let index = self.newest.checked_add_signed(i64::from(distance))?;
        (index >> 48 == 0).then_some(index)
    }

    #[inline]
    pub(super) fn check(&self, index: u64) -> Freshness {
        if index > self.newest {
            return Freshness::Fresh;
        }
        let (word, bit) = Self::position(index);
        if self.newest - index >= WINDOW || self.seen[word] & bit != 0 { Freshness::SeenOrOld } else { Freshness::Fresh }
    }

    /// Records an authentic packet that [`check`](Self::check) called fresh.
    #[inline]
    pub(super) fn record(&mut self, index: u64) {
        if index > self.newest {
            if index - self.newest >= WINDOW {
                self.seen = [0; WORDS];
            } else {
                for skipped in self.newest + 1..index {
                    let (word, bit) = Self::position(skipped);
                    self.seen[word] &= !bit;
                }
            }
            self.newest = index;
        }
        self.mark(index);
    }

    fn mark(&mut self, index: u64) {
        let (word, bit) = Self::position(index);
        self.seen[word] |= bit;
    }

    fn position(index: u64) -> (usize, u64) {
        let at = index % WINDOW;
        ((at / 64) as usize, 1 << (at % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn estimates_across_the_wrap_in_both_directions() {
        let mut window = Window::starting_at(65_530);
        assert_eq!(window.index_of(3), Some(65_539));
        window.record(65_539);
        assert_eq!(window.index_of(65_535), Some(65_535));
        assert_eq!(window.index_of(4), Some(65_540));
        assert_eq!(Window::starting_at(5).index_of(65_535), None);
        assert_eq!(Window::starting_at((1 << 48) - 1).index_of(0), None);
    }

    proptest! {
        #[test]
        fn accepts_each_index_once_and_none_beyond_the_window(start in 0u64..1 << 40, steps in prop::collection::vec(-1500i64..1500, 1..400)) {
            let start = start + 2000;
            let mut window = Window::starting_at(start);
            let (mut newest, mut seen) = (start, BTreeSet::from([start]));
            for step in steps {
                let index = newest.saturating_add_signed(step);
                let expected = if index + WINDOW > newest && !seen.contains(&index) { Freshness::Fresh } else { Freshness::SeenOrOld };
                prop_assert_eq!(window.check(index), expected);
                if expected == Freshness::Fresh {
                    window.record(index);
                    seen.insert(index);
                    newest = newest.max(index);
                }
            }
        }

        #[test]
        fn finds_the_index_while_less_than_half_the_numbers_are_skipped(start in 0u64..1 << 40, step in -32_000i64..32_000) {
            let start = start + 32_000;
            let index = start.saturating_add_signed(step);
            prop_assert_eq!(Window::starting_at(start).index_of(index as u16), Some(index));
        }
    }
}
