//! RTCP that goes out, and everything else that is due by time.

use super::peer::{Peer, PeerKey, PeerState};
use super::track::{Subscriber, Track};
use super::{Event, FailReason, Out, Worker, layer};
use crate::rtcp::write;
use crate::rtcp::{ReportBlock, SenderInfo};
use crate::rtp::clock::{NtpTime, PeerClock};
use std::time::{Duration, Instant};

/// Sender and receiver reports (RFC 3550 §6.2 would allow five seconds; lip-sync wants one).
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// A compound is closed when it has this many bytes, so that it fits any path with its trailer.
const COMPOUND_MAX: usize = 1000;
/// A local track counts as silent, and a remote one too, after this.
const TRACK_SILENT_AFTER: Duration = Duration::from_secs(2);

impl Worker {
    /// Everything that is due for every peer.
    pub(super) fn run_timers(&mut self, now: Instant) {
        self.pacing.handle_timeout(now);
        while let Some(key) = self.timers.pop_due(now) {
            if let Some(peer) = self.peers.get_mut(key) {
                peer.wake_at = None;
                self.serve_peer(now, key);
                self.reschedule(now, key);
            }
        }
    }

    fn lose_consent(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        match peer.state {
            PeerState::Connected => {
                peer.state = PeerState::Silent;
                self.out.events.push_back(Event::Disconnected { peer: peer.id });
            }
            PeerState::Connecting => {
                peer.state = PeerState::Failed;
                self.out.events.push_back(Event::Failed { peer: peer.id, reason: FailReason::Unreachable });
            }
            PeerState::Silent | PeerState::Failed => {}
        }
    }

    fn serve_peer(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.dtls.poll_timeout().is_some_and(|at| at <= now) {
            peer.dtls.handle_timeout(now);
        }
        peer.ice.handle_timeout(now);
        peer.follow_ice(now);
        if peer.ice.consent_expired(now) {
            self.lose_consent(key);
        }
        self.poll_dtls(now, key, None);
        self.forget_void_addresses(key);
        self.poll_keyframes(now, key);
        self.note_quiet(now, key);
        self.send_nacks(now, key);
        self.send_transport_feedback(now, key);
        self.send_reports(now, key);
        self.serve_downlink(now, key);
        self.review_uplinks(now, key);
    }

    /// Plans the next look at a peer.
    pub(super) fn reschedule(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let connected = peer.outbound.is_some();
        let encodings = peer.uplinks.iter().filter_map(|u| self.tracks.get(u.track)).flat_map(|t| &t.encodings);
        let due = encodings
            .flat_map(|e| [e.nack.poll_timeout(), e.keyframes.poll_timeout()])
            .chain(peer.slots.iter().map(|s| s.line.poll_timeout()))
            .chain(peer.uplinks.iter().filter_map(|u| self.tracks.get(u.track)).map(|t| t.activity.poll_timeout()))
            .chain([peer.feedback.transport.poll_timeout().filter(|_| peer.destination.is_some()), Some(peer.feedback.report_at)])
            .chain([peer.downlink.poll_timeout()])
            .filter(|_| connected)
            .chain(peer.uplinks.iter().filter_map(|u| self.tracks.get(u.track)).map(|t| t.wanted.poll_timeout()))
            .chain([peer.dtls.poll_timeout(), peer.ice.poll_timeout()])
            .flatten()
            .min();
        if let Some(at) = due {
            // Never in the past: a timer that stays due must not spin.
            self.timers.wake_by(key, &mut peer.wake_at, at.max(now + Duration::from_millis(1)));
        }
    }

    /// Sound that stopped coming is over.
    fn note_quiet(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get(key) else { return };
        for uplink in &peer.uplinks {
            let Some(track) = self.tracks.get_mut(uplink.track) else { continue };
            if let Some(activity) = track.activity.handle_timeout(now) {
                self.out.events.push_back(Event::Activity { peer: peer.id, track: track.id, activity });
            }
        }
    }

