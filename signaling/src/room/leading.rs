//! What those may do who lead a room, and what it does to the others.

use super::Room;
use super::io::{MediaCommand, Output, SocketId};
use crate::wire::{
    ClientMessage, ErrorCode, ParticipantId, Role, RoomKind, ScreenPolicy, SeatedStream, ServerMessage, StreamKind, TrackSource,
};
use std::time::Instant;

impl Role {
    /// Leads a lesson or a conference.
    pub(super) fn leads(self) -> bool {
        matches!(self, Self::Teacher | Self::Moderator)
    }
}

impl ClientMessage {
    /// Only for whoever leads the room.
    pub(super) fn is_for_leaders(&self) -> bool {
        matches!(
            self,
            Self::MuteOther { .. }
                | Self::MuteAll
                | Self::AskUnmute { .. }
                | Self::Admit { .. }
                | Self::AdmitAll
                | Self::Dismiss { .. }
                | Self::Remove { .. }
                | Self::SetLocked { .. }
                | Self::LowerHand { .. }
                | Self::GiveFloor { .. }
                | Self::SetSpotlight { .. }
                | Self::SetScreens { .. }
        )
    }

    /// In a lesson everybody is heard anyway: there is no floor to give.
    pub(super) fn is_possible_in(&self, kind: RoomKind) -> bool {
        kind == RoomKind::Conference || !matches!(self, Self::GiveFloor { .. })
    }
}

impl Room {
    /// A message of [`ClientMessage::is_for_leaders`], from one of them.
    pub(super) fn lead(&mut self, now: Instant, me: ParticipantId, socket: SocketId, message: ClientMessage) {
        match message {
            ClientMessage::MuteOther { participant, source } => self.mute_other(me, participant, source),
            ClientMessage::MuteAll => self.mute_all(me),
            ClientMessage::AskUnmute { participant } => self.ask_unmute(me, participant),
            ClientMessage::Admit { participants } => self.let_in(now, socket, participants),
            ClientMessage::AdmitAll => self.let_all_in(now, socket),
            ClientMessage::Dismiss { participant } => self.dismiss(participant),
            ClientMessage::Remove { participant } if participant == me => self.refuse(socket, ErrorCode::NotAllowed, None),
            ClientMessage::Remove { participant } => self.turn_out(participant),
            ClientMessage::SetLocked { locked } => self.set_locked(now, socket, locked),
            ClientMessage::LowerHand { participant } => self.set_hand(participant, false),
            ClientMessage::GiveFloor { participant } => self.give_floor(participant),
            ClientMessage::SetSpotlight { stream } => self.set_spotlight(stream),
            ClientMessage::SetScreens { screens } => self.set_screens(screens),
            _ => {}
        }
    }

    fn mute_other(&mut self, me: ParticipantId, other: ParticipantId, source: TrackSource) {
        // Somebody who has left or stopped sending meanwhile is silent as wanted.
        let Some(participant) = self.participants.get_mut(&other) else { return };
        let Some(track) = participant.track(source) else { return };
        let mute = participant.mutes.entry(source).or_default();
        if mute.holds() {
            return;
        }
        mute.by_other = true;
        let mute = mute.as_media();
        let its_socket = participant.socket();
        self.outputs.push_back(Output::Media(MediaCommand::SetMuted(track, mute)));
        self.tell_change(other);
        if let Some(its_socket) = its_socket {
            self.send(its_socket, ServerMessage::MutedBy { source, by: me });
        }
    }

    fn mute_all(&mut self, me: ParticipantId) {
        let others = self.participants.values().filter(|p| p.id != me && !p.role.leads());
        let others: Vec<ParticipantId> = others.map(|p| p.id).collect();
        others.into_iter().for_each(|other| self.mute_other(me, other, TrackSource::Microphone));
    }

