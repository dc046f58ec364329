//! One room: everything that is true about it, and what follows from everything that happens to it.

mod chat;
mod io;
mod offers;
mod participant;
mod roster;
mod seats;

pub use io::{
    CloseReason, ExternalEvent, ExternalId, ExternalOffer, ExternalRefusal, ExternalRole, Flow, Input, JoinRequest, Limits, LinkId,
    LinkState, MediaCommand, OfferSerial, Output, PeerTrouble, RoomConfig, SocketId,
};
pub use seats::SEATS_MAX;

use crate::wire::{ClientMessage, ErrorCode, ParticipantId, ServerMessage, Snapshot, TrackSource};
use auftakt_media::id::PeerId;
use chat::Chat;
use offers::PendingOffers;
use participant::{Participant, Reach};
use seats::{Audience, Receiver, Streams};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How long a participant's place and media are kept after its socket was lost.
const PLACE_KEPT: Duration = Duration::from_secs(30);
/// How long a lost socket goes unmentioned: a change of network takes a second or two, and nobody needs to notice it.
const LOSS_UNMENTIONED: Duration = Duration::from_secs(2);
/// How long an empty room remembers its chat.
const EMPTY_KEPT: Duration = Duration::from_secs(30);

/// See the crate's documentation.
#[derive(Debug)]
pub struct Room {
    config: RoomConfig,
    participants: BTreeMap<ParticipantId, Participant>,
    /// WHEP subscribers: they receive, and nobody sees them.
    viewers: BTreeMap<ExternalId, Receiver>,
    sockets: BTreeMap<SocketId, ParticipantId>,
    /// In order of appearance: who comes first sits first.
    streams: Streams,
    offers: PendingOffers,
    chat: Chat,
    next_participant: u32,
    started_at: Option<Duration>,
    empty_since: Option<Instant>,
    ended: bool,
    /// Something changed that seats depend on.
    seats_stale: bool,
    outputs: VecDeque<Output>,
}

impl Room {
    /// An empty room. It ends by itself when nobody comes.
    pub fn new(config: RoomConfig, now: Instant) -> Self {
        Self {
            config,
            participants: BTreeMap::new(),
            viewers: BTreeMap::new(),
            sockets: BTreeMap::new(),
            streams: Streams::new(),
            offers: PendingOffers::default(),
            chat: Chat::default(),
            next_participant: 1,
            started_at: None,
            empty_since: Some(now),
            ended: false,
            seats_stale: false,
            outputs: VecDeque::new(),
        }
    }

