//! A datagram comes in: whose is it, is it genuine, and into which ring does it go.

use super::bindings::Binding;
use super::payload_types::Payload;
use super::peer::{ADDRESS_HELD, PeerKey, PeerState};
use super::track::{ENCODINGS_MAX, Encoding, Fresh, Incoming, TrackKey, Way};
use super::{Event, FailReason, Worker};
use crate::demux::{Packet, classify};
use crate::drops::DropReason;
use crate::dtls::DtlsOutput;
use crate::id::{MediaKind, Mid, Rid};
use crate::rtp::ext::{ExtensionKind, ExtensionMap};
use crate::rtp::packet::Header;
use crate::rtp::ring::PassedExtensions;
use crate::rtp::rtx;
use crate::rtp::seq;
use crate::srtp::{Inbound, Outbound};
use crate::stun::BindingRequest;
use std::net::SocketAddr;
use std::time::Instant;

/// The header extensions of one packet.
#[derive(Default)]
struct Extensions<'a> {
    mid: Option<&'a [u8]>,
    rid: Option<&'a [u8]>,
    repaired_rid: Option<&'a [u8]>,
    transport: Option<u16>,
    passed: PassedExtensions,
    dependency_descriptor: &'a [u8],
}

impl Worker {
    pub(super) fn take_datagram(&mut self, now: Instant, from: SocketAddr, data: &mut [u8]) -> Result<(), DropReason> {
        match classify(data)? {
            Packet::Rtp => self.take_rtp(now, from, data),
            Packet::Rtcp => self.take_rtcp(now, from, data),
            Packet::Stun => self.take_stun(now, from, data),
            Packet::Dtls => self.take_dtls(now, from, data),
        }
    }

    /// Who was authenticated at this address. Datagrams come in bursts from one sender: the last answer is kept.
    #[inline]
    pub(super) fn peer_at(&mut self, from: SocketAddr) -> Result<PeerKey, DropReason> {
        if let Some((address, key)) = self.last_source
            && address == from
        {
            return Ok(key);
        }
        let key = *self.addresses.get(&from).ok_or(DropReason::UnknownSource)?;
        self.last_source = Some((from, key));
        Ok(key)
    }

    fn take_stun(&mut self, now: Instant, from: SocketAddr, data: &[u8]) -> Result<(), DropReason> {
        let request = BindingRequest::parse(data)?;
        let key = *self.ufrags.get(request.local_ufrag()).ok_or(DropReason::StunUnknownUser)?;
        if self.is_held_by_another(now, from, key) {
            return Err(DropReason::AddressHeld);
        }
        let peer = self.peers.get_mut(key).ok_or(DropReason::StunUnknownUser)?;
        if self.out.transmits.is_full() {
            return Err(DropReason::Overload);
        }
        let start = self.out.transmits.bytes.len();
        let outcome = match peer.ice.handle_request(now, from, &request, &mut self.out.transmits.bytes) {
            Ok(outcome) => outcome,
            Err(reason) => {
                self.out.transmits.bytes.truncate(start);
                return Err(reason);
            }
        };
        if self.out.transmits.bytes.len() > start {
            self.out.transmits.commit(from, start);
        }
        peer.follow_ice(now);
        if peer.state == PeerState::Silent {
            peer.state = PeerState::Connected;
            self.out.events.push_back(Event::Reconnected { peer: peer.id });
        }
        if outcome.newly_authenticated {
            self.addresses.insert(from, key);
            self.last_source = None;
        }
        if outcome.restarted {
            self.forget_void_ufrags(key);
        }
        self.forget_void_addresses(key);
        self.reschedule(now, key);
        Ok(())
    }

    /// An insider who forges the source of a check must not take an address away from who is there.
    fn is_held_by_another(&self, now: Instant, from: SocketAddr, key: PeerKey) -> bool {
        let holder = self.addresses.get(&from).filter(|holder| **holder != key).and_then(|holder| self.peers.get(*holder));
        holder.and_then(|peer| peer.ice.checked_at(from)).is_some_and(|at| now < at + ADDRESS_HELD)
    }

