use auftakt_media::codec::Codec;
use auftakt_media::rtp::counters::{Counters, PictureId};
use auftakt_media::rtp::vp8::Descriptor;
use auftakt_media::rtp::{opus, payload, red, rtx};
use proptest::prelude::*;

const ALL_CODECS: [Codec; 6] = [Codec::Opus, Codec::Red, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];

/// Chromium's descriptor: X, S; I, L, T; 15 bit picture id 0x1234; TL0PICIDX 9; temporal id 0, Y. Then a keyframe's first byte.
const VP8_KEYFRAME: &[u8] = &[0x90, 0xe0, 0x92, 0x34, 9, 0x20, 0x10, 0xaa];

fn is_keyframe(codec: Codec, bytes: &[u8]) -> bool {
    payload::inspect(codec, bytes).keyframe_start
}

#[test]
fn a_vp8_descriptor_is_read_and_rewritten() {
    let descriptor = Descriptor::parse(VP8_KEYFRAME).unwrap();
    assert!(descriptor.frame_start && descriptor.keyframe_start);
    assert_eq!(descriptor.counters.picture_id, Some(PictureId { value: 0x1234, at: 2, long: true }));
    assert_eq!(descriptor.counters.tl0_index, Some((9, 4)));

    let picture_id = descriptor.counters.picture_id.map(|id| PictureId { value: 0x7fff, ..id });
    let mut copy = VP8_KEYFRAME.to_vec();
    Counters { picture_id, tl0_index: Some((200, 4)), frame: None }.apply(&mut copy);
    assert_eq!(copy, [0x90, 0xe0, 0xff, 0xff, 200, 0x20, 0x10, 0xaa]);
}

#[test]
fn a_short_vp8_picture_id_stays_short() {
    let payload = [0x90, 0x80, 0x7f, 0x11];
    let descriptor = Descriptor::parse(&payload).unwrap();
    assert!(descriptor.frame_start && !descriptor.keyframe_start);
    let id = descriptor.counters.picture_id.unwrap();
    assert_eq!(id, PictureId { value: 0x7f, at: 2, long: false });
    let mut copy = payload.to_vec();
    Counters { picture_id: Some(PictureId { value: 0, ..id }), ..Counters::default() }.apply(&mut copy);
    assert_eq!(copy, [0x90, 0x80, 0, 0x11]);
}

#[test]
fn vp8_keyframes_begin_at_the_start_of_partition_0_only() {
    assert!(is_keyframe(Codec::Vp8, &[0x10, 0x00]));
    assert!(!is_keyframe(Codec::Vp8, &[0x10, 0x01]), "inter frame");
    assert!(!is_keyframe(Codec::Vp8, &[0x00, 0x00]), "not the start");
    assert!(!is_keyframe(Codec::Vp8, &[0x11, 0x00]), "partition 1");
    assert!(!is_keyframe(Codec::Vp8, &[0x10]), "nothing follows");
}

#[test]
fn h264_can_begin_where_parameter_sets_are() {
    assert!(is_keyframe(Codec::H264, &[0x67, 0x42]), "SPS");
    assert!(is_keyframe(Codec::H264, &[0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce]), "STAP-A of SPS and PPS");
    assert!(is_keyframe(Codec::H264, &[0x78, 0, 1, 0x09, 0, 2, 0x67, 0x42]), "SPS after a delimiter");
    assert!(!is_keyframe(Codec::H264, &[0x65, 0x88]), "IDR alone");
    assert!(!is_keyframe(Codec::H264, &[0x7c, 0x85, 0x88]), "FU-A of an IDR");
    assert!(!is_keyframe(Codec::H264, &[0x41, 0x9a]));
    assert!(!is_keyframe(Codec::H264, &[0x78, 0xff, 0xff, 0x67]), "STAP-A cut short");
}

#[test]
fn vp9_and_av1_keyframes_are_found() {
    assert!(is_keyframe(Codec::Vp9, &[0x8c, 0x92, 0x34, 0x00]), "picture id, begin, end");
    assert!(is_keyframe(Codec::Vp9, &[0xa8, 0x81, 0x00, 0x00, 0x01, 0x82]), "lowest spatial layer");
    assert!(!is_keyframe(Codec::Vp9, &[0xa8, 0x81, 0x00, 0x02, 0x01, 0x82]), "higher spatial layer");
    assert!(!is_keyframe(Codec::Vp9, &[0xcc, 0x92, 0x34, 0x00]), "predicted");
    assert!(!is_keyframe(Codec::Vp9, &[0x84, 0x92, 0x34, 0x00]), "not the begin");
    assert!(is_keyframe(Codec::Av1, &[0x18, 0x0a]));
    assert!(!is_keyframe(Codec::Av1, &[0x10, 0x0a]));
    assert!(!is_keyframe(Codec::Av1, &[0x98, 0x0a]), "continues a fragment");
}

