//! Who sits where, and who leaves.

use super::peer::PeerKey;
use super::track::{Encoding, Fresh, Incoming, Subscriber, Track, TrackKey, Way};
use super::{Event, LayerLimit, LocalPacket, Muted, Sublayers, Viewing, Worker};
use crate::codec::Codec;
use crate::drops::DropReason;
use crate::id::{MediaKind, Mid, PeerId, TrackId};
use crate::rtp::clock::PeerClock;
use crate::rtp::rewrite::SourceKey;
use crate::rtp::ring::PassedExtensions;
use std::net::SocketAddr;
use std::time::Instant;

impl Worker {
    pub(super) fn drop_peer(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        self.timers.cancel(key, &mut peer.wake_at);
        // It notices now, and not when its consent has run out.
        peer.dtls.close();
        self.poll_dtls(self.now, key, None);
        let Some(peer) = self.peers.get_mut(key) else { return };
        let (uplinks, slots) = (std::mem::take(&mut peer.uplinks), peer.slots.len());
        for slot in 0..slots {
            self.vacate(Subscriber { peer: key, slot: slot as u16 });
        }
        for uplink in uplinks {
            self.drop_track(uplink.track);
        }
        let Some(peer) = self.peers.remove(key) else { return };
        self.peer_keys.remove(&peer.id);
        for ufrag in &peer.session.ufrags {
            self.ufrags.remove(ufrag);
        }
        let held: Vec<SocketAddr> =
            peer.ice.authenticated_addresses().filter(|address| self.addresses.get(address) == Some(&key)).collect();
        held.into_iter().for_each(|address| self.release_address(address));
    }

    pub(super) fn drop_track(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.remove(key) else { return };
        self.track_keys.remove(&track.id);
        for encoding in &track.encodings {
            self.sources.remove(&encoding.source);
        }
        self.dirty.remove(track.kind, key);
        let now = self.now;
        for subscriber in track.subscribers {
            let Some(slot) = self.slot_mut(subscriber) else { continue };
            if slot.leaving == Some(key) {
                slot.leaving = None;
            }
            if slot.assigned == Some(key) {
                slot.assigned = None;
                slot.grant.clear();
            }
            let sits = |source: Option<SourceKey>| source.is_some_and(|s| track.encodings.iter().any(|e| e.source == s));
            if sits(slot.line.current()) || sits(slot.line.pending()) {
                self.aim(now, subscriber);
            }
            if track.kind == MediaKind::Video {
                // Others may have what it had.
                self.want_allocation(subscriber.peer);
            }
        }
    }

    fn slot_mut(&mut self, subscriber: Subscriber) -> Option<&mut super::slot::Slot> {
        self.peers.get_mut(subscriber.peer)?.slots.get_mut(usize::from(subscriber.slot))
    }

    pub(super) fn stop_slot(&mut self, key: PeerKey, mid: Mid) {
        let Some(index) = self.peers.get(key).and_then(|p| p.slot_index(mid)) else { return };
        let subscriber = Subscriber { peer: key, slot: index as u16 };
        self.vacate(subscriber);
        if let Some(slot) = self.slot_mut(subscriber) {
            slot.live = false;
        }
    }

    /// Nobody sits here any more.
    fn vacate(&mut self, subscriber: Subscriber) {
        self.seat(self.now, subscriber, None);
    }

    /// `track` sits here from now on; who sat here before is held until it begins, by the line's rules.
    pub(super) fn seat(&mut self, now: Instant, subscriber: Subscriber, track: Option<TrackKey>) {
        let Some(slot) = self.slot_mut(subscriber) else { return };
        if slot.assigned == track && slot.leaving.is_none() {
            return;
        }
        let before = [slot.assigned.take(), slot.leaving.take()];
        let current = slot.line.current();
        let held = |key: &TrackKey| {
            let sits = |t: &Track| current.is_some_and(|source| t.encoding_of(source).is_some());
            track.is_some() && track != Some(*key) && self.tracks.get(*key).is_some_and(sits)
        };
        let leaving = before.into_iter().flatten().find(held);
        for key in before.into_iter().flatten().filter(|key| Some(*key) != leaving && Some(*key) != track) {
            if let Some(track) = self.tracks.get_mut(key) {
                track.unsubscribe(subscriber);
            }
        }
        if let Some(track) = track.and_then(|key| self.tracks.get_mut(key)) {
            track.subscribe(subscriber);
        }
        if let Some(slot) = self.slot_mut(subscriber) {
            (slot.assigned, slot.leaving) = (track, leaving);
            slot.grant.clear();
            slot.grant.wants = 0;
        }
        self.reconsider(now, subscriber);
        for key in before.into_iter().flatten() {
            self.review_wanted(now, key);
        }
    }

