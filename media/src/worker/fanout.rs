//! What has arrived goes out: track by track, sound first, and within a track receiver by receiver, so that what one receiver gets lies
//! together in the arena.

use super::peer::Peer;
use super::slab::Slab;
use super::slot::{Link, Slot};
use super::track::{Fresh, Subscriber, Track, TrackKey};
use super::{Flushed, Out, Worker};
use crate::drops::DropReason;
use crate::id::MediaKind;
use crate::rtp::ring::StoredPacket;
use std::collections::VecDeque;
use std::time::Instant;

/// Packets of one track that go out in one round: more than a frame's share of one receive batch, and few enough to look them up once
/// for all receivers on the stack.
const ROUND: usize = 16;
/// A keyframe and what came while its first packet was being recovered.
const CATCH_UP_MAX: u64 = 300;

/// Packets of one track that wait for a flush: many times what a receive batch holds.
const FRESH_MAX: usize = 4096;

/// Tracks with something to forward.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    audio: VecDeque<TrackKey>,
    video: VecDeque<TrackKey>,
}

impl Dirty {
    /// A packet wants to go out. Full: it is left in the ring, where its receivers' NACKs find it.
    #[inline]
    pub(crate) fn push(&mut self, track: &mut Track, key: TrackKey, fresh: Fresh) -> Result<(), DropReason> {
        if track.fan_out.fresh.len() >= FRESH_MAX {
            return Err(DropReason::Overload);
        }
        track.fan_out.fresh.push(fresh);
        if !track.fan_out.queued {
            track.fan_out.queued = true;
            self.queue(track.kind).push_back(key);
        }
        Ok(())
    }

    fn queue(&mut self, kind: MediaKind) -> &mut VecDeque<TrackKey> {
        match kind {
            MediaKind::Audio => &mut self.audio,
            MediaKind::Video => &mut self.video,
        }
    }

    /// Sound first.
    fn front(&self) -> Option<TrackKey> {
        self.audio.front().or(self.video.front()).copied()
    }

    fn has_sound(&self) -> bool {
        !self.audio.is_empty()
    }

    fn pop(&mut self) {
        if self.audio.pop_front().is_none() {
            self.video.pop_front();
        }
    }

    pub(crate) fn remove(&mut self, kind: MediaKind, key: TrackKey) {
        self.queue(kind).retain(|k| *k != key);
    }

    pub(crate) fn len(&self) -> usize {
        self.audio.len() + self.video.len()
    }
}

/// A source began in a slot: its receiver is owed a sender report, and who was there before leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Began {
    pub subscriber: Subscriber,
}

impl Worker {
    /// Sound, what was asked for again, pictures.
    pub(super) fn forward_all(&mut self, now: Instant) -> Flushed {
        self.allocate_waiting(now);
        while let Some(key) = self.dirty.front() {
            if self.out.transmits.is_ripe() {
                return Flushed::More;
            }
            if !self.dirty.has_sound() && self.send_waiting(now) == Flushed::More {
                return Flushed::More;
            }
            if self.forward_track(now, key) == Flushed::More {
                return Flushed::More;
            }
        }
        let flushed = self.send_waiting(now);
        self.plan_lanes(now);
        flushed
    }

    /// What is due before new pictures: what was asked for again, and what waited for its receiver's pacing.
    fn send_waiting(&mut self, now: Instant) -> Flushed {
        if self.resend_some(now) == Flushed::More {
            return Flushed::More;
        }
        self.serve_lanes(now)
    }

