//! What is seen: the score moves past an amber line, and what sounds is lit.

use super::canvas::{Canvas, Colour, HEIGHT, Point, WIDTH, point};
use super::score::{Accidental, Hand, Note, Pitch, Score};
use std::sync::Arc;

// The tokens of the same names in the web client's dark theme: this is a room, and rooms are dark.
const PAPER: Colour = [0x11, 0x15, 0x13];
const LINE: Colour = [0x35, 0x3d, 0x38];
const LINE_STRONG: Colour = [0x87, 0x92, 0x8a];
const INK: Colour = [0xf2, 0xf3, 0xee];
const INK_3: Colour = [0xa0, 0xa9, 0xa1];
const AMBER: Colour = [0xf2, 0xb9, 0x57];
const AMBER_TINT: Colour = [0x3b, 0x2e, 0x14];

/// Between two lines of a stave.
const SPACE: f32 = 14.0;
/// Middle C stands on a line of its own between the staves, nearer to the one it belongs to.
const TREBLE_C4_Y: f32 = 154.0;
const BASS_C4_Y: f32 = 196.0;
/// Steps above middle C of each stave's lowest and highest line.
const TREBLE_LINES: [i32; 2] = [2, 10];
const BASS_LINES: [i32; 2] = [-10, -2];
const NOW_X: f32 = 216.0;
/// What is left of this has passed and fades; left of the clefs nothing is drawn.
const CLEFS_X: f32 = 84.0;
const SIXTEENTH: f32 = 23.0;
/// From a bar line to its first note.
const AFTER_BAR_LINE: f32 = 14.0;
const STEM: f32 = 44.0;
const PROGRESS_Y: f32 = 334.0;

/// Draws any moment of the piece.
pub(super) struct Scene {
    score: Arc<Score>,
    /// What does not move.
    ground: Canvas,
    canvas: Canvas,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stave {
    Treble,
    Bass,
}

impl Stave {
    fn y(self, step: i32) -> f32 {
        let middle_c = match self {
            Self::Treble => TREBLE_C4_Y,
            Self::Bass => BASS_C4_Y,
        };
        middle_c - step as f32 * SPACE / 2.0
    }

    fn lines(self) -> [i32; 2] {
        match self {
            Self::Treble => TREBLE_LINES,
            Self::Bass => BASS_LINES,
        }
    }
}

impl Scene {
    pub(super) fn new(score: Arc<Score>) -> Self {
        let ground = ground();
        Self { score, canvas: ground.clone(), ground }
    }

    /// The picture at this time since the beginning of the piece, as RGB.
    pub(super) fn draw(&mut self, time_s: f64) -> &[u8] {
        self.canvas.copy_from(&self.ground);
        let now = self.score.position(time_s);
        let score = self.score.clone();
        let seen = (now - 10.0)..(now + 22.0);
        for bar in 0..=score.sixteenths() / 16 {
            if seen.contains(&((bar * 16) as f64)) {
                self.bar_line(x_of((bar * 16) as f64, now) - AFTER_BAR_LINE - 4.0, bar * 16 == score.sixteenths());
            }
        }
        let first = score.notes.partition_point(|note| (note.at as f64) < seen.start);
        let visible = || score.notes[first..].iter().take_while(|note| (note.at as f64) < seen.end);
        self.beams(visible().filter(|note| note.hand == Hand::Right && note.length == 1), now);
        for note in visible() {
            self.note(note, now, time_s);
        }
        self.clefs();
        self.progress((time_s / score.length_s) as f32);
        &self.canvas.pixels
    }

    fn bar_line(&mut self, x: f32, last: bool) {
        let (top, bottom) = (Stave::Treble.y(TREBLE_LINES[1]), Stave::Bass.y(BASS_LINES[0]));
        self.canvas.rectangle(point(x, top), point(x + 1.5, bottom), LINE_STRONG);
        if last {
            self.canvas.rectangle(point(x + 5.0, top), point(x + 10.0, bottom), LINE_STRONG);
        }
    }

