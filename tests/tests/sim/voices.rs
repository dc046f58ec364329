//! Seats for sound alone: whoever is heard comes and goes, with silence in between, and nobody hears a seam.

use crate::lines::{Lines, clean, lossy, media_header, wild};
use crate::{MS, each_seed};
use auftakt_client::band::{FRAME, Player, join_publisher, join_viewer, play};
use auftakt_client::world::{Way, Who, World};
use auftakt_client::{ClientConfig, ClientEvent, Nacks, Received};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::rtp::red;
use auftakt_tests::impair::Settings;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const SPEAKERS: usize = 4;
const NUMBERS_EACH: u32 = 1_000_000;

struct Stage {
    world: World,
    lines: Lines,
    random: ChaCha8Rng,
    speakers: Vec<Player>,
    listener: usize,
    begin: Instant,
    /// Who had the seat from when on.
    turns: Vec<(Instant, Option<usize>)>,
}

impl Stage {
    /// All have spoken long enough to have reported their clocks, but the last, who is new.
    fn new(seed: u64) -> Self {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let mut join = |number: usize| {
            let seed = seed * 10 + number as u64;
            // Nobody's clock agrees with another's.
            let wall_clock = Duration::from_secs(1_600_000_000 + 977 * seed);
            let client = join_publisher(
                &mut world,
                ClientConfig { wall_clock, drift_ppm: 40 * number as i32 - 80, ..ClientConfig::seeded(seed) },
                &[],
            );
            let mut player = Player::new(client, vec![]);
            player.step = NUMBERS_EACH * number as u32;
            player
        };
        let speakers: Vec<Player> = (0..SPEAKERS).map(&mut join).collect();
        let listener = join_viewer(&mut world, ClientConfig::seeded(seed * 10 + 9), 1);
        let begin = world.now;
        lines.record();
        Self { world, lines, random: ChaCha8Rng::seed_from_u64(seed), speakers, listener, begin, turns: vec![] }
    }

    fn seat(&mut self, speaker: Option<usize>) {
        let track = speaker.map(|speaker| self.world.track(self.speakers[speaker].client, "0"));
        self.world.assign(self.listener, "0", track);
        self.turns.push((self.world.now, speaker));
    }

    fn play(&mut self, span: Duration) {
        for _ in 0..span.as_millis() / FRAME.as_millis() {
            let mut all: Vec<&mut Player> = self.speakers.iter_mut().collect();
            play(&mut self.world, &mut all, 1);
        }
    }

    /// Turns as a room makes them: somebody, nobody for a while, somebody else, or at once.
    fn take_turns(&mut self, turns: usize) {
        for turn in 0..turns {
            let speaker = self.random.random_range(0..SPEAKERS);
            self.seat(Some(speaker));
            let stays = self.random.random_range(100..1500);
            self.play(stays * MS);
            if turn % 3 != 2 {
                self.seat(None);
                let silence = self.random.random_range(20..2500);
                self.play(silence * MS);
            }
        }
    }

    /// In the order of their numbers.
    fn heard(&self) -> Vec<Received> {
        let mut heard = self.world.received(self.listener, "0");
        heard.sort_by_key(|packet| packet.index);
        heard
    }

    /// When the packet was spoken.
    fn spoken(&self, packet: &Received) -> Duration {
        FRAME * (number(packet) % NUMBERS_EACH)
    }

    /// Numbers without gaps, timestamps that go on by whole packets. The last sound before a long silence may be missing: that it was
    /// lost shows only when somebody speaks again.
    fn assert_continuous(&self, heard: &[Received]) {
        for pair in heard.windows(2) {
            let (gap, silence) = (pair[1].index - pair[0].index, pair[1].at.saturating_duration_since(pair[0].at));
            assert!(gap == 1 || (gap <= 4 && silence > Duration::from_secs(1)), "numbers go on by {gap} after {silence:?}");
            let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32;
            assert!(step > 0 && step % 960 == 0, "timestamps go on by whole packets: {step}");
        }
    }

    /// No number ever stood for two packets: that would break their encryption.
    fn assert_no_number_was_used_twice(&self) {
        let mut sent = BTreeMap::new();
        let mut again = 0;
        for (_, datagram) in self.lines.arrived(Way::Down(Who::Client(self.listener))) {
            let Some(header) = media_header(&datagram) else { continue };
            if let Some(before) = sent.insert((header.ssrc, header.sequence), datagram.clone()) {
                assert_eq!(before, datagram, "number {} came twice with different bytes", header.sequence);
                again += 1;
            }
        }
        assert!(sent.len() > 500, "{} packets, {again} of them again", sent.len());
    }
}

fn number(packet: &Received) -> u32 {
    u32::from_be_bytes(packet.payload[1..5].try_into().expect("a number"))
}

fn speaker_of(packet: &Received) -> usize {
    (number(packet) / NUMBERS_EACH) as usize
}

