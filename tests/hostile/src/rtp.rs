//! RTP headers and payloads.

use arbitrary::Unstructured;
use auftakt_media::codec::Codec;
use auftakt_media::rtp::counters::{Counters, PictureId};
use auftakt_media::rtp::dependency_descriptor::{Mandatory, Structure, brings_structure, renumber};
use auftakt_media::rtp::ext::{ExtensionKind, ExtensionMap};
use auftakt_media::rtp::layers::{SPATIAL_COUNT, TEMPORAL_COUNT};
use auftakt_media::rtp::packet::{FIXED_HEADER_LEN, Header, HeaderFields, write_header};
use auftakt_media::rtp::payload::inspect;
use auftakt_media::rtp::{red, rtx, vp8, vp9};

/// The first bytes say which extension has which id; the rest is a packet.
pub(crate) fn header(data: &[u8]) {
    let Some((ids, packet)) = data.split_first_chunk::<{ ExtensionKind::COUNT }>() else { return };
    let mut map = ExtensionMap::new();
    for (&id, kind) in ids.iter().zip(ExtensionKind::ALL) {
        map.insert(id, kind);
    }
    let Ok(header) = Header::parse(packet) else { return };
    assert!((FIXED_HEADER_LEN..=packet.len()).contains(&header.len));
    let mut found: Vec<(ExtensionKind, &[u8])> = header.extensions(packet, &map).collect();
    if let Ok(payload) = header.strip_padding(&packet[header.len..]) {
        assert!(payload.len() <= packet.len() - header.len);
    }
    // What was read can be written, and reads the same.
    let fields = HeaderFields {
        marker: header.marker,
        payload_type: header.payload_type,
        sequence: header.sequence,
        timestamp: header.timestamp,
        ssrc: header.ssrc,
    };
    let mut written = vec![0xAA; 3];
    let len = write_header(&mut written, &fields, &map, &found);
    let again = Header::parse(&written[3..]).expect("what we write can be read");
    assert_eq!((again.len, written.len()), (len, 3 + len));
    assert_eq!((again.marker, again.payload_type, again.sequence), (header.marker, header.payload_type, header.sequence));
    assert_eq!((again.timestamp, again.ssrc), (header.timestamp, header.ssrc));
    // The two-byte form can say nothing with length 0 in the one-byte form's place of padding.
    let read: Vec<(ExtensionKind, &[u8])> = again.extensions(&written[3..], &map).collect();
    found.retain(|(kind, value)| map.id(*kind).is_some() && value.len() <= 255);
    assert_eq!(read, found);
}

/// The first byte says which codec.
pub(crate) fn payload(data: &[u8]) {
    const CODECS: [Codec; 6] = [Codec::Opus, Codec::Red, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];
    let Some((&which, payload)) = data.split_first() else { return };
    let codec = CODECS[usize::from(which) % CODECS.len()];
    if payload.is_empty() {
        return;
    }
    let info = inspect(codec, payload);
    assert!(info.duration <= 5760, "no Opus packet is longer than 120 ms");
    match codec {
        Codec::Red => redundant(payload),
        Codec::Vp8 => {
            let rest = |descriptor| vp8::Descriptor { counters: Counters::default(), ..descriptor };
            counters(payload, vp8::Descriptor::parse, |descriptor| descriptor.counters, rest);
        }
        Codec::Vp9 => {
            assert!(vp9::Descriptor::parse(payload).is_none_or(|descriptor| descriptor.len < payload.len()));
            let rest = |descriptor| vp9::Descriptor { counters: Counters::default(), ..descriptor };
            counters(payload, vp9::Descriptor::parse, |descriptor| descriptor.counters, rest);
        }
        // Scalable streams say in descriptors beside the payload what is in it; one brings what the next refer to.
        Codec::Av1 => descriptors(payload),
        _ => {}
    }
    if let Some((_, original)) = rtx::unwrap(payload) {
        assert_eq!(original.len() + 2, payload.len());
    }
}

fn descriptors(data: &[u8]) {
    let (mut structure, mut renumbered) = (Structure::default(), Structure::default());
    for descriptor in data.chunks(usize::from(data[0]).max(1)) {
        let layers = structure.read(descriptor);
        assert!(layers.is_none_or(|layers| layers.spatial < SPATIAL_COUNT && layers.temporal < TEMPORAL_COUNT));
        // Under another frame number it says the same.
        let mut other = descriptor.to_vec();
        renumber(&mut other, 0xA5C3);
        assert!(Mandatory::parse(&other).is_none_or(|mandatory| mandatory.frame == 0xA5C3));
        assert_eq!((renumbered.read(&other), brings_structure(&other)), (layers, brings_structure(descriptor)));
    }
}

fn redundant(payload: &[u8]) {
    let Some(blocks) = red::blocks(payload) else { return };
    let blocks: Vec<red::Block<'_>> = blocks.collect();
    let (last, older) = blocks.split_last().expect("a primary block");
    assert_eq!(red::primary(payload), Some(*last));
    assert_eq!(last.timestamp_offset, 0);
    let len = |block: &red::Block<'_>| block.payload.len();
    assert_eq!(blocks.iter().map(len).sum::<usize>() + 4 * older.len() + 1, payload.len(), "every byte is in one block");
}

/// What a seat writes into a payload is what its receiver reads.
/// Whatever the counters are moved to, the rest is read as before.
fn counters<D>(payload: &[u8], parse: impl Fn(&[u8]) -> Option<D>, of: impl Fn(&D) -> Counters, rest: impl Fn(D) -> D)
where
    D: PartialEq + std::fmt::Debug,
{
    let Some(descriptor) = parse(payload) else { return };
    let mut input = Unstructured::new(payload);
    let (value, tl0): (u16, u8) = input.arbitrary().unwrap_or_default();
    let read = of(&descriptor);
    let moved = Counters {
        picture_id: read.picture_id.map(|id| PictureId { value: if id.long { value & 0x7FFF } else { value & 0x7F }, ..id }),
        tl0_index: read.tl0_index.map(|(_, at)| (tl0, at)),
        frame: None,
    };
    let mut patched = payload.to_vec();
    moved.apply(&mut patched);
    let again = parse(&patched).expect("still a descriptor");
    assert_eq!(of(&again), moved);
    assert_eq!(rest(again), rest(descriptor));
}
