use auftakt_media::drops::DropReason;
use auftakt_media::id::MediaKind;
use auftakt_media::rtp::clock::{NtpTime, PeerClock, SourceClock};
use auftakt_media::rtp::counters::{Counters, PictureId};
use auftakt_media::rtp::rewrite::{Forward, HOLD_MAX, Incoming, LineStart, Old, SeatLine, SourceKey};
use std::time::{Duration, Instant};

pub(crate) const START: LineStart =
    LineStart { sequence: 0x7ffe, timestamp: u32::MAX - 50_000, rtx_sequence: 9, picture_id: 0x7ffe, tl0_index: 254 };

/// The server's clock at `ms` milliseconds.
pub(crate) fn at(ms: u64) -> NtpTime {
    NtpTime((3_900_000_000 << 32) + (ms << 32) / 1000)
}

fn ticks(milliseconds: i64, rate: i64) -> i64 {
    milliseconds * rate / 1000
}

/// A publisher of VP8 at 30 frames per second, or of Opus in packets of 20 ms.
pub(crate) struct Source {
    key: SourceKey,
    rate: u64,
    pub seq: u64,
    first_timestamp: u32,
    pub picture: u16,
    /// What is added to the true time of capture: an error of the estimate.
    pub error_ms: i64,
}

impl Source {
    pub fn video(key: u32) -> Self {
        Self {
            key: SourceKey(key),
            rate: 90_000,
            seq: 65_530 + 7777 * u64::from(key),
            first_timestamp: key.wrapping_mul(0x4000_1234),
            picture: 100,
            error_ms: 0,
        }
    }

    pub fn audio(key: u32) -> Self {
        Self { rate: 48_000, ..Self::video(key) }
    }

    /// The next packet, captured at `ms`. Video: `first` and `keyframe` as they are said; audio ignores them.
    pub fn packet(&mut self, ms: u64, first: bool, keyframe: bool) -> Incoming {
        let video = self.rate == 90_000;
        self.seq += 1;
        if first {
            self.picture = self.picture.wrapping_add(1) & 0x7fff;
        }
        Incoming {
            source: self.key,
            ext_seq: self.seq - 1,
            timestamp: self.first_timestamp.wrapping_add((ms * self.rate / 1000) as u32),
            capture: at(ms.checked_add_signed(self.error_ms).unwrap()),
            keyframe_start: !video || (first && keyframe),
            duration: if video { 0 } else { 960 },
            counters: Counters {
                picture_id: video.then_some(PictureId { value: self.picture, at: 2, long: true }),
                tl0_index: video.then_some((self.picture as u8, 4)),
                // Another one than the picture id, and with more bits.
                frame: video.then_some(self.picture.wrapping_mul(3).wrapping_add(0xF000)),
            },
        }
    }
}

fn ids(forward: &Forward) -> (u16, u8) {
    (forward.counters.picture_id.unwrap().value, forward.counters.tl0_index.unwrap().0)
}

/// A line in which `source` has begun at 0 ms, and its first packet.
fn seated(kind: MediaKind, source: &mut Source, now: Instant) -> (SeatLine, Forward) {
    let mut line = SeatLine::new(kind, START, at(0));
    line.switch_to(Some(source.key), Old::Hold, now);
    let forward = line.forward(&source.packet(0, true, true), now).unwrap();
    (line, forward)
}

#[test]
fn a_line_begins_where_it_was_told() {
    let now = Instant::now();
    let (line, first) = seated(MediaKind::Video, &mut Source::video(1), now);
    assert_eq!((first.seq, first.timestamp, ids(&first)), (0x7ffe, u32::MAX - 50_000, (0x7ffe, 254)));
    assert!(first.began);
    assert_eq!((line.current(), line.pending()), (Some(SourceKey(1)), None));
}

#[test]
fn nothing_goes_out_before_a_keyframe_or_of_others() {
    let now = Instant::now();
    let mut line = SeatLine::new(MediaKind::Video, START, at(0));
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    assert_eq!(line.forward(&a.packet(0, true, true), now), Err(DropReason::NotMyLayer));
    line.switch_to(Some(SourceKey(1)), Old::Hold, now);
    assert_eq!(line.forward(&a.packet(33, true, false), now), Err(DropReason::AwaitingKeyframe));
    assert_eq!(line.forward(&b.packet(33, true, true), now), Err(DropReason::NotMyLayer));
    assert!(line.forward(&a.packet(66, true, true), now).is_ok());
}

