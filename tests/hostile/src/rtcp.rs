//! RTCP, as it is once it is opened.

use crate::beginning;
use arbitrary::Unstructured;
use auftakt_media::rtcp::parse::{Compound, Packet};
use auftakt_media::rtcp::write;
use auftakt_media::rtp::twcc::{Feedback, TICK_MICROS, TwccRecorder};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

pub(crate) fn compound(data: &[u8]) {
    let mut packets = 0;
    for packet in Compound::new(data) {
        packets += 1;
        match packet {
            Ok(Packet::SenderReport(info, blocks)) => {
                let blocks: Vec<_> = blocks.collect();
                assert!(blocks.len() <= write::BLOCKS_MAX);
                reads_as_written(
                    |out| write::sender_report(out, &info, &blocks),
                    |p| {
                        matches!(p, Packet::SenderReport(i, b)
                    if *i == info && b.clone().eq(blocks.iter().copied()))
                    },
                );
            }
            Ok(Packet::ReceiverReport(sender, blocks)) => {
                let blocks: Vec<_> = blocks.collect();
                reads_as_written(
                    |out| write::receiver_report(out, sender, &blocks),
                    |p| {
                        matches!(p, Packet::ReceiverReport(s, b)
                    if *s == sender && b.clone().eq(blocks.iter().copied()))
                    },
                );
            }
            Ok(Packet::Nack(nack)) => {
                let lost: Vec<u16> = nack.lost().collect();
                assert!(lost.len() <= data.len() / 4 * 17);
            }
            Ok(Packet::FullIntra(requests)) => assert!(requests.requests().count() <= data.len() / 8),
            Ok(Packet::TransportCc(fci)) => feedback(fci),
            Ok(Packet::Bye(sources)) => assert!(sources.count() <= 31),
            Ok(Packet::PictureLoss { .. } | Packet::Other { .. }) | Err(_) => {}
        }
    }
    assert!(packets <= data.len() / 4 + 1, "every packet takes its head");
}

fn reads_as_written(write: impl FnOnce(&mut Vec<u8>), same: impl FnOnce(&Packet<'_>) -> bool) {
    let mut out = vec![];
    write(&mut out);
    let mut packets = Compound::new(&out);
    let packet = packets.next().expect("one packet").expect("what we write can be read");
    assert!(same(&packet), "{packet:?}");
    assert!(packets.next().is_none());
}

fn feedback(fci: &[u8]) {
    let Some(feedback) = Feedback::parse(fci) else { return };
    assert_eq!(feedback.statuses().count(), usize::from(feedback.status_count));
}

/// Arrivals of any kind: what is told of them is true.
pub(crate) fn transport_feedback(data: &[u8]) {
    let mut told = Told { recorder: TwccRecorder::new(beginning()), now: beginning(), arrived: BTreeSet::new() };
    let mut input = Unstructured::new(data);
    for count in 0..2000_u16 {
        let Ok((step, any, wait)) = input.arbitrary::<(i8, Option<u16>, u16)>() else { break };
        told.now += Duration::from_micros(u64::from(wait) * if wait % 97 == 0 { 1000 } else { 7 });
        // Mostly in order, now and then a leap.
        let sequence = any.unwrap_or(count.wrapping_add_signed(i16::from(step / 16)));
        told.arrived.insert(sequence);
        told.recorder.record(sequence, told.now);
        if told.recorder.poll_timeout().is_some_and(|at| at <= told.now) {
            told.tell();
        }
        if input.is_empty() {
            break;
        }
    }
    told.tell();
}

struct Told {
    recorder: TwccRecorder,
    now: Instant,
    arrived: BTreeSet<u16>,
}

impl Told {
    /// Everything there is to tell now.
    fn tell(&mut self) {
        let elapsed = (self.now - beginning()).as_micros() as u64;
        let (mut packets, mut out) = (0, vec![]);
        while self.recorder.write_feedback(self.now, 1, 2, &mut out) {
            packets += 1;
            assert!(packets <= 4096, "an end comes");
            assert!(out.len() <= 1200, "{} bytes do not fit every path", out.len());
            let Some(Ok(Packet::TransportCc(fci))) = Compound::new(&out).next() else { panic!("no feedback: {out:?}") };
            let feedback = Feedback::parse(fci).expect("what we write can be read");
            for (sequence, ticks) in feedback.statuses() {
                let Some(ticks) = ticks else { continue };
                assert!(self.arrived.contains(&sequence), "{sequence} never arrived");
                assert!(ticks >= 0 && ticks as u64 * TICK_MICROS <= elapsed, "nothing arrives in the future");
            }
            out.clear();
        }
        assert!(self.recorder.poll_timeout().is_none(), "everything was told");
    }
}
