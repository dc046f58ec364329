//! Who is heard: whether somebody speaks or plays into a microphone, by the levels in its packets (RFC 6464).
//!
//! A speaker's first word must be noticed within about 300 ms, but a cough, a door or a keyboard must not put anybody on stage, and
//! neither must a fan. An instrument must: long even tones, soft ones, plucked and short ones with rests between. Levels alone tell
//! these apart by their shape:
//!
//! - What is hardly louder than the **floor** is background. The floor is what stays within a few decibels for long: seconds when it is
//!   faint, longer when it might be a held tone, never when it is so loud that it is to be heard whatever it is.
//! - What ends after a moment is a **click**, however often it comes.
//! - A single burst that only decays may be a cough or a door, so it must last; one that **swells** or comes back to its height is
//!   speech or a melody, and is believed at once.
//! - Three short sounds in a row are played.
//!
//! The extension's voice flag is not looked at: Chromium sets it in every packet that is not DTX, and a detector made for speech would
//! say no to a violin.
//!
//! A sender without the extension (an encoder behind WHIP, say) cannot be measured. It counts as sounding softly while its packets are
//! larger than what encoded silence takes: so it is heard, and never ranks before somebody who is known to be loud.
//!
//! Time is the packets' own (their timestamps), so jitter does not matter; only what is said to the outside is paced by the clock.

use crate::rtp::seq::timestamp_distance;
use std::time::{Duration, Instant};

/// How an audio track sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Nobody speaks or plays.
    Quiet,
    /// Somebody speaks or plays.
    Sounding {
        /// Smoothed: 0 is silence, 127 full scale (127 plus the level in dBov).
        loudness: u8,
    },
}

/// What a packet says of its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundPacket {
    /// RTP timestamp.
    pub timestamp: u32,
    /// How long it lasts, in ticks of 48 kHz.
    pub duration: u32,
    /// The byte of the audio-level extension: voice flag, and the level in −dBov.
    pub level: Option<u8>,
    /// Of the payload.
    pub bytes: usize,
}

/// 48 kHz ticks in so many milliseconds.
const fn ms(millis: u32) -> u32 {
    48 * millis
}

/// Decibels above silence (127 below full scale) in 1/256.
const fn db(above_silence: i32) -> i32 {
    above_silence << 8
}

/// How often one track is spoken of at most.
const TOLD_EVERY: Duration = Duration::from_millis(250);
/// A loudness that moved by less is not worth telling.
const TOLD_STEP: u8 = 3;
/// Rests between notes and pauses between sentences are shorter than this.
const HANG_OVER: u32 = ms(1000);
/// The same, when no packets come any more.
const HANG_OVER_TIME: Duration = Duration::from_millis(1000);
/// Timestamps that leap by more than this begin anew.
const LEAP: i32 = ms(2000) as i32;

/// Softer than this is nothing.
const LEAST: i32 = db(67);
/// What sounds is so much louder than the floor: more to begin than to go on.
const ABOVE_FLOOR_TO_BEGIN: i32 = db(8);
const ABOVE_FLOOR_TO_GO_ON: i32 = db(5);
/// The floor of a room that has not been heard yet is believed up to here.
const FLOOR_AT_FIRST: i32 = db(73);
/// Background of usual rooms. A noise gate's silence says nothing of what is behind it.
const FLOOR_LEAST: i32 = db(52);
/// From 8 dB above this on everything is heard, be it a vacuum cleaner or the longest note of an organ.
const FLOOR_MOST: i32 = db(91);
/// Background stays within this, smoothed; and its packets differ from that by less than this on average: even a regular rhythm is no
/// background.
const STEADY_RANGE: i32 = db(6);
const STEADY_UNREST: i32 = db(4);
/// Up to this level it may be background after a moment; above it might be a soft tone that is held.
const FAINT: i32 = db(77);
const STEADY_FAINT: u32 = ms(4000);
const STEADY_LOUD: u32 = ms(20_000);

