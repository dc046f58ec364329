//! The piece: the Prelude in C major from J. S. Bach's Well-Tempered Clavier I (BWV 846, 1722), note by note, and how it is played.

/// One bar of figures: the two notes of the left hand, then the three of the right hand, broken upwards twice per bar.
const FIGURES: [&str; 32] = [
    "C4 E4 G4 C5 E5",
    "C4 D4 A4 D5 F5",
    "B3 D4 G4 D5 F5",
    "C4 E4 G4 C5 E5",
    "C4 E4 A4 E5 A5",
    "C4 D4 F#4 A4 D5",
    "B3 D4 G4 D5 G5",
    "B3 C4 E4 G4 C5",
    "A3 C4 E4 G4 C5",
    "D3 A3 D4 F#4 C5",
    "G3 B3 D4 G4 B4",
    "G3 Bb3 E4 G4 C#5",
    "F3 A3 D4 A4 D5",
    "F3 Ab3 D4 F4 B4",
    "E3 G3 C4 G4 C5",
    "E3 F3 A3 C4 F4",
    "D3 F3 A3 C4 F4",
    "G2 D3 G3 B3 F4",
    "C3 E3 G3 C4 E4",
    "C3 G3 Bb3 C4 E4",
    "F2 F3 A3 C4 E4",
    "F#2 C3 A3 C4 Eb4",
    "Ab2 F3 B3 C4 D4",
    "G2 F3 G3 B3 D4",
    "G2 E3 G3 C4 E4",
    "G2 D3 G3 C4 F4",
    "G2 D3 G3 B3 F4",
    "G2 Eb3 A3 C4 F#4",
    "G2 E3 G3 C4 G4",
    "G2 D3 G3 C4 F4",
    "G2 D3 G3 B3 F4",
    "C2 C3 G3 Bb3 E4",
];

/// The two bars before the last: two held notes of the left hand, then fourteen sixteenths.
const CODA: [&str; 2] = ["C2 C3 F3 A3 C4 F4 C4 A3 C4 A3 F3 A3 F3 D3 F3 D3", "C2 B2 G4 B4 D5 F5 D5 B4 D5 B4 G4 B4 D4 F4 E4 D4"];

const LAST_CHORD: &str = "C2 C3 E4 G4 C5";

/// How loud each bar begins, of 1; between two bars it glides. An arch over the whole, its height on the diminished chord
/// over the dominant pedal point (bar 28).
const DYNAMICS: [f32; 35] = [
    0.50, 0.52, 0.55, 0.51, 0.57, 0.60, 0.58, 0.53, 0.50, 0.54, 0.50, 0.58, 0.53, 0.57, 0.50, 0.48, 0.47, 0.46, 0.44, 0.48, 0.50, 0.58,
    0.62, 0.60, 0.56, 0.58, 0.60, 0.70, 0.66, 0.62, 0.57, 0.51, 0.47, 0.42, 0.40,
];

/// Bars after which a phrase ends: the player breathes.
const PHRASE_ENDS: [usize; 6] = [4, 11, 15, 19, 23, 31];

const SIXTEENTHS_PER_BAR: usize = 16;
const QUARTERS_PER_MINUTE: f64 = 69.0;
/// Silence before the first note.
const UPBEAT_S: f64 = 0.4;
/// How long the last chord rings, and the silence before the piece begins again.
const LAST_CHORD_S: f64 = 5.5;
const PAUSE_S: f64 = 2.5;

/// Which hand plays, and thereby where the note sounds and stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hand {
    Left,
    Right,
}

/// A note as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pitch {
    /// C, D, E … B = 0 … 6.
    pub(super) letter: i32,
    pub(super) accidental: Accidental,
    /// Middle C begins octave 4.
    pub(super) octave: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accidental {
    Natural,
    Sharp,
    Flat,
}

/// A note as played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) pitch: Pitch,
    pub(super) hand: Hand,
    /// Where it is written, in sixteenths from the beginning of the piece.
    pub(super) at: usize,
    /// Written length in sixteenths.
    pub(super) length: usize,
    pub(super) start_s: f64,
    /// When the pedal lets it go.
    pub(super) end_s: f64,
    /// Force of the stroke, 0 to 1.
    pub(super) velocity: f32,
}

/// The piece in time.
#[derive(Debug)]
pub(super) struct Score {
    /// In order of `start_s`.
    pub(super) notes: Vec<Note>,
    /// When each sixteenth begins; one more than there are.
    beats_s: Vec<f64>,
    /// With the pause at the end.
    pub(super) length_s: f64,
}