    fn ask_unmute(&mut self, me: ParticipantId, other: ParticipantId) {
        let Some(participant) = self.participants.get(&other).filter(|p| !p.has_open_microphone()) else { return };
        if let Some(socket) = participant.socket() {
            self.send(socket, ServerMessage::AskedToUnmute { by: me });
        }
    }

    /// Somebody has to go, and waits when coming again.
    fn turn_out(&mut self, other: ParticipantId) {
        let Some(participant) = self.participants.get(&other) else { return };
        let socket = participant.socket();
        if let Some(link) = participant.pass().map(|pass| pass.link) {
            self.lobby.note_removed(link);
        }
        self.remove(other);
        if let Some(socket) = socket {
            self.close(socket, ErrorCode::Removed);
        }
    }

    fn set_locked(&mut self, now: Instant, socket: SocketId, locked: bool) {
        if std::mem::replace(&mut self.settings.locked, locked) != locked {
            self.tell_settings();
        }
        if !locked {
            self.let_in_who_need_not_wait(now, socket);
        }
    }

    /// Raises or lowers somebody's hand.
    pub(super) fn set_hand(&mut self, id: ParticipantId, up: bool) {
        let Some(participant) = self.participants.get_mut(&id) else { return };
        if participant.hand.is_some() == up {
            return;
        }
        self.hands_raised = self.hands_raised.wrapping_add(u32::from(up));
        participant.hand = up.then_some(self.hands_raised);
        self.tell_change(id);
    }

    fn give_floor(&mut self, to: Option<ParticipantId>) {
        if to.is_some_and(|to| !self.participants.contains_key(&to)) {
            return;
        }
        if std::mem::replace(&mut self.settings.floor, to) != to {
            self.stale.everybody = true;
            self.tell_settings();
        }
        if let Some(to) = to {
            self.set_hand(to, false);
        }
    }

    fn set_spotlight(&mut self, stream: Option<SeatedStream>) {
        if stream.is_some_and(|stream| !self.has_stream(stream)) {
            return;
        }
        if std::mem::replace(&mut self.settings.spotlight, stream) != stream {
            self.stale.everybody = true;
            self.tell_settings();
        }
    }

    fn set_screens(&mut self, screens: ScreenPolicy) {
        if std::mem::replace(&mut self.settings.screens, screens) == screens {
            return;
        }
        self.tell_settings();
        // Of several, who began last goes on.
        let latest = self.streams.iter().rev().find(|stream| stream.stream == StreamKind::Screen).copied();
        if let Some(latest) = latest {
            self.take_over_screens(latest.participant);
        }
    }

    /// `by` shares its screen: where one may, the others' go to nobody any more.
    pub(super) fn take_over_screens(&mut self, by: ParticipantId) {
        if self.settings.screens == ScreenPolicy::Many {
            return;
        }
        let sharing = self.participants.values().filter(|p| p.id != by && p.has_media(StreamKind::Screen));
        let sharing: Vec<ParticipantId> = sharing.map(|p| p.id).collect();
        for id in sharing {
            let Some(participant) = self.participants.get_mut(&id) else { continue };
            participant.screen_taken = true;
            let socket = participant.socket();
            self.stale.everybody = true;
            self.tell_change(id);
            if let Some(socket) = socket {
                self.send(socket, ServerMessage::ScreenTakenOver { by });
            }
        }
    }

    /// Whoever has gone has neither the floor nor the spotlight.
    pub(super) fn check_settings(&mut self) {
        let mut settings = self.settings;
        settings.floor = settings.floor.filter(|id| self.participants.contains_key(id));
        settings.spotlight = settings.spotlight.filter(|stream| self.has_stream(*stream));
        if settings != self.settings {
            self.settings = settings;
            self.tell_settings();
        }
    }

    fn has_stream(&self, stream: SeatedStream) -> bool {
        self.participants.get(&stream.participant).is_some_and(|p| p.has_stream(stream.stream))
    }

    fn tell_settings(&mut self) {
        self.broadcast(None, ServerMessage::RoomChanged { settings: self.settings });
    }
}