    fn forward_track(&mut self, now: Instant, key: TrackKey) -> Flushed {
        let starts = self.tracks.get(key).is_none_or(|t| t.fan_out.round == 0);
        if starts {
            self.review_layers(now, key);
        }
        let Some(track) = self.tracks.get_mut(key) else {
            self.dirty.pop();
            return Flushed::Done;
        };
        if starts {
            track.fan_out.round = track.fan_out.fresh.len().min(ROUND);
            track.fan_out.next = 0;
        }
        let mut after = After { began: &mut self.began, held: &mut self.held };
        let next = forward_round(track, &mut self.peers, &mut self.out, &mut after, now);
        track.fan_out.next = next;
        let done = next >= track.subscribers.len();
        if done {
            let fan_out = &mut track.fan_out;
            fan_out.fresh.drain(..fan_out.round);
            (fan_out.round, fan_out.next) = (0, 0);
            if fan_out.fresh.is_empty() {
                fan_out.queued = false;
                self.dirty.pop();
            }
        }
        self.settle_held(now);
        self.settle_began(now);
        if done { Flushed::Done } else { Flushed::More }
    }

    /// Layers came or went: every receiver chooses again.
    fn review_layers(&mut self, now: Instant, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let active = track.active_mask();
        if active != track.active {
            track.active = active;
            if track.kind == MediaKind::Audio {
                return self.aim_subscribers(now, key);
            }
            self.want_allocation_of_subscribers(key);
            self.allocate_waiting(now);
        }
    }

    /// Receivers for whom something waits now.
    fn settle_held(&mut self, now: Instant) {
        while let Some(held) = self.held.pop() {
            let subscriber = held.subscriber;
            let Some(peer) = self.peers.get_mut(subscriber.peer) else { continue };
            self.pacing.enlist(subscriber.peer, peer);
            if held.is_full {
                self.begin_again(now, subscriber);
            }
        }
    }

    pub(super) fn settle_began(&mut self, now: Instant) {
        while let Some(Began { subscriber }) = self.began.pop() {
            let Some(peer) = self.peers.get_mut(subscriber.peer) else { continue };
            let Some(slot) = peer.slots.get_mut(usize::from(subscriber.slot)) else { continue };
            let leaving = slot.leaving.take();
            if let Some(track) = leaving.and_then(|t| self.tracks.get_mut(t)) {
                track.unsubscribe(subscriber);
            }
            self.report_slot(now, subscriber);
        }
    }
}

/// What is to be done when a round is over.
struct After<'a> {
    began: &'a mut Vec<Began>,
    held: &'a mut Vec<Held>,
}

/// Packets wait for a receiver, or would have if there were room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    subscriber: Subscriber,
    is_full: bool,
}

/// Forwards the round to the subscribers from `next` on, until the arena is worth sending. Returns who is next.
fn forward_round(track: &Track, peers: &mut Slab<Peer>, out: &mut Out, after: &mut After<'_>, now: Instant) -> usize {
    let round = &track.fan_out.fresh[..track.fan_out.round];
    // Padding is not in the ring, nor is what a burst beyond all bounds has overwritten.
    let packets: [Option<StoredPacket<'_>>; ROUND] = std::array::from_fn(|i| {
        let fresh = round.get(i)?;
        track.encoding_at(fresh)?.ring.get(fresh.ext_seq)
    });
    let mut next = track.fan_out.next;
    while let Some(&subscriber) = track.subscribers.get(next) {
        if out.transmits.is_ripe() {
            break;
        }
        next += 1;
        if let Some(peer) = peers.get_mut(subscriber.peer) {
            forward_to(track, &packets, peer, subscriber, out, after, now);
        }
    }
    next
}