impl Pitch {
    /// `C4` is middle C; `#` and `b` stand between letter and octave.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let letter = "CDEFGAB".find(name.chars().next()?)? as i32;
        let rest = &name[1..];
        let (accidental, octave) = match rest.strip_prefix('#') {
            Some(octave) => (Accidental::Sharp, octave),
            None => rest.strip_prefix('b').map_or((Accidental::Natural, rest), |octave| (Accidental::Flat, octave)),
        };
        Some(Self { letter, accidental, octave: octave.parse().ok()? })
    }

    /// MIDI number: middle C is 60.
    pub(super) fn key(self) -> i32 {
        let semitones = [0, 2, 4, 5, 7, 9, 11][self.letter as usize];
        let shift = match self.accidental {
            Accidental::Natural => 0,
            Accidental::Sharp => 1,
            Accidental::Flat => -1,
        };
        12 * (self.octave + 1) + semitones + shift
    }

    /// Steps of the stave above middle C.
    pub(super) fn step(self) -> i32 {
        7 * (self.octave - 4) + self.letter
    }

    /// Equal temperament, A4 = 440 Hz.
    pub(super) fn frequency_hz(self) -> f64 {
        440.0 * ((f64::from(self.key()) - 69.0) / 12.0).exp2()
    }
}

fn pitches(text: &str) -> impl Iterator<Item = Pitch> + '_ {
    text.split(' ').filter_map(Pitch::parse)
}

impl Score {
    /// The whole prelude.
    pub(super) fn prelude() -> Self {
        let beats_s = beats();
        let mut score = Self { notes: Vec::with_capacity(600), length_s: 0.0, beats_s };
        for (bar, figure) in FIGURES.iter().enumerate() {
            for half in [0, 8] {
                let at = bar * SIXTEENTHS_PER_BAR + half;
                let right = pitches(figure).skip(2).chain(pitches(figure).skip(2));
                score.add_figure(at, at + 8, pitches(figure).take(2).chain(right));
            }
        }
        for (bar, notes) in CODA.iter().enumerate() {
            let at = (FIGURES.len() + bar) * SIXTEENTHS_PER_BAR;
            score.add_figure(at, at + SIXTEENTHS_PER_BAR, pitches(notes));
        }
        let last = (FIGURES.len() + CODA.len()) * SIXTEENTHS_PER_BAR;
        for (i, pitch) in pitches(LAST_CHORD).enumerate() {
            // Rolled gently from below, as on a harpsichord.
            let hand = if i < 2 { Hand::Left } else { Hand::Right };
            score.add(pitch, hand, last, last + SIXTEENTHS_PER_BAR, i as f64 * 0.035);
        }
        score.notes.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        score.length_s = score.beats_s.last().copied().unwrap_or_default() + PAUSE_S;
        score
    }

    /// The notes of one breath of the pedal, a sixteenth after another: two for the left hand, held, and the rest for the right.
    fn add_figure(&mut self, at: usize, end: usize, notes: impl Iterator<Item = Pitch>) {
        for (i, pitch) in notes.enumerate() {
            let hand = if i < 2 { Hand::Left } else { Hand::Right };
            self.add(pitch, hand, at + i, end, 0.0);
        }
    }

    fn add(&mut self, pitch: Pitch, hand: Hand, at: usize, pedal_up: usize, late_s: f64) {
        let length = if hand == Hand::Left || pedal_up - at == SIXTEENTHS_PER_BAR { pedal_up - at } else { 1 };
        let start_s = self.beats_s[at] + late_s + human(at as u32, 0.005);
        let end_s = self.beats_s[pedal_up] + 0.06;
        let velocity = (dynamics(at) + accent(at, hand) + human(at as u32 + 7_919, 0.025) as f32).clamp(0.05, 1.0);
        self.notes.push(Note { pitch, hand, at, length, start_s, end_s, velocity });
    }

    /// Where in the score the player is, in sixteenths, at this time since the beginning.
    pub(super) fn position(&self, time_s: f64) -> f64 {
        let next = self.beats_s.partition_point(|&beat| beat <= time_s);
        let steady = 60.0 / QUARTERS_PER_MINUTE / 4.0;
        match (next.checked_sub(1).map(|i| self.beats_s[i]), self.beats_s.get(next)) {
            (Some(from), Some(to)) => (next - 1) as f64 + (time_s - from) / (to - from),
            // Before the first and after the last note the paper moves on evenly.
            (Some(from), None) => (next - 1) as f64 + (time_s - from) / steady,
            (None, _) => (time_s - self.beats_s[0]) / steady,
        }
    }

