use auftakt_media::drops::DropReason;
use auftakt_media::rtp::ext::{ExtensionKind, ExtensionMap, Extensions};
use auftakt_media::rtp::packet::{Header, HeaderFields, write_header};
use auftakt_media::rtp::seq::{Extender, extend, timestamp_newer};
use proptest::prelude::*;

fn chromium_map() -> ExtensionMap {
    let mut map = ExtensionMap::new();
    assert!(map.insert(4, ExtensionKind::Mid));
    assert!(map.insert(3, ExtensionKind::TransportCc));
    assert!(map.insert(10, ExtensionKind::Rid));
    assert!(map.insert(1, ExtensionKind::AudioLevel));
    assert!(map.insert(13, ExtensionKind::DependencyDescriptor));
    map
}

/// A Chromium video packet: marker, PT 96, mid "1", transport-wide number 7.
const WITH_EXTENSIONS: &[u8] = &[
    0x90, 0xe0, 0x12, 0x34, 0, 0, 0, 90, 0xde, 0xad, 0xbe, 0xef, // fixed header
    0xbe, 0xde, 0, 2, 0x40, b'1', 0x31, 0, 7, 0, 0, 0, // one-byte elements, then padding
    0xaa, 0xbb,
];

#[test]
fn a_header_with_extensions_is_read() {
    let header = Header::parse(WITH_EXTENSIONS).unwrap();
    assert!(header.marker);
    assert_eq!((header.payload_type, header.sequence, header.timestamp), (96, 0x1234, 90));
    assert_eq!((header.ssrc, header.len), (0xdead_beef, 24));
    let map = chromium_map();
    let found: Vec<_> = header.extensions(WITH_EXTENSIONS, &map).collect();
    assert_eq!(found, [(ExtensionKind::Mid, &b"1"[..]), (ExtensionKind::TransportCc, &[0, 7][..])]);
}

#[test]
fn headers_that_promise_more_than_there_is_are_refused() {
    for cut in 0..24 {
        assert_eq!(Header::parse(&WITH_EXTENSIONS[..cut]), Err(DropReason::RtpMalformed), "cut at {cut}");
    }
    let mut contributing = WITH_EXTENSIONS.to_vec();
    contributing[0] |= 0x0f;
    assert_eq!(Header::parse(&contributing), Err(DropReason::RtpMalformed));
    let mut version = WITH_EXTENSIONS.to_vec();
    version[0] = 0x50;
    assert_eq!(Header::parse(&version), Err(DropReason::RtpMalformed));
}

#[test]
fn padding_is_stripped_and_checked() {
    let mut packet = vec![0xa0, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    let header = Header::parse(&packet).unwrap();
    packet.extend_from_slice(&[7, 8, 0, 0, 3]);
    assert_eq!(header.strip_padding(&packet[12..]), Ok(&[7, 8][..]));
    assert_eq!(header.strip_padding(&[0, 0, 3]), Ok(&[][..]), "nothing but padding");
    for wrong in [&[][..], &[0], &[2], &[1, 4]] {
        assert_eq!(header.strip_padding(wrong), Err(DropReason::RtpMalformed), "{wrong:?}");
    }
}

#[test]
fn two_byte_elements_are_read_and_written_when_they_must_be() {
    let map = chromium_map();
    let long = [5; 40];
    let mut out = Vec::new();
    let fields = HeaderFields { marker: false, payload_type: 45, sequence: 1, timestamp: 2, ssrc: 3 };
    let elements = [(ExtensionKind::DependencyDescriptor, &long[..]), (ExtensionKind::Mid, b"video")];
    let len = write_header(&mut out, &fields, &map, &elements);
    assert_eq!(len, out.len());
    assert_eq!(out[12..14], [0x10, 0x00]);
    let header = Header::parse(&out).unwrap();
    assert_eq!(header.extensions(&out, &map).collect::<Vec<_>>(), elements);
}

#[test]
fn what_was_not_negotiated_is_not_written() {
    let mut out = Vec::new();
    let fields = HeaderFields { marker: true, payload_type: 111, sequence: 1, timestamp: 2, ssrc: 3 };
    write_header(&mut out, &fields, &ExtensionMap::new(), &[(ExtensionKind::Mid, b"0")]);
    assert_eq!(out, [0x80, 0xef, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]);
}

#[test]
fn reserved_and_taken_ids_are_refused() {
    let mut map = chromium_map();
    assert!(!map.insert(0, ExtensionKind::AudioLevel));
    assert!(!map.insert(15, ExtensionKind::AudioLevel));
    assert!(!map.insert(4, ExtensionKind::AudioLevel), "that is the mid");
    assert!(map.insert(4, ExtensionKind::Mid), "the same again");
    assert_eq!(map.iter().count(), 5);
    for kind in ExtensionKind::ALL {
        assert_eq!(ExtensionKind::from_uri(kind.uri()), Some(kind));
    }
}

#[test]
fn numbers_wrap_around() {
    assert_eq!(extend(0xffff, 0), 0x1_0000);
    assert_eq!(extend(0x1_0000, 0xffff), 0xffff);
    assert_eq!(extend(0, 0xffff), 0xffff, "never below zero");
    assert_eq!(extend(0x5_8000, 0x8001), 0x5_8001);
    assert!(timestamp_newer(5, u32::MAX - 5));
    assert!(!timestamp_newer(u32::MAX - 5, 5));
    let mut extender = Extender::default();
    let numbers: Vec<u64> = [65_534, 65_535, 1, 0, 2].map(|n| extender.extend(n)).to_vec();
    assert_eq!(numbers, [0x1_fffe, 0x1_ffff, 0x2_0001, 0x2_0000, 0x2_0002]);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let map = chromium_map();
        if let Ok(header) = Header::parse(&bytes) {
            prop_assert!(header.len <= bytes.len());
            let _ = header.extensions(&bytes, &map).count();
            let _ = header.strip_padding(&bytes[header.len..]);
        }
        for profile in [0xbede, 0x1000, 0x100f, 0] {
            prop_assert!(Extensions::new(profile, &bytes, &map).count() <= bytes.len());
        }
    }

    #[test]
    fn headers_come_back_as_they_were_written(
        marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
        mid in prop::collection::vec(any::<u8>(), 0..40), level: u8,
    ) {
        let map = chromium_map();
        let fields = HeaderFields { marker, payload_type, sequence, timestamp, ssrc };
        let level = [level];
        let elements = [(ExtensionKind::Mid, &mid[..]), (ExtensionKind::AudioLevel, &level[..])];
        let mut out = vec![1, 2, 3];
        write_header(&mut out, &fields, &map, &elements);
        let header = Header::parse(&out[3..]).unwrap();
        let read = HeaderFields {
            marker: header.marker, payload_type: header.payload_type, sequence: header.sequence,
            timestamp: header.timestamp, ssrc: header.ssrc,
        };
        prop_assert_eq!(read, fields);
        prop_assert_eq!(header.len, out.len() - 3);
        prop_assert_eq!(header.extensions(&out[3..], &map).collect::<Vec<_>>(), elements);
    }

    #[test]
    fn extension_is_the_nearest_number(near in 40_000u64..1 << 48, distance in -32_768i64..32_768) {
        let number = near.checked_add_signed(distance).unwrap();
        prop_assert_eq!(extend(near, number as u16), number);
    }
}
