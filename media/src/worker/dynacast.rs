//! Which layers of a track anybody can use: told to the caller, so that the publisher switches the others off.

use super::peer::PeerKey;
use super::track::TrackKey;
use super::{Event, Worker};
use crate::id::MediaKind;
use std::time::{Duration, Instant};

/// Layers are switched off so long after nobody wants them any more: page turns, and somebody who looks away for a moment, cost no
/// keyframes. They are switched on at once.
const LOWER_AFTER: Duration = Duration::from_secs(5);

/// What is known of the wishes for one track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// What the caller was told last. A publisher begins with all.
    told: u8,
    /// What is wanted now, if it is less.
    less: Option<(u8, Instant)>,
}

impl Wanted {
    pub(crate) fn all(layers: u8) -> Self {
        Self { told: layers, less: None }
    }

    /// `Some`: to be told.
    fn review(&mut self, now: Instant, wanted: u8) -> Option<u8> {
        if wanted >= self.told {
            self.less = None;
            return (std::mem::replace(&mut self.told, wanted) != wanted).then_some(wanted);
        }
        let since = match self.less {
            Some((before, since)) if before <= wanted => since,
            _ => now,
        };
        if now >= since + LOWER_AFTER {
            (self.told, self.less) = (wanted, None);
            return Some(wanted);
        }
        self.less = Some((wanted, since));
        None
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.less.map(|(_, since)| since + LOWER_AFTER)
    }
}

impl Worker {
    /// The wishes for a track may have changed.
    pub(super) fn review_wanted(&mut self, now: Instant, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| track.kind == MediaKind::Video) else { return };
        let Some(owner) = track.owner else { return };
        let wants = track.subscribers.iter().filter_map(|subscriber| {
            let slot = self.peers.get(subscriber.peer)?.slots.get(usize::from(subscriber.slot))?;
            (slot.assigned == Some(key)).then_some(slot.grant.wants)
        });
        let wanted = wants.max().unwrap_or(0);
        let told = track.wanted.review(now, wanted);
        let (id, due) = (track.id, track.wanted.poll_timeout());
        let Some(peer) = self.peers.get_mut(owner) else { return };
        if let Some(layers) = told {
            self.out.events.push_back(Event::LayersWanted { peer: peer.id, track: id, layers });
        }
        if let Some(at) = due {
            self.timers.wake_by(owner, &mut peer.wake_at, at);
        }
    }

    /// What nobody wanted for long enough.
    pub(super) fn review_uplinks(&mut self, now: Instant, key: PeerKey) {
        let count = self.peers.get(key).map_or(0, |peer| peer.uplinks.len());
        for index in 0..count {
            let Some(track) = self.peers.get(key).and_then(|peer| peer.uplinks.get(index)).map(|uplink| uplink.track) else { return };
            let due = self.tracks.get(track).and_then(|track| track.wanted.poll_timeout());
            if due.is_some_and(|at| at <= now) {
                self.review_wanted(now, track);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]
mod tests {
    use super::*;

    #[test]
    fn up_at_once_and_down_after_five_quiet_seconds() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut wanted = Wanted::all(3);
        assert_eq!(wanted.review(at(0), 3), None, "a publisher begins with all");
        assert_eq!(wanted.review(at(1), 2), None);
        assert_eq!(wanted.review(at(2), 1), None);
        assert_eq!(wanted.review(at(6), 1), None, "one layer less is wanted for four seconds only");
        assert_eq!(wanted.review(at(7), 1), Some(1));
        assert_eq!((wanted.review(at(8), 3), wanted.poll_timeout()), (Some(3), None));
        assert_eq!(wanted.review(at(9), 0), None);
        assert_eq!(wanted.review(at(10), 2), None);
        assert_eq!(wanted.review(at(14), 2), Some(2));
        assert_eq!(wanted.review(at(20), 2), None);
    }
}
