//! What a listener and a viewer get, decoded from what is sent.

use super::canvas::{HEIGHT, WIDTH};
use super::piano::{Piano, SAMPLE_RATE};
use super::picture::{Picture, packetize};
use super::score::{Hand, Note, Pitch, Score};
use super::sound::{FRAME, Performance, Sound};
use bytes::Bytes;
use std::f64::consts::PI;
use std::sync::Arc;

fn note(name: &str, hand: Hand, velocity: f32) -> Note {
    let pitch = Pitch::parse(name).expect("a pitch");
    Note { pitch, hand, at: 0, length: 8, start_s: 0.0, end_s: 2.0, velocity }
}

/// A score of one note after 0.1 s.
fn one_note(name: &str, hand: Hand, velocity: f32) -> Arc<Score> {
    let mut score = Score::prelude();
    score.notes = vec![Note { start_s: 0.1, end_s: 2.0, ..note(name, hand, velocity) }];
    Arc::new(score)
}

/// Left and right of the first `frames` frames, through the encoder and back.
fn heard(score: Arc<Score>, frames: usize) -> [Vec<f32>; 2] {
    let mut sound = Sound::new(score).expect("an encoder");
    let mut decoder = opus::Decoder::new(SAMPLE_RATE as u32, opus::Channels::Stereo).expect("a decoder");
    let mut channels = [Vec::new(), Vec::new()];
    for _ in 0..frames {
        let frame = sound.next_frame().expect("a frame");
        assert!(frame.len() <= 1_100, "{} bytes fit no packet", frame.len());
        let mut samples = [0.0; 2 * FRAME];
        assert_eq!(decoder.decode_float(&frame, &mut samples, false).ok(), Some(FRAME));
        for pair in samples.chunks_exact(2) {
            channels[0].push(pair[0]);
            channels[1].push(pair[1]);
        }
    }
    channels
}

/// Strength of one frequency (Goertzel), as an amplitude.
fn strength(samples: &[f32], frequency_hz: f64) -> f64 {
    let step = 2.0 * PI * frequency_hz / SAMPLE_RATE as f64;
    let window = |i: usize| 0.5 - 0.5 * (2.0 * PI * i as f64 / samples.len() as f64).cos();
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate() {
        let (sine, cosine) = (step * i as f64).sin_cos();
        real += f64::from(sample) * window(i) * cosine;
        imaginary += f64::from(sample) * window(i) * sine;
    }
    4.0 * real.hypot(imaginary) / samples.len() as f64
}

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// A ratio of amplitudes in decibels.
fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

#[test]
fn a_note_sounds_at_its_pitch() {
    for (name, hand) in [("C3", Hand::Left), ("A4", Hand::Right), ("C5", Hand::Right)] {
        let [left, right] = heard(one_note(name, hand, 0.6), 110);
        let sound = if hand == Hand::Left { left } else { right };
        let tone = &sound[SAMPLE_RATE / 5..];
        let expected = Pitch::parse(name).expect("a pitch").frequency_hz();
        // The strongest frequency within a quarter tone; strings may be up to three cents stiff.
        let at = |cent: f64| strength(tone, expected * (cent / 1_200.0).exp2());
        let strengths = (-25..=25).map(|two_cents| (f64::from(two_cents) * 2.0, at(f64::from(two_cents) * 2.0)));
        let (strongest, peak) = strengths.max_by(|a, b| a.1.total_cmp(&b.1)).expect("a maximum");
        assert!(strongest.abs() <= 4.0, "{name} is {strongest} cents off");
        assert!(db(peak / strength(tone, expected * 1.5)) > 40.0, "{name} is not a clean tone");
    }
}

#[test]
fn the_hands_stand_apart() {
    let [left, right] = heard(one_note("C3", Hand::Left, 0.6), 60);
    assert!(db(rms(&left) / rms(&right)) > 6.0, "the left hand is not on the left");
    let [left, right] = heard(one_note("C5", Hand::Right, 0.6), 60);
    assert!(db(rms(&right) / rms(&left)) > 6.0, "the right hand is not on the right");
}

#[test]
fn a_harder_stroke_is_louder_and_brighter() {
    let play = |velocity| {
        let (mut left, mut right) = (vec![0.0; SAMPLE_RATE / 2], vec![0.0; SAMPLE_RATE / 2]);
        let mut piano = Piano::new();
        piano.strike(&note("C4", Hand::Left, velocity));
        piano.play(&mut left, &mut right);
        left
    };
    let (soft, hard) = (play(0.35), play(0.8));
    let fundamental = Pitch::parse("C4").expect("a pitch").frequency_hz();
    let brightness = |tone: &[f32]| strength(tone, fundamental * 6.0) / strength(tone, fundamental);
    assert!(db(rms(&hard) / rms(&soft)) > 6.0);
    assert!(brightness(&hard) > 1.5 * brightness(&soft));
}

