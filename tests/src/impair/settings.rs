//! What is wrong with a line.

use std::time::Duration;

/// One direction of a line. The default is a perfect one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settings {
    /// Every packet takes this long.
    pub delay: Duration,
    /// Up to this much more or less (triangular), without changing the order, as queues on the way do.
    pub jitter: Duration,
    /// Share of packets that are lost, 0 to 1.
    pub loss: f64,
    /// Mean number of packets that are lost in a row; up to 1 means that each loss is a matter of its own.
    pub burst: f64,
    /// Share of packets that come twice.
    pub duplicate: f64,
    /// Share of packets that come 5 to 25 ms late, so that others overtake them.
    pub reorder: f64,
    /// Bits per second the line carries; 0 means any number.
    pub rate_bps: u64,
    /// How much the queue before the line holds, in time; what comes on top is dropped. 0 means the usual 200 ms.
    pub queue: Duration,
}

/// Which way a setting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
    /// Both ways.
    Both,
}

/// A word that is no setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of [up.|down.]delay|jitter|queue=MS loss|dup|reorder=PERCENT burst=PACKETS rate=KBIT")]
pub struct SettingsError(String);

impl Settings {
    /// Applies `key=value` with an optional `up.` or `down.` before it to the settings of both directions.
    pub fn apply(word: &str, up: &mut Self, down: &mut Self) -> Result<(), SettingsError> {
        let wrong = || SettingsError(word.to_string());
        let (key, value) = word.split_once('=').ok_or_else(wrong)?;
        let value: f64 = value.parse().ok().filter(|v: &f64| v.is_finite() && (0.0..=1e7).contains(v)).ok_or_else(wrong)?;
        let (direction, key) = match key.split_once('.') {
            Some(("up", key)) => (Direction::Up, key),
            Some(("down", key)) => (Direction::Down, key),
            Some(_) => return Err(wrong()),
            None => (Direction::Both, key),
        };
        if direction != Direction::Down {
            up.set(key, value).ok_or_else(wrong)?;
        }
        if direction != Direction::Up {
            down.set(key, value).ok_or_else(wrong)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: f64) -> Option<()> {
        let milliseconds = Duration::from_secs_f64(value / 1e3);
        let share = (value <= 100.0).then_some(value / 100.0);
        match key {
            "delay" => self.delay = milliseconds,
            "jitter" => self.jitter = milliseconds,
            "queue" => self.queue = milliseconds,
            "loss" => self.loss = share?,
            "dup" => self.duplicate = share?,
            "reorder" => self.reorder = share?,
            "burst" => self.burst = value,
            "rate" => self.rate_bps = (value * 1e3) as u64,
            _ => return None,
        }
        Some(())
    }
}