    pub(super) fn forget_void_addresses(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        while let Some(address) = peer.ice.poll_forgotten() {
            if self.addresses.get(&address) == Some(&key) {
                self.addresses.remove(&address);
                self.last_source = None;
            }
        }
    }

    fn take_dtls(&mut self, now: Instant, from: SocketAddr, data: &[u8]) -> Result<(), DropReason> {
        let key = self.peer_at(from)?;
        let peer = self.peers.get_mut(key).ok_or(DropReason::UnknownSource)?;
        let result = peer.dtls.handle_datagram(now, data);
        self.poll_dtls(now, key, Some(from));
        self.reschedule(now, key);
        result
    }

    /// Sends what the handshake has to say: to the selected address, before there is one to who spoke last.
    pub(super) fn poll_dtls(&mut self, now: Instant, key: PeerKey, from: Option<SocketAddr>) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let mut connected = None;
        while let Some(output) = peer.dtls.poll_output(&mut self.scratch) {
            match output {
                DtlsOutput::Datagram(datagram) => {
                    if let Some(to) = peer.destination.or(from)
                        && !self.out.transmits.is_full()
                    {
                        self.out.transmits.push(to, datagram);
                    }
                }
                DtlsOutput::Connected(keys) => connected = Some(keys),
                DtlsOutput::Failed => fail(&mut self.out.events, peer, FailReason::Handshake),
                DtlsOutput::Closed => fail(&mut self.out.events, peer, FailReason::Closed),
            }
        }
        if let Some(keys) = connected {
            peer.inbound = Some(Inbound::new(&keys));
            peer.outbound = Some(Outbound::new(&keys));
            peer.state = PeerState::Connected;
            peer.feedback.report_at = now;
            self.out.events.push_back(Event::Connected { peer: peer.id });
        }
    }

    fn take_rtp(&mut self, now: Instant, from: SocketAddr, data: &mut [u8]) -> Result<(), DropReason> {
        let key = self.peer_at(from)?;
        let peer = self.peers.get_mut(key).ok_or(DropReason::UnknownSource)?;
        let inbound = peer.inbound.as_mut().ok_or(DropReason::NoKeys)?;
        let header = Header::parse(data)?;
        let opened = inbound.open_rtp(data, header.len)?;
        let data = &data[..opened.len];
        // A copy of nine bytes, so that what is read borrows from the packet alone.
        let map = peer.extensions;
        let extensions = read_extensions(&header, data, &map);
        if let Some(sequence) = extensions.transport {
            peer.feedback.transport.record(sequence, now);
            if let Some(at) = peer.feedback.transport.poll_timeout() {
                self.timers.wake_by(key, &mut peer.wake_at, at);
            }
        }
        let meaning = peer.payloads.get(header.payload_type).ok_or(DropReason::RtpUnknownPayload)?;
        let payload = header.strip_padding(&data[header.len..])?;
        let bound = peer.bindings.get(header.ssrc);
        let binding = match bound {
            Some(binding) => binding,
            None => self.learn_binding(key, header.ssrc, meaning, &extensions)?,
        };
        let track = self.tracks.get_mut(binding.track).ok_or(DropReason::RtpUnknownStream)?;
        let encoding = track.encodings.get_mut(usize::from(binding.encoding)).ok_or(DropReason::RtpUnknownStream)?;
        let (codec, way, ext_seq, payload) = match meaning {
            Payload::Media(codec) if header.ssrc == encoding.ssrc => (codec, Way::Direct, opened.index, payload),
            Payload::Retransmission(codec) if encoding.rtx_ssrc == Some(header.ssrc) => {
                let (original, payload) = rtx::unwrap(payload).ok_or(DropReason::Empty)?;
                let highest = encoding.ring.highest().ok_or(DropReason::RtpTooOld)?;
                (codec, Way::Repair, seq::extend(highest, original), payload)
            }
            _ => return Err(DropReason::RtpUnknownPayload),
        };
        if codec.kind() != track.kind {
            return Err(DropReason::RtpUnknownPayload);
        }
        let incoming = Incoming {
            ext_seq,
            timestamp: header.timestamp,
            marker: header.marker,
            codec,
            extensions: extensions.passed,
            dependency_descriptor: extensions.dependency_descriptor,
            payload,
            way,
        };
        self.store(now, key, binding, &incoming)
    }

    /// Into the ring, and into the list of what is to be forwarded.
    fn store(&mut self, now: Instant, key: PeerKey, binding: Binding, incoming: &Incoming<'_>) -> Result<(), DropReason> {
        let (Some(peer), Some(track)) = (self.peers.get_mut(key), self.tracks.get_mut(binding.track)) else {
            return Err(DropReason::RtpUnknownStream);
        };
        let arrival = self.wall_clock.ntp(now);
        let encoding = &mut track.encodings[usize::from(binding.encoding)];
        let taken = encoding.take(incoming, now, arrival, &peer.clock);
        if let Some(at) = encoding.nack.poll_timeout() {
            self.timers.wake_by(key, &mut peer.wake_at, at);
        }
        let taken = taken?;
        let codec_changed = track.kind == MediaKind::Video && encoding.codec.replace(incoming.codec) != Some(incoming.codec);
        if taken.keyframe_start {
            encoding.keyframes.satisfied();
        }
        if track.arrived_at.is_none() {
            self.out.events.push_back(Event::TrackActive { track: track.id });
        }
        track.arrived_at = Some(now);
        self.out.counters.packets_received += 1;
        self.out.counters.packets_recovered += u64::from(taken.recovered);
        if track.muted || incoming.ext_seq < encoding.floor {
            return Err(DropReason::Muted);
        }
        if codec_changed {
            // Not every receiver has every codec: all choose again.
            track.active = 0;
        }
        let padding = incoming.payload.is_empty();
        let fresh = Fresh { source: encoding.source, encoding: binding.encoding, ext_seq: incoming.ext_seq, padding };
        self.dirty.push(track, binding.track, fresh)
    }

    /// An SSRC that was not announced says in its header extensions which section, and which encoding of it, it is.
    fn learn_binding(&mut self, key: PeerKey, ssrc: u32, meaning: Payload, extensions: &Extensions<'_>) -> Result<Binding, DropReason> {
        let peer = self.peers.get(key).ok_or(DropReason::RtpUnknownStream)?;
        let token = |bytes: Option<&[u8]>| bytes.and_then(|b| std::str::from_utf8(b).ok()).map(str::to_owned);
        let mid = token(extensions.mid).and_then(|t| Mid::parse(&t)).ok_or(DropReason::RtpUnknownStream)?;
        let uplink = peer.uplink(mid).ok_or(DropReason::RtpUnknownStream)?;
        let (track, simulcast) = (uplink.track, !uplink.rids.is_empty());
        let name = match meaning {
            Payload::Media(_) => extensions.rid,
            Payload::Retransmission(_) => extensions.repaired_rid,
        };
        let rid = token(name).and_then(|t| Rid::parse(&t));
        if simulcast != rid.is_some() || rid.is_some_and(|rid| !uplink.rids.contains(&rid)) {
            return Err(DropReason::RtpUnknownStream);
        }
        let bound = match meaning {
            Payload::Media(_) => self.bind_media(key, track, rid, ssrc),
            Payload::Retransmission(_) => self.bind_repair(key, track, rid, ssrc),
        };
        bound.ok_or(DropReason::RtpUnknownStream)
    }

    /// Makes `ssrc` an encoding of `track`, in place of the one that had this rid before.
    pub(super) fn bind_media(&mut self, key: PeerKey, track: TrackKey, rid: Option<Rid>, ssrc: u32) -> Option<Binding> {
        let peer = self.peers.get_mut(key)?;
        let order = peer.uplinks.iter().find(|u| u.track == track).and_then(|u| u.rids.iter().position(|r| Some(*r) == rid)).unwrap_or(0);
        let entry = self.tracks.get_mut(track)?;
        let existing = entry.encodings.iter().position(|e| e.rid == rid);
        if let Some(index) = existing.filter(|index| entry.encodings[*index].ssrc == ssrc) {
            return peer.bindings.get(ssrc).or(Some(Binding { track, encoding: index as u8 }));
        }
        let index = existing.unwrap_or(entry.encodings.len());
        let binding = Binding { track, encoding: index as u8 };
        if index >= ENCODINGS_MAX || !peer.bindings.bind(ssrc, binding) {
            return None;
        }
        let source = self.source_keys.next();
        let encoding = Encoding::new(source, entry.kind, rid, order, ssrc);
        self.sources.insert(source, track);
        if index == entry.encodings.len() {
            entry.encodings.push(encoding);
        } else {
            let old = std::mem::replace(&mut entry.encodings[index], encoding);
            self.sources.remove(&old.source);
            peer.bindings.unbind(old.ssrc);
            old.rtx_ssrc.into_iter().for_each(|rtx| peer.bindings.unbind(rtx));
        }
        // Its receivers look for their layer again.
        entry.active = 0;
        Some(binding)
    }

    /// Makes `ssrc` the retransmissions of an encoding that is known already.
    pub(super) fn bind_repair(&mut self, key: PeerKey, track: TrackKey, rid: Option<Rid>, ssrc: u32) -> Option<Binding> {
        let peer = self.peers.get_mut(key)?;
        let entry = self.tracks.get_mut(track)?;
        let index = entry.encodings.iter().position(|e| e.rid == rid)?;
        let binding = Binding { track, encoding: index as u8 };
        let old = entry.encodings[index].rtx_ssrc;
        if old == Some(ssrc) {
            return Some(binding);
        }
        old.into_iter().for_each(|rtx| peer.bindings.unbind(rtx));
        if entry.kind != MediaKind::Video || !peer.bindings.bind(ssrc, binding) {
            return None;
        }
        entry.encodings[index].rtx_ssrc = Some(ssrc);
        Some(binding)
    }
}

