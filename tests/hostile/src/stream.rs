//! One seat and the streams that may sit in it, whatever numbers, timestamps and reports they come with.

use crate::beginning;
use arbitrary::{Arbitrary, Unstructured};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::rtp::clock::{NtpTime, PeerClock, SourceClock, WallClock};
use auftakt_media::rtp::nack::{NackGenerator, NackPolicy};
use auftakt_media::rtp::payload::inspect;
use auftakt_media::rtp::rewrite::{Incoming, LineStart, Old, SeatLine, SourceKey};
use auftakt_media::rtp::ring::{Inserted, PassedExtensions, Ring, RingLimits, StoredPacket};
use auftakt_media::rtp::stats::ReceiveStats;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SOURCES: usize = 3;

#[derive(Arbitrary, Debug)]
enum Step {
    Packet { source: u8, leap: Leap, timestamp: i32, payload: [u8; 6] },
    Frame { source: u8, keyframe: bool },
    Padding { source: u8 },
    Switch { to: Option<u8>, old: u8 },
    Report { source: u8, ntp: u64, near: bool, timestamp: i32 },
    Nack { back: u8 },
    Wait { millis: u16 },
}

#[derive(Arbitrary, Debug)]
enum Leap {
    Next,
    Near(i8),
    Far(i16),
    Anywhere(u32),
}

struct Source {
    key: SourceKey,
    next: u64,
    timestamp: u32,
    clock: SourceClock,
    peer: PeerClock,
    ring: Ring,
    nack: NackGenerator,
    stats: ReceiveStats,
}

struct Seat {
    now: Instant,
    wall: WallClock,
    codec: Codec,
    sources: Vec<Source>,
    line: SeatLine,
    /// What went out under which number: timestamp, whose it was, and its number there.
    sent: BTreeMap<u64, (u32, SourceKey, u64)>,
}

pub(crate) fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(start) = input.arbitrary::<(bool, u16, u32, u16)>() else { return };
    let mut seat = Seat::new(start);
    for _ in 0..2000 {
        let Ok(step) = input.arbitrary() else { return };
        seat.step(step);
        if input.is_empty() {
            return;
        }
    }
}

