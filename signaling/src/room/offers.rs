//! Offers on their way through the media plane, and what their answers change.

use super::Room;
use super::io::{ExternalEvent, ExternalId, ExternalOffer, ExternalRefusal, ExternalRole, MediaCommand, OfferSerial, Output, SocketId};
use super::participant::{Participant, Reach, WantedTrack};
use super::seats::{Receiver, parse_seats};
use crate::wire::{ErrorCode, OfferedSeat, OfferedTrack, ParticipantId, Role, ServerMessage, SoundProfile, TrackSource};
use auftakt_media::id::PeerId;
use auftakt_media::worker::{Accepted, Muted, OfferError, SeatMids};
use std::collections::BTreeMap;
use std::time::Instant;

/// Offers of one connection under way at once. A client waits for its answer; more is no client of ours. Full: refused.
const PENDING_PER_OWNER: usize = 4;

#[derive(Debug, Default)]
pub(super) struct PendingOffers {
    next: u64,
    waiting: BTreeMap<OfferSerial, PendingOffer>,
}

#[derive(Debug)]
struct PendingOffer {
    owner: Owner,
    peer: PeerId,
    /// `None`: what the answer says (WHIP).
    tracks: Option<Vec<WantedTrack>>,
    seats: Vec<SeatMids>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// With the offer's own id.
    Socket(ParticipantId, u32),
    Publisher(ExternalId),
    Viewer(ExternalId),
}

impl Owner {
    fn is_same_connection(self, other: Self) -> bool {
        match (self, other) {
            (Self::Socket(a, _), Self::Socket(b, _)) => a == b,
            _ => self == other,
        }
    }
}

/// An offer as it came through a socket.
pub(super) struct SocketOffer {
    pub(super) id: u32,
    pub(super) sdp: String,
    pub(super) tracks: Vec<OfferedTrack>,
    pub(super) seats: Vec<OfferedSeat>,
    pub(super) fresh: bool,
}

impl PendingOffers {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn add(&mut self, offer: PendingOffer) -> Option<OfferSerial> {
        let same = self.waiting.values().filter(|waiting| waiting.owner.is_same_connection(offer.owner));
        if same.count() >= PENDING_PER_OWNER {
            return None;
        }
        let serial = OfferSerial(self.next);
        self.next += 1;
        self.waiting.insert(serial, offer);
        Some(serial)
    }
}

impl Room {
    pub(super) fn offer(&mut self, now: Instant, me: ParticipantId, socket: SocketId, spare: PeerId, offer: SocketOffer) {
        let SocketOffer { id, sdp, tracks, seats, fresh } = offer;
        let (Some(tracks), Some(seats)) = (WantedTrack::parse_all(&tracks), parse_seats(&seats)) else {
            return self.refuse(socket, ErrorCode::OfferRefused, Some(id));
        };
        if fresh {
            self.drop_connection(now, me);
        } else if self.participants.get(&me).is_some_and(|participant| participant.receiver.is_none()) {
            // It goes on with something that has died here: the answer would come from somebody its browser does not know.
            return self.refuse(socket, ErrorCode::OfferRefused, Some(id));
        }
        self.note_wanted_mutes(me, &tracks);
        let Some(participant) = self.participants.get_mut(&me) else { return };
        let peer = participant.receiver.as_ref().map_or(spare, |receiver| receiver.peer);
        let pending = PendingOffer { owner: Owner::Socket(me, id), peer, tracks: Some(tracks), seats: seats.clone() };
        let Some(serial) = self.offers.add(pending) else {
            return self.refuse(socket, ErrorCode::OfferRefused, Some(id));
        };
        participant.receiver.get_or_insert_with(|| Receiver::new(peer));
        self.outputs.push_back(Output::Media(MediaCommand::Offer { serial, peer, sdp, seats }));
    }

