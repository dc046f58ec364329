//! Who waits to be let in, and who is not let in without waiting any more.

use super::io::{CloseReason, JoinRequest, LinkId, LinkState, Output, SocketId, Standing};
use super::participant::{Participant, Pass, Reach};
use super::{PLACE_KEPT, Room, millis};
use crate::names::DisplayName;
use crate::secret::ResumeSecret;
use crate::wire::{ClientMessage, ErrorCode, ParticipantId, Role, RoomKind, ServerMessage, SoundProfile, WaitingInfo};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// People who wait at once. Full: `lobby_full`.
const WAITING_MAX: usize = 100;
/// Links whose holders were removed. Full: the oldest is forgotten.
const REMOVED_MAX: usize = 256;
/// Names of hosts that a waiting person is told.
const HOSTS_TOLD: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Lobby {
    waiting: BTreeMap<ParticipantId, Waiting>,
    removed: VecDeque<LinkId>,
    /// As those who wait were told.
    told_hosts: Vec<String>,
}

#[derive(Debug)]
struct Waiting {
    name: DisplayName,
    role: Role,
    sound_profile: SoundProfile,
    link: LinkId,
    /// What brings it back while it waits.
    secret: ResumeSecret,
    /// What it gets when let in.
    admitted_secret: ResumeSecret,
    /// On the wall clock.
    since: Duration,
    line: Line,
}

/// How somebody who waits is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Socket(SocketId),
    Lost(Instant),
}

impl Lobby {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn find_by_socket(&self, socket: SocketId) -> Option<ParticipantId> {
        self.waiting.iter().find(|(_, waiting)| waiting.line == Line::Socket(socket)).map(|(id, _)| *id)
    }

    pub(super) fn find_by_secret(&self, given: &str) -> Option<ParticipantId> {
        self.waiting.iter().find(|(_, waiting)| waiting.secret.matches(given)).map(|(id, _)| *id)
    }

    /// In order of coming.
    pub(super) fn info(&self) -> Vec<WaitingInfo> {
        let info = |(id, waiting): (&ParticipantId, &Waiting)| WaitingInfo {
            id: *id,
            name: waiting.name.as_str().to_owned(),
            role: waiting.role,
            since: millis(waiting.since),
        };
        self.waiting.iter().map(info).collect()
    }

    /// Whoever holds this link waits from now on.
    pub(super) fn note_removed(&mut self, link: LinkId) {
        self.removed.retain(|known| *known != link);
        if self.removed.len() == REMOVED_MAX {
            self.removed.pop_front();
        }
        self.removed.push_back(link);
    }

    /// True when somebody waited on this socket.
    pub(super) fn lose_socket(&mut self, now: Instant, socket: SocketId) {
        let waiting = self.waiting.values_mut().find(|waiting| waiting.line == Line::Socket(socket));
        if let Some(waiting) = waiting {
            waiting.line = Line::Lost(now);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let lost = self.waiting.values().filter_map(|waiting| match waiting.line {
            Line::Lost(since) => Some(since + PLACE_KEPT),
            Line::Socket(_) => None,
        });
        lost.min()
    }

    /// Gives up who has been lost for too long. True when somebody was.
    pub(super) fn drop_lost(&mut self, now: Instant) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|_, waiting| !matches!(waiting.line, Line::Lost(since) if now >= since + PLACE_KEPT));
        self.waiting.len() != before
    }

    /// Nobody waits any more. Returns their sockets.
    pub(super) fn close(&mut self) -> Vec<SocketId> {
        let waiting = std::mem::take(&mut self.waiting).into_values();
        waiting.filter_map(|waiting| waiting.socket()).collect()
    }
}

impl Waiting {
    fn socket(&self) -> Option<SocketId> {
        match self.line {
            Line::Socket(socket) => Some(socket),
            Line::Lost(_) => None,
        }
    }
}

impl Room {
    /// Must somebody be let in by a person first?
    pub(super) fn must_wait(&self, link: LinkId, role: Role, standing: Standing) -> bool {
        if self.lobby.removed.contains(&link) {
            return true;
        }
        if standing == Standing::Admitted || role.leads() {
            return false;
        }
        self.settings.locked || (self.config.kind == RoomKind::Conference && role == Role::Guest)
    }

    /// Somebody new waits.
    pub(super) fn wait(&mut self, now: Instant, request: JoinRequest) {
        let JoinRequest { socket, link, role, name, sound_profile, secret, waiting_secret, .. } = request;
        // Its own lost self makes room, as on the roster.
        let is_ghost = |waiting: &Waiting| waiting.link == link && waiting.name == name && waiting.socket().is_none();
        self.lobby.waiting.retain(|_, waiting| !is_ghost(waiting));
        if self.lobby.waiting.len() >= WAITING_MAX {
            return self.close(socket, ErrorCode::LobbyFull);
        }
        let (id, since) = (self.fresh_id(), self.wall_clock(now));
        let line = Line::Socket(socket);
        let waiting = Waiting { name, role, sound_profile, link, secret: waiting_secret, admitted_secret: secret, since, line };
        self.lobby.waiting.insert(id, waiting);
        if self.lobby.waiting.len() == 1 {
            self.lobby.told_hosts = self.hosts();
        }
        self.tell_waiting(id);
        self.lobby_news.mark();
    }

