//! Scalable streams: what their packets say of their layers, against another implementation and against the specification's own words.

use auftakt_media::rtp::dependency_descriptor::{Mandatory, Structure};
use auftakt_media::rtp::layers::{cell, cells_from};
use auftakt_media::rtp::vp9::Descriptor;
use bytes::Bytes;
use proptest::prelude::*;
use rtc_rtp::codec::vp9::Vp9Packet;
use rtc_rtp::packetizer::Depacketizer;

/// A descriptor of any shape, and what follows.
fn vp9() -> impl Strategy<Value = Vec<u8>> {
    (any::<[u8; 8]>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(head, rest)| {
        let mut payload = head.to_vec();
        payload.extend(rest);
        payload
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn vp9_descriptors_read_as_another_implementation_reads_them(payload in vp9()) {
        let mut other = Vp9Packet::default();
        let read = other.depacketize(&Bytes::from(payload.clone()));
        let (Some(ours), Ok(body)) = (Descriptor::parse(&payload), read) else { return Ok(()) };
        // It reads no reference indices without P, as we do.
        prop_assert_eq!(ours.predicted, other.p);
        prop_assert_eq!((ours.flexible, ours.frame_start, ours.frame_end), (other.f, other.b, other.e));
        prop_assert_eq!(ours.counters.picture_id.map(|id| id.value), other.i.then_some(other.picture_id));
        let layer = ours.layer.map(|layer| (layer.temporal, layer.switch_up, layer.spatial, layer.depends));
        prop_assert_eq!(layer, other.l.then_some((other.tid, other.u, other.sid, other.d)));
        prop_assert_eq!(ours.counters.tl0_index.map(|(value, _)| value), (other.l && !other.f).then_some(other.tl0picidx));
        // It takes reserved bits of the scalability structure for its G (RFC 9628 §4.2.1): see the vector below.
        if !other.v {
            prop_assert_eq!(&payload[ours.len..], &body[..]);
        }
    }

    #[test]
    fn no_bytes_break_a_structure(descriptors in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..20)) {
        let mut structure = Structure::default();
        for descriptor in &descriptors {
            if let Some(layers) = structure.read(descriptor) {
                prop_assert!(layers.spatial < 4 && layers.temporal < 8);
                prop_assert_eq!(Mandatory::parse(descriptor).map(|m| (m.frame_start, m.frame_end)), Some((layers.frame_start, layers.frame_end)));
            }
        }
    }
}

/// The writing side of the specification's appendix A, bit by bit.
#[derive(Default)]
struct Writer {
    bits: Vec<bool>,
}

impl Writer {
    fn put(&mut self, value: u32, count: u32) {
        self.bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    }

    /// ns(n)
    fn non_symmetric(&mut self, value: u32, count: u32) {
        let width = u32::BITS - count.leading_zeros();
        let short = (1 << width) - count;
        if value < short { self.put(value, width - 1) } else { self.put(value + short, width) }
    }

    fn bytes(mut self) -> Vec<u8> {
        self.bits.resize(self.bits.len().div_ceil(8) * 8, false);
        self.bits.chunks(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | u8::from(*bit))).collect()
    }
}

