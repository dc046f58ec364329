//! Offers: they create peers, tracks and slots, and change them.

use super::bucket::Bucket;
use super::downlink::Downlink;
use super::dynacast::Wanted;
use super::payload_types::OutgoingPayloads;
use super::peer::{
    FEEDBACK, FeedbackState, KEYFRAMES, Peer, PeerKey, PeerState, RETRANSMISSIONS, SLOTS_MAX, Session, UPLINK, UPLINKS_MAX, Uplink,
};
use super::slot::Slot;
use super::track::Track;
use super::{Accepted, Event, OfferError, SeatMids, Worker};
use crate::dtls::{DtlsServer, Fingerprint};
use crate::ice::{Credentials, IceLite};
use crate::id::{MediaKind, Mid, PeerId};
use crate::rtp::ext::ExtensionMap;
use crate::rtp::twcc::TwccRecorder;
use crate::sdp::{AnswerIdentity, DownlinkMedia, Negotiated, Offer, Section, SectionRole, negotiate, write_answer};
use rand::Rng;
use std::time::Instant;

/// Peers of one worker. A school's whole staff in one room, ten times over.
const PEERS_MAX: usize = 2000;

impl Worker {
    pub(super) fn accept(&mut self, now: Instant, peer: PeerId, text: &str, seats: &[SeatMids]) -> Result<Accepted, OfferError> {
        let offer = Offer::parse(text).map_err(sdp_error)?;
        let negotiated = negotiate(&offer, &self.answer_params).map_err(sdp_error)?;
        check_bounds(&negotiated)?;
        let key = match self.peer_keys.get(&peer).copied() {
            Some(key) => {
                self.renegotiate(now, key, &offer, negotiated)?;
                key
            }
            None => self.create_peer(now, peer, &offer, negotiated)?,
        };
        self.apply_sections(key, seats);
        self.reschedule(now, key);
        Ok(self.answer(key))
    }

    fn create_peer(&mut self, now: Instant, id: PeerId, offer: &Offer, negotiated: Negotiated) -> Result<PeerKey, OfferError> {
        if self.peers.len() >= PEERS_MAX {
            return Err(OfferError::TooManyPeers);
        }
        let fingerprint = Fingerprint::parse(offer.fingerprint.algorithm, &offer.fingerprint.value)
            .ok_or_else(|| OfferError::Sdp("the fingerprint cannot be read".into()))?;
        let credentials = Credentials::generate(&mut self.rng, self.index);
        let ufrag = credentials.ufrag.clone();
        let key = self.peers.insert(Peer {
            destination: None,
            reached: None,
            outbound: None,
            slots: Vec::new(),
            downlink: Downlink::new(now, self.rng.random()),
            inbound: None,
            bindings: Default::default(),
            payloads: Default::default(),
            extensions: ExtensionMap::default(),
            uplinks: Vec::new(),
            feedback: FeedbackState {
                transport: TwccRecorder::new(now),
                ssrc: self.rng.random::<u32>() | 1,
                report_at: now,
                budget: Bucket::new(RETRANSMISSIONS, now),
                uplink: Bucket::new(UPLINK, now),
                keyframe_budget: Bucket::new(KEYFRAMES, now),
                transport_budget: Bucket::new(FEEDBACK, now),
            },
            clock: Default::default(),
            id,
            ice: IceLite::new(credentials, now),
            dtls: DtlsServer::new(&self.certificate, fingerprint, self.rng.random(), now),
            state: PeerState::Connecting,
            wake_at: None,
            session: Session {
                remote_ufrag: offer.ice.ufrag.clone(),
                fingerprint: offer.fingerprint.clone(),
                negotiated,
                ufrags: vec![ufrag.clone()],
                // 63 bits: some parsers read it as a signed number (RFC 8829 §5.2.1).
                id: self.rng.random::<u64>() >> 1,
                version: 0,
                cname: format!("{:016x}", self.rng.random::<u64>()),
            },
        });
        self.peer_keys.insert(id, key);
        self.ufrags.insert(ufrag, key);
        Ok(key)
    }

