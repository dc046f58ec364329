//! Every parser on random bytes, and on valid packets with a few bytes changed, never panics.

use std::time::{Duration, Instant};

use auftakt_media::demux::{Packet, classify};
use auftakt_media::drops::DropReason;
use auftakt_media::dtls::{Certificate, DtlsServer, Fingerprint};
use auftakt_media::ice::{Credentials, IceLite};
use auftakt_media::srtp::{Inbound, KeyingMaterial, Outbound, SrtpProfile};
use auftakt_media::stun::BindingRequest;
use proptest::prelude::*;

fn keys(profile: SrtpProfile) -> KeyingMaterial {
    KeyingMaterial::from_export(profile, &vec![7; 2 * (profile.key_len() + profile.salt_len())]).unwrap()
}

fn profile() -> impl Strategy<Value = SrtpProfile> {
    prop::sample::select(vec![SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm, SrtpProfile::Aes128CmSha1_80])
}

/// A header that claims a binding request of a length that fits.
fn stun_like() -> impl Strategy<Value = Vec<u8>> {
    let attribute = (
        prop_oneof![any::<u16>(), prop::sample::select(vec![6u16, 8, 0x20, 0x24, 0x25, 0x8028, 0xc001])],
        any::<u16>(),
        prop::collection::vec(any::<u8>(), 0..40),
    )
        .prop_map(|(kind, lie, mut value)| {
            value.resize(value.len().next_multiple_of(4), 0);
            let len = if lie % 8 == 0 { lie } else { value.len() as u16 };
            [&kind.to_be_bytes()[..], &len.to_be_bytes()[..], &value[..]].concat()
        });
    prop::collection::vec(attribute, 0..6).prop_map(|attributes| {
        let body = attributes.concat();
        let mut datagram = vec![0, 1];
        datagram.extend_from_slice(&(body.len() as u16).to_be_bytes());
        datagram.extend_from_slice(&0x2112_A442u32.to_be_bytes());
        datagram.extend_from_slice(&[3; 12]);
        datagram.extend_from_slice(&body);
        datagram
    })
}

#[test]
fn protocols_are_told_apart_by_their_first_bytes() {
    let rest = [0; 30];
    let classify = |first: u8, second: u8| classify(&[&[first, second], &rest[..]].concat());
    for first in 0..=255u8 {
        let expected = match first {
            0..=3 => Ok(Packet::Stun),
            20..=63 => Ok(Packet::Dtls),
            128..=191 => Ok(Packet::Rtp),
            _ => Err(DropReason::UnknownProtocol),
        };
        assert_eq!(classify(first, 111), expected);
    }
    assert_eq!(classify(0x80, 0x80 | 111), Ok(Packet::Rtp));
    assert_eq!([200, 201, 202, 203, 205, 206].map(|kind| classify(0x81, kind)), [Ok(Packet::Rtcp); 6]);
    assert_eq!(auftakt_media::demux::classify(&[0x80, 111, 0]), Err(DropReason::RtpMalformed));
    assert_eq!(auftakt_media::demux::classify(&[]), Err(DropReason::UnknownProtocol));
}

proptest! {
    #[test]
    fn demultiplexing_survives(datagram in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = classify(&datagram);
    }

    #[test]
    fn stun_survives(datagram in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), stun_like()]) {
        let now = Instant::now();
        if let Ok(request) = BindingRequest::parse(&datagram) {
            prop_assert!(!request.verify("no such password"));
            let ours = Credentials { ufrag: request.local_ufrag().to_owned(), pwd: "no such password".to_owned() };
            let mut out = vec![];
            let result = IceLite::new(ours, now).handle_request(now, "192.0.2.1:1".parse::<std::net::SocketAddr>().unwrap(), &request, &mut out);
            prop_assert_eq!((result, out.len()), (Err(DropReason::StunUnauthenticated), 0));
        }
    }

    #[test]
    fn srtp_survives(profile in profile(), mut datagram in prop::collection::vec(any::<u8>(), 0..200), header_len in 0usize..250) {
        let mut inbound = Inbound::new(&keys(profile));
        prop_assert!(inbound.open_rtp(&mut datagram, header_len).is_err());
        prop_assert!(inbound.open_rtcp(&mut datagram).is_err());
    }

    #[test]
    fn sealing_survives(profile in profile(), bytes in prop::collection::vec(any::<u8>(), 0..60), start in 0usize..80, header_len in 0usize..80, index in any::<u64>()) {
        let mut outbound = Outbound::new(&keys(profile));
        outbound.seal_rtp(&mut bytes.clone(), start, header_len, index);
        outbound.seal_rtcp(&mut bytes.clone(), start);
    }

    #[test]
    fn what_is_sealed_is_opened(profile in profile(), payload in prop::collection::vec(any::<u8>(), 0..1200), sequence in any::<u16>(), ssrc in any::<u32>()) {
        let keys = keys(profile);
        let mut packet = vec![0x80, 96];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&[0; 4]);
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet.extend_from_slice(&payload);
        let plain = packet.clone();
        Outbound::new(&keys.swapped()).seal_rtp(&mut packet, 0, 12, u64::from(sequence));
        let opened = Inbound::new(&keys).open_rtp(&mut packet, 12).unwrap();
        prop_assert_eq!((&packet[..opened.len], opened.index), (&plain[..], u64::from(sequence)));
    }
}

/// Records that claim to be a handshake's.
fn dtls_like() -> impl Strategy<Value = Vec<u8>> {
    let record =
        (20u8..=26, 0u8..3, prop::sample::select(vec![0u8, 1, 2, 11, 14, 15, 16, 20]), 0u8..3, prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(content, epoch, message, sequence, body)| {
                let len = body.len() as u16;
                let [high, low] = len.to_be_bytes();
                let mut fragment = vec![message, 0, high, low, 0, sequence, 0, 0, 0, 0, high, low];
                fragment.extend_from_slice(&body);
                let mut record = vec![content, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, sequence];
                record.extend_from_slice(&(fragment.len() as u16).to_be_bytes());
                record.extend_from_slice(&fragment);
                record
            });
    prop_oneof![prop::collection::vec(record, 1..5).prop_map(|records| records.concat()), prop::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn dtls_survives(datagrams in prop::collection::vec(dtls_like(), 1..40)) {
        let mut now = Instant::now();
        let fingerprint = Fingerprint::parse("sha-256", &["00"; 32].join(":")).unwrap();
        let mut server = DtlsServer::new(&Certificate::generate().unwrap(), fingerprint, 1, now);
        let mut buf = [0; 1500];
        for datagram in datagrams {
            let _ = server.handle_datagram(now, &datagram);
            while server.poll_output(&mut buf).is_some() {}
            now += Duration::from_millis(100);
            server.handle_timeout(now);
        }
        prop_assert!(!server.is_connected());
    }
}
