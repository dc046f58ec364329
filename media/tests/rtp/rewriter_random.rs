//! The rewriter under everything at once: loss, reordering, duplicates, padding, switches, wrong clocks.

use crate::rewriter::{START, Source, at};
use auftakt_media::id::MediaKind;
use auftakt_media::rtp::rewrite::{Forward, Incoming, Old, SeatLine, SourceKey};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A source sends a frame of 1 to 4 packets (video) or packets (audio); the bits say which are late, lost or padding.
    Send {
        source: usize,
        packets: u8,
        keyframe: bool,
        fates: [Fate; 4],
        wait_ms: u64,
    },
    /// A late packet arrives, or one that was late before once more.
    Late {
        index: usize,
    },
    Switch {
        source: Option<usize>,
        old: Old,
    },
    /// The estimate of a source's clock changes.
    Error {
        source: usize,
        ms: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Arrives,
    ComesLate,
    IsPadding,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![8 => Just(Fate::Arrives), 2 => Just(Fate::ComesLate), 1 => Just(Fate::IsPadding)]
}

fn step() -> impl Strategy<Value = Step> {
    let old = prop_oneof![Just(Old::Cut), Just(Old::HoldBriefly), Just(Old::Hold)];
    prop_oneof![
        20 => (0usize..3, 1u8..5, prop::bool::weighted(0.3), [fate(), fate(), fate(), fate()], 0u64..40)
            .prop_map(|(source, packets, keyframe, fates, wait_ms)| Step::Send { source, packets, keyframe, fates, wait_ms }),
        8 => (0usize..64).prop_map(|index| Step::Late { index }),
        2 => (prop::option::weighted(0.9, 0usize..3), old).prop_map(|(source, old)| Step::Switch { source, old }),
        1 => (0usize..3, -400i64..400).prop_map(|(source, ms)| Step::Error { source, ms }),
    ]
}

/// A line, and all that ever went out of it.
struct World {
    line: SeatLine,
    now: Instant,
    by_seq: BTreeMap<u64, (Incoming, Forward)>,
    /// The stay each packet went out in, and the one timestamp of each frame in each stay.
    stay: u32,
    frames: HashMap<(u32, u32), u32>,
    highest: Option<Forward>,
}

impl World {
    fn give(&mut self, packet: &Incoming) -> Result<(), TestCaseError> {
        let Ok(forward) = self.line.forward(packet, self.now) else { return Ok(()) };
        if forward.began {
            self.stay += 1;
            self.check_begin(&forward)?;
        }
        let same = Forward { began: false, ..forward };
        if let Some((before, first)) = self.by_seq.get(&forward.seq) {
            prop_assert_eq!((before.source, before.ext_seq), (packet.source, packet.ext_seq), "two packets under one number");
            prop_assert_eq!(*first, same, "the same packet in two ways");
            return Ok(());
        }
        self.by_seq.insert(forward.seq, (*packet, same));
        let timestamp = *self.frames.entry((self.stay, packet.timestamp)).or_insert(forward.timestamp);
        prop_assert_eq!(timestamp, forward.timestamp, "one frame, two timestamps");
        if self.highest.is_none_or(|highest| highest.seq < forward.seq) {
            self.highest = Some(forward);
        }
        Ok(())
    }

    /// The first packet of a stay follows what was before it.
    fn check_begin(&self, forward: &Forward) -> Result<(), TestCaseError> {
        let Some(highest) = self.highest else { return Ok(()) };
        let newest = self.by_seq.values().map(|(_, forward)| forward.timestamp.wrapping_sub(START.timestamp)).max().unwrap();
        prop_assert!(forward.seq > highest.seq);
        prop_assert!(forward.timestamp.wrapping_sub(START.timestamp) > newest, "time runs backwards");
        if let (Some(before), Some(after)) = (highest.counters.picture_id, forward.counters.picture_id) {
            prop_assert_eq!(after.value, (before.value + 1) & 0x7fff, "the picture id goes on by one");
        }
        if let (Some(before), Some(after)) = (highest.counters.frame, forward.counters.frame) {
            prop_assert_eq!(after, before.wrapping_add(1), "the frame number goes on by one");
        }
        Ok(())
    }

