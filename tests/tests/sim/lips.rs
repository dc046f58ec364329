//! Sound and picture of a seat are of the same moment, as its reports tell.

use crate::lines::{Lines, clean};
use crate::{MS, each_seed};
use auftakt_client::band::{Camera, join_publisher, join_viewer, sound};
use auftakt_client::world::World;
use auftakt_client::{ClientConfig, ClientEvent, Outgoing};
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
    /// Captured but not sent.
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
            let payload = sound(number);
            let packet = Outgoing::plain(Codec::Opus, number.wrapping_mul(960), false, &payload);
            world.clients[self.client].client.send(captured, "0", &packet);
            self.sounds.insert(number, captured);
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

/// What the last report said of a section, as a receiver keeps it: seconds of the seat's clock, and the timestamp then.
type Report = Option<(f64, u32)>;

#[test]
fn lips_match_before_and_after_a_switch_whatever_the_clocks() {
    each_seed(4, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        lines.set_all(Settings { jitter: 8 * MS, ..clean() });
        let odd = |n: u64| seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(n as u32 * 17);
        let mut performers: Vec<Performer> = (0..2)
            .map(|n| {
                let sign = if n == 0 { 1 } else { -1 };
                let wall_clock = Duration::from_secs(1_600_000_000 + odd(n) % 200_000_000);
                let config = ClientConfig { wall_clock, drift_ppm: 100 * sign, ..ClientConfig::seeded(odd(n)) };
                let client = join_publisher(&mut world, config, &[]);
                let mut camera = Camera { size: 40, ..Camera::new(None) };
                camera.frame = n as u32 * 1_000_000;
                Performer {
                    client,
                    card: -100 * sign,
                    computer: 100 * sign,
                    camera_delay: Duration::from_millis(40 + odd(n) % 60),
                    begin: world.now,
                    next_sound: 0,
                    next_picture: 0,
                    camera,
                    asked: 0,
                    sounds: BTreeMap::new(),
                    pictures: BTreeMap::new(),
                }
            })
            .collect();
        let viewer = join_viewer(&mut world, ClientConfig::seeded(seed + 500), 1);
        let mut seated = 0;
        let mut worst: f64 = 0.0;
        let mut compared = 0;
        let (mut sound_report, mut picture_report): (Report, Report) = (None, None);
        let mut sound_offset = None;
        let begin = world.now;
        let mut change_at = begin;
        // The first reports come within the first seconds; before them the arrival is all that is known.
        let judged_from = begin + Duration::from_secs(3);
        for second in 0..60u32 {
            if world.now >= change_at {
                seated = (second / 6) as usize % 2;
                for section in ["0", "1"] {
                    world.assign(viewer, section, Some(world.track(performers[seated].client, section)));
                }
                change_at += Duration::from_secs(6);
            }
            let end = begin + Duration::from_secs(u64::from(second) + 1);
            while world.now < end {
                let next = performers.iter().map(Performer::next).min().expect("two").min(end);
                world.run_for(next.saturating_duration_since(world.now).max(Duration::from_micros(100)));
                performers.iter_mut().for_each(|performer| performer.perform(&mut world));
            }
            for event in std::mem::take(&mut world.clients[viewer].events) {
                match event {
                    ClientEvent::SenderReport { mid, ntp, rtp, .. } => {
                        let report = if mid == "0" { &mut sound_report } else { &mut picture_report };
                        *report = Some((ntp as f64 / 2f64.powi(32), rtp));
                    }
                    ClientEvent::Media(received) if received.mid == "0" => {
                        let Some((ntp, rtp)) = sound_report else { continue };
                        let number = u32::from_be_bytes(received.payload[1..5].try_into().expect("four bytes"));
                        let shown = ntp + f64::from(received.timestamp.wrapping_sub(rtp) as i32) / 48_000.0;
                        // Both play the same numbers; who it is, only the one who sits there can be.
                        sound_offset = Some((shown, number));
                    }
                    ClientEvent::Media(received) if received.marker => {
                        let (Some((ntp, rtp)), Some((sound_shown, sound_number))) = (picture_report, sound_offset) else { continue };
                        let tail = &received.payload[received.payload.len() - 5..];
                        let number = u32::from_be_bytes(tail[..4].try_into().expect("four bytes"));
                        let who = usize::from(number >= 1_000_000);
                        let shown = ntp + f64::from(received.timestamp.wrapping_sub(rtp) as i32) / 90_000.0;
                        let (Some(picture), Some(sound)) =
                            (performers[who].pictures.get(&number), performers[who].sounds.get(&sound_number))
                        else {
                            continue;
                        };
                        // While a switch is under way the sound may be of one and the picture of the other.
                        let settled = change_at - Duration::from_secs(6) + Duration::from_millis(600);
                        if who != seated || received.at < settled || received.at < judged_from {
                            continue;
                        }
                        let apart = |a: &Instant, b: &Instant| {
                            if a >= b { (*a - *b).as_secs_f64() } else { -(*b - *a).as_secs_f64() }
                        };
                        let error = (shown - sound_shown) - apart(picture, sound);
                        worst = if error.abs() > worst.abs() { error } else { worst };
                        compared += 1;
                    }
                    _ => {}
                }
            }
        }
        assert!(compared > 2000, "{compared} pictures were compared with their sound");
        assert!(worst.abs() < 0.040, "lips are off by {:.1} ms", worst * 1e3);
    });
}
