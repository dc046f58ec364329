//! Thousands join and leave in every way there is; afterwards the server must hold nothing of them.

use crate::attendee::{Attendee, Turns};
use crate::auftakt::{Auftakt, Door};
use crate::conference::shape;
use crate::generator::Generator;
use crate::metrics::Metrics;
use crate::participant::Participant;
use crate::process::{Server, stand_back};
use anyhow::Result;
use auftakt_signaling::wire::ClientMessage;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Conferences that people come to.
const ROOMS: usize = 16;
/// Who is there at the same time.
const PRESENT_MAX: usize = 64;
/// Joining at the same moment.
const JOINERS: usize = 6;
/// Of the whole, joined and left before the memory is looked at for the first time: pools and tables have their size then.
const WARM_UP_PART: usize = 5;
/// Somebody with nobody else in the room gets no media.
const STAY_WITHOUT_MEDIA: Duration = Duration::from_millis(700);
/// What cannot connect within this has failed. The kernel may give a newcomer the port of who vanished, whose address the server keeps for 15 s
/// more: a browser tries longer than that too.
const CONNECTS_WITHIN: Duration = Duration::from_secs(25);
/// A lost participant is kept for 30 s, an empty room for 30 s after that, and a silent connection for 30 s.
const EMPTY_WITHIN: Duration = Duration::from_secs(120);
/// The aim.
const GROWTH_MAX_PERCENT: f64 = 5.0;

/// How somebody leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parting {
    /// Says so, with media flowing.
    Leaves,
    /// Is never heard of again, on neither connection.
    Vanishes,
    /// Closes the media connection first, then the socket.
    HangsUp,
    /// Came in without making an offer.
    NeverConnects,
    /// Says so as soon as the offer is answered: the handshake never begins.
    LeavesAtOnce,
}

impl Parting {
    fn of(number: usize) -> Self {
        match number % 16 {
            3 => Self::Vanishes,
            5 | 13 => Self::HangsUp,
            7 => Self::NeverConnects,
            11 => Self::LeavesAtOnce,
            _ => Self::Leaves,
        }
    }
}

/// The figures of a soak.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub joined: usize,
    pub seconds: f64,
    /// With connection and, if anybody else was there, media.
    pub connected: usize,
    pub failed: usize,
    /// When the server had started, after the warm-up, halfway, and at the end, each time with nobody there.
    pub rss_kb: [u64; 4],
    /// What is still held.
    pub held: String,
    pub notes: String,
}

impl Figures {
    /// Of the end against the warm-up, in percent.
    pub fn growth(&self) -> f64 {
        (self.rss_kb[3] as f64 / self.rss_kb[1] as f64 - 1.0) * 100.0
    }

    /// Whether the aims are met.
    pub fn aims_met(&self) -> bool {
        self.growth() <= GROWTH_MAX_PERCENT && self.held.is_empty() && self.failed == 0
    }
}

/// `count` join and leave, or as many as do in the given time.
pub fn run(count: usize, limit: Duration, server: &Auftakt, process: &Server, admin: u16) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut crowd = Crowd { generator: Generator::new()?, doors: vec![], present: vec![], leaving: vec![], next: 0 };
    crowd.doors = (0..ROOMS).map(|room| server.door(&format!("staff-{room}"), "attendee")).collect::<Result<_>>()?;
    let rss = || Ok::<u64, anyhow::Error>(process.usage()?.rss_bytes / 1000);
    figures.rss_kb[0] = rss()?;
    let warm_up = (count / WARM_UP_PART).max(JOINERS);
    crowd.come_and_go(warm_up, Instant::now() + limit / 4, &mut Figures::default())?;
    figures.held = crowd.wait_until_empty(admin)?;
    figures.rss_kb[1] = rss()?;
    let before = Metrics::read(admin)?;
    for half in 0..2 {
        let (started, before) = (Instant::now(), crowd.next);
        crowd.come_and_go(count / 2, started + limit / 2, &mut figures)?;
        figures.seconds += started.elapsed().as_secs_f64();
        figures.joined += crowd.next - before;
        figures.held = crowd.wait_until_empty(admin)?;
        figures.rss_kb[2 + half] = rss()?;
    }
    for (drop, count) in Metrics::read(admin)?.drops_since(&before) {
        let _ = write!(figures.notes, "{drop} {count} ");
    }
    if figures.joined < count / 2 * 2 {
        let _ = write!(figures.notes, "the time was over before {count} had joined ");
    }
    Ok(figures)
}

struct Crowd {
    generator: Generator,
    doors: Vec<Door>,
    present: Vec<Visit>,
    /// Said that they leave; the server closes.
    leaving: Vec<(Participant, Instant)>,
    next: usize,
}

