use auftakt_media::drops::DropReason;
use auftakt_media::rtcp::parse::{Compound, Packet};
use auftakt_media::rtcp::{ReportBlock, SenderInfo, write};
use auftakt_media::rtp::clock::NtpTime;
use auftakt_media::rtp::twcc::Feedback;
use proptest::prelude::*;
use rtc_rtcp::goodbye::Goodbye;
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::receiver_report::ReceiverReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::source_description::SourceDescription;
use rtc_rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

const INFO: SenderInfo = SenderInfo { ssrc: 0x1234_5678, ntp: NtpTime(0xe1d2_c3b4_a596_8778), timestamp: 90_000, packets: 7, octets: 8050 };

fn block(ssrc: u32) -> ReportBlock {
    ReportBlock {
        ssrc,
        fraction_lost: 12,
        cumulative_lost: -3,
        highest_sequence: 0x0001_fffe,
        jitter: 44,
        last_sr: 0xc3b4_a596,
        delay_since_last_sr: 65_536,
    }
}

/// Reads with the independent reader, which must understand every packet.
fn read_independently<P: 'static + Clone>(bytes: &[u8]) -> Vec<P> {
    let packets = rtc_rtcp::packet::unmarshal(&mut &bytes[..]).unwrap();
    packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<P>().cloned()).collect()
}

fn read(bytes: &[u8]) -> Vec<Packet<'_>> {
    Compound::new(bytes).collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_sender_report_with_its_name_is_a_valid_compound() {
    let mut out = Vec::new();
    write::sender_report(&mut out, &INFO, &[block(1), block(2)]);
    write::source_description(&mut out, INFO.ssrc, "s3");

    let reports: Vec<SenderReport> = read_independently(&out);
    assert_eq!(reports[0].ntp_time, INFO.ntp.0);
    assert_eq!((reports[0].ssrc, reports[0].rtp_time, reports[0].packet_count, reports[0].octet_count), (INFO.ssrc, 90_000, 7, 8050));
    assert_eq!(reports[0].reports.len(), 2);
    assert_eq!(reports[0].reports[1].total_lost, 0xff_fffd, "-3 in 24 bit");
    let names: Vec<SourceDescription> = read_independently(&out);
    assert_eq!(names[0].chunks[0].source, INFO.ssrc);
    assert_eq!(&names[0].chunks[0].items[0].text[..], b"s3");

    let packets = read(&out);
    let Packet::SenderReport(info, blocks) = &packets[0] else { panic!("{packets:?}") };
    assert_eq!(*info, INFO);
    assert_eq!(blocks.clone().collect::<Vec<_>>(), [block(1), block(2)]);
    assert!(matches!(packets[1], Packet::Other { packet_type: 202 }));
}

#[test]
fn names_of_every_length_are_read() {
    for len in [0, 1, 2, 3, 4, 5, 255, 300] {
        let mut out = Vec::new();
        write::source_description(&mut out, 1, &"x".repeat(len));
        assert_eq!(out.len() % 4, 0);
        let names: Vec<SourceDescription> = read_independently(&out);
        assert_eq!(names[0].chunks[0].items[0].text.len(), len.min(255));
    }
}

#[test]
fn a_receiver_report_holds_31_blocks_at_most() {
    let mut out = Vec::new();
    write::receiver_report(&mut out, 9, &[block(5); 40]);
    let reports: Vec<ReceiverReport> = read_independently(&out);
    assert_eq!((reports[0].ssrc, reports[0].reports.len()), (9, 31));
    assert_eq!(reports[0].reports[0].last_sequence_number, 0x0001_fffe);
    let packets = read(&out);
    let Packet::ReceiverReport(9, blocks) = &packets[0] else { panic!("{packets:?}") };
    assert_eq!(blocks.clone().count(), 31);
}

