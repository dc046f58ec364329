//! RTCP that comes in: sender reports of publishers, and what receivers ask for.

use super::pacing::Repair;
use super::peer::PeerKey;
use super::slot::Link;
use super::track::{Subscriber, TrackKey};
use super::{Event, Flushed, Worker};
use crate::bwe::Sent;
use crate::drops::DropReason;
use crate::id::MediaKind;
use crate::rtcp::SenderInfo;
use crate::rtcp::parse::{Compound, Nack, Packet, ReportBlocks};
use crate::rtp::clock;
use crate::rtp::rewrite::SourceKey;
use std::net::SocketAddr;
use std::time::Instant;

use super::keyframes::Asked;

/// Packets that wait to be sent again: what four receivers may ask for at once. Full: the rest of a request is dropped, and asked for
/// again.
const RESENDS_MAX: usize = 4096;

/// A packet that a receiver asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resend {
    subscriber: Subscriber,
    /// In the numbers of the section it was sent in.
    sequence: u16,
}

impl Worker {
    pub(super) fn take_rtcp(&mut self, now: Instant, from: SocketAddr, data: &mut [u8]) -> Result<(), DropReason> {
        let key = self.peer_at(from)?;
        let peer = self.peers.get_mut(key).ok_or(DropReason::UnknownSource)?;
        let inbound = peer.inbound.as_mut().ok_or(DropReason::NoKeys)?;
        let len = inbound.open_rtcp(data)?;
        for packet in Compound::new(&data[..len]) {
            if let Err(reason) = packet.and_then(|packet| self.take_report(now, key, packet)) {
                self.out.counters.drops.count(reason);
            }
        }
        Ok(())
    }

    fn take_report(&mut self, now: Instant, key: PeerKey, packet: Packet<'_>) -> Result<(), DropReason> {
        match packet {
            Packet::SenderReport(info, blocks) => {
                self.take_receiver_blocks(now, key, blocks);
                self.take_sender_info(now, key, &info)
            }
            Packet::ReceiverReport(_, blocks) => {
                self.take_receiver_blocks(now, key, blocks);
                Ok(())
            }
            Packet::Nack(nack) => self.answer_nack(now, key, nack),
            Packet::PictureLoss { media_ssrc } => self.receiver_wants_keyframe(now, key, media_ssrc),
            Packet::FullIntra(requests) => {
                // One is enough: more would be throttled anyway.
                let (ssrc, _) = requests.requests().next().ok_or(DropReason::RtcpMalformed)?;
                self.receiver_wants_keyframe(now, key, ssrc)
            }
            Packet::TransportCc(fci) => self.take_transport_feedback(now, key, fci),
            Packet::Bye(_) | Packet::Other { .. } => Ok(()),
        }
    }

    fn take_sender_info(&mut self, now: Instant, key: PeerKey, info: &SenderInfo) -> Result<(), DropReason> {
        let peer = self.peers.get_mut(key).ok_or(DropReason::RtcpUnknownStream)?;
        let binding = peer.bindings.get(info.ssrc).ok_or(DropReason::RtcpUnknownStream)?;
        let encoding = self.tracks.get_mut(binding.track).and_then(|t| t.encodings.get_mut(usize::from(binding.encoding)));
        // Some report on their retransmissions too, whose times nobody needs.
        let Some(encoding) = encoding.filter(|e| e.ssrc == info.ssrc) else { return Ok(()) };
        let arrival = self.wall_clock.ntp(now);
        encoding.stats.on_sender_report(info.ntp, arrival);
        encoding.clock.on_sender_report(&mut peer.clock, info.ntp, info.timestamp, arrival);
        Ok(())
    }

    /// A receiver's reports tell the round trip, which the NACKs to it as a publisher are timed by.
    fn take_receiver_blocks(&mut self, now: Instant, key: PeerKey, blocks: ReportBlocks<'_>) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let ntp = self.wall_clock.ntp(now);
        for block in blocks.clone() {
            let slot = peer.slots.iter_mut().find(|s| s.ssrc == block.ssrc);
            if let Some(redundancy) = slot.and_then(|s| s.redundancy.as_mut()) {
                redundancy.note_report(now, block.fraction_lost);
            }
        }
        let ours = |ssrc: u32| peer.slots.iter().any(|s| s.ssrc == ssrc);
        let round_trip = blocks.filter(|b| ours(b.ssrc)).filter_map(|b| clock::round_trip(ntp, b.last_sr, b.delay_since_last_sr)).min();
        let Some(round_trip) = round_trip else { return };
        for uplink in &peer.uplinks {
            for encoding in self.tracks.get_mut(uplink.track).into_iter().flat_map(|t| &mut t.encodings) {
                encoding.nack.set_round_trip(round_trip);
            }
        }
    }

    /// Notes what is asked for: it goes out after the sound of this batch, see [`Worker::resend_some`].
    fn answer_nack(&mut self, now: Instant, key: PeerKey, nack: Nack<'_>) -> Result<(), DropReason> {
        let peer = self.peers.get_mut(key).ok_or(DropReason::RtcpUnknownStream)?;
        let slot = peer.slots.iter().position(|s| s.live && s.ssrc == nack.media_ssrc).ok_or(DropReason::RtcpUnknownStream)?;
        for sequence in nack.lost() {
            if !peer.feedback.budget.take(now) {
                return Err(DropReason::RtcpThrottled);
            }
            if self.resends.len() >= RESENDS_MAX {
                return Err(DropReason::Overload);
            }
            if let Some(redundancy) = &mut peer.slots[slot].redundancy {
                redundancy.note_asked(sequence);
            }
            self.resends.push_back(Resend { subscriber: Subscriber { peer: key, slot: slot as u16 }, sequence });
        }
        Ok(())
    }

