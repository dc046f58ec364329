//! Sound and picture of a seat are of the same moment, as its reports tell.

use crate::lines::{Lines, clean};
use crate::{MS, each_seed};
use auftakt_client::band::{Camera, join_publisher, join_viewer, sound};
use auftakt_client::world::World;
use auftakt_client::{ClientConfig, ClientEvent, Outgoing, Received};
use auftakt_media::codec::Codec;
use auftakt_tests::impair::Settings;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A person whose three clocks disagree: the sound card's, the computer's, and the true one.
struct Performer {
    client: usize,
    /// In millionths.
    card: i32,
    computer: i32,
    /// From the capture of a picture until its packets leave.
    camera_delay: Duration,
    begin: Instant,
    /// The number of its first sound.
    first: u32,
    /// Not captured yet.
    next_sound: u32,
    next_picture: u32,
    camera: Camera,
    asked: usize,
    /// When each was captured, truly.
    sounds: BTreeMap<u32, Instant>,
    pictures: BTreeMap<u32, Instant>,
}

fn stretched(span: Duration, ppm: i32) -> Duration {
    span.mul_f64(1.0 + f64::from(ppm) / 1e6)
}

impl Performer {
    /// A sound of 20 ms by the card's clock.
    fn sound_at(&self) -> Instant {
        self.begin + stretched(20 * MS * self.next_sound, -self.card)
    }

    fn picture_at(&self) -> Instant {
        self.begin + 20 * MS * self.next_picture
    }

    fn next(&self) -> Instant {
        (self.sound_at() + 5 * MS).min(self.picture_at() + self.camera_delay)
    }

    fn perform(&mut self, world: &mut World) {
        let now = world.now;
        while self.sound_at() + 5 * MS <= now {
            let (captured, number) = (self.sound_at(), self.next_sound);
            let payload = sound(self.first + number);
            let packet = Outgoing::plain(Codec::Opus, number.wrapping_mul(960), false, &payload);
            world.clients[self.client].client.send(captured, "0", &packet);
            self.sounds.insert(self.first + number, captured);
            self.next_sound += 1;
        }
        while self.picture_at() + self.camera_delay <= now {
            let captured = self.picture_at();
            let wanted = world.keyframes_wanted(self.client, "1", None);
            self.camera.keyframe_next |= wanted > self.asked;
            self.asked = wanted;
            // The camera's frames are stamped with the computer's clock.
            let elapsed = stretched(captured - self.begin, self.computer);
            let timestamp = (elapsed.as_secs_f64() * 90_000.0).round() as u64 as u32;
            for (part, payload) in self.camera.payloads().iter().enumerate() {
                let packet = Outgoing::plain(Codec::Vp8, timestamp, part == 2, payload);
                world.clients[self.client].client.send(captured, "1", &packet);
            }
            self.pictures.insert(self.camera.frame, captured);
            self.camera.keyframe_next = false;
            self.camera.frame += 1;
            self.next_picture += 1;
        }
    }
}

/// So long somebody sits there.
const TURN: Duration = Duration::from_secs(6);
/// Whose sounds and pictures are whose.
const NUMBERS_EACH: u32 = 1_000_000;

impl Performer {
    /// Joins with clocks that run against those of the other one.
    fn join(world: &mut World, n: u32, seed: u64) -> Self {
        let odd = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(n * 17);
        let sign = if n == 0 { 1 } else { -1 };
        let wall_clock = Duration::from_secs(1_600_000_000 + odd % 200_000_000);
        let config = ClientConfig { wall_clock, drift_ppm: 100 * sign, ..ClientConfig::seeded(odd) };
        Self {
            client: join_publisher(world, config, &[]),
            card: -100 * sign,
            computer: 100 * sign,
            camera_delay: Duration::from_millis(40 + odd % 60),
            begin: world.now,
            first: n * NUMBERS_EACH,
            next_sound: 0,
            next_picture: 0,
            camera: Camera { size: 40, frame: n * NUMBERS_EACH, ..Camera::new(None) },
            asked: 0,
            sounds: BTreeMap::new(),
            pictures: BTreeMap::new(),
        }
    }
}

/// What the last report said of a section, as a receiver keeps it: seconds of the seat's clock, and the timestamp then.
#[derive(Clone, Copy)]
struct Report {
    ntp: f64,
    rtp: u32,
}

