//! Towards one receiver: what its network carries, and what waits to go out.

use super::pacing::Queue;
use super::probing::Burst;
use super::rates::Rates;
use super::redundancy::{Allowance, Costs};
use crate::bwe::{Estimator, Pacer, Sent};
use crate::path::Path;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A receiver that was sent to for so long and never told what arrived has no transport-wide feedback, whatever it agreed on.
const DEAF_AFTER: Duration = Duration::from_secs(2);
/// How long the estimate takes to find what the network carries, with probes, and some time more.
const RAMP: Duration = Duration::from_secs(2);
/// Pictures go out a little faster than the target, so that what a keyframe made wait gets away.
const PACING_PERCENT: u64 = 125;
/// For what is sent again, and for what estimates and encoders waver by.
const RESERVE_PERCENT: u64 = 5;
/// The estimate must move by this much before layers are looked at again because of it.
const NOTABLE_PERCENT: u64 = 3;

/// One receiver's share of the network.
pub(crate) struct Downlink {
    pub estimator: Estimator,
    pub pacer: Pacer,
    pub queue: Queue,
    /// The probe that is being sent.
    pub burst: Option<Burst>,
    /// Pictures may have to wait.
    paced: bool,
    /// Some section agreed on transport-wide numbers.
    numbered: bool,
    /// Its network can be probed: some section has RTX.
    probed: bool,
    next_number: u16,
    first_sent: Option<Instant>,
    heard_at: Option<Instant>,
    /// UDP and IP.
    overhead: usize,
    /// What the sound takes, without its redundancy.
    sound: Rates,
    redundancy: Allowance,
    /// How much of the network the last allocation counted with.
    allocated_for: u64,
    pub allocated_at: Option<Instant>,
    /// When it is wanted next, because something changed slowly.
    pub allocate_at: Option<Instant>,
    /// In the list of those that are allocated anew at the next flush.
    pub unallocated: bool,
    /// In the list of those that have something to send by time.
    pub enlisted: bool,
}

impl Downlink {
    pub(crate) fn new(now: Instant, numbers_from: u16) -> Self {
        Self {
            estimator: Estimator::new(now),
            pacer: Pacer::new(now),
            queue: Queue::default(),
            burst: None,
            paced: false,
            numbered: false,
            probed: false,
            next_number: numbers_from,
            first_sent: None,
            heard_at: None,
            overhead: overhead(None),
            sound: Rates::default(),
            redundancy: Allowance::default(),
            allocated_for: 0,
            allocated_at: None,
            allocate_at: None,
            unallocated: false,
            enlisted: false,
        }
    }

    /// What the sections agreed on.
    pub(crate) fn configure(&mut self, numbered: bool, probed: bool) {
        (self.numbered, self.probed) = (numbered, probed);
    }

    /// The selected address, before and now.
    pub(crate) fn moved(&mut self, now: Instant, from: Option<Path>, to: Option<Path>) {
        self.overhead = overhead(to.map(|path| path.remote));
        // The first one is no change, and a way that is lost is not another way yet.
        if from.is_some() && to.is_some() && from != to {
            self.estimator.on_path_change(now);
            // What was too much for one network may be little for the other.
            self.redundancy = Allowance::default();
            self.pace(now);
            self.allocate_at = Some(now);
        }
    }

    /// A transport-wide number: one for each packet that goes out for the first time.
    #[inline]
    pub(crate) fn number(&mut self) -> u16 {
        self.next_number = self.next_number.wrapping_add(1);
        self.next_number
    }

    /// A packet of `len` bytes went out. Without a number: under an old one, or to somebody who does not count.
    #[inline]
    pub(crate) fn sent(&mut self, now: Instant, number: Option<u16>, len: usize, what: Sent) {
        if !self.numbered {
            return;
        }
        let bytes = len + self.overhead;
        self.first_sent.get_or_insert(now);
        self.pacer.on_sent(now, bytes);
        if let Some(number) = number {
            self.estimator.on_sent(now, number, bytes, what);
        }
        if let Some(burst) = &mut self.burst {
            burst.sent += bytes;
        }
    }