    /// Sends again what was asked for, until the arena is worth sending. Pictures' packets wait for the receiver's pacing.
    pub(super) fn resend_some(&mut self, now: Instant) -> Flushed {
        while let Some(Resend { subscriber, sequence }) = self.resends.pop_front() {
            let Some(peer) = self.peers.get_mut(subscriber.peer) else { continue };
            let sound = peer.slots.get(usize::from(subscriber.slot)).is_some_and(|slot| slot.kind == MediaKind::Audio);
            if !sound && peer.downlink.holds_back(now) {
                match peer.downlink.queue.push_repair(Repair { slot: subscriber.slot, sequence }) {
                    Ok(()) => self.pacing.enlist(subscriber.peer, peer),
                    Err(reason) => self.out.counters.drops.count(reason),
                }
                continue;
            }
            self.resend_counted(now, subscriber, sequence);
            if self.out.transmits.is_ripe() {
                return Flushed::More;
            }
        }
        Flushed::Done
    }

    pub(super) fn resend_counted(&mut self, now: Instant, subscriber: Subscriber, sequence: u16) {
        match self.resend(now, subscriber, sequence) {
            Ok(_) => self.out.counters.packets_retransmitted += 1,
            Err(reason) => self.out.counters.drops.count(reason),
        }
    }

    fn resend(&mut self, now: Instant, subscriber: Subscriber, sequence: u16) -> Result<usize, DropReason> {
        let peer = self.peers.get_mut(subscriber.peer).ok_or(DropReason::NackMissed)?;
        let (Some(to), Some(outbound)) = (peer.destination, peer.outbound.as_ref()) else { return Err(DropReason::NoKeys) };
        let slot = peer.slots.get_mut(usize::from(subscriber.slot)).filter(|slot| slot.live).ok_or(DropReason::NackMissed)?;
        let origin = slot.line.lookup(sequence).ok_or(DropReason::NackMissed)?;
        let track = self.sources.get(&origin.source).and_then(|key| self.tracks.get(*key)).filter(|t| !t.muted);
        let encoding = track.and_then(|t| Some(&t.encodings[t.encoding_of(origin.source)?])).ok_or(DropReason::NackMissed)?;
        let packet = encoding.ring.get(origin.ext_seq).ok_or(DropReason::NackMissed)?;
        let what = if slot.kind == MediaKind::Audio { Sent::Audio } else { Sent::Video };
        let mut link = Link { to, outbound, downlink: &mut peer.downlink, now };
        slot.resend(&origin, &packet, &encoding.ring, what, &mut link, &mut self.out.transmits)
    }

    fn receiver_wants_keyframe(&mut self, now: Instant, key: PeerKey, ssrc: u32) -> Result<(), DropReason> {
        let peer = self.peers.get_mut(key).ok_or(DropReason::RtcpUnknownStream)?;
        let slot = peer.slots.iter().find(|s| s.live && s.ssrc == ssrc).ok_or(DropReason::RtcpUnknownStream)?;
        let Some(source) = slot.line.keyframe_request_target() else { return Ok(()) };
        let track = self.sources.get(&source).and_then(|key| self.tracks.get(*key));
        let encoding = track.and_then(|track| Some(&track.encodings[track.encoding_of(source)?]));
        // One that is on its way already is for everybody, and costs nobody anything.
        let planned = encoding.is_some_and(|encoding| encoding.keyframes.is_planned());
        if planned || !peer.feedback.keyframe_budget.take(now) {
            return Err(DropReason::RtcpThrottled);
        }
        match self.ask_keyframe(now, source) {
            Some(Asked::Later) => Err(DropReason::RtcpThrottled),
            _ => Ok(()),
        }
    }

    /// Asks the publisher of `source` for a keyframe, now or when the throttle lets it.
    pub(super) fn ask_keyframe(&mut self, now: Instant, source: SourceKey) -> Option<Asked> {
        let key = *self.sources.get(&source)?;
        let track = self.tracks.get_mut(key)?;
        let index = track.encoding_of(source)?;
        let asked = track.encodings[index].keyframes.ask(now);
        let owner = track.owner;
        match asked {
            Asked::Now => self.send_keyframe_request(key, index),
            Asked::Later => {
                if let (Some(at), Some(owner)) = (track.encodings[index].keyframes.poll_timeout(), owner)
                    && let Some(peer) = self.peers.get_mut(owner)
                {
                    self.timers.wake_by(owner, &mut peer.wake_at, at);
                }
            }
        }
        Some(asked)
    }

    pub(super) fn send_keyframe_request(&mut self, key: TrackKey, index: usize) {
        let Some(track) = self.tracks.get(key) else { return };
        self.out.counters.keyframes_requested += 1;
        match track.owner {
            Some(owner) => {
                let ssrc = track.encodings[index].ssrc;
                self.send_feedback(owner, |sender, out| crate::rtcp::write::picture_loss(out, sender, ssrc));
            }
            None => self.out.events.push_back(Event::KeyframeWanted { track: track.id }),
        }
    }
}
