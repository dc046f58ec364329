//! The load: VP8 at 300 packets/s of 1150 bytes in bursts of 4/4/2 per frame, and Opus at 50 packets/s, each packet carrying its send time.

use std::time::{Duration, Instant};

/// Bytes of RTP payload of a video packet.
pub const VIDEO_PAYLOAD: usize = 1150;
/// Bytes of RTP payload of an audio packet (64 kbit/s).
pub const AUDIO_PAYLOAD: usize = 160;
/// 30 frames/s in RTP ticks of 90 kHz.
const FRAME_TICKS: u32 = 3000;
const FRAME: Duration = Duration::from_nanos(33_333_333);
pub const AUDIO_FRAME: Duration = Duration::from_millis(20);
/// A pacer sends a frame of ten packets in three bursts, 5 ms apart.
const BURSTS: [usize; 3] = [4, 4, 2];
const BURST_GAP: Duration = Duration::from_millis(5);
/// The send time stands in the last bytes, so that a rewritten VP8 descriptor in front does not move it.
const STAMP: usize = 8;

/// One packet that is due.
pub struct Due {
    pub video: bool,
    pub timestamp: u32,
    pub marker: bool,
}

/// The schedule of one publisher.
pub struct Publisher {
    next_audio: Instant,
    next_burst: Instant,
    frame_start: Instant,
    burst: usize,
    audio_ticks: u32,
    video_ticks: u32,
    picture_id: u16,
    keyframe_wanted: bool,
    keyframe: bool,
    sent_in_frame: usize,
}

impl Publisher {
    /// Starts at `start`; publishers are started at different phases so that their bursts do not coincide.
    pub fn new(start: Instant) -> Self {
        Self {
            next_audio: start,
            next_burst: start,
            frame_start: start,
            burst: 0,
            audio_ticks: 0,
            video_ticks: 0,
            picture_id: 0,
            keyframe_wanted: true,
            keyframe: true,
            sent_in_frame: 0,
        }
    }

    /// The next frame is to be a keyframe.
    pub fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// When something is due next.
    pub fn next(&self) -> Instant {
        self.next_audio.min(self.next_burst)
    }

    /// Everything due at `now`, in order; `send` gets each packet's payload.
    pub fn poll(&mut self, now: Instant, stamp: impl Fn() -> u64, mut send: impl FnMut(Due, &[u8])) {
        while self.next_audio <= now {
            let mut payload = [0u8; AUDIO_PAYLOAD];
            // TOC: CELT fullband 20 ms, stereo, one frame (RFC 6716 §3.1).
            payload[0] = 0xfc;
            payload[AUDIO_PAYLOAD - STAMP..].copy_from_slice(&stamp().to_be_bytes());
            send(Due { video: false, timestamp: self.audio_ticks, marker: false }, &payload);
            self.audio_ticks = self.audio_ticks.wrapping_add(960);
            self.next_audio += AUDIO_FRAME;
        }
        while self.next_burst <= now {
            for _ in 0..BURSTS[self.burst] {
                self.video_packet(&stamp, &mut send);
            }
            self.burst += 1;
            if self.burst == BURSTS.len() {
                self.burst = 0;
                self.frame_start += FRAME;
                self.next_burst = self.frame_start;
            } else {
                self.next_burst += BURST_GAP;
            }
        }
    }

    fn video_packet(&mut self, stamp: &impl Fn() -> u64, send: &mut impl FnMut(Due, &[u8])) {
        let first = self.sent_in_frame == 0;
        if first {
            self.keyframe = std::mem::take(&mut self.keyframe_wanted);
        }
        let mut payload = [0u8; VIDEO_PAYLOAD];
        // Payload descriptor with a 15-bit picture id (RFC 7741 §4.2).
        payload[0] = 0x80 | if first { 0x10 } else { 0 };
        payload[1] = 0x80;
        payload[2..4].copy_from_slice(&(self.picture_id | 0x8000).to_be_bytes());
        if first {
            // Payload header: P = 0 is a keyframe (RFC 7741 §4.3); start code and size as RFC 6386 §9.1 has them.
            payload[4] = if self.keyframe { 0x10 } else { 0x11 };
            payload[7..14].copy_from_slice(&[0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
        }
        payload[VIDEO_PAYLOAD - STAMP..].copy_from_slice(&stamp().to_be_bytes());
        self.sent_in_frame += 1;
        let marker = self.sent_in_frame == BURSTS.iter().sum::<usize>();
        send(Due { video: true, timestamp: self.video_ticks, marker }, &payload);
        if marker {
            self.sent_in_frame = 0;
            self.video_ticks = self.video_ticks.wrapping_add(FRAME_TICKS);
            self.picture_id = (self.picture_id + 1) & 0x7fff;
        }
    }
}

/// The send time in a received payload, ns since 1970; `None` when it carries none (padding, comfort packets).
pub fn sent_at(payload: &[u8]) -> Option<u64> {
    let plausible = payload.len() == VIDEO_PAYLOAD || payload.len() == AUDIO_PAYLOAD;
    let stamp = payload.get(payload.len().checked_sub(STAMP)?..)?;
    plausible.then(|| u64::from_be_bytes(stamp.try_into().unwrap_or_default())).filter(|ns| *ns != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_second_is_three_hundred_video_and_fifty_audio_packets() {
        let start = Instant::now();
        let mut publisher = Publisher::new(start);
        let (mut video, mut audio) = (0, 0);
        publisher.poll(start + Duration::from_millis(999), || 1, |due, _| if due.video { video += 1 } else { audio += 1 });
        assert_eq!((video, audio), (300, 50));
    }
}
