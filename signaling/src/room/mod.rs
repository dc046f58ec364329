//! One room: everything that is true about it, and what follows from everything that happens to it.

mod chat;
mod feedback;
mod io;
mod leading;
mod lobby;
mod offers;
mod pace;
mod participant;
mod roster;
mod seating;
mod seats;
mod voices;

pub use io::{
    CloseReason, ExternalEvent, ExternalId, ExternalOffer, ExternalRefusal, ExternalRole, Flow, Input, JoinRequest, Limits, LinkId,
    LinkState, MediaCommand, OfferSerial, Output, PeerTrouble, RoomConfig, SocketId, Standing,
};
pub use seats::SEATS_MAX;

use crate::wire::{
    ClientMessage, ErrorCode, ParticipantId, RoomKind, RoomSettings, ScreenPolicy, ServerMessage, Snapshot, Speakers, TrackSource,
};
use auftakt_media::id::PeerId;
use chat::Chat;
use lobby::Lobby;
use offers::PendingOffers;
use pace::Pace;
use participant::{Participant, Reach};
use seats::{Receiver, Stage, Streams, View};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};
use voices::Voices;

/// How long a participant's place and media are kept after its socket was lost.
const PLACE_KEPT: Duration = Duration::from_secs(30);
/// How long a lost socket goes unmentioned: a change of network takes a second or two, and nobody needs to notice it.
const LOSS_UNMENTIONED: Duration = Duration::from_secs(2);
/// How long an empty room remembers its chat.
const EMPTY_KEPT: Duration = Duration::from_secs(30);
/// Who speaks is told at most four times a second.
const SPEAKERS_EVERY: Duration = Duration::from_millis(250);
/// And so is who waits.
const LOBBY_EVERY: Duration = Duration::from_millis(250);

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
    /// What all seats are filled by.
    stage: Stage,
    offers: PendingOffers,
    chat: Chat,
    lobby: Lobby,
    settings: RoomSettings,
    voices: Voices,
    told_speakers: Speakers,
    next_participant: u32,
    /// How many have come in so far.
    entered: u32,
    /// How often a hand went up so far.
    hands_raised: u32,
    started_at: Option<Duration>,
    empty_since: Option<Instant>,
    ended: bool,
    stale: Stale,
    /// Somebody came, went, or is otherwise now.
    roster_stale: bool,
    /// Somebody sounds otherwise now.
    voices_stale: bool,
    speaker_news: Pace,
    lobby_news: Pace,
    /// When to tell whose pictures are paused.
    pauses_due: Option<Instant>,
    outputs: VecDeque<Output>,
}

/// Whose seats have to be filled anew.
#[derive(Debug, Default)]
struct Stale {
    everybody: bool,
    receivers: BTreeSet<ParticipantId>,
}

impl Room {
    /// An empty room. It ends by itself when nobody comes.
    pub fn new(config: RoomConfig, now: Instant) -> Self {
        // In a lesson everybody is heard, and teacher and student may show each other their screens.
        let (heard, screens) = match config.kind {
            RoomKind::Lesson => (usize::MAX, ScreenPolicy::Many),
            RoomKind::Conference => (config.limits.heard, ScreenPolicy::One),
        };
        Self {
            config,
            participants: BTreeMap::new(),
            viewers: BTreeMap::new(),
            sockets: BTreeMap::new(),
            streams: Streams::new(),
            stage: Stage::default(),
            offers: PendingOffers::default(),
            chat: Chat::default(),
            lobby: Lobby::default(),
            settings: RoomSettings { screens, ..RoomSettings::default() },
            voices: Voices::new(heard),
            told_speakers: Speakers::default(),
            next_participant: 1,
            entered: 0,
            hands_raised: 0,
            started_at: None,
            empty_since: Some(now),
            ended: false,
            stale: Stale::default(),
            roster_stale: false,
            voices_stale: false,
            speaker_news: Pace::new(SPEAKERS_EVERY),
            lobby_news: Pace::new(LOBBY_EVERY),
            pauses_due: None,
            outputs: VecDeque::new(),
        }
    }