    /// Sound is aimed at once; pictures when it is known what the network carries of all of them.
    fn reconsider(&mut self, now: Instant, subscriber: Subscriber) {
        if self.slot_mut(subscriber).is_some_and(|slot| slot.kind == MediaKind::Video) {
            self.want_allocation(subscriber.peer);
        }
        self.aim(now, subscriber);
    }

    /// Points the slot's line at what it should receive now, and asks for the keyframe that takes.
    pub(super) fn aim(&mut self, now: Instant, subscriber: Subscriber) {
        let Some(peer) = self.peers.get_mut(subscriber.peer) else { return };
        let Some(slot) = peer.slots.get_mut(usize::from(subscriber.slot)) else { return };
        if slot.kind == MediaKind::Video && slot.assigned.is_some() && peer.downlink.unallocated {
            // Which layer it will be is about to be known; asking for a keyframe of another one is in vain.
            return;
        }
        let track = slot.assigned.and_then(|key| self.tracks.get(key));
        slot.aim(track, now);
        let wanted = slot.line.wants_keyframe(now);
        if let Some(at) = slot.line.poll_timeout() {
            self.timers.wake_by(subscriber.peer, &mut peer.wake_at, at);
        }
        // Who left without being held is not offered any more.
        if slot.line.current().is_none()
            && let Some(key) = slot.leaving.take()
            && let Some(track) = self.tracks.get_mut(key)
        {
            track.unsubscribe(subscriber);
        }
        if let Some(source) = wanted {
            self.ask_keyframe(now, source);
        }
    }

    pub(super) fn aim_subscribers(&mut self, now: Instant, key: TrackKey) {
        let count = self.tracks.get(key).map_or(0, |t| t.subscribers.len());
        for index in (0..count).rev() {
            let subscriber = self.tracks.get(key).and_then(|t| t.subscribers.get(index)).copied();
            if let Some(subscriber) = subscriber {
                self.aim(now, subscriber);
            }
        }
    }

    pub(super) fn assign_slot(&mut self, now: Instant, peer: PeerId, mid: Mid, source: Option<TrackId>) {
        let Some(&key) = self.peer_keys.get(&peer) else { return };
        let Some(index) = self.peers.get(key).and_then(|p| p.slot_index(mid)) else { return };
        let kind = self.peers.get(key).map(|p| p.slots[index].kind);
        let track = source.and_then(|id| self.track_keys.get(&id)).copied();
        let track = track.filter(|key| self.tracks.get(*key).map(|t| t.kind) == kind);
        self.seat(now, Subscriber { peer: key, slot: index as u16 }, track);
    }

    pub(super) fn mute(&mut self, track: TrackId, muted: Muted) {
        let Some(&key) = self.track_keys.get(&track) else { return };
        let Some(track) = self.tracks.get_mut(key) else { return };
        let muted = muted == Muted::Yes;
        if track.muted == muted {
            return;
        }
        track.muted = muted;
        // What came while it was muted, or waits to go out, is nobody's business after; nor is what is recovered of it later.
        track.fan_out.discard();
        if let Some(activity) = track.activity.silence()
            && let Some(peer) = track.owner.and_then(|owner| self.peers.get(owner))
        {
            self.out.events.push_back(Event::Activity { peer: peer.id, track: track.id, activity });
        }
        for encoding in &mut track.encodings {
            encoding.floor = encoding.ring.highest().map_or(0, |highest| highest + 1);
        }
        if track.kind == MediaKind::Video {
            self.want_allocation_of_subscribers(key);
        }
        self.aim_subscribers(self.now, key);
    }

