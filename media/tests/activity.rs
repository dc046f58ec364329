//! Who is heard, on made-up traces of levels: speech, instruments, and everything that is neither.
#![expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]

use auftakt_media::activity::{Activity, Detector, SoundPacket};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

const SEEDS: u64 = 40;

/// A microphone and the room around it: levels in dBov, one per packet.
struct Microphone {
    random: ChaCha8Rng,
    detector: Detector,
    start: Instant,
    now: Instant,
    timestamp: u32,
    frame_ms: u32,
    /// Of the room.
    floor: f64,
    heard: Vec<(Duration, Activity)>,
}

impl Microphone {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let start = Instant::now();
        let frame_ms = if seed.is_multiple_of(2) { 20 } else { 10 };
        let floor = random.random_range(-80.0..-58.0);
        let timestamp = random.random();
        Self { detector: Detector::default(), start, now: start, timestamp, frame_ms, floor, heard: vec![], random }
    }

    fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    fn packet(&mut self, level: Option<u8>, bytes: usize) {
        let packet = SoundPacket { timestamp: self.timestamp, duration: 48 * self.frame_ms, level, bytes };
        if let Some(activity) = self.detector.on_packet(self.now, &packet) {
            self.heard.push((self.elapsed(), activity));
        }
        self.timestamp = self.timestamp.wrapping_add(48 * self.frame_ms);
        self.now += Duration::from_millis(self.frame_ms.into());
    }

    /// A sound whose level at a time (ms since it began) is `shape`, above the room.
    fn play(&mut self, millis: u32, shape: impl Fn(f64) -> f64) {
        let mut at = 0;
        while at < millis {
            // The mean power of the packet, with what the room adds, and the chance of broadband sound.
            let steps = 10;
            let power = |step: u32| 10f64.powf(shape(f64::from(at) + f64::from(step * self.frame_ms) / f64::from(steps)) / 10.0);
            let sound = (0..steps).map(power).sum::<f64>() / f64::from(steps);
            let room = 10f64.powf((self.floor + self.random.random_range(-1.5..1.5)) / 10.0);
            let level = 10.0 * (sound + room).log10() + self.random.random_range(-0.7..0.7);
            // Chromium says "voice" in every packet.
            self.packet(Some(0x80 | (-level.round()).clamp(0.0, 127.0) as u8), 160);
            at += self.frame_ms;
        }
    }

    fn rest(&mut self, millis: u32) {
        self.play(millis, |_| -127.0);
    }

    /// Vowels with consonants between, in words and phrases.
    fn speak(&mut self, millis: u32, loudness: f64) {
        let end = self.now + Duration::from_millis(millis.into());
        while self.now < end {
            for _ in 0..self.random.random_range(2..6) {
                let peak = loudness + self.random.random_range(-4.0..3.0);
                let attack = self.random.random_range(40.0..90.0);
                let length = self.random.random_range(130..260);
                let release = self.random.random_range(40.0..80.0);
                self.play(length, |at| {
                    let left = f64::from(length) - at;
                    peak - 24.0 * (1.0 - at / attack).max(0.0) - 18.0 * (1.0 - left / release).max(0.0)
                });
                let consonant = self.random.random_range(10..60);
                let depth = self.random.random_range(10.0..25.0);
                self.play(consonant, |_| loudness - depth);
            }
            let pause = self.random.random_range(60..500);
            self.rest(pause);
        }
    }

    /// An explosion of air, and what dies away of it: 300 to 400 ms until it is 25 dB softer.
    fn cough(&mut self) {
        let peak = self.random.random_range(-32.0..-12.0);
        let length = self.random.random_range(300.0..400.0);
        let attack = self.random.random_range(10.0..40.0);
        self.play(500, |at| peak - 20.0 * (1.0 - at / attack).max(0.0) - 25.0 * ((at - 60.0) / length).max(0.0));
    }

    fn sounded(&self) -> bool {
        self.heard.iter().any(|(_, activity)| matches!(activity, Activity::Sounding { .. }))
    }

    fn last(&self) -> Activity {
        self.heard.last().map_or(Activity::Quiet, |(_, activity)| *activity)
    }

    /// When it first sounded, after `since`.
    fn onset(&self, since: Duration) -> Option<Duration> {
        let sounds = |(at, activity): &&(Duration, Activity)| *at >= since && matches!(activity, Activity::Sounding { .. });
        self.heard.iter().find(sounds).map(|(at, _)| *at - since)
    }

    fn quiet_at(&self, since: Duration) -> Option<Duration> {
        self.heard.iter().find(|(at, activity)| *at >= since && *activity == Activity::Quiet).map(|(at, _)| *at - since)
    }
}