fn fail(events: &mut std::collections::VecDeque<Event>, peer: &mut super::peer::Peer, reason: FailReason) {
    if peer.state != PeerState::Failed {
        peer.state = PeerState::Failed;
        peer.outbound = None;
        peer.inbound = None;
        events.push_back(Event::Failed { peer: peer.id, reason });
    }
}

#[inline]
fn read_extensions<'a>(header: &Header, data: &'a [u8], map: &'a ExtensionMap) -> Extensions<'a> {
    let mut found = Extensions::default();
    for (kind, value) in header.extensions(data, map) {
        match (kind, value) {
            (ExtensionKind::TransportCc, [high, low, ..]) => found.transport = Some(u16::from_be_bytes([*high, *low])),
            (ExtensionKind::AudioLevel, [level, ..]) => found.passed.audio_level = Some(*level),
            (ExtensionKind::VideoOrientation, [orientation, ..]) => found.passed.video_orientation = Some(*orientation),
            (ExtensionKind::PlayoutDelay, [a, b, c, ..]) => found.passed.playout_delay = Some([*a, *b, *c]),
            (ExtensionKind::DependencyDescriptor, value) => found.dependency_descriptor = value,
            (ExtensionKind::Mid, value) => found.mid = Some(value),
            (ExtensionKind::Rid, value) => found.rid = Some(value),
            (ExtensionKind::RepairedRid, value) => found.repaired_rid = Some(value),
            _ => {}
        }
    }
    found
}
