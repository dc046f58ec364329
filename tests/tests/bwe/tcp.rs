//! A greedy flow that fills queues: TCP as far as a bottleneck notices it (slow start, CUBIC of RFC 9438 or Reno of RFC 5681, loss by
//! three later acknowledgements, timeouts).

use super::link::Micros;
use std::collections::BTreeMap;

pub const SEGMENT: usize = 1500;
pub const ACK: usize = 60;
const TIMEOUT: Micros = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    Reno,
    Cubic,
}

#[derive(Debug)]
pub struct Tcp {
    growth: Growth,
    window: f64,
    threshold: f64,
    next: u64,
    /// When each was sent.
    outstanding: BTreeMap<u64, Micros>,
    /// Losses of what was sent before this belong to the last reduction.
    recovered_at: u64,
    window_max: f64,
    /// When this climb began, and how many seconds it takes to the old maximum.
    epoch: Option<(Micros, f64)>,
    last_ack: Micros,
    round_trip: f64,
}

impl Tcp {
    pub fn new(growth: Growth) -> Self {
        Self {
            growth,
            window: 10.0,
            threshold: f64::INFINITY,
            next: 0,
            outstanding: BTreeMap::new(),
            recovered_at: 0,
            window_max: 0.0,
            epoch: None,
            last_ack: 0,
            round_trip: 0.1,
        }
    }

    /// The next segment that the window allows.
    pub fn poll_send(&mut self, now: Micros) -> Option<u64> {
        if self.outstanding.len() >= self.window as usize {
            return None;
        }
        let number = self.next;
        self.next += 1;
        if self.outstanding.is_empty() {
            self.last_ack = now;
        }
        self.outstanding.insert(number, now);
        Some(number)
    }

    pub fn on_ack(&mut self, now: Micros, number: u64) {
        self.last_ack = now;
        let Some(sent) = self.outstanding.remove(&number) else { return };
        self.round_trip = 0.875 * self.round_trip + 0.125 * (now - sent) as f64 / 1e6;
        let lost: Vec<u64> = self.outstanding.range(..number.saturating_sub(2)).map(|(lost, _)| *lost).collect();
        for lost in lost {
            self.outstanding.remove(&lost);
            if lost >= self.recovered_at {
                self.reduce();
            }
        }
        self.grow(now);
    }

    pub fn handle_timeout(&mut self, now: Micros) {
        if !self.outstanding.is_empty() && now > self.last_ack + TIMEOUT {
            self.threshold = (self.window / 2.0).max(2.0);
            self.window = 2.0;
            self.epoch = None;
            self.outstanding.clear();
            self.recovered_at = self.next;
            self.last_ack = now;
        }
    }

    fn grow(&mut self, now: Micros) {
        if self.window < self.threshold {
            self.window += 1.0;
            return;
        }
        let reno = self.window + 1.0 / self.window;
        self.window = match self.growth {
            Growth::Reno => reno,
            Growth::Cubic => {
                let (window, max) = (self.window, self.window_max.max(self.window));
                let (began, k) = *self.epoch.get_or_insert_with(|| (now, ((max - window) / 0.4).cbrt()));
                let time = (now - began) as f64 / 1e6 + self.round_trip;
                let aim = (0.4 * (time - k).powi(3) + max).clamp(window, 1.5 * window);
                reno.max(window + (aim - window) / window)
            }
        };
    }

    fn reduce(&mut self) {
        self.recovered_at = self.next;
        self.window_max = self.window;
        self.epoch = None;
        let factor = if self.growth == Growth::Reno { 0.5 } else { 0.7 };
        self.window = (self.window * factor).max(2.0);
        self.threshold = self.window;
    }
}