/// Runs a scene for every seed in a room that has been heard for a while.
fn scenes(scene: impl Fn(&mut Microphone, u64)) {
    for seed in 0..SEEDS {
        let mut microphone = Microphone::new(seed);
        microphone.rest(1500);
        assert!(!microphone.sounded(), "an empty room sounds, seed {seed}");
        scene(&mut microphone, seed);
    }
}

#[test]
fn speech_is_noticed_at_once_and_its_end_after_a_second() {
    let onsets = std::cell::RefCell::new(vec![]);
    scenes(|microphone, seed| {
        let loudness = microphone.random.random_range(-42.0..-20.0);
        let begin = microphone.elapsed();
        microphone.speak(6000, loudness);
        let end = microphone.elapsed();
        microphone.rest(3000);
        let onset = microphone.onset(begin).unwrap_or_else(|| panic!("speech at {loudness} is not noticed, seed {seed}"));
        onsets.borrow_mut().push(onset);
        let quiet = microphone.quiet_at(begin).expect("it ends");
        assert!(begin + quiet >= end, "it ends in the middle, seed {seed}");
        let late = begin + quiet - end;
        assert!(late < Duration::from_millis(1300), "ends after {late:?}, seed {seed}");
        assert_eq!(microphone.last(), Activity::Quiet);
    });
    let mut onsets = onsets.into_inner();
    onsets.sort_unstable();
    let (median, late) = (onsets[onsets.len() / 2], onsets[onsets.len() * 9 / 10]);
    assert!(median <= Duration::from_millis(300), "median {median:?}, all {onsets:?}");
    assert!(late <= Duration::from_millis(400), "{onsets:?}");
}

#[test]
fn a_long_soft_tone_is_music_for_as_long_as_it_lasts() {
    scenes(|microphone, seed| {
        // The softest tone, in a room that is quiet enough for it.
        microphone.floor = microphone.floor.min(-62.0);
        microphone.rest(3000);
        let begin = microphone.elapsed();
        let loudness = microphone.random.random_range(-45.0..-20.0);
        microphone.play(12_000, |at| loudness - 30.0 * (1.0 - at / 80.0).max(0.0) + (at / 160.0).sin());
        let end = microphone.elapsed();
        let onset = microphone.onset(begin).unwrap_or_else(|| panic!("a tone at {loudness} is not noticed, seed {seed}"));
        assert!(onset <= Duration::from_millis(600), "{onset:?}, seed {seed}");
        assert!(microphone.quiet_at(begin).is_none(), "a tone at {loudness} becomes background, seed {seed}");
        microphone.rest(2000);
        assert!(microphone.quiet_at(end).is_some_and(|late| late <= Duration::from_millis(1600)), "seed {seed}");
    });
}

#[test]
fn plucked_and_short_notes_are_music() {
    scenes(|microphone, seed| {
        let (loudness, every) = (microphone.random.random_range(-40.0..-20.0), microphone.random.random_range(240..600));
        // Pizzicato dies away in a moment, a guitar's string in a second.
        let decay = microphone.random.random_range(30.0..90.0);
        let begin = microphone.elapsed();
        for _ in 0..20 {
            microphone.play(every, |at| loudness - decay * at / 1000.0);
        }
        let onset = microphone.onset(begin).unwrap_or_else(|| panic!("plucked every {every} ms, decay {decay}, seed {seed}"));
        assert!(onset <= Duration::from_millis(1600), "{onset:?}, seed {seed}");
        assert!(microphone.quiet_at(begin).is_none(), "plucked every {every} ms, decay {decay}, seed {seed}");
        microphone.rest(3000);
        let begin = microphone.elapsed();
        let note = microphone.random.random_range(110.0..160.0);
        for _ in 0..20 {
            microphone.play(every, |at| if at < note { loudness } else { -127.0 });
        }
        let onset = microphone.onset(begin).unwrap_or_else(|| panic!("notes of {note} every {every} ms, seed {seed}"));
        assert!(onset <= Duration::from_millis(1600), "{onset:?}, seed {seed}");
        assert!(microphone.quiet_at(begin).is_none(), "seed {seed}");
    });
}

