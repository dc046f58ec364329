//! Many join a running conference within a second: how long until they have media, and what those hear who were there before.

use crate::attendee::Turns;
use crate::auftakt::Auftakt;
use crate::conference::{attend, choose_views};
use crate::generator::Generator;
use crate::health::Watch;
use crate::measure::quantile;
use crate::participant::Participant;
use crate::process::{Server, stand_back};
use crate::scenario::{join_one_by_one, wait_for_all};
use anyhow::Result;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Who is there before; the first of them speak all the time.
const BEFORE: usize = 10;
const SPEAKERS: usize = 3;
/// One in so many of those who come has a camera.
const CAMERA_EVERY: usize = 3;
/// In which they come.
const WITHIN: Duration = Duration::from_secs(1);
/// After which those are given up who still have no media.
const GIVEN_UP: Duration = Duration::from_secs(20);
/// Measured on after the last has media: what their coming costs comes late, too.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// The aims.
const IN_WITHIN_S: f64 = 5.0;
const CONCEALED_MAX_PERCENT: f64 = 0.5;

/// The figures of one storm.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// From opening the socket to the first packet of media, in s.
    pub in_p50_s: f64,
    pub in_p95_s: f64,
    /// From the first one's coming until all have media; infinite when somebody never had any.
    pub all_in_s: f64,
    /// The same for a picture.
    pub all_see_s: f64,
    /// Of the packets of those who spoke, for those who were there before: not arrived, in percent.
    pub missing_percent: f64,
    /// Arrived, but more than 60 ms after they were sent.
    pub late_percent: f64,
    /// Missing and late together at the one who heard worst.
    pub worst_percent: f64,
    /// Server CPU in percent of one core, over the whole time.
    pub cpu_percent: f64,
    pub generator_percent: f64,
    pub doubts: String,
    pub notes: String,
}

impl Figures {
    /// Whether the aims are met.
    pub fn aims_met(&self) -> bool {
        self.all_in_s <= IN_WITHIN_S && self.missing_percent + self.late_percent < CONCEALED_MAX_PERCENT
    }
}

/// `count` join within a second.
pub fn run(count: usize, server: &Auftakt, process: &Server) -> Result<Figures> {
    let mut generator = Generator::new()?;
    let (moderator, door) = (server.door("staff", "moderator")?, server.door("staff", "attendee")?);
    let turns = |number: usize| if number < SPEAKERS { Turns::Always } else { Turns::Never };
    let people = BEFORE + count;
    join_one_by_one(&mut generator, BEFORE, |number| {
        attend(if number == 0 { &moderator } else { &door }, number, true, turns(number), people)
    })?;
    wait_for_all(&mut generator)?;
    choose_views(&mut generator, BEFORE)?;
    generator.run_for(Duration::from_secs(4))?;

    let begins = mark_sound(&mut generator);
    let watch = Watch::start(&mut generator, process)?;
    let (before, started) = (process.usage()?, Instant::now());
    let failed = std::thread::scope(|scope| -> Result<Vec<String>> {
        let (joined, arrivals) = mpsc::channel();
        for number in 0..count {
            let (joined, door) = (joined.clone(), &door);
            scope.spawn(move || {
                stand_back();
                std::thread::sleep((started + WITHIN.mul_f64(number as f64 / count as f64)).saturating_duration_since(Instant::now()));
                let number = BEFORE + number;
                let _ = joined.send(attend(door, number, number.is_multiple_of(CAMERA_EVERY), Turns::Never, people));
            });
        }
        drop(joined);
        take_in(&mut generator, &arrivals, started)
    })?;
    generator.run_for(AFTERWARDS)?;
    let (after, elapsed) = (process.usage()?, started.elapsed());
    let health = watch.stop(&generator, process)?;
    let mut figures = Figures {
        cpu_percent: after.cpu_us.saturating_sub(before.cpu_us) as f64 / elapsed.as_micros() as f64 * 100.0,
        generator_percent: health.generator_cpu,
        doubts: health.doubts(),
        ..Figures::default()
    };
    joining(&generator, count, started, &mut figures);
    hearing(&mut generator, &begins, &mut figures)?;
    if let Some(first) = failed.first() {
        figures.notes = format!("{} did not come in, the first because: {first}", failed.len());
    }
    Ok(figures)
}

