//! Coming, coming back, and going.

use super::io::{CloseReason, ExternalEvent, ExternalId, JoinRequest, LinkState, MediaCommand, Output, PeerTrouble, SocketId};
use super::participant::{Mute, Participant, Reach, Track};
use super::{LOSS_UNMENTIONED, PLACE_KEPT, Room};
use crate::names::DisplayName;
use crate::secret::ResumeSecret;
use crate::wire::{ErrorCode, ParticipantId, Role, ServerMessage, SoundProfile, TrackSource};
use auftakt_media::id::{PeerId, TrackId};
use std::collections::BTreeMap;
use std::time::Instant;

impl Room {
    pub(super) fn join(&mut self, now: Instant, request: JoinRequest) {
        if self.sockets.contains_key(&request.socket) {
            return self.refuse(request.socket, ErrorCode::NotAllowed, None);
        }
        match request.resume.as_deref().and_then(|secret| self.find_by_secret(secret)) {
            Some(id) => self.resume(id, request),
            None => self.join_anew(now, request),
        }
    }

    fn find_by_secret(&self, given: &str) -> Option<ParticipantId> {
        let found = self.participants.values().find(|participant| participant.secret().is_some_and(|secret| secret.matches(given)));
        found.map(|participant| participant.id)
    }

    fn resume(&mut self, id: ParticipantId, request: JoinRequest) {
        let JoinRequest { socket, link, role, name, sound_profile, .. } = request;
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let before = participant.info();
        // Its secret is still there whenever it was found by it.
        let Some(secret) = participant.secret().cloned() else { return };
        let resume = secret.reveal().to_owned();
        let replaced = participant.socket();
        participant.reach = Reach::Socket { socket, link, secret };
        (participant.name, participant.role, participant.sound_profile) = (name, role, sound_profile);
        let resumed = participant.receiver.as_ref().is_some_and(|receiver| !receiver.is_unanswered());
        let changed = participant.info() != before;
        if let Some(old) = replaced {
            self.sockets.remove(&old);
            self.close(old, ErrorCode::ReplacedElsewhere);
        }
        self.sockets.insert(socket, id);
        let snapshot = self.snapshot(id);
        self.send(socket, ServerMessage::Welcome { you: id, role, resume, resumed, snapshot });
        if changed {
            self.tell_change(id);
        }
    }