struct Visit {
    index: usize,
    parting: Parting,
    came: Instant,
}

impl Crowd {
    fn come_and_go(&mut self, count: usize, until: Instant, figures: &mut Figures) -> Result<()> {
        let (first, next, stop) = (self.next, AtomicUsize::new(self.next), AtomicBool::new(false));
        let doors = self.doors.clone();
        let result = std::thread::scope(|scope| {
            let (came, arrivals) = mpsc::sync_channel(JOINERS);
            for _ in 0..JOINERS {
                let (came, doors, next, stop) = (came.clone(), &doors, &next, &stop);
                scope.spawn(move || {
                    stand_back();
                    while !stop.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= first + count || came.send((number, come(&doors[number % ROOMS], number))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(came);
            let result = self.take_turns(&arrivals, &stop, until, figures);
            stop.store(true, Ordering::Relaxed);
            // Whoever waits to hand somebody over must not wait for ever.
            drop(arrivals);
            result
        });
        self.next = next.into_inner().min(first + count);
        result
    }

    fn take_turns(
        &mut self,
        arrivals: &mpsc::Receiver<(usize, Result<Option<Participant>>)>,
        stop: &AtomicBool,
        until: Instant,
        figures: &mut Figures,
    ) -> Result<()> {
        let Self { generator, present, leaving, .. } = self;
        let mut all_came = false;
        generator.run_until(|generator| {
            while present.len() < PRESENT_MAX && !all_came {
                match arrivals.try_recv() {
                    Ok((number, Ok(Some(participant)))) => {
                        let index = generator.add(participant)?;
                        present.push(Visit { index, parting: Parting::of(number), came: Instant::now() });
                    }
                    Ok((_, Ok(None))) => {}
                    Ok((_, Err(error))) => {
                        figures.failed += 1;
                        if figures.failed == 1 {
                            let _ = write!(figures.notes, "first failure: {error:#} ");
                        }
                    }
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => all_came = true,
                }
            }
            stop.fetch_or(Instant::now() > until, Ordering::Relaxed);
            present.retain(|visit| !part(generator, visit, leaving, figures));
            leaving.retain_mut(|(participant, since)| {
                participant.read_page();
                !participant.page.as_ref().is_none_or(|page| page.closed) && since.elapsed() < Duration::from_secs(2)
            });
            Ok(all_came && present.is_empty() && leaving.is_empty())
        })
    }

    /// What the server still holds when it should hold nothing any more.
    fn wait_until_empty(&mut self, admin: u16) -> Result<String> {
        let deadline = Instant::now() + EMPTY_WITHIN;
        loop {
            let metrics = Metrics::read(admin)?;
            let held = metrics.held();
            if held.is_empty() || Instant::now() > deadline {
                // Pages that the allocator gives back with a delay.
                self.generator.run_for(Duration::from_secs(2))?;
                return Ok(held.iter().map(|(name, value)| format!("{name} {value} ")).collect());
            }
            self.generator.run_for(Duration::from_millis(500))?;
        }
    }
}

/// Comes in as far as this one does; `None` when that is all it came for.
fn come(door: &Door, number: usize) -> Result<Option<Participant>> {
    let name = format!("Person {number}");
    if Parting::of(number) == Parting::NeverConnects {
        let mut page = door.enter(&name)?;
        page.say(&ClientMessage::Leave)?;
        return Ok(None);
    }
    let camera = number.is_multiple_of(2);
    let mut participant = door.join(&name, number % usize::from(u16::MAX), shape(camera))?;
    participant.start_publishing(Attendee::new(number, Instant::now(), Turns::Never, camera))?;
    Ok(Some(participant))
}

/// Lets somebody go whose time has come. True when gone.
fn part(generator: &mut Generator, visit: &Visit, leaving: &mut Vec<(Participant, Instant)>, figures: &mut Figures) -> bool {
    let Some(participant) = generator.participant(visit.index) else { return true };
    let stayed = visit.came.elapsed();
    let served = participant.is_connected() && (participant.first_media().is_some() || stayed > STAY_WITHOUT_MEDIA);
    let failed = participant.has_failed() || stayed > CONNECTS_WITHIN;
    if !served && !failed && visit.parting != Parting::LeavesAtOnce {
        return false;
    }
    figures.connected += usize::from(served);
    figures.failed += usize::from(failed && !served);
    let Some(mut participant) = generator.remove(visit.index) else { return true };
    if visit.parting == Parting::Vanishes {
        return true;
    }
    if visit.parting == Parting::HangsUp {
        participant.hang_up();
    }
    let said = participant.page.as_mut().is_some_and(|page| page.say(&ClientMessage::Leave).is_ok());
    if said {
        leaving.push((participant, Instant::now()));
    }
    true
}
