//! A lesson as the server holds it: a real room seats real clients, the worker carries them.

use crate::lines::Lines;
use auftakt_client::band::{Camera, FRAME, Player, sound};
use auftakt_client::world::World;
use auftakt_client::{ClientConfig, Received, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::worker::Event;
use auftakt_signaling::wire::{ClientMessage, OfferedSeat, OfferedTrack, Role, RoomKind, ServerMessage};
use auftakt_signaling::wire::{SoundProfile, TrackSource};
use auftakt_signaling::{
    DisplayName, Input, JoinRequest, Limits, LinkId, LinkState, MediaCommand, Output, PeerTrouble, ResumeSecret, Room, RoomConfig,
    RoomName, SocketId, Standing,
};
use std::time::Duration;

/// Whose pictures and sounds are whose: each person counts from another thousand.
const NUMBERS_EACH: u32 = 100_000;
const SEATS: usize = 2;

pub struct Lesson {
    pub world: World,
    pub lines: Lines,
    pub people: Vec<Person>,
    room: Room,
    /// Worker events that the room has heard of.
    told: usize,
}

pub struct Person {
    pub client: usize,
    pub player: Player,
    pub socket: SocketId,
    /// What the room said, in order.
    pub inbox: Vec<ServerMessage>,
    next_offer: u32,
}

impl Person {
    /// The first number of its sounds and pictures.
    pub fn first(&self) -> u32 {
        self.client as u32 * NUMBERS_EACH
    }
}

/// Where the sound of a seat is received; its picture comes one section later.
pub fn audio_mid(seat: usize) -> String {
    (2 + 2 * seat).to_string()
}

pub fn video_mid(seat: usize) -> String {
    (3 + 2 * seat).to_string()
}

impl Lesson {
    pub fn new(seed: u64) -> Self {
        let lines = Lines::new(seed);
        let world = World::on(Box::new(lines.clone()), seed as u8);
        let name = RoomName::parse("Geige").expect("a name");
        let wall_clock = (world.now, auftakt_client::world::SERVER_CLOCK);
        let config = RoomConfig { name, kind: RoomKind::Lesson, limits: Limits { participants: 5, viewers: 0, heard: 5 }, wall_clock };
        let room = Room::new(config, world.now);
        Self { world, lines, people: vec![], room, told: 0 }
    }

    /// A teacher and a student who are connected, on clean lines.
    pub fn of_two(seed: u64, config: impl Fn(u64) -> ClientConfig) -> Self {
        let mut lesson = Self::new(seed);
        lesson.join(Role::Teacher, config(2 * seed));
        lesson.join(Role::Student, config(2 * seed + 1));
        lesson
    }

    /// Comes in with microphone, camera and two seats. Returns its number.
    pub fn join(&mut self, role: Role, config: ClientConfig) -> usize {
        let client = self.world.add(config);
        let number = self.people.len();
        let socket = SocketId(number as u64);
        let mut player = Player::new(client, vec![Camera::new(None)]);
        player.step = client as u32 * NUMBERS_EACH;
        player.cameras[0].frame = player.step;
        self.people.push(Person { client, player, socket, inbox: vec![], next_offer: 1 });
        self.enter(number, role, None);
        let add = &mut self.world.clients[client].client;
        add.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
        add.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[Codec::Vp8], rids: &[] });
        for _ in 0..SEATS {
            add.add_receiver(MediaKind::Audio, &[Codec::Opus]);
            add.add_receiver(MediaKind::Video, &[Codec::Vp8]);
        }
        self.offer(number);
        self.wait(Duration::from_secs(1));
        assert!(self.world.clients[client].client.is_connected(), "person {number} connects");
        number
    }

    fn enter(&mut self, number: usize, role: Role, resume: Option<String>) {
        let request = JoinRequest {
            socket: self.people[number].socket,
            link: LinkId(number as u64),
            link_state: LinkState::Valid,
            role,
            name: DisplayName::parse(&format!("Person {number}")).expect("a name"),
            sound_profile: SoundProfile::Music,
            resume,
            standing: Standing::New,
            secret: ResumeSecret::new(format!("secret {number}")),
            waiting_secret: ResumeSecret::new(format!("waiting {number}")),
        };
        self.input(Input::Join(request));
    }

    /// The person's client offers what it has now.
    pub fn offer(&mut self, number: usize) {
        let person = &mut self.people[number];
        let sdp = self.world.clients[person.client].client.offer();
        let track = |mid: &str, source| OfferedTrack { mid: mid.into(), source, muted: false };
        let tracks = vec![track("0", TrackSource::Microphone), track("1", TrackSource::Camera)];
        let seats = (0..SEATS).map(|seat| OfferedSeat { audio_mid: audio_mid(seat), video_mid: Some(video_mid(seat)) }).collect();
        let id = person.next_offer;
        person.next_offer += 1;
        self.say(number, ClientMessage::Offer { id, sdp, tracks, seats, fresh: id == 1 });
    }

    pub fn say(&mut self, number: usize, message: ClientMessage) {
        let person = &self.people[number];
        let spare = self.world.clients[person.client].peer;
        self.input(Input::FromSocket { socket: person.socket, message, spare });
    }

    /// Its socket breaks, and it comes back with its secret on another one.
    pub fn lose_socket(&mut self, number: usize) {
        self.input(Input::SocketLost(self.people[number].socket));
    }

    pub fn resume(&mut self, number: usize) {
        let resume = self.people[number].inbox.iter().find_map(|message| match message {
            ServerMessage::Welcome { resume, .. } => Some(resume.clone()),
            _ => None,
        });
        self.people[number].socket.0 += 1000;
        self.enter(number, Role::Student, resume);
    }

    fn input(&mut self, input: Input) {
        self.room.handle(self.world.now, input);
        self.carry_out();
    }

    /// What the server's room task does.
    fn carry_out(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Send { socket, message } => self.deliver(socket, message),
                Output::Broadcast { sockets, message } => sockets.into_iter().for_each(|s| self.deliver(s, message.clone())),
                Output::Media(command) => self.media(command),
                Output::Close { .. } | Output::External { .. } | Output::Ended => {}
            }
        }
        self.world.carry();
    }

    fn deliver(&mut self, socket: SocketId, message: ServerMessage) {
        let Some(person) = self.people.iter_mut().find(|person| person.socket == socket) else { return };
        if let ServerMessage::Answer { sdp, .. } = &message {
            self.world.clients[person.client].client.handle_answer(self.world.now, sdp);
        }
        person.inbox.push(message);
    }

    fn media(&mut self, command: MediaCommand) {
        let (now, worker) = (self.world.now, &mut self.world.worker);
        match command {
            MediaCommand::Offer { serial, peer, sdp, seats } => {
                let result = worker.accept_offer(now, peer, &sdp, &seats);
                if let Some(participant) = self.world.clients.iter_mut().find(|p| p.peer == peer) {
                    participant.accepted = result.as_ref().ok().cloned();
                }
                self.room.handle(now, Input::OfferAnswered { serial, result });
            }
            MediaCommand::Remove(peer) => worker.remove_peer(now, peer),
            MediaCommand::Assign { peer, mid, source } => worker.assign(now, peer, mid, source),
            MediaCommand::SetMuted(track, muted) => worker.set_muted(track, muted),
            MediaCommand::SetViewing { peer, mid, viewing } => worker.set_viewing(now, peer, mid, viewing),
        }
    }

    /// Lets time pass without playing.
    pub fn wait(&mut self, span: Duration) {
        let end = self.world.now + span;
        while self.world.now < end {
            self.world.run_for(FRAME.min(end - self.world.now));
            if self.room.poll_timeout().is_some_and(|at| at <= self.world.now) {
                self.room.handle_timeout(self.world.now);
            }
            while let Some(event) = self.world.events.get(self.told) {
                self.told += 1;
                match *event {
                    Event::Failed { peer, .. } => self.input(Input::PeerTrouble { peer, trouble: PeerTrouble::Failed }),
                    Event::Disconnected { peer } => self.input(Input::PeerTrouble { peer, trouble: PeerTrouble::Silent }),
                    _ => {}
                }
            }
            self.carry_out();
        }
    }

    /// Everybody plays, so many steps of 20 ms.
    pub fn play(&mut self, steps: u32) {
        for _ in 0..steps {
            for person in &mut self.people {
                person.player.play(&mut self.world);
            }
            self.wait(FRAME);
        }
    }

    /// What person `number` received in a section.
    pub fn received(&self, number: usize, mid: &str) -> Vec<Received> {
        self.world.received(self.people[number].client, mid)
    }

    /// Sound as it is played: in order. Every packet from the first received one to the last of `speaker` is there, unchanged.
    pub fn assert_heard(&self, listener: usize, speaker: usize) {
        let mut heard = self.received(listener, &audio_mid(0));
        heard.sort_by_key(|packet| packet.index);
        let player = &self.people[speaker].player;
        let first = heard.first().map(|packet| u32::from_be_bytes(packet.payload[1..5].try_into().expect("a number")));
        let first = first.expect("some sound");
        assert_eq!(heard.len() as u32, player.step - first, "person {listener} misses sound of {speaker}");
        for (packet, number) in heard.iter().zip(first..) {
            assert_eq!(packet.payload, sound(number), "bit for bit");
            assert_eq!(packet.timestamp, heard[0].timestamp.wrapping_add((number - first) * 960));
        }
        assert!(heard.windows(2).all(|pair| pair[1].index == pair[0].index + 1), "numbers without gaps");
    }
}
