//! VP8 keyframes by libwebp: a lossy WebP file is one VP8 keyframe in a box (RFC 9649 §2.5), and libwebp builds wherever there
//! is a C compiler, which of libvpx cannot be said. All unsafe code of the bot is in this file.
#![expect(unsafe_code, reason = "libwebp is C, and its safe wrapper takes RGB only, which costs half as much again")]

use super::canvas::{HEIGHT, WIDTH};
use bytes::Bytes;
use libwebp_sys as libwebp;
use std::ffi::{c_int, c_void};

const CHROMA_WIDTH: usize = WIDTH / 2;
const CHROMA_HEIGHT: usize = HEIGHT / 2;
/// 0 is worst, 100 best.
const QUALITY: f32 = 62.0;
/// 0 is fastest, 6 is smallest; 2 is as fast as 0 and smaller, 3 takes three times as long.
const METHOD: c_int = 2;

/// libwebp refused.
#[derive(Debug, thiserror::Error)]
#[error("the picture could not be encoded")]
pub(super) struct NotEncoded;

/// Encodes pictures of [`WIDTH`] by [`HEIGHT`].
pub(super) struct Encoder {
    config: libwebp::WebPConfig,
    luma: Vec<u8>,
    chroma: [Vec<u8>; 2],
}

impl Encoder {
    pub(super) fn new() -> Result<Self, NotEncoded> {
        let mut config = libwebp::WebPConfig::new().map_err(|()| NotEncoded)?;
        config.lossless = 0;
        config.quality = QUALITY;
        config.method = METHOD;
        config.segments = 1;
        // SAFETY: the configuration is a value that libwebp initialised itself, and is only read.
        if unsafe { libwebp::WebPValidateConfig(&config) } == 0 {
            return Err(NotEncoded);
        }
        let chroma = || vec![0; CHROMA_WIDTH * CHROMA_HEIGHT];
        Ok(Self { config, luma: vec![0; WIDTH * HEIGHT], chroma: [chroma(), chroma()] })
    }

    /// One VP8 keyframe from RGB.
    pub(super) fn encode(&mut self, rgb: &[u8]) -> Result<Bytes, NotEncoded> {
        self.convert(rgb);
        let mut picture = libwebp::WebPPicture::new().map_err(|()| NotEncoded)?;
        let mut file: Vec<u8> = Vec::with_capacity(16 * 1_024);
        (picture.width, picture.height) = (WIDTH as c_int, HEIGHT as c_int);
        picture.use_argb = 0;
        (picture.y, picture.y_stride) = (self.luma.as_mut_ptr(), WIDTH as c_int);
        (picture.u, picture.v) = (self.chroma[0].as_mut_ptr(), self.chroma[1].as_mut_ptr());
        picture.uv_stride = CHROMA_WIDTH as c_int;
        picture.writer = Some(append);
        picture.custom_ptr = (&raw mut file).cast();
        // SAFETY: the planes are of the sizes that width, height and strides say, and belong to `self`, which outlives the
        // call; libwebp only reads them. `custom_ptr` is what `append` expects. Freeing releases what libwebp itself allocated
        // for this picture, and nothing else: its own memory is noted apart from the planes.
        let encoded = unsafe {
            let encoded = libwebp::WebPEncode(&self.config, &mut picture);
            libwebp::WebPPictureFree(&mut picture);
            encoded
        };
        let frame = if encoded == 0 { None } else { vp8_of_webp(&file) };
        frame.map(Bytes::copy_from_slice).ok_or(NotEncoded)
    }

    /// BT.601 in studio range, as VP8 wants it, in 1/65536; chroma from the mean of four pixels.
    fn convert(&mut self, rgb: &[u8]) {
        for (luma, pixel) in self.luma.iter_mut().zip(rgb.chunks_exact(3)) {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
            *luma = ((16_839 * r + 33_059 * g + 6_420 * b + (16 << 16) + (1 << 15)) >> 16) as u8;
        }
        let [u_plane, v_plane] = &mut self.chroma;
        let rows = rgb.chunks_exact(2 * WIDTH * 3);
        for (rows, (u_row, v_row)) in rows.zip(u_plane.chunks_exact_mut(CHROMA_WIDTH).zip(v_plane.chunks_exact_mut(CHROMA_WIDTH))) {
            let (upper, lower) = rows.split_at(WIDTH * 3);
            let pairs = upper.chunks_exact(6).zip(lower.chunks_exact(6));
            for ((upper, lower), (u, v)) in pairs.zip(u_row.iter_mut().zip(v_row)) {
                let sum = |i: usize| [upper[i], upper[i + 3], lower[i], lower[i + 3]].map(i32::from).iter().sum::<i32>();
                let (r, g, b) = (sum(0), sum(1), sum(2));
                *u = ((-9_719 * r - 19_081 * g + 28_800 * b + (128 << 18) + (1 << 17)) >> 18) as u8;
                *v = ((28_800 * r - 24_116 * g - 4_684 * b + (128 << 18) + (1 << 17)) >> 18) as u8;
            }
        }
    }
}

/// libwebp's writer: appends to the `Vec<u8>` behind `custom_ptr`.
unsafe extern "C" fn append(data: *const u8, len: usize, picture: *const libwebp::WebPPicture) -> c_int {
    // SAFETY: libwebp calls it during `WebPEncode` only, with the picture made in `Encoder::encode` and `len` bytes of its own.
    let (file, data) = unsafe { (&mut *(*picture).custom_ptr.cast::<c_void>().cast::<Vec<u8>>(), std::slice::from_raw_parts(data, len)) };
    file.extend_from_slice(data);
    1
}

/// The contents of the `VP8 ` chunk.
fn vp8_of_webp(file: &[u8]) -> Option<&[u8]> {
    let mut chunks = file.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WEBP")?;
    loop {
        let (head, rest) = chunks.split_at_checked(8)?;
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if head.starts_with(b"VP8 ") {
            return rest.get(..len);
        }
        chunks = rest.get(len.next_multiple_of(2)..)?;
    }
}
