//! One direction of a narrow network: random loss, a drop-tail queue, a rate that changes, propagation and jitter.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;

/// Microseconds since the beginning.
pub type Micros = u64;

/// What travels.
#[derive(Clone, Debug)]
pub struct Packet {
    pub flow: usize,
    pub bytes: usize,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    Media {
        number: u16,
        audio: bool,
    },
    /// The feedback control information.
    Feedback(Vec<u8>),
    Segment(u64),
    Ack(u64),
}

/// How a link behaves.
#[derive(Clone, Debug)]
pub struct LinkSpec {
    /// From when on which rate holds, in bit/s; the first begins at zero.
    pub rates: Vec<(Micros, u64)>,
    /// What waits longer than this is not taken.
    pub queue: Micros,
    pub propagation: Micros,
    /// Of all packets, before they reach the queue: loss that says nothing about the queue.
    pub loss: f64,
    /// From when to when nothing gets through.
    pub dead: Option<(Micros, Micros)>,
    /// Each packet arrives earlier or later by up to this.
    pub jitter: Micros,
    /// Whether jitter may change the order.
    pub reorders: bool,
}

impl LinkSpec {
    /// 50 ms of propagation, 300 ms of queue, nothing else.
    pub fn steady(bps: u64) -> Self {
        Self { rates: vec![(0, bps)], queue: 300_000, propagation: 50_000, loss: 0.0, dead: None, jitter: 0, reorders: false }
    }

    pub fn then(mut self, at: Micros, bps: u64) -> Self {
        self.rates.push((at, bps));
        self
    }

    /// Never the bottleneck.
    pub fn wide() -> Self {
        Self::steady(1_000_000_000)
    }
}

pub struct Link {
    pub spec: LinkSpec,
    queue: VecDeque<Packet>,
    queued_bytes: usize,
    busy: bool,
    last_arrival: Micros,
}

impl Link {
    pub fn new(spec: LinkSpec) -> Self {
        Self { spec, queue: VecDeque::new(), queued_bytes: 0, busy: false, last_arrival: 0 }
    }

    pub fn rate(&self, now: Micros) -> u64 {
        self.spec.rates.iter().rev().find(|(from, _)| *from <= now).map_or(self.spec.rates[0].1, |(_, bps)| *bps)
    }

    /// How long what is queued now takes.
    pub fn delay(&self, now: Micros) -> Micros {
        self.queued_bytes as u64 * 8_000_000 / self.rate(now)
    }

    /// Takes a packet in, or not.
    pub fn offer(&mut self, now: Micros, packet: Packet, rng: &mut ChaCha8Rng) -> Offer {
        if self.spec.dead.is_some_and(|(from, to)| (from..to).contains(&now)) {
            return Offer::Lost;
        }
        if self.spec.loss > 0.0 && rng.random_bool(self.spec.loss) {
            return Offer::Lost;
        }
        if self.delay(now) > self.spec.queue {
            return Offer::Dropped;
        }
        self.queued_bytes += packet.bytes;
        self.queue.push_back(packet);
        if self.busy { Offer::Queued } else { Offer::Started(self.start(now)) }
    }

    /// The packet in service has left; says when it arrives, and when the next one has left.
    pub fn depart(&mut self, now: Micros, rng: &mut ChaCha8Rng) -> (Packet, Micros, Option<Micros>) {
        let packet = self.queue.pop_front().expect("a packet is in service");
        self.queued_bytes -= packet.bytes;
        self.busy = false;
        let next = (!self.queue.is_empty()).then(|| self.start(now));
        let jitter = if self.spec.jitter > 0 { rng.random_range(0..=2 * self.spec.jitter) } else { 0 };
        let mut arrival = now + self.spec.propagation + jitter;
        if !self.spec.reorders {
            arrival = arrival.max(self.last_arrival);
            self.last_arrival = arrival;
        }
        (packet, arrival, next)
    }

    fn start(&mut self, now: Micros) -> Micros {
        self.busy = true;
        now + self.queue[0].bytes as u64 * 8_000_000 / self.rate(now)
    }
}

pub enum Offer {
    Queued,
    /// The link was idle: this one has left it at that time.
    Started(Micros),
    /// At random.
    Lost,
    /// Because the queue was full.
    Dropped,
}
