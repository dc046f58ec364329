//! What a decoder sees.

use crate::MS;
use auftakt_client::Received;
use auftakt_client::band::Camera;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A picture that could be decoded.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The camera's.
    pub number: u32,
    pub keyframe: bool,
    /// When it and everything before it was there.
    pub at: Instant,
    pub timestamp: u32,
    /// Of the camera's payloads, which tells simulcast layers apart.
    pub size: usize,
}

impl Frame {
    /// It needs what came before it: the frame of the same camera just before.
    fn follows(&self, before: &Self) -> bool {
        self.number == before.number + 1 && self.size == before.size
    }
}

/// The camera's number of a packet, and which part of the frame it is.
fn identity(packet: &Received) -> (u32, u8, usize) {
    let (payload, part) = (&packet.payload, packet.payload[packet.payload.len() - 1]);
    let at = payload.len() - 5;
    (u32::from_be_bytes(payload[at..at + 4].try_into().expect("four bytes")), part, at)
}

fn picture_id(packet: &Received) -> u16 {
    u16::from_be_bytes([packet.payload[2], packet.payload[3]]) & 0x7FFF
}

/// All frames of what was received, in order. Panics on what would stop a decoder: gaps, a picture id that does not count on,
/// a timestamp that does not grow, a frame whose predecessor was never sent, or bytes that the camera did not make. A frame that
/// was cut short because another source took over is left out; a keyframe follows it.
pub fn frames(received: &[Received]) -> Vec<Frame> {
    let mut packets: Vec<&Received> = received.iter().collect();
    packets.sort_by_key(|packet| packet.index);
    let gap = packets.windows(2).find(|pair| pair[1].index != pair[0].index + 1);
    assert!(gap.is_none(), "gap after {:?}", gap.map(|pair| pair[0].index));
    let chunks: Vec<&[&Received]> = packets.chunk_by(|a, b| !a.marker && a.timestamp == b.timestamp).collect();
    for pair in chunks.windows(2) {
        assert_eq!(picture_id(pair[1][0]), (picture_id(pair[0][0]) + 1) & 0x7FFF, "picture ids count on");
        assert!((pair[1][0].timestamp.wrapping_sub(pair[0][0].timestamp) as i32) > 0, "a frame is later than the one before");
    }
    let mut frames: Vec<Frame> = vec![];
    let (mut there, mut cut) = (None, false);
    for parts in chunks {
        there = parts.iter().map(|packet| packet.at).chain(there).max();
        let (frame, whole) = check_frame(parts, there);
        let decodable = match frames.last() {
            _ if frame.keyframe => true,
            Some(last) => frame.follows(last) && !cut,
            None => false,
        };
        assert!(decodable, "{frame:?} cannot be decoded after {:?}, cut: {cut}", frames.last());
        cut = !whole;
        if whole {
            frames.push(frame);
        }
    }
    frames
}

/// The packets of one frame: the camera's, from the first on.
fn check_frame(parts: &[&Received], at: Option<Instant>) -> (Frame, bool) {
    let first = parts[0];
    let (number, _, size) = identity(first);
    let keyframe = first.payload[4] & 1 == 0;
    let camera = Camera { frame: number, keyframe_next: keyframe, size, ..Camera::new(None) };
    for (packet, expected) in parts.iter().zip(camera.payloads()) {
        assert_eq!(packet.payload[..2], expected[..2]);
        assert_eq!(packet.payload[4..], expected[4..], "frame {number} bit for bit but its picture id");
        assert_eq!(picture_id(packet), picture_id(first), "one frame, one picture id");
    }
    let frame = Frame { number, keyframe, at: at.unwrap_or(first.at), timestamp: first.timestamp, size };
    (frame, parts.len() == 3 && parts[2].marker)
}

/// The longest time without a new picture.
pub fn longest_freeze(frames: &[Frame]) -> Duration {
    frames.windows(2).map(|pair| pair[1].at.saturating_duration_since(pair[0].at)).max().unwrap_or_default()
}

/// A browser's screen: shows what can be decoded, and asks for a keyframe when it waited in vain.
#[derive(Default)]
pub struct Screen {
    taken: usize,
    waiting: BTreeMap<u64, Received>,
    next: Option<u64>,
    stuck_since: Option<Instant>,
    broken: bool,
    asked_at: Option<Instant>,
    /// When, and the camera's number.
    pub shown: Vec<(Instant, u32)>,
    pub asked: usize,
}

/// How long a browser waits for a missing packet.
const WAIT: Duration = Duration::from_millis(500);
const ASK_EVERY: Duration = Duration::from_millis(300);

impl Screen {
    /// Looks at all that was received so far. True: a keyframe is wanted.
    pub fn look(&mut self, now: Instant, received: &[Received]) -> bool {
        for packet in &received[self.taken..] {
            self.waiting.insert(packet.index, packet.clone());
        }
        self.taken = received.len();
        while self.show_next(now) {}
        self.give_up_waiting(now);
        let wants = self.broken && self.asked_at.is_none_or(|at| now >= at + ASK_EVERY);
        if wants {
            self.asked_at = Some(now);
            self.asked += 1;
        }
        wants
    }

    fn show_next(&mut self, now: Instant) -> bool {
        if self.broken
            && let Some(keyframe) = self.waiting.values().find(|p| p.payload[0] & 0x10 != 0 && p.payload[4] & 1 == 0)
        {
            self.next = Some(keyframe.index);
        }
        let Some(first) = self.next.or_else(|| self.waiting.keys().next().copied()) else { return false };
        let whole: Vec<u64> = (first..).take_while(|index| self.waiting.contains_key(index)).collect();
        let Some(last) = whole.into_iter().find(|index| self.waiting[index].marker) else { return false };
        let keyframe = self.waiting[&first].payload[4] & 1 == 0;
        let (number, _, _) = identity(&self.waiting[&last]);
        if keyframe || !self.broken {
            self.broken = false;
            self.shown.push((now, number));
        }
        self.waiting.retain(|index, _| *index > last);
        self.next = Some(last + 1);
        self.stuck_since = None;
        true
    }

    fn give_up_waiting(&mut self, now: Instant) {
        let Some(next) = self.next else { return };
        let hole = (next..).find(|index| !self.waiting.contains_key(index)).unwrap_or(next);
        if self.waiting.range(hole..).next().is_none() {
            return;
        }
        if now >= *self.stuck_since.get_or_insert(now) + WAIT {
            self.broken = true;
            self.stuck_since = None;
            let starts = |p: &Received| p.payload[0] & 0x10 != 0;
            self.waiting.retain(|index, _| *index > hole);
            self.next = self.waiting.iter().find(|(_, packet)| starts(packet)).map(|(index, _)| *index);
        }
    }

    /// The longest time without a new picture, up to `now`.
    pub fn longest_freeze(&self, now: Instant) -> Duration {
        let times: Vec<Instant> = self.shown.iter().map(|(at, _)| *at).chain([now]).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1000 * MS)
    }
}