    /// A packet of sound went out, with so many bytes of its own.
    #[inline]
    pub(crate) fn sounded(&mut self, now: Instant, payload: usize) {
        self.sound.count(now, payload, None);
    }

    /// Feedback has come. True: the first.
    pub(crate) fn hear(&mut self, now: Instant) -> bool {
        let first = self.heard_at.is_none();
        self.heard_at.get_or_insert(now);
        first
    }

    /// Whether the estimate means anything: feedback confirmed it for long enough to have found what the network carries.
    pub(crate) fn is_known(&self, now: Instant) -> bool {
        self.heard_at.is_some_and(|at| now >= at + RAMP)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let estimator = self.estimator.poll_timeout().filter(|_| self.numbered && self.probed);
        [estimator, self.allocate_at].into_iter().flatten().min()
    }

    /// Nothing is known of its network, and never will be: without feedback there is nothing to learn from, and without probes an
    /// estimate would stay at what happens to be sent.
    pub(crate) fn is_deaf(&self, now: Instant) -> bool {
        !self.numbered || !self.probed || self.heard_at.is_none() && self.first_sent.is_some_and(|at| now > at + DEAF_AFTER)
    }

    /// A picture packet must wait: others do, or the budget is used up.
    #[inline]
    pub(crate) fn holds_back(&mut self, now: Instant) -> bool {
        self.paced && (!self.queue.is_empty() || !self.pacer.may_send(now))
    }

    /// Follows the estimate, or the probe. Where the network is wide, nothing is held back: not what waited either, which goes first.
    pub(crate) fn pace(&mut self, now: Instant) {
        let bound = self.burst.is_some() || self.estimator.is_bound() || !self.queue.is_empty();
        self.paced = self.probed && self.heard_at.is_some() && bound;
        let target = self.estimator.target_bps() * PACING_PERCENT / 100;
        let rate = self.burst.map_or(target, |burst| burst.probe.rate_bps.max(target));
        self.pacer.set_rate(now, rate);
    }

    /// The estimate moved so far that the layers may have to follow.
    pub(crate) fn is_notable(&self) -> bool {
        self.estimator.target_bps().abs_diff(self.allocated_for) * 100 > self.allocated_for * NOTABLE_PERCENT
    }

    /// What pictures may take, in bits per second.
    pub(crate) fn picture_budget(&mut self, now: Instant) -> u64 {
        if self.is_deaf(now) {
            return u64::MAX;
        }
        self.allocated_for = self.estimator.target_bps();
        self.carried_bps().saturating_sub(self.sound_bps() + self.redundancy.granted_bps)
    }

    /// How much redundancy the sound may have; what that takes, pictures do not get.
    pub(crate) fn allow_redundancy(&mut self, now: Instant, costs: &Costs) -> u8 {
        // Without probes an estimate stays at what happens to be sent, unless that was too much.
        let unknown = self.is_deaf(now) && !self.estimator.has_seen_bound();
        let carried = if unknown { u64::MAX } else { self.carried_bps() };
        self.redundancy.decide(now, self.sound_bps(), costs, carried)
    }

    fn carried_bps(&self) -> u64 {
        self.estimator.target_bps() * (100 - RESERVE_PERCENT) / 100
    }

    /// What the network must carry so that pictures may take so much: [`Downlink::picture_budget`] the other way round.
    pub(crate) fn needed_for(&self, picture_bps: u64) -> u64 {
        (picture_bps + self.sound_bps() + self.redundancy.needed_bps) * 100 / (100 - RESERVE_PERCENT)
    }

    fn sound_bps(&self) -> u64 {
        self.sound.bps().map_or(0, |bps| bps[0])
    }
}

fn overhead(to: Option<SocketAddr>) -> usize {
    if to.is_some_and(|to| to.is_ipv6()) { 48 } else { 28 }
}
