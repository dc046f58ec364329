//! From the estimate of each receiver's network to what each of its sections gets.

use super::allocate::{Demand, Layer, assume_heights, enough};
use super::peer::{Peer, PeerKey};
use super::rates::TEMPORAL_MAX;
use super::redundancy::Costs;
use super::slot::Slot;
use super::track::{ENCODINGS_MAX, Subscriber, Track, TrackKey};
use super::{Event, LayerLimit, Worker, layer};
use crate::drops::DropReason;
use crate::id::MediaKind;
use crate::rtp::twcc::Feedback;
use std::time::{Duration, Instant};

/// Layers follow the estimate no more often than this, for one receiver.
const ALLOCATE_EVERY: Duration = Duration::from_millis(100);
/// And are looked at again this often when nothing happens: the rates of what is sent change.
const REVIEW_EVERY: Duration = Duration::from_secs(1);
/// Statuses that one feedback packet may tell of: many times what anybody is sent in a quarter of a second.
const STATUSES_MAX: u16 = 8192;

impl Worker {
    /// A receiver tells what arrived.
    pub(super) fn take_transport_feedback(&mut self, now: Instant, key: PeerKey, fci: &[u8]) -> Result<(), DropReason> {
        let peer = self.peers.get_mut(key).ok_or(DropReason::RtcpUnknownStream)?;
        if !peer.feedback.transport_budget.take(now) {
            return Err(DropReason::RtcpThrottled);
        }
        let feedback = Feedback::parse(fci).filter(|f| f.status_count <= STATUSES_MAX).ok_or(DropReason::RtcpMalformed)?;
        let first = peer.downlink.hear(now);
        peer.downlink.estimator.on_feedback(now, &feedback);
        self.follow_estimate(now, key);
        if first {
            self.want_allocation(key);
        }
        Ok(())
    }

    /// The estimate may have changed.
    fn follow_estimate(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let downlink = &mut peer.downlink;
        downlink.pace(now);
        if downlink.is_notable() {
            let at = downlink.allocated_at.map_or(now, |at| (at + ALLOCATE_EVERY).max(now));
            downlink.allocate_at = Some(downlink.allocate_at.map_or(at, |planned| planned.min(at)));
        }
        if let Some(at) = downlink.poll_timeout() {
            self.timers.wake_by(key, &mut peer.wake_at, at.max(now));
        }
        self.begin_probe(now, key);
    }

    /// What is due by time.
    pub(super) fn serve_downlink(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.downlink.estimator.poll_timeout().is_some_and(|at| at <= now) {
            peer.downlink.estimator.handle_timeout(now);
            self.follow_estimate(now, key);
        }
        if self.peers.get(key).and_then(|peer| peer.downlink.allocate_at).is_some_and(|at| at <= now) {
            self.want_allocation(key);
        }
    }

    /// Something changed that should be seen at once: at the next flush, however many things change before it.
    pub(super) fn want_allocation(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.downlink.allocate_at = None;
        if !std::mem::replace(&mut peer.downlink.unallocated, true) {
            self.unallocated.push(key);
        }
    }

    /// A track's layers came, went or changed places.
    pub(super) fn want_allocation_of_subscribers(&mut self, key: TrackKey) {
        let count = self.tracks.get(key).map_or(0, |t| t.subscribers.len());
        for index in 0..count {
            let subscriber = self.tracks.get(key).and_then(|t| t.subscribers.get(index)).copied();
            if let Some(subscriber) = subscriber {
                self.want_allocation(subscriber.peer);
            }
        }
    }

    pub(super) fn allocate_waiting(&mut self, now: Instant) {
        while let Some(key) = self.unallocated.pop() {
            if let Some(peer) = self.peers.get_mut(key) {
                peer.downlink.unallocated = false;
                self.allocate(now, key);
            }
        }
    }

    /// Divides what the receiver's network carries among its pictures.
    fn allocate(&mut self, now: Instant, key: PeerKey) {
        let mut demands = std::mem::take(&mut self.demands);
        let mut demanding = std::mem::take(&mut self.demanding);
        demands.clear();
        demanding.clear();
        if let Some(peer) = self.peers.get_mut(key) {
            for (index, slot) in peer.slots.iter_mut().enumerate().filter(|(_, slot)| slot.kind == MediaKind::Video) {
                let track = slot.assigned.filter(|_| slot.live).and_then(|key| self.tracks.get(key));
                match track.and_then(|track| demand(slot, track, now)) {
                    Some(demand) => {
                        demands.push(demand);
                        demanding.push(index as u16);
                    }
                    None => slot.grant.clear(),
                }
            }
            allow_redundancy(peer, now);
            let budget = peer.downlink.picture_budget(now);
            self.allocation.divide(&demands, budget);
            let wanted = peer.downlink.needed_for(demands.iter().map(Demand::needed_bps).sum());
            peer.downlink.estimator.set_wanted(now, wanted);
            peer.downlink.pace(now);
            // Until its network is known, nothing pauses.
            let unknown = !peer.downlink.is_known(now);
            let mut next = (!demands.is_empty()).then(|| now + REVIEW_EVERY);
            for (n, demand) in demands.iter().enumerate() {
                let Some(slot) = peer.slots.get_mut(usize::from(demanding[n])) else { continue };
                let share = slot.grant.soften(now, self.allocation.shares[n], demand.least(), self.allocation.first() == Some(n));
                let share = share.or_else(|| demand.least().filter(|_| unknown));
                let squeezed = share != demand.best() && !unknown;
                slot.grant.decide(now, share.map(|share| demand.whole(share)), squeezed);
                if let Some(at) = slot.grant.poll_timeout(now) {
                    next = next.map(|planned| planned.min(at.max(now + ALLOCATE_EVERY)));
                }
            }
            peer.downlink.allocated_at = Some(now);
            peer.downlink.allocate_at = next;
        }
        (self.demands, self.demanding) = (demands, demanding);
        self.apply_grants(now, key);
        self.begin_probe(now, key);
        self.reschedule(now, key);
    }

