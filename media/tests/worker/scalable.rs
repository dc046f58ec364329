//! Scalable streams (SVC): each receiver gets as many layers as it should, and sees a whole stream.

use auftakt_client::band::FRAME;
use auftakt_client::world::{Way, Who, World, mid};
use auftakt_client::{ClientConfig, Outgoing, Received, Rtx, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::worker::Sublayers;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// What went out, by SSRC and number.
type Sent = BTreeMap<([u8; 4], [u8; 2]), Vec<u8>>;

/// VP9 as Chromium sends L3T3: three spatial layers of two packets each, temporal layers 0, 2, 1, 2.
struct Camera {
    client: usize,
    picture: u32,
    /// Pictures since the keyframe.
    since: u32,
    asked: usize,
}

const PATTERN: [u8; 4] = [0, 2, 1, 2];

impl Camera {
    fn shoot(&mut self, world: &mut World) {
        let asked = world.keyframes_wanted(self.client, "0", None);
        if asked > self.asked {
            (self.asked, self.since) = (asked, 0);
        }
        let temporal = PATTERN[self.since as usize % 4];
        for spatial in 0..3 {
            for part in 0..2 {
                let payload = self.payload(spatial, temporal, part);
                let last = spatial == 2 && part == 1;
                let now = world.now;
                let packet = Outgoing::plain(Codec::Vp9, self.picture * 1800, last, &payload);
                world.clients[self.client].client.send(now, "0", &packet);
            }
        }
        self.picture += 1;
        self.since += 1;
    }

    fn payload(&self, spatial: u8, temporal: u8, part: u8) -> Vec<u8> {
        let predicted = if self.since > 0 { 0x40 } else { 0 };
        let ends = if part == 0 { 0x08 } else { 0x04 };
        let [high, low] = (self.picture as u16 & 0x7FFF | 0x8000).to_be_bytes();
        // The first frame of a finer layer says that one can begin there.
        let up = if temporal > 0 { 0x10 } else { 0 };
        let layer = temporal << 5 | up | spatial << 1 | u8::from(spatial > 0);
        let mut payload = vec![0x80 | 0x20 | predicted | ends, high, low, layer, (self.picture / 4) as u8];
        payload.extend([spatial, temporal, part, u8::from(self.since == 0)]);
        payload.resize(200, 0x5A);
        payload
    }
}

/// What a packet says of itself: spatial and temporal layer, part, keyframe.
fn what(packet: &Received) -> (u8, u8, u8, bool) {
    (packet.payload[5], packet.payload[6], packet.payload[7], packet.payload[8] == 1)
}

struct Stage {
    world: World,
    camera: Camera,
    viewer: usize,
}

impl Stage {
    fn new(rtx: Rtx) -> Self {
        let mut world = World::new();
        let client = world.add(ClientConfig { rtx, ..ClientConfig::seeded(1) });
        world.clients[client].client.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[Codec::Vp9], rids: &[] });
        world.negotiate(client, &[]);
        let viewer = world.add(ClientConfig { rtx, ..ClientConfig::seeded(2) });
        world.clients[viewer].client.add_receiver(MediaKind::Video, &[Codec::Vp9]);
        world.negotiate(viewer, &[]);
        world.run_for(Duration::from_secs(1));
        world.assign(viewer, "0", Some(world.track(client, "0")));
        Self { world, camera: Camera { client, picture: 0, since: 0, asked: 0 }, viewer }
    }

    fn limit(&mut self, spatial_max: u8, temporal_max: u8) {
        let (now, peer) = (self.world.now, self.world.clients[self.viewer].peer);
        self.world.worker.set_sublayers(now, peer, mid("0"), Sublayers { spatial_max, temporal_max });
        self.world.carry();
    }

    /// Plays so many pictures, and returns what came of the last of them.
    fn play(&mut self, pictures: u32) -> Vec<Received> {
        for _ in 0..pictures {
            self.camera.shoot(&mut self.world);
            self.world.run_for(FRAME);
        }
        let since = self.world.now - FRAME * 8;
        self.seen().into_iter().filter(|packet| packet.at > since).collect()
    }

    fn seen(&self) -> Vec<Received> {
        let mut seen = self.world.received(self.viewer, "0");
        seen.sort_by_key(|packet| packet.index);
        seen
    }

    fn asked(&self) -> usize {
        self.world.keyframes_wanted(self.camera.client, "0", None)
    }
}