    fn renegotiate(&mut self, now: Instant, key: PeerKey, offer: &Offer, negotiated: Negotiated) -> Result<(), OfferError> {
        let Some(peer) = self.peers.get_mut(key) else { return Ok(()) };
        if offer.fingerprint != peer.session.fingerprint {
            return Err(OfferError::FingerprintChanged);
        }
        negotiated.check_continues(&peer.session.negotiated).map_err(sdp_error)?;
        peer.session.negotiated = negotiated;
        peer.session.version += 1;
        if offer.ice.ufrag != peer.session.remote_ufrag {
            peer.session.remote_ufrag = offer.ice.ufrag.clone();
            let credentials = Credentials::generate(&mut self.rng, self.index);
            self.ufrags.insert(credentials.ufrag.clone(), key);
            peer.session.ufrags.push(credentials.ufrag.clone());
            peer.ice.restart(credentials, now);
            self.forget_void_ufrags(key);
        }
        Ok(())
    }

    /// After a restart, and again when its first check has come: only what the ICE agent still answers leads to it.
    pub(super) fn forget_void_ufrags(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let (ice, ufrags) = (&peer.ice, &mut self.ufrags);
        peer.session.ufrags.retain(|ufrag| {
            let valid = ice.accepts_ufrag(ufrag);
            if !valid {
                ufrags.remove(ufrag);
            }
            valid
        });
    }

