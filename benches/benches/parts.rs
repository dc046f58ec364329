//! The parts of the packet path, one by one: what each costs per packet.

mod fixture;

use auftakt_client::wire::{write_nack, write_receiver_report};
use auftakt_media::activity::{Detector, SoundPacket};
use auftakt_media::bwe::{Estimator, Sent};
use auftakt_media::codec::Codec;
use auftakt_media::demux::classify;
use auftakt_media::id::MediaKind;
use auftakt_media::rtcp::parse::{Compound, Packet};
use auftakt_media::rtp::clock::WallClock;
use auftakt_media::rtp::packet::Header;
use auftakt_media::rtp::payload::inspect;
use auftakt_media::rtp::rewrite::{Incoming, LineStart, Old, SeatLine, SourceKey};
use auftakt_media::rtp::ring::{PassedExtensions, Ring, RingLimits, StoredPacket};
use auftakt_media::rtp::twcc::{Feedback, TwccRecorder};
use auftakt_media::srtp::SrtpProfile;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fixture::{HEADER_LEN, PROFILES, SIZES, ends, plain, vp8};
use std::hint::black_box;
use std::time::{Duration, Instant};

fn demultiplex(c: &mut Criterion) {
    let packets = [plain(1, 1150), vec![0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8], vec![22; 40], vec![0x81, 205, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2]];
    let mut group = c.benchmark_group("demultiplex");
    group.throughput(Throughput::Elements(packets.len() as u64));
    group.bench_function("one of each protocol", |b| {
        b.iter(|| packets.iter().filter(|packet| classify(black_box(packet)).is_ok()).count());
    });
    let packet = plain(1, 1150);
    group.throughput(Throughput::Elements(1));
    group.bench_function("RTP header", |b| b.iter(|| Header::parse(black_box(&packet))));
    group.finish();
}

fn open(c: &mut Criterion) {
    let mut group = c.benchmark_group("open");
    for (name, profile) in PROFILES {
        for size in SIZES {
            let (outbound, mut inbound) = ends(profile);
            let mut index = 0;
            group.throughput(Throughput::Bytes(size as u64));
            group.bench_function(format!("{name} {size}"), |b| {
                let sealed = || {
                    index += 1;
                    let mut packet = plain(index, size);
                    outbound.seal_rtp(&mut packet, 0, HEADER_LEN, index);
                    packet
                };
                b.iter_batched_ref(sealed, |packet| inbound.open_rtp(packet, HEADER_LEN).expect("authentic"), BatchSize::SmallInput);
            });
        }
    }
    group.finish();
}

fn seal(c: &mut Criterion) {
    let mut group = c.benchmark_group("seal");
    for (name, profile) in PROFILES {
        for size in SIZES {
            let (outbound, _) = ends(profile);
            let mut packet = plain(1, size);
            let (len, mut index) = (packet.len(), 0);
            group.throughput(Throughput::Bytes(size as u64));
            group.bench_function(format!("{name} {size}"), |b| {
                b.iter(|| {
                    index += 1;
                    packet.truncate(len);
                    outbound.seal_rtp(&mut packet, 0, HEADER_LEN, index);
                });
            });
        }
    }
    group.finish();
}

const SOURCE: SourceKey = SourceKey(1);

/// One stream at 300 packets a second, three to a frame, as it comes out of the ring.
struct Stream {
    kind: MediaKind,
    start: Instant,
    wall: WallClock,
    payload: Vec<u8>,
    next: u64,
}

impl Stream {
    fn new(kind: MediaKind) -> Self {
        let start = Instant::now();
        let payload = match kind {
            MediaKind::Audio => vec![0xFC; SIZES[1]],
            MediaKind::Video => vp8(0, true, SIZES[0]),
        };
        Self { kind, start, wall: WallClock::new(start, Duration::from_secs(1_700_000_000)), payload, next: 1 << 16 }
    }

    fn codec(&self) -> Codec {
        match self.kind {
            MediaKind::Audio => Codec::Opus,
            MediaKind::Video => Codec::Vp8,
        }
    }

    fn time(&self, ext_seq: u64) -> Instant {
        let frame = match self.kind {
            MediaKind::Audio => ext_seq * 2,
            MediaKind::Video => ext_seq / 3,
        };
        self.start + Duration::from_millis(10 * frame)
    }