    fn note(&mut self, note: &Note, now: f64, time_s: f64) {
        let stave = stave_of(note);
        let (x, y) = (x_of(note.at as f64, now), stave.y(note.pitch.step()));
        let sounds = note.start_s <= time_s && now < (note.at + note.length) as f64;
        let colour = if sounds { AMBER } else { faded(x, if now >= note.at as f64 { INK_3 } else { INK }) };
        self.ledger_lines(stave, note.pitch.step(), x, faded(x, LINE_STRONG));
        if sounds {
            self.canvas.ellipse(point(x, y), point(14.0, 12.0), 0.0, 0.0, AMBER_TINT);
        }
        let hollow = if note.length >= 8 { 0.55 } else { 0.0 };
        self.canvas.ellipse(point(x, y), point(8.6, 6.2), -0.38, hollow, colour);
        self.accidental(note.pitch, x - 19.0, y, colour);
        if note.hand == Hand::Left && note.length < 16 {
            // The bass hangs, the voice above it stands.
            let up = if note.at.is_multiple_of(8) { -1.0 } else { 1.0 };
            let stem_x = x + 7.6 * up;
            self.canvas.line(point(stem_x, y - 2.0 * up), point(stem_x, y - STEM * 0.8 * up), 1.8, colour);
        }
    }

    fn ledger_lines(&mut self, stave: Stave, step: i32, x: f32, colour: Colour) {
        let [lowest, highest] = stave.lines();
        let below = (step..lowest).filter(|s| (lowest - s) % 2 == 0);
        let above = (highest + 1..=step).filter(|s| (s - highest) % 2 == 0);
        for line in below.chain(above) {
            let y = stave.y(line);
            self.canvas.rectangle(point(x - 14.0, y - 0.75), point(x + 14.0, y + 0.75), colour);
        }
    }

    /// Sixteenths of the right hand hang from two beams: the first two of a figure, then the other four.
    fn beams<'a>(&mut self, notes: impl Iterator<Item = &'a Note>, now: f64) {
        let mut group: Vec<&Note> = Vec::with_capacity(4);
        for note in notes {
            if group.last().is_some_and(|last| last.at / 4 != note.at / 4) {
                self.beam(&group, now);
                group.clear();
            }
            group.push(note);
        }
        self.beam(&group, now);
    }

    fn beam(&mut self, group: &[&Note], now: f64) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
        let head = |note: &Note| point(x_of(note.at as f64, now) + 7.6, stave_of(note).y(note.pitch.step()));
        let top = group.iter().map(|note| head(note).y).fold(f32::MAX, f32::min) - STEM;
        let colour = faded(head(first).x, INK_3);
        for note in group {
            let head = head(note);
            self.canvas.line(point(head.x, head.y - 2.0), point(head.x, top), 1.8, colour);
        }
        for y in [top, top + 8.0] {
            self.canvas.rectangle(point(head(first).x - 0.9, y), point(head(last).x + 0.9, y + 4.5), colour);
        }
    }

    fn accidental(&mut self, pitch: Pitch, x: f32, y: f32, colour: Colour) {
        match pitch.accidental {
            Accidental::Natural => {}
            Accidental::Sharp => {
                for dx in [-2.5, 2.5] {
                    self.canvas.line(point(x + dx, y - 12.0 - dx * 0.6), point(x + dx, y + 12.0 - dx * 0.6), 1.5, colour);
                }
                for dy in [-4.5, 4.5] {
                    self.canvas.line(point(x - 5.5, y + dy + 1.6), point(x + 5.5, y + dy - 1.6), 2.8, colour);
                }
            }
            Accidental::Flat => {
                self.canvas.line(point(x - 3.5, y - 20.0), point(x - 3.5, y + 6.5), 1.6, colour);
                let belly = [point(x - 3.5, y - 1.0), point(x + 1.5, y - 5.0), point(x + 3.8, y - 1.5), point(x - 3.5, y + 6.5)];
                self.canvas.curve(&belly, 2.0, colour);
            }
        }
    }

    /// Over the notes: what has passed ends here.
    fn clefs(&mut self) {
        let left = CLEFS_X as usize;
        for y in 0..HEIGHT {
            let row = y * WIDTH * 3;
            self.canvas.pixels[row..row + left * 3].copy_from_slice(&self.ground.pixels[row..row + left * 3]);
        }
    }

    fn progress(&mut self, share: f32) {
        let (from, to) = (CLEFS_X, WIDTH as f32 - 40.0);
        let x = from + (to - from) * share.clamp(0.0, 1.0);
        self.canvas.rectangle(point(from, PROGRESS_Y - 1.0), point(to, PROGRESS_Y + 1.0), LINE);
        self.canvas.rectangle(point(from, PROGRESS_Y - 1.0), point(x, PROGRESS_Y + 1.0), LINE_STRONG);
        self.canvas.ellipse(point(x, PROGRESS_Y), point(5.0, 5.0), 0.0, 0.0, AMBER);
    }
}

