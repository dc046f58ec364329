//! Time: the server's wall clock, and when on it a packet of a sender was captured.
//!
//! Two streams match only on one clock. Each sender has its own, seen through its sender reports: `off = min(arrival −
//! report)`, so `capture = report + off + (timestamp − report's timestamp) / rate` is on the server's clock but for the
//! shortest way the reports took.

use crate::rtp::seq::timestamp_distance;
use std::time::{Duration, Instant};

/// Seconds from 1900 (NTP) to 1970 (UNIX).
const NTP_UNIX_SECONDS: u64 = 2_208_988_800;

/// An NTP timestamp: seconds since 1900 as 32.32 fixed point. Wraps around in 2036, and nothing here minds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The middle 32 bits, as receiver reports carry them (RFC 3550 §6.4.1, LSR).
    pub fn compact(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// Signed difference in 2⁻³² seconds, around the wrap.
    fn since(self, earlier: Self) -> i64 {
        self.0.wrapping_sub(earlier.0) as i64
    }

    /// How many ticks of a clock of `rate` Hz after `earlier` this is; negative when before. Rounded.
    pub fn ticks_since(self, earlier: Self, rate: u32) -> i64 {
        ((i128::from(self.since(earlier)) * i128::from(rate) + (1 << 31)) >> 32) as i64
    }

    /// This time plus `ticks` of a clock of `rate` Hz.
    pub fn plus_ticks(self, ticks: i32, rate: u32) -> Self {
        let difference = (i64::from(ticks) << 32) / i64::from(rate.max(1));
        Self(self.0.wrapping_add_signed(difference))
    }
}

/// What `now` is on the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    base: Instant,
    base_ntp: NtpTime,
}

impl WallClock {
    /// `since_unix_epoch` is the time of day at `base`.
    pub fn new(base: Instant, since_unix_epoch: Duration) -> Self {
        let seconds = since_unix_epoch.as_secs().wrapping_add(NTP_UNIX_SECONDS);
        let base_ntp = NtpTime((seconds << 32) | fraction(since_unix_epoch.subsec_nanos()));
        Self { base, base_ntp }
    }

    /// The NTP time of `now`. Instants before the base count as the base.
    pub fn ntp(&self, now: Instant) -> NtpTime {
        let elapsed = now.saturating_duration_since(self.base);
        let difference = (elapsed.as_secs() << 32) | fraction(elapsed.subsec_nanos());
        NtpTime(self.base_ntp.0.wrapping_add(difference))
    }
}

fn fraction(nanos: u32) -> u64 {
    (u64::from(nanos) << 32) / 1_000_000_000
}

/// The round trip a receiver report reveals (RFC 3550 §6.4.1): now − LSR − DLSR, both 16.16 seconds. `None` when no report
/// was seen (`last_report` 0) or the figures make no sense.
pub fn round_trip(now: NtpTime, last_report: u32, delay_since: u32) -> Option<Duration> {
    if last_report == 0 {
        return None;
    }
    let ticks = now.compact().wrapping_sub(last_report).wrapping_sub(delay_since) as i32;
    // Rounding may put it just below zero; more than a minute is a lie or a mistake.
    let ticks = u32::try_from(ticks.max(if ticks > -66 { 0 } else { ticks })).ok()?;
    (ticks < 60 << 16).then(|| Duration::from_nanos((u64::from(ticks) * 1_000_000_000) >> 16))
}

/// How far a sender's NTP clock is from ours: `min(arrival − report)`. One per sender, shared by all its streams, so that
/// their relation is the sender's own and no estimate.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeerClock {
    /// Least offsets in 2⁻³² s: of this window, and of the one before.
    windows: Option<(i64, i64)>,
    window_start: NtpTime,
}

/// Clocks drift apart by less than 3 ms in this, and a way that became longer is believed after at most twice this.
const OFFSET_WINDOW_SECONDS: i64 = 30;
/// A sender's clock that jumps by more than this was set anew.
const CLOCK_STEP_SECONDS: i64 = 2;
/// A capture time further than this from the arrival is not believed: reports of another clock, or timestamps that jumped.
const CAPTURE_SANE_SECONDS: i64 = 5;

impl PeerClock {
    fn on_report(&mut self, ntp: NtpTime, arrival: NtpTime) {
        let offset = arrival.since(ntp);
        let Some((current, previous)) = self.windows else {
            self.restart(offset, arrival);
            return;
        };
        let step = offset.wrapping_sub(current.min(previous));
        if step.unsigned_abs() >> 32 >= CLOCK_STEP_SECONDS as u64 {
            self.restart(offset, arrival);
        } else if arrival.since(self.window_start) >> 32 >= OFFSET_WINDOW_SECONDS {
            self.windows = Some((offset, current));
            self.window_start = arrival;
        } else {
            self.windows = Some((current.min(offset), previous));
        }
    }

