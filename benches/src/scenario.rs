//! The situations in which servers are compared.

use crate::generator::Generator;
use crate::measure::{Figures, Loss, join_times, measure, quantile};
use crate::media::{self, Publisher};
use crate::participant::Participant;
use crate::process::{Server, stand_back};
use anyhow::{Result, ensure};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long joining may take before a run counts as failed.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Until estimators have found the line, and layers and seats have settled.
pub const SETTLE: Duration = Duration::from_secs(6);

/// A server that participants can join.
pub trait Sfu: Send {
    /// Joins as the room's publisher.
    fn publish(&mut self, room: &str) -> Result<Participant>;
    /// Joins to receive the room's publisher.
    fn subscribe(&mut self, room: &str) -> Result<Participant>;
    /// A room in which everybody sends to everybody: the connections that send.
    fn meeting(&mut self, room: &str, people: usize) -> Result<Vec<Participant>>;
    /// The room's further connections that only receive, where the server needs them; asked for when the senders are connected.
    fn meeting_receivers(&mut self, room: &str) -> Result<Vec<Participant>>;
    /// Called every second.
    fn keep_alive(&mut self) -> Result<()>;
}

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// One publisher, so many subscribers.
    Fan(usize),
    /// So many rooms of so many people who all send to all others.
    Rooms(usize, usize),
}

/// Runs one scenario against a server that has nobody in it. `admin` is where the server tells its own counts, if it does.
pub fn run(scenario: Scenario, sfu: &mut dyn Sfu, server: &Server, admin: Option<u16>, time: Duration) -> Result<Figures> {
    let mut generator = Generator::new()?;
    let mut first_receiver = 0;
    let mut memory_before = server.usage()?.rss_bytes;
    let receivers_per_packet = match scenario {
        Scenario::Fan(subscribers) => {
            let mut publisher = sfu.publish("load-0")?;
            publisher.start_publishing(Publisher::new(Instant::now()))?;
            generator.add(publisher)?;
            generator.run_for(Duration::from_millis(1500))?;
            first_receiver = 1;
            memory_before = server.usage()?.rss_bytes;
            join_one_by_one(&mut generator, subscribers, |_| sfu.subscribe("load-0"))?;
            subscribers as f64
        }
        Scenario::Rooms(rooms, people) => {
            for room in 0..rooms {
                join_meeting(&mut generator, sfu, room, rooms, people)?;
            }
            people as f64 - 1.0
        }
    };
    wait_for_all(&mut generator)?;
    generator.run_for(SETTLE)?;
    let loss = Loss::Receivers(receivers_per_packet);
    let mut figures = measure(&mut generator, server, admin, time, loss, || sfu.keep_alive())?;
    let joins = join_times(generator.participants().skip(first_receiver));
    figures.join_p50_ms = quantile(&joins, 0.5);
    figures.join_p95_ms = quantile(&joins, 0.95);
    let grown = server.usage()?.rss_bytes.saturating_sub(memory_before);
    figures.memory_per_receiver_kb = grown as f64 / 1000.0 / joins.len().max(1) as f64;
    Ok(figures)
}

/// So many join one after the other while the load runs, and each has media before the next comes.
pub fn join_one_by_one(generator: &mut Generator, count: usize, mut join: impl FnMut(usize) -> Result<Participant> + Send) -> Result<()> {
    std::thread::scope(|scope| {
        let (joined, arrivals) = mpsc::channel();
        let (go, next) = mpsc::channel::<()>();
        let joiner = scope.spawn(move || -> Result<()> {
            stand_back();
            for number in 0..count {
                if joined.send(join(number)?).is_err() || next.recv().is_err() {
                    break;
                }
            }
            Ok(())
        });
        for number in 0..count {
            let mut participant = None;
            generator.run_until(|_| {
                participant = arrivals.try_recv().ok();
                Ok(participant.is_some() || joiner.is_finished())
            })?;
            let Some(participant) = participant.or_else(|| arrivals.try_recv().ok()) else { break };
            generator.add(participant)?;
            // The first may be alone: there is nobody to hear so far.
            wait_until(generator, if number == 0 { Arrived::Connected } else { Arrived::WithMedia })?;
            generator.run_for(pause_before_join(number))?;
            let _ = go.send(());
        }
        drop(go);
        joiner.join().map_err(|_| anyhow::anyhow!("the joining thread panicked"))?
    })
}

/// The last one's first packet has just come: whoever joined at once would always meet the next in the same moment, a whole audio frame
/// later. People join at any moment of it; multiples of the golden ratio spread evenly.
fn pause_before_join(number: usize) -> Duration {
    media::AUDIO_FRAME.mul_f64((number as f64 * 0.618_034).fract())
}

/// A room of people who send to each other joins.
pub fn join_meeting(generator: &mut Generator, sfu: &mut dyn Sfu, room: usize, rooms: usize, people: usize) -> Result<()> {
    let name = format!("meeting-{room}");
    for (index, mut participant) in sfu.meeting(&name, people)?.into_iter().enumerate() {
        // Spread over one frame, so that the load is as even as it is with real people.
        let phase = Duration::from_micros(33_333 * (room * people + index) as u64 / (rooms * people) as u64);
        participant.start_publishing(Publisher::new(Instant::now() + phase))?;
        generator.add(participant)?;
    }
    let deadline = Instant::now() + PATIENCE;
    generator.run_until(|generator| {
        ensure!(Instant::now() < deadline, "a participant of {name} does not connect");
        Ok(generator.participants().all(Participant::is_connected))
    })?;
    // Connected here is not yet known there: the other side hears of it with the last packet of the handshake.
    generator.run_for(Duration::from_millis(50))?;
    for participant in sfu.meeting_receivers(&name)? {
        generator.add(participant)?;
    }
    Ok(())
}

/// Until everybody who receives has media.
pub fn wait_for_all(generator: &mut Generator) -> Result<()> {
    wait_until(generator, Arrived::WithMedia)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrived {
    Connected,
    WithMedia,
}

fn wait_until(generator: &mut Generator, arrived: Arrived) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let needs_media = |p: &Participant| arrived == Arrived::WithMedia && p.shape.receives();
    let waits = |p: &&Participant| !p.is_connected() || (needs_media(p) && p.first_media().is_none());
    generator.run_until(|generator| {
        let waiting = generator.participants().filter(waits).count();
        ensure!(Instant::now() < deadline, "{waiting} of {} participants got no media", generator.participants().count());
        Ok(waiting == 0)
    })
}
