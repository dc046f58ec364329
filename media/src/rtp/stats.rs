//! Receive statistics for receiver reports (RFC 3550 §6.4.1, A.3, A.8).

use crate::rtcp::ReportBlock;
use crate::rtp::clock::NtpTime;

/// Counts one incoming stream.
#[derive(Clone, Debug)]
pub struct ReceiveStats {
    rate: u32,
    first: Option<u64>,
    highest: u64,
    received: u64,
    /// Both at the last report.
    expected_prior: u64,
    received_prior: u64,
    /// Scaled by 16 (RFC 3550 A.8).
    jitter: u32,
    transit: Option<u32>,
    /// Compact NTP of the last sender report and when it arrived.
    last_report: Option<(u32, NtpTime)>,
}

impl ReceiveStats {
    /// A stream whose timestamps count at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        Self {
            rate,
            first: None,
            highest: 0,
            received: 0,
            expected_prior: 0,
            received_prior: 0,
            jitter: 0,
            transit: None,
            last_report: None,
        }
    }

    /// A packet arrived for the first time, over its own SSRC (not recovered through RTX).
    pub fn on_packet(&mut self, ext_seq: u64, timestamp: u32, arrival: NtpTime) {
        let first = *self.first.get_or_insert(ext_seq);
        self.first = Some(first.min(ext_seq));
        self.highest = self.highest.max(ext_seq);
        self.received += 1;
        let arrival_ticks = arrival.ticks_since(NtpTime(0), self.rate) as u32;
        let transit = arrival_ticks.wrapping_sub(timestamp);
        if let Some(last) = self.transit {
            let difference = (transit.wrapping_sub(last) as i32).unsigned_abs();
            self.jitter = self.jitter.saturating_add(difference).saturating_sub((self.jitter.saturating_add(8)) >> 4);
        }
        self.transit = Some(transit);
    }

    /// A sender report about this stream arrived.
    pub fn on_sender_report(&mut self, ntp: NtpTime, arrival: NtpTime) {
        self.last_report = Some((ntp.compact(), arrival));
    }

    /// Interarrival jitter in clock ticks.
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    /// Packets received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets lost so far; negative when there were duplicates.
    pub fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    fn expected(&self) -> u64 {
        self.first.map_or(0, |first| self.highest - first + 1)
    }

    /// The report block for now; begins the next interval. `None` before the first packet.
    pub fn report(&mut self, ssrc: u32, now: NtpTime) -> Option<ReportBlock> {
        self.first?;
        let expected = self.expected();
        let expected_interval = expected - self.expected_prior.min(expected);
        let received_interval = self.received - self.received_prior;
        self.expected_prior = expected;
        self.received_prior = self.received;
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction_lost = (lost_interval * 256).checked_div(expected_interval).unwrap_or(0).min(255) as u8;
        let (last_sr, delay) = match self.last_report {
            // DLSR counts 1/65536 s.
            Some((compact, arrival)) => (compact, now.ticks_since(arrival, 1 << 16).clamp(0, i64::from(u32::MAX)) as u32),
            None => (0, 0),
        };
        Some(ReportBlock {
            ssrc,
            fraction_lost,
            // A signed 24 bit field.
            cumulative_lost: self.lost().clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter(),
            last_sr,
            delay_since_last_sr: delay,
        })
    }
}