    fn restart(&mut self, offset: i64, arrival: NtpTime) {
        self.windows = Some((offset, offset));
        self.window_start = arrival;
    }

    fn to_server(self, ntp: NtpTime) -> Option<NtpTime> {
        self.windows.map(|(current, previous)| NtpTime(ntp.0.wrapping_add_signed(current.min(previous))))
    }
}

/// Where the timestamps of one stream (one SSRC) lie on the server's clock.
#[derive(Clone, Copy, Debug)]
pub struct SourceClock {
    rate: u32,
    report: Option<Mapping>,
    /// By arrival: used until the first report, and whenever reports make no sense.
    arrival: Option<Mapping>,
    /// The earliest of the running window, which becomes `arrival` when the window ends.
    candidate: Option<Mapping>,
    window_start: NtpTime,
    /// The last packet's capture time was told by the report.
    report_trusted: bool,
}

/// A timestamp and its time (on the sender's clock in a report, else on ours).
#[derive(Clone, Copy, Debug)]
struct Mapping {
    timestamp: u32,
    time: NtpTime,
}

impl Mapping {
    fn time_of(&self, timestamp: u32, rate: u32) -> NtpTime {
        self.time.plus_ticks(timestamp_distance(timestamp, self.timestamp), rate)
    }

    fn timestamp_at(&self, time: NtpTime, rate: u32) -> u32 {
        self.timestamp.wrapping_add(time.ticks_since(self.time, rate) as u32)
    }
}

impl SourceClock {
    /// A stream whose timestamps count at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        Self { rate, report: None, arrival: None, candidate: None, window_start: NtpTime(0), report_trusted: false }
    }

    /// A sender report about this stream arrived. `peer` is the clock of its sender.
    pub fn on_sender_report(&mut self, peer: &mut PeerClock, ntp: NtpTime, timestamp: u32, arrival: NtpTime) {
        // RFC 3550 §6.4.1: a sender without a wall clock sets the NTP timestamp to zero.
        if ntp == NtpTime(0) {
            return;
        }
        peer.on_report(ntp, arrival);
        self.report = Some(Mapping { timestamp, time: ntp });
        self.report_trusted = true;
    }

    /// A packet arrived: when was it captured, on the server's clock?
    pub fn on_packet(&mut self, peer: &PeerClock, timestamp: u32, arrival: NtpTime) -> NtpTime {
        let by_arrival = self.map_by_arrival(timestamp, arrival);
        let by_report = self.report_on_server(peer).map(|report| report.time_of(timestamp, self.rate));
        let sane = |time: &NtpTime| arrival.since(*time).unsigned_abs() >> 32 < CAPTURE_SANE_SECONDS as u64;
        let trusted = by_report.filter(sane);
        self.report_trusted = trusted.is_some();
        trusted.unwrap_or(by_arrival)
    }

    /// The timestamp this stream has at `time` on the server's clock. `None` before its first packet or report.
    pub fn timestamp_at(&self, peer: &PeerClock, time: NtpTime) -> Option<u32> {
        let report = self.report_on_server(peer).filter(|_| self.report_trusted);
        report.or(self.arrival).map(|mapping| mapping.timestamp_at(time, self.rate))
    }

    fn report_on_server(&self, peer: &PeerClock) -> Option<Mapping> {
        let report = self.report?;
        Some(Mapping { timestamp: report.timestamp, time: peer.to_server(report.time)? })
    }

    /// The packet with the shortest way tells where the timestamps lie; every window starts the search anew, because ways
    /// and clocks change.
    fn map_by_arrival(&mut self, timestamp: u32, arrival: NtpTime) -> NtpTime {
        let rate = self.rate;
        let here = Mapping { timestamp, time: arrival };
        let earlier = |best: Option<Mapping>| match best {
            Some(best) => {
                let late = arrival.since(best.time_of(timestamp, rate));
                if late < 0 || late >> 32 >= CAPTURE_SANE_SECONDS { here } else { best }
            }
            None => here,
        };
        let candidate = earlier(self.candidate);
        let anchor = earlier(self.arrival);
        if arrival.since(self.window_start) >> 32 >= OFFSET_WINDOW_SECONDS || self.arrival.is_none() {
            self.window_start = arrival;
            self.arrival = Some(candidate);
            self.candidate = Some(here);
        } else {
            self.arrival = Some(anchor);
            self.candidate = Some(candidate);
        }
        self.arrival.map_or(arrival, |mapping| mapping.time_of(timestamp, rate))
    }
}