    fn next(&mut self) -> StoredPacket<'_> {
        self.next += 1;
        self.packet(self.next)
    }

    fn packet(&self, ext_seq: u64) -> StoredPacket<'_> {
        let arrival = self.time(ext_seq);
        let ticks = arrival.duration_since(self.start).as_millis() as u64 * u64::from(self.codec().clock_rate()) / 1000;
        let info = inspect(self.codec(), &self.payload);
        StoredPacket {
            ext_seq,
            timestamp: ticks as u32,
            marker: false,
            keyframe_start: info.keyframe_start,
            codec: self.codec(),
            duration: info.duration,
            counters: info.counters,
            temporal: info.temporal,
            layers: None,
            capture: self.wall.ntp(arrival),
            arrival,
            extensions: PassedExtensions::default(),
            dependency_descriptor: &[],
            payload: &self.payload,
        }
    }

    fn line(&self) -> SeatLine {
        let start = LineStart { sequence: 1, timestamp: 2, rtx_sequence: 3, picture_id: 4, tl0_index: 5 };
        let mut line = SeatLine::new(self.kind, start, self.wall.ntp(self.start));
        line.switch_to(Some(SOURCE), Old::Cut, self.start);
        line
    }
}

fn rewrite(c: &mut Criterion) {
    let mut group = c.benchmark_group("rewrite");
    group.throughput(Throughput::Elements(1));
    for (name, kind) in [("video", MediaKind::Video), ("audio", MediaKind::Audio)] {
        let mut stream = Stream::new(kind);
        let mut line = stream.line();
        group.bench_function(name, |b| {
            let incoming = || {
                let packet = stream.next();
                (Incoming::new(SOURCE, &packet), packet.arrival)
            };
            b.iter_batched(incoming, |(packet, now)| line.forward(&packet, now).expect("the current source"), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn ring(c: &mut Criterion) {
    let mut group = c.benchmark_group("ring");
    group.throughput(Throughput::Elements(1));
    for (name, kind, limits) in [("insert 1150", MediaKind::Video, RingLimits::VIDEO), ("insert 160", MediaKind::Audio, RingLimits::AUDIO)]
    {
        let mut stream = Stream::new(kind);
        let mut ring = Ring::new(limits);
        for _ in 0..5000 {
            ring.insert(&stream.next());
        }
        group.bench_function(name, |b| b.iter(|| ring.insert(&stream.next())));
    }
    group.finish();
}

/// Who speaks: a hundred microphones, of which some sound, one packet each.
fn activity(c: &mut Criterion) {
    let mut group = c.benchmark_group("activity");
    let mut microphones = vec![Detector::default(); 100];
    let (mut now, mut step) = (Instant::now(), 0_u32);
    group.throughput(Throughput::Elements(microphones.len() as u64));
    group.bench_function("100 microphones", |b| {
        b.iter(|| {
            step += 1;
            now += Duration::from_millis(20);
            let tell = |(index, detector): (usize, &mut Detector)| {
                // A fifth speaks, the others breathe.
                let speaks = index % 5 == 0 && step / 8 % 4 != 3;
                let level = if speaks { 25 + (step * 7 % 13) as u8 } else { 66 + (step * 5 % 3) as u8 };
                let packet = SoundPacket { timestamp: step * 960, duration: 960, level: Some(level), bytes: 160 };
                usize::from(detector.on_packet(now, black_box(&packet)).is_some())
            };
            microphones.iter_mut().enumerate().map(tell).sum::<usize>()
        });
    });
    group.finish();
}

/// A receiver misses a packet: find whose it was, take it from the ring, write and seal it again.
fn nack(c: &mut Criterion) {
    let mut group = c.benchmark_group("nack");
    group.throughput(Throughput::Elements(1));
    let mut stream = Stream::new(MediaKind::Video);
    let (mut line, mut ring) = (stream.line(), Ring::new(RingLimits::VIDEO));
    let (outbound, _) = ends(SrtpProfile::AeadAes128Gcm);
    let mut newest = 0;
    for _ in 0..5000 {
        let packet = stream.next();
        ring.insert(&packet);
        newest = line.forward(&Incoming::new(SOURCE, &packet), packet.arrival).expect("the current source").seq;
    }
    let mut back = 0;
    let mut sequence = move || {
        back = (back + 7) % 400;
        (newest - back) as u16
    };
    group.bench_function("lookup", |b| {
        b.iter(|| {
            let origin = line.lookup(sequence())?;
            ring.get(origin.ext_seq).map(|packet| packet.payload.len())
        });
    });
    let mut out = Vec::with_capacity(2048);
    group.bench_function("lookup and resend", |b| {
        b.iter(|| {
            let origin = line.lookup(sequence()).expect("recent");
            let packet = ring.get(origin.ext_seq).expect("recent");
            let forward = line.resend(&origin, packet.timestamp, &packet.counters).expect("recent");
            let index = line.next_rtx_seq();
            out.clear();
            out.resize(HEADER_LEN, 0x80);
            out.extend_from_slice(&(forward.seq as u16).to_be_bytes());
            out.extend_from_slice(packet.payload);
            forward.counters.apply(&mut out[HEADER_LEN + 2..]);
            outbound.seal_rtp(&mut out, 0, HEADER_LEN, index);
        });
    });
    group.finish();
}

/// So many packets that one feedback tells of: 50 ms at a high rate.
const TOLD: u16 = 100;

fn transport_feedback() -> Vec<u8> {
    let epoch = Instant::now();
    let (mut recorder, mut out) = (TwccRecorder::new(epoch), vec![]);
    record(&mut recorder, 0, epoch);
    recorder.write_feedback(epoch + Duration::from_millis(60), 1, 2, &mut out);
    out
}

/// Every twentieth is lost.
fn record(recorder: &mut TwccRecorder, first: u16, now: Instant) {
    for n in (0..TOLD).filter(|n| n % 20 != 19) {
        recorder.record(first.wrapping_add(n), now + Duration::from_micros(500 * u64::from(n)));
    }
}

fn rtcp(c: &mut Criterion) {
    let mut group = c.benchmark_group("rtcp");
    let mut compound = write_receiver_report(1);
    compound.extend(write_nack(1, 7, &[5, 6, 9, 40]));
    compound.extend(transport_feedback());
    group.bench_function("parse a compound with a NACK and feedback for 100", |b| b.iter(|| parse(black_box(&compound))));
    let (mut now, mut first) = (Instant::now(), 0_u16);
    let (mut recorder, mut out) = (TwccRecorder::new(now), Vec::with_capacity(2048));
    group.throughput(Throughput::Elements(TOLD.into()));
    group.bench_function("record 100 arrivals and write feedback", |b| {
        b.iter(|| {
            now += Duration::from_millis(50);
            out.clear();
            record(&mut recorder, first, now);
            first = first.wrapping_add(TOLD);
            recorder.write_feedback(now + Duration::from_millis(50), 1, 2, &mut out)
        });
    });
    group.finish();
}

/// A receiver is sent 100 packets in 50 ms and tells of them, every twentieth lost.
fn bandwidth(c: &mut Criterion) {
    let mut group = c.benchmark_group("bandwidth");
    group.throughput(Throughput::Elements(TOLD.into()));
    let start = Instant::now();
    let note = |estimator: &mut Estimator, first: u16, now: Instant| {
        for n in 0..TOLD {
            estimator.on_sent(now + Duration::from_micros(500 * u64::from(n)), first.wrapping_add(n), 1150, Sent::Video);
        }
    };
    let (mut estimator, mut first, mut now) = (Estimator::new(start), 0_u16, start);
    group.bench_function("note 100 packets", |b| {
        b.iter(|| {
            note(&mut estimator, first, now);
            (first, now) = (first.wrapping_add(TOLD), now + Duration::from_millis(50));
        });
    });
    let (mut estimator, mut recorder) = (Estimator::new(start), TwccRecorder::new(start));
    let (mut first, mut now) = (0_u16, start);
    group.bench_function("note 100 packets and read the feedback", |b| {
        let told = || {
            let (begun, mut out) = (now, vec![]);
            record(&mut recorder, first, now);
            (first, now) = (first.wrapping_add(TOLD), now + Duration::from_millis(50));
            recorder.write_feedback(now, 1, 2, &mut out);
            (first.wrapping_sub(TOLD), begun, out)
        };
        let read = |(first, now, out): &mut (u16, Instant, Vec<u8>)| {
            note(&mut estimator, *first, *now);
            if let Some(Ok(Packet::TransportCc(fci))) = Compound::new(out).next() {
                let feedback = Feedback::parse(fci).expect("written as it is read");
                estimator.on_feedback(*now + Duration::from_millis(60), &feedback);
            }
        };
        b.iter_batched_ref(told, read, BatchSize::SmallInput);
    });
    group.finish();
}

fn parse(compound: &[u8]) -> usize {
    let told = |packet: Packet<'_>| match packet {
        Packet::Nack(nack) => nack.lost().count(),
        Packet::TransportCc(fci) => Feedback::parse(fci).map_or(0, |feedback| feedback.statuses().count()),
        Packet::ReceiverReport(_, blocks) => blocks.count(),
        _ => 0,
    };
    Compound::new(compound).flatten().map(told).sum()
}

criterion_group! {
    name = benches;
    config = fixture::criterion();
    targets = demultiplex, open, seal, rewrite, ring, activity, nack, rtcp, bandwidth
}
criterion_main!(benches);
