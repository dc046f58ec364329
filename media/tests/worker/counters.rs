//! What counts pictures beside the RTP header goes on when somebody else begins in a seat, whatever the codec: a receiver that takes numbers
//! literally, as Chromium does, never waits for them to catch up.

use auftakt_client::band::FRAME;
use auftakt_client::world::{Way, Who, World};
use auftakt_client::{ClientConfig, DEPENDENCY_DESCRIPTOR, Outgoing, Received, Rtx, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::rtp::dependency_descriptor::{Mandatory, brings_structure};
use auftakt_media::rtp::vp9;
use auftakt_media::worker::LayerLimit;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// What went out, by SSRC and number.
type Sent = BTreeMap<([u8; 4], [u8; 2]), Vec<u8>>;

/// A camera of two packets a frame, which counts from a number of its own.
struct Camera {
    client: usize,
    codec: Codec,
    rid: Option<&'static str>,
    frame: u16,
    keyframe_next: bool,
    asked: usize,
}

impl Camera {
    fn shoot(&mut self, world: &mut World) {
        let asked = world.keyframes_wanted(self.client, "0", self.rid);
        self.keyframe_next |= asked > self.asked;
        self.asked = asked;
        for part in 0..2 {
            let (payload, descriptor) = (self.payload(part), self.descriptor(part));
            let timestamp = u32::from(self.frame) * 1800;
            let extension = (self.codec == Codec::Av1).then_some((DEPENDENCY_DESCRIPTOR, &descriptor[..]));
            let packet = Outgoing { rid: self.rid, codec: self.codec, timestamp, marker: part == 1, payload: &payload, extension };
            let now = world.now;
            world.clients[self.client].client.send(now, "0", &packet);
        }
        self.keyframe_next = false;
        self.frame = self.frame.wrapping_add(1);
    }

    /// The last bytes say which client, encoding, frame and part it is.
    fn payload(&self, part: u8) -> Vec<u8> {
        let mut payload = match self.codec {
            // Z, Y, W, N: a new sequence begins with a keyframe's first packet.
            Codec::Av1 => vec![if part > 0 {
                0x90
            } else if self.keyframe_next {
                0x18
            } else {
                0x10
            }],
            _ => {
                let [high, low] = (self.frame & 0x7FFF | 0x8000).to_be_bytes();
                let predicted = if self.keyframe_next { 0 } else { 0x40 };
                // I, P, L, B, E; layer 0; TL0PICIDX.
                vec![0xA0 | predicted | if part == 0 { 8 } else { 4 }, high, low, 0, self.frame as u8]
            }
        };
        payload.resize(300, 0x55);
        payload.extend([self.client as u8, self.rid.map_or(0, |rid| rid.as_bytes()[0])]);
        payload.extend(self.frame.to_be_bytes());
        payload.push(part);
        payload
    }

    /// One layer. A keyframe's first packet brings the structure: one template, one target, no chains, no sizes.
    fn descriptor(&self, part: u8) -> Vec<u8> {
        let [high, low] = self.frame.to_be_bytes();
        let mut descriptor = vec![if part == 0 { 0x80 } else { 0x40 }, high, low];
        if self.keyframe_next && part == 0 {
            // Structure; offset 0; one target; no next layer, switch, no references, no chains, no resolutions.
            descriptor.extend([0b1000_0000, 0, 0b1110_0000]);
        }
        descriptor
    }
}

/// Which frame a packet is of: client, encoding, frame; and its part.
fn name(packet: &Received) -> ((u8, u8, u16), u8) {
    let [.., client, rid, high, low, part] = packet.payload[..] else { panic!("a payload") };
    ((client, rid, u16::from_be_bytes([high, low])), part)
}

struct Stage {
    world: World,
    cameras: Vec<Camera>,
    viewer: usize,
    config: ClientConfig,
}

impl Stage {
    fn new(codec: Codec, rtx: Rtx, publishers: &[(u16, &[&'static str])]) -> Self {
        let mut world = World::new();
        let mut cameras = vec![];
        for (n, (first, rids)) in publishers.iter().enumerate() {
            let client = world.add(ClientConfig { rtx, ..ClientConfig::seeded(n as u64 + 1) });
            world.clients[client].client.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[codec], rids });
            world.negotiate(client, &[]);
            let names: Vec<_> = if rids.is_empty() { vec![None] } else { rids.iter().map(|rid| Some(*rid)).collect() };
            cameras.extend(names.into_iter().zip(0..).map(|(rid, index)| {
                let frame = first.wrapping_add(index * 9000);
                Camera { client, codec, rid, frame, keyframe_next: true, asked: 0 }
            }));
        }
        let config = ClientConfig { rtx, ..ClientConfig::seeded(9) };
        let viewer = world.add(config);
        world.clients[viewer].client.add_receiver(MediaKind::Video, &[codec]);
        world.negotiate(viewer, &[]);
        world.run_for(Duration::from_secs(1));
        Self { world, cameras, viewer, config }
    }

    fn sit(&mut self, client: usize) {
        let track = self.world.track(client, "0");
        self.world.assign(self.viewer, "0", Some(track));
    }

    fn play(&mut self, frames: u32) {
        for _ in 0..frames {
            self.cameras.iter_mut().for_each(|camera| camera.shoot(&mut self.world));
            self.world.run_for(FRAME);
        }
    }

    fn descriptor<'a>(&self, packet: &'a Received) -> &'a [u8] {
        let id = self.config.numbers.extension(DEPENDENCY_DESCRIPTOR);
        packet.extensions.iter().find(|(other, _)| *other == id).map_or(&[], |(_, value)| value)
    }

    /// What counts a packet's frame as the receiver sees it, each with its highest value.
    fn numbers(&self, packet: &Received) -> Vec<(u16, u16)> {
        match packet.codec {
            Codec::Av1 => vec![(Mandatory::parse(self.descriptor(packet)).expect("a descriptor").frame, u16::MAX)],
            _ => {
                let counters = vp9::Descriptor::parse(&packet.payload).expect("a descriptor").counters;
                vec![(counters.picture_id.expect("an id").value, 0x7FFF), (counters.tl0_index.expect("an index").0.into(), 0xFF)]
            }
        }
    }

    /// Every frame has one number, and the next one has the next. Where somebody begins, a keyframe does, with its structure.
    fn assert_counts_on(&self) -> usize {
        let mut seen = self.world.received(self.viewer, "0");
        seen.sort_by_key(|packet| packet.index);
        assert!(seen.windows(2).all(|pair| pair[1].index == pair[0].index + 1), "nothing is missing");
        let mut beginnings = 0;
        for pair in seen.windows(2) {
            let [(before, _), (after, part)] = [name(&pair[0]), name(&pair[1])];
            for ((low, most), (high, _)) in self.numbers(&pair[0]).into_iter().zip(self.numbers(&pair[1])) {
                assert_eq!(high.wrapping_sub(low) & most, u16::from(before != after), "{before:?} is {low}, {after:?} is {high}");
            }
            if (before.0, before.1) != (after.0, after.1) {
                beginnings += 1;
                assert_eq!(part, 0);
                assert!(pair[1].codec != Codec::Av1 || brings_structure(self.descriptor(&pair[1])));
            }
        }
        beginnings
    }
}

