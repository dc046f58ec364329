//! A conference on narrow lines: everybody sends three layers, each receiver gets what its network carries.

use crate::lines::{Lines, clean};
use crate::picture::frames;
use crate::{MS, each_seed};
use auftakt_client::band::{Camera, Player, join_publisher, join_viewer, play};
use auftakt_client::world::{Way, Who, World, mid};
use auftakt_client::{ClientConfig, Outgoing, Received};
use auftakt_media::codec::Codec;
use auftakt_media::worker::{Event, Importance, Viewing};
use auftakt_tests::impair::Settings;
use std::time::{Duration, Instant};

/// Layers of about 150, 500 and 1450 kbit/s. Nobody says how large they are, so 180, 360 and 720 lines are assumed.
pub const SIZES: [(&str, usize); 3] = [("q", 60), ("h", 350), ("f", 1100)];
const SMALL: usize = 60;
pub const FULL: usize = 1100;
/// Steps of the band in a second.
const SECOND: u32 = 50;

/// Several publishers and one viewer who sees them all.
pub struct Hall {
    pub lines: Lines,
    pub world: World,
    pub viewer: usize,
    players: Vec<Player>,
    /// When the first step was played.
    began: Instant,
}

impl Hall {
    pub fn new(seed: u64, publishers: usize) -> Self {
        Self::with(ClientConfig::seeded(100 * seed + 99), seed, publishers, SIZES)
    }

