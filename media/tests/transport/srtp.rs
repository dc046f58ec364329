//! SRTP against the crate `rtc-srtp`, and what replay and forgery must not achieve.

use auftakt_media::drops::DropReason;
use auftakt_media::srtp::{Inbound, KeyingMaterial, Outbound, SrtpProfile};
use rtc::crypto::default_provider;
use rtc::srtp::context::Context;
use rtc::srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc::srtp::protection_profile::ProtectionProfile;

const PROFILES: [(SrtpProfile, ProtectionProfile); 3] = [
    (SrtpProfile::AeadAes128Gcm, ProtectionProfile::AeadAes128Gcm),
    (SrtpProfile::AeadAes256Gcm, ProtectionProfile::AeadAes256Gcm),
    (SrtpProfile::Aes128CmSha1_80, ProtectionProfile::Aes128CmHmacSha1_80),
];

fn exported(profile: SrtpProfile) -> Vec<u8> {
    (0..2 * (profile.key_len() + profile.salt_len())).map(|i| (i * 7 + 3) as u8).collect()
}

fn keys(profile: SrtpProfile) -> KeyingMaterial {
    KeyingMaterial::from_export(profile, &exported(profile)).unwrap()
}

/// A context of the other implementation, with the keys of the named side.
fn foreign(profile: SrtpProfile, theirs: ProtectionProfile, of_client: bool) -> Context {
    let exported = exported(profile);
    let (key_len, salt_len) = (profile.key_len(), profile.salt_len());
    let nth = usize::from(!of_client);
    let key = &exported[nth * key_len..][..key_len];
    let salt = &exported[2 * key_len + nth * salt_len..][..salt_len];
    let replay = (Some(srtp_replay_protection(1024)), Some(srtcp_replay_protection(1024)));
    Context::new(key, salt, theirs, replay.0, replay.1, default_provider().unwrap().crypto()).unwrap()
}

/// A packet with a one-byte-form extension, as browsers send them.
fn rtp(sequence: u16, ssrc: u32) -> (Vec<u8>, usize) {
    let mut packet = vec![0x90, 111];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&(u32::from(sequence) * 960).to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0xbe, 0xde, 0, 1, 0x10, 0x80, 0, 0]);
    let header_len = packet.len();
    packet.extend((0..200 + sequence % 50).map(|i| (i ^ sequence) as u8));
    (packet, header_len)
}

fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend((0..20).map(|i| i as u8));
    packet
}

#[test]
fn what_others_seal_is_opened_across_the_wrap() {
    for (profile, theirs) in PROFILES {
        let mut sender = foreign(profile, theirs, true);
        let mut inbound = Inbound::new(&keys(profile));
        for n in 0..200_000u32 {
            // Every seventh packet is lost, so that the wrap is not met by counting.
            let sequence = (65_000 + n) as u16;
            if n > 70_000 && n % 1000 != 0 {
                continue;
            }
            let (plain, header_len) = rtp(sequence, 77);
            let mut packet = sender.encrypt_rtp(&plain).unwrap().to_vec();
            if n % 7 == 3 {
                continue;
            }
            let opened = inbound.open_rtp(&mut packet, header_len).unwrap();
            assert_eq!(&packet[..opened.len], &plain[..], "{profile:?} {n}");
            assert_eq!(opened.index, u64::from(65_000 + n));
        }
    }
}

#[test]
fn what_we_seal_is_opened_by_others_across_the_wrap() {
    for (profile, theirs) in PROFILES {
        let outbound = Outbound::new(&keys(profile));
        let mut receiver = foreign(profile, theirs, false);
        let mut arena = b"before".to_vec();
        for index in 65_400u64..66_000 {
            let (plain, header_len) = rtp(index as u16, 78);
            let start = arena.len();
            arena.extend_from_slice(&plain);
            outbound.seal_rtp(&mut arena, start, header_len, index);
            assert_eq!(arena.len() - start, plain.len() + outbound.tag_len());
            assert_eq!(receiver.decrypt_rtp(&arena[start..]).unwrap(), &plain[..], "{profile:?} {index}");
        }
        assert!(arena.starts_with(b"before"));
    }
}

#[test]
fn rtcp_passes_in_both_directions() {
    for (profile, theirs) in PROFILES {
        let (mut sender, mut receiver) = (foreign(profile, theirs, true), foreign(profile, theirs, false));
        let (mut inbound, mut outbound) = (Inbound::new(&keys(profile)), Outbound::new(&keys(profile)));
        for n in 0..100 {
            let plain = rtcp(n % 3);
            let mut packet = sender.encrypt_rtcp(&plain).unwrap().to_vec();
            let mut again = packet.clone();
            let len = inbound.open_rtcp(&mut packet).unwrap();
            assert_eq!(&packet[..len], &plain[..]);
            assert_eq!(inbound.open_rtcp(&mut again), Err(DropReason::RtcpReplayed));

            let mut sealed = plain.clone();
            outbound.seal_rtcp(&mut sealed, 0);
            assert_eq!(receiver.decrypt_rtcp(&sealed).unwrap(), &plain[..]);
        }
    }
}