/// The numbers of the people differ by thousands, and lie on both sides of the wrap.
const PEOPLE: [(u16, &[&str]); 3] = [(30_000, &[]), (100, &[]), (65_500, &[])];

#[test]
fn numbers_go_on_whoever_sits_down() {
    for codec in [Codec::Av1, Codec::Vp9] {
        let mut stage = Stage::new(codec, Rtx::Offered, &PEOPLE);
        for turn in 0..9 {
            stage.sit(turn * 2 % 3);
            stage.play(40);
        }
        assert_eq!(stage.assert_counts_on(), 8, "{codec:?}");
    }
}

#[test]
fn numbers_go_on_from_encoding_to_encoding() {
    for codec in [Codec::Av1, Codec::Vp9] {
        let mut stage = Stage::new(codec, Rtx::Offered, &[(40_000, &["q", "h", "f"])]);
        stage.sit(0);
        stage.play(150);
        let peer = stage.world.clients[stage.viewer].peer;
        for rank in [0, 2, 1, 0, 1] {
            stage.world.worker.set_layer_limit(peer, auftakt_client::world::mid("0"), LayerLimit::UpTo(rank));
            stage.world.carry();
            stage.play(50);
        }
        assert!(stage.assert_counts_on() >= 4, "{codec:?}");
    }
}

/// Under the picture's own number (no RTX) byte by byte, under that of the retransmissions with the same frame number.
#[test]
fn what_is_sent_again_counts_as_it_did() {
    for (codec, rtx) in [(Codec::Av1, Rtx::Offered), (Codec::Av1, Rtx::None), (Codec::Vp9, Rtx::Offered), (Codec::Vp9, Rtx::None)] {
        let mut stage = Stage::new(codec, rtx, &PEOPLE);
        let sent: Rc<RefCell<Sent>> = Rc::default();
        let (noted, mut state) = (sent.clone(), 11_u64);
        stage.world.loss = Box::new(move |way, datagram| {
            let media = matches!(datagram[0], 128..=191) && !matches!(datagram[1], 192..=223);
            if media && matches!(way, Way::Down(Who::Client(_))) {
                let key = (datagram[8..12].try_into().expect("SSRC"), datagram[2..4].try_into().expect("number"));
                if let Some(before) = noted.borrow_mut().insert(key, datagram.to_vec()) {
                    assert_eq!(before, datagram, "one number, two packets");
                }
            }
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            media && (state >> 33) % 100 < 6
        });
        for turn in 0..8 {
            stage.sit(turn * 2 % 3);
            stage.play(40);
        }
        stage.world.loss = Box::new(|_, _| false);
        stage.play(10);
        stage.world.run_for(Duration::from_secs(1));
        assert!(stage.world.clients[stage.viewer].client.seen("0").expect("a section").recovered > 20);
        assert!(stage.assert_counts_on() >= 6, "{codec:?}, {rtx:?}");
    }
}

/// What describes itself by a structure that is not there cannot be decoded.
#[test]
fn a_keyframe_without_its_structure_is_no_beginning() {
    let mut stage = Stage::new(Codec::Av1, Rtx::Offered, &PEOPLE[..1]);
    let payload = stage.cameras[0].payload(0);
    let bare = [0x80, 0x75, 0x30];
    for n in 0..3 {
        stage.sit(0);
        let now = stage.world.now;
        let extension = Some((DEPENDENCY_DESCRIPTOR, &bare[..]));
        let packet = Outgoing { extension, ..Outgoing::plain(Codec::Av1, n, false, &payload) };
        stage.world.clients[0].client.send(now, "0", &packet);
        stage.world.run_for(FRAME);
    }
    assert!(stage.world.received(stage.viewer, "0").is_empty());
    stage.play(5);
    assert_eq!(stage.world.received(stage.viewer, "0").len(), 10);
}