#[test]
fn a_picture_switches_at_the_keyframe_and_everything_goes_on_by_one() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, first) = seated(MediaKind::Video, &mut a, now);
    let mut before = first;
    for ms in [33, 66, 100] {
        before = line.forward(&a.packet(ms, true, false), now).unwrap();
    }
    line.switch_to(Some(SourceKey(2)), Old::HoldBriefly, now);
    assert_eq!(line.forward(&b.packet(100, true, false), now), Err(DropReason::AwaitingKeyframe));
    let held = line.forward(&a.packet(133, true, false), now).unwrap();
    assert_eq!(held.seq, before.seq + 1, "the old source is held");
    let began = line.forward(&b.packet(166, true, true), now).unwrap();
    assert!(began.began);
    assert_eq!(began.seq, held.seq + 1);
    assert_eq!(i64::from(began.timestamp.wrapping_sub(first.timestamp)), ticks(166, 90_000), "on the line");
    let (held_ids, began_ids) = (ids(&held), ids(&began));
    assert_eq!(began_ids, ((held_ids.0 + 1) & 0x7fff, held_ids.1.wrapping_add(1)));
    assert_eq!(line.forward(&a.packet(166, true, true), now), Err(DropReason::NotMyLayer), "the old source is over");
    let next = line.forward(&b.packet(200, true, false), now).unwrap();
    assert_eq!((next.seq, ids(&next).0, next.began), (began.seq + 1, (began_ids.0 + 1) & 0x7fff, false));
}

#[test]
fn packets_from_before_the_switch_are_dropped_and_late_ones_after_it_keep_their_place() {
    let now = Instant::now();
    let mut a = Source::video(1);
    let early = a.packet(0, true, false);
    let (mut line, first) = seated(MediaKind::Video, &mut a, now);
    assert_eq!(line.forward(&early, now), Err(DropReason::RtpTooOld));
    let late = a.packet(0, false, false);
    let third = line.forward(&a.packet(33, true, false), now).unwrap();
    assert_eq!(third.seq, first.seq + 2, "its place stays free");
    let late = line.forward(&late, now).unwrap();
    assert_eq!((late.seq, late.timestamp, ids(&late)), (first.seq + 1, first.timestamp, ids(&first)));
}

#[test]
fn a_frame_that_would_not_be_later_is_raised_as_a_whole() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    let last = line.forward(&a.packet(500, true, false), now).unwrap();
    // The new picture takes 80 ms longer: its first three frames are older than what was seen.
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let mut timestamps = Vec::new();
    let mut sent = Vec::new();
    for (ms, keyframe) in [(420, true), (453, false), (486, false), (520, false)] {
        let packets = [b.packet(ms, true, keyframe), b.packet(ms, false, false), b.packet(ms, false, false)];
        // The last packet of each frame comes before the one in the middle.
        let forwards = [0, 2, 1].map(|index: usize| (packets[index], line.forward(&packets[index], now).unwrap()));
        timestamps.extend(forwards.iter().map(|(_, forward)| forward.timestamp.wrapping_sub(last.timestamp)));
        sent.extend(forwards);
    }
    assert_eq!(timestamps, [90, 90, 90, 180, 180, 180, 270, 270, 270, 1800, 1800, 1800]);
    for (packet, forward) in sent {
        let origin = line.lookup(forward.seq as u16).unwrap();
        assert_eq!((origin.source, origin.ext_seq), (SourceKey(2), packet.ext_seq));
        assert_eq!(line.resend(&origin, packet.timestamp, &packet.counters), Some(Forward { began: false, ..forward }));
    }
}

#[test]
fn a_whole_frame_that_comes_late_while_frames_are_raised_fits_in_between() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    let last = line.forward(&a.packet(500, true, false), now).unwrap();
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let packets = [(400, true), (433, false), (466, false)].map(|(ms, keyframe)| b.packet(ms, true, keyframe));
    let timestamps = [0, 2, 1].map(|index: usize| line.forward(&packets[index], now).unwrap().timestamp.wrapping_sub(last.timestamp));
    assert_eq!(timestamps, [90, 180, 135]);
}

