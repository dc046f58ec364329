//! What a section has of its receiver's bandwidth, and since when: the memory that keeps layers from flapping.

use super::LayerLimit;
use super::allocate::Share;
use super::temporal::TemporalFilter;
use std::time::{Duration, Instant};

/// After losing a layer to the network, a section waits this long before it may have it again; twice as long each time a rise did not
/// last, up to the most.
const PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE_MAX: Duration = Duration::from_secs(6);
/// A picture pauses when there was nothing for it for so long: an estimate that dips while a queue drains is no reason to.
const PAUSE_AFTER: Duration = Duration::from_secs(1);
/// A rise that held for so long was right.
const PROVEN: Duration = Duration::from_secs(10);

/// When more may be had again after it was taken away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patience {
    rise_at: Option<Instant>,
    raised_at: Option<Instant>,
    wait: Option<Duration>,
}

impl Patience {
    pub(crate) fn may_rise(&self, now: Instant) -> bool {
        self.rise_at.is_none_or(|at| now >= at)
    }

    pub(crate) fn raised(&mut self, now: Instant) {
        self.raised_at = Some(now);
    }

    /// Something was taken away: more again after `least`, and after twice the time before, up to `most`, when the last rise was not
    /// [`PROVEN`].
    pub(crate) fn squeezed(&mut self, now: Instant, least: Duration, most: Duration) {
        let hasty = self.raised_at.is_some_and(|at| now < at + PROVEN);
        let wait = self.wait.filter(|_| hasty).map_or(least, |wait| (wait * 2).min(most));
        (self.wait, self.rise_at) = (Some(wait), Some(now + wait));
    }
}

/// See the module's documentation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grant {
    /// The last allocation's word; `None` before the first for who sits here now.
    decided: Option<Option<Share>>,
    pub temporal: TemporalFilter,
    patience: Patience,
    refused_since: Option<Instant>,
    /// Nothing is sent for lack of bandwidth, and the caller knows.
    pub starved: bool,
    /// How many layers of the track are wanted here, now or soon.
    pub wants: u8,
}

impl Grant {
    pub(crate) fn is_decided(&self) -> bool {
        self.decided.is_some()
    }

    /// There is something to see, but no bandwidth for it.
    pub(crate) fn is_refused(&self) -> bool {
        self.decided == Some(None)
    }

    pub(crate) fn share(&self) -> Option<Share> {
        self.decided.flatten()
    }

    /// The tighter of both bounds.
    pub(crate) fn within(&self, limit: LayerLimit) -> LayerLimit {
        match (self.decided, limit) {
            (None, limit) => limit,
            (Some(None), _) | (_, LayerLimit::Paused) => LayerLimit::Paused,
            (Some(Some(share)), LayerLimit::Best) => LayerLimit::UpTo(share.rank),
            (Some(Some(share)), LayerLimit::UpTo(rank)) => LayerLimit::UpTo(rank.min(share.rank)),
        }
    }

    pub(crate) fn may_rise(&self, now: Instant) -> bool {
        self.patience.may_rise(now)
    }

    /// When a rise that is not allowed yet will be, or a picture that nothing is left for pauses.
    pub(crate) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let pause = self.refused_since.filter(|_| self.share().is_some()).map(|since| since + PAUSE_AFTER);
        [self.patience.rise_at, pause].into_iter().flatten().filter(|at| *at > now).min()
    }

    /// What an allocation's word means for who has something already, and for who is `first` and begins: the last step is refused only
    /// when there was nothing for it for some time. (While nothing was shown, nothing was learned of the network.) `least` is that step.
    /// The pacing sees to it that the network does not suffer.
    pub(crate) fn soften(&mut self, now: Instant, share: Option<Share>, least: Option<Share>, first: bool) -> Option<Share> {
        if share.is_some() {
            self.refused_since = None;
            return share;
        }
        let since = *self.refused_since.get_or_insert(now);
        let has = self.share().is_some() || first && !self.is_decided();
        least.filter(|_| has && now < since + PAUSE_AFTER)
    }

    /// Somebody else sits here, or the section is looked at otherwise: what was is no reason to wait.
    pub(crate) fn forget(&mut self) {
        self.patience = Patience::default();
    }

    /// Nobody is to be seen here.
    pub(crate) fn clear(&mut self) {
        (self.decided, self.refused_since) = (None, None);
        self.forget();
    }

    /// The word of an allocation. `squeezed`: less than was had, for lack of bandwidth. True: it is another layer than before.
    pub(crate) fn decide(&mut self, now: Instant, share: Option<Share>, squeezed: bool) -> bool {
        let before = self.decided.replace(share);
        self.temporal.aim(share.map_or(u8::MAX, |share| share.temporal));
        if squeezed && before.is_some_and(|before| share < before) {
            self.patience.squeezed(now, PATIENCE, PATIENCE_MAX);
        } else if before.is_some_and(|before| share > before) {
            self.patience.raised(now);
        }
        before.map(|before| before.map(|share| share.rank)) != Some(share.map(|share| share.rank))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]
