//! The whole worker without input and output: what a forwarded packet costs, and a packet sent again.

mod fixture;

use auftakt_client::TransportFeedback;
use auftakt_client::wire::{write_nack, write_receiver_report};
use auftakt_media::worker::Flushed;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fixture::{PUBLISHER, Room, address};
use std::time::{Duration, Instant};

/// A burst of four packets of 1150 bytes to so many receivers; read the time per element as the cost of one forwarded packet.
fn forward(c: &mut Criterion) {
    let mut group = c.benchmark_group("worker");
    for receivers in [1, 10, 100] {
        let mut room = Room::with_receivers(receivers);
        group.throughput(Throughput::Elements(4 * receivers as u64));
        group.bench_function(format!("forward 4 packets to {receivers}"), |b| {
            b.iter_custom(|bursts| timed(bursts, &mut room, 4 * receivers));
        });
    }
    let mut room = Room::with(100, TransportFeedback::NotOffered);
    group.bench_function("forward 4 packets to 100 without transport-wide numbers", |b| {
        b.iter_custom(|bursts| timed(bursts, &mut room, 400));
    });
    group.finish();
}

/// Only the server's part is timed; the clients' and what is due by time is not.
fn timed(bursts: u64, room: &mut Room, expected: usize) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..bursts {
        let mut burst = room.next_burst();
        let begin = Instant::now();
        let sent = room.forward(&mut burst);
        spent += begin.elapsed();
        assert!(sent >= expected, "{sent} of {expected} packets");
        room.clients[PUBLISHER].handle_timeout(room.now);
        keep_up(room);
    }
    spent
}

/// Consent and reports, so that the lesson goes on for as long as the bench takes.
fn keep_up(room: &mut Room) {
    if room.worker.poll_timeout().is_some_and(|at| at <= room.now) {
        room.settle();
    }
}

/// A receiver asks for sixteen packets of the last two seconds.
fn retransmit(c: &mut Criterion) {
    const ASKED: u16 = 16;
    let mut room = Room::with_receivers(1);
    let mut group = c.benchmark_group("worker");
    group.throughput(Throughput::Elements(ASKED.into()));
    group.bench_function("answer a NACK of 16 packets", |b| {
        b.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for round in 0..rounds {
                // Two bursts a round leave the receiver's budget of retransmissions unharmed.
                for _ in 0..2 {
                    room.deliver_burst();
                }
                let receiver = &mut room.clients[1];
                let highest = receiver.seen("0").and_then(|seen| seen.highest).unwrap_or_default() as u16;
                let first = highest.wrapping_sub(ASKED + (round % 300) as u16);
                let ssrc = receiver.answered_ssrcs("0")[0];
                let mut compound = write_receiver_report(1);
                compound.extend(write_nack(1, ssrc, &(0..ASKED).map(|n| first.wrapping_add(n)).collect::<Vec<_>>()));
                receiver.send_rtcp(&compound);
                let mut nack = receiver.poll_transmit().expect("a NACK");
                let begin = Instant::now();
                room.worker.handle_datagram(room.now, address(1), &mut nack);
                // Repairs go out with the batch, behind its sound.
                while room.worker.flush(room.now) == Flushed::More {}
                spent += begin.elapsed();
                assert_eq!(room.worker.transmits().len(), usize::from(ASKED));
                room.worker.transmits().clear();
            }
            spent
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = fixture::criterion(); targets = forward, retransmit }
criterion_main!(benches);
