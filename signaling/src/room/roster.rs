//! Coming, coming back, and going.

use super::io::{CloseReason, ExternalEvent, ExternalId, JoinRequest, LinkId, LinkState, MediaCommand, Output, PeerTrouble, SocketId};
use super::participant::{Mute, Participant, Pass, Reach, Track};
use super::seats::View;
use super::{LOSS_UNMENTIONED, PLACE_KEPT, Room};
use crate::names::DisplayName;
use crate::wire::{ErrorCode, ParticipantId, Role, ServerMessage, SoundProfile, TrackSource};
use auftakt_media::id::{PeerId, TrackId};
use std::collections::BTreeMap;
use std::time::Instant;

impl Room {
    pub(super) fn join(&mut self, now: Instant, request: JoinRequest) {
        if self.sockets.contains_key(&request.socket) || self.lobby.find_by_socket(request.socket).is_some() {
            return self.refuse(request.socket, ErrorCode::NotAllowed, None);
        }
        let secret = request.resume.as_deref();
        if let Some(id) = secret.and_then(|secret| self.find_by_secret(secret)) {
            return self.resume(id, request);
        }
        if let Some(id) = secret.and_then(|secret| self.lobby.find_by_secret(secret)) {
            return self.wait_on(now, id, request);
        }
        self.join_anew(now, request);
    }

    fn find_by_secret(&self, given: &str) -> Option<ParticipantId> {
        let found = self.participants.values().find(|participant| participant.pass().is_some_and(|pass| pass.opens_with(given)));
        found.map(|participant| participant.id)
    }

    fn resume(&mut self, id: ParticipantId, request: JoinRequest) {
        let JoinRequest { socket, link, role, name, sound_profile, .. } = request;
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let before = participant.info();
        // Its pass is still there whenever it was found by it.
        let Some(pass) = participant.pass().cloned() else { return };
        let resume = pass.secret.reveal().to_owned();
        let replaced = participant.socket();
        participant.reach = Reach::Socket { socket, pass: Pass { link, ..pass } };
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
        self.tell_media_again(id, socket);
        if changed {
            self.tell_change(id);
        }
    }

    pub(super) fn join_anew(&mut self, now: Instant, request: JoinRequest) {
        if request.link_state == LinkState::Expired {
            return self.close(request.socket, ErrorCode::LinkExpired);
        }
        if self.must_wait(request.link, request.role, request.standing) {
            return self.wait(now, request);
        }
        let mutes = self.drop_ghost_of(request.link, &request.name);
        if self.participants.len() >= self.config.limits.participants {
            return self.close(request.socket, ErrorCode::RoomFull);
        }
        let JoinRequest { socket, link, role, name, sound_profile, secret, .. } = request;
        let pass = Pass { link, secret, waited_with: None };
        let id = self.fresh_id();
        self.admit(now, id, name, role, sound_profile, Reach::Socket { socket, pass });
        self.enter(id, mutes);
    }

    /// Whoever comes back through the same link under the same name, without the secret (a closed tab, another device),
    /// takes over: its lost self does not stay in everybody's picture for half a minute. Returns what it leaves behind, because
    /// this too is coming back, and coming back never unmutes.
    pub(super) fn drop_ghost_of(&mut self, link: LinkId, name: &DisplayName) -> BTreeMap<TrackSource, Mute> {
        let is_ghost = |p: &&Participant| matches!(&p.reach, Reach::Lost { pass, .. } if pass.link == link) && p.name == *name;
        let ghost = self.participants.values().find(is_ghost);
        let Some((id, mutes)) = ghost.map(|ghost| (ghost.id, ghost.mutes.clone())) else { return BTreeMap::new() };
        self.remove(id);
        mutes
    }

    /// A name for whoever comes next.
    pub(super) fn fresh_id(&mut self) -> ParticipantId {
        let id = ParticipantId(self.next_participant);
        self.next_participant = self.next_participant.wrapping_add(1);
        id
    }

    /// Puts somebody on the roster; there is a place.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        id: ParticipantId,
        name: DisplayName,
        role: Role,
        sound_profile: SoundProfile,
        reach: Reach,
    ) {
        if self.started_at.is_none() {
            self.started_at = Some(self.wall_clock(now));
        }
        self.entered = self.entered.wrapping_add(1);
        let participant = Participant {
            id,
            order: self.entered,
            name,
            role,
            sound_profile,
            reach,
            tracks: Vec::new(),
            mutes: BTreeMap::new(),
            receiver: None,
            view: View::default(),
            hand: None,
            screen_taken: false,
            told_paused: Vec::new(),
        };
        self.participants.insert(id, participant);
        self.stale.everybody = true;
        self.roster_stale = true;
    }

    /// Somebody on the roster who came through a link: tells it where it is, and the others who came.
    pub(super) fn enter(&mut self, id: ParticipantId, mutes: BTreeMap<TrackSource, Mute>) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        participant.mutes = mutes;
        let (role, socket) = (participant.role, participant.socket());
        let resume = participant.pass().map(|pass| pass.secret.reveal().to_owned()).unwrap_or_default();
        if let Some(socket) = socket {
            self.sockets.insert(socket, id);
            let snapshot = self.snapshot(id);
            self.send(socket, ServerMessage::Welcome { you: id, role, resume, resumed: false, snapshot });
        }
        self.tell_joined(id, socket);
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
        let id = self.fresh_id();
        self.admit(now, id, name, Role::Guest, sound_profile, Reach::External(external));
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.tracks = tracks.into_iter().map(|(source, id)| Track { source, id, layers: None }).collect();
        }
        self.tell_joined(id, None);
    }

    pub(super) fn lose_socket(&mut self, now: Instant, socket: SocketId) {
        let Some(id) = self.sockets.remove(&socket) else { return self.lobby.lose_socket(now, socket) };
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if let Some(pass) = participant.pass().cloned() {
            participant.reach = Reach::Lost { since: now, announced: false, pass };
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
        if self.lobby.drop_lost(now) {
            self.lobby_news.mark();
        }
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
        self.voices.forget(id);
        self.stale.everybody = true;
        self.roster_stale = true;
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

    pub(super) fn peer_trouble(&mut self, now: Instant, peer: PeerId, trouble: PeerTrouble) {
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
            (_, PeerTrouble::Failed) => self.drop_connection(now, id),
        }
    }

    /// Throws a participant's connection away; the participant stays and may offer a new one.
    pub(super) fn drop_connection(&mut self, now: Instant, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let Some(receiver) = participant.receiver.take() else { return };
        let published = !participant.tracks.is_empty();
        participant.tracks.clear();
        self.voices.silence(now, id);
        self.outputs.push_back(Output::Media(MediaCommand::Remove(receiver.peer)));
        self.stale.everybody = true;
        self.pauses_due.get_or_insert(now);
        if published {
            self.tell_change(id);
        }
    }

    /// Closes a socket that is not (or no longer) in the room, with the reason before it.
    pub(super) fn close(&mut self, socket: SocketId, code: ErrorCode) {
        self.refuse(socket, code, None);
        self.outputs.push_back(Output::Close { socket, reason: CloseReason::Fatal(code) });
    }
}
