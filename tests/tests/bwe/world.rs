//! Flows over a bottleneck in virtual time, and what was seen there.

use super::controller::Controller;
use super::link::{Body, Link, LinkSpec, Micros, Offer, Packet};
use super::rtc::{Rtc, RtcSpec};
use super::tcp::{ACK, Growth, SEGMENT, Tcp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// How finely is counted.
pub const BIN: Micros = 50_000;
const FORWARD: usize = 0;
const BACKWARD: usize = 1;

#[derive(Clone, Debug)]
pub enum FlowSpec {
    Rtc(RtcSpec),
    Tcp { growth: Growth, start: Micros, stop: Micros },
}

/// A network, and who uses it.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub forward: LinkSpec,
    pub backward: LinkSpec,
    pub flows: Vec<FlowSpec>,
    pub end: Micros,
    /// When the first flow is told that its path has changed.
    pub path_change: Option<Micros>,
    /// From when on the forward path takes how much longer.
    pub longer: Option<(Micros, Micros)>,
}

impl Scenario {
    pub fn new(forward: LinkSpec, flows: Vec<FlowSpec>, seconds: u64) -> Self {
        Self { forward, backward: LinkSpec::wide(), flows, end: seconds * 1_000_000, path_change: None, longer: None }
    }
}

/// What one flow got, in bins of 50 ms.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub bytes: Vec<usize>,
    pub target: Vec<u64>,
    pub sound_sent: usize,
    pub sound_arrived: usize,
    /// Packets dropped by a full queue.
    pub dropped: usize,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Report {
    pub flows: Vec<Seen>,
    /// The longest queue of the forward link in each bin.
    pub queue: Vec<Micros>,
}

impl Report {
    /// bit/s that arrived between two times.
    pub fn rate(&self, flow: usize, from: Micros, to: Micros) -> f64 {
        let bytes: usize = self.flows[flow].bytes[(from / BIN) as usize..(to / BIN) as usize].iter().sum();
        bytes as f64 * 8e6 / (to - from) as f64
    }

    /// Of a link of that rate.
    pub fn share(&self, flow: usize, from: Micros, to: Micros, bps: u64) -> f64 {
        self.rate(flow, from, to) / bps as f64
    }

    /// Seconds from a time until a flow's target first is at least (or at most) so much; the rest of the run when never.
    pub fn until(&self, flow: usize, from: Micros, holds: impl Fn(u64) -> bool) -> f64 {
        let first = (from / BIN) as usize;
        let target = &self.flows[flow].target;
        let at = target[first..].iter().position(|bps| holds(*bps)).unwrap_or(target.len() - first);
        at as f64 * BIN as f64 / 1e6
    }

    /// The longest time in seconds that the queue was above this without a break, beginning after a time.
    pub fn standing(&self, from: Micros, to: Micros, above: Micros) -> f64 {
        let (mut longest, mut current) = (0, 0);
        for queue in &self.queue[(from / BIN) as usize..(to / BIN) as usize] {
            current = if *queue > above { current + 1 } else { 0 };
            longest = longest.max(current);
        }
        longest as f64 * BIN as f64 / 1e6
    }

    pub fn queue_mean(&self, from: Micros, to: Micros) -> f64 {
        let bins = &self.queue[(from / BIN) as usize..(to / BIN) as usize];
        bins.iter().sum::<Micros>() as f64 / bins.len() as f64 / 1e3
    }
}

#[derive(Debug)]
enum Event {
    Wake(usize),
    Feedback(usize),
    Depart(usize),
    Arrive(usize, Packet),
    Sample,
    Longer(Micros),
    PathChange,
}

struct Entry(Micros, u64, Event);

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

enum Flow {
    Rtc(Box<Rtc>),
    Tcp { tcp: Tcp, start: Micros, stop: Micros },
}

struct World {
    rng: ChaCha8Rng,
    links: [Link; 2],
    flows: Vec<Flow>,
    events: BinaryHeap<Reverse<Entry>>,
    serial: u64,
    /// When each flow wakes next; older wake-ups are void.
    wake: Vec<Micros>,
    seen: Vec<Seen>,
    queue: Vec<Micros>,
    queue_now: Micros,
    out: Vec<Packet>,
}

/// Runs a scenario; all flows of the conference use controllers that `make` makes.
pub fn run(scenario: &Scenario, seed: u64, make: fn(Instant) -> Box<dyn Controller>) -> Report {
    let epoch = Instant::now();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let flows: Vec<Flow> = scenario
        .flows
        .iter()
        .map(|spec| match spec {
            FlowSpec::Rtc(spec) => {
                // Nobody begins at a round time.
                let start = spec.start + rng.random_range(0..20_000);
                Flow::Rtc(Box::new(Rtc::new(RtcSpec { start, ..spec.clone() }, epoch, make)))
            }
            FlowSpec::Tcp { growth, start, stop } => {
                Flow::Tcp { tcp: Tcp::new(*growth), start: *start + rng.random_range(0..500_000), stop: *stop }
            }
        })
        .collect();
    let mut world = World {
        rng,
        links: [Link::new(scenario.forward.clone()), Link::new(scenario.backward.clone())],
        wake: vec![0; flows.len()],
        seen: vec![Seen::default(); flows.len()],
        flows,
        events: BinaryHeap::new(),
        serial: 0,
        queue: vec![],
        queue_now: 0,
        out: vec![],
    };
    world.start(scenario);
    while let Some(Reverse(Entry(now, _, event))) = world.events.pop() {
        if now >= scenario.end {
            break;
        }
        world.handle(now, event);
    }
    let bins = (scenario.end / BIN) as usize;
    for seen in &mut world.seen {
        seen.bytes.resize(bins, 0);
        seen.target.resize(bins, 0);
    }
    world.queue.resize(bins, 0);
    Report { flows: world.seen, queue: world.queue }
}