/// What is over sooner is a click.
const RUN_LEAST: u32 = ms(100);
/// Neither consonants nor lost packets end a run.
const RUN_DIP: u32 = ms(30);
const RUN_GAP: u32 = ms(60);
/// So much of a burst that only decays or stays even is sound: longer than a cough.
const BURST: u32 = ms(460);
/// So much of one that lives.
const BURST_LIVELY: u32 = ms(160);
/// A burst counts as long as it is not softer than its peak by more than this; the tail of a cough does not.
const BELOW_PEAK: i32 = db(12);
/// A peak is forgotten at 20 dB a second: a piano string decays no faster, a door does.
const PEAK_RELEASE_PER_64_TICKS: i32 = 7;
/// At 30 dB a second once it sounds, so that what is soft after something loud is still heard before [`HANG_OVER`] is over.
const PEAK_RELEASE_SOUNDING: i32 = 10;
/// A pause that ends a burst; shorter ones are consonants.
const BURST_PAUSE: u32 = ms(120);
/// A burst that swells after so long, or comes back after having sunk, lives.
const ATTACK: u32 = ms(60);
const SWELL: i32 = db(4);
const SUNK: i32 = db(5);
/// So many short sounds are played, each at most so long after the other.
const NOTES: u8 = 3;
const NOTES_WITHIN: u32 = ms(1500);

/// Encoded silence: Opus at a variable rate, DTX. Bytes for 20 ms.
const SILENT_BYTES: usize = 8;
/// How loud somebody is taken to be who cannot be measured: soft speech.
const UNMEASURED: i32 = db(80);

/// Listens to one track. A few additions per packet.
#[derive(Clone, Debug)]
pub struct Detector {
    /// The end of the last packet on its own clock.
    end: Option<u32>,
    source: Source,
    /// Levels in here are in 1/256 dB above silence. Smoothed over 340 ms.
    smooth: i32,
    /// Rises within 170 ms, falls within 680.
    loudness: i32,
    floor: i32,
    steady: Steady,
    burst: Burst,
    /// Ticks above the threshold without a break.
    run: u32,
    /// Ticks since a run.
    quiet_for: u32,
    sounding: bool,
    told: Activity,
    told_at: Option<Instant>,
    arrived_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Unheard,
    Levels,
    Sizes,
}

/// How long the smoothed level has stayed within [`STEADY_RANGE`].
#[derive(Clone, Copy, Debug)]
struct Steady {
    low: i32,
    high: i32,
    /// How far single packets are from the smoothed level.
    unrest: i32,
    lasting: u32,
}

/// What might become sound.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    /// Of all that is not forgotten; 0 is none.
    peak: i32,
    /// Within [`ATTACK`].
    first_peak: i32,
    /// Since the peak.
    trough: i32,
    lasting: u32,
    evidence: u32,
    lively: bool,
    /// Ticks in a row that count, and since the last of them.
    run: u32,
    dip: u32,
    /// Ticks since one that counted, and since one above the threshold.
    idle: u32,
    below: u32,
    notes: u8,
    note_age: u32,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            end: None,
            source: Source::Unheard,
            smooth: 0,
            loudness: 0,
            floor: FLOOR_AT_FIRST,
            steady: Steady { low: 0, high: 0, unrest: 0, lasting: 0 },
            burst: Burst::default(),
            run: 0,
            quiet_for: 0,
            sounding: false,
            told: Activity::Quiet,
            told_at: None,
            arrived_at: None,
        }
    }
}

impl Detector {
    /// A packet of the track arrived. Says what is new.
    #[inline]
    pub fn on_packet(&mut self, now: Instant, packet: &SoundPacket) -> Option<Activity> {
        let distance = self.end.map_or(0, |end| timestamp_distance(packet.timestamp, end));
        if distance < 0 && distance > -LEAP {
            // Late or twice: what came after it has been heard.
            return None;
        }
        let gap = distance.unsigned_abs().min(LEAP as u32);
        let span = packet.duration.clamp(1, ms(120));
        self.end = Some(packet.timestamp.wrapping_add(span));
        self.arrived_at = Some(now);
        match packet.level {
            Some(byte) => self.hear(db(127 - i32::from(byte & 0x7F)), gap, span),
            // Whoever measured once has left this one out.
            None if self.source == Source::Levels => {}
            None => self.weigh(packet.bytes, gap, span),
        }
        self.tell(now)
    }

