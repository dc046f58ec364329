//! Noting arrivals and writing feedback.

use super::{LARGE_DELTA, NOT_RECEIVED, SMALL_DELTA, TICK_MICROS, TICKS_PER_REFERENCE};
use crate::rtcp::write::{begin_feedback, finish_padded};
use crate::rtcp::{format, packet_type};
use crate::rtp::seq::Extender;
use std::time::{Duration, Instant};

/// How often a publisher is told. libwebrtc uses 50 to 250 ms; often lets its estimate grow faster.
pub const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
/// Arrivals remembered; power of two. At one feedback each 50 ms this is enough for 40,000 packets a second. When more come,
/// the oldest are left out.
const ARRIVALS: usize = 2048;
/// A packet this late makes the feedback begin at it again; later ones are left out.
const LATE_MAX: u64 = 512;
/// Statuses in one packet: with two-byte deltas still below 1,000 bytes.
const STATUSES_MAX: usize = 400;
/// Losses at the beginning of a packet. A longer run is left out: that many at once were not lost but never sent.
const LEADING_LOSSES_MAX: u64 = 200;

/// Notes when the packets of one transport arrived.
#[derive(Debug)]
pub struct TwccRecorder {
    epoch: Instant,
    extender: Extender,
    /// Indexed by the low bits of the number; empty before the first packet.
    arrivals: Vec<Arrival>,
    /// What the next feedback tells of.
    begin: u64,
    end: u64,
    feedback_count: u8,
    last_feedback: Instant,
    due: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    number: u64,
    ticks: i64,
}

/// What one feedback packet will hold.
struct Batch {
    statuses: [u8; STATUSES_MAX],
    deltas: [i16; STATUSES_MAX],
    count: usize,
    reference: i64,
}

impl TwccRecorder {
    /// `epoch` is where the reference time begins to count.
    pub fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            extender: Extender::default(),
            arrivals: Vec::new(),
            begin: 0,
            end: 0,
            feedback_count: 0,
            last_feedback: epoch,
            due: None,
        }
    }

    /// A packet with this transport-wide sequence number arrived.
    pub fn record(&mut self, sequence: u16, now: Instant) {
        let number = self.extender.extend(sequence);
        if self.arrivals.is_empty() {
            // No number reaches the maximum, so such a place matches none.
            self.arrivals = vec![Arrival { number: u64::MAX, ticks: 0 }; ARRIVALS];
            (self.begin, self.end) = (number, number);
        }
        if number >= self.end {
            self.end = number + 1;
            self.begin = self.begin.max(self.end.saturating_sub(ARRIVALS as u64));
        } else if number < self.begin {
            if self.end - number > LATE_MAX || self.arrival(number).is_some() {
                return;
            }
            self.begin = number;
        } else if self.arrival(number).is_some() {
            return;
        }
        let ticks = now.saturating_duration_since(self.epoch).as_micros() as u64 / TICK_MICROS;
        self.arrivals[number as usize % ARRIVALS] = Arrival { number, ticks: ticks as i64 };
        if self.due.is_none() {
            self.due = Some((self.last_feedback + FEEDBACK_INTERVAL).max(now));
        }
    }

    /// When the next feedback is due; `None` while there is nothing to tell.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Appends one feedback packet; false (and nothing appended) when there is nothing left to tell. Call until false: what
    /// does not fit one packet goes into the next.
    pub fn write_feedback(&mut self, now: Instant, sender_ssrc: u32, media_ssrc: u32, out: &mut Vec<u8>) -> bool {
        self.due = None;
        let Some(batch) = self.batch() else { return false };
        let start = begin_feedback(out, format::TRANSPORT_CC, packet_type::TRANSPORT_FEEDBACK, sender_ssrc, media_ssrc);
        out.extend_from_slice(&(self.begin as u16).to_be_bytes());
        out.extend_from_slice(&(batch.count as u16).to_be_bytes());
        out.extend_from_slice(&(batch.reference as i32).to_be_bytes()[1..]);
        out.push(self.feedback_count);
        let statuses = &batch.statuses[..batch.count];
        write_chunks(out, statuses);
        for (&status, &delta) in statuses.iter().zip(&batch.deltas) {
            match status {
                SMALL_DELTA => out.push(delta as u8),
                LARGE_DELTA => out.extend_from_slice(&delta.to_be_bytes()),
                _ => {}
            }
        }
        finish_padded(out, start);
        self.begin += batch.count as u64;
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.last_feedback = now;
        true
    }

    fn arrival(&self, number: u64) -> Option<i64> {
        let arrival = self.arrivals.get(number as usize % ARRIVALS)?;
        (arrival.number == number).then_some(arrival.ticks)
    }

    /// As much as fits one packet, from `begin` on. The first arrival sets the reference time; a delta that does not fit two
    /// bytes (8 s) ends the packet.
    fn batch(&mut self) -> Option<Batch> {
        let first = (self.begin..self.end).find(|&number| self.arrival(number).is_some())?;
        self.begin = self.begin.max(first.saturating_sub(LEADING_LOSSES_MAX));
        let reference = self.arrival(first)?.div_euclid(TICKS_PER_REFERENCE);
        let mut batch = Batch { statuses: [NOT_RECEIVED; STATUSES_MAX], deltas: [0; STATUSES_MAX], count: 0, reference };
        let mut last = reference * TICKS_PER_REFERENCE;
        for (index, number) in (self.begin..self.end).take(STATUSES_MAX).enumerate() {
            if let Some(ticks) = self.arrival(number) {
                let Ok(delta) = i16::try_from(ticks - last) else { break };
                batch.statuses[index] = if (0..=255).contains(&delta) { SMALL_DELTA } else { LARGE_DELTA };
                batch.deltas[index] = delta;
                last = ticks;
            }
            batch.count = index + 1;
        }
        Some(batch)
    }
}

/// Writes status chunks: runs where they are longer than a vector would be, else vectors of 14 one-bit statuses, or of 7
/// two-bit ones where there are large deltas.
fn write_chunks(out: &mut Vec<u8>, mut statuses: &[u8]) {
    while let Some(&first) = statuses.first() {
        let run = statuses.iter().take_while(|&&status| status == first).count();
        let one_bit = statuses.iter().take(14).take_while(|&&status| status != LARGE_DELTA).count();
        let vector = if one_bit == statuses.len().min(14) { 14 } else { 7 };
        let (word, told) = if run >= vector.min(statuses.len()) {
            (u16::from(first) << 13 | run as u16, run)
        } else if vector == 14 {
            (vector_chunk(0x8000, 1, statuses, 14), 14)
        } else {
            (vector_chunk(0xc000, 2, statuses, 7), 7)
        };
        out.extend_from_slice(&word.to_be_bytes());
        statuses = &statuses[told.min(statuses.len())..];
    }
}

/// Statuses from the high bits down; places beyond the end stay "not received".
fn vector_chunk(head: u16, bits: usize, statuses: &[u8], len: usize) -> u16 {
    let place = |index: usize| 14 - bits * (index + 1);
    statuses.iter().take(len).enumerate().fold(head, |word, (index, &status)| word | u16::from(status) << place(index))
}