impl Report {
    /// When the seat's clock shows what has this timestamp.
    fn shows(self, timestamp: u32, rate: f64) -> f64 {
        self.ntp + f64::from(timestamp.wrapping_sub(self.rtp) as i32) / rate
    }
}

/// Compares when things are shown with when they were captured, as a receiver gets to know them.
#[derive(Default)]
struct Judge {
    sound_report: Option<Report>,
    picture_report: Option<Report>,
    /// The newest sound: when it is shown, and its number.
    sound: Option<(f64, u32)>,
    /// How far the picture was from its sound, in seconds, and whose it was.
    errors: Vec<(Instant, usize, f64)>,
}

impl Judge {
    fn hear(&mut self, event: &ClientEvent, performers: &[Performer]) {
        match event {
            ClientEvent::SenderReport { mid, ntp, rtp, .. } => {
                let report = if mid == "0" { &mut self.sound_report } else { &mut self.picture_report };
                *report = Some(Report { ntp: *ntp as f64 / 2f64.powi(32), rtp: *rtp });
            }
            ClientEvent::Media(sound) if sound.mid == "0" => {
                let number = u32::from_be_bytes(sound.payload[1..5].try_into().expect("four bytes"));
                self.sound = self.sound_report.map(|report| (report.shows(sound.timestamp, 48_000.0), number));
            }
            ClientEvent::Media(picture) if picture.marker => self.compare(picture, performers),
            _ => {}
        }
    }

    /// Only while sound and picture are of one person: within a switch they need not be.
    fn compare(&mut self, picture: &Received, performers: &[Performer]) {
        let (Some(report), Some((sound_shown, sound_number))) = (self.picture_report, self.sound) else { return };
        let tail = &picture.payload[picture.payload.len() - 5..];
        let number = u32::from_be_bytes(tail[..4].try_into().expect("four bytes"));
        let who = (number / NUMBERS_EACH) as usize;
        if (sound_number / NUMBERS_EACH) as usize != who {
            return;
        }
        let (captured, sound_captured) = (performers[who].pictures[&number], performers[who].sounds[&sound_number]);
        let apart = captured.saturating_duration_since(sound_captured).as_secs_f64()
            - sound_captured.saturating_duration_since(captured).as_secs_f64();
        let error = report.shows(picture.timestamp, 90_000.0) - sound_shown - apart;
        self.errors.push((picture.at, who, error));
    }
}

#[test]
fn lips_match_before_and_after_a_switch_whatever_the_clocks() {
    each_seed(4, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        lines.set_all(Settings { jitter: 8 * MS, ..clean() });
        let mut performers = [0, 1].map(|n| Performer::join(&mut world, n, seed));
        let viewer = join_viewer(&mut world, ClientConfig::seeded(seed + 500), 1);
        let begin = world.now;
        performers.iter_mut().for_each(|performer| performer.begin = begin);
        let mut judge = Judge::default();
        for turn in 0..10 {
            for section in ["0", "1"] {
                world.assign(viewer, section, Some(world.track(performers[turn % 2].client, section)));
            }
            let end = world.now + TURN;
            while world.now < end {
                let next = performers.iter().map(Performer::next).min().expect("two").min(end);
                world.run_for(next.saturating_duration_since(world.now).max(Duration::from_micros(100)));
                performers.iter_mut().for_each(|performer| performer.perform(&mut world));
            }
            std::mem::take(&mut world.clients[viewer].events).iter().for_each(|event| judge.hear(event, &performers));
        }
        // The first reports of the senders come within two seconds; before them the arrival is all that is known. And where the new
        // picture lags more than the old one, its first frames are raised to come after it: a tenth of a second, or two.
        let settled = |at: Instant| at > begin + Duration::from_secs(2) && (at - begin).as_millis() % TURN.as_millis() > 300;
        let judged: Vec<_> = judge.errors.iter().filter(|(at, ..)| settled(*at)).collect();
        for who in [0, 1] {
            let errors = judged.iter().filter(|(_, whose, _)| *whose == who).map(|(.., error)| error.abs());
            assert!(errors.clone().count() > 1200, "{} pictures compared", errors.count());
            let worst = errors.fold(0.0, f64::max);
            assert!(worst < 0.010, "lips of {who} are off by {:.1} ms", worst * 1e3);
        }
    });
}