    /// Requests that the throttle put off, and those of seats that wait.
    fn poll_keyframes(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.extend(peer.slots.iter_mut().filter_map(|slot| slot.line.wants_keyframe(now)));
        for uplink in &peer.uplinks {
            let Some(track) = self.tracks.get(uplink.track) else { continue };
            wanted.extend(track.encodings.iter().filter(|e| e.keyframes.is_due(now)).map(|e| e.source));
        }
        for source in wanted.drain(..) {
            self.ask_keyframe(now, source);
        }
        self.wanted = wanted;
    }

    fn send_nacks(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get(key) else { return };
        let mut lost = std::mem::take(&mut self.lost);
        for index in 0..peer.uplinks.len() {
            let Some(track) = self.peers.get(key).and_then(|p| p.uplinks.get(index)).map(|u| u.track) else { break };
            let encodings = self.tracks.get(track).map_or(0, |t| t.encodings.len());
            for encoding in 0..encodings {
                let Some(encoding) = self.tracks.get_mut(track).and_then(|t| t.encodings.get_mut(encoding)) else { break };
                lost.clear();
                encoding.nack.poll(now, &mut lost);
                let ssrc = encoding.ssrc;
                if !lost.is_empty() {
                    self.out.counters.nacks_sent += lost.len() as u64;
                    self.send_feedback(key, |sender, out| {
                        write::nack(out, sender, ssrc, &lost);
                    });
                }
            }
        }
        self.lost = lost;
    }

    fn send_transport_feedback(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.feedback.transport.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        let Some((to, outbound)) = peer.destination.zip(peer.outbound.as_mut()) else { return };
        let sender = peer.feedback.ssrc;
        let media = peer.bindings.first_ssrc().unwrap_or(0);
        loop {
            let bytes = &mut self.out.transmits.bytes;
            let start = bytes.len();
            write::receiver_report(bytes, sender, &[]);
            if self.out.transmits.is_full() || !peer.feedback.transport.write_feedback(now, sender, media, &mut self.out.transmits.bytes) {
                self.out.transmits.bytes.truncate(start);
                return;
            }
            outbound.seal_rtcp(&mut self.out.transmits.bytes, start);
            self.out.transmits.commit(to, start);
        }
    }