#[test]
fn a_cough_a_door_and_a_bump_put_nobody_on_stage() {
    scenes(|microphone, seed| {
        for _ in 0..5 {
            microphone.cough();
            let rest = microphone.random.random_range(2000..4000);
            microphone.rest(rest);
            assert!(!microphone.sounded(), "a cough, seed {seed}");
        }
        for _ in 0..5 {
            // A door in a room that answers.
            let (peak, decay) = (microphone.random.random_range(-15.0..-5.0), microphone.random.random_range(60.0..120.0));
            microphone.play(1200, |at| peak - decay * at / 1000.0);
            microphone.rest(2000);
            assert!(!microphone.sounded(), "a door, {decay} dB a second, seed {seed}");
        }
        // Not even when it is as even as a tone.
        let peak = microphone.random.random_range(-40.0..-10.0);
        microphone.play(400, |_| peak);
        microphone.rest(2000);
        assert!(!microphone.sounded(), "a burst of 400 ms, seed {seed}");
    });
}

#[test]
fn somebody_who_types_says_nothing_and_typing_after_speech_prolongs_nothing() {
    scenes(|microphone, seed| {
        let typing = |microphone: &mut Microphone| {
            // What reaches the microphone directly, and the room after it.
            for _ in 0..60 {
                let (peak, length) = (microphone.random.random_range(-40.0..-20.0), microphone.random.random_range(5.0..25.0));
                let every = microphone.random.random_range(90..300);
                microphone.play(every, |at| if at < length { peak } else { peak - 8.0 - 200.0 * (at - length) / 1000.0 });
            }
        };
        typing(microphone);
        assert!(!microphone.sounded(), "typing sounds, seed {seed}");
        microphone.speak(3000, -28.0);
        let end = microphone.elapsed();
        typing(microphone);
        assert!(microphone.quiet_at(end).is_some_and(|late| late < Duration::from_millis(1400)), "seed {seed}");
        assert_eq!(microphone.last(), Activity::Quiet, "seed {seed}");
    });
}

#[test]
fn steady_noise_is_background_whenever_it_begins() {
    for seed in 0..SEEDS {
        let mut microphone = Microphone::new(seed);
        microphone.floor = microphone.random.random_range(-70.0..-48.0);
        let loudness = microphone.floor + 22.0;
        microphone.rest(30_000);
        assert!(!microphone.sounded(), "noise at {} from the start, seed {seed}", microphone.floor);
        // Speech above it is noticed as ever.
        let begin = microphone.elapsed();
        microphone.speak(4000, loudness);
        let onset = microphone.onset(begin);
        assert!(onset.is_some_and(|onset| onset < Duration::from_millis(2500)), "speech in noise at {loudness}, seed {seed}: {onset:?}");
        microphone.rest(3000);
        assert_eq!(microphone.last(), Activity::Quiet, "seed {seed}");
        // Another fan, and it is background after a while.
        microphone.floor += 10.0;
        microphone.rest(25_000);
        assert_eq!(microphone.last(), Activity::Quiet, "a fan at {}, seed {seed}", microphone.floor);
        let told = microphone.heard.len();
        microphone.rest(60_000);
        assert_eq!(microphone.heard.len(), told, "and stays it, seed {seed}");
    }
}

#[test]
fn it_is_told_in_measured_doses() {
    scenes(|microphone, seed| {
        for _ in 0..20 {
            let loudness = microphone.random.random_range(-45.0..-10.0);
            microphone.speak(1000, loudness);
        }
        assert!(microphone.heard.len() > 8, "loudness is told");
        for pair in microphone.heard.windows(2) {
            assert!(pair[1].0 - pair[0].0 >= Duration::from_millis(250), "seed {seed}");
            if let (Activity::Sounding { loudness: a }, Activity::Sounding { loudness: b }) = (pair[0].1, pair[1].1) {
                assert!(a.abs_diff(b) >= 3, "seed {seed}");
            }
        }
    });
}

