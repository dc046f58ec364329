//! A room whose sockets say whatever they like, in any order.

use crate::beginning;
use arbitrary::{Arbitrary, Unstructured};
use auftakt_media::id::{MediaKind, Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, Activity, OfferError, SeatMids};
use auftakt_signaling::wire::{
    ClientMessage, OfferedSeat, OfferedTrack, ParticipantId, Reaction, Role, RoomKind, ScreenPolicy, SeatSize, SeatedStream, ServerMessage,
    SoundProfile, StreamKind, TrackSource,
};
use auftakt_signaling::{
    DisplayName, ExternalId, ExternalOffer, ExternalRole, Flow, Input, JoinRequest, Limits, LinkId, LinkState, MediaCommand, Output,
    PeerTrouble, ResumeSecret, Room, RoomConfig, RoomName, SocketId, Standing,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

const LIMITS: Limits = Limits { participants: 6, viewers: 3, heard: 2 };

#[derive(Arbitrary, Debug)]
enum Step {
    Join { link: u8, expired: bool, admitted: bool, role: u8, name: u8, resume: Resume },
    Say { socket: u8, message: Message },
    Json { socket: u8, text: String },
    Lost { socket: u8 },
    Answer { refused: bool, unasked: bool },
    External { id: u8, sections: Vec<Section> },
    RemoveExternal { id: u8 },
    AddLocal { id: u8, tracks: Vec<(u8, u8)> },
    Trouble { peer: u8, failed: bool },
    Activity { track: u8, loudness: u8 },
    Layers { track: u8, layers: u8 },
    Picture { peer: u8, mid: u8, starved: bool },
    Wait { tenths: u16 },
    Shutdown,
}

#[derive(Arbitrary, Debug)]
enum Resume {
    No,
    Known(u8),
    Guess(String),
}

#[derive(Arbitrary, Debug)]
enum Message {
    Offer { sections: Vec<Section>, tracks: Vec<(u8, u8, bool)>, seats: Vec<(u8, Option<u8>)>, fresh: bool },
    SetMuted { source: u8, muted: bool },
    MuteOther { participant: u8, source: u8 },
    Profile(u8),
    Chat(String, Option<u8>),
    View { wanted: Vec<(u8, u8)>, pinned: u16, sizes: Vec<(u16, u16)> },
    RaiseHand(bool),
    React(u8),
    Admit(Vec<u8>),
    AdmitAll,
    Dismiss(u8),
    Remove(u8),
    Lock(bool),
    MuteAll,
    AskUnmute(u8),
    LowerHand(u8),
    Floor(Option<u8>),
    Spotlight(Option<(u8, u8)>),
    Screens(bool),
    Ping(u32),
    Leave,
}

/// One section of an offer, as the media plane of this test reads it.
#[derive(Arbitrary, Debug)]
struct Section {
    mid: u8,
    video: bool,
    sent: bool,
}

struct World {
    room: Room,
    now: Instant,
    next: u32,
    /// In order of opening. Closed ones are not spoken on any more.
    open: Vec<SocketId>,
    gone: BTreeSet<SocketId>,
    secrets: Vec<String>,
    /// Who speaks on a socket, from its welcome.
    inside: BTreeMap<SocketId, (ParticipantId, Role)>,
    /// Who has been told to wait on a socket, and nothing else since.
    outside: BTreeSet<SocketId>,
    /// What every section plays.
    plays: BTreeMap<(PeerId, String), TrackId>,
    tracks: Vec<(PeerId, TrackId)>,
    offers: VecDeque<MediaCommand>,
    /// What the media plane holds.
    peers: BTreeMap<PeerId, Vec<Mid>>,
    /// Removed ones: their offers under way were carried out before that.
    removed: BTreeSet<PeerId>,
    ended: bool,
}

pub(crate) fn run(data: &[u8]) {
    let now = beginning();
    let mut input = Unstructured::new(data);
    let kind = if input.arbitrary().unwrap_or(false) { RoomKind::Conference } else { RoomKind::Lesson };
    let name = RoomName::parse("Geige").expect("a name");
    let config = RoomConfig { name, kind, limits: LIMITS, wall_clock: (now, Duration::from_secs(1_000)) };
    let mut world = World {
        room: Room::new(config, now),
        now,
        next: 1,
        open: vec![],
        gone: BTreeSet::new(),
        secrets: vec![],
        inside: BTreeMap::new(),
        outside: BTreeSet::new(),
        plays: BTreeMap::new(),
        tracks: vec![],
        offers: VecDeque::new(),
        peers: BTreeMap::new(),
        removed: BTreeSet::new(),
        ended: false,
    };
    for _ in 0..512 {
        let Ok(step) = input.arbitrary() else { break };
        world.step(step);
        // The server forgets a room that has ended.
        if input.is_empty() || world.ended {
            break;
        }
    }
    world.close();
}

fn source(number: u8) -> TrackSource {
    use TrackSource::*;
    [Microphone, Camera, SecondCamera, Screen, ScreenSound][usize::from(number) % 5]
}

fn stream((participant, kind): (u8, u8)) -> SeatedStream {
    let stream = [StreamKind::Main, StreamKind::SecondCamera, StreamKind::Screen][usize::from(kind) % 3];
    SeatedStream { participant: participant_id(participant), stream }
}

fn participant_id(number: u8) -> ParticipantId {
    ParticipantId(u32::from(number % 24))
}

fn mid(number: u8) -> String {
    format!("m{}", number % 24)
}

fn sdp(sections: &[Section]) -> String {
    let word = |s: &Section| format!("{}{}{}", if s.sent { '>' } else { '<' }, if s.video { 'v' } else { 'a' }, mid(s.mid));
    sections.iter().take(24).map(word).collect::<Vec<_>>().join(" ")
}

impl World {
    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn socket(&self, which: u8) -> Option<SocketId> {
        self.open.get(usize::from(which) % self.open.len().max(1)).copied()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Join { link, expired, admitted, role, name, resume } => self.join(link, (expired, admitted), role, name, &resume),
            Step::Say { socket, message } => self.say(socket, message.into_wire()),
            Step::Json { socket, text } => {
                if let Ok(message) = serde_json::from_str(&text) {
                    self.say(socket, message);
                }
            }
            Step::Lost { socket } => {
                if let Some(socket) = self.socket(socket) {
                    self.forget(socket);
                    self.input(Input::SocketLost(socket));
                }
            }
            Step::Answer { refused, unasked } => self.answer(refused, unasked),
            Step::External { id, sections } => self.external(id, &sections),
            Step::RemoveExternal { id } => self.input(Input::RemoveExternal(ExternalId((id % 8).into()))),
            Step::AddLocal { id, tracks } => {
                let tracks = tracks.iter().take(8).map(|(kind, track)| (source(*kind), TrackId(0xFF00_0000 + u32::from(*track)))).collect();
                let name = DisplayName::parse("Bach").expect("a name");
                // The caller never gives an id twice.
                let external = ExternalId(1000 + u64::from(self.number()) * 256 + u64::from(id));
                self.input(Input::AddLocal { external, name, sound_profile: SoundProfile::Studio, tracks });
            }
            Step::Trouble { peer, failed } => {
                let peer = self.peers.keys().nth(usize::from(peer) % self.peers.len().max(1)).copied().unwrap_or(PeerId(peer.into()));
                let trouble = if failed { PeerTrouble::Failed } else { PeerTrouble::Silent };
                self.input(Input::PeerTrouble { peer, trouble });
            }
            Step::Activity { track, loudness } => {
                let (peer, track) = self.published(track);
                let activity = if loudness == 0 { Activity::Quiet } else { Activity::Sounding { loudness } };
                self.input(Input::Activity { peer, track, activity });
            }
            Step::Layers { track, layers } => {
                let (peer, track) = self.published(track);
                self.input(Input::LayersWanted { peer, track, layers });
            }
            Step::Picture { peer, mid: number, starved } => {
                let peer = self.peers.keys().nth(usize::from(peer) % self.peers.len().max(1)).copied().unwrap_or(PeerId(peer.into()));
                let flow = if starved { Flow::Starved } else { Flow::Fed };
                let Some(mid) = Mid::parse(&mid(number)) else { return };
                self.input(Input::Picture { peer, mid, flow });
            }
            Step::Wait { tenths } => self.wait(Duration::from_millis(100) * u32::from(tenths % 1000)),
            Step::Shutdown => self.input(Input::Shutdown),
        }
    }

    /// A track that was published once, of whoever that is now.
    fn published(&self, which: u8) -> (PeerId, TrackId) {
        self.tracks.get(usize::from(which) % self.tracks.len().max(1)).copied().unwrap_or((PeerId(which.into()), TrackId(which.into())))
    }

    fn join(&mut self, link: u8, (expired, admitted): (bool, bool), role: u8, name: u8, resume: &Resume) {
        let number = self.number();
        let roles = [Role::Teacher, Role::Student, Role::Guest, Role::Moderator, Role::Attendee];
        let socket = SocketId(number.into());
        let request = JoinRequest {
            socket,
            link: LinkId((link % 8).into()),
            link_state: if expired { LinkState::Expired } else { LinkState::Valid },
            role: roles[usize::from(role) % roles.len()],
            name: DisplayName::parse(&format!("Anna {name}")).expect("a name"),
            sound_profile: SoundProfile::Speech,
            resume: match resume {
                Resume::No => None,
                Resume::Known(which) => self.secrets.get(usize::from(*which) % self.secrets.len().max(1)).cloned(),
                Resume::Guess(text) => Some(text.clone()),
            },
            standing: if admitted { Standing::Admitted } else { Standing::New },
            secret: ResumeSecret::new(format!("secret {number}")),
            waiting_secret: ResumeSecret::new(format!("waiting {number}")),
        };
        self.open.push(socket);
        self.input(Input::Join(request));
    }

    fn say(&mut self, socket: u8, message: ClientMessage) {
        let Some(socket) = self.socket(socket) else { return };
        let spare = PeerId(self.number());
        self.input(Input::FromSocket { socket, message, spare });
    }

    fn external(&mut self, id: u8, sections: &[Section]) {
        let seat =
            |pair: &[Section]| SeatMids { audio: Mid::parse(&mid(pair[0].mid)), video: pair.get(1).and_then(|s| Mid::parse(&mid(s.mid))) };
        // What one is for never changes.
        let role = match id % 2 {
            0 => ExternalRole::Viewer(sections.chunks(2).take(8).map(seat).collect()),
            _ => ExternalRole::Publisher(DisplayName::parse("OBS").expect("a name")),
        };
        let spare = PeerId(self.number());
        self.input(Input::ExternalOffer(ExternalOffer { external: ExternalId((id % 8).into()), role, sdp: sdp(sections), spare }));
    }

    /// The media plane answers the oldest offer, or one that nobody made.
    fn answer(&mut self, refused: bool, unasked: bool) {
        let Some(MediaCommand::Offer { serial, peer, sdp, .. }) = self.offers.pop_front() else { return };
        if refused {
            return self.input(Input::OfferAnswered { serial, result: Err(OfferError::TooManySections) });
        }
        let (mut tracks, mut downlinks, mut seen) = (vec![], vec![], BTreeSet::new());
        for section in sdp.split_whitespace().filter(|section| section.is_char_boundary(2)) {
            let (head, name) = section.split_at(2.min(section.len()));
            let Some(mid) = Mid::parse(name).filter(|mid| seen.insert(mid.as_str().to_owned())) else { continue };
            let kind = if head.ends_with('v') { MediaKind::Video } else { MediaKind::Audio };
            if head.starts_with('>') {
                let index = name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte)) % 1000;
                tracks.push((mid, kind, TrackId(peer.0 * 1000 + index)));
            } else {
                downlinks.push((mid, kind));
            }
        }
        self.tracks.extend(tracks.iter().map(|(_, _, id)| (peer, *id)));
        if !self.removed.contains(&peer) {
            self.peers.insert(peer, downlinks.iter().map(|(mid, _)| *mid).collect());
        }
        let result = Ok(Accepted { answer: "answer".into(), tracks, downlinks });
        if unasked {
            self.room.handle(self.now, Input::OfferAnswered { serial, result: result.clone() });
        }
        self.input(Input::OfferAnswered { serial, result });
    }

    fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(timeout) = self.room.poll_timeout().filter(|timeout| *timeout <= until) {
            self.now = self.now.max(timeout);
            self.room.handle_timeout(self.now);
            self.settle();
            assert!(self.room.poll_timeout().is_none_or(|at| at > self.now), "a timeout that was handled is over");
        }
        self.now = until;
    }

    fn input(&mut self, input: Input) {
        self.room.handle(self.now, input);
        self.settle();
    }

    fn settle(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.room.poll_output() {
            outputs += 1;
            assert!(outputs < 5000, "an end comes");
            match output {
                Output::Send { socket, message } => self.sent(&[socket], &message),
                Output::Broadcast { sockets, message } => {
                    let secret = matches!(message, ServerMessage::Welcome { .. } | ServerMessage::Waiting { .. });
                    assert!(!secret, "a secret is for one");
                    self.sent(&sockets, &message);
                }
                Output::Close { socket, .. } => {
                    assert!(!self.gone.contains(&socket), "closed twice");
                    self.forget(socket);
                }
                Output::Media(command) => self.media(command),
                Output::External { .. } => {}
                Output::Ended => assert!(!std::mem::replace(&mut self.ended, true), "ended once"),
            }
        }
        for ((peer, mid), track) in &self.plays {
            let twice = self.plays.iter().any(|((p, m), t)| p == peer && t == track && m != mid);
            assert!(!twice, "{track:?} plays twice at {peer:?}");
        }
        let (participants, viewers) = self.room.size();
        assert!(viewers <= LIMITS.viewers, "{viewers} viewers");
        // The process's own players are not counted.
        assert!(participants <= LIMITS.participants + 512);
    }

    fn sent(&mut self, sockets: &[SocketId], message: &ServerMessage) {
        for socket in sockets {
            assert!(!self.gone.contains(socket), "nothing is said on a closed socket: {message:?}");
        }
        for socket in sockets {
            self.told(*socket, message);
        }
        if let ServerMessage::Welcome { resume, .. } | ServerMessage::Waiting { resume, .. } = message {
            self.secrets.push(resume.clone());
        }
    }

    /// What a message promises about who gets it.
    fn told(&mut self, socket: SocketId, message: &ServerMessage) {
        match message {
            ServerMessage::Welcome { you, role, .. } => {
                self.outside.remove(&socket);
                self.inside.insert(socket, (*you, *role));
            }
            ServerMessage::Waiting { .. } => drop(self.outside.insert(socket)),
            ServerMessage::Pong { .. } | ServerMessage::Error { .. } => {}
            _ => assert!(!self.outside.contains(&socket), "told outside: {message:?}"),
        }
        let who = self.inside.get(&socket);
        match message {
            ServerMessage::Lobby { .. } => {
                assert!(who.is_some_and(|(_, role)| matches!(role, Role::Teacher | Role::Moderator)), "not for {who:?}");
            }
            ServerMessage::Chat { message } if message.to.is_some() => {
                assert!(who.is_some_and(|(id, _)| *id == message.from || Some(*id) == message.to), "a whisper at {who:?}");
            }
            _ => {}
        }
    }

    fn media(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Offer { .. } => self.offers.push_back(command),
            MediaCommand::Remove(peer) => {
                self.removed.insert(peer);
                self.peers.remove(&peer);
                self.plays.retain(|(p, _), _| *p != peer);
            }
            MediaCommand::Assign { peer, mid, source } => {
                let sections = self.peers.get(&peer).expect("somebody to assign to");
                assert!(sections.contains(&mid), "a section that was accepted");
                match source {
                    Some(track) => drop(self.plays.insert((peer, mid.as_str().to_owned()), track)),
                    None => drop(self.plays.remove(&(peer, mid.as_str().to_owned()))),
                }
            }
            MediaCommand::SetViewing { peer, mid, .. } => {
                assert!(self.peers.get(&peer).is_some_and(|sections| sections.contains(&mid)), "a section that was accepted");
            }
            MediaCommand::SetMuted(..) => {}
        }
    }

    fn forget(&mut self, socket: SocketId) {
        self.open.retain(|open| *open != socket);
        self.gone.insert(socket);
    }

    /// Everybody leaves: nothing stays behind in the media plane.
    fn close(mut self) {
        for socket in self.open.clone() {
            self.forget(socket);
            self.input(Input::SocketLost(socket));
        }
        (0..8).for_each(|id| self.input(Input::RemoveExternal(ExternalId(id))));
        while !self.offers.is_empty() {
            self.answer(false, false);
        }
        self.wait(Duration::from_secs(600));
        assert!(self.ended, "an empty room ends");
        assert!(self.peers.is_empty(), "left behind: {:?}", self.peers);
    }
}