    /// Sends one feedback message, behind the empty report that a compound must begin with (RFC 3550 §6.1).
    pub(super) fn send_feedback(&mut self, key: PeerKey, write_message: impl FnOnce(u32, &mut Vec<u8>)) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some((to, outbound)) = peer.destination.zip(peer.outbound.as_mut()) else { return };
        if self.out.transmits.is_full() {
            return;
        }
        let bytes = &mut self.out.transmits.bytes;
        let start = bytes.len();
        write::receiver_report(bytes, peer.feedback.ssrc, &[]);
        write_message(peer.feedback.ssrc, bytes);
        outbound.seal_rtcp(bytes, start);
        self.out.transmits.commit(to, start);
    }

    /// Once a second: how each uplink arrives, and where each downlink is in time.
    fn send_reports(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.feedback.report_at > now || peer.outbound.is_none() {
            return;
        }
        peer.feedback.report_at = now + REPORT_INTERVAL;
        let lost = peer.downlink.estimator.lost_permille();
        let mut redundancy_wanted = false;
        for slot in peer.slots.iter_mut().filter(|slot| slot.live) {
            if let Some(redundancy) = &mut slot.redundancy {
                let before = redundancy.is_wanted();
                redundancy.review(now, slot.packets, lost);
                redundancy_wanted |= before || redundancy.is_wanted();
            }
        }
        if redundancy_wanted {
            self.want_allocation(key);
        }
        self.ask_for_sublayers(now, key);
        let ntp = self.wall_clock.ntp(now);
        self.report_uplinks(now, key, ntp);
        let slots = self.peers.get(key).map_or(0, |p| p.slots.len());
        let mut infos = std::mem::take(&mut self.infos);
        infos.extend((0..slots).filter_map(|slot| self.sender_info(Subscriber { peer: key, slot: slot as u16 }, ntp)));
        for chunk in infos.chunks(COMPOUND_MAX / REPORT_BYTES) {
            self.send_sender_reports(key, chunk);
        }
        infos.clear();
        self.infos = infos;
    }

    /// A better spatial layer begins with a keyframe; the request for it may have been lost.
    fn ask_for_sublayers(&mut self, now: Instant, key: PeerKey) {
        let slots = self.peers.get(key).map_or(0, |p| p.slots.len());
        for index in 0..slots {
            let Some(slot) = self.peers.get(key).and_then(|p| p.slots.get(index)) else { continue };
            let source = slot.line.current().filter(|source| slot.line.pending().is_none() && self.wants_sublayers(key, slot.mid, *source));
            if let Some(source) = source {
                self.ask_keyframe(now, source);
            }
        }
    }

    fn report_uplinks(&mut self, now: Instant, key: PeerKey, ntp: NtpTime) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let mut blocks: Vec<ReportBlock> = std::mem::take(&mut self.blocks);
        // Empty in all seconds but a few, and then it costs nothing.
        let mut reordered = Vec::new();
        for uplink in &peer.uplinks {
            let Some(track) = self.tracks.get_mut(uplink.track) else { continue };
            for encoding in &mut track.encodings {
                blocks.extend(encoding.stats.report(encoding.ssrc, ntp));
            }
            note_silence(track, now, &mut self.out);
            let ranks = layer::ranks(track);
            if std::mem::replace(&mut track.ranks, ranks) != ranks {
                reordered.push(uplink.track);
            }
        }
        if let Some((to, outbound)) = peer.destination.zip(peer.outbound.as_mut())
            && !blocks.is_empty()
            && !self.out.transmits.is_full()
        {
            for chunk in blocks.chunks(write::BLOCKS_MAX) {
                let start = self.out.transmits.bytes.len();
                write::receiver_report(&mut self.out.transmits.bytes, peer.feedback.ssrc, chunk);
                write::source_description(&mut self.out.transmits.bytes, peer.feedback.ssrc, &peer.session.cname);
                outbound.seal_rtcp(&mut self.out.transmits.bytes, start);
                self.out.transmits.commit(to, start);
            }
        }
        blocks.clear();
        self.blocks = blocks;
        for track in reordered {
            self.want_allocation_of_subscribers(track);
        }
    }

    /// A source began in a slot: its receiver learns at once where it lies in time, or the lips are off for seconds.
    pub(super) fn report_slot(&mut self, now: Instant, subscriber: Subscriber) {
        let ntp = self.wall_clock.ntp(now);
        if let Some(info) = self.sender_info(subscriber, ntp) {
            self.send_sender_reports(subscriber.peer, &[info]);
        }
    }

    fn sender_info(&self, subscriber: Subscriber, ntp: NtpTime) -> Option<SenderInfo> {
        let slot = self.peers.get(subscriber.peer)?.slots.get(usize::from(subscriber.slot))?;
        let source = slot.line.current().filter(|_| slot.packets > 0)?;
        let track = self.tracks.get(*self.sources.get(&source)?)?;
        let encoding = &track.encodings[track.encoding_of(source)?];
        let clock = track.owner.and_then(|owner| self.peers.get(owner)).map_or_else(PeerClock::default, |p| p.clock);
        let timestamp = slot.line.timestamp_at(&encoding.clock, &clock, ntp)?;
        Some(SenderInfo { ssrc: slot.ssrc, ntp, timestamp, packets: slot.packets, octets: slot.octets })
    }

    fn send_sender_reports(&mut self, key: PeerKey, infos: &[SenderInfo]) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Peer { destination, outbound, session, .. } = peer;
        let Some((to, outbound)) = destination.zip(outbound.as_mut()) else { return };
        if self.out.transmits.is_full() {
            return;
        }
        let start = self.out.transmits.bytes.len();
        for info in infos {
            write::sender_report(&mut self.out.transmits.bytes, info, &[]);
            write::source_description(&mut self.out.transmits.bytes, info.ssrc, &session.cname);
        }
        outbound.seal_rtcp(&mut self.out.transmits.bytes, start);
        self.out.transmits.commit(to, start);
    }
}

/// A sender report and the source description behind it.
const REPORT_BYTES: usize = 28 + 32;

fn note_silence(track: &mut Track, now: Instant, out: &mut Out) {
    if track.arrived_at.is_some_and(|at| now > at + TRACK_SILENT_AFTER) {
        track.arrived_at = None;
        out.events.push_back(Event::TrackSilent { track: track.id });
    }
}