/// Takes in who comes until all have media, or have had time enough. Returns why some did not come.
fn take_in(generator: &mut Generator, arrivals: &mpsc::Receiver<Result<Participant>>, started: Instant) -> Result<Vec<String>> {
    let (mut failed, mut all_came) = (vec![], false);
    generator.run_until(|generator| {
        loop {
            match arrivals.try_recv() {
                Ok(Ok(participant)) => drop(generator.add(participant)?),
                Ok(Err(error)) => failed.push(format!("{error:#}")),
                Err(mpsc::TryRecvError::Empty) => break,
                Err(mpsc::TryRecvError::Disconnected) => {
                    all_came = true;
                    break;
                }
            }
        }
        let served = |p: &Participant| matches!(p.firsts(), (Some(_), Some(_)));
        Ok(all_came && (generator.participants().all(served) || started.elapsed() > GIVEN_UP))
    })?;
    Ok(failed)
}

/// From now on the sound of those who speak counts, at everybody. Returns the numbers from which it does.
fn mark_sound(generator: &mut Generator) -> Vec<u64> {
    let begins: Vec<u64> = generator.participants().take(SPEAKERS).map(Participant::sound_sent).collect();
    for listener in generator.participants_mut() {
        for (speaker, begin) in begins.iter().enumerate() {
            let heard = listener.heard(speaker);
            heard.series.restart_at(*begin);
            heard.late = 0;
        }
    }
    begins
}

fn joining(generator: &Generator, count: usize, started: Instant, figures: &mut Figures) {
    let newcomers: Vec<&Participant> = generator.participants().skip(BEFORE).collect();
    let mut took: Vec<f64> = newcomers.iter().filter_map(|p| Some((p.first_media()? - p.join_started).as_secs_f64())).collect();
    took.sort_by(f64::total_cmp);
    (figures.in_p50_s, figures.in_p95_s) = (quantile(&took, 0.5), quantile(&took, 0.95));
    let all = |first: fn(&Participant) -> Option<Instant>| {
        let times: Vec<f64> = newcomers.iter().filter_map(|p| Some((first(p)? - started).as_secs_f64())).collect();
        if times.len() < count { f64::INFINITY } else { times.into_iter().fold(0.0, f64::max) }
    };
    figures.all_in_s = all(Participant::first_media);
    figures.all_see_s = all(|p| p.firsts().1);
}

/// Every packet of whoever spoke was to arrive at everybody who was there before, whichever seat it came through.
fn hearing(generator: &mut Generator, begins: &[u64], figures: &mut Figures) -> Result<()> {
    let ends: Vec<u64> = generator.participants().take(SPEAKERS).map(Participant::sound_sent).collect();
    for listener in generator.participants_mut().take(BEFORE) {
        ends.iter().enumerate().for_each(|(speaker, end)| listener.heard(speaker).series.close_at(*end));
    }
    generator.run_for(Duration::from_millis(500))?;
    let (mut all, mut missing, mut late, mut worst) = (0, 0, 0, 0.0f64);
    for listener in generator.participants_mut().take(BEFORE) {
        let me = listener.number();
        for speaker in (0..SPEAKERS).filter(|speaker| *speaker != me) {
            let heard = listener.heard(speaker);
            let expected = ends[speaker] - begins[speaker];
            let gone = expected.saturating_sub(heard.series.arrived());
            all += expected;
            missing += gone;
            late += heard.late;
            worst = worst.max((gone + heard.late) as f64 / expected.max(1) as f64);
        }
    }
    let percent = |count: u64| count as f64 / (all as f64).max(1.0) * 100.0;
    (figures.missing_percent, figures.late_percent, figures.worst_percent) = (percent(missing), percent(late), worst * 100.0);
    Ok(())
}