impl Seat {
    fn new((video, sequence, timestamp, picture_id): (bool, u16, u32, u16)) -> Self {
        let now = beginning();
        let wall = WallClock::new(now, Duration::from_secs(1_700_000_000));
        let (kind, codec) = if video { (MediaKind::Video, Codec::Vp8) } else { (MediaKind::Audio, Codec::Opus) };
        let start = LineStart { sequence, timestamp, rtx_sequence: sequence, picture_id, tl0_index: 250 };
        let limits = RingLimits { bytes_max: 16 * 1024, packets_max: 128 };
        let policy = if video { NackPolicy::VIDEO } else { NackPolicy::AUDIO };
        let source = |number: usize| Source {
            key: SourceKey(number as u32),
            next: 40_000 * number as u64,
            timestamp: timestamp.wrapping_mul(number as u32),
            clock: SourceClock::new(codec.clock_rate()),
            peer: PeerClock::default(),
            ring: Ring::new(limits),
            nack: NackGenerator::new(policy),
            stats: ReceiveStats::new(codec.clock_rate()),
        };
        let line = SeatLine::new(kind, start, wall.ntp(now));
        Self { now, wall, codec, sources: (0..SOURCES).map(source).collect(), line, sent: BTreeMap::new() }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Packet { source, leap, timestamp, payload } => self.packet(source, &leap, timestamp, &payload),
            Step::Frame { source, keyframe } => {
                let ticks = self.codec.clock_rate() / 50;
                self.packet(source, &Leap::Next, ticks as i32, &[0x90, 0xE0, 1, 2, u8::from(!keyframe), 0]);
                self.now += Duration::from_millis(20);
            }
            Step::Padding { source } => {
                let source = &mut self.sources[usize::from(source) % SOURCES];
                source.nack.on_packet(source.next, self.now);
                self.line.skip(source.key, source.next);
                source.next += 1;
            }
            Step::Switch { to, old } => {
                let to = to.map(|to| self.sources[usize::from(to) % SOURCES].key);
                self.line.switch_to(to, [Old::Cut, Old::HoldBriefly, Old::Hold][usize::from(old) % 3], self.now);
            }
            Step::Report { source, ntp, near, timestamp } => {
                let arrival = self.wall.ntp(self.now);
                let source = &mut self.sources[usize::from(source) % SOURCES];
                let ntp = NtpTime(if near { arrival.0.wrapping_add_signed(ntp as i64 >> 28) } else { ntp });
                let timestamp = if near { source.timestamp } else { source.timestamp.wrapping_add_signed(timestamp) };
                source.stats.on_sender_report(ntp, arrival);
                source.clock.on_sender_report(&mut source.peer, ntp, timestamp, arrival);
            }
            Step::Nack { back } => self.resend(back),
            Step::Wait { millis } => self.wait(millis),
        }
    }

    fn packet(&mut self, source: u8, leap: &Leap, timestamp: i32, payload: &[u8]) {
        let (now, arrival, codec) = (self.now, self.wall.ntp(self.now), self.codec);
        let source = &mut self.sources[usize::from(source) % SOURCES];
        let ext_seq = match *leap {
            Leap::Next => source.next,
            Leap::Near(step) => source.next.saturating_add_signed(step.into()),
            Leap::Far(step) => source.next.saturating_add_signed(step.into()),
            // SRTP's index has 48 bits.
            Leap::Anywhere(index) => u64::from(index) << 12 & 0xFFFF_FFFF_FFFF,
        };
        source.next = source.next.max(ext_seq + 1);
        source.timestamp = source.timestamp.wrapping_add_signed(timestamp);
        source.stats.on_packet(ext_seq, source.timestamp, arrival);
        source.nack.on_packet(ext_seq, now);
        let info = inspect(codec, payload);
        let stored = StoredPacket {
            ext_seq,
            timestamp: source.timestamp,
            marker: false,
            keyframe_start: info.keyframe_start,
            codec,
            duration: info.duration,
            counters: info.counters,
            temporal: info.temporal,
            layers: None,
            capture: source.clock.on_packet(&source.peer, source.timestamp, arrival),
            arrival: now,
            extensions: PassedExtensions::default(),
            dependency_descriptor: &[],
            payload,
        };
        if matches!(source.ring.insert(&stored), Inserted::Duplicate | Inserted::Refused) {
            return;
        }
        let kept = source.ring.get(ext_seq).expect("what was just stored is there");
        assert_eq!((kept.payload, kept.timestamp), (payload, stored.timestamp));
        if let Ok(forward) = self.line.forward(&Incoming::new(source.key, &stored), now) {
            let before = self.sent.insert(forward.seq, (forward.timestamp, source.key, ext_seq));
            assert_eq!(before, None, "a number goes out once");
        }
    }

    /// A receiver misses one of the last 256 numbers.
    fn resend(&mut self, back: u8) {
        let Some(&newest) = self.sent.keys().next_back() else { return };
        let Some(seq) = newest.checked_sub(back.into()) else { return };
        let Some(origin) = self.line.lookup(seq as u16).filter(|origin| origin.seq == seq) else { return };
        let Some(source) = self.sources.iter().find(|source| source.key == origin.source) else { panic!("nobody's packet") };
        let Some(packet) = source.ring.get(origin.ext_seq) else { return };
        let Some(again) = self.line.resend(&origin, packet.timestamp, &packet.counters) else { return };
        // Two different packets under one number would give the keys' secrecy away.
        if let Some(&(timestamp, source, ext_seq)) = self.sent.get(&seq) {
            assert_eq!((again.timestamp, origin.source, origin.ext_seq), (timestamp, source, ext_seq), "the same as the first time");
        }
    }

    fn wait(&mut self, millis: u16) {
        self.now += Duration::from_millis(u64::from(millis));
        let ntp = self.wall.ntp(self.now);
        let mut lost = vec![];
        for source in &mut self.sources {
            source.nack.poll(self.now, &mut lost);
            assert!(lost.len() <= NackPolicy::VIDEO.losses_max * SOURCES);
            assert!(source.nack.poll_timeout().is_none_or(|at| at > self.now), "what was polled is not due");
            source.stats.report(source.key.0, ntp);
            self.line.timestamp_at(&source.clock, &source.peer, ntp);
        }
        self.line.wants_keyframe(self.now);
        assert!(self.line.poll_timeout().is_none_or(|at| at > self.now), "what was polled is not due");
    }
}
