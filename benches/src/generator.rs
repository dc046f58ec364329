//! The loop that drives all participants on one core.

use crate::latency::Histogram;
use crate::participant::{Participant, Totals};
use crate::socket::{self, Poller, Receiver};
use anyhow::Result;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// Sleeping no longer than this keeps the loop responsive to joiners.
const LONGEST_WAIT: Duration = Duration::from_millis(2);
/// A timer in the past would spin; the smallest step is a fraction of a burst.
const SHORTEST_WAIT: Duration = Duration::from_micros(200);

/// All participants of a run.
pub struct Generator {
    poller: Poller,
    receiver: Receiver,
    seats: Vec<Seat>,
    free: Vec<usize>,
    wake: BinaryHeap<Reverse<(Instant, usize)>>,
    ready: Vec<usize>,
    pub totals: Totals,
    /// How much later than it wanted a participant had its turn.
    pub lateness: Histogram,
}

/// A place of a participant; free when it left.
struct Seat {
    participant: Option<Participant>,
    /// When it is to be woken; what else `wake` holds of it is void.
    due: Instant,
}

/// What epoll says: a participant has a UDP socket and a WebSocket.
fn udp_token(index: usize) -> usize {
    index * 2
}

fn page_token(index: usize) -> usize {
    index * 2 + 1
}

impl Generator {
    /// Without participants.
    pub fn new() -> Result<Self> {
        Ok(Self {
            poller: Poller::new()?,
            receiver: Receiver::default(),
            seats: vec![],
            free: vec![],
            wake: BinaryHeap::new(),
            ready: vec![],
            totals: Totals::default(),
            lateness: Histogram::default(),
        })
    }

    /// Takes over a signalled participant; says its place.
    pub fn add(&mut self, mut participant: Participant) -> Result<usize> {
        let index = self.free.pop().unwrap_or(self.seats.len());
        self.poller.add(participant.socket(), udp_token(index))?;
        if let Some(page) = &participant.page {
            self.poller.add(page.stream(), page_token(index))?;
        }
        // What came between its answer and now is in the socket's buffer, and no event tells of it.
        participant.read_page();
        let seat = Seat { participant: Some(participant), due: Instant::now() };
        match self.seats.get_mut(index) {
            Some(place) => *place = seat,
            None => self.seats.push(seat),
        }
        self.wake_at(Instant::now(), index);
        Ok(index)
    }

    /// Gives a participant back; its sockets are no longer watched once it is dropped.
    pub fn remove(&mut self, index: usize) -> Option<Participant> {
        let participant = self.seats.get_mut(index)?.participant.take()?;
        self.free.push(index);
        Some(participant)
    }

    fn wake_at(&mut self, at: Instant, index: usize) {
        self.seats[index].due = at;
        self.wake.push(Reverse((at, index)));
    }

    /// The participants by place.
    pub fn participants(&self) -> impl Iterator<Item = &Participant> {
        self.seats.iter().filter_map(|seat| seat.participant.as_ref())
    }

    /// The same, to be changed.
    pub fn participants_mut(&mut self) -> impl Iterator<Item = &mut Participant> {
        self.seats.iter_mut().filter_map(|seat| seat.participant.as_mut())
    }

    /// Who has this place.
    pub fn participant(&mut self, index: usize) -> Option<&mut Participant> {
        self.seats.get_mut(index)?.participant.as_mut()
    }

    /// Datagrams that the kernel dropped at the participants' sockets.
    pub fn kernel_drops(&self) -> u64 {
        self.participants().map(|participant| u64::from(socket::kernel_drops(participant.socket()))).sum()
    }

    /// Runs until `done` says so, asked every couple of milliseconds.
    pub fn run_until(&mut self, mut done: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        while !done(self)? {
            let until = Instant::now() + LONGEST_WAIT;
            while Instant::now() < until {
                self.step(until)?;
            }
        }
        Ok(())
    }

    /// Runs for a time.
    pub fn run_for(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        self.run_until(|_| Ok(Instant::now() >= end))
    }

    fn step(&mut self, until: Instant) -> Result<()> {
        let next = self.wake.peek().map_or(until, |Reverse((at, _))| (*at).min(until));
        let wait = next.saturating_duration_since(Instant::now());
        let mut ready = std::mem::take(&mut self.ready);
        self.poller.wait(wait, &mut ready);
        for token in &ready {
            let index = token / 2;
            let Some(participant) = self.seats.get_mut(index).and_then(|seat| seat.participant.as_mut()) else { continue };
            if *token == page_token(index) {
                participant.read_page();
                continue;
            }
            let was_connected = participant.is_connected();
            participant.receive(&mut self.receiver, &mut self.totals)?;
            if participant.is_connected() && !was_connected {
                // It begins to publish.
                self.wake_at(Instant::now(), index);
            }
        }
        self.ready = ready;
        self.run_timers()
    }

    fn run_timers(&mut self) -> Result<()> {
        let now = Instant::now();
        while let Some(Reverse((at, index))) = self.wake.peek().copied()
            && at <= now
        {
            self.wake.pop();
            let seat = &mut self.seats[index];
            if seat.due != at {
                continue;
            }
            let Some(participant) = seat.participant.as_mut() else { continue };
            // Not `now`: with a hundred timers due at once the last has its turn later than the first.
            let turn = Instant::now();
            self.lateness.record(turn.saturating_duration_since(at).as_nanos() as u64);
            let next = participant.advance(turn, &mut self.totals)?;
            self.wake_at(next.max(turn + SHORTEST_WAIT), index);
        }
        Ok(())
    }
}