fn x_of(at: f64, now: f64) -> f32 {
    NOW_X + (at - now) as f32 * SIXTEENTH
}

/// What has passed fades into the paper before it reaches the clefs.
fn faded(x: f32, colour: Colour) -> Colour {
    let share = ((x - CLEFS_X) / 70.0).clamp(0.0, 1.0);
    std::array::from_fn(|i| (f32::from(PAPER[i]) + (f32::from(colour[i]) - f32::from(PAPER[i])) * share) as u8)
}

/// The right hand is written below when its figure as a whole lies there.
fn stave_of(note: &Note) -> Stave {
    let deep_bar = (15..=32).contains(&(note.at / 16));
    if deep_bar || note.hand == Hand::Left && note.pitch.step() < 0 { Stave::Bass } else { Stave::Treble }
}

fn ground() -> Canvas {
    let mut canvas = Canvas::filled(PAPER);
    let bottom = Stave::Bass.y(BASS_LINES[0]);
    let top = Stave::Treble.y(TREBLE_LINES[1]);
    for stave in [Stave::Treble, Stave::Bass] {
        let [lowest, highest] = stave.lines();
        for step in (lowest..=highest).step_by(2) {
            let y = stave.y(step);
            canvas.rectangle(point(24.0, y - 0.75), point(WIDTH as f32, y + 0.75), LINE_STRONG);
        }
    }
    canvas.rectangle(point(24.0, top), point(25.5, bottom), LINE_STRONG);
    canvas.rectangle(point(NOW_X - 9.0, top - 26.0), point(NOW_X + 9.0, bottom + 34.0), AMBER_TINT);
    canvas.rectangle(point(NOW_X - 1.5, top - 26.0), point(NOW_X + 1.5, bottom + 34.0), AMBER);
    treble_clef(&mut canvas, point(54.0, Stave::Treble.y(4)));
    bass_clef(&mut canvas, point(44.0, Stave::Bass.y(-4)));
    canvas
}

/// Winds around the line of G4, where `g` is.
fn treble_clef(canvas: &mut Canvas, g: Point) {
    let outline: [(f32, f32); 15] = [
        (1.0, 7.0),
        (-6.0, 1.0),
        (0.0, -8.0),
        (9.0, -2.0),
        (8.0, 9.0),
        (-3.0, 14.0),
        (-14.0, 6.0),
        (-13.0, -9.0),
        (0.0, -25.0),
        (7.0, -40.0),
        (4.0, -53.0),
        (-2.0, -47.0),
        (-2.0, -28.0),
        (4.0, 22.0),
        (2.0, 30.0),
    ];
    let points = outline.map(|(x, y)| point(g.x + x, g.y + y));
    canvas.curve(&points, 2.6, INK);
    canvas.curve(&[points[14], point(g.x - 4.0, g.y + 33.0), point(g.x - 9.0, g.y + 28.0)], 2.6, INK);
    canvas.ellipse(point(g.x - 7.0, g.y + 27.0), point(4.0, 4.0), 0.0, 0.0, INK);
}

/// Its head and its two dots hold the line of F3, where `f` is.
fn bass_clef(canvas: &mut Canvas, f: Point) {
    let outline: [(f32, f32); 7] = [(0.0, 0.0), (-3.0, -7.0), (5.0, -14.0), (15.0, -10.0), (17.0, 2.0), (9.0, 18.0), (-5.0, 29.0)];
    canvas.curve(&outline.map(|(x, y)| point(f.x + x, f.y + y)), 2.8, INK);
    canvas.ellipse(point(f.x + 2.0, f.y), point(4.6, 4.6), 0.0, 0.0, INK);
    for dy in [-7.0, 7.0] {
        canvas.ellipse(point(f.x + 25.0, f.y + dy), point(2.4, 2.4), 0.0, 0.0, INK);
    }
}
