//! One downlink section's stream.

use super::frames::RaisedFrames;
use super::segments::{Segment, Segments};
use super::{Forward, HOLD_MAX, Incoming, LineStart, Old, Origin, SourceKey};
use crate::drops::DropReason;
use crate::id::MediaKind;
use crate::rtp::clock::{NtpTime, PeerClock, SourceClock};
use crate::rtp::counters::{Counters, Latest};
use crate::rtp::payload::DEFAULT_AUDIO_FRAME;
use crate::rtp::seq::extend;
use std::time::{Duration, Instant};

/// A keyframe that has not come is asked for again: the request or the keyframe was lost.
const KEYFRAME_RETRY: Duration = Duration::from_millis(300);
/// After this many requests the source is probably not sending, and is asked less often.
const KEYFRAME_EAGER_REQUESTS: u32 = 5;
/// How often then.
const KEYFRAME_SLOW_RETRY: Duration = Duration::from_secs(1);
/// A source whose numbers leap by more than this (RFC 3550 A.1, MAX_DROPOUT) began anew. The leap is not passed on: several
/// of them would break the receiver's rollover counter.
const LEAP_MIN: u64 = 3000;
/// A source whose timestamps leap by more than this against the time of capture began anew.
const TIMESTAMP_LEAP_SECONDS: i64 = 10;
/// A new source whose clock is estimated to lag by more than this is not slowed down for it: the estimate is wrong.
const LAG_MAX_SECONDS: i64 = 1;
/// Sender's clocks drift by less than this (200 ppm); the line follows them no faster, so that estimates of the time of
/// capture do not move it.
const DRIFT_MAX_DIVISOR: i64 = 5000;

/// One downlink section's stream. See the module's documentation.
#[derive(Debug)]
pub struct SeatLine {
    kind: MediaKind,
    rate: u32,
    /// The line: timestamp `base` at `origin`, counting on with the server's clock. Timestamps in here are extended to 64
    /// bit, so that an hour of silence cannot wrap them around.
    base: i64,
    origin: NtpTime,
    next_seq: u64,
    rtx_seq: u64,
    /// Latest timestamp that went out, with how long its packet lasts.
    last: Option<(i64, u32)>,
    latest: Latest,
    stays: u32,
    stay: Option<Stay>,
    pending: Option<Pending>,
    segments: Segments,
    raised: RaisedFrames,
}

/// The source that goes out now.
#[derive(Clone, Copy, Debug)]
struct Stay {
    source: SourceKey,
    number: u32,
    /// The number of the source it began with.
    first: u64,
    /// One past the highest number of the source that was forwarded or skipped.
    next: u64,
    /// Time of capture of the first packet, and of the newest.
    began: NtpTime,
    seen: NtpTime,
    /// How far the stream's timestamps are ahead of the line: the drift of the source's clock.
    ahead: i64,
    ends: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    source: SourceKey,
    requests: u32,
    /// When to ask for a keyframe (again).
    request_at: Instant,
}

impl SeatLine {
    /// An empty seat. `time` is now.
    pub fn new(kind: MediaKind, start: LineStart, time: NtpTime) -> Self {
        Self {
            kind,
            rate: match kind {
                MediaKind::Audio => 48_000,
                MediaKind::Video => 90_000,
            },
            base: i64::from(start.timestamp),
            origin: time,
            next_seq: u64::from(start.sequence & 0x7fff),
            rtx_seq: u64::from(start.rtx_sequence & 0x7fff),
            last: None,
            latest: Latest::before(start.picture_id, start.tl0_index),
            stays: 0,
            stay: None,
            pending: None,
            segments: Segments::new(),
            raised: RaisedFrames::new(),
        }
    }

    /// Who is heard or seen from now on: from the next packet (audio) or keyframe (video). The source that is here already
    /// stays as it is, unless it is cut: then it begins anew.
    pub fn switch_to(&mut self, source: Option<SourceKey>, old: Old, now: Instant) {
        let Some(source) = source else {
            self.pending = None;
            return self.end_stay();
        };
        if old == Old::Cut {
            self.end_stay();
        }
        if let Some(stay) = &mut self.stay {
            stay.ends = None;
            if stay.source == source {
                self.pending = None;
                return;
            }
            stay.ends = (old == Old::HoldBriefly).then(|| now + HOLD_MAX);
        }
        if self.pending.is_none_or(|pending| pending.source != source) {
            self.pending = Some(Pending { source, requests: 0, request_at: now });
        }
    }

    /// Whose packets go out now.
    pub fn current(&self) -> Option<SourceKey> {
        self.stay.map(|stay| stay.source)
    }

    /// The number of the current source that its stay began with: nothing before is to be seen or heard here.
    pub fn first_of_stay(&self) -> Option<u64> {
        self.stay.map(|stay| stay.first)
    }