    /// The track is muted, and quiet at once.
    pub fn silence(&mut self) -> Option<Activity> {
        self.forget_sound();
        self.end = None;
        (std::mem::replace(&mut self.told, Activity::Quiet) != Activity::Quiet).then_some(Activity::Quiet)
    }

    /// When [`Detector::handle_timeout`] is wanted next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.arrived_at.filter(|_| self.told != Activity::Quiet).map(|at| at + HANG_OVER_TIME)
    }

    /// Nothing comes any more: the sound is over all the same.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Activity> {
        self.poll_timeout().filter(|at| *at <= now)?;
        self.silence()
    }

    fn forget_sound(&mut self) {
        self.sounding = false;
        self.burst = Burst::default();
        (self.run, self.quiet_for) = (0, 0);
    }

    fn hear(&mut self, level: i32, gap: u32, span: u32) {
        if self.source != Source::Levels {
            self.forget_sound();
            self.source = Source::Levels;
            (self.smooth, self.loudness) = (level, level);
            self.floor = level.clamp(FLOOR_LEAST, FLOOR_AT_FIRST);
            self.steady = Steady { low: level, high: level, unrest: 0, lasting: 0 };
        }
        self.follow(level, span);
        let above = if self.sounding { ABOVE_FLOOR_TO_GO_ON } else { ABOVE_FLOOR_TO_BEGIN };
        let loud = level >= (self.floor + above).max(LEAST);
        if self.sounding {
            self.go_on(level, loud, gap, span);
        } else if self.burst.take(level, loud, gap, span) {
            self.sounding = true;
            (self.run, self.quiet_for) = (RUN_LEAST, 0);
            self.loudness = self.loudness.max(self.smooth);
        }
    }

    /// Sounds already: until nothing but clicks has come for a while.
    fn go_on(&mut self, level: i32, loud: bool, gap: u32, span: u32) {
        let burst = &mut self.burst;
        burst.peak -= ((gap + span) as i32 * PEAK_RELEASE_SOUNDING) >> 6;
        if loud && level >= burst.peak - BELOW_PEAK {
            burst.peak = level.max(burst.peak);
            burst.dip = gap;
            self.run = if gap > RUN_GAP { span } else { (self.run + span).min(RUN_LEAST) };
            if self.run >= RUN_LEAST {
                self.quiet_for = 0;
                return;
            }
        } else {
            burst.dip += gap + span;
            if burst.dip > RUN_DIP {
                self.run = 0;
            }
        }
        self.quiet_for += gap + span;
        if self.quiet_for >= HANG_OVER {
            self.forget_sound();
        }
    }

    /// Smooths the level, and finds the floor in it.
    fn follow(&mut self, level: i32, span: u32) {
        let span_ticks = span as i32;
        self.smooth += ((level - self.smooth) * span_ticks) >> 14;
        let shift = if level > self.loudness { 13 } else { 15 };
        self.loudness += ((level - self.loudness) * span_ticks) >> shift;
        // Digital silence is a gate, not a room.
        if level == 0 {
            return;
        }
        if self.smooth < self.floor {
            self.floor += ((self.smooth - self.floor) * span_ticks) >> 14;
            self.floor = self.floor.max(FLOOR_LEAST);
        }
        let steady = &mut self.steady;
        steady.low = steady.low.min(self.smooth);
        steady.high = steady.high.max(self.smooth);
        steady.unrest += (((level - self.smooth).abs() - steady.unrest) * span_ticks) >> 14;
        if steady.high - steady.low > STEADY_RANGE || steady.unrest > STEADY_UNREST {
            *steady = Steady { low: self.smooth, high: self.smooth, lasting: 0, ..*steady };
            return;
        }
        steady.lasting = steady.lasting.saturating_add(span);
        let long = if self.smooth <= FAINT { STEADY_FAINT } else { STEADY_LOUD };
        if steady.lasting >= long && self.smooth > self.floor {
            self.floor = self.smooth.min(FLOOR_MOST);
        }
    }

    /// Without levels: encoded silence is small.
    fn weigh(&mut self, bytes: usize, gap: u32, span: u32) {
        self.source = Source::Sizes;
        let loud = bytes as u64 * u64::from(ms(20)) > SILENT_BYTES as u64 * u64::from(span);
        self.loudness = UNMEASURED;
        if self.sounding {
            self.go_on(UNMEASURED, loud, gap, span);
        } else {
            self.run = if loud && gap <= RUN_GAP { self.run + span } else { 0 };
            self.sounding = self.run >= BURST;
            self.quiet_for = 0;
        }
    }

    fn tell(&mut self, now: Instant) -> Option<Activity> {
        let is = if self.sounding { Activity::Sounding { loudness: (self.loudness >> 8).clamp(0, 127) as u8 } } else { Activity::Quiet };
        let worth = match (self.told, is) {
            (Activity::Quiet, Activity::Quiet) => false,
            (Activity::Sounding { loudness: before }, Activity::Sounding { loudness }) => before.abs_diff(loudness) >= TOLD_STEP,
            _ => true,
        };
        if !worth || self.told_at.is_some_and(|at| now < at + TOLD_EVERY) {
            return None;
        }
        (self.told, self.told_at) = (is, Some(now));
        Some(is)
    }
}

