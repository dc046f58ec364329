//! The loop that drives all participants on one core.

use crate::participant::{Participant, Totals};
use crate::socket::{Poller, Receiver};
use anyhow::Result;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// Sleeping no longer than this keeps the loop responsive to joiners.
const LONGEST_WAIT: Duration = Duration::from_millis(2);

/// All participants of a run.
pub struct Generator {
    poller: Poller,
    receiver: Receiver,
    participants: Vec<Participant>,
    wake: BinaryHeap<Reverse<(Instant, usize)>>,
    /// When each participant is to be woken; what else `wake` holds of it is void.
    due: Vec<Instant>,
    ready: Vec<usize>,
    pub totals: Totals,
}

impl Generator {
    /// Without participants.
    pub fn new() -> Result<Self> {
        Ok(Self {
            poller: Poller::new()?,
            receiver: Receiver::default(),
            participants: vec![],
            wake: BinaryHeap::new(),
            due: vec![],
            ready: vec![],
            totals: Totals::default(),
        })
    }

    /// Takes over a signalled participant.
    pub fn add(&mut self, participant: Participant) -> Result<()> {
        let token = self.participants.len();
        self.poller.add(participant.socket(), token)?;
        self.participants.push(participant);
        self.due.push(Instant::now());
        self.wake.push(Reverse((self.due[token], token)));
        Ok(())
    }

    fn wake_at(&mut self, at: Instant, token: usize) {
        self.due[token] = at;
        self.wake.push(Reverse((at, token)));
    }

    /// The participants in the order they were added.
    pub fn participants(&self) -> &[Participant] {
        &self.participants
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
            let participant = &mut self.participants[*token];
            let was_connected = participant.is_connected();
            participant.receive(&mut self.receiver, &mut self.totals)?;
            if participant.is_connected() && !was_connected {
                // It begins to publish.
                self.wake_at(Instant::now(), *token);
            }
        }
        self.ready = ready;
        let now = Instant::now();
        while let Some(Reverse((at, token))) = self.wake.peek().copied()
            && at <= now
        {
            self.wake.pop();
            if self.due[token] == at {
                let next = self.participants[token].advance(now, &mut self.totals)?;
                // A timer in the past would spin; the smallest step is a fraction of a burst.
                self.wake_at(next.max(now + Duration::from_micros(200)), token);
            }
        }
        Ok(())
    }
}
