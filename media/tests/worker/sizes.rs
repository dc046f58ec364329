//! Which layer is enough for how large a picture is shown follows from how large the layers are, where keyframes say it.

use auftakt_client::band::FRAME;
use auftakt_client::world::{World, mid};
use auftakt_client::{ClientConfig, DEPENDENCY_DESCRIPTOR, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::worker::{Importance, Viewing};
use std::time::Duration;

/// Half of what is assumed of layers that say nothing.
const LAYERS: [(&str, u16); 3] = [("q", 90), ("h", 180), ("f", 360)];

/// A keyframe of one packet with its size in it: VP9's scalability structure, the structure of the dependency descriptor, or H.264's parameter
/// set.
fn keyframe(codec: Codec, height: u16, number: u16) -> (Vec<u8>, Vec<u8>) {
    let [width, lines] = [(height * 16 / 9).to_be_bytes(), height.to_be_bytes()];
    let [high, low] = (number | 0x8000).to_be_bytes();
    let (mut payload, mut descriptor) = match codec {
        // I, B, E, V; picture id; one spatial layer (Y).
        Codec::Vp9 => (vec![0x80 | 0x08 | 0x04 | 0x02, high, low, 0x10, width[0], width[1], lines[0], lines[1]], vec![]),
        Codec::H264 => (parameter_set(height), vec![]),
        // A new sequence. First and last packet, template 0; a structure of one template and one target, no chains, a size.
        _ => (vec![0x18], vec![0xC0, high, low, 0x80, 0, 0b1110_0010]),
    };
    if !descriptor.is_empty() {
        // It begins with the last bit of the byte before.
        descriptor.extend(((u32::from(height * 16 / 9 - 1) << 16 | u32::from(height - 1)) << 1).to_be_bytes());
    }
    payload.resize(usize::from(height), 0x55);
    (payload, descriptor)
}

/// Baseline, in whole blocks and so with a part of the last row cropped.
fn parameter_set(height: u16) -> Vec<u8> {
    let blocks = u32::from(height).div_ceil(16);
    let mut bits = String::new();
    // Number, frame numbers, picture order by decoding (2), reference frames; no gaps; width, height.
    [0, 0, 2, 1].into_iter().for_each(|value| golomb(&mut bits, value));
    bits.push('0');
    [u32::from(height) / 9 - 1, blocks - 1].into_iter().for_each(|value| golomb(&mut bits, value));
    // Frames only, no inference; cropped at the bottom, in pairs of lines.
    bits.push_str("101");
    [0, 0, 0, (blocks * 16 - u32::from(height)) / 2].into_iter().for_each(|value| golomb(&mut bits, value));
    bits.push_str("01000000000000000");
    let byte = |bits: &[u8]| bits.iter().fold(0, |value, bit| value << 1 | (bit - b'0'));
    [0x67, 66, 0, 30].into_iter().chain(bits.as_bytes().chunks_exact(8).map(byte)).collect()
}

/// ue(v).
fn golomb(bits: &mut String, value: u32) {
    let text = format!("{:b}", value + 1);
    bits.extend(std::iter::repeat_n('0', text.len() - 1));
    bits.push_str(&text);
}

#[test]
fn a_layer_is_as_large_as_its_keyframe_says() {
    for codec in [Codec::Vp9, Codec::Av1, Codec::H264] {
        let mut world = World::new();
        let client = world.add(ClientConfig::seeded(1));
        let rids = LAYERS.map(|(rid, _)| rid);
        world.clients[client].client.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[codec], rids: &rids });
        world.negotiate(client, &[]);
        let viewer = world.add(ClientConfig::seeded(2));
        world.clients[viewer].client.add_receiver(MediaKind::Video, &[codec]);
        world.negotiate(viewer, &[]);
        world.run_for(Duration::from_secs(1));
        world.assign(viewer, "0", Some(world.track(client, "0")));
        let mut number = 0;
        for (shown, expected) in [(360, 360), (90, 90), (180, 180), (720, 360)] {
            let viewing = Viewing { width: shown * 16 / 9, height: shown, importance: Importance::Ordinary };
            world.worker.set_viewing(world.now, world.clients[viewer].peer, mid("0"), viewing);
            for _ in 0..200 {
                for (rid, height) in LAYERS {
                    let (payload, descriptor) = keyframe(codec, height, number);
                    let extension = (!descriptor.is_empty()).then_some((DEPENDENCY_DESCRIPTOR, &descriptor[..]));
                    let plain = Outgoing::plain(codec, u32::from(number) * 1800, true, &payload);
                    let now = world.now;
                    world.clients[client].client.send(now, "0", &Outgoing { rid: Some(rid), extension, ..plain });
                }
                number += 1;
                world.run_for(FRAME);
            }
            let last = world.received(viewer, "0").pop().expect("a picture");
            assert_eq!(last.payload.len(), expected, "{codec:?} shown with {shown} lines");
        }
    }
}
