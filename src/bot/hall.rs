//! A small room around the piano: eight delays that feed each other (a feedback delay network), darker with every reflection.

use super::piano::SAMPLE_RATE;

/// In samples: mutually prime, so that their echoes do not meet. 23 to 61 ms: a practice room, not a church.
const DELAYS: [usize; 8] = [1_109, 1_327, 1_523, 1_741, 1_987, 2_251, 2_579, 2_927];
const T60_S: f32 = 0.9;
/// How much of it is heard beside the piano itself.
const WET: f32 = 0.16;
/// Share of a reflection that the walls' low-pass holds back.
const DAMPING: f32 = 0.35;

pub(super) struct Hall {
    lines: [Vec<f32>; 8],
    positions: [usize; 8],
    darkened: [f32; 8],
    gains: [f32; 8],
}

impl Hall {
    pub(super) fn new() -> Self {
        Self {
            lines: DELAYS.map(|delay| vec![0.0; delay]),
            positions: [0; 8],
            darkened: [0.0; 8],
            gains: DELAYS.map(|delay| 10f32.powf(-3.0 * delay as f32 / (T60_S * SAMPLE_RATE as f32))),
        }
    }

    /// Adds the room to both channels.
    pub(super) fn add(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.iter_mut().zip(right) {
            let mut echoes = [0.0; 8];
            for (i, echo) in echoes.iter_mut().enumerate() {
                let reflected = self.lines[i][self.positions[i]] * self.gains[i];
                self.darkened[i] = reflected + (self.darkened[i] - reflected) * DAMPING;
                *echo = self.darkened[i];
            }
            let inputs = [*left, *right];
            let mixed = mix(echoes);
            for i in 0..8 {
                self.lines[i][self.positions[i]] = mixed[i] + inputs[i % 2];
                self.positions[i] = (self.positions[i] + 1) % DELAYS[i];
            }
            *left += WET * (echoes[0] + echoes[2] + echoes[4] - echoes[6]);
            *right += WET * (echoes[1] + echoes[3] + echoes[5] - echoes[7]);
        }
    }
}

/// The Hadamard matrix divided by √8: every echo feeds every delay, and no energy is added.
fn mix(mut values: [f32; 8]) -> [f32; 8] {
    for width in [1, 2, 4] {
        for i in 0..8 {
            if i & width == 0 {
                let (a, b) = (values[i], values[i + width]);
                (values[i], values[i + width]) = (a + b, a - b);
            }
        }
    }
    values.map(|value| value * 0.353_553_4)
}