    /// Everything that is found goes out as it did, and the newest hundred are found.
    fn check_lookups(&self) -> Result<(), TestCaseError> {
        for (count, (seq, (packet, forward))) in self.by_seq.iter().rev().enumerate() {
            let Some(origin) = self.line.lookup(*seq as u16) else {
                prop_assert!(count >= 20, "{count} before the newest is forgotten");
                continue;
            };
            prop_assert_eq!((origin.source, origin.ext_seq), (packet.source, packet.ext_seq));
            if let Some(again) = self.line.resend(&origin, packet.timestamp, &packet.counters) {
                prop_assert_eq!(again, *forward);
            } else {
                prop_assert!(count >= 20, "{count} before the newest cannot be sent again");
            }
        }
        Ok(())
    }
}

fn play(kind: MediaKind, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let start = Instant::now();
    let make = |key| if kind == MediaKind::Video { Source::video(key) } else { Source::audio(key) };
    let mut sources = [make(0), make(1), make(2)];
    let mut late: VecDeque<Incoming> = VecDeque::new();
    let mut world = World {
        line: SeatLine::new(kind, START, at(0)),
        now: start,
        by_seq: BTreeMap::new(),
        stay: 0,
        frames: HashMap::new(),
        highest: None,
    };
    let mut ms = 1000;
    for step in steps {
        world.now = start + Duration::from_millis(ms);
        match step {
            Step::Send { source, packets, keyframe, fates, wait_ms } => {
                ms += wait_ms + 1;
                for index in 0..packets {
                    let packet = sources[source].packet(ms, index == 0, keyframe);
                    match fates[usize::from(index)] {
                        Fate::Arrives => world.give(&packet)?,
                        Fate::ComesLate => late.push_back(packet),
                        Fate::IsPadding => world.line.skip(packet.source, packet.ext_seq),
                    }
                    ms += if kind == MediaKind::Audio { 20 } else { 0 };
                }
                if late.len() > 64 {
                    late.pop_front();
                }
            }
            Step::Late { index } => {
                if let Some(packet) = late.get(index).copied() {
                    world.give(&packet)?;
                }
            }
            Step::Switch { source, old } => world.line.switch_to(source.map(|key| SourceKey(key as u32)), old, world.now),
            Step::Error { source, ms } => sources[source].error_ms = ms,
        }
    }
    world.check_lookups()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn pictures_stay_one_stream(steps in prop::collection::vec(step(), 1..300)) {
        play(MediaKind::Video, steps)?;
    }

    #[test]
    fn sound_stays_one_stream(steps in prop::collection::vec(step(), 1..300)) {
        play(MediaKind::Audio, steps)?;
    }

    /// Whatever the numbers are: no panic, and no two packets under one downlink number.
    #[test]
    fn nonsense_is_survived(
        packets in prop::collection::vec((0u32..3, 0u64..1 << 48, any::<u32>(), any::<u64>(), any::<bool>(), 0u32..6000), 1..200),
        audio: bool,
    ) {
        let now = Instant::now();
        let kind = if audio { MediaKind::Audio } else { MediaKind::Video };
        let mut line = SeatLine::new(kind, START, at(0));
        let mut sent: BTreeMap<u64, (SourceKey, u64)> = BTreeMap::new();
        for (source, ext_seq, timestamp, capture, keyframe_start, duration) in packets {
            let source = SourceKey(source);
            let packet = Incoming {
                source, ext_seq, timestamp, capture: auftakt_media::rtp::clock::NtpTime(capture), keyframe_start, duration,
                counters: auftakt_media::rtp::counters::Counters::default(),
            };
            if keyframe_start { line.switch_to(Some(source), Old::Hold, now); }
            if let Ok(forward) = line.forward(&packet, now) {
                let owner = *sent.entry(forward.seq).or_insert((source, ext_seq));
                prop_assert_eq!(owner, (source, ext_seq));
            }
            if duration % 5 == 0 { line.skip(source, ext_seq.wrapping_add(u64::from(duration))); }
            line.lookup(timestamp as u16);
        }
    }
}