    /// Tells the room what happened.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Join(request) => self.join(now, request),
            Input::FromSocket { socket, message, spare } => self.handle_message(now, socket, message, spare),
            Input::SocketLost(socket) => self.lose_socket(now, socket),
            Input::OfferAnswered { serial, result } => self.finish_offer(now, serial, result),
            Input::ExternalOffer(offer) => self.external_offer(now, offer),
            Input::AddLocal { external, name, sound_profile, tracks } => self.add_local(now, external, name, sound_profile, tracks),
            Input::RemoveExternal(external) => self.remove_external(external),
            Input::PeerTrouble { peer, trouble } => self.peer_trouble(now, peer, trouble),
            Input::Activity { peer, track, activity } => self.note_activity(now, peer, track, activity),
            Input::LayersWanted { peer, track, layers } => self.note_layers_wanted(peer, track, layers),
            Input::Picture { peer, mid, flow } => self.note_flow(now, peer, mid, flow),
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
        let empty = self.empty_since.filter(|_| !self.ended).map(|since| since + EMPTY_KEPT);
        let news = [self.speaker_news.due_at(), self.lobby_news.due_at(), self.pauses_due];
        let others = [empty, self.lobby.poll_timeout(), self.voices.poll_timeout()];
        losses.chain(news.into_iter().flatten()).chain(others.into_iter().flatten()).min()
    }

    /// How many are on the roster, and how many only receive.
    pub fn size(&self) -> (usize, usize) {
        (self.participants.len(), self.viewers.len())
    }

    fn handle_message(&mut self, now: Instant, socket: SocketId, message: ClientMessage, spare: PeerId) {
        if let Some(waiting) = self.lobby.find_by_socket(socket) {
            return self.handle_waiting(waiting, socket, message);
        }
        let Some((me, participant)) = self.sockets.get(&socket).and_then(|me| Some((*me, self.participants.get(me)?))) else {
            return self.refuse(socket, ErrorCode::NotJoined, None);
        };
        if !message.is_possible_in(self.config.kind) {
            return self.refuse(socket, ErrorCode::NotAllowed, None);
        }
        if message.is_for_leaders() {
            return match participant.role.leads() {
                true => self.lead(now, me, socket, message),
                false => self.refuse(socket, ErrorCode::NotAllowed, None),
            };
        }
        match message {
            ClientMessage::Offer { id, sdp, tracks, seats, fresh } => {
                self.offer(now, me, socket, spare, offers::SocketOffer { id, sdp, tracks, seats, fresh });
            }
            ClientMessage::SetMuted { source, muted } => self.set_muted(me, source, muted),
            ClientMessage::SetSoundProfile { profile } => self.set_sound_profile(me, profile),
            ClientMessage::Chat { text, to } => self.say(now, me, socket, &text, to),
            ClientMessage::SetView { wanted, pinned, sizes } => match View::parse(wanted, pinned, sizes) {
                Some(view) => self.set_view(me, view),
                None => self.refuse(socket, ErrorCode::ListTooLong, None),
            },
            ClientMessage::RaiseHand { up } => self.set_hand(me, up),
            ClientMessage::React { reaction } => self.broadcast(None, ServerMessage::Reacted { participant: me, reaction }),
            ClientMessage::Ping { id } => self.send(socket, ServerMessage::Pong { id }),
            ClientMessage::Leave => {
                self.outputs.push_back(Output::Close { socket, reason: CloseReason::Left });
                self.remove(me);
            }
            // A second `Join`; the leaders' messages are dealt with above.
            _ => self.refuse(socket, ErrorCode::NotAllowed, None),
        }
    }

    fn set_view(&mut self, me: ParticipantId, view: View) {
        if let Some(participant) = self.participants.get_mut(&me).filter(|p| p.view != view) {
            participant.view = view;
            self.stale.receivers.insert(me);
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

    fn set_sound_profile(&mut self, me: ParticipantId, profile: crate::wire::SoundProfile) {
        let Some(participant) = self.participants.get_mut(&me) else { return };
        if participant.sound_profile != profile {
            participant.sound_profile = profile;
            self.tell_change(me);
        }
    }

    /// Everything that follows from a change, once per input.
    fn settle(&mut self, now: Instant) {
        if self.stale.everybody {
            self.check_settings();
        }
        let roster_changed = std::mem::take(&mut self.roster_stale);
        let voices_due = self.voices.poll_timeout().is_some_and(|at| now >= at);
        if std::mem::take(&mut self.voices_stale) || roster_changed || self.stale.everybody || voices_due {
            self.update_voices(now);
        }
        self.fill_seats();
        if roster_changed {
            self.tell_hosts();
        }
        if self.lobby_news.take(now) {
            self.tell_lobby();
        }
        if self.speaker_news.take(now) {
            self.tell_speakers();
        }
        if self.pauses_due.is_some_and(|due| now >= due) {
            self.tell_pauses();
        }
        // The process's own participants play for somebody, or for nobody.
        let nobody = self.participants.values().all(Participant::is_local) && self.viewers.is_empty() && self.lobby.is_empty();
        let empty = nobody && self.offers.is_empty();
        if empty && self.empty_since.is_none() {
            // The lock was for those who were here: the next lesson finds the door as it always is.
            self.settings.locked = false;
        }
        self.empty_since = empty.then(|| self.empty_since.unwrap_or(now));
    }

    fn snapshot(&self, me: ParticipantId) -> Snapshot {
        let own = self.participants.get(&me);
        let receiver = own.and_then(|p| p.receiver.as_ref());
        let mut participants: Vec<&Participant> = self.participants.values().collect();
        participants.sort_by_key(|participant| participant.order);
        Snapshot {
            room: self.config.name.as_str().to_owned(),
            kind: self.config.kind,
            started_at: millis(self.started_at.unwrap_or_default()),
            participants: participants.into_iter().map(Participant::info).collect(),
            chat: self.chat.recent(me),
            settings: self.settings,
            speakers: self.speakers(),
            lobby: if own.is_some_and(|own| own.role.leads()) { self.lobby.info() } else { Vec::new() },
            seats: receiver.map(Receiver::occupants).unwrap_or_default(),
        }
    }

    fn shutdown(&mut self) {
        let waiting = self.lobby.close();
        let sockets: Vec<SocketId> = std::mem::take(&mut self.sockets).into_keys().chain(waiting).collect();
        let message = ServerMessage::Error { code: ErrorCode::ServerFault, id: None };
        self.outputs.push_back(Output::Broadcast { sockets: sockets.clone(), message });
        for socket in sockets {
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
        self.roster_stale = true;
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