/// Numbers go on by one; a picture has one timestamp, ends with a marker and has no other; a layer comes with all below it.
fn assert_whole(seen: &[Received]) {
    for pair in seen.windows(2) {
        assert_eq!(pair[1].index, pair[0].index + 1);
        let same = pair[1].timestamp == pair[0].timestamp;
        assert_eq!(pair[0].marker, !same, "the marker is where the picture ends");
        let ((spatial, temporal, part, _), (next, next_temporal, next_part, _)) = (what(&pair[0]), what(&pair[1]));
        if same {
            assert_eq!((next, next_part), if part == 0 { (spatial, 1) } else { (spatial + 1, 0) });
            assert_eq!(temporal, next_temporal);
        } else {
            assert_eq!((next, next_part), (0, 0));
        }
    }
}

fn best(seen: &[Received]) -> (u8, u8) {
    let layers = seen.iter().map(what);
    (layers.clone().map(|layer| layer.0).max().expect("a picture"), layers.map(|layer| layer.1).max().expect("a picture"))
}

#[test]
fn layers_are_left_out_and_come_back_where_a_decoder_can_follow() {
    let mut stage = Stage::new(Rtx::Offered);
    assert_eq!(best(&stage.play(30)), (2, 2));
    // Less is a matter of the next picture, and of nobody else.
    let asked = stage.asked();
    stage.limit(2, 0);
    assert_eq!(best(&stage.play(20)), (2, 0));
    stage.limit(1, 1);
    assert_eq!(best(&stage.play(20)), (1, 1));
    stage.limit(0, 0);
    assert_eq!(best(&stage.play(20)), (0, 0));
    assert_eq!(stage.asked(), asked);
    // More frames need no keyframe.
    stage.limit(0, 2);
    assert_eq!(best(&stage.play(20)), (0, 2));
    assert_eq!(stage.asked(), asked);
    // A better picture does.
    stage.limit(2, 2);
    assert_eq!(best(&stage.play(30)), (2, 2));
    assert_eq!(stage.asked(), asked + 1);
    let seen = stage.seen();
    assert_whole(&seen);
    let rises = seen.windows(2).filter(|pair| what(&pair[1]).0 > what(&pair[0]).0 && what(&pair[1]).3).count();
    assert!(rises >= 2, "better layers begin with a keyframe");
}

#[test]
fn a_request_for_a_better_layer_that_is_lost_is_made_again() {
    let mut stage = Stage::new(Rtx::Offered);
    stage.limit(0, 2);
    stage.play(30);
    let publisher = stage.camera.client;
    stage.world.loss = Box::new(move |way, _| way == Way::Down(Who::Client(publisher)));
    stage.limit(2, 2);
    stage.play(5);
    stage.world.loss = Box::new(|_, _| false);
    assert_eq!(best(&stage.play(100)), (2, 2));
}

/// Without RTX a packet goes out again under its own number: byte by byte as the first time, its marker too.
#[test]
fn what_is_sent_again_of_a_layer_is_the_very_same() {
    for rtx in [Rtx::None, Rtx::Offered] {
        let mut stage = Stage::new(rtx);
        let sent: Rc<RefCell<Sent>> = Rc::default();
        let (noted, viewer, mut count) = (sent.clone(), stage.viewer, 0_u32);
        stage.world.loss = Box::new(move |way, datagram| {
            let media = matches!(datagram[0], 128..=191) && !matches!(datagram[1], 192..=223);
            if way != Way::Down(Who::Client(viewer)) || !media {
                return false;
            }
            let key = (datagram[8..12].try_into().expect("SSRC"), datagram[2..4].try_into().expect("number"));
            if let Some(before) = noted.borrow_mut().insert(key, datagram.to_vec()) {
                assert_eq!(before, datagram, "one number, two packets");
            }
            count += 1;
            count % 13 == 5
        });
        for turn in 0..12_u8 {
            stage.limit(turn % 3, turn / 2 % 3);
            stage.play(12);
        }
        stage.world.loss = Box::new(|_, _| false);
        stage.play(5);
        stage.world.run_for(Duration::from_millis(500));
        let seen = stage.seen();
        assert!(seen.iter().filter(|packet| packet.recovered).count() > 20);
        assert_whole(&seen);
    }
}
