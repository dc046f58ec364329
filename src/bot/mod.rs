//! The bot musician: a participant that the server itself plays, so that a newcomer hears and sees the product with one browser.

use crate::media_io::{LocalTrack, MediaHandle, Stopped};
use auftakt_media::codec::Codec;
use auftakt_media::id::TrackId;

/// A running musician. Stops when dropped.
#[derive(Debug)]
pub struct Musician {
    audio: LocalTrack,
    video: LocalTrack,
}

impl Musician {
    /// Begins to play. Keep it only while somebody is in the room.
    pub async fn start(media: MediaHandle) -> Result<Self, Stopped> {
        let audio = media.add_local_track(Codec::Opus).await?;
        let video = media.add_local_track(Codec::Vp8).await?;
        Ok(Self { audio, video })
    }

    /// Its sound: Opus, stereo, 10 ms.
    pub fn audio(&self) -> TrackId {
        self.audio.id()
    }

    /// Its picture: VP8.
    pub fn video(&self) -> TrackId {
        self.video.id()
    }
}
