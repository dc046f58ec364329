//! SRTP and SRTCP between two ends that know the keys, and a network that does not.

use crate::edit::Damage;
use arbitrary::{Arbitrary, Unstructured};
use auftakt_media::rtp::packet::Header;
use auftakt_media::srtp::{Inbound, KeyingMaterial, Outbound, SrtpProfile};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Arbitrary, Debug)]
enum Step {
    Rtp {
        ssrc: u8,
        /// Relative to the newest.
        sequence: i16,
        words: u8,
        payload: Vec<u8>,
        damage: Damage,
    },
    Rtcp {
        body: Vec<u8>,
        damage: Damage,
    },
    /// One of what was sent before, once more.
    Replay(u16),
    Raw(Vec<u8>),
}

/// As far behind the newest as a packet surely may be.
const WINDOW: u64 = 1000;

struct Ends {
    outbound: Outbound,
    inbound: Inbound,
    /// Per SSRC: the newest index, and all that arrived.
    streams: BTreeMap<u8, (u64, BTreeSet<u64>)>,
    sent: Vec<(Kind, Vec<u8>, bool)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rtp,
    Rtcp,
}

/// The first byte says which profile; the rest is what is sent and what becomes of it.
pub(crate) fn run(data: &[u8]) {
    const PROFILES: [SrtpProfile; 3] = [SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm, SrtpProfile::Aes128CmSha1_80];
    let Some((&which, data)) = data.split_first() else { return };
    let profile = PROFILES[usize::from(which) % PROFILES.len()];
    let exported: Vec<u8> = (0..2 * (profile.key_len() + profile.salt_len())).map(|n| n as u8).collect();
    let keys = KeyingMaterial::from_export(profile, &exported).expect("as long as the profile says");
    let mut ends = Ends { outbound: Outbound::new(&keys.swapped()), inbound: Inbound::new(&keys), streams: BTreeMap::new(), sent: vec![] };
    ends.raw(data);
    let mut input = Unstructured::new(data);
    for _ in 0..256 {
        match input.arbitrary() {
            Ok(Step::Rtp { ssrc, sequence, words, payload, damage }) => ends.rtp(ssrc, sequence, words, &payload, &damage),
            Ok(Step::Rtcp { body, damage }) => ends.rtcp(&body, &damage),
            Ok(Step::Replay(which)) => ends.replay(which),
            Ok(Step::Raw(bytes)) => ends.raw(&bytes),
            Err(_) => return,
        }
        if input.is_empty() {
            return;
        }
    }
}

impl Ends {
    fn rtp(&mut self, ssrc: u8, sequence: i16, words: u8, payload: &[u8], damage: &Damage) {
        let fresh = (u64::from(sequence.unsigned_abs()) & 0x7FFF, BTreeSet::new());
        let is_first = !self.streams.contains_key(&ssrc);
        let (newest, arrived) = self.streams.entry(ssrc).or_insert(fresh);
        let index = if is_first { *newest } else { newest.saturating_add_signed(i64::from(sequence)) };
        let mut plain = vec![0x90, 96];
        plain.extend_from_slice(&(index as u16).to_be_bytes());
        plain.extend_from_slice(&[0, 0, 0, 9, 0, 0, 0, ssrc, 0xBE, 0xDE, 0, words % 8]);
        plain.resize(plain.len() + 4 * usize::from(words % 8), 0x10);
        let header_len = plain.len();
        plain.extend_from_slice(payload);
        let mut sealed = plain.clone();
        self.outbound.seal_rtp(&mut sealed, 0, header_len, index);
        let expected = !arrived.contains(&index) && index + WINDOW > *newest && sequence.unsigned_abs() < 0x7F00;
        let old = arrived.contains(&index);
        let mut packet = sealed.clone();
        let damaged = damage.apply(&mut packet);
        let opened = open_rtp(&mut self.inbound, &mut packet);
        match (opened, damaged) {
            (Some((len, at)), false) => {
                assert!(!old, "a number is taken once");
                assert_eq!((&packet[..len], at), (&plain[..], index));
                arrived.insert(index);
                *newest = (*newest).max(index);
            }
            (None, false) => assert!(!expected, "an honest packet is opened"),
            (Some(_), true) => panic!("a changed packet is authentic"),
            (None, true) => {}
        }
        self.sent.push((Kind::Rtp, sealed, opened.is_some()));
        // Nothing authentic of it came: the other side knows no such stream.
        if is_first && opened.is_none() {
            self.streams.remove(&ssrc);
        }
    }

    fn rtcp(&mut self, body: &[u8], damage: &Damage) {
        let mut plain = vec![0x80, 201, 0, 1, 0, 0, 0, 7];
        plain.extend_from_slice(body);
        let mut sealed = plain.clone();
        self.outbound.seal_rtcp(&mut sealed, 0);
        let mut packet = sealed.clone();
        let damaged = damage.apply(&mut packet);
        match (self.inbound.open_rtcp(&mut packet), damaged) {
            (Ok(len), false) => assert_eq!(&packet[..len], &plain[..]),
            (Err(reason), false) => panic!("an honest compound is not opened: {reason:?}"),
            (Ok(_), true) => panic!("a changed compound is authentic"),
            (Err(_), true) => {}
        }
        self.sent.push((Kind::Rtcp, sealed, !damaged));
    }

    fn replay(&mut self, which: u16) {
        let count = self.sent.len().max(1);
        let Some((kind, sealed, arrived)) = self.sent.get(usize::from(which) % count) else { return };
        if !arrived {
            return;
        }
        let mut packet = sealed.clone();
        let opened = match kind {
            Kind::Rtp => open_rtp(&mut self.inbound, &mut packet).is_some(),
            Kind::Rtcp => self.inbound.open_rtcp(&mut packet).is_ok(),
        };
        assert!(!opened, "nothing is taken twice");
    }

    fn raw(&mut self, bytes: &[u8]) {
        assert!(open_rtp(&mut self.inbound, &mut bytes.to_vec()).is_none());
        assert!(self.inbound.open_rtcp(&mut bytes.to_vec()).is_err());
        assert!(self.inbound.open_rtp(&mut bytes.to_vec(), usize::from(*bytes.first().unwrap_or(&0))).is_err());
    }
}

fn open_rtp(inbound: &mut Inbound, packet: &mut [u8]) -> Option<(usize, u64)> {
    let header = Header::parse(packet).ok()?;
    let opened = inbound.open_rtp(packet, header.len).ok()?;
    assert!((header.len..=packet.len()).contains(&opened.len));
    Some((opened.len, opened.index))
}