    pub(super) fn limit_layer(&mut self, peer: PeerId, mid: Mid, limit: LayerLimit) {
        let Some(&key) = self.peer_keys.get(&peer) else { return };
        let Some(index) = self.peers.get(key).and_then(|p| p.slot_index(mid)) else { return };
        let subscriber = Subscriber { peer: key, slot: index as u16 };
        if let Some(slot) = self.slot_mut(subscriber) {
            slot.limit = limit;
        }
        self.reconsider(self.now, subscriber);
    }

    pub(super) fn limit_sublayers(&mut self, now: Instant, peer: PeerId, mid: Mid, sublayers: Sublayers) {
        let Some(&key) = self.peer_keys.get(&peer) else { return };
        let Some(slot) = self.peers.get_mut(key).and_then(|p| p.slots.iter_mut().find(|s| s.mid == mid && s.live)) else { return };
        slot.sublayers.set(sublayers);
        let wanted = slot.line.current().filter(|source| self.wants_sublayers(key, mid, *source));
        if let Some(source) = wanted {
            self.ask_keyframe(now, source);
        }
    }

    /// Whether a slot waits for a better spatial layer of the source it has.
    pub(super) fn wants_sublayers(&self, key: PeerKey, mid: Mid, source: SourceKey) -> bool {
        let slot = self.peers.get(key).and_then(|p| p.slots.iter().find(|s| s.mid == mid && s.live));
        let track = self.sources.get(&source).and_then(|track| self.tracks.get(*track));
        let available = track.and_then(|t| t.encodings[t.encoding_of(source)?].sublayers);
        slot.zip(available).is_some_and(|(slot, available)| slot.sublayers.wants_keyframe(available))
    }

    pub(super) fn view_slot(&mut self, now: Instant, peer: PeerId, mid: Mid, viewing: Viewing) {
        let Some(&key) = self.peer_keys.get(&peer) else { return };
        let Some(index) = self.peers.get(key).and_then(|p| p.slot_index(mid)) else { return };
        let subscriber = Subscriber { peer: key, slot: index as u16 };
        if let Some(slot) = self.slot_mut(subscriber) {
            if slot.viewing != viewing {
                slot.grant.forget();
            }
            slot.viewing = viewing;
        }
        self.reconsider(now, subscriber);
    }

    pub(super) fn create_local_track(&mut self, codec: Codec) -> TrackId {
        let id = self.track_ids.next();
        let mut track = Track::new(id, codec.kind(), None);
        let source = self.source_keys.next();
        track.encodings.push(Encoding::new(source, codec.kind(), None, 0, 0));
        track.local_codec = Some(codec);
        let key = self.tracks.insert(track);
        self.track_keys.insert(id, key);
        self.sources.insert(source, key);
        id
    }

    pub(super) fn store_local(&mut self, now: Instant, id: TrackId, packet: LocalPacket<'_>) {
        let Some(&key) = self.track_keys.get(&id) else { return };
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(codec) = track.local_codec.filter(|_| !packet.payload.is_empty()) else { return };
        let encoding = &mut track.encodings[0];
        // Leaves room below for receivers' arithmetic.
        let ext_seq = encoding.ring.highest().map_or(1 << 16, |highest| highest + 1);
        let incoming = Incoming {
            ext_seq,
            timestamp: packet.timestamp,
            marker: packet.marker,
            codec,
            extensions: PassedExtensions::default(),
            dependency_descriptor: &[],
            payload: packet.payload,
            way: Way::Direct,
        };
        if encoding.take(&incoming, now, self.wall_clock.ntp(now), &PeerClock::default()).is_err() {
            return;
        }
        let fresh = Fresh { source: encoding.source, encoding: 0, ext_seq, padding: false };
        track.arrived_at = Some(now);
        self.out.counters.packets_received += 1;
        let queued = if track.muted { Err(DropReason::Muted) } else { self.dirty.push(track, key, fresh) };
        if let Err(reason) = queued {
            self.out.counters.drops.count(reason);
        }
    }
}
