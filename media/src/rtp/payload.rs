//! What the packet path wants to know of a payload, whatever the codec. Asked once per incoming packet.

use crate::codec::Codec;
use crate::rtp::counters::Counters;
use crate::rtp::layers::Layers;
use crate::rtp::{av1, h264, opus, red, vp8, vp9};

/// Samples of an audio packet whose duration cannot be read: 20 ms, what browsers send by default.
pub const DEFAULT_AUDIO_FRAME: u32 = 960;

/// See [`inspect`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayloadInfo {
    /// A receiver can begin with this packet. Always true for audio.
    pub keyframe_start: bool,
    /// What counts its pictures, where the payload says so (VP8, VP9).
    pub counters: Counters,
    /// The temporal layer, for VP8.
    pub temporal: Option<vp8::Temporal>,
    /// Width and height, when it is a keyframe that says so where it is cheap to read.
    pub size: Option<(u16, u16)>,
    /// Of a scalable stream whose payload says so (VP9).
    pub layers: Option<Layers>,
    /// How long an audio packet lasts, in ticks; 0 for video.
    pub duration: u32,
}

/// Looks into a payload, which must not be empty. Payloads that make no sense are no keyframes; the decoder may judge them.
pub fn inspect(codec: Codec, payload: &[u8]) -> PayloadInfo {
    let audio = |duration: Option<u32>| PayloadInfo {
        keyframe_start: true,
        duration: duration.unwrap_or(DEFAULT_AUDIO_FRAME),
        ..PayloadInfo::default()
    };
    let video = |keyframe_start| PayloadInfo { keyframe_start, ..PayloadInfo::default() };
    match codec {
        Codec::Opus => audio(opus::duration(payload)),
        Codec::Red => audio(red::primary(payload).and_then(|block| opus::duration(block.payload))),
        Codec::Vp8 => {
            let descriptor = vp8::Descriptor::parse(payload);
            let keyframe_start = descriptor.is_some_and(|d| d.keyframe_start);
            let size = if keyframe_start { vp8::keyframe_size(payload) } else { None };
            PayloadInfo {
                counters: descriptor.map(|d| d.counters).unwrap_or_default(),
                temporal: descriptor.and_then(|d| d.temporal),
                size,
                ..video(keyframe_start)
            }
        }
        Codec::H264 => {
            let keyframe_start = h264::is_keyframe_start(payload);
            let size = if keyframe_start { h264::keyframe_size(payload) } else { None };
            PayloadInfo { size, ..video(keyframe_start) }
        }
        Codec::Vp9 => {
            let descriptor = vp9::Descriptor::parse(payload);
            let keyframe_start = descriptor.is_some_and(|d| d.is_keyframe_start());
            PayloadInfo {
                counters: descriptor.map(|d| d.counters).unwrap_or_default(),
                layers: descriptor.and_then(|d| d.layers()),
                size: descriptor.and_then(|d| d.size),
                ..video(keyframe_start)
            }
        }
        Codec::Av1 => video(av1::is_keyframe_start(payload)),
    }
}
