//! A room with its sockets and a media plane that accepts every offer.

use auftakt_media::id::{MediaKind, Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, Activity, Muted, OfferError, Viewing};
use auftakt_signaling::wire::*;
use auftakt_signaling::*;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

pub struct World {
    pub room: Room,
    pub now: Instant,
    /// What each socket was sent and has not been looked at.
    inbox: HashMap<SocketId, VecDeque<ServerMessage>>,
    pub closed: HashMap<SocketId, CloseReason>,
    pub externals: HashMap<ExternalId, Vec<ExternalEvent>>,
    /// Offers under way; answered at once unless `hold_answers`.
    pub held: VecDeque<MediaCommand>,
    pub hold_answers: bool,
    /// What plays in each section, as the media plane was told.
    pub plays: BTreeMap<(PeerId, String), TrackId>,
    pub muted: HashMap<TrackId, Muted>,
    /// What the media plane was last told of how a section is looked at.
    pub viewings: HashMap<(PeerId, Mid), Viewing>,
    pub peers: HashMap<PeerId, Vec<TrackId>>,
    /// On which socket a peer id was given out.
    pub offered_by: HashMap<PeerId, SocketId>,
    pub ended: bool,
    next: u32,
}

/// One browser.
#[derive(Clone, Debug)]
pub struct Browser {
    pub socket: SocketId,
    pub id: ParticipantId,
    pub resume: String,
}

/// One browser that waits to be let in.
#[derive(Clone, Debug)]
pub struct Outside {
    pub socket: SocketId,
    pub resume: String,
}

pub const LIMITS: Limits = Limits { participants: 4, viewers: 2, heard: 5 };

impl World {
    pub fn new() -> Self {
        Self::of(RoomKind::Lesson, LIMITS)
    }