    /// Who will follow at the next keyframe (video) or packet (audio).
    pub fn pending(&self) -> Option<SourceKey> {
        self.pending.map(|pending| pending.source)
    }

    /// Decides over one packet of the current or pending source. Give each packet once, or skip it once; late ones too.
    pub fn forward(&mut self, packet: &Incoming, now: Instant) -> Result<Forward, DropReason> {
        match self.stay {
            Some(stay) if stay.source == packet.source => {
                if stay.ends.is_some_and(|ends| now >= ends) {
                    self.end_stay();
                    return Err(DropReason::NotMyLayer);
                }
                self.forward_current(packet, now)
            }
            _ if self.pending() != Some(packet.source) => Err(DropReason::NotMyLayer),
            _ if !packet.keyframe_start => Err(DropReason::AwaitingKeyframe),
            _ => self.begin_stay(packet, now),
        }
    }

    /// A packet of a source is left out on purpose (padding, filtered): its number must not look lost to the receiver.
    /// A late one leaves a gap, because later numbers are out already.
    pub fn skip(&mut self, source: SourceKey, ext_seq: u64) {
        let Some(stay) = self.stay.as_mut().filter(|stay| stay.source == source && ext_seq >= stay.next) else { return };
        let Some(newest) = self.segments.newest() else { return };
        let leap = ext_seq - stay.next > LEAP_MIN;
        self.next_seq = if leap { self.next_seq + 1 } else { newest.out(ext_seq) };
        let end = if leap { stay.next } else { ext_seq };
        stay.next = ext_seq + 1;
        if newest.first == end {
            newest.first = ext_seq + 1;
            newest.out_first = self.next_seq;
            return;
        }
        newest.end = end;
        let following = Segment { first: ext_seq + 1, end: u64::MAX, out_first: self.next_seq, ..*newest };
        self.segments.push(following);
    }

    /// A packet of a frame that this receiver does not get (a temporal layer less). Like [`SeatLine::skip`], and the picture ids of what
    /// follows close up too, because a decoder waits for a picture whose id is missing. (Frame numbers do not: frames name those they
    /// need by the distance between them.) `first`: no packet of this frame was left out before.
    pub fn skip_frame(&mut self, source: SourceKey, ext_seq: u64, first: bool) {
        let Some(stay) = self.stay.filter(|stay| stay.source == source && ext_seq >= stay.next) else { return };
        self.skip(source, ext_seq);
        if first && let Some(newest) = self.segments.newest().filter(|segment| segment.first > stay.next) {
            newest.offsets.picture_id = newest.offsets.picture_id.wrapping_sub(1);
        }
    }

    /// The number that went out last; `None` before the first.
    pub fn latest(&self) -> Option<u16> {
        self.last.map(|_| self.next_seq.wrapping_sub(1) as u16)
    }

    /// What is shown stops here, and begins again, or what is to follow it begins, with a keyframe.
    pub fn interrupt(&mut self, now: Instant) {
        let source = self.pending().or(self.current());
        self.switch_to(source, Old::Cut, now);
    }

    /// The source to ask for a keyframe now, if it is time to.
    pub fn wants_keyframe(&mut self, now: Instant) -> Option<SourceKey> {
        let pending = self.pending.as_mut().filter(|pending| self.kind == MediaKind::Video && now >= pending.request_at)?;
        pending.requests = pending.requests.saturating_add(1);
        let eager = pending.requests < KEYFRAME_EAGER_REQUESTS;
        pending.request_at = now + if eager { KEYFRAME_RETRY } else { KEYFRAME_SLOW_RETRY };
        Some(pending.source)
    }