mod tests {
    use super::*;

    fn share(rank: u8) -> Option<Share> {
        Some(Share { rank, temporal: 0 })
    }

    #[test]
    fn who_lost_a_layer_waits_and_longer_when_a_rise_did_not_last() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut grant = Grant::default();
        assert!(grant.decide(at(0), share(2), false) && grant.may_rise(at(0)));
        assert!(grant.decide(at(1), share(0), true));
        assert!(!grant.may_rise(at(2)) && grant.may_rise(at(3)));
        grant.decide(at(3), share(1), false);
        grant.decide(at(5), share(0), true);
        assert!(!grant.may_rise(at(8)) && grant.may_rise(at(9)), "four seconds this time");
        grant.decide(at(9), share(1), false);
        grant.decide(at(30), share(0), true);
        assert!(!grant.may_rise(at(31)) && grant.may_rise(at(32)), "the last rise had held");
        grant.decide(at(32), None, true);
        grant.forget();
        assert!(grant.may_rise(at(32)));
    }

    #[test]
    fn nothing_pauses_for_a_dip() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let mut grant = Grant::default();
        assert_eq!(grant.soften(at(0), None, share(0), false), None, "who has nothing gets nothing");
        assert_eq!(Grant::default().soften(at(0), None, share(0), true), share(0), "but for the first, who begins");
        grant.decide(at(0), share(1), false);
        assert_eq!(grant.soften(at(500), share(1), share(0), false), share(1));
        assert_eq!(grant.soften(at(600), None, share(0), false), share(0));
        grant.decide(at(600), share(0), true);
        assert_eq!(grant.poll_timeout(at(600)), Some(at(1600)));
        assert_eq!(grant.soften(at(1599), None, share(0), false), share(0));
        assert_eq!(grant.soften(at(1600), None, share(0), false), None);
    }

    #[test]
    fn a_smaller_view_is_no_reason_to_wait() {
        let start = Instant::now();
        let mut grant = Grant::default();
        grant.decide(start, share(2), false);
        assert!(grant.decide(start, share(1), false));
        assert!(!grant.decide(start, Some(Share { rank: 1, temporal: 2 }), false), "the same spatial layer");
        assert!(grant.may_rise(start));
    }

    #[test]
    fn the_tighter_bound_holds() {
        let start = Instant::now();
        let mut grant = Grant::default();
        assert_eq!(grant.within(LayerLimit::UpTo(1)), LayerLimit::UpTo(1), "nothing decided yet");
        grant.decide(start, share(1), false);
        assert_eq!(grant.within(LayerLimit::Best), LayerLimit::UpTo(1));
        assert_eq!(grant.within(LayerLimit::UpTo(0)), LayerLimit::UpTo(0));
        assert_eq!(grant.within(LayerLimit::UpTo(2)), LayerLimit::UpTo(1));
        assert_eq!(grant.within(LayerLimit::Paused), LayerLimit::Paused);
        grant.decide(start, None, true);
        assert_eq!(grant.within(LayerLimit::Best), LayerLimit::Paused);
    }
}