    fn join_anew(&mut self, now: Instant, request: JoinRequest) {
        if request.link_state == LinkState::Expired {
            return self.close(request.socket, ErrorCode::LinkExpired);
        }
        let mutes = self.drop_ghost_of(&request);
        if self.participants.len() >= self.config.limits.participants {
            return self.close(request.socket, ErrorCode::RoomFull);
        }
        let JoinRequest { socket, link, role, name, sound_profile, secret, .. } = request;
        let resume = secret.reveal().to_owned();
        let id = self.admit(now, name, role, sound_profile, Reach::Socket { socket, link, secret });
        self.sockets.insert(socket, id);
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.mutes = mutes;
        }
        let snapshot = self.snapshot(id);
        self.send(socket, ServerMessage::Welcome { you: id, role, resume, resumed: false, snapshot });
        self.tell_joined(id, Some(socket));
    }

    /// Whoever comes back through the same link under the same name, without the secret (a closed tab, another device),
    /// takes over: its lost self does not stay in everybody's picture for half a minute. Returns what it leaves behind, because
    /// this too is coming back, and coming back never unmutes.
    fn drop_ghost_of(&mut self, request: &JoinRequest) -> BTreeMap<TrackSource, Mute> {
        let ghost = self.participants.values().find(|participant| {
            matches!(participant.reach, Reach::Lost { link, .. } if link == request.link) && participant.name == request.name
        });
        let Some((id, mutes)) = ghost.map(|ghost| (ghost.id, ghost.mutes.clone())) else { return BTreeMap::new() };
        self.remove(id);
        mutes
    }

    /// Puts somebody on the roster; there is a place.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        name: DisplayName,
        role: Role,
        sound_profile: SoundProfile,
        reach: Reach,
    ) -> ParticipantId {
        let id = ParticipantId(self.next_participant);
        self.next_participant = self.next_participant.wrapping_add(1);
        if self.started_at.is_none() {
            self.started_at = Some(self.wall_clock(now));
        }
        let participant = Participant { id, name, role, sound_profile, reach, tracks: Vec::new(), mutes: BTreeMap::new(), receiver: None };
        self.participants.insert(id, participant);
        self.seats_stale = true;
        id
    }

    pub(super) fn tell_joined(&mut self, id: ParticipantId, except: Option<SocketId>) {
        if let Some(participant) = self.participants.get(&id).map(Participant::info) {
            self.broadcast(except, ServerMessage::ParticipantJoined { participant });
        }
    }

    pub(super) fn add_local(
        &mut self,
        now: Instant,
        external: ExternalId,
        name: DisplayName,
        sound_profile: SoundProfile,
        tracks: Vec<(TrackSource, TrackId)>,
    ) {
        // The process's own participants take no place away from people.
        let id = self.admit(now, name, Role::Guest, sound_profile, Reach::External(external));
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.tracks = tracks.into_iter().map(|(source, id)| Track { source, id }).collect();
        }
        self.tell_joined(id, None);
    }

    pub(super) fn lose_socket(&mut self, now: Instant, socket: SocketId) {
        let Some(id) = self.sockets.remove(&socket) else { return };
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if let Reach::Socket { link, ref secret, .. } = participant.reach {
            participant.reach = Reach::Lost { since: now, announced: false, link, secret: secret.clone() };
        }
    }

    pub(super) fn announce_losses(&mut self, now: Instant) {
        let mut due = Vec::new();
        for participant in self.participants.values_mut() {
            if let Reach::Lost { since, ref mut announced, .. } = participant.reach
                && !*announced
                && now >= since + LOSS_UNMENTIONED
            {
                *announced = true;
                due.push(participant.id);
            }
        }
        due.into_iter().for_each(|id| self.tell_change(id));
    }

    pub(super) fn drop_lost(&mut self, now: Instant) {
        let over = |participant: &&Participant| matches!(participant.reach, Reach::Lost { since, .. } if now >= since + PLACE_KEPT);
        let due: Vec<ParticipantId> = self.participants.values().filter(over).map(|participant| participant.id).collect();
        due.into_iter().for_each(|id| self.remove(id));
    }

    /// Takes somebody off the roster. Its socket, if any, is closed by whoever calls.
    pub(super) fn remove(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.remove(&id) else { return };
        if let Some(receiver) = participant.receiver {
            self.outputs.push_back(Output::Media(MediaCommand::Remove(receiver.peer)));
        }
        match participant.reach {
            Reach::Socket { socket, .. } => drop(self.sockets.remove(&socket)),
            Reach::External(external) => self.outputs.push_back(Output::External { external, event: ExternalEvent::Ended }),
            Reach::Lost { .. } => {}
        }
        self.seats_stale = true;
        self.broadcast(None, ServerMessage::ParticipantLeft { participant: id });
    }

    pub(super) fn remove_external(&mut self, external: ExternalId) {
        match self.find_external(external) {
            Some(id) => self.remove(id),
            None => self.end_external(external),
        }
    }

    /// Ends a viewer.
    pub(super) fn end_external(&mut self, external: ExternalId) {
        if let Some(viewer) = self.viewers.remove(&external) {
            self.outputs.push_back(Output::Media(MediaCommand::Remove(viewer.peer)));
            self.outputs.push_back(Output::External { external, event: ExternalEvent::Ended });
        }
    }

    pub(super) fn find_external(&self, external: ExternalId) -> Option<ParticipantId> {
        let found = self.participants.values().find(|p| matches!(p.reach, Reach::External(e) if e == external));
        found.map(|participant| participant.id)
    }

    pub(super) fn peer_trouble(&mut self, peer: PeerId, trouble: PeerTrouble) {
        let viewer = self.viewers.iter().find(|(_, viewer)| viewer.peer == peer).map(|(external, _)| *external);
        if let Some(external) = viewer {
            return self.end_external(external);
        }
        let owner = self.participants.values_mut().find(|p| p.receiver.as_ref().is_some_and(|r| r.peer == peer));
        let Some(participant) = owner else { return };
        let id = participant.id;
        match (&participant.reach, trouble) {
            // It has no socket to come back on.
            (Reach::External(_), _) => self.remove(id),
            // The browser restarts ICE when it has a network again; its socket says whether it is still there.
            (_, PeerTrouble::Silent) => {}
            (_, PeerTrouble::Failed) => self.drop_connection(id),
        }
    }

    /// Throws a participant's connection away; the participant stays and may offer a new one.
    pub(super) fn drop_connection(&mut self, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let Some(receiver) = participant.receiver.take() else { return };
        let published = !participant.tracks.is_empty();
        participant.tracks.clear();
        self.outputs.push_back(Output::Media(MediaCommand::Remove(receiver.peer)));
        self.seats_stale = true;
        if published {
            self.tell_change(id);
        }
    }

    /// Closes a socket that is not (or no longer) in the room, with the reason before it.
    fn close(&mut self, socket: SocketId, code: ErrorCode) {
        self.refuse(socket, code, None);
        self.outputs.push_back(Output::Close { socket, reason: CloseReason::Fatal(code) });
    }
}

impl Participant {
    fn secret(&self) -> Option<&ResumeSecret> {
        match &self.reach {
            Reach::Socket { secret, .. } | Reach::Lost { secret, .. } => Some(secret),
            Reach::External(_) => None,
        }
    }
}

impl Role {
    pub(super) fn may_mute_others(self) -> bool {
        matches!(self, Self::Teacher | Self::Moderator)
    }
}
