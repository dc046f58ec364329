//! The simulated network: one line per participant and direction, each with faults of its own.

use auftakt_client::wire::Rtp;
use auftakt_client::world::{Flight, Network, Way};
use auftakt_tests::impair::{Link, LinkStats, Settings};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use crate::MS;

/// A line without faults still takes time.
pub fn clean() -> Settings {
    Settings { delay: 20 * MS, ..Settings::default() }
}

/// Five percent lost, each by itself.
pub fn lossy() -> Settings {
    Settings { loss: 0.05, ..clean() }
}

/// Five percent lost, and what arrives comes irregularly, out of order and twice.
pub fn wild() -> Settings {
    Settings { jitter: 8 * MS, reorder: 0.03, duplicate: 0.03, ..lossy() }
}

/// The lines of one world. Clones are the same lines: the world sends through one, the test turns the knobs of another.
#[derive(Clone)]
pub struct Lines(Rc<RefCell<Inner>>);

struct Inner {
    seed: u64,
    all: Settings,
    own: BTreeMap<Way, Settings>,
    links: BTreeMap<Way, Link<Flight>>,
    /// What arrived, when somebody wants to know.
    arrivals: Option<Vec<(Instant, Flight)>>,
}

impl Lines {
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(Inner { seed, all: clean(), own: BTreeMap::new(), links: BTreeMap::new(), arrivals: None })))
    }

    /// Every line, both directions, from now on.
    pub fn set_all(&self, settings: Settings) {
        let mut inner = self.0.borrow_mut();
        inner.all = settings;
        inner.own.clear();
        inner.links.values_mut().for_each(|link| link.set(settings));
    }

    /// One direction of one line, from now on.
    pub fn set(&self, way: Way, settings: Settings) {
        let mut inner = self.0.borrow_mut();
        inner.own.insert(way, settings);
        inner.links.entry(way).and_modify(|link| link.set(settings));
    }

    pub fn stats(&self, way: Way) -> LinkStats {
        self.0.borrow().links.get(&way).map(Link::stats).unwrap_or_default()
    }

    pub fn record(&self) {
        self.0.borrow_mut().arrivals = Some(vec![]);
    }

    /// What arrived one way since [`Lines::record`].
    pub fn arrived(&self, way: Way) -> Vec<(Instant, Vec<u8>)> {
        let inner = self.0.borrow();
        let all = inner.arrivals.iter().flatten().filter(|(_, flight)| flight.way == way);
        all.map(|(at, flight)| (*at, flight.datagram.clone())).collect()
    }
}

impl Network for Lines {
    fn send(&mut self, now: Instant, flight: Flight) {
        let inner = &mut *self.0.borrow_mut();
        let settings = inner.own.get(&flight.way).copied().unwrap_or(inner.all);
        // A seed of its own for each line, or all would lose the same packets.
        let number = inner.links.len() as u64;
        let link = inner.links.entry(flight.way).or_insert_with(|| Link::new(settings, inner.seed * 1000 + number));
        let bytes = flight.datagram.len();
        link.push(now, flight, bytes);
    }

    fn poll_arrival(&mut self, now: Instant) -> Option<Flight> {
        let inner = &mut *self.0.borrow_mut();
        let due = |link: &&mut Link<Flight>| link.poll_timeout().is_some_and(|at| at <= now);
        let first = inner.links.values_mut().filter(due).min_by_key(|link| link.poll_timeout())?;
        let flight = first.pop(now)?;
        if let Some(arrivals) = &mut inner.arrivals {
            arrivals.push((now, flight.clone()));
        }
        Some(flight)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.0.borrow().links.values().filter_map(Link::poll_timeout).min()
    }
}

/// The header of a datagram that is media; its payload is not to be read.
pub fn media_header(datagram: &[u8]) -> Option<Rtp> {
    let media = matches!(datagram.first(), Some(128..=191)) && !matches!(datagram.get(1), Some(192..=223));
    media.then(|| Rtp::read(datagram)).flatten()
}