/// Spatial and temporal layer, and what it is to each target: `-` nothing, `D` discardable, `S` switch, `R` required.
type Template = (u32, u32, &'static str);

fn mandatory(writer: &mut Writer, template: u32, frame: u32) {
    writer.put(0b11, 2);
    writer.put(template, 6);
    writer.put(frame, 16);
}

/// What a keyframe brings.
fn keyframe(offset: u32, template: u32, templates: &[Template], chains: u32) -> Vec<u8> {
    let mut writer = Writer::default();
    mandatory(&mut writer, (template + offset) % 64, 7);
    writer.put(0b10000, 5);
    let targets = templates[0].2.len() as u32;
    writer.put(offset, 6);
    writer.put(targets - 1, 5);
    for pair in templates.windows(2) {
        writer.put(if pair[1].0 > pair[0].0 { 2 } else { u32::from(pair[1].1 > pair[0].1) }, 2);
    }
    writer.put(3, 2);
    for (_, _, indications) in templates {
        indications.chars().for_each(|indication| writer.put("-DSR".find(indication).expect("an indication") as u32, 2));
    }
    for index in 0..templates.len() as u32 {
        (0..index % 3).for_each(|difference| writer.put(0b10000 | difference, 5));
        writer.put(0, 1);
    }
    writer.non_symmetric(chains, targets + 1);
    if chains > 0 {
        (0..targets).for_each(|target| writer.non_symmetric(target % chains, chains));
        (0..templates.len() as u32 * chains).for_each(|fdiff| writer.put(fdiff % 16, 4));
    }
    let spatial = templates.last().expect("a template").0;
    writer.put(1, 1);
    (0..=spatial).for_each(|layer| writer.put(0x013f_00b3 << layer, 32));
    writer.bytes()
}

fn frame(offset: u32, template: u32) -> Vec<u8> {
    let mut writer = Writer::default();
    mandatory(&mut writer, (template + offset) % 64, 8);
    writer.bytes()
}

/// As the specification's L2T2_KEY: four targets, (0,0), (0,1), (1,0), (1,1).
const L2T2_KEY: [Template; 6] = [(0, 0, "SSSS"), (0, 0, "SS--"), (0, 1, "-D--"), (1, 0, "--SS"), (1, 0, "--SS"), (1, 1, "---D")];
/// L1T3: targets (0,0), (0,1), (0,2).
const L1T3: [Template; 4] = [(0, 0, "SSS"), (0, 0, "SSS"), (0, 1, "-SS"), (0, 2, "--D")];

#[test]
fn a_structure_says_what_each_frame_is_for() {
    for (offset, chains) in [(0, 0), (5, 2), (63, 1), (40, 4)] {
        let mut structure = Structure::default();
        assert_eq!(structure.read(&frame(offset, 0)), None, "nothing is known before a keyframe");
        let key = structure.read(&keyframe(offset, 0, &L2T2_KEY, chains)).expect("a keyframe");
        assert_eq!(structure.size(), Some((639, 359)), "of the upper layer");
        assert_eq!((key.spatial, key.temporal, key.needed), (0, 0, u32::MAX));
        assert_eq!(key.switch, u32::MAX, "whoever begins, begins here");
        let upper = structure.read(&frame(offset, 4)).expect("a frame of the upper layer");
        assert_eq!((upper.spatial, upper.temporal), (1, 0));
        assert_eq!(upper.needed, cells_from(1, 0));
        assert_eq!(upper.top, cells_from(1, 0), "its picture ends with it, for whoever has it");
        let finest = structure.read(&frame(offset, 5)).expect("a frame of the finest layer");
        assert_eq!((finest.needed, finest.switch), (cells_from(1, 1), 0));
        // The lower layer's own fine frames are for the lower layer, and for who may have to go back to it.
        let lower = structure.read(&frame(offset, 2)).expect("a frame of the lower layer");
        assert_eq!((lower.needed, lower.top & cells_from(1, 0)), (cells_from(0, 1), 0));
        assert_eq!(structure.read(&frame(offset, 6)), None, "no such template");
    }
    let mut structure = Structure::default();
    structure.read(&keyframe(9, 0, &L1T3, 1)).expect("a keyframe");
    let middle = structure.read(&frame(9, 2)).expect("a frame");
    assert_eq!((middle.needed & cell(0, 0), middle.switch & cell(0, 1), middle.switch & cell(0, 2)), (0, cell(0, 1), cell(0, 2)));
}

#[test]
fn what_is_not_sent_any_more_is_nobodys_aim() {
    let mut structure = Structure::default();
    structure.read(&keyframe(0, 0, &L2T2_KEY, 2)).expect("a keyframe");
    // Only the lower layer is still sent: who wants the upper one gets the lower.
    let mut writer = Writer::default();
    mandatory(&mut writer, 1, 9);
    writer.put(0b01000, 5);
    // Bits count from the first target.
    writer.put(0b0011, 4);
    let lower = structure.read(&writer.bytes()).expect("a frame");
    assert_eq!(lower.top, u32::MAX, "the picture ends with it for everybody");
}

#[test]
fn a_frame_may_say_for_itself_what_it_is_for() {
    let mut structure = Structure::default();
    structure.read(&keyframe(0, 0, &L1T3, 0)).expect("a keyframe");
    let mut writer = Writer::default();
    mandatory(&mut writer, 3, 9);
    writer.put(0b00100, 5);
    [0, 2, 3].into_iter().for_each(|indication| writer.put(indication, 2));
    let own = structure.read(&writer.bytes()).expect("a frame");
    assert_eq!((own.needed, own.switch & cell(0, 1), own.switch & cell(0, 2)), (cells_from(0, 1), cell(0, 1), 0));
    let usual = structure.read(&frame(0, 3)).expect("a frame");
    assert_eq!(usual.needed, cells_from(0, 2), "the next one is as its template says");
}

#[test]
fn vp9_layers_are_told_by_the_descriptor() {
    // I, L, B, E; picture id 5; TID 1, U, SID 2, D; TL0PICIDX 9.
    let payload = [0x80 | 0x20 | 0x08 | 0x04, 5, 1 << 5 | 0x10 | 2 << 1 | 1, 9, 0xaa];
    let layers = Descriptor::parse(&payload).and_then(|d| d.layers()).expect("layers");
    assert_eq!((layers.spatial, layers.temporal, layers.switch_up), (2, 1, true));
    assert_eq!((layers.needed, layers.frame_start, layers.frame_end), (cells_from(2, 1), true, true));
    assert_eq!(layers.top, cells_from(2, 0) & !cells_from(3, 0));
    let key = Descriptor::parse(&[0x20 | 0x08, 0, 9, 0xaa]).and_then(|d| d.layers()).expect("layers");
    assert_eq!((key.switch, layers.switch), (u32::MAX, 0), "everybody can begin with the lowest layer of a keyframe");
    assert!(Descriptor::parse(&[0x20 | 0x08, 0x10, 9, 0xaa]).is_some_and(|d| d.is_keyframe_start()));
    assert!(Descriptor::parse(&[0x80, 0x80]).is_none(), "cut short");
    // V: two sizes, and a pattern of two pictures with one and two references.
    let mut structured = vec![0x08 | 0x02, 1 << 5 | 0x10 | 0x08];
    structured.extend([1, 64, 0, 180, 2, 128, 1, 104]);
    structured.extend([2, 1 << 2, 1, 1 << 5 | 2 << 2, 1, 2]);
    structured.push(0xaa);
    assert_eq!(Descriptor::parse(&structured).map(|d| (d.len, d.size)), Some((structured.len() - 1, Some((640, 360)))));
    assert_eq!(Descriptor::parse(&structured[..structured.len() - 2]), None);
}
