//! Conferences, alone and beside lessons: simulcast cameras, sound of whoever speaks, nine pictures for everybody.

use crate::attendee::{Attendee, Turns};
use crate::auftakt::{Auftakt, Door};
use crate::generator::Generator;
use crate::measure::{Figures, Loss, join_times, measure, quantile};
use crate::participant::{Participant, Sends, Shape};
use crate::process::Server;
use crate::scenario::{SETTLE, Sfu, join_meeting, join_one_by_one, wait_for_all};
use anyhow::Result;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Pictures that everybody sees.
pub const SEATS: usize = 9;
/// For those who are heard and not seen.
pub const SOUND_SEATS: usize = 6;
/// As many have a camera on; who comes after them listens and speaks.
pub const CAMERAS_MAX: usize = 40;
/// Tiles that each viewer holds on to; the other seats go to whoever speaks.
const WANTED: usize = 4;
/// A camera's frame: people's frames do not coincide.
const FRAME: Duration = Duration::from_millis(40);

/// Who meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In the conference.
    pub people: usize,
    /// One-to-one lessons at the same time.
    pub lessons: usize,
}

/// The connection of an attendee.
pub fn shape(camera: bool) -> Shape {
    Shape { sends: if camera { Sends::Simulcast } else { Sends::Sound }, seats: SEATS, sound_seats: SOUND_SEATS }
}

/// Runs the plan against a server that has nobody in it.
pub fn run(plan: Plan, server: &mut Auftakt, process: &Server, admin: u16, time: Duration) -> Result<Figures> {
    let mut generator = Generator::new()?;
    for lesson in 0..plan.lessons {
        join_meeting(&mut generator, server, lesson, plan.lessons, 2)?;
    }
    let in_lessons = generator.participants().count();
    let (moderator, door) = (server.door("staff", "moderator")?, server.door("staff", "attendee")?);
    let memory_before = process.usage()?.rss_bytes;
    let turns = Turns::Of(plan.people, Instant::now());
    join_one_by_one(&mut generator, plan.people, |number| {
        attend(if number == 0 { &moderator } else { &door }, number, number < CAMERAS_MAX, turns, plan.people)
    })?;
    wait_for_all(&mut generator)?;
    choose_views(&mut generator, plan.people)?;
    generator.run_for(SETTLE)?;
    let mut figures = measure(&mut generator, process, Some(admin), time, Loss::Lines, || server.keep_alive())?;
    let joins = join_times(generator.participants().skip(in_lessons));
    figures.join_p50_ms = quantile(&joins, 0.5);
    figures.join_p95_ms = quantile(&joins, 0.95);
    let grown = process.usage()?.rss_bytes.saturating_sub(memory_before);
    figures.memory_per_receiver_kb = grown as f64 / 1000.0 / plan.people as f64;
    note_seats(&generator, in_lessons, &mut figures);
    Ok(figures)
}

/// Joins through the door and begins to send.
pub fn attend(door: &Door, number: usize, camera: bool, turns: Turns, people: usize) -> Result<Participant> {
    let mut participant = door.join(&format!("Person {number}"), number, shape(camera))?;
    let phase = FRAME.mul_f64(number as f64 / people as f64);
    participant.start_publishing(Attendee::new(number, Instant::now() + phase, turns, camera))?;
    Ok(participant)
}

/// Everybody holds on to the next few who have a camera, so that every camera is looked at, and by one viewer large.
pub fn choose_views(generator: &mut Generator, people: usize) -> Result<()> {
    let in_conference = |p: &&Participant| p.shape.sound_seats > 0;
    let ids: Vec<u32> = generator.participants().filter(in_conference).filter_map(|p| Some(p.page.as_ref()?.you)).collect();
    let cameras = people.min(CAMERAS_MAX);
    for participant in generator.participants_mut().filter(|p| p.shape.sound_seats > 0) {
        let me = participant.number();
        let wanted = (1..cameras).map(|step| (me + step) % cameras).filter(|other| *other != me).take(WANTED);
        let wanted: Vec<u32> = wanted.filter_map(|other| ids.get(other).copied()).collect();
        if let Some(page) = &mut participant.page {
            page.view(&wanted, SEATS + SOUND_SEATS)?;
        }
    }
    Ok(())
}

/// How many sections play at each attendee: what the packets per second are made of.
fn note_seats(generator: &Generator, in_lessons: usize, figures: &mut Figures) {
    let attendees: Vec<&Participant> = generator.participants().skip(in_lessons).collect();
    let playing = |p: &Participant| p.lines().filter(|line| line.expected() > 0).count();
    let all: usize = attendees.iter().map(|p| playing(p)).sum();
    let fewest = attendees.iter().map(|p| playing(p)).min().unwrap_or(0);
    let _ = write!(figures.notes, ", {:.1} sections play at an attendee (fewest {fewest})", all as f64 / attendees.len().max(1) as f64);
}
