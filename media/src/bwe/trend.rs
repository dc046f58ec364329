//! Whether delay grows: the trend line over groups of packets (draft-ietf-rmcat-gcc-02 §5; the line instead of the filter of §5.3).

/// What is sent within this time is one group: a burst says nothing about the queue but at its end.
const GROUP_MICROS: u64 = 5_000;
/// Points of the line.
const POINTS: usize = 20;
/// Of the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// The slope counts so much for each point, up to [`POINTS_MAX`] of them: a long line is believed more.
const GAIN: f64 = 4.0;
const POINTS_MAX: f64 = 60.0;
/// How fast the threshold follows the trend upwards and downwards, per ms (§5.4: K_u, K_d; downwards faster than there, for a
/// flow that stopped being squeezed).
const THRESHOLD_UP: f64 = 0.0087;
const THRESHOLD_DOWN: f64 = 0.039;
/// In the unit of the trend, about milliseconds (§5.4).
const THRESHOLD_START: f64 = 12.5;
const THRESHOLD_MIN: f64 = 6.0;
const THRESHOLD_MAX: f64 = 600.0;
/// A trend this far above the threshold is an outlier and does not move it (§5.4).
const OUTLIER: f64 = 15.0;
/// Growing so long is believed (§5.5: overuse_time_th).
const OVERUSE_MILLIS: f64 = 10.0;
/// A group this much later than the one before belongs to another time.
const GAP_MICROS: i64 = 2_000_000;

/// What the trend says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    Normal,
    /// The queue grows.
    Over,
    /// The queue shrinks.
    Under,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: u64,
    last_sent: u64,
    last_arrival: i64,
}

/// Delay over time.
#[derive(Debug)]
pub(super) struct Trend {
    group: Option<Group>,
    before: Option<Group>,
    /// Arrival of the first group, for small numbers.
    origin: i64,
    delay: f64,
    smoothed: f64,
    /// (arrival, smoothed delay) in ms.
    points: [(f64, f64); POINTS],
    count: usize,
    deltas: f64,
    threshold: f64,
    last_trend: f64,
    over_for: f64,
    usage: Usage,
}

impl Trend {
    pub(super) fn new() -> Self {
        Self {
            group: None,
            before: None,
            origin: 0,
            delay: 0.0,
            smoothed: 0.0,
            points: [(0.0, 0.0); POINTS],
            count: 0,
            deltas: 0.0,
            threshold: THRESHOLD_START,
            last_trend: 0.0,
            over_for: 0.0,
            usage: Usage::Normal,
        }
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// A packet arrived; to be told in the order of sending.
    pub(super) fn add(&mut self, sent: u64, arrival: i64) {
        match &mut self.group {
            Some(group) if sent < group.first_sent + GROUP_MICROS => {
                group.last_sent = group.last_sent.max(sent);
                group.last_arrival = group.last_arrival.max(arrival);
            }
            group => {
                let next = Group { first_sent: sent, last_sent: sent, last_arrival: arrival };
                if let Some(complete) = group.replace(next) {
                    self.complete(complete);
                }
            }
        }
    }

    fn complete(&mut self, group: Group) {
        let Some(before) = self.before.replace(group) else {
            self.origin = group.last_arrival;
            return;
        };
        let sent = group.last_sent as i64 - before.last_sent as i64;
        let arrived = group.last_arrival - before.last_arrival;
        if !(0..GAP_MICROS).contains(&sent) || !(-GAP_MICROS..GAP_MICROS).contains(&arrived) {
            *self = Self { threshold: self.threshold, group: self.group, ..Self::new() };
            return;
        }
        self.delay += (arrived - sent) as f64 / 1e3;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.delay;
        self.points[self.count % POINTS] = ((group.last_arrival - self.origin) as f64 / 1e3, self.smoothed);
        self.count += 1;
        self.deltas = (self.deltas + 1.0).min(POINTS_MAX);
        if self.count >= POINTS {
            let trend = self.slope() * self.deltas * GAIN;
            self.judge(trend, sent as f64 / 1e3);
        }
    }

    /// Least squares.
    fn slope(&self) -> f64 {
        let len = POINTS as f64;
        let (x, y) = self.points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (x, y) = (x / len, y / len);
        let (up, down) = self.points.iter().fold((0.0, 0.0), |(up, down), point| {
            let dx = point.0 - x;
            (up + dx * (point.1 - y), down + dx * dx)
        });
        if down > 0.0 { up / down } else { 0.0 }
    }

    fn judge(&mut self, trend: f64, millis: f64) {
        if trend > self.threshold {
            self.over_for += millis;
            if self.over_for > OVERUSE_MILLIS && trend >= self.last_trend {
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            self.usage = if trend < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.last_trend = trend;
        let distance = trend.abs() - self.threshold;
        if distance <= OUTLIER {
            let speed = if distance < 0.0 { THRESHOLD_DOWN } else { THRESHOLD_UP };
            self.threshold = (self.threshold + speed * distance * millis.min(100.0)).clamp(THRESHOLD_MIN, THRESHOLD_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets every 10 ms whose delay grows by so much each.
    fn usage(growth: impl Fn(u64) -> i64) -> Usage {
        let mut trend = Trend::new();
        let mut delay = 0;
        for count in 0..60 {
            delay += growth(count);
            trend.add(count * 10_000, count as i64 * 10_000 + delay);
        }
        trend.usage()
    }

    #[test]
    fn tells_growth_from_rest_and_shrinking() {
        assert_eq!(usage(|_| 0), Usage::Normal);
        assert_eq!(usage(|_| 2_000), Usage::Over);
        assert_eq!(usage(|_| -2_000), Usage::Under);
        assert_eq!(usage(|count| if count % 2 == 0 { 1_000 } else { -1_000 }), Usage::Normal);
    }

    #[test]
    fn time_that_leaps_begins_anew() {
        let mut trend = Trend::new();
        for arrival in [0, i64::MAX / 2, i64::MIN / 2, 5, -7] {
            for count in 0..30 {
                trend.add(count * 10_000, arrival + count as i64);
            }
        }
        assert!(trend.threshold.is_finite() && trend.smoothed.is_finite());
    }
}