    /// The configuration is the viewer's.
    pub fn with(config: ClientConfig, seed: u64, publishers: usize, sizes: [(&'static str, usize); 3]) -> Self {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let mut players = vec![];
        for n in 0..publishers {
            let client = join_publisher(&mut world, ClientConfig::seeded(100 * seed + n as u64), &sizes.map(|(rid, _)| rid));
            let cameras = sizes.map(|(rid, size)| Camera { size, ..Camera::new(Some(rid)) });
            players.push(Player::new(client, cameras.into()));
        }
        let viewer = join_viewer(&mut world, config, publishers);
        for (n, player) in players.iter().enumerate() {
            let (sound, picture) = (world.track(player.client, "0"), world.track(player.client, "1"));
            world.assign(viewer, &audio(n), Some(sound));
            world.assign(viewer, &video(n), Some(picture));
        }
        let began = world.now;
        Self { lines, world, viewer, players, began }
    }

    pub fn play(&mut self, seconds: u32) {
        let mut players: Vec<&mut Player> = self.players.iter_mut().collect();
        play(&mut self.world, &mut players, seconds * SECOND);
    }

    pub fn down(&self) -> Way {
        Way::Down(Who::Client(self.viewer))
    }

    /// The viewer's line carries so much from now on, and queues 300 ms.
    fn narrow(&self, kbps: u64) {
        self.lines.set(self.down(), Settings { rate_bps: kbps * 1000, queue: 300 * MS, ..clean() });
    }

    fn widen(&self) {
        self.lines.set(self.down(), clean());
    }

    fn view(&mut self, seat: usize, height: u16, importance: Importance) {
        let viewing = Viewing { width: height * 16 / 9, height, importance };
        let peer = self.world.clients[self.viewer].peer;
        self.world.worker.set_viewing(self.world.now, peer, mid(&video(seat)), viewing);
        self.world.carry();
    }

    fn seen(&self, seat: usize) -> Vec<Received> {
        self.world.received(self.viewer, &video(seat))
    }

    /// Which layer came last in a seat, by size; `None` when nothing came in the last second.
    pub fn layer(&self, seat: usize) -> Option<usize> {
        let seen = self.seen(seat);
        let last = seen.last().filter(|packet| packet.at + Duration::from_secs(1) > self.world.now)?;
        Some(last.payload.len() - 5)
    }

    /// Packets of a seat's sound so far.
    fn sounds(&self, seat: usize) -> usize {
        self.world.received(self.viewer, &audio(seat)).len()
    }

    /// How long each packet of a seat's sound took, from a time on.
    fn sound_delays(&self, seat: usize, from: Instant) -> Vec<Duration> {
        let heard = self.world.received(self.viewer, &audio(seat));
        let sent = |packet: &Received| {
            let number = u32::from_be_bytes(packet.payload[1..5].try_into().expect("a number"));
            self.began + number * 20 * MS
        };
        heard.iter().filter(|packet| sent(packet) >= from).map(|packet| packet.at - sent(packet)).collect()
    }

    /// No sound is missing, and every picture can be decoded.
    fn assert_whole(&self) {
        for (seat, player) in self.players.iter().enumerate() {
            let heard = self.world.clients[self.viewer].client.seen(&audio(seat)).expect("a section");
            assert!(heard.missing.is_empty(), "sound {seat} misses {:?}", heard.missing);
            assert_eq!(heard.packets, u64::from(player.step), "sound {seat}");
            frames(&self.seen(seat));
        }
    }
}

pub fn audio(seat: usize) -> String {
    (2 * seat).to_string()
}

fn video(seat: usize) -> String {
    (2 * seat + 1).to_string()
}

#[test]
fn a_narrow_line_gets_less_and_a_wide_one_everything_again() {
    each_seed(3, |seed| {
        let mut hall = Hall::new(seed, 2);
        hall.play(6);
        assert_eq!([hall.layer(0), hall.layer(1)], [Some(FULL); 2], "a wide line gets everything");
        hall.narrow(1000);
        hall.play(3);
        let lower = hall.world.now;
        let layers = [hall.layer(0), hall.layer(1)];
        assert!(layers.iter().all(|layer| layer.is_some_and(|size| size < FULL)), "{layers:?}");
        hall.play(17);
        for seat in 0..2 {
            assert!(hall.layer(seat).is_some(), "nobody pauses with 1 Mbit/s for two");
            let slow = hall.sound_delays(seat, lower).into_iter().max().expect("sound");
            assert!(slow < 110 * MS, "sound took {slow:?}");
        }
        hall.widen();
        hall.play(10);
        assert_eq!([hall.layer(0), hall.layer(1)], [Some(FULL); 2], "within ten seconds");
        hall.world.run_for(Duration::from_secs(1));
        hall.assert_whole();
    });
}

#[test]
fn a_line_that_becomes_long_and_unsteady_keeps_its_pictures() {
    // Whoever sits still costs little: what arrives says nothing of what the line carries.
    let still = [("q", 20), ("h", 30), ("f", 40)];
    for (sizes, best) in [(still, 40), (SIZES, FULL)] {
        each_seed(6, |seed| keeps_its_pictures(seed, sizes, best));
    }
}

fn keeps_its_pictures(seed: u64, sizes: [(&'static str, usize); 3], best: usize) {
    let mut hall = Hall::with(ClientConfig::seeded(100 * seed + 99), seed, 1, sizes);
    hall.play(6);
    assert_eq!(hall.layer(0), Some(best), "before");
    let before = hall.seen(0).len();
    for way in [Way::Down, Way::Up] {
        for who in [hall.viewer, hall.players[0].client] {
            hall.lines.set(way(Who::Client(who)), Settings { delay: 60 * MS, jitter: 15 * MS, ..clean() });
        }
    }
    for second in 1..=15 {
        hall.play(1);
        assert!(hall.layer(0).is_some(), "nothing is seen after {second} s");
    }
    assert_eq!(hall.layer(0), Some(best), "the line is as wide as before");
    let arrived = hall.seen(0).len() - before;
    assert!(arrived > 15 * 50 * 3 * 8 / 10, "{arrived} packets");
    hall.world.run_for(Duration::from_secs(1));
    hall.assert_whole();
}

#[test]
fn a_narrow_and_lossy_line_is_still_used() {
    each_seed(6, |seed| {
        let mut hall = Hall::new(seed, 2);
        hall.play(6);
        let bad = Settings { rate_bps: 1_000_000, delay: 50 * MS, loss: 0.05, ..clean() };
        hall.lines.set(hall.down(), bad);
        hall.lines.set(Way::Up(Who::Client(hall.viewer)), bad);
        hall.play(3);
        let bytes = |hall: &Hall| (0..2).flat_map(|seat| hall.seen(seat)).map(|packet| packet.payload.len()).sum::<usize>();
        let (before, heard) = (bytes(&hall), hall.sounds(0));
        hall.play(20);
        let kbps = (bytes(&hall) - before) * 8 / 20_000;
        let share = (hall.sounds(0) - heard) as f64 / (20 * SECOND) as f64;
        // Both sounds take 180 kbit/s, and the smallest layers 150 each.
        assert!(kbps > 200, "{kbps} kbit/s of pictures");
        assert!(share > 0.99, "{share} of the sound");
    });
}

#[test]
fn who_begins_on_a_narrow_line_is_not_drowned() {
    each_seed(2, |seed| {
        let mut hall = Hall::new(seed, 4);
        hall.narrow(1000);
        hall.play(12);
        for seat in 0..4 {
            let delays = hall.sound_delays(seat, hall.began);
            assert!(delays.iter().all(|delay| *delay < 330 * MS), "sound {seat} took {:?}", delays.iter().max());
            let later = hall.sound_delays(seat, hall.began + Duration::from_secs(3));
            assert!(later.iter().all(|delay| *delay < 110 * MS), "sound {seat} took {:?}", later.iter().max());
            assert!(hall.layer(seat).is_some(), "seat {seat} is seen");
        }
        let stats = hall.lines.stats(hall.down());
        hall.world.run_for(Duration::from_secs(1));
        hall.assert_whole();
        assert!(stats.delivered > 0);
    });
}

#[test]
fn a_picture_without_layers_loses_frames_before_it_pauses() {
    each_seed(3, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let source = join_publisher(&mut world, ClientConfig::seeded(seed), &[]);
        let viewer = join_viewer(&mut world, ClientConfig::seeded(seed + 100), 1);
        world.assign(viewer, "1", Some(world.track(source, "1")));
        let (mut frame, mut asked) = (0, 0);
        let mut film = |world: &mut World, seconds: u32| {
            for _ in 0..seconds * SECOND {
                let wanted = world.keyframes_wanted(source, "1", None);
                send_layered_frame(world, source, frame, frame == 0 || wanted > asked);
                (frame, asked) = (frame + 1, wanted);
                world.run_for(20 * MS);
            }
        };
        film(&mut world, 5);
        let wide = world.received(viewer, "1").len();
        // Four packets of 1100 bytes 50 times a second are 1.85 Mbit/s; the upper layers are a quarter and a half of them.
        lines.set(Way::Down(Who::Client(viewer)), Settings { rate_bps: 1_600_000, queue: 300 * MS, ..clean() });
        film(&mut world, 3);
        let adapted = world.received(viewer, "1").len();
        film(&mut world, 10);
        let narrow = world.received(viewer, "1").len() - adapted;
        assert!((500..=1600).contains(&narrow), "of 2000 packets {narrow}");
        lines.set(Way::Down(Who::Client(viewer)), clean());
        film(&mut world, 8);
        let before = world.received(viewer, "1").len();
        film(&mut world, 4);
        assert!(world.received(viewer, "1").len() - before >= 780, "every frame again");
        assert!(wide >= 900, "{wide}");
        world.run_for(Duration::from_secs(1));
        assert_layers_decode(&world.received(viewer, "1"));
    });
}

/// The temporal layer of a frame, and whether it needs base-layer frames alone.
fn temporal(frame: u32) -> (u8, bool) {
    [(0, false), (2, true), (1, true), (2, false)][frame as usize % 4]
}

/// VP8 with three temporal layers, four packets a frame.
fn send_layered_frame(world: &mut World, source: usize, frame: u32, keyframe: bool) {
    let (id, sync) = temporal(frame);
    let (id, sync) = if keyframe { (0, false) } else { (id, sync) };
    for part in 0..4u8 {
        let picture = (frame as u16 & 0x7FFF | 0x8000).to_be_bytes();
        let start = if part == 0 { 0x10 } else { 0 };
        let mut payload =
            vec![0x80 | start, 0xA0, picture[0], picture[1], id << 6 | u8::from(sync) << 5, u8::from(!(keyframe && part == 0))];
        payload.resize(1095, part);
        payload.extend_from_slice(&frame.to_be_bytes());
        payload.push(part);
        let (now, timestamp) = (world.now, frame.wrapping_mul(1800));
        world.clients[source].client.send(now, "1", &Outgoing::plain(Codec::Vp8, timestamp, part == 3, &payload));
    }
}

/// Numbers and picture ids count on, no frame is cut but where a keyframe follows, and each frame has those it needs: a base frame the one
/// before of its kind, others what came since it and is not above them, unless they need the base alone.
fn assert_layers_decode(received: &[Received]) {
    let mut packets: Vec<&Received> = received.iter().collect();
    packets.sort_by_key(|packet| packet.index);
    assert!(packets.windows(2).all(|pair| pair[1].index == pair[0].index + 1), "numbers count on");
    let number = |packet: &Received| u32::from_be_bytes(packet.payload[1095..1099].try_into().expect("a number"));
    let picture = |packet: &Received| u16::from_be_bytes([packet.payload[2], packet.payload[3]]) & 0x7FFF;
    let mut newest = [None; 3];
    let mut before: Option<u16> = None;
    let mut cut = false;
    for parts in packets.chunk_by(|a, b| number(a) == number(b)) {
        let (first, id) = (parts[0], usize::from(parts[0].payload[4] >> 6));
        let (keyframe, sync) = (first.payload[5] & 1 == 0, first.payload[4] & 0x20 != 0);
        assert!(before.is_none_or(|id| picture(first) == (id + 1) & 0x7FFF), "picture ids count on");
        before = Some(picture(first));
        let base_expected = || newest[0].is_some_and(|base| number(first) - base <= 4);
        match id {
            _ if keyframe => newest = [None, Some(number(first)), None],
            0 => assert!(!cut && base_expected(), "base frame {} after {newest:?}", number(first)),
            _ if sync => assert!(!cut && base_expected()),
            _ => assert!(!cut && newest[1].is_some_and(|one| number(first) - one <= 2), "frame {} after {newest:?}", number(first)),
        }
        newest[id] = Some(number(first));
        cut = parts.len() < 4;
    }
}

#[test]
fn a_pause_and_a_new_address_cost_little() {
    each_seed(3, |seed| {
        let mut hall = Hall::new(seed, 2);
        hall.play(5);
        assert_eq!([hall.layer(0), hall.layer(1)], [Some(FULL); 2]);
        // A quarter of a minute without pictures: what the line carries is still known.
        for seat in 0..2 {
            hall.view(seat, 0, Importance::Ordinary);
        }
        hall.play(15);
        assert_eq!([hall.layer(0), hall.layer(1)], [None; 2]);
        for seat in 0..2 {
            hall.view(seat, 720, Importance::Ordinary);
        }
        hall.play(2);
        assert_eq!([hall.layer(0), hall.layer(1)], [Some(FULL); 2], "two seconds after the pause");
        // Another network, with an ICE restart.
        let viewer = hall.viewer;
        hall.world.clients[viewer].address = "198.51.100.200:4711".parse().expect("an address");
        hall.world.clients[viewer].client.restart_ice();
        hall.world.negotiate(viewer, &[]);
        hall.play(4);
        assert_eq!([hall.layer(0), hall.layer(1)], [Some(FULL); 2], "four seconds after moving");
        hall.world.run_for(Duration::from_secs(1));
        for seat in 0..2 {
            let slow = hall.sound_delays(seat, hall.began).into_iter().max().expect("sound");
            assert!(slow < 500 * MS, "sound took {slow:?}");
        }
    });
}

#[test]
fn nine_seats_are_served_by_importance_and_size() {
    each_seed(1, |seed| {
        let mut hall = Hall::new(seed, 9);
        for seat in 0..9 {
            hall.view(seat, 180, Importance::Ordinary);
        }
        hall.view(4, 720, Importance::Pinned);
        hall.play(8);
        let layers: Vec<_> = (0..9).map(|seat| hall.layer(seat)).collect();
        let expected: Vec<_> = (0..9).map(|seat| Some(if seat == 4 { FULL } else { SMALL })).collect();
        assert_eq!(layers, expected, "each as large as it is shown");
        // Sound takes nine times 90 kbit/s; eight small pictures take 1250 and the pinned one at its smallest 150.
        hall.narrow(3000);
        hall.play(12);
        let layers: Vec<_> = (0..9).map(|seat| hall.layer(seat)).collect();
        assert!(layers.iter().all(Option::is_some), "nobody pauses before somebody else gets better: {layers:?}");
        assert!(layers[4] > Some(SMALL), "what is left is for the pinned one: {layers:?}");
        hall.narrow(1500);
        hall.play(6);
        assert!(hall.layer(4).is_some(), "the pinned one is seen to the last");
        let starved = |event: &&Event| matches!(event, Event::PictureStarved { .. });
        let paused = (0..9).filter(|seat| hall.layer(*seat).is_none()).count();
        assert!(paused > 0 && hall.world.events.iter().filter(starved).count() >= paused, "{paused} seats wait for bandwidth");
        hall.widen();
        hall.play(15);
        assert!((0..9).all(|seat| hall.layer(seat).is_some()));
        let fed = |event: &&Event| matches!(event, Event::PictureFed { .. });
        assert_eq!(hall.world.events.iter().filter(starved).count(), hall.world.events.iter().filter(fed).count());
        hall.world.run_for(Duration::from_secs(1));
        hall.assert_whole();
    });
}