fn forward_to(
    track: &Track,
    packets: &[Option<StoredPacket<'_>>; ROUND],
    peer: &mut Peer,
    subscriber: Subscriber,
    out: &mut Out,
    after: &mut After<'_>,
    now: Instant,
) {
    let (Some(to), Some(outbound)) = (peer.destination, peer.outbound.as_ref()) else { return };
    let Some(slot) = peer.slots.get_mut(usize::from(subscriber.slot)) else { return };
    let mut link = Link { to, outbound, downlink: &mut peer.downlink, now };
    let before = out.transmits.bytes.len();
    let mut forwarded = 0;
    let round = &track.fan_out.fresh[..track.fan_out.round];
    for (index, (fresh, packet)) in round.iter().zip(packets).enumerate() {
        if !slot.follows(fresh.source) {
            out.counters.drops.count(DropReason::NotMyLayer);
            continue;
        }
        if track.kind == MediaKind::Video && link.downlink.holds_back(now) {
            if packet.is_some_and(|p| p.keyframe_start) && slot.line.pending() == Some(fresh.source) {
                link.downlink.queue.supersede(subscriber.slot, fresh.source);
            }
            let is_full = link.downlink.queue.push(subscriber.slot, *fresh, now).is_err();
            after.held.push(Held { subscriber, is_full });
            if is_full {
                break;
            }
            continue;
        }
        let later = &round[index + 1..];
        let still_to_come = |ext_seq: u64| later.iter().any(|f| f.source == fresh.source && f.ext_seq == ext_seq);
        match pass_on(track, fresh, packet.as_ref(), still_to_come, slot, &mut link, out) {
            Ok(Passed { sent, began }) => {
                forwarded += sent;
                if began {
                    after.began.push(Began { subscriber });
                }
            }
            Err(reason) => out.counters.drops.count(reason),
        }
    }
    out.counters.packets_forwarded += forwarded;
    out.counters.bytes_forwarded += (out.transmits.bytes.len() - before) as u64;
}

/// What became of a packet.
pub(super) struct Passed {
    /// Packets that went out: this one, or with it what had come before it.
    pub sent: u64,
    /// A source began with it.
    pub began: bool,
}

/// Offers one packet to a section. `still_to_come` knows which later ones will be offered too.
#[inline]
pub(super) fn pass_on(
    track: &Track,
    fresh: &Fresh,
    packet: Option<&StoredPacket<'_>>,
    still_to_come: impl Fn(u64) -> bool,
    slot: &mut Slot,
    link: &mut Link<'_>,
    out: &mut Out,
) -> Result<Passed, DropReason> {
    if !slot.follows(fresh.source) {
        return Err(DropReason::NotMyLayer);
    }
    let Some(packet) = packet else {
        if fresh.padding {
            slot.line.skip(fresh.source, fresh.ext_seq);
            return Ok(Passed { sent: 0, began: false });
        }
        // The receiver is to see the gap.
        return Err(DropReason::Overload);
    };
    let ring = track.encoding_at(fresh).map(|e| &e.ring).ok_or(DropReason::NotMyLayer)?;
    // Sound that was recovered late is no beginning: what came after it would follow in a heap.
    let outdated = || ring.highest() > Some(fresh.ext_seq + ROUND as u64);
    if track.kind == MediaKind::Audio && slot.line.current() != Some(fresh.source) && outdated() {
        return Err(DropReason::RtpTooOld);
    }
    let began = slot.forward(fresh.source, packet, ring, link, &mut out.transmits)?;
    let caught_up = if began { catch_up(track, fresh, still_to_come, slot, link, out) } else { 0 };
    Ok(Passed { sent: 1 + caught_up, began })
}

/// The packet that a source began with came late (lost and recovered, or reordered): what follows it came before, and was left out then.
#[cold]
fn catch_up(track: &Track, first: &Fresh, still_to_come: impl Fn(u64) -> bool, slot: &mut Slot, link: &mut Link<'_>, out: &mut Out) -> u64 {
    let Some(encoding) = track.encoding_at(first) else { return 0 };
    let last = encoding.ring.highest().unwrap_or(first.ext_seq).min(first.ext_seq + CATCH_UP_MAX);
    let mut sent = 0;
    for ext_seq in first.ext_seq + 1..=last {
        let packet = encoding.ring.get(ext_seq).filter(|_| !still_to_come(ext_seq));
        if packet.is_some_and(|p| slot.forward(first.source, &p, &encoding.ring, link, &mut out.transmits).is_ok()) {
            sent += 1;
        }
    }
    sent
}
