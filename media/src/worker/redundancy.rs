//! Redundant sound (RFC 2198) for whom it helps: one receiver's section decides by what it loses.
//!
//! What a publisher sends as RED is passed on as it is, and plain Opus is sent with the one or two packets before it, while packets
//! are lost on the way to this receiver. Otherwise the sound alone is sent, in half the bytes. The decoder does not notice a change:
//! both payload types lead to the same one.
//!
//! Of all sections together, a receiver gets no more than its network carries beside the sound itself ([`Allowance`]): a narrow line
//! loses packets because it is full, and more of them would make it narrower.

use super::grant::Patience;
use crate::codec::Codec;
use crate::rtp::red::{self, LEN_MAX, OFFSET_MAX};
use crate::rtp::ring::{Ring, StoredPacket};
use crate::rtp::seq::timestamp_distance;
use std::time::{Duration, Instant};

/// How often is looked at what was lost: with every report.
const LOOK_EVERY: Duration = Duration::from_secs(1);
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
/// Packets before, at most.
pub(crate) const LEVEL_MAX: u8 = 2;
/// So many percent of what sound and redundancy take together must be there before more of it begins: it takes up to twice the sound's
/// own rate, and a wave of the estimate must not take it away again.
const RISE_PERCENT: u64 = 125;
/// And so many for what there is already: the caller's reserve is for waves of the estimate, too.
const KEEP_PERCENT: u64 = 95;
/// What was taken away may come back after this time, and after twice as long whenever it was soon taken away again: then it was the
/// redundancy that filled the line.
const PATIENCE: Duration = Duration::from_secs(8);
const PATIENCE_MAX: Duration = Duration::from_secs(60);

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
    /// What would help: packets before, or the redundancy that came.
    wanted: u8,
    /// What the receiver's network carries of that.
    limit: u8,
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
    /// Bytes of sound sent since the last look, when that was, and how much that made in bits per second then.
    bytes: u64,
    /// Packets before that can go with what comes: RED has its own.
    most: u8,
    looked_at: Option<Instant>,
    sound_bps: u64,
    /// By downlink number; 0 is not sent yet.
    forms: Box<[u8; REMEMBERED]>,
    /// One past the highest number whose form is known.
    end: u64,
}

