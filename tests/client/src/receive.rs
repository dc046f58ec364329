//! What a client receives: one [`Receiver`] per section.

use crate::offer::Numbers;
use crate::wire::Rtp;
use auftakt_media::codec::Codec;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A media packet that arrived, after decryption and without RTX.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    pub mid: String,
    pub codec: Codec,
    /// Sequence number with roll-overs.
    pub index: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
    pub extensions: Vec<(u8, Vec<u8>)>,
    pub at: Instant,
    /// Came as a retransmission.
    pub recovered: bool,
}

/// Running totals of one section.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub packets: u64,
    pub recovered: u64,
    pub duplicates: u64,
    pub first: Option<u64>,
    pub highest: Option<u64>,
    /// Still missing between first and highest.
    pub missing: BTreeSet<u64>,
}

/// How often a missing packet is asked for.
const NACK_INTERVAL: Duration = Duration::from_millis(40);
const NACK_TRIES: u8 = 20;
/// Reordered packets get this long before they are asked for.
const NACK_DELAY: Duration = Duration::from_millis(15);
/// A jump further than this is a new beginning, not a loss.
const GAP_MAX: u64 = 1000;

pub(crate) struct Receiver {
    pub(crate) mid: String,
    numbers: Numbers,
    ssrcs: Vec<u32>,
    pub(crate) seen: Seen,
    asking: BTreeMap<u64, (Instant, u8)>,
}

impl Receiver {
    pub(crate) fn new(mid: String, numbers: Numbers) -> Self {
        Self { mid, numbers, ssrcs: vec![], seen: Seen::default(), asking: BTreeMap::new() }
    }

    pub(crate) fn set_ssrcs(&mut self, ssrcs: &[u32]) {
        self.ssrcs = ssrcs.to_vec();
    }

    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.ssrcs.first().copied()
    }

    pub(crate) fn owns(&self, ssrc: u32) -> bool {
        self.ssrcs.contains(&ssrc)
    }

    pub(crate) fn handle(&mut self, now: Instant, rtp: Rtp, index: u64) -> Option<Received> {
        let (codec, is_rtx) = self.numbers.codec(rtp.payload_type)?;
        if rtp.payload.is_empty() {
            // Padding: under the picture's own number it is no loss, under that of the retransmissions it is nothing.
            if !is_rtx {
                self.note(now, index, false);
            }
            return None;
        }
        let (index, payload) = if is_rtx {
            let original = u16::from_be_bytes(rtp.payload.get(..2)?.try_into().ok()?);
            (near(self.seen.highest?, original), rtp.payload[2..].to_vec())
        } else {
            (index, rtp.payload)
        };
        let again = is_rtx || self.asking.get(&index).is_some_and(|(_, tries)| *tries > 0);
        if !self.note(now, index, again) {
            return None;
        }
        Some(Received {
            mid: self.mid.clone(),
            codec,
            index,
            timestamp: rtp.timestamp,
            marker: rtp.marker,
            payload,
            extensions: rtp.extensions,
            at: now,
            recovered: again,
        })
    }

    /// False for a duplicate.
    fn note(&mut self, now: Instant, index: u64, again: bool) -> bool {
        let seen = &mut self.seen;
        match seen.highest {
            Some(highest) if index <= highest => {
                if !seen.missing.remove(&index) {
                    seen.duplicates += 1;
                    return false;
                }
                self.asking.remove(&index);
            }
            Some(highest) => {
                if index - highest <= GAP_MAX {
                    for missing in highest + 1..index {
                        seen.missing.insert(missing);
                        self.asking.insert(missing, (now + NACK_DELAY, 0));
                    }
                }
                seen.highest = Some(index);
            }
            None => (seen.first, seen.highest) = (Some(index), Some(index)),
        }
        seen.packets += 1;
        seen.recovered += u64::from(again);
        true
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.asking.values().map(|(at, _)| *at).min()
    }

    pub(crate) fn poll_nack(&mut self, now: Instant) -> Option<(u32, Vec<u16>)> {
        let ssrc = *self.ssrcs.first()?;
        let mut wanted = vec![];
        self.asking.retain(|index, (at, tries)| {
            if *at <= now {
                wanted.push(*index as u16);
                *tries += 1;
                *at = now + NACK_INTERVAL;
            }
            *tries < NACK_TRIES
        });
        (!wanted.is_empty()).then_some((ssrc, wanted))
    }
}

/// The index closest to `reference` that ends in `sequence`.
fn near(reference: u64, sequence: u16) -> u64 {
    let delta = sequence.wrapping_sub(reference as u16) as i16;
    reference.wrapping_add_signed(i64::from(delta))
}