    fn apply_sections(&mut self, key: PeerKey, seats: &[SeatMids]) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let sections = peer.session.negotiated.sections.clone();
        peer.payloads = Default::default();
        peer.extensions = ExtensionMap::default();
        let gone = |mid: Mid, role: SectionRole| !sections.iter().any(|s| s.mid == mid && s.role == role);
        let ended: Vec<Mid> = peer.uplinks.iter().map(|u| u.mid).filter(|m| gone(*m, SectionRole::Uplink)).collect();
        let stopped: Vec<Mid> = peer.slots.iter().map(|s| s.mid).filter(|m| gone(*m, SectionRole::Downlink)).collect();
        for mid in ended {
            self.end_uplink(key, mid);
        }
        for mid in stopped {
            self.stop_slot(key, mid);
        }
        for section in &sections {
            match section.role {
                SectionRole::Uplink => self.apply_uplink(key, section),
                SectionRole::Downlink => self.apply_downlink(key, section, seats),
                SectionRole::Inactive | SectionRole::Rejected(_) => {}
            }
        }
    }

    fn apply_uplink(&mut self, key: PeerKey, section: &Section) {
        let (Some(peer), Some(kind)) = (self.peers.get_mut(key), section.kind) else { return };
        peer.payloads.learn(&section.codecs);
        for (id, kind) in section.extensions.iter() {
            peer.extensions.insert(id, kind);
        }
        if let Some(uplink) = peer.uplinks.iter_mut().find(|u| u.mid == section.mid) {
            uplink.rids.clone_from(&section.rids);
        } else {
            let id = self.track_ids.next();
            let mut track = Track::new(id, kind, Some(key));
            track.wanted = Wanted::all(section.rids.len().max(1) as u8);
            let track = self.tracks.insert(track);
            self.track_keys.insert(id, track);
            peer.uplinks.push(Uplink { mid: section.mid, kind, rids: section.rids.clone(), track });
        }
        if section.rids.is_empty() {
            self.bind_announced(key, section);
        }
        let Some(track) = self.peers.get(key).and_then(|p| p.uplink(section.mid)).map(|u| u.track) else { return };
        if let Some(track) = self.tracks.get_mut(track) {
            track.announced = section.rids.len().max(1) as u8;
        }
        self.review_wanted(self.now, track);
    }

    /// Without simulcast the offer says which SSRC the section has: packets need no mid extension then.
    fn bind_announced(&mut self, key: PeerKey, section: &Section) {
        let Some(track) = self.peers.get(key).and_then(|p| p.uplink(section.mid)).map(|u| u.track) else { return };
        let repairs = |ssrc: &u32| section.fid.iter().any(|(_, rtx)| rtx == ssrc);
        let Some(&media) = section.ssrcs.iter().find(|s| !repairs(s)) else { return };
        self.bind_media(key, track, None, media);
        if let Some(&(_, rtx)) = section.fid.iter().find(|(ssrc, _)| *ssrc == media) {
            self.bind_repair(key, track, None, rtx);
        }
    }

    fn apply_downlink(&mut self, key: PeerKey, section: &Section, seats: &[SeatMids]) {
        let (Some(peer), Some(kind)) = (self.peers.get_mut(key), section.kind) else { return };
        let (payloads, time) = (OutgoingPayloads::new(&section.codecs), self.wall_clock.ntp(self.now));
        let existing = peer.slots.iter().position(|s| s.mid == section.mid);
        let index = existing.unwrap_or_else(|| {
            let stream = stream_name(section.mid, kind, seats, &peer.slots);
            let slot = Slot::new(section.mid, kind, stream, time, &mut self.rng, |ssrc| peer.has_ssrc(ssrc));
            let retired = peer.slots.iter().position(|s| !s.live);
            let index = retired.unwrap_or(peer.slots.len());
            if index == peer.slots.len() {
                peer.slots.push(slot);
            } else {
                peer.slots[index] = slot;
            }
            index
        });
        peer.slots[index].configure(payloads, section.extensions);
        let live = || peer.slots.iter().filter(|slot| slot.live);
        peer.downlink.configure(live().any(Slot::is_numbered), live().any(Slot::repeats));
    }

    fn answer(&mut self, key: PeerKey) -> Accepted {
        let Some(peer) = self.peers.get(key) else { return Accepted { answer: String::new(), tracks: vec![], downlinks: vec![] } };
        let credentials = peer.ice.credentials();
        let identity = AnswerIdentity {
            ufrag: &credentials.ufrag,
            pwd: &credentials.pwd,
            fingerprint: self.certificate.fingerprint(),
            candidates: &self.candidates,
            session_id: peer.session.id,
            session_version: peer.session.version,
        };
        let live = || peer.slots.iter().filter(|s| s.live);
        let downlinks: Vec<DownlinkMedia<'_>> = live()
            .map(|s| DownlinkMedia {
                mid: s.mid,
                ssrc: s.ssrc,
                rtx_ssrc: (s.kind == MediaKind::Video).then_some(s.rtx_ssrc),
                stream: &s.stream,
                cname: &peer.session.cname,
            })
            .collect();
        let track_id = |u: &Uplink| Some((u.mid, u.kind, self.tracks.get(u.track)?.id));
        Accepted {
            answer: write_answer(&peer.session.negotiated, &identity, &downlinks),
            tracks: peer.uplinks.iter().filter_map(track_id).collect(),
            downlinks: live().map(|s| (s.mid, s.kind)).collect(),
        }
    }

    fn end_uplink(&mut self, key: PeerKey, mid: Mid) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let Some(index) = peer.uplinks.iter().position(|u| u.mid == mid) else { return };
        let uplink = peer.uplinks.remove(index);
        peer.bindings.unbind_track(uplink.track);
        if let Some(id) = self.tracks.get(uplink.track).map(|t| t.id) {
            self.out.events.push_back(Event::TrackEnded { track: id });
        }
        self.drop_track(uplink.track);
    }
}

fn sdp_error(error: impl std::fmt::Display) -> OfferError {
    OfferError::Sdp(error.to_string())
}

fn check_bounds(negotiated: &Negotiated) -> Result<(), OfferError> {
    let count = |role: SectionRole| negotiated.sections.iter().filter(|s| s.role == role).count();
    if count(SectionRole::Uplink) > UPLINKS_MAX || count(SectionRole::Downlink) > SLOTS_MAX {
        return Err(OfferError::TooManySections);
    }
    Ok(())
}

/// Sections of one seat share a stream, so that the browser plays them in sync. Sections of no seat pair up in order: the nth
/// sound with the nth picture.
fn stream_name(mid: Mid, kind: MediaKind, seats: &[SeatMids], slots: &[Slot]) -> String {
    match seats.iter().position(|s| s.audio == Some(mid) || s.video == Some(mid)) {
        Some(seat) => format!("s{seat}"),
        None => format!("u{}", slots.iter().filter(|s| s.kind == kind && s.stream.starts_with('u')).count()),
    }
}
