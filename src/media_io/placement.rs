//! Which worker a new room is given to.
//!
//! A room stays where it was put, so what counts is what will be: the packets a worker handled in the last second, and for every room
//! that was given to it in the last ten seconds as much as a lesson makes, because those have only begun. Among equals the one with
//! fewer rooms, and then the first.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Two people's sound and picture, in and out.
const PACKETS_OF_A_LESSON: u64 = 1200;
/// How long a room is taken to be about to begin.
const BEGINNING: Duration = Duration::from_secs(10);

/// How busy one worker is, told by its thread.
#[derive(Debug, Default)]
pub(super) struct Load {
    packets_per_second: AtomicU64,
}

/// The rooms of every worker.
#[derive(Debug)]
pub(super) struct Placement {
    loads: Vec<Arc<Load>>,
    given: Mutex<Vec<Given>>,
}

/// What one worker has.
#[derive(Clone, Debug, Default)]
struct Given {
    rooms: usize,
    /// When rooms were given to it lately. No longer than the list of live rooms.
    lately: VecDeque<Instant>,
}

/// A room's place on a worker; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    placement: Arc<Placement>,
    worker: usize,
}

impl Load {
    pub(super) fn set_packets_per_second(&self, packets: u64) {
        self.packets_per_second.store(packets, Ordering::Relaxed);
    }
}

impl Placement {
    pub(super) fn new(loads: Vec<Arc<Load>>) -> Arc<Self> {
        let given = Mutex::new(vec![Given::default(); loads.len()]);
        Arc::new(Self { loads, given })
    }

    /// For something small that is gone soon.
    pub(super) fn least_busy(&self, now: Instant) -> usize {
        self.choose(&mut self.given(), now)
    }

    /// For a room.
    pub(super) fn place(self: &Arc<Self>, now: Instant) -> Place {
        let mut given = self.given();
        let worker = self.choose(&mut given, now);
        if let Some(given) = given.get_mut(worker) {
            given.rooms += 1;
            given.lately.push_back(now);
        }
        Place { placement: self.clone(), worker }
    }

    /// Rooms of each worker.
    pub(super) fn rooms(&self) -> Vec<usize> {
        self.given().iter().map(|given| given.rooms).collect()
    }

    fn given(&self) -> std::sync::MutexGuard<'_, Vec<Given>> {
        // Counts hold after a panic too.
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn choose(&self, given: &mut [Given], now: Instant) -> usize {
        let expected = |(load, given): (&Arc<Load>, &mut Given)| {
            while given.lately.front().is_some_and(|at| now >= *at + BEGINNING) {
                given.lately.pop_front();
            }
            (load.packets_per_second.load(Ordering::Relaxed) + PACKETS_OF_A_LESSON * given.lately.len() as u64, given.rooms)
        };
        let expected = self.loads.iter().zip(given).map(expected).enumerate();
        expected.min_by_key(|(_, expected)| *expected).map_or(0, |(worker, _)| worker)
    }
}

impl Place {
    pub(super) fn worker(&self) -> usize {
        self.worker
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(given) = self.placement.given().get_mut(self.worker) {
            given.rooms -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(rates: &[u64]) -> Arc<Placement> {
        let load = |rate: &u64| {
            let load = Load::default();
            load.set_packets_per_second(*rate);
            Arc::new(load)
        };
        Placement::new(rates.iter().map(load).collect())
    }

    #[test]
    fn rooms_that_begin_together_are_spread() {
        let placement = placement(&[0, 0, 0]);
        let now = Instant::now();
        let places: Vec<Place> = (0..36).map(|_| placement.place(now)).collect();
        assert_eq!(placement.rooms(), [12, 12, 12]);
        drop(places);
        assert_eq!(placement.rooms(), [0, 0, 0]);
    }

    #[test]
    fn a_conference_outweighs_lessons() {
        let placement = placement(&[20_000, 3_000]);
        let now = Instant::now();
        let places: Vec<Place> = (0..10).map(|_| placement.place(now)).collect();
        assert!(places.iter().all(|place| place.worker() == 1));
        // What was expected of them has not come: they wait for their teacher.
        assert_eq!(placement.least_busy(now + BEGINNING), 1);
    }

    #[test]
    fn when_all_are_idle_the_emptier_worker_is_taken() {
        let placement = placement(&[0, 0]);
        let now = Instant::now();
        let (first, _second, third) = (placement.place(now), placement.place(now), placement.place(now));
        let later = now + BEGINNING;
        assert_eq!(placement.rooms(), [2, 1]);
        assert_eq!(placement.least_busy(later), 1);
        drop((first, third));
        assert_eq!(placement.least_busy(later), 0);
    }
}