impl Message {
    fn into_wire(self) -> ClientMessage {
        match self {
            Self::Offer { sections, tracks, seats, fresh } => ClientMessage::Offer {
                id: 1,
                sdp: sdp(&sections),
                tracks: tracks
                    .iter()
                    .map(|(at, kind, muted)| OfferedTrack { mid: mid(*at), source: source(*kind), muted: *muted })
                    .collect(),
                seats: seats.iter().map(|(audio, video)| OfferedSeat { audio_mid: mid(*audio), video_mid: video.map(mid) }).collect(),
                fresh,
            },
            Self::SetMuted { source: kind, muted } => ClientMessage::SetMuted { source: source(kind), muted },
            Self::MuteOther { participant, source: kind } => {
                ClientMessage::MuteOther { participant: ParticipantId(u32::from(participant % 16)), source: source(kind) }
            }
            Self::Profile(which) => {
                let profiles = [SoundProfile::Speech, SoundProfile::Music, SoundProfile::Studio];
                ClientMessage::SetSoundProfile { profile: profiles[usize::from(which) % 3] }
            }
            Self::Chat(text, to) => ClientMessage::Chat { text, to: to.map(participant_id) },
            Self::View { wanted, pinned, sizes } => ClientMessage::SetView {
                wanted: wanted.into_iter().map(stream).collect(),
                pinned,
                sizes: sizes.into_iter().map(|(width, height)| SeatSize { width, height }).collect(),
            },
            Self::RaiseHand(up) => ClientMessage::RaiseHand { up },
            Self::React(which) => {
                use Reaction::*;
                ClientMessage::React { reaction: [Applause, ThumbsUp, ThumbsDown, Heart, Laughter][usize::from(which) % 5] }
            }
            Self::Admit(who) => ClientMessage::Admit { participants: who.into_iter().map(participant_id).collect() },
            Self::AdmitAll => ClientMessage::AdmitAll,
            Self::Dismiss(who) => ClientMessage::Dismiss { participant: participant_id(who) },
            Self::Remove(who) => ClientMessage::Remove { participant: participant_id(who) },
            Self::Lock(locked) => ClientMessage::SetLocked { locked },
            Self::MuteAll => ClientMessage::MuteAll,
            Self::AskUnmute(who) => ClientMessage::AskUnmute { participant: participant_id(who) },
            Self::LowerHand(who) => ClientMessage::LowerHand { participant: participant_id(who) },
            Self::Floor(who) => ClientMessage::GiveFloor { participant: who.map(participant_id) },
            Self::Spotlight(which) => ClientMessage::SetSpotlight { stream: which.map(stream) },
            Self::Screens(many) => ClientMessage::SetScreens { screens: if many { ScreenPolicy::Many } else { ScreenPolicy::One } },
            Self::Ping(id) => ClientMessage::Ping { id },
            Self::Leave => ClientMessage::Leave,
        }
    }
}
