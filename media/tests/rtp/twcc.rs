use auftakt_media::rtcp::parse::{Compound, Packet};
use auftakt_media::rtp::twcc::{FEEDBACK_INTERVAL, Feedback, TwccRecorder};
use proptest::prelude::*;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::{PacketStatusChunk, SymbolTypeTcc, TransportLayerCc};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// All feedback packets there are to send now.
fn feedback(recorder: &mut TwccRecorder, now: Instant) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut out = Vec::new();
    while recorder.write_feedback(now, 1, 2, &mut out) {
        assert!(out.len() <= 1200, "{} bytes", out.len());
        packets.push(std::mem::take(&mut out));
    }
    assert!(out.is_empty());
    packets
}

/// Sequence numbers and arrival ticks, read with our own parser.
fn read(packet: &[u8]) -> Vec<(u16, Option<i64>)> {
    let Some(Ok(Packet::TransportCc(fci))) = Compound::new(packet).next() else { panic!("no feedback: {packet:?}") };
    Feedback::parse(fci).unwrap().statuses().collect()
}

/// The same, read with an independent reader and put together by the draft's rules.
fn read_independently(packet: &[u8]) -> Vec<(u16, Option<i64>)> {
    let packets = rtc_rtcp::packet::unmarshal(&mut &packet[..]).unwrap();
    let feedback = packets[0].as_any().downcast_ref::<TransportLayerCc>().unwrap();
    let mut symbols = Vec::new();
    for chunk in &feedback.packet_chunks {
        match chunk {
            PacketStatusChunk::RunLengthChunk(run) => {
                symbols.extend(std::iter::repeat_n(run.packet_status_symbol, usize::from(run.run_length)));
            }
            PacketStatusChunk::StatusVectorChunk(vector) => symbols.extend(vector.symbol_list.iter().copied()),
        }
    }
    symbols.truncate(usize::from(feedback.packet_status_count));
    assert_eq!(symbols.len(), usize::from(feedback.packet_status_count));
    let mut deltas = feedback.recv_deltas.iter();
    let mut ticks = i64::from(feedback.reference_time) * 256;
    let arrivals = symbols.into_iter().map(|symbol| {
        (symbol != SymbolTypeTcc::PacketNotReceived).then(|| {
            ticks += deltas.next().unwrap().delta / 250;
            ticks
        })
    });
    let numbers = (0..).map(|index| feedback.base_sequence_number.wrapping_add(index));
    numbers.zip(arrivals).collect()
}

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

#[test]
fn a_feedback_packet_is_byte_exact() {
    let epoch = Instant::now();
    let mut recorder = TwccRecorder::new(epoch);
    recorder.record(10, epoch + micros(64_000 * 3 + 1000));
    recorder.record(12, epoch + micros(64_000 * 3 + 2000));
    recorder.record(13, epoch + micros(64_000 * 4 + 64_000));
    let packets = feedback(&mut recorder, epoch + micros(300_000));
    let expected = [
        0xaf, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, // padded, transport feedback, the SSRCs
        0, 10, 0, 4, 0, 0, 3, 0, // base, count, reference time, feedback count
        0xd1, 0x80, // two-bit vector: small, lost, small, large
        4, 4, 0x01, 0xf8, // deltas: 1 ms, 1 ms, 126 ms
        0, 2, // padding
    ];
    assert_eq!(packets, [expected.to_vec()]);
    assert_eq!(feedback(&mut recorder, epoch + micros(400_000)), [] as [Vec<u8>; 0], "told once");
}

#[test]
fn the_first_feedback_is_due_at_once_and_then_at_intervals() {
    let epoch = Instant::now();
    let mut recorder = TwccRecorder::new(epoch);
    assert_eq!(recorder.poll_timeout(), None);
    let now = epoch + Duration::from_secs(1);
    recorder.record(1, now);
    assert_eq!(recorder.poll_timeout(), Some(now));
    feedback(&mut recorder, now);
    assert_eq!(recorder.poll_timeout(), None);
    recorder.record(2, now + micros(3000));
    assert_eq!(recorder.poll_timeout(), Some(now + FEEDBACK_INTERVAL));
}

#[test]
fn a_packet_that_was_told_lost_is_told_again_when_it_comes() {
    let now = Instant::now();
    let mut recorder = TwccRecorder::new(now);
    for number in [65_534, 65_535, 1] {
        recorder.record(number, now);
    }
    let first = feedback(&mut recorder, now);
    assert_eq!(read(&first[0])[2], (0, None));
    recorder.record(0, now + micros(10_000));
    recorder.record(2, now + micros(11_000));
    let second = feedback(&mut recorder, now);
    assert_eq!(read(&second[0]), [(0, Some(40)), (1, Some(0)), (2, Some(44))]);
}

