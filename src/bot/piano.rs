//! A piano as a sum of decaying partials.
//!
//! Each string's partials are damped rotations in the complex plane: two multiplications per axis and sample, no sine after the
//! stroke. What makes it a piano and not an organ: stiff strings are slightly inharmonic, high partials die first, a harder
//! stroke is brighter, every tone has two strings that beat against each other and die at different speeds, and a hammer knocks.

use super::score::{Hand, Note};
use std::f64::consts::PI;

pub(super) const SAMPLE_RATE: usize = 48_000;
/// Rotations per tone: up to 20 partials, the lowest of them twice.
const OSCILLATORS: usize = 28;
const PARTIALS_MAX: usize = 20;
/// The lowest partials have a second string.
const DOUBLED: usize = 8;
/// More tones than ten fingers and a pedal can hold in this piece. Full: the quietest one ends.
const VOICES: usize = 40;
/// A tone whose squared amplitude falls below this is over (-90 dB).
const INAUDIBLE: f32 = 1e-9;
/// What remains of a damped string after a second: felt stops it within a quarter of that.
const DAMPED_T60_S: f64 = 0.28;
/// The loudest bars then peak at about -3 dB of full scale.
const GAIN: f64 = 0.32;

pub(super) struct Piano {
    voices: Vec<Voice>,
}

struct Voice {
    key: i32,
    real: [f32; OSCILLATORS],
    imaginary: [f32; OSCILLATORS],
    /// One sample's rotation and decay.
    turn_real: [f32; OSCILLATORS],
    turn_imaginary: [f32; OSCILLATORS],
    left: f32,
    right: f32,
    attack: usize,
    /// Samples until the damper falls.
    held: usize,
    knock: Knock,
}

/// The hammer's noise: filtered, and gone within 20 ms.
struct Knock {
    level: f32,
    filtered: f32,
    random: u32,
}

/// A tone does not begin with a click.
const ATTACK: usize = SAMPLE_RATE / 700;

impl Piano {
    pub(super) fn new() -> Self {
        Self { voices: Vec::with_capacity(VOICES) }
    }

    /// Strikes a key. A string that still sounds is damped by its own new stroke.
    pub(super) fn strike(&mut self, note: &Note) {
        for voice in self.voices.iter_mut().filter(|voice| voice.key == note.pitch.key()) {
            voice.held = voice.held.min(ATTACK);
        }
        if self.voices.len() == VOICES {
            let quietest = (0..VOICES).min_by(|&a, &b| self.voices[a].energy().total_cmp(&self.voices[b].energy()));
            self.voices.swap_remove(quietest.unwrap_or(0));
        }
        self.voices.push(Voice::new(note));
    }

    /// Adds the sound of the next samples to both channels.
    pub(super) fn play(&mut self, left: &mut [f32], right: &mut [f32]) {
        for voice in &mut self.voices {
            voice.play(left, right);
        }
        self.voices.retain(|voice| voice.energy() > INAUDIBLE || voice.attack < ATTACK);
    }
}