#[test]
fn a_whole_frame_that_comes_late_after_the_last_raised_one_still_finds_its_place() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    let last = line.forward(&a.packet(500, true, false), now).unwrap();
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let packets = [(400, true), (433, false), (466, false), (510, false), (543, false)].map(|(ms, key)| b.packet(ms, true, key));
    let forwards = [0, 3, 4, 1, 2].map(|index: usize| line.forward(&packets[index], now).unwrap());
    let [first, fourth, fifth, second, third] = forwards.map(|forward| forward.timestamp.wrapping_sub(last.timestamp));
    assert!(0 < first && first < second && second < third && third < fourth && fourth < fifth, "{forwards:?}");
    assert_eq!((fourth, fifth), (900, 3870));
}

#[test]
fn a_raised_frame_is_sent_again_as_it_was_even_when_later_stays_raised_others() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    line.forward(&a.packet(500, true, false), now).unwrap();
    let mut sent = Vec::new();
    for round in 0..4 {
        let source = if round % 2 == 0 { &mut b } else { &mut a };
        line.switch_to(Some(source.key), Old::Hold, now);
        let packet = source.packet(400, true, true);
        sent.push((packet, line.forward(&packet, now).unwrap()));
    }
    for (packet, forward) in sent {
        let origin = line.lookup(forward.seq as u16).unwrap();
        assert_eq!(line.resend(&origin, packet.timestamp, &packet.counters), Some(Forward { began: false, ..forward }));
    }
}

/// A receiver can ask for a number in the moment between its packet's arrival and its turn to be forwarded.
#[test]
fn what_is_asked_for_before_it_went_out_is_not_told_two_ways() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    let last = line.forward(&a.packet(500, true, false), now).unwrap();
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let keyframe = [b.packet(400, true, true), b.packet(400, false, false)];
    let whole = b.packet(433, true, false);
    let next = b.packet(530, true, false);
    let began = line.forward(&keyframe[0], now).unwrap();
    assert_eq!(began.timestamp.wrapping_sub(last.timestamp), 90, "it is raised");
    line.forward(&next, now).unwrap();
    // The rest of a raised frame is raised with it; where a whole frame will be is not known before it is forwarded.
    let resend = |line: &SeatLine, distance: u16, packet: &Incoming| {
        let origin = line.lookup((began.seq as u16).wrapping_add(distance)).unwrap();
        assert_eq!(origin.ext_seq, packet.ext_seq);
        line.resend(&origin, packet.timestamp, &packet.counters)
    };
    let early = resend(&line, 1, &keyframe[1]).unwrap();
    assert_eq!(early.timestamp, began.timestamp);
    assert_eq!(resend(&line, 2, &whole), None);
    for (distance, packet) in [(1, &keyframe[1]), (2, &whole)] {
        let forward = line.forward(packet, now).unwrap();
        assert_eq!(resend(&line, distance, packet), Some(forward));
    }
}

#[test]
fn a_late_packet_can_still_be_the_newest() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    let late = a.packet(33, true, false);
    line.skip(SourceKey(1), a.packet(33, false, false).ext_seq);
    let newest = line.forward(&late, now).unwrap();
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let began = line.forward(&b.packet(20, true, true), now).unwrap();
    assert_eq!((began.seq, began.timestamp), (newest.seq + 1, newest.timestamp.wrapping_add(90)));
    assert_eq!(ids(&began).0, (ids(&newest).0 + 1) & 0x7fff);
}

#[test]
fn sound_switches_in_whole_packets_near_the_line() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::audio(1), Source::audio(2));
    let (mut line, first) = seated(MediaKind::Audio, &mut a, now);
    let since = |forward: Forward| forward.timestamp.wrapping_sub(first.timestamp);
    for ms in [20, 40, 60] {
        assert_eq!(since(line.forward(&a.packet(ms, true, true), now).unwrap()), ms as u32 * 48);
    }
    line.switch_to(Some(SourceKey(2)), Old::HoldBriefly, now);
    let began = line.forward(&b.packet(107, true, true), now).unwrap();
    assert!(began.began);
    assert_eq!((began.seq, since(began)), (first.seq + 4, 100 * 48), "47 ms after the last is nearest to two packets");
    assert_eq!(since(line.forward(&b.packet(127, true, true), now).unwrap()), 120 * 48);
    assert_eq!(line.forward(&a.packet(80, true, true), now), Err(DropReason::NotMyLayer));
}

