//! The bot musician: a participant that the server itself plays, so that a newcomer hears and sees the product with one browser.
//!
//! Score, instrument, room and picture are made here, from notes written down as data. What has been played once is kept as
//! encoded frames for the life of the process (about 20 MB), so that from the second time on playing costs next to nothing.

mod canvas;
mod hall;
mod piano;
mod picture;
mod recording;
mod scene;
mod score;
mod sound;
#[cfg(test)]
mod tests;
mod vp8;

use crate::media_io::{LocalMedia, LocalTrack, MediaHandle, Stopped};
use auftakt_media::codec::Codec;
use auftakt_media::id::TrackId;
use recording::{Player, Tick};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One Opus frame.
const TICK: Duration = Duration::from_millis(10);
/// A machine that slept, or was held up for longer than this, goes on from where the piece is now.
const LATE_MAX: Duration = Duration::from_millis(200);

/// A running musician. Stops when dropped.
#[derive(Debug)]
pub struct Musician {
    audio: TrackId,
    video: TrackId,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Why nobody plays.
#[derive(Debug, thiserror::Error)]
pub enum BotError {
    /// The media plane has ended.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The encoders or the system refused.
    #[error("the bot musician cannot play: {0}")]
    Unable(String),
}

impl Musician {
    /// Begins to play. Keep it only while somebody is in the room.
    pub async fn start(media: MediaHandle) -> Result<Self, BotError> {
        let audio = media.add_local_track(Codec::Opus).await?;
        let video = media.add_local_track(Codec::Vp8).await?;
        let player = Player::new().map_err(BotError::Unable)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (audio_id, video_id) = (audio.id(), video.id());
        let performance = Performance { audio, video, player, picture_id: 0, stop: stop.clone() };
        let thread = std::thread::Builder::new().name("musician".into()).spawn(move || performance.run());
        let thread = thread.map_err(|error| BotError::Unable(error.to_string()))?;
        Ok(Self { audio: audio_id, video: video_id, stop, thread: Some(thread) })
    }

    /// Its sound: Opus, stereo, 10 ms.
    pub fn audio(&self) -> TrackId {
        self.audio
    }

    /// Its picture: VP8, 640 x 360.
    pub fn video(&self) -> TrackId {
        self.video
    }
}

impl Drop for Musician {
    fn drop(&mut self) {
        // The thread looks at it every 10 ms and takes its tracks with it; nobody needs to wait for that.
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
        }
    }
}

/// What the musician's thread owns.
struct Performance {
    audio: LocalTrack,
    video: LocalTrack,
    player: Player,
    picture_id: u16,
    stop: Arc<AtomicBool>,
}

impl Performance {
    /// Each tick has its own deadline counted from the beginning, so nothing drifts.
    fn run(mut self) {
        let begin = Instant::now();
        let mut tick: u32 = 0;
        while !self.stop.load(Ordering::Acquire) {
            let due = begin + TICK * tick;
            let now = Instant::now();
            if due > now {
                std::thread::park_timeout(due - now);
                continue;
            }
            // Time has passed for the listeners as well: the timestamps count the ticks that were left out.
            if now - due > LATE_MAX {
                tick += ((now - due).as_millis() / TICK.as_millis()) as u32;
            }
            let played = self.player.next_tick();
            if played.is_none_or(|played| self.send(tick, played).is_err()) {
                return;
            }
            tick = tick.wrapping_add(1);
        }
    }

    fn send(&mut self, tick: u32, played: Tick) -> Result<(), Stopped> {
        let timestamp = tick.wrapping_mul(sound::FRAME as u32);
        self.audio.push(LocalMedia { timestamp, marker: tick == 0, keyframe_start: true, payload: played.sound })?;
        let Some(frame) = played.picture else { return Ok(()) };
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        // Every frame is a keyframe, so a wish for one is fulfilled by the next.
        self.video.take_keyframe_request();
        let timestamp = tick.wrapping_mul(Codec::Vp8.clock_rate() / 100);
        let mut payloads = picture::packetize(&frame, self.picture_id).enumerate().peekable();
        while let Some((i, payload)) = payloads.next() {
            let marker = payloads.peek().is_none();
            self.video.push(LocalMedia { timestamp, marker, keyframe_start: i == 0, payload })?;
        }
        Ok(())
    }
}