#[test]
fn a_note_dies_away_and_the_silence_is_silent() {
    let [left, _] = heard(one_note("C5", Hand::Right, 0.6), 500);
    let second = |i: usize| rms(&left[i * SAMPLE_RATE..(i + 1) * SAMPLE_RATE]);
    assert!(second(0) > 2.0 * second(1) && second(1) > 2.0 * second(2));
    assert!(db(second(4)) < -75.0, "{} dB are left after the dampers fell", db(second(4)));
}

#[test]
fn the_loudest_bars_do_not_clip() {
    let score = Score::prelude();
    let loud = score.notes.iter().filter(|n| (27 * 16..29 * 16).contains(&n.at));
    let begin = score.notes.iter().find(|n| n.at == 27 * 16).map_or(0.0, |n| n.start_s);
    let notes = loud.map(|n| Note { start_s: n.start_s - begin, end_s: n.end_s - begin, ..*n }).collect();
    let mut excerpt = Score::prelude();
    excerpt.notes = notes;
    let mut performance = Performance::new(Arc::new(excerpt));
    let peak = (0..750).flat_map(|_| performance.next_frame()).fold(0f32, |peak, sample| peak.max(sample.abs()));
    assert!((0.25..0.9).contains(&peak), "the peak is {peak}");
}

#[test]
fn pictures_are_vp8_keyframes_that_show_the_stave() {
    let mut picture = Picture::new(Arc::new(Score::prelude())).expect("an encoder");
    let frame = picture.frame(3.0).expect("a frame");
    assert_eq!(frame[0] & 1, 0, "a keyframe (RFC 6386 §9.1)");
    assert_eq!(frame[3..6], [0x9d, 0x01, 0x2a]);
    let size = |at: usize| usize::from(u16::from_le_bytes([frame[at], frame[at + 1]]) & 0x3fff);
    assert_eq!((size(6), size(8)), (WIDTH, HEIGHT));
    assert!(frame.len() < 16_000, "{} bytes are too many", frame.len());
    let pixels = decode_vp8(&frame);
    let at = |x: usize, y: usize| &pixels[(y * WIDTH + x) * 3..][..3];
    let near = |pixel: &[u8], colour: [i32; 3]| pixel.iter().zip(colour).all(|(&p, c)| (i32::from(p) - c).abs() < 40);
    assert!(near(at(600, 20), [0x11, 0x15, 0x13]), "the paper is {:?}", at(600, 20));
    assert!(near(at(216, 290), [0xf2, 0xb9, 0x57]), "the line of now is {:?}", at(216, 290));
}

/// By an independent decoder: the frame in the box of a WebP file.
fn decode_vp8(frame: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WEBPVP8 ".to_vec();
    file.extend_from_slice(&(frame.len() as u32).to_le_bytes());
    file.extend_from_slice(frame);
    file.resize(file.len().next_multiple_of(2), 0);
    let len = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&len.to_le_bytes());
    let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(file)).expect("a picture");
    assert_eq!(decoder.dimensions(), (WIDTH as u32, HEIGHT as u32));
    let mut pixels = vec![0; decoder.output_buffer_size().expect("a size")];
    decoder.read_image(&mut pixels).expect("pixels");
    pixels
}

#[test]
fn the_scene_moves_on_and_lights_what_sounds() {
    let score = Arc::new(Score::prelude());
    let mut scene = super::scene::Scene::new(score);
    // Whole amber heads exist only while something sounds; the line of now and the dot of progress are always there.
    let mut amber = |time_s: f64| scene.draw(time_s).chunks(3).filter(|p| p[0] == 0xf2 && p[1] == 0xb9 && p[2] == 0x57).count();
    assert!(amber(5.0) > amber(0.1) + 60);
    assert!(amber(128.5) <= amber(0.1) + 5);
}

#[test]
fn payloads_carry_the_frame_whole_with_one_picture_id() {
    let frame = Bytes::from((0..5_000u32).map(|i| i as u8).collect::<Vec<_>>());
    let payloads: Vec<Bytes> = packetize(&frame, 0x1234).collect();
    assert_eq!(payloads.len(), 5);
    assert!(payloads[..4].iter().all(|payload| payload.len() == payloads[0].len() && payload.len() <= 1_104));
    assert!(payloads.iter().enumerate().all(|(i, p)| p[..4] == [if i == 0 { 0x90 } else { 0x80 }, 0x80, 0x92, 0x34]));
    assert_eq!(payloads.iter().flat_map(|payload| payload[4..].to_vec()).collect::<Vec<_>>(), frame);
}