#[test]
fn sound_that_would_overlap_cuts_the_old_and_waits() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::audio(1), Source::audio(2));
    let (mut line, first) = seated(MediaKind::Audio, &mut a, now);
    line.forward(&a.packet(20, true, true), now).unwrap();
    line.switch_to(Some(SourceKey(2)), Old::HoldBriefly, now);
    assert_eq!(line.forward(&b.packet(5, true, true), now), Err(DropReason::SwitchOverlap));
    assert_eq!(line.forward(&a.packet(40, true, true), now), Err(DropReason::NotMyLayer), "the old is cut");
    assert_eq!(line.forward(&b.packet(25, true, true), now), Err(DropReason::SwitchOverlap));
    let began = line.forward(&b.packet(45, true, true), now).unwrap();
    assert_eq!((began.seq, began.timestamp.wrapping_sub(first.timestamp)), (first.seq + 2, 40 * 48));
}

#[test]
fn switching_sound_to_and_fro_does_not_drift() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::audio(1), Source::audio(2));
    let (mut line, first) = seated(MediaKind::Audio, &mut a, now);
    for round in 1..=200u64 {
        let (source, phase) = if round % 2 == 0 { (&mut a, 0) } else { (&mut b, 7) };
        line.switch_to(Some(source.key), Old::HoldBriefly, now);
        for packet in 0..5 {
            let ms = round * 100 + packet * 20 + phase;
            if let Ok(forward) = line.forward(&source.packet(ms, true, true), now) {
                let off = i64::from(forward.timestamp.wrapping_sub(first.timestamp)) - ticks(ms as i64, 48_000);
                assert!(off.abs() <= 960, "round {round}: {off} ticks off the line");
            }
        }
    }
}

#[test]
fn a_drifting_clock_is_followed_and_the_next_switch_is_smooth() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    // For an hour a's clock loses 100 ppm, which its reports reveal: 360 ms at the end.
    let mut last = 0;
    for second in 1..=3600u64 {
        a.error_ms = second as i64 / 10;
        last = line.forward(&a.packet(second * 1000, true, false), now).unwrap().timestamp;
    }
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let began = line.forward(&b.packet(3_600_360 + 33, true, true), now).unwrap();
    let step = began.timestamp.wrapping_sub(last);
    assert!((2900..3100).contains(&step), "one frame later, not {step} ticks");
}

#[test]
fn another_layer_goes_on_where_the_picture_is() {
    let now = Instant::now();
    let (mut low, mut high) = (Source::video(1), Source::video(2));
    // Until its first report the low layer was mapped by arrival, 60 ms after the capture.
    low.error_ms = 60;
    let (mut line, _) = seated(MediaKind::Video, &mut low, now);
    low.error_ms = 0;
    let last = line.forward(&low.packet(1000, true, false), now).unwrap();
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let began = line.forward(&high.packet(1033, true, true), now).unwrap();
    assert_eq!(i64::from(began.timestamp.wrapping_sub(last.timestamp)), ticks(33, 90_000));
}

#[test]
fn losses_stay_gaps_and_skips_leave_none() {
    let now = Instant::now();
    let mut a = Source::video(1);
    let (mut line, first) = seated(MediaKind::Video, &mut a, now);
    let lost = a.packet(33, true, false);
    assert_eq!(line.forward(&a.packet(66, true, false), now).unwrap().seq, first.seq + 2);
    // Padding: two in a row, one more lost packet, padding again.
    for _ in 0..2 {
        line.skip(SourceKey(1), a.packet(66, false, false).ext_seq);
    }
    let lost_too = a.packet(100, true, false);
    line.skip(SourceKey(1), a.packet(100, false, false).ext_seq);
    let after = line.forward(&a.packet(133, true, false), now).unwrap();
    assert_eq!(after.seq, first.seq + 4, "one place for each lost packet, none for padding");
    for (packet, place) in [(lost, 1), (lost_too, 3)] {
        let origin = line.lookup((first.seq + place) as u16).unwrap();
        assert_eq!((origin.source, origin.ext_seq), (SourceKey(1), packet.ext_seq));
        assert_eq!(line.forward(&packet, now).unwrap().seq, first.seq + place);
    }
}

