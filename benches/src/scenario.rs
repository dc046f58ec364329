//! The situations measured, and what is measured in each.

use crate::generator::Generator;
use crate::media;
use crate::participant::{Participant, Totals};
use crate::process::Server;
use anyhow::{Result, ensure};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long joining may take before a run counts as failed.
const PATIENCE: Duration = Duration::from_secs(15);

/// A server that participants can join.
pub trait Sfu: Send {
    /// Joins as the room's publisher.
    fn publish(&mut self, room: &str) -> Result<Participant>;
    /// Joins to receive the room's publisher.
    fn subscribe(&mut self, room: &str) -> Result<Participant>;
    /// A one-to-one lesson: the connections that send.
    fn lesson(&mut self, room: &str) -> Result<Vec<Participant>>;
    /// The lesson's further connections that only receive, where the server needs them; asked for when the senders are connected.
    fn lesson_receivers(&mut self, room: &str) -> Result<Vec<Participant>>;
    /// Called every few seconds.
    fn keep_alive(&mut self) -> Result<()>;
}

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// One publisher, so many subscribers.
    Fan(usize),
    /// So many one-to-one lessons.
    Lessons(usize),
}

/// The figures of one run.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Server CPU per packet that arrived at a receiver.
    pub cpu_us_per_packet: f64,
    /// Server CPU in percent of one core.
    pub cpu_percent: f64,
    pub latency_p50_ms: f64,
    pub latency_p99_ms: f64,
    pub packets_per_second: f64,
    /// Packets that should have arrived and did not, in percent.
    pub lost_percent: f64,
    /// Growth of resident memory per receiving connection.
    pub memory_per_receiver_kb: f64,
    /// From sending the join request to the first packet of media.
    pub join_p50_ms: f64,
    pub join_p95_ms: f64,
}

/// Runs one scenario against a server that has nobody in it.
pub fn run(scenario: Scenario, sfu: &mut dyn Sfu, server: &Server, time: Duration) -> Result<Figures> {
    let mut generator = Generator::new()?;
    let mut first_receiver = 0;
    let mut memory_before = server.usage()?.rss_bytes;
    let receivers_per_packet = match scenario {
        Scenario::Fan(subscribers) => {
            let mut publisher = sfu.publish("load-0")?;
            publisher.start_publishing(Instant::now())?;
            generator.add(publisher)?;
            generator.run_for(Duration::from_millis(1500))?;
            first_receiver = 1;
            memory_before = server.usage()?.rss_bytes;
            join_one_by_one(&mut generator, sfu, subscribers)?;
            subscribers as f64
        }
        Scenario::Lessons(lessons) => {
            for lesson in 0..lessons {
                join_lesson(&mut generator, sfu, lesson, lessons)?;
            }
            1.0
        }
    };
    wait_for_all(&mut generator)?;
    generator.run_for(Duration::from_secs(2))?;
    measure(&mut generator, sfu, server, time, receivers_per_packet).map(|mut figures| {
        let joins = join_times(&generator, first_receiver);
        figures.join_p50_ms = quantile(&joins, 0.5);
        figures.join_p95_ms = quantile(&joins, 0.95);
        let receivers = joins.len().max(1) as f64;
        let grown = server.usage().map_or(0, |usage| usage.rss_bytes.saturating_sub(memory_before));
        figures.memory_per_receiver_kb = grown as f64 / 1000.0 / receivers;
        figures
    })
}

