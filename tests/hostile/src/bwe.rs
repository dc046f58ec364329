//! A receiver that lies about what arrived, to the estimator of its bandwidth.

use crate::beginning;
use arbitrary::Unstructured;
use auftakt_media::bwe::{Estimator, Pacer, ProbeId, Sent};
use auftakt_media::rtp::twcc::Feedback;
use std::time::{Duration, Instant};

/// What no feedback may make of the target: sound alone at least, and no more than any link has.
const TARGETS: std::ops::RangeInclusive<u64> = 50_000..=100_000_000;
const STEPS_MAX: usize = 2000;

/// Sending, feedback of any kind and everything else a caller does, in any order.
pub(crate) fn estimator(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut now = beginning();
    let mut estimator = Estimator::new(now);
    let mut pacer = Pacer::new(now);
    let mut number = input.arbitrary::<u16>().unwrap_or(0);
    for _ in 0..STEPS_MAX {
        let Ok((step, value)) = input.arbitrary::<(u8, u16)>() else { break };
        match step % 10 {
            0..=3 => send(&mut estimator, &mut pacer, now, &mut number, step, value),
            4 => lie(&mut estimator, now, number, value, &mut input),
            5 => {
                let len = usize::from(value % 200).min(input.len());
                if let Some(feedback) = input.bytes(len).ok().and_then(Feedback::parse) {
                    estimator.on_feedback(now, &feedback);
                }
            }
            6 => now += Duration::from_micros(u64::from(value) * if value.is_multiple_of(31) { 1000 } else { 5 }),
            7 => estimator.set_wanted(now, u64::from(value) << (step % 48)),
            8 => timeouts(&mut estimator, now),
            _ if value.is_multiple_of(64) => estimator.on_path_change(now),
            _ => now = now.checked_sub(Duration::from_micros(u64::from(value))).unwrap_or(now),
        }
        assert!(TARGETS.contains(&estimator.target_bps()), "a target of {} bit/s", estimator.target_bps());
        if let Some(probe) = estimator.poll_probe(now) {
            assert!(probe.bytes > 0 && probe.bytes < 10_000_000, "{probe:?}");
            assert!(probe.duration <= Duration::from_secs(30), "{probe:?}");
            assert!(estimator.poll_probe(now).is_none(), "one probe at a time");
        }
        if input.is_empty() {
            break;
        }
    }
}

/// A few packets, mostly with the next numbers.
fn send(estimator: &mut Estimator, pacer: &mut Pacer, now: Instant, number: &mut u16, step: u8, value: u16) {
    pacer.set_rate(now, estimator.target_bps());
    for count in 0..=step / 10 {
        *number = number.wrapping_add(if value.is_multiple_of(251) { value } else { 1 });
        let what = match step % 4 {
            0 => Sent::Audio,
            1 => Sent::Probe(ProbeId(u32::from(value % 8))),
            _ => Sent::Video,
        };
        let bytes = usize::from(value) + usize::from(count);
        if what == Sent::Audio || pacer.may_send(now) {
            estimator.on_sent(now, *number, bytes, what);
            pacer.on_sent(now, bytes);
        }
    }
    let next = pacer.next_at(now);
    assert!(next.is_none_or(|at| at > now), "a pacer that waits for the past");
}

/// Feedback for numbers about the newest: arrived by any delta, lost, or told again.
fn lie(estimator: &mut Estimator, now: Instant, number: u16, value: u16, input: &mut Unstructured<'_>) {
    let count = usize::from(value % 28) + 1;
    let base = number.wrapping_sub(value % 64);
    let reference = input.arbitrary::<[u8; 3]>().unwrap_or_default();
    let mut fci = vec![];
    fci.extend_from_slice(&base.to_be_bytes());
    fci.extend_from_slice(&(count as u16).to_be_bytes());
    fci.extend_from_slice(&[if value.is_multiple_of(5) { reference[0] } else { 0 }, reference[1] & 1, reference[2], 0]);
    let mut deltas = vec![];
    for chunk in 0..count.div_ceil(7) {
        let mut word = 0xc000_u16;
        for place in 0..7.min(count - chunk * 7) {
            let (status, delta) = input.arbitrary::<(u8, u16)>().unwrap_or((1, 4));
            let status = u16::from(status % 3);
            word |= status << (12 - 2 * place);
            match status {
                1 => deltas.push(delta as u8),
                2 => deltas.extend_from_slice(&delta.to_be_bytes()),
                _ => {}
            }
        }
        fci.extend_from_slice(&word.to_be_bytes());
    }
    fci.extend_from_slice(&deltas);
    estimator.on_feedback(now, &Feedback::parse(&fci).expect("written as it is read"));
}

/// As a caller's timer does it: until nothing is due.
fn timeouts(estimator: &mut Estimator, now: Instant) {
    let mut calls = 0;
    while estimator.poll_timeout().is_some_and(|at| at <= now) {
        estimator.handle_timeout(now);
        calls += 1;
        assert!(calls <= 4, "an end comes");
    }
}
