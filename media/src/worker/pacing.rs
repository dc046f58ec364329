//! What waits to go out to receivers whose pacing budget is used up, in the order in which it will.
//!
//! Sound never waits. What was asked for again goes before pictures. The line of a section decides over a packet when it goes out, not when
//! it begins to wait: numbers stay continuous whatever is left out of the queue.

use super::fanout::{Passed, pass_on};
use super::peer::{Peer, PeerKey};
use super::slot::Link;
use super::track::{Fresh, Subscriber};
use super::{Flushed, Worker};
use crate::drops::DropReason;
use crate::rtp::rewrite::SourceKey;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Packets of pictures that wait for one receiver: half a second at 25 Mbit/s. Full: as [`WAIT_MAX`].
const PICTURES_MAX: usize = 1024;
/// What was asked for again, and waits. Full: the rest is dropped, and asked for again.
const REPAIRS_MAX: usize = 256;
/// A picture that would be later than this is not worth sending: all that waits of its section is dropped, and it begins again with
/// a keyframe.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// Everybody who waits is looked at together, this often: a hundred receivers cost no more wake-ups than one.
const TICK: Duration = Duration::from_millis(5);
/// While somebody is probed: the shortest probes last a few times this.
const PROBE_TICK: Duration = Duration::from_millis(2);

/// What waits for one receiver.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    repairs: VecDeque<Repair>,
    pictures: VecDeque<Waiting>,
}

/// Asked for again: by section and number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repair {
    pub slot: u16,
    pub sequence: u16,
}

/// A packet that waits for its first time.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    slot: u16,
    fresh: Fresh,
    since: Instant,
}

impl Queue {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.pictures.is_empty() && self.repairs.is_empty()
    }

    /// Full: the section is to begin again.
    pub(crate) fn push(&mut self, slot: u16, fresh: Fresh, now: Instant) -> Result<(), DropReason> {
        if self.pictures.len() >= PICTURES_MAX {
            return Err(DropReason::Overload);
        }
        self.pictures.push_back(Waiting { slot, fresh, since: now });
        Ok(())
    }

    pub(crate) fn push_repair(&mut self, repair: Repair) -> Result<(), DropReason> {
        if self.repairs.len() >= REPAIRS_MAX {
            return Err(DropReason::Overload);
        }
        self.repairs.push_back(repair);
        Ok(())
    }

    /// Forgets what waits of a section; how much that was.
    pub(crate) fn shed(&mut self, slot: u16) -> usize {
        let before = self.pictures.len();
        self.pictures.retain(|waiting| waiting.slot != slot);
        before - self.pictures.len()
    }

    /// A keyframe of what follows in a section has come: what waits of the one before would only delay it.
    pub(crate) fn supersede(&mut self, slot: u16, by: SourceKey) {
        self.pictures.retain(|waiting| waiting.slot != slot || waiting.fresh.source == by);
    }

    fn is_waiting(&self, slot: u16, source: SourceKey, ext_seq: u64) -> bool {
        self.pictures.iter().any(|w| w.slot == slot && w.fresh.source == source && w.fresh.ext_seq == ext_seq)
    }

    fn clear(&mut self) {
        self.repairs.clear();
        self.pictures.clear();
    }
}

/// The receivers that have something to send by time.
#[derive(Debug)]
pub(super) struct Pacing {
    lanes: VecDeque<PeerKey>,
    /// How many of them are still to be looked at in this turn.
    due: usize,
    at: Option<Instant>,
    epoch: Instant,
}

impl Pacing {
    pub(super) fn new(epoch: Instant) -> Self {
        Self { lanes: VecDeque::new(), due: 0, at: None, epoch }
    }

    pub(super) fn enlist(&mut self, key: PeerKey, peer: &mut Peer) {
        if !std::mem::replace(&mut peer.downlink.enlisted, true) {
            self.lanes.push_back(key);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.at
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.at.is_some_and(|at| at <= now) {
            self.at = None;
            self.due = self.lanes.len();
        }
    }

    /// The first time after `now` on a grid that all share.
    fn next_tick(&self, now: Instant, tick: Duration) -> Instant {
        let since = now.saturating_duration_since(self.epoch).as_micros() as u64;
        let tick = tick.as_micros() as u64;
        self.epoch + Duration::from_micros((since / tick + 1) * tick)
    }
}

impl Worker {
    /// Everybody who waits, as far as their budgets reach.
    pub(super) fn serve_lanes(&mut self, now: Instant) -> Flushed {
        while self.pacing.due > 0 {
            if self.out.transmits.is_ripe() {
                return Flushed::More;
            }
            self.pacing.due -= 1;
            let Some(key) = self.pacing.lanes.pop_front() else { break };
            let waits = self.serve_lane(now, key);
            let Some(peer) = self.peers.get_mut(key) else { continue };
            peer.downlink.enlisted = waits;
            if waits {
                self.pacing.lanes.push_back(key);
            }
        }
        Flushed::Done
    }