#[test]
fn who_takes_a_seat_is_heard_at_once_and_in_time() {
    each_seed(6, |seed| {
        let mut stage = Stage::new(seed);
        // The first turn comes before anybody's first report: nothing is known of any clock.
        stage.take_turns(18);
        let heard = stage.heard();
        stage.assert_continuous(&heard);
        stage.assert_no_number_was_used_twice();
        let mut delays = vec![];
        for (turn, (at, speaker)) in stage.turns.iter().enumerate() {
            let until = stage.turns.get(turn + 1).map_or(stage.world.now, |(next, _)| *next) + 20 * MS;
            // What was on its way when the turn began is of the turn before.
            let mut during = heard.iter().filter(|packet| packet.at > *at + 20 * MS && packet.at <= until);
            match speaker {
                None => assert_eq!(during.next(), None, "somebody is heard in an empty seat"),
                Some(speaker) => {
                    // The next packet, and the way down. Sound that still lasts may cost one more.
                    let first = during.find(|packet| speaker_of(packet) == *speaker).expect("a sound");
                    delays.push(first.at - *at);
                    assert!(during.all(|packet| speaker_of(packet) == *speaker), "only who sits there is heard");
                }
            }
        }
        assert!(delays.iter().all(|delay| *delay <= 61 * MS), "{delays:?}");
        delays.sort_unstable();
        assert!(delays[delays.len() / 2] <= 41 * MS, "{delays:?}");
        // Whoever is heard is heard when they spoke, whatever their clock says and however long it was silent.
        let offset = |packet: &Received| {
            let played = f64::from(packet.timestamp.wrapping_sub(heard[0].timestamp)) / 48.0;
            played - (stage.spoken(packet).as_secs_f64() - stage.spoken(&heard[0]).as_secs_f64()) * 1000.0
        };
        for packet in &heard {
            assert!(offset(packet).abs() <= 21.0, "{} ms off at {:?}", offset(packet), packet.at - stage.begin);
        }
    });
}

#[test]
fn seats_for_sound_change_on_bad_lines_without_a_gap() {
    each_seed(6, |seed| {
        let mut stage = Stage::new(seed);
        stage.seat(Some(0));
        stage.play(300 * MS);
        stage.lines.set_all(wild());
        stage.take_turns(18);
        stage.lines.set_all(clean());
        stage.seat(Some(1));
        stage.play(Duration::from_secs(1));
        stage.seat(None);
        stage.play(Duration::from_secs(1));
        let heard = stage.heard();
        stage.assert_continuous(&heard);
        stage.assert_no_number_was_used_twice();
        assert!(heard.iter().filter(|packet| packet.recovered).count() > 20, "lost packets came again");
        assert_eq!(heard.last().map(speaker_of), Some(1));
    });
}

#[test]
fn every_turn_begins_with_a_report() {
    each_seed(2, |seed| {
        let mut stage = Stage::new(seed);
        stage.play(Duration::from_secs(3));
        let reports = |stage: &Stage| {
            let of = |event: &&ClientEvent| matches!(event, ClientEvent::SenderReport { mid, .. } if mid == "0");
            stage.world.clients[stage.listener].events.iter().filter(of).count()
        };
        for turn in 0..8 {
            let before = reports(&stage);
            stage.seat(Some(turn % SPEAKERS));
            stage.play(100 * MS);
            assert!(reports(&stage) > before, "turn {turn}");
            stage.seat(None);
            stage.play(100 * MS);
            let silent = reports(&stage);
            stage.play(Duration::from_secs(2));
            assert_eq!(reports(&stage), silent, "an empty seat has no time");
        }
    });
}

/// What a player that waits 60 ms for a sound misses of it, in percent.
fn concealed(seed: u64, codecs: &[Codec], nack: Nacks) -> f64 {
    let lines = Lines::new(seed);
    let mut world = World::on(Box::new(lines.clone()), seed as u8);
    let source = join_publisher(&mut world, ClientConfig::seeded(seed), &[]);
    let listener = world.add(ClientConfig { nack, ..ClientConfig::seeded(seed + 100) });
    world.clients[listener].client.add_receiver(MediaKind::Audio, codecs);
    world.negotiate(listener, &[]);
    world.run_for(Duration::from_secs(1));
    world.assign(listener, "0", Some(world.track(source, "0")));
    let mut player = Player::new(source, vec![]);
    // A receiver far away: what is sent again comes too late.
    lines.set(Way::Down(Who::Client(listener)), Settings { delay: 80 * MS, ..lossy() });
    play(&mut world, &mut [&mut player], 250);
    let begin = (world.now, player.step);
    play(&mut world, &mut [&mut player], 1500);
    world.run_for(Duration::from_secs(1));
    let mut missed: BTreeSet<u32> = (begin.1..player.step).collect();
    for packet in world.received(listener, "0") {
        let in_time = |number: u32| packet.at <= begin.0 + FRAME * number.saturating_sub(begin.1) + 100 * MS + 60 * MS;
        let sounds: Vec<Vec<u8>> = match packet.codec {
            Codec::Red => red::blocks(&packet.payload).expect("RED").map(|block| block.payload.to_vec()).collect(),
            _ => vec![packet.payload.clone()],
        };
        for sound in sounds {
            let number = u32::from_be_bytes(sound[1..5].try_into().expect("a number"));
            if in_time(number) {
                missed.remove(&number);
            }
        }
    }
    missed.len() as f64 * 100.0 / f64::from(player.step - begin.1)
}

#[test]
fn redundancy_conceals_what_a_lossy_line_loses() {
    each_seed(3, |seed| {
        for nack in [Nacks::Sent, Nacks::Silent] {
            let plain = concealed(seed, &[Codec::Opus], nack);
            assert!((3.0..8.0).contains(&plain), "{plain} % without");
        }
        let redundant = concealed(seed, &[Codec::Red, Codec::Opus], Nacks::Sent);
        assert!(redundant < 1.0, "{redundant} % with");
    });
}