    /// Number of sixteenths.
    pub(super) fn sixteenths(&self) -> usize {
        self.beats_s.len() - 1
    }
}

/// When each sixteenth begins: a steady pulse that lingers on first beats, breathes at the ends of phrases and slows down at last.
fn beats() -> Vec<f64> {
    let steady = 60.0 / QUARTERS_PER_MINUTE / 4.0;
    let bars = FIGURES.len() + CODA.len();
    let mut beats = vec![UPBEAT_S];
    let mut time = UPBEAT_S;
    for index in 0..bars * SIXTEENTHS_PER_BAR {
        let (bar, place) = (index / SIXTEENTHS_PER_BAR + 1, index % SIXTEENTHS_PER_BAR);
        let mut stretch = if place == 0 { 1.03 } else { 1.0 };
        if PHRASE_ENDS.contains(&bar) && place >= 13 {
            stretch += 0.05 * (place - 12) as f64;
        }
        if bar > FIGURES.len() {
            let into_coda = (index - FIGURES.len() * SIXTEENTHS_PER_BAR) as f64 / (CODA.len() * SIXTEENTHS_PER_BAR) as f64;
            stretch += 0.04 + 0.75 * into_coda.powi(3);
        }
        time += steady * stretch;
        beats.push(time);
    }
    for _ in 0..SIXTEENTHS_PER_BAR {
        time += LAST_CHORD_S / SIXTEENTHS_PER_BAR as f64;
        beats.push(time);
    }
    beats
}

fn dynamics(at: usize) -> f32 {
    let (bar, place) = (at / SIXTEENTHS_PER_BAR, at % SIXTEENTHS_PER_BAR);
    let next = DYNAMICS.get(bar + 1).unwrap_or(&DYNAMICS[bar]);
    DYNAMICS[bar] + (next - DYNAMICS[bar]) * place as f32 / SIXTEENTHS_PER_BAR as f32
}

/// The bass carries, the highest note of each figure sings, its repetition stands back.
fn accent(at: usize, hand: Hand) -> f32 {
    let repetition = if at % SIXTEENTHS_PER_BAR >= 8 { -0.03 } else { 0.0 };
    let own = match (hand, at % 8) {
        (Hand::Left, 0) => 0.10,
        (Hand::Left, _) => -0.03,
        (Hand::Right, 4 | 7) => 0.04,
        (Hand::Right, _) => -0.05,
    };
    own + repetition
}

/// No hand is a clock: the same small deviation for the same note each time, between `-most` and `most`.
fn human(seed: u32, most: f64) -> f64 {
    let mixed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B1);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85EB_CA77);
    (f64::from(mixed >> 8) / f64::from(1u32 << 23) - 1.0) * most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_is_readable_and_within_the_keyboard() {
        let score = Score::prelude();
        assert_eq!(score.notes.len(), 32 * 16 + 2 * 16 + 5);
        assert!(score.notes.iter().all(|note| (36..=81).contains(&note.pitch.key())));
        assert!(score.notes.iter().all(|note| note.end_s > note.start_s + 0.1));
    }

    #[test]
    fn pitches_have_their_key_step_and_frequency() {
        let a4 = Pitch::parse("A4").expect("a pitch");
        assert_eq!((a4.key(), a4.step()), (69, 5));
        assert!((a4.frequency_hz() - 440.0).abs() < 1e-9);
        let b_flat = Pitch::parse("Bb3").expect("a pitch");
        assert_eq!((b_flat.key(), b_flat.step(), b_flat.accidental), (58, -1, Accidental::Flat));
        assert_eq!(Pitch::parse("H4"), None);
        assert_eq!(Pitch::parse("C"), None);
    }

    #[test]
    fn it_begins_and_ends_in_c_major() {
        let score = Score::prelude();
        let keys = |at: usize| score.notes.iter().filter(|n| n.at == at).map(|n| n.pitch.key()).collect::<Vec<_>>();
        assert_eq!((0..8).flat_map(keys).collect::<Vec<_>>(), [60, 64, 67, 72, 76, 67, 72, 76]);
        assert_eq!(keys(34 * 16), [36, 48, 64, 67, 72]);
    }

    #[test]
    fn the_position_grows_with_time_and_meets_every_beat() {
        let score = Score::prelude();
        let positions: Vec<f64> = (0..(score.length_s * 100.0) as usize).map(|i| score.position(i as f64 / 100.0)).collect();
        assert!(positions.windows(2).all(|pair| pair[1] > pair[0]));
        assert!((score.position(score.beats_s[100]) - 100.0).abs() < 1e-9);
        assert!((100.0..150.0).contains(&score.length_s), "{}", score.length_s);
    }
}