    /// At once, not with the answer: whoever wants to be silent is, whatever becomes of the offer.
    fn note_wanted_mutes(&mut self, me: ParticipantId, wanted: &[WantedTrack]) {
        let Some(participant) = self.participants.get_mut(&me) else { return };
        let silenced = participant.note_wanted_mutes(wanted);
        if !silenced.is_empty() {
            self.outputs.extend(silenced.into_iter().map(|track| Output::Media(MediaCommand::SetMuted(track, Muted::Yes))));
            self.tell_change(me);
        }
    }

    pub(super) fn external_offer(&mut self, now: Instant, offer: ExternalOffer) {
        let ExternalOffer { external, role, sdp, spare } = offer;
        let admitted = match role {
            ExternalRole::Publisher(name) => {
                self.admit_publisher(now, external, name, spare).map(|peer| (peer, Owner::Publisher(external), vec![]))
            }
            ExternalRole::Viewer(seats) => self.admit_viewer(external, spare).map(|peer| (peer, Owner::Viewer(external), seats)),
        };
        let (peer, owner, seats) = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => return self.tell_external(external, ExternalEvent::Refused(refusal)),
        };
        match self.offers.add(PendingOffer { owner, peer, tracks: None, seats: seats.clone() }) {
            Some(serial) => self.outputs.push_back(Output::Media(MediaCommand::Offer { serial, peer, sdp, seats })),
            None => self.tell_external(external, ExternalEvent::Refused(ExternalRefusal::Offer(OfferError::TooManyPeers))),
        }
    }

    fn admit_publisher(
        &mut self,
        now: Instant,
        external: ExternalId,
        name: crate::DisplayName,
        spare: PeerId,
    ) -> Result<PeerId, ExternalRefusal> {
        if let Some(known) = self.find_external(external).and_then(|id| self.participants.get(&id)) {
            return known.receiver.as_ref().map(|receiver| receiver.peer).ok_or(ExternalRefusal::Unknown);
        }
        if self.participants.len() >= self.config.limits.participants {
            return Err(ExternalRefusal::RoomFull);
        }
        let id = self.fresh_id();
        self.admit(now, id, name, Role::Guest, SoundProfile::Studio, Reach::External(external));
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.receiver = Some(Receiver::new(spare));
        }
        self.tell_joined(id, None);
        Ok(spare)
    }

    fn admit_viewer(&mut self, external: ExternalId, spare: PeerId) -> Result<PeerId, ExternalRefusal> {
        if let Some(known) = self.viewers.get(&external) {
            return Ok(known.peer);
        }
        if self.viewers.len() >= self.config.limits.viewers {
            return Err(ExternalRefusal::RoomFull);
        }
        self.viewers.insert(external, Receiver::new(spare));
        Ok(spare)
    }

    pub(super) fn finish_offer(&mut self, now: Instant, serial: OfferSerial, result: Result<Accepted, OfferError>) {
        let Some(offer) = self.offers.waiting.remove(&serial) else { return };
        if !self.is_current(&offer) {
            // Its owner left or started anew while the media plane was working: what was made is nobody's.
            self.outputs.push_back(Output::Media(MediaCommand::Remove(offer.peer)));
            return;
        }
        match (result, offer.owner) {
            (Ok(accepted), Owner::Socket(id, offer_id)) => self.accept_from_socket(now, id, offer_id, &offer, accepted),
            (Ok(accepted), Owner::Publisher(external)) => self.accept_publisher(now, external, accepted),
            (Ok(accepted), Owner::Viewer(external)) => self.accept_viewer(external, &offer, accepted),
            (Err(_), Owner::Socket(id, offer_id)) => self.refuse_socket_offer(now, id, offer_id),
            (Err(error), Owner::Publisher(external) | Owner::Viewer(external)) => self.refuse_external(external, error),
        }
    }

    fn is_current(&self, offer: &PendingOffer) -> bool {
        let receiver = match offer.owner {
            Owner::Socket(id, _) => self.participants.get(&id).and_then(|p| p.receiver.as_ref()),
            Owner::Publisher(external) => self.find_external(external).and_then(|id| self.participants.get(&id)?.receiver.as_ref()),
            Owner::Viewer(external) => self.viewers.get(&external),
        };
        receiver.is_some_and(|receiver| receiver.peer == offer.peer)
    }

    fn accept_from_socket(&mut self, now: Instant, id: ParticipantId, offer_id: u32, offer: &PendingOffer, accepted: Accepted) {
        self.publish(now, id, offer.tracks.as_deref().unwrap_or_default(), &accepted);
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if let Some(receiver) = &mut participant.receiver {
            receiver.offer_seats(&offer.seats, &accepted);
            self.pauses_due.get_or_insert(now);
        }
        // Who sits there follows, whether or not somebody moved.
        if let Some(socket) = participant.socket() {
            self.send(socket, ServerMessage::Answer { id: offer_id, sdp: accepted.answer });
        }
    }

    fn accept_publisher(&mut self, now: Instant, external: ExternalId, accepted: Accepted) {
        if let Some(id) = self.find_external(external) {
            self.publish(now, id, &WantedTrack::by_order(&accepted), &accepted);
        }
        self.tell_external(external, ExternalEvent::Answered(accepted.answer));
    }

    fn accept_viewer(&mut self, external: ExternalId, offer: &PendingOffer, accepted: Accepted) {
        if let Some(viewer) = self.viewers.get_mut(&external) {
            viewer.note_answered();
            viewer.offer_seats(&offer.seats, &accepted);
            self.stale.everybody = true;
        }
        self.tell_external(external, ExternalEvent::Answered(accepted.answer));
    }

    fn publish(&mut self, now: Instant, id: ParticipantId, wanted: &[WantedTrack], accepted: &Accepted) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let before = participant.info();
        let (voice, shared) = (participant.track(TrackSource::Microphone), participant.track(TrackSource::Screen).is_some());
        if !participant.receiver.as_ref().is_some_and(Receiver::is_unanswered) {
            // Not on a new connection: whoever comes back may bring its tracks one by one.
            participant.forget_owner_mutes_except(wanted);
        }
        let mutes = participant.publish(wanted, accepted);
        let shares = participant.track(TrackSource::Screen).is_some();
        // Whoever was taken over shares anew after having stopped.
        participant.screen_taken &= shares;
        let begins = shares && !shared && !participant.screen_taken;
        if participant.track(TrackSource::Microphone) != voice {
            self.voices.silence(now, id);
        }
        let changed = participant.info() != before;
        // Before anybody is assigned to the tracks: a muted one is never heard.
        self.outputs.extend(mutes.into_iter().map(|(track, muted)| Output::Media(MediaCommand::SetMuted(track, muted))));
        if let Some(receiver) = &mut participant.receiver {
            receiver.note_answered();
        }
        self.stale.everybody = true;
        self.voices_stale = true;
        if changed {
            self.tell_change(id);
        }
        if begins {
            self.take_over_screens(id);
        }
    }

    fn refuse_socket_offer(&mut self, now: Instant, id: ParticipantId, offer_id: u32) {
        // A connection that never got an answer does not exist.
        let unanswered = |participant: &Participant| participant.receiver.as_ref().is_some_and(Receiver::is_unanswered);
        if self.participants.get(&id).is_some_and(unanswered) {
            self.drop_connection(now, id);
        }
        if let Some(socket) = self.participants.get(&id).and_then(Participant::socket) {
            self.refuse(socket, ErrorCode::OfferRefused, Some(offer_id));
        }
    }

    fn refuse_external(&mut self, external: ExternalId, error: OfferError) {
        self.tell_external(external, ExternalEvent::Refused(ExternalRefusal::Offer(error)));
        // A failed ICE restart leaves what was; a failed first offer leaves nothing.
        let participant = self.find_external(external);
        let receiver = match participant {
            Some(id) => self.participants.get(&id).and_then(|p| p.receiver.as_ref()),
            None => self.viewers.get(&external),
        };
        if receiver.is_some_and(Receiver::is_unanswered) {
            self.remove_external(external);
        }
    }

    fn tell_external(&mut self, external: ExternalId, event: ExternalEvent) {
        self.outputs.push_back(Output::External { external, event });
    }
}