    pub fn conference() -> Self {
        Self::of(RoomKind::Conference, Limits { participants: 120, ..LIMITS })
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    pub fn of(kind: RoomKind, limits: Limits) -> Self {
        let now = Instant::now();
        let name = RoomName::parse("Geige").unwrap();
        let config = RoomConfig { name, kind, limits, wall_clock: (now, Duration::from_secs(1_000)) };
        Self {
            room: Room::new(config, now),
            now,
            inbox: HashMap::new(),
            closed: HashMap::new(),
            externals: HashMap::new(),
            held: VecDeque::new(),
            hold_answers: false,
            plays: BTreeMap::new(),
            muted: HashMap::new(),
            viewings: HashMap::new(),
            peers: HashMap::new(),
            offered_by: HashMap::new(),
            ended: false,
            next: 1,
        }
    }

    fn next(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    pub fn input(&mut self, input: Input) {
        self.room.handle(self.now, input);
        self.settle();
    }

    /// Lets time pass, with every timeout on the way.
    pub fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(timeout) = self.room.poll_timeout().filter(|timeout| *timeout <= until) {
            self.now = self.now.max(timeout);
            self.room.handle_timeout(self.now);
            self.settle();
        }
        self.now = until;
    }

    fn settle(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Send { socket, message } => self.inbox.entry(socket).or_default().push_back(message),
                Output::Broadcast { sockets, message } => {
                    sockets.iter().for_each(|s| self.inbox.entry(*s).or_default().push_back(message.clone()));
                }
                Output::Close { socket, reason } => assert_eq!(self.closed.insert(socket, reason), None, "closed twice"),
                Output::External { external, event } => self.externals.entry(external).or_default().push(event),
                Output::Ended => self.ended = true,
                Output::Media(command) => self.media(command),
            }
        }
    }

    fn media(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Offer { .. } => {
                self.held.push_back(command);
                if !self.hold_answers {
                    self.answer_next();
                }
            }
            MediaCommand::Remove(peer) => {
                self.peers.remove(&peer);
                self.plays.retain(|(p, _), _| *p != peer);
            }
            MediaCommand::Assign { peer, mid, source: Some(source) } => {
                assert!(self.peers.contains_key(&peer), "assigned to nobody");
                self.plays.insert((peer, mid.as_str().to_owned()), source);
            }
            MediaCommand::Assign { peer, mid, source: None } => drop(self.plays.remove(&(peer, mid.as_str().to_owned()))),
            MediaCommand::SetMuted(track, muted) => drop(self.muted.insert(track, muted)),
            MediaCommand::SetViewing { peer, mid, viewing } => drop(self.viewings.insert((peer, mid), viewing)),
        }
    }

    /// The media plane accepts the oldest offer. The "SDP" lists sections: `>` is sent, `<` received, `a` and `v` are kinds.
    /// A track keeps its id as long as its peer and mid stay.
    pub fn answer_next(&mut self) {
        let Some(MediaCommand::Offer { serial, peer, sdp, .. }) = self.held.pop_front() else { panic!("no offer is waiting") };
        let (mut tracks, mut downlinks) = (vec![], vec![]);
        for section in sdp.split_whitespace() {
            let (head, name) = section.split_at(2);
            let mid = Mid::parse(name).unwrap();
            let kind = if head.ends_with('a') { MediaKind::Audio } else { MediaKind::Video };
            if head.starts_with('>') {
                let index = name.bytes().fold(0_u32, |sum, byte| sum * 31 + u32::from(byte)) % 1000;
                tracks.push((mid, kind, TrackId(peer.0 * 1000 + index)));
            } else {
                downlinks.push((mid, kind));
            }
        }
        self.peers.insert(peer, tracks.iter().map(|(_, _, id)| *id).collect());
        let answer = format!("answer to {sdp}");
        self.room.handle(self.now, Input::OfferAnswered { serial, result: Ok(Accepted { answer, tracks, downlinks }) });
        self.settle();
    }

    pub fn refuse_next(&mut self) {
        let Some(MediaCommand::Offer { serial, .. }) = self.held.pop_front() else { panic!("no offer is waiting") };
        self.room.handle(self.now, Input::OfferAnswered { serial, result: Err(OfferError::TooManySections) });
        self.settle();
    }

    pub fn request(&mut self, name: &str, role: Role) -> JoinRequest {
        let number = self.next();
        JoinRequest {
            socket: SocketId(number.into()),
            link: LinkId(number.into()),
            link_state: LinkState::Valid,
            role,
            name: DisplayName::parse(name).unwrap(),
            sound_profile: SoundProfile::Music,
            resume: None,
            standing: Standing::New,
            secret: ResumeSecret::new(format!("secret {number}")),
            waiting_secret: ResumeSecret::new(format!("waiting {number}")),
        }
    }

    /// Joins and returns the welcome too.
    pub fn welcome(&mut self, request: JoinRequest) -> (Browser, bool, Snapshot) {
        let socket = request.socket;
        self.input(Input::Join(request));
        match self.take(socket) {
            Some(ServerMessage::Welcome { you, resume, resumed, snapshot, .. }) => (Browser { socket, id: you, resume }, resumed, snapshot),
            other => panic!("no welcome but {other:?}"),
        }
    }

    pub fn join(&mut self, name: &str, role: Role) -> Browser {
        let request = self.request(name, role);
        self.welcome(request).0
    }

    /// Joins and brings microphone `m` and camera `c` and two seats.
    pub fn join_with_media(&mut self, name: &str, role: Role) -> Browser {
        let browser = self.join(name, role);
        self.offer(&browser, &["m", "c"], 2, true);
        browser
    }

    pub fn say(&mut self, browser: &Browser, message: ClientMessage) {
        let spare = PeerId(self.next());
        self.offered_by.insert(spare, browser.socket);
        self.input(Input::FromSocket { socket: browser.socket, message, spare });
    }

    /// Offers the tracks and this many seats. `+` behind a track means muted.
    pub fn offer(&mut self, browser: &Browser, tracks: &[&str], seats: usize, fresh: bool) -> u32 {
        self.offer_with(browser, tracks, seats, 0, fresh)
    }

    /// The same, with seats for sound alone (`b0`, `b1` …) behind the others.
    pub fn offer_with(&mut self, browser: &Browser, tracks: &[&str], seats: usize, sounds: usize, fresh: bool) -> u32 {
        let id = self.next();
        let mut sdp = String::new();
        let mut offered = vec![];
        for track in tracks {
            let name = track.trim_end_matches('+');
            let (source, kind) = match name {
                "m" => (TrackSource::Microphone, 'a'),
                "c" => (TrackSource::Camera, 'v'),
                "2" => (TrackSource::SecondCamera, 'v'),
                "s" => (TrackSource::Screen, 'v'),
                "S" => (TrackSource::ScreenSound, 'a'),
                _ => panic!("what is {name}?"),
            };
            sdp += &format!(">{kind}{name} ");
            offered.push(OfferedTrack { mid: name.into(), source, muted: track.ends_with('+') });
        }
        let seat = |i| OfferedSeat { audio_mid: format!("a{i}"), video_mid: Some(format!("v{i}")) };
        (0..seats).for_each(|i| sdp += &format!("<aa{i} <vv{i} "));
        (0..sounds).for_each(|i| sdp += &format!("<ab{i} "));
        let sound = |i| OfferedSeat { audio_mid: format!("b{i}"), video_mid: None };
        let seats = (0..seats).map(seat).chain((0..sounds).map(sound)).collect();
        self.say(browser, ClientMessage::Offer { id, sdp, tracks: offered, seats, fresh });
        id
    }

    pub fn take(&mut self, socket: SocketId) -> Option<ServerMessage> {
        self.inbox.get_mut(&socket)?.pop_front()
    }

    /// Everything a browser was sent since the last look.
    pub fn read(&mut self, browser: &Browser) -> Vec<ServerMessage> {
        self.inbox.remove(&browser.socket).unwrap_or_default().into()
    }

    pub fn errors(&mut self, browser: &Browser) -> Vec<ErrorCode> {
        let errors = self.read(browser).into_iter().filter_map(|message| match message {
            ServerMessage::Error { code, .. } => Some(code),
            _ => None,
        });
        errors.collect()
    }

    /// Joins and has to wait; returns what was said.
    pub fn wait_outside(&mut self, request: JoinRequest) -> (Outside, Vec<String>) {
        let socket = request.socket;
        self.input(Input::Join(request));
        match self.take(socket) {
            Some(ServerMessage::Waiting { resume, hosts, .. }) => (Outside { socket, resume }, hosts),
            other => panic!("not waiting but {other:?}"),
        }
    }

    /// The welcome of somebody who waited.
    pub fn let_in(&mut self, outside: &Outside) -> Browser {
        let told = self.read_socket(outside.socket);
        let welcome = told.into_iter().find_map(|message| match message {
            ServerMessage::Welcome { you, resume, .. } => Some(Browser { socket: outside.socket, id: you, resume }),
            _ => None,
        });
        welcome.expect("a welcome")
    }

    /// On a socket, be it in the room or not.
    pub fn say_on(&mut self, socket: SocketId, message: ClientMessage) {
        let spare = PeerId(self.next());
        self.input(Input::FromSocket { socket, message, spare });
    }

    pub fn read_socket(&mut self, socket: SocketId) -> Vec<ServerMessage> {
        self.inbox.remove(&socket).unwrap_or_default().into()
    }

    /// The peer of a browser.
    pub fn peer(&self, browser: &Browser) -> PeerId {
        *self.peers.keys().find(|peer| self.offered_by.get(peer) == Some(&browser.socket)).expect("connected")
    }

    /// The track of a browser by the name of its section.
    pub fn track(&self, browser: &Browser, name: &str) -> TrackId {
        let index = name.bytes().fold(0_u32, |sum, byte| sum * 31 + u32::from(byte)) % 1000;
        TrackId(self.peer(browser).0 * 1000 + index)
    }

    /// How a microphone sounds; 0 is quiet.
    pub fn sound(&mut self, browser: &Browser, loudness: u8) {
        let activity = if loudness == 0 { Activity::Quiet } else { Activity::Sounding { loudness } };
        let (peer, track) = (self.peer(browser), self.track(browser, "m"));
        self.input(Input::Activity { peer, track, activity });
    }

    /// In which section of `at` a track of `of` plays.
    pub fn plays_at(&self, at: &Browser, of: &Browser, name: &str) -> Vec<String> {
        let (peer, track) = (self.peer(at), self.track(of, name));
        self.plays.iter().filter(|((p, _), t)| *p == peer && **t == track).map(|((_, mid), _)| mid.clone()).collect()
    }

    /// The latest seats a browser was told, as `participant/stream`.
    pub fn seats(&mut self, browser: &Browser) -> Option<Vec<String>> {
        let told = self.read(browser).into_iter().rev().find_map(|message| match message {
            ServerMessage::Seats { seats } => Some(seats),
            _ => None,
        })?;
        let name = |seat: &Option<SeatedStream>| seat.map_or("-".into(), |s| format!("{}/{:?}", s.participant.0, s.stream));
        Some(told.iter().map(name).collect())
    }

    /// What is known about a participant, from a fresh observer's snapshot.
    pub fn info(&mut self, of: ParticipantId) -> ParticipantInfo {
        let request = self.request("observer", Role::Moderator);
        let (observer, _, snapshot) = self.welcome(request);
        self.say(&observer, ClientMessage::Leave);
        snapshot.participants.into_iter().find(|p| p.id == of).expect("in the room")
    }

    /// The peer whose sections play.
    pub fn playing(&self) -> Vec<(u32, &str, u32)> {
        self.plays.iter().map(|((peer, mid), track)| (peer.0, mid.as_str(), track.0)).collect()
    }
}
