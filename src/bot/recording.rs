//! The performance as encoded frames: made while it is played for the first time, kept for every time after.

use super::piano::SAMPLE_RATE;
use super::picture::Picture;
use super::score::Score;
use super::sound::{FRAME, Sound};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// One picture for so many frames of sound: 60 ms, 16.7 pictures a second.
const TICKS_PER_PICTURE: usize = 6;

/// Everything of one run through the piece, and the pause after it.
#[derive(Default)]
struct Recording {
    sound: Vec<Bytes>,
    pictures: Vec<Bytes>,
}

/// The first complete one. Musicians in several rooms share it.
static RECORDING: OnceLock<Arc<Recording>> = OnceLock::new();

/// Ten milliseconds of the performance.
pub(super) struct Tick {
    pub(super) sound: Bytes,
    pub(super) picture: Option<Bytes>,
}

/// Plays the piece over and over.
pub(super) struct Player {
    source: Source,
    tick: usize,
}

enum Source {
    Recorded(Arc<Recording>),
    Live(Box<Live>),
}

/// Makes the recording.
struct Live {
    sound: Sound,
    picture: Picture,
    recording: Recording,
    ticks: usize,
}

impl Player {
    pub(super) fn new() -> Result<Self, String> {
        let source = match RECORDING.get() {
            Some(recording) => Source::Recorded(recording.clone()),
            None => Source::Live(Box::new(Live::new()?)),
        };
        Ok(Self { source, tick: 0 })
    }

    /// `None` when an encoder fails, which ends the performance.
    pub(super) fn next_tick(&mut self) -> Option<Tick> {
        let tick = self.tick;
        self.tick += 1;
        let (played, ticks) = match &mut self.source {
            Source::Recorded(recording) => (recording.tick(tick), recording.sound.len()),
            Source::Live(live) => (live.next_tick(tick), live.ticks),
        };
        if self.tick >= ticks {
            self.tick = 0;
            self.keep();
        }
        played
    }

    /// The piece is over: what was made live is the recording from now on, unless another musician was faster.
    fn keep(&mut self) {
        if let Source::Live(live) = &mut self.source {
            let recording = Arc::new(std::mem::take(&mut live.recording));
            self.source = Source::Recorded(RECORDING.get_or_init(|| recording).clone());
        }
    }
}

impl Recording {
    fn tick(&self, tick: usize) -> Option<Tick> {
        let picture = tick.is_multiple_of(TICKS_PER_PICTURE).then(|| self.pictures.get(tick / TICKS_PER_PICTURE).cloned()).flatten();
        Some(Tick { sound: self.sound.get(tick)?.clone(), picture })
    }
}

impl Live {
    fn new() -> Result<Self, String> {
        let score = Arc::new(Score::prelude());
        let sound = Sound::new(score.clone()).map_err(|error| error.to_string())?;
        let picture = Picture::new(score.clone()).map_err(|error| error.to_string())?;
        let ticks = (score.length_s * SAMPLE_RATE as f64 / FRAME as f64) as usize;
        // Whole pictures, so that they come evenly where the end meets the beginning.
        let ticks = ticks.next_multiple_of(TICKS_PER_PICTURE);
        Ok(Self { sound, picture, recording: Recording::default(), ticks })
    }

    fn next_tick(&mut self, tick: usize) -> Option<Tick> {
        self.recording.sound.push(self.sound.next_frame().ok()?);
        if tick.is_multiple_of(TICKS_PER_PICTURE) {
            let time_s = (tick * FRAME) as f64 / SAMPLE_RATE as f64;
            self.recording.pictures.push(self.picture.frame(time_s).ok()?);
        }
        self.recording.tick(tick)
    }
}