    /// Somebody who waits comes back on another socket, perhaps through a better link.
    pub(super) fn wait_on(&mut self, now: Instant, id: ParticipantId, request: JoinRequest) {
        let may_enter = request.link_state == LinkState::Valid && !self.must_wait(request.link, request.role, request.standing);
        let Some(waiting) = self.lobby.waiting.get_mut(&id) else { return };
        let replaced = waiting.socket();
        waiting.line = Line::Socket(request.socket);
        (waiting.name, waiting.role, waiting.sound_profile, waiting.link) =
            (request.name.clone(), request.role, request.sound_profile, request.link);
        if let Some(old) = replaced {
            self.close(old, ErrorCode::ReplacedElsewhere);
        }
        self.lobby_news.mark();
        if may_enter {
            self.lobby.waiting.remove(&id);
            return self.join_anew(now, request);
        }
        self.tell_waiting(id);
    }

    /// What somebody says who waits.
    pub(super) fn handle_waiting(&mut self, id: ParticipantId, socket: SocketId, message: ClientMessage) {
        match message {
            ClientMessage::Ping { id } => self.send(socket, ServerMessage::Pong { id }),
            ClientMessage::Leave => {
                self.lobby.waiting.remove(&id);
                self.lobby_news.mark();
                self.outputs.push_back(Output::Close { socket, reason: CloseReason::Left });
            }
            _ => self.refuse(socket, ErrorCode::NotAllowed, None),
        }
    }

    /// Lets in who waits, as far as there are places.
    pub(super) fn let_in(&mut self, now: Instant, by: SocketId, ids: impl IntoIterator<Item = ParticipantId>) {
        for id in ids {
            let Some(waiting) = self.lobby.waiting.remove(&id) else { continue };
            self.lobby_news.mark_now();
            let mutes = self.drop_ghost_of(waiting.link, &waiting.name);
            if self.participants.len() >= self.config.limits.participants {
                self.lobby.waiting.insert(id, waiting);
                return self.refuse(by, ErrorCode::NoPlaceLeft, None);
            }
            let Waiting { name, role, sound_profile, link, secret, admitted_secret, line, .. } = waiting;
            let pass = Pass { link, secret: admitted_secret, waited_with: Some(secret) };
            let reach = match line {
                Line::Socket(socket) => Reach::Socket { socket, pass },
                Line::Lost(since) => Reach::Lost { since, announced: false, pass },
            };
            self.admit(now, id, name, role, sound_profile, reach);
            self.enter(id, mutes);
        }
    }

    pub(super) fn let_all_in(&mut self, now: Instant, by: SocketId) {
        let all: Vec<ParticipantId> = self.lobby.waiting.keys().copied().collect();
        self.let_in(now, by, all);
    }

    /// The room was opened: who waited only for that comes in.
    pub(super) fn let_in_who_need_not_wait(&mut self, now: Instant, by: SocketId) {
        let need_not = |waiting: &Waiting| !self.must_wait(waiting.link, waiting.role, Standing::New);
        let free: Vec<ParticipantId> = self.lobby.waiting.iter().filter(|(_, waiting)| need_not(waiting)).map(|(id, _)| *id).collect();
        self.let_in(now, by, free);
    }

    pub(super) fn dismiss(&mut self, id: ParticipantId) {
        let Some(waiting) = self.lobby.waiting.remove(&id) else { return };
        if let Some(socket) = waiting.socket() {
            self.close(socket, ErrorCode::Dismissed);
        }
        self.lobby_news.mark_now();
    }

    /// Who can let somebody in, and is there to do it.
    fn hosts(&self) -> Vec<String> {
        let hosts = self.participants.values().filter(|p| p.role.leads() && p.is_present());
        hosts.take(HOSTS_TOLD).map(|host| host.name.as_str().to_owned()).collect()
    }

    /// Tells those who wait when others can let them in.
    pub(super) fn tell_hosts(&mut self) {
        if self.lobby.is_empty() {
            return;
        }
        let hosts = self.hosts();
        if hosts != self.lobby.told_hosts {
            self.lobby.told_hosts = hosts;
            let all: Vec<ParticipantId> = self.lobby.waiting.keys().copied().collect();
            all.into_iter().for_each(|id| self.tell_waiting(id));
        }
    }

    fn tell_waiting(&mut self, id: ParticipantId) {
        let Some(waiting) = self.lobby.waiting.get(&id) else { return };
        let Some(socket) = waiting.socket() else { return };
        let message = ServerMessage::Waiting {
            resume: waiting.secret.reveal().to_owned(),
            role: waiting.role,
            room: self.config.name.as_str().to_owned(),
            kind: self.config.kind,
            since: millis(waiting.since),
            hosts: self.lobby.told_hosts.clone(),
        };
        self.send(socket, message);
    }

    /// Tells those who can let people in who waits.
    pub(super) fn tell_lobby(&mut self) {
        let hosts = self.participants.values().filter(|p| p.role.leads());
        let sockets: Vec<SocketId> = hosts.filter_map(Participant::socket).collect();
        if !sockets.is_empty() {
            let message = ServerMessage::Lobby { waiting: self.lobby.info() };
            self.outputs.push_back(Output::Broadcast { sockets, message });
        }
    }
}
