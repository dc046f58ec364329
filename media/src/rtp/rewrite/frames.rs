//! Frames whose timestamps had to be raised, because they would not have been later than what went out before.
//!
//! A whole frame is raised, never single packets of it: a frame with two timestamps stalls a decoder for seconds.

use std::collections::VecDeque;

/// One millisecond of the video clock: how far a raised frame is after the one before.
const STEP: i64 = 90;
/// Frames remembered: at 60 frames per second a new source that lags by a whole second.
const FRAMES_MAX: usize = 64;

#[derive(Clone, Copy, Debug)]
struct RaisedFrame {
    stay: u32,
    source_timestamp: u32,
    out: i64,
    /// One past the highest downlink number seen of it.
    seq_end: u64,
}

/// The raised frames of the last stays.
#[derive(Debug)]
pub(super) struct RaisedFrames {
    list: VecDeque<RaisedFrame>,
    /// The latest timestamp that frames of this stay must be later than.
    floor: Option<i64>,
    /// The earliest timestamp of this stay that went out as it is. Before there is one, every frame that does not pass is the
    /// newest; after it, such a frame came late.
    passed: Option<i64>,
    /// Downlink numbers below this may belong to forgotten frames. They must not go out again, because they might do so
    /// with other timestamps, and two different packets under one SRTP index break its secrecy.
    pub forgotten_below: u64,
}

impl RaisedFrames {
    pub fn new() -> Self {
        Self { list: VecDeque::new(), floor: None, passed: None, forgotten_below: 0 }
    }

    /// A new stay begins, after a stream whose latest timestamp was `last`.
    pub fn begin_stay(&mut self, last: Option<i64>) {
        self.floor = last;
        self.passed = None;
    }

    /// Whether a frame that is mapped to `mapped` goes out as it is.
    pub fn passes(&mut self, mapped: i64) -> bool {
        let passes = self.floor.is_none_or(|floor| mapped > floor);
        if passes {
            self.passed = Some(self.passed.map_or(mapped, |earliest| earliest.min(mapped)));
        }
        passes
    }

    /// The timestamp that frames of this stay must be later than.
    pub fn floor(&self) -> Option<i64> {
        self.floor
    }

    /// The timestamp a packet of any stay was given, if its frame was raised.
    pub fn find(&self, stay: u32, source_timestamp: u32) -> Option<i64> {
        let mut frames = self.list.iter().rev();
        frames.find(|frame| frame.stay == stay && frame.source_timestamp == source_timestamp).map(|frame| frame.out)
    }

    /// The timestamp of a frame that does not pass. `None` when there is no room between its neighbours.
    pub fn raise(&mut self, stay: u32, source_timestamp: u32, seq: u64) -> Option<i64> {
        let known = self.list.iter_mut().rev().take_while(|frame| frame.stay == stay);
        if let Some(frame) = known.into_iter().find(|frame| frame.source_timestamp == source_timestamp) {
            frame.seq_end = frame.seq_end.max(seq + 1);
            return Some(frame.out);
        }
        let floor = self.floor?;
        let distance = |frame: &RaisedFrame| frame.source_timestamp.wrapping_sub(source_timestamp) as i32;
        let next = self.of_stay(stay).filter(|frame| distance(frame) > 0).map(|frame| frame.out).min().or(self.passed);
        let out = match next {
            None => {
                self.floor = Some(floor + STEP);
                floor + STEP
            }
            // A frame that came late, after newer ones: half way between its neighbours.
            Some(next) => {
                let before = self.of_stay(stay).filter(|frame| distance(frame) < 0).map(|frame| frame.out).max();
                let below = before.unwrap_or(next - STEP);
                let middle = below + (next - below) / 2;
                if middle == below {
                    return None;
                }
                middle
            }
        };
        self.remember(RaisedFrame { stay, source_timestamp, out, seq_end: seq + 1 });
        Some(out)
    }

    fn remember(&mut self, frame: RaisedFrame) {
        if self.list.len() == FRAMES_MAX
            && let Some(forgotten) = self.list.pop_front()
        {
            self.forgotten_below = self.forgotten_below.max(forgotten.seq_end);
        }
        self.list.push_back(frame);
    }

    /// Frames of the stay that is now.
    fn of_stay(&self, stay: u32) -> impl Iterator<Item = &RaisedFrame> {
        self.list.iter().rev().take_while(move |frame| frame.stay == stay)
    }
}