#[test]
fn what_went_out_before_a_switch_is_still_found() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    let mut sent = Vec::new();
    for round in 1..=20u64 {
        let source = if round % 2 == 0 { &mut a } else { &mut b };
        line.switch_to(Some(source.key), Old::Hold, now);
        for frame in 0..10 {
            let packet = source.packet(round * 330 + frame * 33, true, frame == 0);
            sent.push((packet, line.forward(&packet, now).unwrap()));
        }
    }
    for (packet, forward) in sent {
        let origin = line.lookup(forward.seq as u16).unwrap();
        assert_eq!((origin.source, origin.ext_seq, origin.seq), (packet.source, packet.ext_seq, forward.seq));
        assert_eq!(line.resend(&origin, packet.timestamp, &packet.counters), Some(Forward { began: false, ..forward }));
    }
    assert_eq!(line.lookup(0x7ffd), None, "before the first");
}

#[test]
fn what_never_went_out_is_not_found() {
    let now = Instant::now();
    let (mut line, first) = seated(MediaKind::Audio, &mut Source::audio(1), now);
    for distance in [1u16, 2, 1000, 40_000] {
        assert_eq!(line.lookup((first.seq as u16).wrapping_add(distance)), None);
    }
    line.switch_to(None, Old::Cut, now);
    assert!(line.lookup(first.seq as u16).is_some(), "the seat is empty, its past is not");
}

#[test]
fn keyframes_are_asked_for_at_once_and_until_one_comes() {
    let start = Instant::now();
    let ms = |ms| start + Duration::from_millis(ms);
    let mut line = SeatLine::new(MediaKind::Video, START, at(0));
    let mut a = Source::video(1);
    assert_eq!((line.wants_keyframe(start), line.poll_timeout()), (None, None));
    line.switch_to(Some(SourceKey(1)), Old::Hold, start);
    let mut asked = Vec::new();
    while let Some(due) = line.poll_timeout().filter(|&due| due < ms(4000)) {
        assert_eq!(line.wants_keyframe(due), Some(SourceKey(1)));
        assert_eq!(line.wants_keyframe(due), None);
        asked.push((due - start).as_millis());
    }
    assert_eq!(asked, [0, 300, 600, 900, 1200, 2200, 3200]);
    line.switch_to(Some(SourceKey(1)), Old::Hold, ms(3300));
    assert_eq!(line.poll_timeout(), Some(ms(4200)), "the same wish again changes nothing");
    assert_eq!(line.keyframe_request_target(), None, "one is awaited anyway");
    line.forward(&a.packet(0, true, true), ms(4000)).unwrap();
    assert_eq!((line.wants_keyframe(ms(9000)), line.poll_timeout()), (None, None));
    assert_eq!(line.keyframe_request_target(), Some(SourceKey(1)));
    line.switch_to(Some(SourceKey(2)), Old::Hold, ms(9000));
    assert_eq!(line.keyframe_request_target(), Some(SourceKey(1)), "the other layer may take long");
    line.switch_to(Some(SourceKey(2)), Old::HoldBriefly, ms(9000));
    assert_eq!(line.keyframe_request_target(), None, "another person comes");
    line.switch_to(None, Old::Cut, ms(9000));
    assert_eq!(line.keyframe_request_target(), None, "nobody is here");
}

#[test]
fn the_old_picture_is_held_no_longer_than_a_second() {
    let now = Instant::now();
    let mut a = Source::video(1);
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    line.switch_to(Some(SourceKey(2)), Old::HoldBriefly, now);
    assert!(line.forward(&a.packet(900, true, false), now + HOLD_MAX / 2).is_ok());
    assert_eq!(line.forward(&a.packet(1000, true, false), now + HOLD_MAX), Err(DropReason::NotMyLayer));
    assert_eq!(line.current(), None);
    // Another layer is held as long as it takes; and the wish can be withdrawn.
    let (mut line, _) = seated(MediaKind::Video, &mut a, now);
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    assert!(line.forward(&a.packet(9000, true, false), now + 9 * HOLD_MAX).is_ok());
    line.switch_to(Some(SourceKey(1)), Old::Hold, now);
    assert_eq!((line.current(), line.pending()), (Some(SourceKey(1)), None));
}

