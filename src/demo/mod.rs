//! The demonstration school: a lesson to join from two browsers, a staff conference, and a room where the bot musician plays for one.

mod names;
pub mod school;

use crate::bot::Musician;
use crate::http::App;
use crate::links::{JoinClaims, join_url, seconds_now};
use crate::rooms::Local;
use auftakt_signaling::wire::{Role, RoomKind, SoundProfile, TrackSource};
use auftakt_signaling::{DisplayName, RoomName};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde::Serialize;
use std::fmt::Write;
use std::io;

const LESSON: &str = "Geigenstunde";
const STAGE: &str = "Probebühne";
const TEACHER: &str = "Frau Lindqvist";
const STUDENT: &str = "Mia";
const LISTENER: &str = "Gast";
const CONFERENCE: &str = "Lehrerkonferenz";
const MODERATOR: &str = "Frau Adler";
const ATTENDEE: &str = "Herr Okafor";
const VISITOR: &str = "Elternvertretung";
const MUSICIAN: &str = "Bot-Musiker";
const LINK_SECONDS: u64 = 7 * 24 * 3600;

/// Where to enter it.
#[derive(Clone, Debug, Serialize)]
pub struct DemoLinks {
    teacher: String,
    student: String,
    /// Where the bot musician plays.
    musician: String,
    /// Of the conference.
    moderator: String,
    attendee: String,
    /// Waits in the conference's lobby.
    guest: String,
}

/// Makes the rooms, lets the musician wait for listeners, and returns the text with the links.
pub fn open(app: &App) -> io::Result<String> {
    let room = |name: &str| RoomName::parse(name).map_err(io::Error::other);
    let lesson = (room(LESSON)?, RoomKind::Lesson);
    let stage = (room(STAGE)?, RoomKind::Lesson);
    let conference = (room(CONFERENCE)?, RoomKind::Conference);
    for (room, kind) in [&lesson, &stage, &conference] {
        app.records.create_if_missing(room, *kind)?;
    }
    tokio::spawn(play(app.clone(), stage.0.clone()));
    let links = DemoLinks {
        teacher: link(app, &lesson, Role::Teacher, TEACHER),
        student: link(app, &lesson, Role::Student, STUDENT),
        musician: link(app, &stage, Role::Guest, LISTENER),
        moderator: link(app, &conference, Role::Moderator, MODERATOR),
        attendee: link(app, &conference, Role::Attendee, ATTENDEE),
        guest: link(app, &conference, Role::Guest, VISITOR),
    };
    let text = invitation(&links);
    // It is opened once.
    let _ = app.demo.set(links);
    Ok(text)
}

fn invitation(links: &DemoLinks) -> String {
    let mut text = String::from("\nAuftakt: demonstration school / Demonstrationsschule\n");
    for (title, link, code) in [
        ("Teacher / Lehrkraft", &links.teacher, qr_code(&links.teacher)),
        ("Student / Schülerin", &links.student, qr_code(&links.student)),
        ("Bot musician / Bot-Musiker", &links.musician, None),
        ("Conference, moderator / Konferenz, Leitung", &links.moderator, None),
        ("Conference, attendee / Konferenz, Teilnahme", &links.attendee, None),
        ("Conference, guest (waits to be let in) / Konferenz, Gast (wartet auf Einlass)", &links.guest, None),
    ] {
        // Writing to a string does not fail.
        let _ = writeln!(text, "\n{title}\n{link}");
        if let Some(code) = code {
            let _ = writeln!(text, "{code}");
        }
    }
    text.push_str("\nCtrl-C ends / beendet.\n");
    text
}

fn link(app: &App, (room, kind): &(RoomName, RoomKind), role: Role, name: &str) -> String {
    let claims = JoinClaims {
        room: room.as_str().to_owned(),
        kind: *kind,
        role,
        name: name.to_owned(),
        expires: seconds_now() + LINK_SECONDS,
        person: None,
    };
    join_url(&app.url, room, &app.key.sign_join(claims))
}

/// For a terminal with dark ground.
fn qr_code(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

/// Plays whenever somebody is in the room.
async fn play(app: App, room: RoomName) {
    let Ok(name) = DisplayName::parse(MUSICIAN) else { return };
    let started = app.rooms.when_started(&room);
    loop {
        started.notified().await;
        // It has ended already.
        let Some(live) = app.rooms.live(&room) else { continue };
        // Fails only while the server stops.
        let Ok(musician) = Musician::start(live.media().clone()).await else { return };
        let tracks = vec![(TrackSource::Microphone, musician.audio()), (TrackSource::Camera, musician.video())];
        let local = Local { name: name.clone(), sound_profile: SoundProfile::Studio, tracks };
        if let Ok(gone) = live.add_local(app.rooms.next_external(), local).await {
            // An error is what tells: the room drops its end.
            let _ = gone.await;
        }
    }
}
