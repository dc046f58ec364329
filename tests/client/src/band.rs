//! Who plays: clients that send a microphone and a camera, packet by packet recognisable.

use crate::world::World;
use crate::{ClientConfig, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::{MediaKind, Mid};
use auftakt_media::worker::SeatMids;
use std::time::Duration;

pub const FRAME: Duration = Duration::from_millis(20);

/// A camera: VP8 with a 15 bit picture id, three packets a frame, a keyframe when asked.
pub struct Camera {
    pub rid: Option<&'static str>,
    pub frame: u32,
    pub keyframe_next: bool,
    pub codec: Codec,
    pub size: usize,
}

impl Camera {
    pub fn new(rid: Option<&'static str>) -> Self {
        Self { rid, frame: 0, keyframe_next: true, codec: Codec::Vp8, size: 400 }
    }

    /// The payloads of the next frame. The last bytes name frame and packet.
    pub fn payloads(&self) -> Vec<Vec<u8>> {
        (0..3u8).map(|part| self.payload(part)).collect()
    }

    fn payload(&self, part: u8) -> Vec<u8> {
        let mut payload = match self.codec {
            Codec::H264 if part == 0 && self.keyframe_next => vec![0x67, 0x42, 0xE0],
            Codec::H264 => vec![0x41],
            _ => {
                let start = if part == 0 { 0x10 } else { 0 };
                let id = (self.frame as u16 & 0x7FFF | 0x8000).to_be_bytes();
                let inter = u8::from(!(self.keyframe_next && part == 0));
                vec![0x80 | start, 0x80, id[0], id[1], inter]
            }
        };
        payload.resize(self.size, part);
        payload.extend_from_slice(&self.frame.to_be_bytes());
        payload.push(part);
        payload
    }

    pub fn timestamp(&self) -> u32 {
        self.frame.wrapping_mul(90_000 / 50)
    }
}

/// Offers a microphone (mid 0) and a camera (mid 1), connects, returns the client's index.
pub fn join_publisher(world: &mut World, config: ClientConfig, rids: &[&str]) -> usize {
    let client = world.add(config);
    let add = &mut world.clients[client].client;
    add.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
    add.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[Codec::Vp8, Codec::H264], rids });
    world.negotiate(client, &[]);
    world.run_for(Duration::from_secs(1));
    assert!(world.clients[client].client.is_connected(), "publisher {client} connects");
    client
}

/// Offers `seats` pairs of sound (even mids) and picture (odd mids), connects, returns the client's index.
pub fn join_viewer(world: &mut World, config: ClientConfig, seats: usize) -> usize {
    let client = world.add(config);
    let mut pairs = vec![];
    for _ in 0..seats {
        let add = &mut world.clients[client].client;
        let audio = add.add_receiver(MediaKind::Audio, config.sound);
        let video = add.add_receiver(MediaKind::Video, &[Codec::Vp8, Codec::H264]);
        pairs.push(SeatMids { audio: Mid::parse(&audio), video: Mid::parse(&video) });
    }
    world.negotiate(client, &pairs);
    world.run_for(Duration::from_secs(1));
    assert!(world.clients[client].client.is_connected(), "viewer {client} connects");
    client
}

/// The nth packet of a microphone: 20 ms of what claims to be CELT stereo.
pub fn sound(n: u32) -> Vec<u8> {
    let mut payload = vec![0xFC];
    payload.extend_from_slice(&n.to_be_bytes());
    payload.resize(160, 0xA5);
    payload
}

/// Sends one 20 ms step of sound.
pub fn play_sound(world: &mut World, client: usize, n: u32) {
    let payload = sound(n);
    let now = world.now;
    world.clients[client].client.send(now, "0", &Outgoing::plain(Codec::Opus, n.wrapping_mul(960), false, &payload));
}

/// Sends one frame of each camera; keyframes when the server asked.
pub fn play_picture(world: &mut World, client: usize, cameras: &mut [Camera], asked: &mut [usize]) {
    let now = world.now;
    for (camera, asked) in cameras.iter_mut().zip(asked) {
        let wanted = world.keyframes_wanted(client, "1", camera.rid);
        camera.keyframe_next |= wanted > *asked;
        *asked = wanted;
        let payloads = camera.payloads();
        for (index, payload) in payloads.iter().enumerate() {
            let packet = Outgoing {
                rid: camera.rid,
                codec: camera.codec,
                timestamp: camera.timestamp(),
                marker: index + 1 == payloads.len(),
                payload,
                extension: None,
            };
            world.clients[client].client.send(now, "1", &packet);
        }
        camera.keyframe_next = false;
        camera.frame += 1;
    }
}

/// A publisher with its cameras, played step by step.
pub struct Player {
    pub client: usize,
    pub cameras: Vec<Camera>,
    asked: Vec<usize>,
    pub step: u32,
}

impl Player {
    pub fn new(client: usize, cameras: Vec<Camera>) -> Self {
        let asked = vec![0; cameras.len()];
        Self { client, cameras, asked, step: 0 }
    }

    pub fn play(&mut self, world: &mut World) {
        play_sound(world, self.client, self.step);
        play_picture(world, self.client, &mut self.cameras, &mut self.asked);
        self.step += 1;
    }
}

/// Lets several play together for so many steps of 20 ms.
pub fn play(world: &mut World, players: &mut [&mut Player], steps: u32) {
    for _ in 0..steps {
        for player in players.iter_mut() {
            player.play(world);
        }
        world.run_for(FRAME);
    }
}
