//! The load of a lesson: VP8 at 300 packets/s of 1150 bytes in bursts of 4/4/2 per frame, and Opus at 50 packets/s.

use crate::stamp::STAMP_BYTES;
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
pub const BURST_GAP: Duration = Duration::from_millis(5);

/// The line of a source that carries sound; pictures are on those after it.
pub const SOUND: usize = 0;

/// One packet that is due.
pub struct Due {
    /// Which of the source's RTP streams.
    pub line: usize,
    pub timestamp: u32,
    pub marker: bool,
    /// Of sound, in dBov (RFC 6464).
    pub level: Option<i8>,
}

/// What a participant sends, in real time.
pub trait Source: Send {
    /// When something is due next.
    fn next(&self) -> Instant;
    /// Everything due at `now`, in order. The last [`STAMP_BYTES`] of each payload are overwritten with the stamp.
    fn poll(&mut self, now: Instant, send: &mut dyn FnMut(Due, &mut [u8]));
    /// The next frame of this line is to be a keyframe.
    fn want_keyframe(&mut self, line: usize);
    /// Only so many simulcast layers, from the smallest, are looked at.
    fn send_layers(&mut self, _layers: usize) {}
}

/// One Opus packet of 64 kbit/s.
pub fn sound_payload() -> [u8; AUDIO_PAYLOAD] {
    let mut payload = [0u8; AUDIO_PAYLOAD];
    // TOC: CELT fullband 20 ms, stereo, one frame (RFC 6716 §3.1).
    payload[0] = 0xfc;
    payload
}

/// The schedule of one publisher without simulcast.
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

    fn video_packet(&mut self, send: &mut dyn FnMut(Due, &mut [u8])) {
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
        self.sent_in_frame += 1;
        let marker = self.sent_in_frame == BURSTS.iter().sum::<usize>();
        send(Due { line: SOUND + 1, timestamp: self.video_ticks, marker, level: None }, &mut payload);
        if marker {
            self.sent_in_frame = 0;
            self.video_ticks = self.video_ticks.wrapping_add(FRAME_TICKS);
            self.picture_id = (self.picture_id + 1) & 0x7fff;
        }
    }
}

impl Source for Publisher {
    fn next(&self) -> Instant {
        self.next_audio.min(self.next_burst)
    }

    fn poll(&mut self, now: Instant, send: &mut dyn FnMut(Due, &mut [u8])) {
        while self.next_audio <= now {
            send(Due { line: SOUND, timestamp: self.audio_ticks, marker: false, level: Some(-30) }, &mut sound_payload());
            self.audio_ticks = self.audio_ticks.wrapping_add(960);
            self.next_audio += AUDIO_FRAME;
        }
        while self.next_burst <= now {
            for _ in 0..BURSTS[self.burst] {
                self.video_packet(send);
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

    fn want_keyframe(&mut self, _line: usize) {
        self.keyframe_wanted = true;
    }
}

const _: () = assert!(AUDIO_PAYLOAD > STAMP_BYTES + 1 && VIDEO_PAYLOAD > STAMP_BYTES + 14);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_second_is_three_hundred_video_and_fifty_audio_packets() {
        let start = Instant::now();
        let mut publisher = Publisher::new(start);
        let mut sent = [0, 0];
        publisher.poll(start + Duration::from_millis(999), &mut |due, _| sent[due.line] += 1);
        assert_eq!(sent, [50, 300]);
    }
}
