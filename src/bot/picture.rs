//! The picture of the performance as VP8, and VP8 as RTP payloads.
//!
//! Every frame is a keyframe: a little more to send, but nothing is ever waited for, and a lost packet costs one frame.

use super::scene::Scene;
use super::score::Score;
use super::vp8::{Encoder, NotEncoded};
use bytes::{BufMut, Bytes, BytesMut};
use std::sync::Arc;

/// Bytes of VP8 per packet: with headers, tag and IPv6 within 1,280 (RFC 8200 §5).
const PAYLOAD_MAX: usize = 1_100;
/// X and I bits, fifteen bits of picture id (RFC 7741 §4.2).
const DESCRIPTOR_BYTES: usize = 4;

pub(super) struct Picture {
    scene: Scene,
    encoder: Encoder,
}

impl Picture {
    pub(super) fn new(score: Arc<Score>) -> Result<Self, NotEncoded> {
        Ok(Self { scene: Scene::new(score), encoder: Encoder::new()? })
    }

    /// One VP8 keyframe: the piece at this time since its beginning.
    pub(super) fn frame(&mut self, time_s: f64) -> Result<Bytes, NotEncoded> {
        self.encoder.encode(self.scene.draw(time_s))
    }
}

/// Cuts a frame into payloads of equal size but the last, so that they can leave in one system call.
pub(super) fn packetize(frame: &Bytes, picture_id: u16) -> impl Iterator<Item = Bytes> + '_ {
    let count = frame.len().div_ceil(PAYLOAD_MAX).max(1);
    let size = frame.len().div_ceil(count).max(1);
    frame.chunks(size).enumerate().map(move |(i, part)| {
        let mut payload = BytesMut::with_capacity(DESCRIPTOR_BYTES + part.len());
        // X, and S for the first; then I; then the picture id in its long form.
        payload.put_u8(if i == 0 { 0x90 } else { 0x80 });
        payload.put_u8(0x80);
        payload.put_u16(0x8000 | picture_id & 0x7fff);
        payload.put_slice(part);
        payload.freeze()
    })
}