    /// When those who still wait are looked at again.
    pub(super) fn plan_lanes(&mut self, now: Instant) {
        if self.pacing.at.is_none() && !self.pacing.lanes.is_empty() {
            let probed = |key: &PeerKey| self.peers.get(*key).is_some_and(|peer| peer.downlink.burst.is_some());
            let tick = if self.pacing.lanes.iter().any(probed) { PROBE_TICK } else { TICK };
            self.pacing.at = Some(self.pacing.next_tick(now, tick));
        }
    }

    /// True: something still waits.
    fn serve_lane(&mut self, now: Instant, key: PeerKey) -> bool {
        loop {
            let Some(peer) = self.peers.get_mut(key) else { return false };
            let downlink = &mut peer.downlink;
            if peer.destination.is_none() || peer.outbound.is_none() {
                downlink.queue.clear();
                downlink.burst = None;
                return false;
            }
            if let Some(old) = downlink.queue.pictures.front().filter(|w| now > w.since + WAIT_MAX).map(|w| w.slot) {
                self.begin_again(now, Subscriber { peer: key, slot: old });
                continue;
            }
            if self.out.transmits.is_ripe() || !downlink.pacer.may_send(now) {
                break;
            }
            if let Some(Repair { slot, sequence }) = downlink.queue.repairs.pop_front() {
                self.resend_counted(now, Subscriber { peer: key, slot }, sequence);
                continue;
            }
            let Some(waiting) = downlink.queue.pictures.pop_front() else { break };
            if let Err(reason) = self.forward_waiting(now, key, waiting) {
                self.out.counters.drops.count(reason);
            }
        }
        self.settle_began(now);
        self.serve_probe(now, key);
        self.peers.get(key).is_some_and(|peer| !peer.downlink.queue.is_empty() || peer.downlink.burst.is_some())
    }

    fn forward_waiting(&mut self, now: Instant, key: PeerKey, waiting: Waiting) -> Result<(), DropReason> {
        let Waiting { slot: index, fresh, .. } = waiting;
        let track = self.sources.get(&fresh.source).and_then(|key| self.tracks.get(*key)).ok_or(DropReason::NotMyLayer)?;
        let encoding = track.encoding_at(&fresh).ok_or(DropReason::NotMyLayer)?;
        if track.muted || fresh.ext_seq < encoding.floor {
            return Err(DropReason::Muted);
        }
        let peer = self.peers.get_mut(key).ok_or(DropReason::NotMyLayer)?;
        let (Some(to), Some(outbound)) = (peer.destination, peer.outbound.as_ref()) else { return Err(DropReason::NoKeys) };
        let slot = peer.slots.get_mut(usize::from(index)).ok_or(DropReason::NotMyLayer)?;
        let packet = encoding.ring.get(fresh.ext_seq);
        let queue = std::mem::take(&mut peer.downlink.queue);
        let still_to_come = |ext_seq: u64| queue.is_waiting(index, fresh.source, ext_seq);
        let mut link = Link { to, outbound, downlink: &mut peer.downlink, now };
        let before = self.out.transmits.bytes.len();
        let passed = pass_on(track, &fresh, packet.as_ref(), still_to_come, slot, &mut link, &mut self.out);
        peer.downlink.queue = queue;
        let Passed { sent, began } = passed?;
        if began {
            self.began.push(super::fanout::Began { subscriber: Subscriber { peer: key, slot: index } });
        }
        self.out.counters.packets_forwarded += sent;
        self.out.counters.bytes_forwarded += (self.out.transmits.bytes.len() - before) as u64;
        Ok(())
    }

    /// Too much of a section waits, or too long: it is dropped, and the picture begins again with a keyframe.
    pub(super) fn begin_again(&mut self, now: Instant, subscriber: Subscriber) {
        let Some(peer) = self.peers.get_mut(subscriber.peer) else { return };
        let shed = peer.downlink.queue.shed(subscriber.slot);
        for _ in 0..shed {
            self.out.counters.drops.count(DropReason::Overload);
        }
        if let Some(slot) = peer.slots.get_mut(usize::from(subscriber.slot)) {
            slot.line.interrupt(now);
        }
        self.aim(now, subscriber);
        self.want_allocation(subscriber.peer);
    }
}
