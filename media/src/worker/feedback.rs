//! RTCP that comes in: sender reports of publishers, and what receivers ask for.

use super::peer::PeerKey;
use super::slot::Link;
use super::track::TrackKey;
use super::{Event, Worker};
use crate::drops::DropReason;
use crate::rtcp::SenderInfo;
use crate::rtcp::parse::{Compound, Nack, Packet, ReportBlocks};
use crate::rtp::clock;
use crate::rtp::rewrite::SourceKey;
use std::net::SocketAddr;
use std::time::Instant;

use super::keyframes::Asked;

impl Worker {
    pub(super) fn take_rtcp(&mut self, now: Instant, from: SocketAddr, data: &mut [u8]) -> Result<(), DropReason> {
        let key = self.peer_at(from)?;
        let peer = self.peers.get_mut(key).ok_or(DropReason::UnknownSource)?;
        let inbound = peer.inbound.as_mut().ok_or(DropReason::NoKeys)?;
        let len = inbound.open_rtcp(data)?;
        peer.heard_at = Some(now);
        peer.feedback.budget.refill(now);
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
            Packet::Nack(nack) => self.answer_nack(key, nack),
            Packet::PictureLoss { media_ssrc } => self.receiver_wants_keyframe(now, key, media_ssrc),
            Packet::FullIntra(requests) => {
                // One is enough: more would be throttled anyway.
                let (ssrc, _) = requests.requests().next().ok_or(DropReason::RtcpMalformed)?;
                self.receiver_wants_keyframe(now, key, ssrc)
            }
            Packet::TransportCc(_) | Packet::Bye(_) | Packet::Other { .. } => Ok(()),
        }
    }

    fn take_sender_info(&mut self, now: Instant, key: PeerKey, info: &SenderInfo) -> Result<(), DropReason> {
        let peer = self.peers.get_mut(key).ok_or(DropReason::RtcpUnknownStream)?;
        let binding = peer.bindings.get(info.ssrc).ok_or(DropReason::RtcpUnknownStream)?;
        let encoding = self.tracks.get_mut(binding.track).and_then(|t| t.encodings.get_mut(usize::from(binding.encoding)));
        let encoding = encoding.filter(|e| e.ssrc == info.ssrc).ok_or(DropReason::RtcpUnknownStream)?;
        let arrival = self.wall_clock.ntp(now);
        encoding.stats.on_sender_report(info.ntp, arrival);
        encoding.clock.on_sender_report(&mut peer.clock, info.ntp, info.timestamp, arrival);
        Ok(())
    }

    /// A receiver's reports tell the round trip, which the NACKs to it as a publisher are timed by.
    fn take_receiver_blocks(&mut self, now: Instant, key: PeerKey, blocks: ReportBlocks<'_>) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let ntp = self.wall_clock.ntp(now);
        let ours = |ssrc: u32| peer.slots.iter().any(|s| s.ssrc == ssrc);
        let round_trip = blocks.filter(|b| ours(b.ssrc)).filter_map(|b| clock::round_trip(ntp, b.last_sr, b.delay_since_last_sr)).min();
        let Some(round_trip) = round_trip else { return };
        for uplink in &peer.uplinks {
            for encoding in self.tracks.get_mut(uplink.track).into_iter().flat_map(|t| &mut t.encodings) {
                encoding.nack.set_round_trip(round_trip);
            }
        }
    }

    fn answer_nack(&mut self, key: PeerKey, nack: Nack<'_>) -> Result<(), DropReason> {
        let peer = self.peers.get_mut(key).ok_or(DropReason::RtcpUnknownStream)?;
        let (Some(to), Some(outbound)) = (peer.destination, peer.outbound.as_ref()) else { return Err(DropReason::NoKeys) };
        let slot = peer.slots.iter_mut().find(|s| s.live && s.ssrc == nack.media_ssrc).ok_or(DropReason::RtcpUnknownStream)?;
        let link = Link { to, outbound };
        for sequence in nack.lost() {
            if !peer.feedback.budget.take() {
                return Err(DropReason::RtcpThrottled);
            }
            if self.out.transmits.is_full() {
                return Err(DropReason::Overload);
            }
            let found = slot.line.lookup(sequence).and_then(|origin| {
                let track = self.tracks.get(*self.sources.get(&origin.source)?).filter(|t| !t.muted)?;
                let encoding = &track.encodings[track.encoding_of(origin.source)?];
                Some((origin, encoding.ring.get(origin.ext_seq)?))
            });
            let result = match found {
                Some((origin, packet)) => slot.resend(&origin, &packet, link, &mut self.out.transmits),
                None => Err(DropReason::NackMissed),
            };
            match result {
                Ok(()) => self.out.counters.packets_retransmitted += 1,
                Err(reason) => self.out.counters.drops.count(reason),
            }
        }
        Ok(())
    }

    fn receiver_wants_keyframe(&mut self, now: Instant, key: PeerKey, ssrc: u32) -> Result<(), DropReason> {
        let peer = self.peers.get(key).ok_or(DropReason::RtcpUnknownStream)?;
        let slot = peer.slots.iter().find(|s| s.live && s.ssrc == ssrc).ok_or(DropReason::RtcpUnknownStream)?;
        match slot.line.keyframe_request_target() {
            Some(source) if self.ask_keyframe(now, source) == Some(Asked::Later) => Err(DropReason::RtcpThrottled),
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
