//! Probes: padding that shows whether a receiver's network carries more than what is sent to it.
//!
//! What is padded with was sent before, as retransmissions nobody asked for: every WebRTC receiver takes them, and they repair what was
//! lost unnoticed. Without anything to repeat it is empty padding.

use super::Worker;
use super::peer::PeerKey;
use super::slot::Link;
use crate::bwe::{Probe, Sent};
use std::time::{Duration, Instant};

/// A probe that falls behind its rate because the worker was busy is cut off so much after its time.
const GRACE: Duration = Duration::from_millis(20);
/// Packets repeated in a probe, from the newest backwards, and then from the newest again.
const REPEATED_MAX: u16 = 48;
/// The bytes of one packet of padding.
const PADDING: u8 = 255;
/// Padding goes out at least so fast that a probe is over in time, even when the clock ticks coarsely.
const AHEAD: Duration = Duration::from_millis(2);
/// However large a probe is asked for.
const BYTES_MAX: usize = 1024 * 1024;
/// Packets in one turn.
const TURN_MAX: usize = 256;

/// A probe under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    pub probe: Probe,
    began: Instant,
    /// Bytes of everything that went out since, headers included.
    pub sent: usize,
    /// How far back from the newest packet was repeated.
    back: u16,
}

impl Burst {
    fn is_over(&self, now: Instant) -> bool {
        self.sent >= self.probe.bytes.min(BYTES_MAX) || now >= self.began + self.probe.duration + GRACE
    }

    /// Bytes that are missing now from what should have gone out.
    fn missing(&self, now: Instant) -> usize {
        let elapsed = now.saturating_duration_since(self.began) + AHEAD;
        let due = (u128::from(self.probe.rate_bps) * elapsed.as_micros() / 8_000_000) as usize;
        due.min(self.probe.bytes.min(BYTES_MAX)).saturating_sub(self.sent)
    }
}

impl Worker {
    /// Begins the probe that the estimator asks for, if it does.
    pub(super) fn begin_probe(&mut self, now: Instant, key: PeerKey) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if peer.downlink.burst.is_some() || peer.downlink.is_deaf(now) || peer.destination.is_none() || peer.outbound.is_none() {
            return;
        }
        if let Some(probe) = peer.downlink.estimator.poll_probe(now) {
            peer.downlink.burst = Some(Burst { probe, began: now, sent: 0, back: 0 });
            peer.downlink.pace(now);
            self.pacing.enlist(key, peer);
        }
    }

    /// What the probe lacks now.
    pub(super) fn serve_probe(&mut self, now: Instant, key: PeerKey) {
        for _ in 0..TURN_MAX {
            let Some(peer) = self.peers.get_mut(key) else { return };
            let Some(burst) = peer.downlink.burst else { return };
            if burst.is_over(now) {
                return self.end_probe(now, key);
            }
            if burst.missing(now) == 0 || self.out.transmits.is_ripe() {
                return;
            }
            if !self.pad(now, key) {
                return self.end_probe(now, key);
            }
        }
    }

    fn end_probe(&mut self, now: Instant, key: PeerKey) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.downlink.burst = None;
            peer.downlink.pace(now);
        }
        self.begin_probe(now, key);
    }

    /// One packet of a probe. False: there is no section to send it in.
    fn pad(&mut self, now: Instant, key: PeerKey) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        let Some(burst) = &mut peer.downlink.burst else { return false };
        let (what, back) = (Sent::Probe(burst.probe.id), burst.back);
        burst.back = (back + 1) % REPEATED_MAX;
        let (Some(to), Some(outbound)) = (peer.destination, peer.outbound.as_ref()) else { return false };
        let usable = |slot: &&mut super::slot::Slot| slot.live && slot.repeats();
        // What is looked at has packets that may have been lost.
        let best = |slot: &&mut super::slot::Slot| (slot.line.current().is_some(), slot.line.latest().is_some());
        let Some(slot) = peer.slots.iter_mut().filter(usable).max_by_key(best) else { return false };
        let mut link = Link { to, outbound, downlink: &mut peer.downlink, now };
        let origin = slot.line.latest().and_then(|latest| slot.line.lookup(latest.wrapping_sub(back)));
        let repeated = origin.and_then(|origin| {
            let track = self.sources.get(&origin.source).and_then(|key| self.tracks.get(*key)).filter(|track| !track.muted)?;
            let ring = &track.encodings[track.encoding_of(origin.source)?].ring;
            let packet = ring.get(origin.ext_seq)?;
            slot.resend(&origin, &packet, ring, what, &mut link, &mut self.out.transmits).ok()
        });
        let padded = repeated.is_some() || slot.pad(PADDING, what, &mut link, &mut self.out.transmits);
        self.out.counters.packets_padded += u64::from(padded);
        padded
    }
}