    /// Tells the room what happened.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Join(request) => self.join(now, request),
            Input::FromSocket { socket, message, spare } => self.handle_message(now, socket, message, spare),
            Input::SocketLost(socket) => self.lose_socket(now, socket),
            Input::OfferAnswered { serial, result } => self.finish_offer(serial, result),
            Input::ExternalOffer(offer) => self.external_offer(now, offer),
            Input::AddLocal { external, name, sound_profile, tracks } => self.add_local(now, external, name, sound_profile, tracks),
            Input::RemoveExternal(external) => self.remove_external(external),
            Input::PeerTrouble { peer, trouble } => self.peer_trouble(peer, trouble),
            Input::Activity { .. } | Input::LayersWanted { .. } | Input::Picture { .. } => {}
            Input::Shutdown => self.shutdown(),
        }
        self.settle(now);
    }

    /// To be called when [`Room::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.announce_losses(now);
        self.drop_lost(now);
        if self.empty_since.is_some_and(|since| now >= since + EMPTY_KEPT) {
            self.end();
        }
        self.settle(now);
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Room::handle_timeout`] is wanted next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let losses = self.participants.values().filter_map(|participant| match participant.reach {
            Reach::Lost { since, announced, .. } => Some(since + if announced { PLACE_KEPT } else { LOSS_UNMENTIONED }),
            _ => None,
        });
        losses.chain(self.empty_since.filter(|_| !self.ended).map(|since| since + EMPTY_KEPT)).min()
    }

    /// How many are on the roster, and how many only receive.
    pub fn size(&self) -> (usize, usize) {
        (self.participants.len(), self.viewers.len())
    }

    fn handle_message(&mut self, now: Instant, socket: SocketId, message: ClientMessage, spare: PeerId) {
        let Some(&me) = self.sockets.get(&socket) else {
            return self.refuse(socket, ErrorCode::NotJoined, None);
        };
        match message {
            ClientMessage::Join { .. } => self.refuse(socket, ErrorCode::NotAllowed, None),
            ClientMessage::Offer { id, sdp, tracks, seats, fresh } => {
                self.offer(me, socket, spare, offers::SocketOffer { id, sdp, tracks, seats, fresh });
            }
            ClientMessage::SetMuted { source, muted } => self.set_muted(me, source, muted),
            ClientMessage::MuteOther { participant, source } => self.mute_other(me, socket, participant, source),
            ClientMessage::SetSoundProfile { profile } => self.set_sound_profile(me, profile),
            ClientMessage::Chat { text, to: _ } => self.say(now, me, socket, &text),
            ClientMessage::SetView { .. }
            | ClientMessage::RaiseHand { .. }
            | ClientMessage::React { .. }
            | ClientMessage::Admit { .. }
            | ClientMessage::AdmitAll
            | ClientMessage::Dismiss { .. }
            | ClientMessage::Remove { .. }
            | ClientMessage::SetLocked { .. }
            | ClientMessage::MuteAll
            | ClientMessage::AskUnmute { .. }
            | ClientMessage::LowerHand { .. }
            | ClientMessage::GiveFloor { .. }
            | ClientMessage::SetSpotlight { .. }
            | ClientMessage::SetScreens { .. } => self.refuse(socket, ErrorCode::NotAllowed, None),
            ClientMessage::Ping { id } => self.send(socket, ServerMessage::Pong { id }),
            ClientMessage::Leave => {
                self.outputs.push_back(Output::Close { socket, reason: CloseReason::Left });
                self.remove(me);
            }
        }
    }

    fn set_muted(&mut self, me: ParticipantId, source: TrackSource, muted: bool) {
        let Some(participant) = self.participants.get_mut(&me) else { return };
        let before = participant.mute(source);
        let published = participant.track(source).is_some();
        let mute = participant.mutes.entry(source).or_default();
        mute.by_owner = muted;
        // Only the owner's own unmute lifts what somebody else has set, and only of a track that says so: a page that comes
        // back without its connection knows nothing of the mute yet.
        mute.by_other &= muted || !published;
        let mute = *mute;
        if let Some(track) = participant.track(source).filter(|_| mute != before) {
            self.outputs.push_back(Output::Media(MediaCommand::SetMuted(track, mute.as_media())));
            self.tell_change(me);
        }
    }

    fn mute_other(&mut self, me: ParticipantId, socket: SocketId, other: ParticipantId, source: TrackSource) {
        let allowed = self.participants.get(&me).is_some_and(|p| p.role.may_mute_others());
        if !allowed {
            return self.refuse(socket, ErrorCode::NotAllowed, None);
        }
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

    fn set_sound_profile(&mut self, me: ParticipantId, profile: crate::wire::SoundProfile) {
        let Some(participant) = self.participants.get_mut(&me) else { return };
        if participant.sound_profile != profile {
            participant.sound_profile = profile;
            self.tell_change(me);
        }
    }

    fn say(&mut self, now: Instant, me: ParticipantId, socket: SocketId, text: &str) {
        let sent_at = self.wall_clock(now);
        let Some(participant) = self.participants.get(&me) else { return };
        match self.chat.say(participant, text, sent_at) {
            Ok(message) => self.broadcast(None, ServerMessage::Chat { message }),
            Err(code) => self.refuse(socket, code, None),
        }
    }

    /// Everything that follows from a change, once per input.
    fn settle(&mut self, now: Instant) {
        if std::mem::take(&mut self.seats_stale) {
            self.fill_seats();
        }
        // The process's own participants play for somebody, or for nobody.
        let empty = self.participants.values().all(Participant::is_local) && self.viewers.is_empty() && self.offers.is_empty();
        self.empty_since = empty.then(|| self.empty_since.unwrap_or(now));
    }

    fn fill_seats(&mut self) {
        seats::update_streams(&mut self.streams, &self.participants);
        // Each receiver leaves its place while the others are looked at.
        let ids: Vec<ParticipantId> = self.participants.keys().copied().collect();
        for id in ids {
            let Some(participant) = self.participants.get_mut(&id) else { continue };
            let socket = participant.socket();
            let Some(mut receiver) = participant.receiver.take() else { continue };
            let moved = receiver.fill(Audience::Participant(id), &self.streams, &self.participants);
            receiver.assign(&self.participants, &mut self.outputs);
            if let Some(socket) = socket.filter(|_| moved) {
                self.outputs.push_back(Output::Send { socket, message: ServerMessage::Seats { seats: receiver.occupants() } });
            }
            if let Some(participant) = self.participants.get_mut(&id) {
                participant.receiver = Some(receiver);
            }
        }
        for viewer in self.viewers.values_mut() {
            viewer.fill(Audience::Viewer, &self.streams, &self.participants);
            viewer.assign(&self.participants, &mut self.outputs);
        }
    }

    fn snapshot(&self, me: ParticipantId) -> Snapshot {
        let receiver = self.participants.get(&me).and_then(|p| p.receiver.as_ref());
        Snapshot {
            room: self.config.name.as_str().to_owned(),
            kind: self.config.kind,
            started_at: millis(self.started_at.unwrap_or_default()),
            participants: self.participants.values().map(Participant::info).collect(),
            chat: self.chat.recent(),
            settings: crate::wire::RoomSettings::default(),
            speakers: crate::wire::Speakers::default(),
            lobby: Vec::new(),
            seats: receiver.map(Receiver::occupants).unwrap_or_default(),
        }
    }

    fn shutdown(&mut self) {
        self.broadcast(None, ServerMessage::Error { code: ErrorCode::ServerFault, id: None });
        for socket in std::mem::take(&mut self.sockets).into_keys() {
            self.outputs.push_back(Output::Close { socket, reason: CloseReason::ServerStops });
        }
        let viewers: Vec<ExternalId> = self.viewers.keys().copied().collect();
        viewers.into_iter().for_each(|external| self.end_external(external));
        self.end();
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.ended, true) {
            let left: Vec<ParticipantId> = self.participants.keys().copied().collect();
            left.into_iter().for_each(|id| self.remove(id));
            self.outputs.push_back(Output::Ended);
        }
    }

    fn tell_change(&mut self, id: ParticipantId) {
        if let Some(participant) = self.participants.get(&id).map(Participant::info) {
            self.broadcast(None, ServerMessage::ParticipantChanged { participant });
        }
    }

    fn send(&mut self, socket: SocketId, message: ServerMessage) {
        self.outputs.push_back(Output::Send { socket, message });
    }

    fn broadcast(&mut self, except: Option<SocketId>, message: ServerMessage) {
        let sockets: Vec<SocketId> = self.sockets.keys().copied().filter(|socket| Some(*socket) != except).collect();
        if !sockets.is_empty() {
            self.outputs.push_back(Output::Broadcast { sockets, message });
        }
    }

    fn refuse(&mut self, socket: SocketId, code: ErrorCode, id: Option<u32>) {
        self.send(socket, ServerMessage::Error { code, id });
    }

    fn wall_clock(&self, now: Instant) -> Duration {
        let (then, since_epoch) = self.config.wall_clock;
        since_epoch + now.saturating_duration_since(then)
    }
}

/// Milliseconds, for the wire.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