/// The client's side of our own contexts: what tests and the load generator use.
fn client(profile: SrtpProfile) -> Outbound {
    Outbound::new(&keys(profile).swapped())
}

fn sealed(outbound: &Outbound, index: u64, ssrc: u32) -> (Vec<u8>, usize) {
    let (mut packet, header_len) = rtp(index as u16, ssrc);
    outbound.seal_rtp(&mut packet, 0, header_len, index);
    (packet, header_len)
}

#[test]
fn nothing_is_opened_twice_nor_from_before_the_window() {
    for (profile, _) in PROFILES {
        let outbound = client(profile);
        let mut inbound = Inbound::new(&keys(profile));
        let mut open = |index| {
            let (mut packet, header_len) = sealed(&outbound, index, 5);
            inbound.open_rtp(&mut packet, header_len).map(|opened| opened.index)
        };
        assert_eq!(open(1000), Ok(1000));
        assert_eq!(open(1000), Err(DropReason::RtpReplayed));
        assert_eq!(open(998), Ok(998));
        assert_eq!(open(998), Err(DropReason::RtpReplayed));
        assert_eq!(open(3000), Ok(3000));
        assert_eq!(open(1977), Ok(1977));
        assert_eq!(open(1976), Err(DropReason::RtpReplayed));
        assert_eq!(open(999), Err(DropReason::RtpReplayed));
    }
}

#[test]
fn a_forged_packet_changes_nothing() {
    for (profile, _) in PROFILES {
        let outbound = client(profile);
        let mut inbound = Inbound::new(&keys(profile));
        for at in 0..sealed(&outbound, 10, 5).0.len() {
            let (mut packet, header_len) = sealed(&outbound, 10, 5);
            packet[at] ^= 0x40;
            assert!(inbound.open_rtp(&mut packet, header_len).is_err(), "{profile:?} byte {at}");
        }
        // Not even the place in the table: the genuine one is still the first.
        let (mut packet, header_len) = sealed(&outbound, 10, 5);
        assert_eq!(inbound.open_rtp(&mut packet, header_len).unwrap().index, 10);
        let (mut far, header_len) = sealed(&outbound, 11, 5);
        far[2] ^= 0x7f;
        assert!(inbound.open_rtp(&mut far, header_len).is_err());
        let (mut packet, header_len) = sealed(&outbound, 11, 5);
        assert_eq!(inbound.open_rtp(&mut packet, header_len).unwrap().index, 11);
    }
}

#[test]
fn the_number_of_streams_is_bounded_and_those_known_keep_working() {
    let profile = SrtpProfile::AeadAes128Gcm;
    let outbound = client(profile);
    let mut inbound = Inbound::new(&keys(profile));
    let mut open = |index, ssrc| {
        let (mut packet, header_len) = sealed(&outbound, index, ssrc);
        inbound.open_rtp(&mut packet, header_len).map(|_| ())
    };
    for ssrc in 0..256 {
        assert_eq!(open(1, ssrc), Ok(()));
    }
    assert_eq!(open(1, 256), Err(DropReason::RtpUnknownStream));
    assert_eq!(open(2, 255), Ok(()));
    assert_eq!(open(1, 0), Err(DropReason::RtpReplayed));
}

#[test]
fn what_cannot_be_sealed_does_not_leave_in_clear() {
    for (profile, _) in PROFILES {
        let mut outbound = client(profile);
        let mut buf = b"kept".to_vec();
        buf.extend_from_slice(&rtp(1, 1).0);
        outbound.seal_rtp(&mut buf, 4, 4000, 1);
        assert_eq!(buf, b"kept");
        buf.extend_from_slice(&[0x80, 200, 0]);
        outbound.seal_rtcp(&mut buf, 4);
        assert_eq!(buf, b"kept");
    }
}

#[test]
fn nothing_is_allocated_per_packet() {
    for (profile, _) in PROFILES {
        let (client, mut inbound) = (client(profile), Inbound::new(&keys(profile)));
        let mut server = Outbound::new(&keys(profile));
        let mut packets: Vec<_> = (1..100).map(|index| sealed(&client, index, 5)).collect();
        let (mut first, header_len) = sealed(&client, 0, 5);
        inbound.open_rtp(&mut first, header_len).unwrap();
        let mut arena = Vec::with_capacity(100_000);
        let count = crate::counting::allocations(|| {
            for (index, (packet, header_len)) in packets.iter_mut().enumerate() {
                let opened = inbound.open_rtp(packet, *header_len).unwrap();
                let start = arena.len();
                arena.extend_from_slice(&packet[..opened.len]);
                server.seal_rtp(&mut arena, start, *header_len, index as u64);
                let start = arena.len();
                arena.extend_from_slice(&packet[..28]);
                server.seal_rtcp(&mut arena, start);
            }
        });
        assert_eq!(count, 0, "{profile:?}");
    }
}