    /// When [`SeatLine::wants_keyframe`] is to be asked again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.pending.filter(|_| self.kind == MediaKind::Video).map(|pending| pending.request_at)
    }

    /// The source a receiver's own keyframe request (PLI, FIR) is for; `None` for an empty seat, or when another person is about
    /// to take it with a keyframe anyway.
    pub fn keyframe_request_target(&self) -> Option<SourceKey> {
        self.stay.filter(|stay| stay.ends.is_none()).map(|stay| stay.source)
    }

    /// What went out under this number. `None` when that is too long ago, or never was.
    pub fn lookup(&self, sequence: u16) -> Option<Origin> {
        let seq = extend(self.next_seq.saturating_sub(1), sequence);
        if seq >= self.next_seq || seq < self.raised.forgotten_below {
            return None;
        }
        self.segments.by_downlink(seq).map(|(_, origin)| origin)
    }

    /// How the packet of `origin` goes out again: exactly as the first time. `timestamp` and `counters` are those of the
    /// packet that the ring of its source holds under its number.
    pub fn resend(&self, origin: &Origin, timestamp: u32, counters: &Counters) -> Option<Forward> {
        let (segment, found) = self.segments.by_downlink(origin.seq)?;
        if found != *origin {
            return None;
        }
        let mapped = timestamp.wrapping_add(segment.timestamp_offset);
        let timestamp = match self.raised.find(segment.stay, timestamp) {
            Some(raised) => raised as u32,
            None if origin.seq < segment.raised_below || self.has_yet_to_be_raised(segment.stay, mapped) => return None,
            None => mapped,
        };
        Some(Forward { seq: origin.seq, timestamp, counters: counters.moved(&segment.offsets), began: false })
    }

    /// A late packet that was asked for before its turn: it is about to be forwarded, and only then it is known where its frame
    /// will be. Sent again before that, it would go out with two timestamps.
    fn has_yet_to_be_raised(&self, stay: u32, mapped: u32) -> bool {
        let floor = self.raised.floor().filter(|_| self.kind == MediaKind::Video && self.stay.is_some_and(|now| now.number == stay));
        floor.is_some_and(|floor| nearest(floor, mapped) <= floor)
    }

    /// The next number of the retransmission stream, extended; the SRTP index.
    pub fn next_rtx_seq(&mut self) -> u64 {
        self.rtx_seq += 1;
        self.rtx_seq - 1
    }

    /// The timestamp of the stream at `time`, for a sender report: through the clock of the current source. `None` while
    /// nobody sits here.
    pub fn timestamp_at(&self, clock: &SourceClock, peer: &PeerClock, time: NtpTime) -> Option<u32> {
        self.stay?;
        let offset = self.segments.latest()?.timestamp_offset;
        clock.timestamp_at(peer, time).map(|timestamp| timestamp.wrapping_add(offset))
    }

    fn line(&self, time: NtpTime) -> i64 {
        self.base.wrapping_add(time.ticks_since(self.origin, self.rate))
    }

    fn seconds(&self, seconds: i64) -> i64 {
        seconds * i64::from(self.rate)
    }

    fn end_stay(&mut self) {
        let Some(stay) = self.stay.take() else { return };
        if let Some(newest) = self.segments.newest() {
            newest.end = stay.next;
        }
        // Its clock ran faster or slower than ours; the line goes on where the stream is.
        let plausible = stay.seen.ticks_since(stay.began, self.rate).max(0) / DRIFT_MAX_DIVISOR;
        self.base = self.base.wrapping_add(stay.ahead.clamp(-plausible, plausible));
    }

    fn begin_stay(&mut self, packet: &Incoming, now: Instant) -> Result<Forward, DropReason> {
        self.follow_same_picture();
        self.end_stay();
        let line = self.line(packet.capture);
        let begin = match self.kind {
            MediaKind::Video => self.video_begin(line),
            MediaKind::Audio => self.audio_begin(line, packet.duration).ok_or(DropReason::SwitchOverlap)?,
        };
        self.pending = None;
        self.stays = self.stays.wrapping_add(1);
        self.segments.push(Segment {
            source: packet.source,
            stay: self.stays,
            first: packet.ext_seq,
            end: u64::MAX,
            out_first: self.next_seq,
            timestamp_offset: (begin as u32).wrapping_sub(packet.timestamp),
            offsets: self.latest.continued_by(&packet.counters),
            raised_below: 0,
        });
        self.stay = Some(Stay {
            source: packet.source,
            number: self.stays,
            first: packet.ext_seq,
            next: packet.ext_seq,
            began: packet.capture,
            seen: packet.capture,
            ahead: begin - line,
            ends: None,
        });
        self.raised.begin_stay(self.last.map(|(timestamp, _)| timestamp));
        Ok(Forward { began: true, ..self.forward_current(packet, now)? })
    }

    /// Another layer of the same picture goes on exactly where the stream is. The line may be elsewhere: it was mapped by arrival
    /// when the stay began, and the first sender report told better.
    fn follow_same_picture(&mut self) {
        if let Some(stay) = self.stay.as_mut().filter(|stay| self.kind == MediaKind::Video && stay.ends.is_none()) {
            self.base = self.base.wrapping_add(std::mem::take(&mut stay.ahead));
        }
    }

    /// Where a new picture begins: on the line. What is not later than the last is raised, frame by frame, in `raised`.
    fn video_begin(&self, line: i64) -> i64 {
        match self.last {
            Some((last, _)) if last - line > self.seconds(LAG_MAX_SECONDS) => last + 1,
            _ => line,
        }
    }

    /// Where new sound begins: a whole number of packets after the old, as near to the line as that allows. `None` while the
    /// old sound lasts longer than the line.
    fn audio_begin(&self, line: i64, duration: u32) -> Option<i64> {
        let Some((last, last_duration)) = self.last else { return Some(line) };
        let end = last + i64::from(last_duration);
        let frame = i64::from(if duration == 0 { DEFAULT_AUDIO_FRAME } else { duration });
        if end - line > self.seconds(LAG_MAX_SECONDS) {
            return Some(end);
        }
        let frames = (line - end + frame / 2).div_euclid(frame);
        (frames >= 0).then(|| end + frames * frame)
    }

    fn forward_current(&mut self, packet: &Incoming, now: Instant) -> Result<Forward, DropReason> {
        let stay = self.stay.ok_or(DropReason::NotMyLayer)?;
        if packet.ext_seq < stay.next {
            return self.forward_late(&stay, packet);
        }
        let expected = self.line(packet.capture).wrapping_add(stay.ahead);
        let newest = self.segments.newest().ok_or(DropReason::RtpTooOld)?;
        let mapped = nearest(expected, packet.timestamp.wrapping_add(newest.timestamp_offset));
        let leap = (mapped - expected).abs() > TIMESTAMP_LEAP_SECONDS * i64::from(self.rate);
        if leap && packet.ext_seq != newest.first {
            return self.restart(packet, now);
        }
        if packet.ext_seq - stay.next > LEAP_MIN {
            newest.end = stay.next;
            // One number is left out, so that the receiver knows of a loss.
            let following = Segment { first: packet.ext_seq, end: u64::MAX, out_first: self.next_seq + 1, ..*newest };
            self.segments.push(following);
        }
        let out = self.timestamp_of(&stay, packet, mapped)?;
        let newest = self.segments.newest().ok_or(DropReason::RtpTooOld)?;
        let seq = newest.out(packet.ext_seq);
        let counters = packet.counters.moved(&newest.offsets);
        self.next_seq = seq + 1;
        self.note_timestamp(out, packet.duration);
        self.latest.note(&counters);
        let ahead = mapped.wrapping_sub(self.line(packet.capture));
        self.stay = Some(Stay { next: packet.ext_seq + 1, seen: packet.capture, ahead, ..stay });
        Ok(Forward { seq, timestamp: out as u32, counters, began: false })
    }

    /// The timestamps of the source leapt: it began anew, and so does the stay.
    fn restart(&mut self, packet: &Incoming, now: Instant) -> Result<Forward, DropReason> {
        self.end_stay();
        let begun = self.begin_stay(packet, now);
        if begun.is_err() {
            self.pending = Some(Pending { source: packet.source, requests: 0, request_at: now });
        }
        begun
    }

    /// A packet that comes after later ones of its source.
    fn forward_late(&mut self, stay: &Stay, packet: &Incoming) -> Result<Forward, DropReason> {
        let segment = self.segments.by_source(stay.number, packet.ext_seq).ok_or(DropReason::RtpTooOld)?;
        let seq = segment.out(packet.ext_seq);
        if seq < self.raised.forgotten_below {
            return Err(DropReason::RtpTooOld);
        }
        let counters = packet.counters.moved(&segment.offsets);
        let mapped = packet.timestamp.wrapping_add(segment.timestamp_offset);
        let expected = self.line(packet.capture).wrapping_add(stay.ahead);
        let out = self.timestamp_of(stay, packet, nearest(expected, mapped))?;
        // It may be the newest all the same, when what came before it was skipped.
        self.note_timestamp(out, packet.duration);
        self.latest.note_late(&counters);
        Ok(Forward { seq, timestamp: out as u32, counters, began: false })
    }

    /// The timestamp of a packet that is mapped to `mapped`: that, or what its frame was raised to.
    fn timestamp_of(&mut self, stay: &Stay, packet: &Incoming, mapped: i64) -> Result<i64, DropReason> {
        if self.kind == MediaKind::Audio || self.raised.passes(mapped) {
            return Ok(mapped);
        }
        let segment = self.segments.by_source(stay.number, packet.ext_seq).ok_or(DropReason::RtpTooOld)?;
        let seq = segment.out(packet.ext_seq);
        segment.raised_below = segment.raised_below.max(seq + 1);
        self.raised.raise(stay.number, packet.timestamp, seq).ok_or(DropReason::RtpTooOld)
    }

    fn note_timestamp(&mut self, timestamp: i64, duration: u32) {
        if self.last.is_none_or(|(last, _)| timestamp > last) {
            self.last = Some((timestamp, duration));
        }
    }
}

/// The extended timestamp nearest to `expected` with these low 32 bits.
fn nearest(expected: i64, timestamp: u32) -> i64 {
    expected.wrapping_add(i64::from(timestamp.wrapping_sub(expected as u32) as i32))
}
