//! The sound of the performance, ten milliseconds at a time, as Opus.

use super::hall::Hall;
use super::piano::{Piano, SAMPLE_RATE};
use super::score::Score;
use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Encoder, Signal};
use std::sync::Arc;

/// Samples per channel in a frame of 10 ms, the studio profile's.
pub(super) const FRAME: usize = SAMPLE_RATE / 100;
/// The studio profile's bitrate.
const BITRATE_BPS: i32 = 256_000;
/// An Opus frame is never longer (RFC 6716 §3.2.1).
const FRAME_BYTES_MAX: usize = 1_275;

/// The performance as samples.
pub(super) struct Performance {
    score: Arc<Score>,
    piano: Piano,
    hall: Hall,
    next_note: usize,
    frame: usize,
}

impl Performance {
    pub(super) fn new(score: Arc<Score>) -> Self {
        Self { score, piano: Piano::new(), hall: Hall::new(), next_note: 0, frame: 0 }
    }

    /// The next 10 ms: left and right alternate.
    pub(super) fn next_frame(&mut self) -> [f32; 2 * FRAME] {
        let (mut left, mut right) = ([0.0; FRAME], [0.0; FRAME]);
        let begin = self.frame * FRAME;
        let mut done = 0;
        while let Some(note) = self.score.notes.get(self.next_note) {
            let at = ((note.start_s * SAMPLE_RATE as f64) as usize).saturating_sub(begin);
            if at >= FRAME {
                break;
            }
            self.piano.play(&mut left[done..at], &mut right[done..at]);
            done = at;
            self.piano.strike(note);
            self.next_note += 1;
        }
        self.piano.play(&mut left[done..], &mut right[done..]);
        self.hall.add(&mut left, &mut right);
        self.frame += 1;
        let mut both = [0.0; 2 * FRAME];
        for (i, pair) in both.chunks_exact_mut(2).enumerate() {
            (pair[0], pair[1]) = (left[i], right[i]);
        }
        both
    }
}

/// The performance as Opus frames.
pub(super) struct Sound {
    performance: Performance,
    encoder: Encoder,
}

impl Sound {
    pub(super) fn new(score: Arc<Score>) -> opus::Result<Self> {
        let mut encoder = Encoder::new(SAMPLE_RATE as u32, Channels::Stereo, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(BITRATE_BPS))?;
        encoder.set_signal(Signal::Music)?;
        // 8 of 10: the last two cost half as much again and are inaudible at this bitrate.
        encoder.set_complexity(8)?;
        Ok(Self { performance: Performance::new(score), encoder })
    }

    pub(super) fn next_frame(&mut self) -> opus::Result<Bytes> {
        let samples = self.performance.next_frame();
        self.encoder.encode_vec_float(&samples, FRAME_BYTES_MAX).map(Bytes::from)
    }
}