#[test]
fn keyframe_requests_and_goodbyes_are_read() {
    let mut out = Vec::new();
    write::picture_loss(&mut out, 1, 2);
    write::bye(&mut out, &[3, 4]);
    let requests: Vec<PictureLossIndication> = read_independently(&out);
    assert_eq!((requests[0].sender_ssrc, requests[0].media_ssrc), (1, 2));
    let byes: Vec<Goodbye> = read_independently(&out);
    assert_eq!(byes[0].sources, [3, 4]);
    let packets = read(&out);
    assert!(matches!(packets[0], Packet::PictureLoss { media_ssrc: 2 }));
    let Packet::Bye(ssrcs) = &packets[1] else { panic!("{packets:?}") };
    assert_eq!(ssrcs.clone().collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn a_full_intra_request_is_read() {
    let bytes = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 42, 0, 0, 0];
    let packets = read(&bytes);
    let Packet::FullIntra(request) = packets[0] else { panic!("{packets:?}") };
    assert_eq!(request.requests().collect::<Vec<_>>(), [(7, 42)]);
}

#[test]
fn an_error_in_one_packet_does_not_hide_the_next() {
    // A sender report without room for its sender info, then a picture loss indication.
    let mut bytes = vec![0x80, 200, 0, 1, 0, 0, 0, 1];
    write::picture_loss(&mut bytes, 1, 2);
    let packets: Vec<_> = Compound::new(&bytes).collect();
    assert!(matches!(packets[0], Err(DropReason::RtcpMalformed)));
    assert!(matches!(packets[1], Ok(Packet::PictureLoss { media_ssrc: 2 })));
    assert_eq!(packets.len(), 2);
}

#[test]
fn bad_framing_ends_the_compound() {
    let cases: [&[u8]; 6] = [
        &[0x80],
        &[0x40, 201, 0, 1, 0, 0, 0, 1],
        &[0x80, 201, 0, 2, 0, 0, 0, 1],
        &[0xa0, 201, 0, 1, 0, 0, 0, 0],
        &[0xa0, 201, 0, 1, 0, 0, 0, 5],
        &[0xa0, 203, 0, 0],
    ];
    for bytes in cases {
        let packets: Vec<_> = Compound::new(bytes).collect();
        assert!(matches!(packets[..], [Err(DropReason::RtcpMalformed)]), "{bytes:?}: {packets:?}");
    }
}

proptest! {
    #[test]
    fn nacks_name_exactly_what_was_lost(start: u16, steps in prop::collection::vec(1u16..40, 1..400)) {
        let mut lost = vec![start];
        for step in steps {
            let last = lost[lost.len() - 1];
            // Within half the number space, as everything that can be asked for at once is.
            if last.wrapping_sub(start) < 8000 { lost.push(last.wrapping_add(step)); }
        }
        let mut out = Vec::new();
        let taken = write::nack(&mut out, 1, 2, &lost);
        prop_assert!(taken == lost.len() || out.len() == 12 + 4 * write::NACK_ENTRIES_MAX);

        let independent: Vec<TransportLayerNack> = read_independently(&out);
        prop_assert_eq!((independent[0].sender_ssrc, independent[0].media_ssrc), (1, 2));
        let mut named: Vec<u16> = independent[0].nacks.iter().flat_map(|pair| pair.packet_list()).collect();
        named.sort_by_key(|number| number.wrapping_sub(start));
        prop_assert_eq!(&named[..], &lost[..taken]);

        let packets = read(&out);
        let Packet::Nack(nack) = packets[0] else { panic!("{packets:?}") };
        prop_assert_eq!(nack.media_ssrc, 2);
        prop_assert_eq!(nack.lost().collect::<Vec<_>>(), &lost[..taken]);
    }

    #[test]
    fn reports_come_back_as_they_were_written(
        ssrc: u32, fraction_lost: u8, cumulative_lost in -0x80_0000i32..0x80_0000, words: [u32; 4], ntp: u64,
    ) {
        let [highest_sequence, jitter, last_sr, delay_since_last_sr] = words;
        let block = ReportBlock { ssrc, fraction_lost, cumulative_lost, highest_sequence, jitter, last_sr, delay_since_last_sr };
        let info = SenderInfo { ssrc, ntp: NtpTime(ntp), timestamp: jitter, packets: last_sr, octets: highest_sequence };
        let mut out = Vec::new();
        write::sender_report(&mut out, &info, &[block]);
        let packets = read(&out);
        let Packet::SenderReport(read, blocks) = &packets[0] else { panic!("{packets:?}") };
        prop_assert_eq!(*read, info);
        prop_assert_eq!(blocks.clone().collect::<Vec<_>>(), [block]);
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 200u8..208, valid_length: bool) {
        if valid_length && bytes.len() >= 4 {
            let words = (bytes.len() / 4 - 1) as u8;
            bytes[0] = 0x80 | (bytes[0] & 0x3f);
            bytes[1] = kind;
            bytes[2..4].copy_from_slice(&[0, words]);
        }
        exhaust(&bytes);
    }
}

/// Reads everything there is to read.
fn exhaust(bytes: &[u8]) {
    for packet in Compound::new(bytes).flatten() {
        match packet {
            Packet::SenderReport(_, blocks) | Packet::ReceiverReport(_, blocks) => assert!(blocks.count() <= 31),
            Packet::Nack(nack) => assert!(nack.lost().count() <= bytes.len() / 4 * 17),
            Packet::FullIntra(request) => assert!(request.requests().count() <= bytes.len()),
            Packet::TransportCc(fci) => {
                if let Some(feedback) = Feedback::parse(fci) {
                    assert_eq!(feedback.statuses().count(), usize::from(feedback.status_count));
                }
            }
            Packet::Bye(ssrcs) => assert!(ssrcs.count() <= 31),
            Packet::PictureLoss { .. } | Packet::Other { .. } => {}
        }
    }
}