#[test]
fn opus_durations_are_read() {
    let fullband = |frame_size: u8, code: u8| 0xe0 | frame_size << 3 | code;
    assert_eq!(opus::duration(&[fullband(3, 0), 1]), Some(960), "20 ms");
    assert_eq!(opus::duration(&[fullband(2, 0), 1]), Some(480), "10 ms");
    assert_eq!(opus::duration(&[fullband(3, 1), 1]), Some(1920), "two frames");
    assert_eq!(opus::duration(&[fullband(3, 3), 6, 1]), Some(5760), "120 ms");
    assert_eq!(opus::duration(&[fullband(3, 3), 7, 1]), None, "140 ms");
    assert_eq!(opus::duration(&[0x18, 1]), Some(2880), "SILK 60 ms");
    assert_eq!(opus::duration(&[]), None);
}

#[test]
fn red_is_taken_apart() {
    // One redundant block of 3 bytes, 960 ticks old, then the primary of 2.
    let payload = [0x80 | 111, 0x0f, 0x00, 0x03, 111, 1, 2, 3, 0xfc, 5];
    let blocks: Vec<_> = red::blocks(&payload).unwrap().collect();
    assert_eq!(blocks.len(), 2);
    assert_eq!((blocks[0].payload_type, blocks[0].timestamp_offset, blocks[0].payload), (111, 960, &[1, 2, 3][..]));
    assert_eq!((blocks[1].payload_type, blocks[1].timestamp_offset, blocks[1].payload), (111, 0, &[0xfc, 5][..]));
    assert_eq!(red::primary(&payload), Some(blocks[1]));
    assert_eq!(payload::inspect(Codec::Red, &payload).duration, 960);
    assert_eq!(red::primary(&[0x80 | 111, 0, 0, 9, 111, 1]), None, "a block longer than the payload");
    assert_eq!(red::primary(&[0x80 | 111, 0, 0]), None, "a header cut short");
    assert_eq!(red::primary(&[]), None);
}

/// Parameter sets of real encoders; two have bytes that keep start codes out, one is cropped.
#[test]
fn h264_says_how_large_it_is() {
    let sets: [(&[u8], (u16, u16)); 3] = [
        (&[0x7A, 0, 0x1F, 0xBC, 0xD9, 0x40, 0x50, 5, 0xBA, 0x10, 0, 0, 3, 0, 0xC0, 0, 0, 0x2A, 0xE0, 0xF1, 0x83, 0x19, 0x60], (1280, 720)),
        (
            &[0x7A, 0, 0x1E, 0xBC, 0xD9, 0x40, 0xA0, 0x2F, 0xF8, 0x98, 0x40, 0, 0, 3, 1, 0x80, 0, 0, 0x56, 0x83, 0xC5, 0x8B, 0x65, 0x80],
            (640, 360),
        ),
        (
            &[0x7A, 0, 0x0D, 0xBC, 0xD9, 0x43, 0x43, 0x3E, 0x5E, 0x10, 0, 0, 3, 0, 0x60, 0, 0, 0x15, 0xA0, 0xF1, 0x42, 0x99, 0x60],
            (200, 400),
        ),
    ];
    for (set, size) in sets {
        let alone = [&[0x67], set].concat();
        let aggregate = [&[0x78, 0, 2, 0x09, 0x10, 0, alone.len() as u8], &alone[..]].concat();
        for payload in [alone, aggregate] {
            assert_eq!(payload::inspect(Codec::H264, &payload).size, Some(size));
            assert_eq!(payload::inspect(Codec::H264, &payload[..payload.len() - 16]).size, None, "cut short");
        }
    }
    assert_eq!(payload::inspect(Codec::H264, &[0x41, 0x9a]).size, None);
}

#[test]
fn retransmissions_name_their_original() {
    let mut out = Vec::new();
    rtx::write_original_sequence(&mut out, 0x1234);
    assert_eq!(rtx::unwrap(&out), None, "a probe");
    out.push(9);
    assert_eq!(rtx::unwrap(&out), Some((0x1234, &[9][..])));
}

proptest! {
    #[test]
    fn random_payloads_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for codec in ALL_CODECS {
            let info = payload::inspect(codec, &bytes);
            let mut copy = bytes.clone();
            info.counters.apply(&mut copy);
            prop_assert_eq!(&copy, &bytes, "the same values change nothing");
        }
        let _ = red::blocks(&bytes).map(Iterator::count);
        let _ = rtx::unwrap(&bytes);
    }

    #[test]
    fn patches_of_another_payload_never_panic(at: u8, long: bool, value: u16, bytes in prop::collection::vec(any::<u8>(), 0..16)) {
        let mut copy = bytes;
        Counters { picture_id: Some(PictureId { value, at, long }), tl0_index: Some((1, at)), frame: None }.apply(&mut copy);
    }
}