#[test]
fn loudness_ranks_people() {
    scenes(|microphone, seed| {
        let mut loudness_of = |level: f64| {
            let before = microphone.heard.len();
            microphone.speak(4000, level);
            microphone.rest(2500);
            let loudness = |(_, activity): &(Duration, Activity)| match activity {
                Activity::Sounding { loudness } => *loudness,
                Activity::Quiet => 0,
            };
            microphone.heard[before..].iter().map(loudness).max().unwrap_or_else(|| panic!("quiet at {level}, seed {seed}"))
        };
        let (soft, loud) = (loudness_of(-40.0), loudness_of(-18.0));
        assert!(soft + 8 < loud, "{soft} and {loud}, seed {seed}");
        // 127 is full scale.
        assert!((78..=92).contains(&soft) && (96..=114).contains(&loud), "{soft} and {loud}, seed {seed}");
    });
}

#[test]
fn who_measures_nothing_is_heard_while_packets_hold_sound() {
    let mut microphone = Microphone::new(2);
    for _ in 0..100 {
        microphone.packet(None, 3);
    }
    assert!(!microphone.sounded(), "encoded silence");
    let begin = microphone.elapsed();
    for _ in 0..1000 {
        microphone.packet(None, 90);
    }
    assert!(microphone.onset(begin).is_some_and(|onset| onset <= Duration::from_millis(500)));
    assert!(matches!(microphone.last(), Activity::Sounding { loudness: 70..=90 }), "{:?}", microphone.last());
    assert_eq!(microphone.heard.len(), 1, "there is nothing more to say");
    for _ in 0..60 {
        microphone.packet(None, 3);
    }
    assert_eq!(microphone.last(), Activity::Quiet);
}

#[test]
fn lost_late_and_repeated_packets_change_nothing() {
    scenes(|microphone, seed| {
        microphone.play(200, |_| -30.0);
        // Twice, and long after: what is old is not heard again.
        for _ in 0..100 {
            let again = SoundPacket { timestamp: microphone.timestamp.wrapping_sub(960), duration: 960, level: Some(10), bytes: 160 };
            assert_eq!(microphone.detector.on_packet(microphone.now, &again), None);
        }
        microphone.rest(2000);
        assert!(!microphone.sounded(), "seed {seed}");
        // A tenth of a tone is lost.
        let begin = microphone.elapsed();
        for step in 0..200 {
            if step % 10 == 3 {
                microphone.timestamp = microphone.timestamp.wrapping_add(48 * microphone.frame_ms);
                microphone.now += Duration::from_millis(microphone.frame_ms.into());
            } else {
                microphone.packet(Some(30), 160);
            }
        }
        assert!(microphone.onset(begin).is_some_and(|onset| onset <= Duration::from_millis(600)), "seed {seed}");
    });
}

/// Whatever a sender claims, the rooms are told no more often, and nothing overflows.
#[test]
fn senders_who_lie_are_told_of_in_measured_doses_too() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..20 {
        let (mut detector, mut now, mut told) = (Detector::default(), Instant::now(), None::<Instant>);
        let (mut timestamp, levels) = (random.random::<u32>(), random.random_bool(0.7));
        for _ in 0..20_000 {
            timestamp = if random.random_bool(0.01) { random.random() } else { timestamp.wrapping_add(random.random_range(0..6000)) };
            let packet = SoundPacket {
                timestamp,
                duration: if random.random_bool(0.1) { random.random() } else { 5760 },
                level: levels.then(|| random.random()),
                bytes: random.random_range(0..1500),
            };
            now += Duration::from_micros(random.random_range(0..20_000));
            if detector.on_packet(now, &packet).is_some() {
                assert!(told.is_none_or(|before| now - before >= Duration::from_millis(250)));
                told = Some(now);
            }
        }
    }
}

#[test]
fn what_stops_coming_is_over_and_a_mute_at_once() {
    let mut microphone = Microphone::new(4);
    microphone.rest(1000);
    assert_eq!(microphone.detector.poll_timeout(), None);
    microphone.speak(2000, -25.0);
    let at = microphone.detector.poll_timeout().expect("it sounds");
    assert_eq!(microphone.detector.handle_timeout(at - Duration::from_millis(1)), None);
    assert_eq!(microphone.detector.handle_timeout(at), Some(Activity::Quiet));
    assert_eq!(microphone.detector.poll_timeout(), None);
    microphone.now = at + Duration::from_secs(5);
    let begin = microphone.elapsed();
    microphone.speak(2000, -25.0);
    assert!(microphone.onset(begin).is_some());
    assert_eq!(microphone.detector.silence(), Some(Activity::Quiet));
    assert_eq!(microphone.detector.silence(), None);
}