#[test]
fn a_gap_in_time_or_numbers_begins_a_new_packet_or_is_left_out() {
    let epoch = Instant::now();
    let mut recorder = TwccRecorder::new(epoch);
    recorder.record(1, epoch);
    recorder.record(2, epoch + Duration::from_secs(20));
    let packets = feedback(&mut recorder, epoch + Duration::from_secs(21));
    assert_eq!(packets.len(), 2, "no delta holds 20 s");
    assert_eq!(read(&packets[1]), [(2, Some(80_000))]);
    recorder.record(30_000, epoch + Duration::from_secs(22));
    let packets = feedback(&mut recorder, epoch + Duration::from_secs(22));
    assert_eq!(packets.len(), 1);
    assert!(read(&packets[0]).len() <= 201, "what was never sent is not told lost");
}

#[test]
fn nobody_collecting_is_no_harm() {
    let epoch = Instant::now();
    let mut recorder = TwccRecorder::new(epoch);
    for number in 0..100_000u64 {
        recorder.record(number as u16, epoch + micros(number * 100));
    }
    let told: usize = feedback(&mut recorder, epoch + micros(10_000_000)).iter().map(|packet| read(packet).len()).sum();
    assert_eq!(told, 2048);
}

#[test]
fn the_feedback_count_wraps() {
    let epoch = Instant::now();
    let mut recorder = TwccRecorder::new(epoch);
    for number in 0..300u16 {
        recorder.record(number, epoch);
        let packets = feedback(&mut recorder, epoch);
        assert_eq!(packets[0][19], number as u8);
    }
}

#[test]
fn the_reference_time_is_signed_and_wraps() {
    // 2²³ × 64 ms are 6.2 days.
    let epoch = Instant::now();
    let mut recorder = TwccRecorder::new(epoch);
    recorder.record(5, epoch + Duration::from_millis(64 << 23));
    let packets = feedback(&mut recorder, epoch);
    let Some(Ok(Packet::TransportCc(fci))) = Compound::new(&packets[0]).next() else { panic!() };
    assert_eq!(Feedback::parse(fci).unwrap().reference_time, -(1 << 23));
}

#[test]
fn hostile_feedback_is_bounded() {
    // 65,535 statuses in nine run chunks, none received.
    let mut fci = vec![0, 0, 0xff, 0xff, 0, 0, 0, 0];
    for _ in 0..9 {
        fci.extend_from_slice(&[0x1f, 0xff]);
    }
    assert_eq!(Feedback::parse(&fci).unwrap().statuses().count(), 65_535);
    // Runs of length zero never reach the count.
    fci[8..].fill(0);
    assert!(Feedback::parse(&fci).is_none());
    // A received packet without its delta.
    assert!(Feedback::parse(&[0, 0, 0, 1, 0, 0, 0, 0, 0x20, 1]).is_none());
}

proptest! {
    /// Loss, reordering, bursts, pauses: everything that arrived is told with its time, and both readers agree.
    #[test]
    fn everything_is_told(
        start: u16,
        steps in prop::collection::vec((prop::sample::select(vec![1i32, 1, 1, 1, 2, 3, 30, -1, -2, -20]), 0u64..200_000, any::<u8>()), 1..900),
    ) {
        let epoch = Instant::now();
        let mut recorder = TwccRecorder::new(epoch);
        let (mut highest, mut now) = (i64::from(start), epoch);
        let mut arrived: BTreeMap<i64, i64> = BTreeMap::new();
        let mut told: BTreeMap<u16, i64> = BTreeMap::new();
        for (step, wait, flush) in steps {
            // Pauses are rare, most packets come in bursts.
            now += micros(if wait > 195_000 { wait * 10 } else { wait / 100 });
            let number = highest + i64::from(step);
            highest = highest.max(number);
            recorder.record(number as u16, now);
            arrived.entry(number).or_insert((now - epoch).as_micros() as i64 / 250);
            if flush < 5 {
                collect(&mut recorder, now, &mut told);
            }
        }
        collect(&mut recorder, now, &mut told);
        let first = *arrived.keys().next().unwrap();
        for (number, ticks) in arrived {
            // One that came before the very first number known may be too early to be told.
            if number >= i64::from(start) || first == number {
                prop_assert_eq!(told.get(&(number as u16)), Some(&ticks), "{}", number);
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(feedback) = Feedback::parse(&bytes) {
            prop_assert_eq!(feedback.statuses().count(), usize::from(feedback.status_count));
        }
    }
}

fn collect(recorder: &mut TwccRecorder, now: Instant, told: &mut BTreeMap<u16, i64>) {
    for packet in feedback(recorder, now) {
        let statuses = read(&packet);
        assert_eq!(statuses, read_independently(&packet));
        for (number, ticks) in statuses {
            if let Some(ticks) = ticks {
                told.insert(number, ticks);
            }
        }
    }
}