    /// Lines follow the grants, and whoever must know is told.
    fn apply_grants(&mut self, now: Instant, key: PeerKey) {
        let count = self.peers.get(key).map_or(0, |peer| peer.slots.len());
        for index in 0..count {
            let Some(peer) = self.peers.get_mut(key) else { return };
            let deaf = peer.downlink.is_deaf(now);
            let Some(slot) = peer.slots.get_mut(index).filter(|slot| slot.kind == MediaKind::Video) else { continue };
            let starved = slot.grant.is_refused();
            if std::mem::replace(&mut slot.grant.starved, starved) != starved {
                let (peer, mid) = (peer.id, slot.mid);
                self.out.events.push_back(if starved { Event::PictureStarved { peer, mid } } else { Event::PictureFed { peer, mid } });
            }
            let assigned = slot.assigned.filter(|_| slot.live);
            let track = assigned.and_then(|key| self.tracks.get(key));
            let wants = track.map_or(0, |track| wanted_layers(slot, track, deaf));
            let changed = std::mem::replace(&mut slot.grant.wants, wants) != wants;
            self.aim(now, Subscriber { peer: key, slot: index as u16 });
            if let Some(track) = assigned.filter(|_| changed) {
                self.review_wanted(now, track);
            }
        }
    }
}

/// Sound first: how much redundancy it may have, before pictures get what is left.
fn allow_redundancy(peer: &mut Peer, now: Instant) {
    let of_each = || peer.slots.iter().filter(|slot| slot.live).filter_map(|slot| slot.redundancy.as_ref());
    let costs: Costs = std::array::from_fn(|level| of_each().map(|redundancy| redundancy.cost_bps(level as u8)).sum());
    let level = peer.downlink.allow_redundancy(now, &costs);
    peer.slots.iter_mut().filter_map(|slot| slot.redundancy.as_mut()).for_each(|redundancy| redundancy.set_limit(level));
}

/// What a section would like. `None`: nothing, because nobody looks, or nothing of the track is to be had.
fn demand(slot: &Slot, track: &Track, now: Instant) -> Option<Demand> {
    if track.muted || !slot.is_viewed() || slot.limit == LayerLimit::Paused {
        return None;
    }
    let allowed = if let LayerLimit::UpTo(rank) = slot.limit { rank } else { u8::MAX };
    let (active, ranks) = (track.active_mask(), layer::ranks(track));
    let mut layers = [Layer::default(); ENCODINGS_MAX];
    let mut count = 0;
    for rank in 0..track.encodings.len() as u8 {
        let index = (0..track.encodings.len()).find(|index| ranks[*index] == rank);
        let Some((index, encoding)) = index.map(|index| (index, &track.encodings[index])) else { continue };
        if active >> index & 1 == 1 && rank <= allowed && slot.accepts(encoding.codec) {
            let temporal = encoding.rates.temporal_layers();
            layers[count] = Layer { rank, height: encoding.height.unwrap_or(0), bps: encoding.rates.bps().unwrap_or_default(), temporal };
            count += 1;
        }
    }
    assume_heights(&mut layers[..count]);
    for layer in &mut layers[..count] {
        if layer.bps[TEMPORAL_MAX - 1] == 0 {
            layer.bps = [assumed_bps(layer.height); TEMPORAL_MAX];
        }
    }
    (count > 0).then(|| Demand {
        importance: slot.viewing.importance,
        height: slot.viewing.height,
        layers,
        count: count as u8,
        current: slot.grant.share(),
        may_rise: slot.grant.may_rise(now),
    })
}

/// What a layer may cost that was not measured yet: what browsers send by default, rounded up.
fn assumed_bps(height: u16) -> u64 {
    match height {
        0..=200 => 200_000,
        201..=400 => 600_000,
        401..=600 => 1_200_000,
        601..=800 => 2_000_000,
        _ => 3_000_000,
    }
}

/// How many layers of the track a section can use, now or soon: what its size needs, and of that what it has and one more. The next layer
/// is sent before it is given, because its rate must be known and a probe must be worth something; those above it are not, because
/// nobody could be given them soon. So a publisher sends at most one layer in vain.
fn wanted_layers(slot: &Slot, track: &Track, deaf: bool) -> u8 {
    if !slot.is_viewed() || slot.limit == LayerLimit::Paused {
        return 0;
    }
    let ranks = layer::ranks(track);
    let mut layers = [Layer::default(); ENCODINGS_MAX];
    for (index, encoding) in track.encodings.iter().enumerate() {
        layers[usize::from(ranks[index])].height = encoding.height.unwrap_or(0);
    }
    let count = usize::from(track.announced).max(track.encodings.len()).clamp(1, ENCODINGS_MAX);
    assume_heights(&mut layers[..count]);
    let by_size = enough(&layers[..count], slot.viewing.height) as u8 + 1;
    let by_limit = if let LayerLimit::UpTo(rank) = slot.limit { rank.saturating_add(1) } else { u8::MAX };
    let by_network = match slot.grant.share() {
        _ if deaf || !slot.grant.is_decided() => u8::MAX,
        Some(share) => share.rank + 2,
        None => 1,
    };
    by_size.min(by_limit).min(by_network)
}
