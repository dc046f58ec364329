//! Redundant sound (RFC 2198) for whom it helps: one receiver's section decides by what it loses.
//!
//! What a publisher sends as RED is passed on as it is, and plain Opus is sent with the one or two packets before it, while packets
//! are lost on the way to this receiver. Otherwise the sound alone is sent, in half the bytes. The decoder does not notice a change:
//! both payload types lead to the same one.

use crate::codec::Codec;
use crate::rtp::red::{LEN_MAX, OFFSET_MAX};
use crate::rtp::ring::{Ring, StoredPacket};
use crate::rtp::seq::timestamp_distance;
use std::time::{Duration, Instant};

/// Losses are smoothed over about so many looks.
const SMOOTHING: i32 = 4;
/// In thousandths. One loss in a while is no reason; NACKs repair it.
const LOSSY: i32 = 10;
/// Losses in a row: one packet before is not enough then.
const VERY_LOSSY: i32 = 80;
/// A line is not called clean because of a good moment.
const CALM_FOR: Duration = Duration::from_secs(8);
/// Chromium reports on sound every five seconds.
const REPORT_HOLDS: Duration = Duration::from_secs(7);
/// With fewer packets a look says nothing.
const PACKETS_MIN: u32 = 10;
/// Of a packet with its redundancy: far below any path's limit, with all headers.
const BYTES_MAX: usize = 1100;
/// Packets whose form is remembered: as many as the ring of a source holds.
const REMEMBERED: usize = 512;

/// How a packet of sound goes out, the first time and every time after: the same SRTP index must never be sealed over different bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it came, or without the redundancy it came with.
    Plain,
    /// With the redundancy it came with.
    AsSent,
    /// With so many packets before it.
    With(u8),
}

impl Form {
    fn code(self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::AsSent => 2,
            Self::With(count) => 2 + count,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => None,
            1 => Some(Self::Plain),
            2 => Some(Self::AsSent),
            more => Some(Self::With(more - 2)),
        }
    }
}

/// What one section of a receiver loses, and what it gets against it.
#[derive(Debug)]
pub(crate) struct Redundancy {
    /// Packets before, or the redundancy that came.
    level: u8,
    /// Thousandths, smoothed.
    loss: i32,
    /// Since when it is below half of what made it redundant.
    calm_since: Option<Instant>,
    /// The receiver's report: lost and not repaired, in thousandths.
    reported: Option<(Instant, i32)>,
    /// Asked for again since the last look.
    asked: u32,
    asked_up_to: Option<u16>,
    /// Packets sent at the last look.
    packets: u32,
    /// By downlink number; 0 is not sent yet.
    forms: Box<[u8; REMEMBERED]>,
    /// One past the highest number whose form is known.
    end: u64,
}

impl Default for Redundancy {
    fn default() -> Self {
        Self {
            level: 0,
            loss: 0,
            calm_since: None,
            reported: None,
            asked: 0,
            asked_up_to: None,
            packets: 0,
            forms: Box::new([0; REMEMBERED]),
            end: 0,
        }
    }
}

impl Redundancy {
    /// The receiver reported this fraction of 256 as lost.
    pub(crate) fn note_report(&mut self, now: Instant, fraction_lost: u8) {
        self.reported = Some((now, i32::from(fraction_lost) * 1000 / 256));
    }

    /// The receiver asked for a packet again: lost, even if the repair comes in time to be no loss in its report. Asked for once more
    /// it is no second loss.
    pub(crate) fn note_asked(&mut self, sequence: u16) {
        if self.asked_up_to.is_none_or(|before| sequence.wrapping_sub(before) as i16 > 0) {
            self.asked_up_to = Some(sequence);
            self.asked = self.asked.saturating_add(1);
        }
    }

    /// Once a second: what was lost, of what was sent by now. `allowed`: there is bandwidth for it.
    pub(crate) fn review(&mut self, now: Instant, packets: u32, allowed: bool) {
        let sent = packets.wrapping_sub(self.packets);
        if sent >= PACKETS_MIN {
            self.packets = packets;
            let asked = (i64::from(std::mem::take(&mut self.asked)) * 1000 / i64::from(sent)).min(1000) as i32;
            let reported = self.reported.filter(|(at, _)| now < *at + REPORT_HOLDS).map_or(0, |(_, lost)| lost);
            self.loss += (asked.max(reported) - self.loss) / SMOOTHING;
        }
        self.choose(now);
        if !allowed {
            self.level = 0;
        }
    }

    fn choose(&mut self, now: Instant) {
        let wanted = u8::from(self.loss >= LOSSY) + u8::from(self.loss >= VERY_LOSSY);
        // Half of what it took: else it would go to and fro.
        let kept = u8::from(self.loss >= LOSSY / 2) + u8::from(self.loss >= VERY_LOSSY / 2);
        if wanted >= self.level || kept >= self.level {
            self.level = self.level.max(wanted);
            self.calm_since = None;
            return;
        }
        if now >= *self.calm_since.get_or_insert(now) + CALM_FOR {
            self.level = kept;
            self.calm_since = None;
        }
    }