#[test]
fn after_a_pause_the_same_source_begins_anew_without_a_gap() {
    let now = Instant::now();
    let mut a = Source::audio(1);
    let (mut line, first) = seated(MediaKind::Audio, &mut a, now);
    line.switch_to(None, Old::Cut, now);
    for ms in (20..60_000).step_by(20) {
        assert_eq!(line.forward(&a.packet(ms, true, true), now), Err(DropReason::NotMyLayer));
    }
    line.switch_to(Some(SourceKey(1)), Old::Cut, now);
    let again = line.forward(&a.packet(60_000, true, true), now).unwrap();
    assert_eq!((again.seq, again.timestamp.wrapping_sub(first.timestamp)), (first.seq + 1, 60_000 * 48));
}

#[test]
fn an_empty_seat_keeps_the_time_even_around_the_wrap() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, first) = seated(MediaKind::Video, &mut a, now);
    line.switch_to(Some(SourceKey(2)), Old::Cut, now);
    // Seven hours are more than half the range of a 90 kHz timestamp.
    let hours = 7 * 3600 * 1000;
    let began = line.forward(&b.packet(hours, true, true), now).unwrap();
    assert_eq!(began.seq, first.seq + 1);
    assert_eq!(began.timestamp, first.timestamp.wrapping_add((hours * 90) as u32));
}

#[test]
fn leaps_of_a_source_are_not_passed_on() {
    let now = Instant::now();
    let mut a = Source::video(1);
    let (mut line, first) = seated(MediaKind::Video, &mut a, now);
    a.seq += 20_000;
    let leapt = line.forward(&a.packet(33, true, false), now).unwrap();
    assert_eq!(leapt.seq, first.seq + 2, "one place tells of a loss");
    assert_eq!(line.lookup((first.seq + 1) as u16), None);
    line.skip(SourceKey(1), a.seq + 9_000);
    a.seq += 9_001;
    assert_eq!(line.forward(&a.packet(66, true, false), now).unwrap().seq, first.seq + 4);
    // Its timestamps began anew.
    let mut packet = a.packet(100, true, true);
    packet.timestamp = packet.timestamp.wrapping_add(0x2000_0000);
    let restarted = line.forward(&packet, now).unwrap();
    assert!(restarted.began);
    assert_eq!((restarted.seq, restarted.timestamp), (first.seq + 5, first.timestamp.wrapping_add(9000)));
}

#[test]
fn reports_map_the_time_through_the_source() {
    let now = Instant::now();
    let mut peer = PeerClock::default();
    let mut clock = SourceClock::new(90_000);
    let mut a = Source::video(1);
    let (mut line, first) = seated(MediaKind::Video, &mut a, now);
    let packet = a.packet(1000, true, false);
    clock.on_sender_report(&mut peer, at(1000), packet.timestamp, at(1000));
    clock.on_packet(&peer, packet.timestamp, at(1000));
    let forward = line.forward(&packet, now).unwrap();
    assert_eq!(line.timestamp_at(&clock, &peer, at(1000)), Some(forward.timestamp));
    let later = line.timestamp_at(&clock, &peer, at(3000)).unwrap();
    assert_eq!(later.wrapping_sub(first.timestamp), 3 * 90_000);
    line.switch_to(None, Old::Cut, now);
    assert_eq!(line.timestamp_at(&clock, &peer, at(3000)), None);
}

#[test]
fn sources_without_picture_ids_pass_unchanged() {
    let now = Instant::now();
    let (mut a, mut b) = (Source::video(1), Source::video(2));
    let (mut line, first) = seated(MediaKind::Video, &mut a, now);
    line.switch_to(Some(SourceKey(2)), Old::Hold, now);
    let plain = Incoming { counters: Counters::default(), ..b.packet(33, true, true) };
    assert_eq!(line.forward(&plain, now).unwrap().counters, Counters::default());
    line.switch_to(Some(SourceKey(1)), Old::Hold, now);
    let back = line.forward(&a.packet(66, true, true), now).unwrap();
    assert_eq!(ids(&back).0, (ids(&first).0 + 1) & 0x7fff, "picture ids go on where they were");
}

#[test]
fn the_retransmission_stream_counts_by_itself() {
    let mut line = SeatLine::new(MediaKind::Video, START, at(0));
    assert_eq!([line.next_rtx_seq(), line.next_rtx_seq()], [9, 10]);
}
