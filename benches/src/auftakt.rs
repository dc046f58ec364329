//! The server under test: WHIP and WHEP for one-to-many, its own signalling for lessons and conferences.

use crate::page::Page;
use crate::participant::{Participant, Section, Shape};
use crate::scenario::Sfu;
use anyhow::{Context, Result, bail};
use auftakt_signaling::wire::{ClientMessage, OfferedSeat, OfferedTrack, PROTOCOL_VERSION, SoundProfile, TrackSource};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use str0m::media::{Direction, MediaKind};

/// The command that starts the server: pages and media on `port`, metrics on `admin`.
pub fn command(program: &Path, data: &Path, port: u16, admin: u16, media: IpAddr) -> Command {
    let mut command = Command::new(program);
    command.arg("--data").arg(data).arg("serve").arg("--listen").arg(format!("127.0.0.1:{port}"));
    command.arg("--admin").arg(format!("127.0.0.1:{admin}")).arg("--media-address").arg(media.to_string());
    // A storm is more than a room of a school holds.
    command.env("AUFTAKT_LIMITS_PARTICIPANTS_PER_ROOM", "500").env("AUFTAKT_LOG", "warn");
    command
}

/// A running server, and how to join it.
pub struct Auftakt {
    program: PathBuf,
    data: PathBuf,
    port: u16,
    token: String,
    agent: ureq::Agent,
}

/// What kind of room a door leads into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Lesson,
    Conference,
}

/// A join link: everybody who joins through it may do so from a thread of its own.
#[derive(Clone)]
pub struct Door {
    port: u16,
    token: String,
    kind: Kind,
}

impl Auftakt {
    /// Asks the server, which listens on `127.0.0.1:port`, whether it works.
    pub fn connect(program: &Path, data: &Path, port: u16) -> Result<Self> {
        let agent = ureq::Agent::new_with_config(ureq::config::Config::builder().http_status_as_error(false).build());
        agent.get(format!("http://127.0.0.1:{port}/healthz")).call()?;
        let mut server = Self { program: program.into(), data: data.into(), port, token: String::new(), agent };
        server.token = server.run(&["token", "--room", "*", "--publish", "--subscribe"])?;
        Ok(server)
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.program).arg("--data").arg(&self.data).args(arguments).output()?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn post(&self, path: &str, offer: &str) -> Result<String> {
        let request = self.agent.post(format!("http://127.0.0.1:{}{path}", self.port));
        let request = request.header("Authorization", format!("Bearer {}", self.token)).header("Content-Type", "application/sdp");
        let mut response = request.send(offer)?;
        let body = response.body_mut().read_to_string()?;
        if response.status() != 201 {
            bail!("{path}: {} {body}", response.status());
        }
        Ok(body)
    }

    /// Makes a link; the room exists from then on.
    pub fn door(&self, room: &str, role: &str) -> Result<Door> {
        let link = self.run(&["link", "--room", room, "--role", role, "--name", "load"])?;
        let token = link.rsplit_once('#').context("a link without a token")?.1.to_owned();
        let kind = if matches!(role, "moderator" | "attendee") { Kind::Conference } else { Kind::Lesson };
        Ok(Door { port: self.port, token, kind })
    }
}

impl Door {
    /// Opens the socket and comes in, without media so far.
    pub fn enter(&self, name: &str) -> Result<Page> {
        let mut page = Page::open(self.port)?;
        page.say(&ClientMessage::Join {
            version: PROTOCOL_VERSION,
            token: self.token.clone(),
            name: name.to_owned(),
            sound_profile: SoundProfile::Speech,
            resume: None,
        })?;
        let welcome = page.wait_for("welcome")?;
        page.you = welcome["you"].as_u64().context("a welcome without an id")? as u32;
        Ok(page)
    }

    /// Comes in and connects, as participant `number` of the run. Its join began when the socket was opened.
    pub fn join(&self, name: &str, number: usize, shape: Shape) -> Result<Participant> {
        let started = Instant::now();
        let mut participant = self.connect(self.enter(name)?, number, shape)?;
        participant.join_started = started;
        Ok(participant)
    }

    /// Whoever came in connects. Its join began with the offer.
    pub fn connect(&self, mut page: Page, number: usize, shape: Shape) -> Result<Participant> {
        let mut participant = Participant::new(shape, number)?;
        participant.offer(|sdp, sections| {
            page.say(&offer(sdp, sections))?;
            let answer = page.wait_for("answer")?;
            Ok(answer["sdp"].as_str().context("no answer")?.to_owned())
        })?;
        if self.kind == Kind::Conference {
            page.view(&[], shape.seats + shape.sound_seats)?;
        }
        page.in_room()?;
        participant.page = Some(page);
        Ok(participant)
    }
}

/// What the page says with an offer of these sections.
pub fn offer(sdp: &str, sections: &[Section]) -> ClientMessage {
    let mids = |kind: MediaKind, direction: Direction| {
        sections.iter().filter(move |section| section.kind == kind && section.direction == direction).map(|section| section.mid.to_string())
    };
    let track = |mid, source| OfferedTrack { mid, source, muted: false };
    let sounds = mids(MediaKind::Audio, Direction::SendOnly).map(|mid| track(mid, TrackSource::Microphone));
    let pictures = mids(MediaKind::Video, Direction::SendOnly).map(|mid| track(mid, TrackSource::Camera));
    // Seats for sound alone come last, in the sections too.
    let mut seat_pictures = mids(MediaKind::Video, Direction::RecvOnly);
    let seats = mids(MediaKind::Audio, Direction::RecvOnly).map(|audio_mid| OfferedSeat { audio_mid, video_mid: seat_pictures.next() });
    ClientMessage::Offer { id: 1, sdp: sdp.to_owned(), tracks: sounds.chain(pictures).collect(), seats: seats.collect(), fresh: true }
}

impl Sfu for Auftakt {
    fn publish(&mut self, room: &str) -> Result<Participant> {
        let mut participant = Participant::new(Shape::PUBLISH, 0)?;
        participant.offer(|offer, _| self.post(&format!("/whip/{room}"), offer))?;
        Ok(participant)
    }

    fn subscribe(&mut self, room: &str) -> Result<Participant> {
        let mut participant = Participant::new(Shape::SUBSCRIBE, 0)?;
        participant.offer(|offer, _| self.post(&format!("/whep/{room}"), offer))?;
        Ok(participant)
    }

    fn meeting(&mut self, room: &str, people: usize) -> Result<Vec<Participant>> {
        let doors = [self.door(room, "teacher")?, self.door(room, "student")?];
        let shape = Shape { seats: people - 1, ..Shape::LESSON };
        let join = |number: usize| {
            let door = &doors[usize::from(number > 0)];
            door.connect(door.enter(&format!("Person {number}"))?, number, shape)
        };
        (0..people).map(join).collect()
    }

    fn meeting_receivers(&mut self, _room: &str) -> Result<Vec<Participant>> {
        Ok(vec![])
    }

    /// The sockets answer the server's pings when they are read.
    fn keep_alive(&mut self) -> Result<()> {
        Ok(())
    }
}