    /// The form of the packet that goes out as `seq`. The first time it is chosen: packets of the source before `first` are not to be
    /// heard here. `None` when it is too long ago to be known.
    pub(crate) fn form(&mut self, seq: u64, first: u64, packet: &StoredPacket<'_>, ring: &Ring) -> Option<Form> {
        if seq + (REMEMBERED as u64) < self.end {
            return None;
        }
        // What is skipped is not sent yet.
        let from = self.end.max(seq.saturating_sub(REMEMBERED as u64 - 1));
        (from..=seq).for_each(|number| self.forms[number as usize % REMEMBERED] = 0);
        self.end = self.end.max(seq + 1);
        let place = seq as usize % REMEMBERED;
        let form = match Form::from_code(self.forms[place]) {
            Some(form) => form,
            None => self.choose_form(first, packet, ring),
        };
        self.forms[place] = form.code();
        Some(form)
    }

    fn choose_form(&self, first: u64, packet: &StoredPacket<'_>, ring: &Ring) -> Form {
        match (self.level, packet.codec) {
            (0, _) => Form::Plain,
            (_, Codec::Red) => Form::AsSent,
            (level, Codec::Opus) => match (1..=level).take_while(|count| fits(*count, first, packet, ring)).last() {
                Some(count) => Form::With(count),
                None => Form::Plain,
            },
            _ => Form::Plain,
        }
    }
}

/// Whether the `count` packets before this one may go with it: they are there, follow each other without a pause, and fit their headers.
fn fits(count: u8, first: u64, packet: &StoredPacket<'_>, ring: &Ring) -> bool {
    let mut bytes = packet.payload.len();
    let mut after = *packet;
    for back in 1..=u64::from(count) {
        let Some(before) = packet.ext_seq.checked_sub(back).filter(|seq| *seq >= first).and_then(|seq| ring.get(seq)) else { return false };
        bytes += 4 + before.payload.len();
        let consecutive = timestamp_distance(after.timestamp, before.timestamp) == before.duration as i32;
        let offset = packet.timestamp.wrapping_sub(before.timestamp);
        if before.codec != Codec::Opus || !consecutive || before.payload.len() > LEN_MAX || offset > OFFSET_MAX || bytes > BYTES_MAX {
            return false;
        }
        after = before;
    }
    true
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A receiver that loses so many of 50 packets in each second, and asks for them or reports them.
    struct Receiver {
        redundancy: Redundancy,
        now: Instant,
        packets: u32,
    }

    impl Receiver {
        fn new() -> Self {
            Self { redundancy: Redundancy::default(), now: Instant::now(), packets: 0 }
        }

        fn second(&mut self, asked: u32) -> u8 {
            // Each of them twice.
            (0..asked).chain(0..asked).for_each(|lost| self.redundancy.note_asked((self.packets + lost) as u16));
            self.packets += 50;
            self.now += SECOND;
            self.redundancy.review(self.now, self.packets, true);
            self.redundancy.level
        }
    }

    #[test]
    fn a_single_loss_is_no_reason_and_a_lossy_line_is() {
        let mut receiver = Receiver::new();
        assert!((0..60).all(|second| receiver.second(u32::from(second % 10 == 0)) == 0), "one in ten seconds");
        assert!((0..2).any(|_| receiver.second(3) == 1), "six percent, within two seconds");
        assert!((0..10).any(|_| receiver.second(8) == 2), "sixteen percent");
        let left: Vec<u8> = (0..40).map(|_| receiver.second(0)).collect();
        let seconds = |level: u8| left.iter().filter(|now| **now == level).count();
        assert!(seconds(2) >= 8 && seconds(1) >= 8 && left[39] == 0, "{left:?}");
    }

    #[test]
    fn reports_count_where_nobody_asks() {
        let mut receiver = Receiver::new();
        // Every five seconds: four percent.
        let levels: Vec<u8> = (0..40)
            .map(|second| {
                if second % 5 == 0 {
                    receiver.redundancy.note_report(receiver.now, 10);
                }
                receiver.second(0)
            })
            .collect();
        assert!(levels[3..].iter().all(|level| *level == 1), "{levels:?}");
    }

    #[test]
    fn what_the_network_does_not_carry_is_not_sent() {
        let mut receiver = Receiver::new();
        (0..8).for_each(|_| {
            receiver.second(2);
        });
        assert_eq!(receiver.redundancy.level, 1);
        receiver.redundancy.review(receiver.now, receiver.packets, false);
        assert_eq!(receiver.redundancy.level, 0);
        assert_eq!(receiver.second(2), 1, "and comes back");
    }
}