impl Burst {
    /// Whether this is sound by now.
    fn take(&mut self, level: i32, loud: bool, gap: u32, span: u32) -> bool {
        let passed = gap + span;
        self.peak -= (passed as i32 * PEAK_RELEASE_PER_64_TICKS) >> 6;
        self.note_age = self.note_age.saturating_add(passed);
        if gap > RUN_GAP {
            self.run = 0;
        }
        if !loud || level < self.peak - BELOW_PEAK {
            self.pause(level, loud, passed);
            return false;
        }
        if level > self.peak + BELOW_PEAK {
            // What was before is nothing beside it.
            (self.lasting, self.evidence, self.run, self.lively) = (0, 0, 0, false);
        }
        self.shape(level, passed);
        (self.idle, self.below, self.dip) = (0, 0, 0);
        self.run += passed;
        if self.run >= RUN_LEAST {
            // The run counts from its beginning, once it is no click.
            self.evidence += if self.run - passed < RUN_LEAST { self.run } else { passed };
        }
        let played = self.notes + 1 >= NOTES && self.note_age <= NOTES_WITHIN;
        self.evidence >= BURST || (self.lively && self.evidence >= BURST_LIVELY) || (played && self.evidence >= RUN_LEAST)
    }

    fn shape(&mut self, level: i32, passed: u32) {
        if self.lasting == 0 {
            (self.first_peak, self.trough) = (level, level);
        }
        self.lasting = self.lasting.saturating_add(passed);
        self.trough = self.trough.min(level);
        if self.lasting <= ATTACK {
            self.first_peak = self.first_peak.max(level);
        }
        let swells = self.lasting > ATTACK && level >= self.first_peak + SWELL;
        let back = self.trough <= self.peak - SUNK && level >= self.peak - SWELL && level >= self.trough + SUNK;
        self.lively |= swells || back;
        if level >= self.peak {
            (self.peak, self.trough) = (level, level);
        }
    }

    fn pause(&mut self, level: i32, loud: bool, passed: u32) {
        self.dip += passed;
        if self.dip > RUN_DIP {
            (self.run, self.dip) = (0, 0);
        }
        self.trough = self.trough.min(level);
        self.idle = self.idle.saturating_add(passed);
        self.below = if loud { 0 } else { self.below.saturating_add(passed) };
        if self.lasting > 0 {
            self.lasting = self.lasting.saturating_add(passed);
        }
        if self.idle >= BURST_PAUSE && self.lasting > 0 {
            let note = self.evidence >= RUN_LEAST;
            if note {
                self.notes = if self.note_age <= NOTES_WITHIN { self.notes.saturating_add(1) } else { 1 };
                self.note_age = 0;
            }
            (self.lasting, self.evidence, self.lively) = (0, 0, false);
        }
        if self.below >= BURST_PAUSE {
            // Nothing is left of what was so loud.
            self.peak = 0;
        }
    }
}
