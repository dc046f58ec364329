//! Which numbers of which source went out under which numbers.

use super::{Origin, SourceKey};
use crate::rtp::counters::Offsets;
use std::collections::VecDeque;

/// Segments remembered. A switch or a skip makes one, and a picture that is left out is a skip; receivers ask for packets of the last
/// second or two only.
const SEGMENTS_MAX: usize = 256;

/// A run of numbers of one source that all moved by the same amounts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub source: SourceKey,
    /// Which stay it belongs to: the same source may come again with other offsets.
    pub stay: u32,
    /// First number at the source.
    pub first: u64,
    /// One past the last number at the source; [`u64::MAX`] while it runs.
    pub end: u64,
    /// The downlink number of `first`.
    pub out_first: u64,
    /// Added to timestamps, and to what counts pictures.
    pub timestamp_offset: u32,
    pub offsets: Offsets,
    /// Downlink numbers below this may belong to frames whose timestamps were raised.
    pub raised_below: u64,
}

impl Segment {
    pub fn holds(&self, ext_seq: u64) -> bool {
        (self.first..self.end).contains(&ext_seq)
    }

    /// The downlink number of a number of the source, not below `first`.
    pub fn out(&self, ext_seq: u64) -> u64 {
        self.out_first + (ext_seq - self.first)
    }
}

/// The last segments, oldest first. Their downlink numbers ascend and never overlap.
#[derive(Debug)]
pub(super) struct Segments {
    list: VecDeque<Segment>,
}

impl Segments {
    pub fn new() -> Self {
        Self { list: VecDeque::new() }
    }

    /// Adds the newest; the oldest is forgotten when there are too many, and its packets cannot be sent again.
    pub fn push(&mut self, segment: Segment) {
        if self.list.len() == SEGMENTS_MAX {
            self.list.pop_front();
        }
        self.list.push_back(segment);
    }

    pub fn newest(&mut self) -> Option<&mut Segment> {
        self.list.back_mut()
    }

    pub fn latest(&self) -> Option<&Segment> {
        self.list.back()
    }

    /// The segment of a stay that holds a number of its source.
    pub fn by_source(&mut self, stay: u32, ext_seq: u64) -> Option<&mut Segment> {
        self.list.iter_mut().rev().take_while(|segment| segment.stay == stay).find(|segment| segment.holds(ext_seq))
    }

    /// The segment that holds a downlink number, and the number at the source.
    pub fn by_downlink(&self, seq: u64) -> Option<(&Segment, Origin)> {
        let segment = self.list.iter().rev().find(|segment| segment.out_first <= seq)?;
        let ext_seq = segment.first + (seq - segment.out_first);
        segment.holds(ext_seq).then_some((segment, Origin { source: segment.source, ext_seq, seq }))
    }
}