impl Default for Redundancy {
    fn default() -> Self {
        Self {
            wanted: 0,
            limit: 0,
            loss: 0,
            calm_since: None,
            reported: None,
            asked: 0,
            asked_up_to: None,
            packets: 0,
            bytes: 0,
            most: 0,
            looked_at: None,
            sound_bps: 0,
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

    /// A packet goes out for the first time, with so many bytes of sound of its own.
    #[inline]
    pub(crate) fn note_sent(&mut self, codec: Codec, bytes: usize) {
        self.most = if codec == Codec::Red { 1 } else { LEVEL_MAX };
        self.bytes += bytes as u64;
    }

    /// Every [`LOOK_EVERY`]: what was lost, of what was sent by now. `of_all` says how many thousandths of everything that is sent to the
    /// receiver are lost: of many more packets than a second of sound has, and so sooner certain. It counts when sound is among them.
    pub(crate) fn review(&mut self, now: Instant, packets: u32, of_all: u32) {
        let sent = packets.wrapping_sub(self.packets);
        if sent >= PACKETS_MIN {
            self.packets = packets;
            let asked = (i64::from(std::mem::take(&mut self.asked)) * 1000 / i64::from(sent)).min(1000) as i32;
            let reported = self.reported.filter(|(at, _)| now < *at + REPORT_HOLDS).map_or(0, |(_, lost)| lost);
            let lost = match asked.max(reported) {
                0 => 0,
                own => own.max(of_all.min(1000) as i32),
            };
            self.loss += (lost - self.loss) / SMOOTHING;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let span = self.looked_at.replace(now).map_or(LOOK_EVERY, |before| now.saturating_duration_since(before));
        self.sound_bps = bytes * 8000 / (span.as_millis() as u64).max(1);
        self.choose(now);
    }

    /// Some redundancy would help.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted > 0
    }

    /// What it takes beside the sound, in bits per second, when no more than `limit` packets are sent again with each.
    pub(crate) fn cost_bps(&self, limit: u8) -> u64 {
        u64::from(self.wanted.min(limit).min(self.most)) * self.sound_bps
    }

    /// The network's word: from the next packet on.
    pub(crate) fn set_limit(&mut self, limit: u8) {
        self.limit = limit;
    }

    fn choose(&mut self, now: Instant) {
        let wanted = u8::from(self.loss >= LOSSY) + u8::from(self.loss >= VERY_LOSSY);
        // Half of what it took: else it would go to and fro.
        let kept = u8::from(self.loss >= LOSSY / 2) + u8::from(self.loss >= VERY_LOSSY / 2);
        if wanted >= self.wanted || kept >= self.wanted {
            self.wanted = self.wanted.max(wanted);
            self.calm_since = None;
            return;
        }
        if now >= *self.calm_since.get_or_insert(now) + CALM_FOR {
            self.wanted = kept;
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
        match (self.wanted.min(self.limit), packet.codec) {
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

/// The bytes of a packet's own sound, without the redundancy it came with.
#[inline]
pub(crate) fn own_len(packet: &StoredPacket<'_>) -> usize {
    match packet.codec {
        Codec::Red => red::primary(packet.payload).map_or(0, |block| block.payload.len()),
        _ => packet.payload.len(),
    }
}

/// What each level costs all sections of a receiver together, in bits per second: how many packets before go with each at most.
pub(crate) type Costs = [u64; LEVEL_MAX as usize + 1];

/// How much redundancy one receiver's network carries: decided with every allocation, before pictures get anything.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowance {
    level: u8,
    /// What was wanted and allowed takes, in bits per second.
    pub granted_bps: u64,
    /// What must be there beside the sound for all that is wanted.
    pub needed_bps: u64,
    patience: Patience,
}

impl Allowance {
    /// The highest level that fits beside `sound_bps` into what the network carries: down at once, up with headroom and patience.
    pub(crate) fn decide(&mut self, now: Instant, sound_bps: u64, costs: &Costs, carried_bps: u64) -> u8 {
        // Packets before are no larger than the sound they are of: a lower bound of it before it has been measured.
        let sound_bps = sound_bps.max(costs[1]);
        let whole = |level: u8| sound_bps + costs[usize::from(level)];
        let wanted = (1..=LEVEL_MAX).rev().find(|level| costs[usize::from(*level)] > costs[usize::from(*level) - 1]).unwrap_or(0);
        let fits = |level: &u8| {
            let percent = if *level <= self.level { KEEP_PERCENT } else { RISE_PERCENT };
            let may = *level <= self.level || self.patience.may_rise(now);
            may && u128::from(whole(*level)) * u128::from(percent) <= u128::from(carried_bps) * 100
        };
        let level = (1..=wanted).rev().find(fits).unwrap_or(0);
        if level < self.level.min(wanted) {
            self.patience.squeezed(now, PATIENCE, PATIENCE_MAX);
        } else if level > self.level {
            self.patience.raised(now);
        }
        self.level = level;
        self.granted_bps = costs[usize::from(level)];
        self.needed_bps = if wanted == 0 { 0 } else { whole(wanted) * RISE_PERCENT / 100 - sound_bps };
        level
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
        /// Thousandths of everything.
        of_all: u32,
    }

    impl Receiver {
        fn new() -> Self {
            Self { redundancy: Redundancy::default(), now: Instant::now(), packets: 0, of_all: 0 }
        }

        fn second(&mut self, asked: u32) -> u8 {
            // Each of them twice.
            (0..asked).chain(0..asked).for_each(|lost| self.redundancy.note_asked((self.packets + lost) as u16));
            self.packets += 50;
            self.now += SECOND;
            self.redundancy.review(self.now, self.packets, self.of_all);
            self.redundancy.wanted
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
    fn what_is_lost_of_everything_counts_when_sound_is_among_it() {
        let mut receiver = Receiver { of_all: 50, ..Receiver::new() };
        assert!((0..20).all(|_| receiver.second(0) == 0), "pictures alone");
        assert_eq!(receiver.second(1), 1, "at the first look");
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

    /// A line that carries so much in each second; the levels that are allowed.
    fn allowed(carried_kbps: &[u64], costs: &Costs) -> Vec<u8> {
        let (start, mut allowance) = (Instant::now(), Allowance::default());
        let each = carried_kbps.iter().zip(0..);
        each.map(|(kbps, second)| allowance.decide(start + SECOND * second, 100_000, costs, kbps * 1000)).collect()
    }

    #[test]
    fn what_the_network_does_not_carry_beside_the_sound_is_not_sent() {
        let costs = [0, 80_000, 160_000];
        for (kbps, level) in [(0, 0), (180, 0), (224, 0), (225, 1), (324, 1), (325, 2), (u64::MAX / 1000, 2)] {
            assert_eq!(allowed(&[kbps], &costs), [level], "{kbps} kbit/s");
        }
        assert_eq!(allowed(&[10_000], &[0; 3]), [0], "nobody wants any");
        assert_eq!(allowed(&[10_000], &[0, 80_000, 80_000]), [1]);
        assert_eq!(allowed(&[325, 270, 247, 246, 171, 170], &costs), [2, 2, 2, 1, 1, 0], "down at once");
    }

    #[test]
    fn what_was_taken_away_comes_back_later_and_later() {
        // It fits while it is off, and does not while it is on.
        let (start, mut allowance, mut kbps) = (Instant::now(), Allowance::default(), 300);
        let levels: Vec<u8> = (0..120)
            .map(|second| {
                let level = allowance.decide(start + SECOND * second, 100_000, &[0, 80_000, 80_000], kbps * 1000);
                kbps = if level > 0 { 150 } else { 300 };
                level
            })
            .collect();
        let on: Vec<usize> = (0..120).filter(|second| levels[*second] > 0).collect();
        assert_eq!(on, [0, 9, 26, 59], "after 8, 16 and 32 seconds");
    }

    #[test]
    fn before_the_sound_is_measured_it_is_taken_for_as_much_as_its_redundancy() {
        assert_eq!(Allowance::default().decide(Instant::now(), 0, &[0, 80_000, 80_000], 199_000), 0);
    }

    #[test]
    fn what_redundancy_costs_follows_from_the_sound_that_was_sent() {
        let mut receiver = Receiver::new();
        for _ in 0..4 {
            (0..50).for_each(|_| receiver.redundancy.note_sent(Codec::Opus, 160));
            receiver.second(8);
        }
        assert_eq!([0, 1, 2].map(|limit| receiver.redundancy.cost_bps(limit)), [0, 64_000, 128_000]);
        (0..50).for_each(|_| receiver.redundancy.note_sent(Codec::Red, 160));
        receiver.second(8);
        assert_eq!([0, 1, 2].map(|limit| receiver.redundancy.cost_bps(limit)), [0, 64_000, 64_000], "what comes with its own");
        receiver.second(0);
        assert_eq!(receiver.redundancy.cost_bps(2), 0, "silence costs nothing");
    }
}