/// Subscribers join one after the other while the load runs.
fn join_one_by_one(generator: &mut Generator, sfu: &mut dyn Sfu, subscribers: usize) -> Result<()> {
    std::thread::scope(|scope| {
        let (joined, arrivals) = mpsc::channel();
        let (go, next) = mpsc::channel::<()>();
        let joiner = scope.spawn(move || -> Result<()> {
            for _ in 0..subscribers {
                if joined.send(sfu.subscribe("load-0")?).is_err() || next.recv().is_err() {
                    break;
                }
            }
            Ok(())
        });
        for number in 0..subscribers {
            let mut participant = None;
            generator.run_until(|_| {
                participant = arrivals.try_recv().ok();
                Ok(participant.is_some() || joiner.is_finished())
            })?;
            let Some(participant) = participant.or_else(|| arrivals.try_recv().ok()) else { break };
            generator.add(participant)?;
            wait_for_all(generator)?;
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

fn join_lesson(generator: &mut Generator, sfu: &mut dyn Sfu, lesson: usize, lessons: usize) -> Result<()> {
    let room = format!("lesson-{lesson}");
    for (index, mut participant) in sfu.lesson(&room)?.into_iter().enumerate() {
        // Spread over one frame, so that the load is as even as it is with real people.
        let phase = Duration::from_micros(33_333 * (lesson * 2 + index) as u64 / (lessons * 2) as u64);
        participant.start_publishing(Instant::now() + phase)?;
        generator.add(participant)?;
    }
    let deadline = Instant::now() + PATIENCE;
    generator.run_until(|generator| {
        ensure!(Instant::now() < deadline, "a participant of {room} does not connect");
        Ok(generator.participants().iter().all(Participant::is_connected))
    })?;
    // Connected here is not yet known there: the other side hears of it with the last packet of the handshake.
    generator.run_for(Duration::from_millis(50))?;
    for participant in sfu.lesson_receivers(&room)? {
        generator.add(participant)?;
    }
    Ok(())
}

fn wait_for_all(generator: &mut Generator) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    generator.run_until(|generator| {
        let waiting = generator.participants().iter().filter(|p| !p.is_connected() || (receives(p) && p.first_media().is_none())).count();
        ensure!(Instant::now() < deadline, "{waiting} of {} participants got no media", generator.participants().len());
        Ok(waiting == 0)
    })
}

fn receives(participant: &Participant) -> bool {
    participant.part != crate::participant::Part::Publish
}

fn measure(generator: &mut Generator, sfu: &mut dyn Sfu, server: &Server, time: Duration, receivers_per_packet: f64) -> Result<Figures> {
    generator.totals = Totals::default();
    sfu.keep_alive()?;
    let (before, started) = (server.usage()?, Instant::now());
    let mut next_ping = started + Duration::from_secs(5);
    while started.elapsed() < time {
        generator.run_for(Duration::from_millis(500))?;
        if Instant::now() >= next_ping {
            sfu.keep_alive()?;
            next_ping += Duration::from_secs(5);
        }
    }
    let (after, elapsed) = (server.usage()?, started.elapsed());
    let sent = generator.totals.sent as f64;
    // Packets on their way at the edges of the measurement even out.
    let received = generator.totals.received as f64;
    let cpu = (after.cpu_us - before.cpu_us) as f64;
    let latency = &generator.totals.latency;
    Ok(Figures {
        cpu_us_per_packet: cpu / received.max(1.0),
        cpu_percent: cpu / elapsed.as_micros() as f64 * 100.0,
        latency_p50_ms: latency.quantile_ms(0.5),
        latency_p99_ms: latency.quantile_ms(0.99),
        packets_per_second: received / elapsed.as_secs_f64(),
        lost_percent: (1.0 - received / (sent * receivers_per_packet)).max(0.0) * 100.0,
        memory_per_receiver_kb: 0.0,
        join_p50_ms: 0.0,
        join_p95_ms: 0.0,
    })
}

fn join_times(generator: &Generator, first: usize) -> Vec<f64> {
    let receivers = generator.participants()[first..].iter().filter(|p| receives(p));
    let mut times: Vec<f64> = receivers.filter_map(|p| Some((p.first_media()? - p.join_started).as_secs_f64() * 1000.0)).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The value below which the share `quantile` of a sorted list lies; 0 when empty.
pub fn quantile(sorted: &[f64], quantile: f64) -> f64 {
    let index = ((sorted.len() as f64 * quantile).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or(0.0)
}
