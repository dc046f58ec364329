//! What is measured while a scenario runs, and its figures.

use crate::generator::Generator;
use crate::health::Watch;
use crate::metrics::Metrics;
use crate::participant::{Participant, Totals};
use crate::process::Server;
use anyhow::Result;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// What was sent last may still be on its way, and what is missing may still be asked for again.
const GRACE: Duration = Duration::from_millis(500);
/// The server and the generator must agree on how much arrived, but for what is on its way at the edges.
const DISAGREEMENT_MAX: f64 = 0.01;

/// The figures of one run.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Server CPU per packet that arrived at a receiver.
    pub cpu_us_per_packet: f64,
    /// Server CPU in percent of one core.
    pub cpu_percent: f64,
    pub latency_p50_ms: f64,
    pub latency_p99_ms: f64,
    pub sound_p99_ms: f64,
    pub packets_per_second: f64,
    /// Packets that should have arrived and did not, in percent.
    pub lost_percent: f64,
    /// Growth of resident memory per receiving connection.
    pub memory_per_receiver_kb: f64,
    /// From beginning to join to the first packet of media.
    pub join_p50_ms: f64,
    pub join_p95_ms: f64,
    /// The generator's own CPU.
    pub generator_percent: f64,
    /// Why the run is not to be believed; empty when it is.
    pub doubts: String,
    /// What else is worth knowing of the run.
    pub notes: String,
}

/// How losses are found.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    /// Every packet that is sent reaches so many receivers.
    Receivers(f64),
    /// The numbers of a section have gaps: who sits in a seat changes, its numbering goes on.
    Lines,
}

/// Measures for a time with everybody who is there. `admin` is where the server tells its own counts, if it does.
pub fn measure(
    generator: &mut Generator,
    server: &Server,
    admin: Option<u16>,
    time: Duration,
    loss: Loss,
    mut every_second: impl FnMut() -> Result<()>,
) -> Result<Figures> {
    let said_before = admin.map(Metrics::read).transpose()?;
    generator.totals = Totals::default();
    generator.participants_mut().for_each(Participant::restart_lines);
    let watch = Watch::start(generator, server)?;
    let (before, started) = (server.usage()?, Instant::now());
    while started.elapsed() < time {
        generator.run_for(Duration::from_secs(1).min(time.saturating_sub(started.elapsed())))?;
        every_second()?;
    }
    let (after, elapsed) = (server.usage()?, started.elapsed());
    let health = watch.stop(generator, server)?;
    let said = admin.map(Metrics::read).transpose()?;
    generator.participants_mut().for_each(Participant::close_lines);
    let totals = std::mem::take(&mut generator.totals);
    generator.run_for(GRACE)?;
    let (expected, arrived, recovered) = line_counts(generator);
    let received = totals.received as f64;
    let lost = match loss {
        // Packets on their way at the edges of the measurement even out.
        Loss::Receivers(receivers) => 1.0 - received / (totals.sent as f64 * receivers),
        Loss::Lines => 1.0 - arrived as f64 / (expected as f64).max(1.0),
    };
    let cpu = after.cpu_us.saturating_sub(before.cpu_us) as f64;
    let mut figures = Figures {
        cpu_us_per_packet: cpu / received.max(1.0),
        cpu_percent: cpu / elapsed.as_micros() as f64 * 100.0,
        latency_p50_ms: totals.latency.quantile_ms(0.5),
        latency_p99_ms: totals.latency.quantile_ms(0.99),
        sound_p99_ms: totals.sound_latency.quantile_ms(0.99),
        packets_per_second: received / elapsed.as_secs_f64(),
        lost_percent: lost.max(0.0) * 100.0,
        generator_percent: health.generator_cpu,
        doubts: health.doubts(),
        ..Figures::default()
    };
    let _ = write!(
        figures.notes,
        "{:.0} packets/s into the server, {recovered} sent again, generator {:.1} ms late (p99), others {:.0} % of the server's core",
        totals.sent as f64 / elapsed.as_secs_f64(),
        health.lateness_p99_ms,
        health.others,
    );
    if let (Some(before), Some(said)) = (said_before, said) {
        compare_with_server(&mut figures, &before, &said, received);
    }
    note_pages(generator, &mut figures);
    Ok(figures)
}

fn line_counts(generator: &Generator) -> (u64, u64, u64) {
    let lines = generator.participants().flat_map(Participant::lines);
    lines.fold((0, 0, 0), |sum, line| (sum.0 + line.expected(), sum.1 + line.arrived(), sum.2 + line.recovered()))
}

/// Two independent counts of the same packets. The server's has what it sent again, and padding.
fn compare_with_server(figures: &mut Figures, before: &Metrics, said: &Metrics, received: f64) {
    let grown = |name: &str| said.get(name) - before.get(name);
    let forwarded = grown("packets_forwarded_total");
    if forwarded > 0.0 && (received / forwarded - 1.0).abs() > DISAGREEMENT_MAX + figures.lost_percent / 100.0 {
        let _ = write!(
            figures.doubts,
            "{}the server counts {forwarded:.0} packets, the generator {received:.0}",
            if figures.doubts.is_empty() { "" } else { ", " }
        );
    }
    let _ = write!(figures.notes, ", {:.0} keyframes asked for", grown("keyframes_requested_total"));
    for (reason, count) in said.drops_since(before) {
        let _ = write!(figures.notes, ", {reason} {count:.0}");
    }
}

fn note_pages(generator: &Generator, figures: &mut Figures) {
    let pages = || generator.participants().filter_map(|participant| participant.page.as_ref());
    let closed = pages().filter(|page| page.closed).count();
    if closed > 0 {
        let _ = write!(figures.doubts, "{}{closed} WebSockets closed", if figures.doubts.is_empty() { "" } else { ", " });
    }
    if let Some(refused) = pages().find_map(|page| page.refused.as_ref()) {
        let _ = write!(figures.notes, ", refused: {refused}");
    }
}

/// Time from beginning to join to the first media of those who receive, in ms, ascending.
pub fn join_times<'a>(participants: impl Iterator<Item = &'a Participant>) -> Vec<f64> {
    let receivers = participants.filter(|participant| participant.shape.receives());
    let mut times: Vec<f64> = receivers.filter_map(|p| Some((p.first_media()? - p.join_started).as_secs_f64() * 1000.0)).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// The value below which the share `quantile` of a sorted list lies; 0 when empty.
pub fn quantile(sorted: &[f64], quantile: f64) -> f64 {
    let index = ((sorted.len() as f64 * quantile).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or(0.0)
}