impl World {
    fn start(&mut self, scenario: &Scenario) {
        for index in 0..self.flows.len() {
            match &self.flows[index] {
                Flow::Rtc(rtc) => {
                    let (start, feedback) = (rtc.spec.start, rtc.next_feedback);
                    self.wake_at(index, start);
                    self.at(feedback, Event::Feedback(index));
                }
                Flow::Tcp { start, .. } => {
                    let start = *start;
                    self.wake_at(index, start);
                }
            }
        }
        self.at(BIN - 1, Event::Sample);
        if let Some((time, micros)) = scenario.longer {
            self.at(time, Event::Longer(micros));
        }
        if let Some(time) = scenario.path_change {
            self.at(time, Event::PathChange);
        }
    }

    fn at(&mut self, time: Micros, event: Event) {
        self.serial += 1;
        self.events.push(Reverse(Entry(time, self.serial, event)));
    }

    fn wake_at(&mut self, flow: usize, time: Micros) {
        self.wake[flow] = time;
        self.at(time, Event::Wake(flow));
    }

    fn handle(&mut self, now: Micros, event: Event) {
        match event {
            Event::Wake(flow) if self.wake[flow] == now => self.send(now, flow),
            Event::Wake(_) => {}
            Event::Feedback(index) => {
                if let Flow::Rtc(rtc) = &mut self.flows[index] {
                    rtc.feedback(now, index, &mut self.out);
                    let (next, link) = (rtc.next_feedback, if rtc.spec.backward { FORWARD } else { BACKWARD });
                    self.at(next, Event::Feedback(index));
                    self.carry(now, link);
                }
            }
            Event::Depart(link) => {
                let (packet, arrival, next) = self.links[link].depart(now, &mut self.rng);
                self.at(arrival, Event::Arrive(link, packet));
                if let Some(next) = next {
                    self.at(next, Event::Depart(link));
                }
            }
            Event::Arrive(link, packet) => self.arrive(now, link, packet),
            Event::Sample => self.sample(now),
            Event::Longer(micros) => self.links[FORWARD].spec.propagation += micros,
            Event::PathChange => {
                if let Flow::Rtc(rtc) = &mut self.flows[0] {
                    rtc.path_change(now);
                }
            }
        }
    }

    fn send(&mut self, now: Micros, index: usize) {
        let (next, link) = match &mut self.flows[index] {
            Flow::Rtc(rtc) => (rtc.run(now, index, &mut self.out), if rtc.spec.backward { BACKWARD } else { FORWARD }),
            Flow::Tcp { stop, .. } if now > *stop => return,
            Flow::Tcp { tcp, .. } => {
                tcp.handle_timeout(now);
                while let Some(number) = tcp.poll_send(now) {
                    self.out.push(Packet { flow: index, bytes: SEGMENT, body: Body::Segment(number) });
                }
                (now + 100_000, FORWARD)
            }
        };
        self.wake_at(index, next);
        self.carry(now, link);
    }

    /// Puts what was sent on a link.
    fn carry(&mut self, now: Micros, link: usize) {
        for packet in std::mem::take(&mut self.out) {
            let seen = &mut self.seen[packet.flow];
            seen.sound_sent += usize::from(matches!(packet.body, Body::Media { audio: true, .. }));
            match self.links[link].offer(now, packet.clone(), &mut self.rng) {
                Offer::Started(departs) => self.at(departs, Event::Depart(link)),
                Offer::Dropped => seen.dropped += 1,
                Offer::Queued | Offer::Lost => {}
            }
        }
        self.queue_now = self.queue_now.max(self.links[FORWARD].delay(now));
    }

    fn arrive(&mut self, now: Micros, link: usize, packet: Packet) {
        let index = packet.flow;
        match (&mut self.flows[index], packet.body) {
            (Flow::Rtc(rtc), Body::Media { number, audio }) => {
                rtc.on_arrival(now, number);
                let seen = &mut self.seen[index];
                seen.sound_arrived += usize::from(audio);
                count(&mut seen.bytes, now, packet.bytes);
            }
            (Flow::Rtc(rtc), Body::Feedback(fci)) => {
                rtc.on_feedback(now, &fci);
                self.send(now, index);
            }
            (Flow::Tcp { .. }, Body::Segment(number)) => {
                count(&mut self.seen[index].bytes, now, packet.bytes);
                self.out.push(Packet { flow: index, bytes: ACK, body: Body::Ack(number) });
                self.carry(now, 1 - link);
            }
            (Flow::Tcp { tcp, .. }, Body::Ack(number)) => {
                tcp.on_ack(now, number);
                self.send(now, index);
            }
            _ => unreachable!("a packet of another kind of flow"),
        }
    }

    fn sample(&mut self, now: Micros) {
        self.queue.push(std::mem::take(&mut self.queue_now).max(self.links[FORWARD].delay(now)));
        for (flow, seen) in self.flows.iter().zip(&mut self.seen) {
            seen.target.push(match flow {
                Flow::Rtc(rtc) => rtc.controller.target_bps(),
                Flow::Tcp { .. } => 0,
            });
        }
        self.at(now + BIN, Event::Sample);
    }
}

fn count(bins: &mut Vec<usize>, now: Micros, bytes: usize) {
    let bin = (now / BIN) as usize;
    if bins.len() <= bin {
        bins.resize(bin + 1, 0);
    }
    bins[bin] += bytes;
}
