//! A picture in RGB, and smooth shapes on it.

pub(super) const WIDTH: usize = 640;
pub(super) const HEIGHT: usize = 360;

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

/// In pixels from the top left corner; the centre of the first pixel is at (0.5, 0.5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

pub(super) fn point(x: f32, y: f32) -> Point {
    Point { x, y }
}

#[derive(Clone)]
pub(super) struct Canvas {
    pub(super) pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn filled(colour: Colour) -> Self {
        Self { pixels: colour.repeat(WIDTH * HEIGHT) }
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.pixels.copy_from_slice(&other.pixels);
    }

    /// Upright, edges blended.
    pub(super) fn rectangle(&mut self, from: Point, to: Point, colour: Colour) {
        let (centre, half) =
            (point((from.x + to.x) / 2.0, (from.y + to.y) / 2.0), point((to.x - from.x).abs() / 2.0, (to.y - from.y).abs() / 2.0));
        self.shape(from, to, colour, |p| ((p.x - centre.x).abs() - half.x).max((p.y - centre.y).abs() - half.y));
    }

    /// A line with round ends.
    pub(super) fn line(&mut self, from: Point, to: Point, width: f32, colour: Colour) {
        let along = point(to.x - from.x, to.y - from.y);
        let length = (along.x * along.x + along.y * along.y).max(1e-6);
        let radius = width / 2.0;
        let low = point(from.x.min(to.x) - radius, from.y.min(to.y) - radius);
        let high = point(from.x.max(to.x) + radius, from.y.max(to.y) + radius);
        self.shape(low, high, colour, |p| {
            let t = (((p.x - from.x) * along.x + (p.y - from.y) * along.y) / length).clamp(0.0, 1.0);
            (p.x - from.x - t * along.x).hypot(p.y - from.y - t * along.y) - radius
        });
    }

    /// A smooth line through all points (Catmull-Rom).
    pub(super) fn curve(&mut self, points: &[Point], width: f32, colour: Colour) {
        const STEPS: usize = 10;
        for i in 1..points.len() {
            let (b, c) = (points[i - 1], points[i]);
            let (a, d) = (points[i.saturating_sub(2)], points[(i + 1).min(points.len() - 1)]);
            let at = |t: f32| {
                let blend = |a: f32, b: f32, c: f32, d: f32| {
                    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
                };
                point(blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y))
            };
            for step in 0..STEPS {
                self.line(at(step as f32 / STEPS as f32), at((step + 1) as f32 / STEPS as f32), width, colour);
            }
        }
    }

    /// The head of a note: an ellipse that leans. `hollow` is the share that is left open, 0 for a filled one.
    pub(super) fn ellipse(&mut self, centre: Point, radii: Point, lean: f32, hollow: f32, colour: Colour) {
        let (sine, cosine) = lean.sin_cos();
        let reach = radii.x.max(radii.y);
        let (low, high) = (point(centre.x - reach, centre.y - reach), point(centre.x + reach, centre.y + reach));
        self.shape(low, high, colour, |p| {
            let (x, y) = (p.x - centre.x, p.y - centre.y);
            let (u, v) = ((x * cosine + y * sine) / radii.x, (y * cosine - x * sine) / radii.y);
            let outer = (u.hypot(v) - 1.0) * radii.y;
            let inner = (u.hypot(v / hollow.max(1e-3)) - 0.92) * radii.y * hollow;
            if hollow > 0.0 { outer.max(-inner) } else { outer }
        });
    }

    /// Paints where `distance` (to the shape's edge, negative inside) says so, within the box from `low` to `high`.
    fn shape(&mut self, low: Point, high: Point, colour: Colour, distance: impl Fn(Point) -> f32) {
        let columns = clip(low.x, high.x, WIDTH);
        for y in clip(low.y, high.y, HEIGHT) {
            for x in columns.clone() {
                let cover = (0.5 - distance(point(x as f32 + 0.5, y as f32 + 0.5))).clamp(0.0, 1.0);
                if cover > 0.0 {
                    let weight = (cover * 256.0) as i32;
                    let pixel = &mut self.pixels[(y * WIDTH + x) * 3..][..3];
                    for (old, new) in pixel.iter_mut().zip(colour) {
                        let old_value = i32::from(*old);
                        *old = (old_value + (((i32::from(new) - old_value) * weight) >> 8)) as u8;
                    }
                }
            }
        }
    }
}

/// The pixels between two coordinates and one more on each side for the blended edge, as far as they are in the picture.
fn clip(low: f32, high: f32, size: usize) -> std::ops::Range<usize> {
    let from = (low.floor() - 1.0).max(0.0) as usize;
    let to = ((high.ceil() + 1.0).max(0.0) as usize).min(size);
    from.min(to)..to
}