impl Voice {
    fn new(note: &Note) -> Self {
        let fundamental = note.pitch.frequency_hz();
        let key = f64::from(note.pitch.key());
        let velocity = f64::from(note.velocity);
        let mut voice = Self {
            key: note.pitch.key(),
            real: [0.0; OSCILLATORS],
            imaginary: [0.0; OSCILLATORS],
            turn_real: [0.0; OSCILLATORS],
            turn_imaginary: [0.0; OSCILLATORS],
            left: 0.0,
            right: 0.0,
            attack: 0,
            held: ((note.end_s - note.start_s) * SAMPLE_RATE as f64) as usize,
            knock: Knock { level: (0.05 * velocity * velocity) as f32, filtered: 0.0, random: note.at as u32 * 31 + 1 },
        };
        // Stiffness of the string; it grows towards the treble.
        let inharmonicity = 9e-5 * ((key - 36.0) / 18.0).exp2();
        let brightness_hz = 700.0 + 4_200.0 * velocity * velocity;
        let decay_s = 12.0 * (-(key - 36.0) / 15.0).exp2();
        let (mut amplitudes, mut power) = ([0.0; PARTIALS_MAX], 0.0);
        for (i, amplitude) in amplitudes.iter_mut().enumerate() {
            let n = (i + 1) as f64;
            // The hammer strikes at an eighth of the string, where the eighth partial has a node.
            *amplitude = (PI * n / 8.3).sin().abs() * n.powf(-0.9) * (-n * fundamental / brightness_hz).exp();
            power += *amplitude * *amplitude;
        }
        let level = GAIN * velocity.powf(1.7) / power.sqrt();
        for (i, amplitude) in amplitudes.iter().enumerate() {
            let n = (i + 1) as f64;
            let frequency = n * fundamental * (1.0 + inharmonicity * n * n).sqrt();
            if frequency > 14_000.0 {
                break;
            }
            let t60 = decay_s / (1.0 + 0.22 * (n - 1.0));
            voice.tune(i, frequency, t60, level * amplitude);
            if i < DOUBLED {
                voice.tune(PARTIALS_MAX + i, frequency * 1.000_4, t60 * 2.2, level * amplitude * 0.22);
            }
        }
        (voice.left, voice.right) = place(note);
        voice
    }

    fn tune(&mut self, i: usize, frequency_hz: f64, t60_s: f64, amplitude: f64) {
        let (sine, cosine) = (2.0 * PI * frequency_hz / SAMPLE_RATE as f64).sin_cos();
        let decay = decay_per_sample(t60_s);
        self.real[i] = amplitude as f32;
        (self.turn_real[i], self.turn_imaginary[i]) = ((cosine * decay) as f32, (sine * decay) as f32);
    }

    fn play(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.iter_mut().zip(right) {
            if self.held == 0 {
                self.damp();
            }
            self.held = self.held.wrapping_sub(1);
            let mut sample = self.knock.next();
            for i in 0..OSCILLATORS {
                let (real, imaginary) = (self.real[i], self.imaginary[i]);
                self.real[i] = real * self.turn_real[i] - imaginary * self.turn_imaginary[i];
                self.imaginary[i] = real * self.turn_imaginary[i] + imaginary * self.turn_real[i];
                sample += self.imaginary[i];
            }
            if self.attack < ATTACK {
                self.attack += 1;
                sample *= self.attack as f32 / ATTACK as f32;
            }
            *left += sample * self.left;
            *right += sample * self.right;
        }
    }

    /// The damper falls: everything decays faster from here on.
    fn damp(&mut self) {
        let decay = decay_per_sample(DAMPED_T60_S) as f32;
        for (real, imaginary) in self.turn_real.iter_mut().zip(&mut self.turn_imaginary) {
            *real *= decay;
            *imaginary *= decay;
        }
    }

    fn energy(&self) -> f32 {
        self.real.iter().chain(&self.imaginary).map(|part| part * part).sum()
    }
}

impl Knock {
    fn next(&mut self) -> f32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        let noise = (self.random >> 8) as f32 / (1 << 23) as f32 - 1.0;
        // A one-pole low-pass at about 1 kHz, and a decay of 4 ms.
        self.filtered += 0.12 * (noise * self.level - self.filtered);
        self.level *= 0.994_8;
        self.filtered
    }
}

/// The player's view: the left hand to the left, within each hand low to the left of high. Equal power.
fn place(note: &Note) -> (f32, f32) {
    let hand = match note.hand {
        Hand::Left => -0.5,
        Hand::Right => 0.5,
    };
    let within = (f64::from(note.pitch.key()) - 60.0) / 24.0 * 0.15;
    let angle = (hand + within).clamp(-0.8, 0.8) * PI / 4.0 + PI / 4.0;
    (angle.cos() as f32, angle.sin() as f32)
}

fn decay_per_sample(t60_s: f64) -> f64 {
    10f64.powf(-3.0 / (t60_s * SAMPLE_RATE as f64))
}
