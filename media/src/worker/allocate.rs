//! Who gets how much of a receiver's bandwidth: a pure function of what is looked at, what there is, and what the network carries.
//!
//! Sound is not in here: it is taken off the budget before. What is left goes, in this order, to
//!
//! 1. the lowest step of everybody, the most important first, so that nobody pauses before somebody else gets better;
//! 2. screens: full resolution before frame rate, because text must be readable;
//! 3. who is pinned, then who speaks;
//! 4. the others, one spatial layer each in turn, the largest first.
//!
//! A section never gets a layer larger than its picture is shown ([`enough`]). What it has is kept while it fits; more takes headroom, and
//! the caller's leave ([`Demand::may_rise`]), so that layers don't flap.

use super::Importance;
use super::rates::TEMPORAL_MAX;
use super::track::ENCODINGS_MAX;

/// What one spatial layer of a track costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Its rank among all layers of the track, from the smallest; what is not sent now or not accepted leaves gaps.
    pub rank: u8,
    /// Pixels; 0: not known.
    pub height: u16,
    /// Bits per second up to each temporal layer, with all headers.
    pub bps: [u64; TEMPORAL_MAX],
    /// Temporal layers; 1 at least.
    pub temporal: u8,
}

/// A part of a track: a spatial layer, and of it the temporal layers up to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share {
    /// [`Layer::rank`].
    pub rank: u8,
    /// The highest temporal layer, from 0.
    pub temporal: u8,
}

/// What a section would like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    pub importance: Importance,
    /// Physical pixels it is shown with. Never 0: what is hidden demands nothing.
    pub height: u16,
    /// From the smallest; of each the height is known or assumed ([`assume_heights`]).
    pub layers: [Layer; ENCODINGS_MAX],
    pub count: u8,
    /// What it has.
    pub current: Option<Share>,
    /// It may get more than it has.
    pub may_rise: bool,
}

/// A layer is enough when it has this part of the height it is shown with: a little scaling up is not seen.
const ENOUGH_PERCENT: u32 = 80;
/// More than one has must cost so much less than what is left, in percent, or the next wave of the estimate takes it away again.
const RISE_PERCENT: u64 = 110;
/// What one has may cost so much more than what is left: the rates of encoders, and estimates, waver by as much.
const KEEP_PERCENT: u64 = 95;
/// The lowest step of the first of all may cost so much more: rather a picture a little late than none. The pacing lets out as much more
/// than the estimate, and if that is too much, the estimate will fall. It begins without headroom.
const FIRST_KEEP_PERCENT: u64 = 80;
const FIRST_RISE_PERCENT: u64 = 100;
/// Who has nothing need not wait for leave to begin again when so much of the cost is there: the estimate was wrong, not just wavering.
const RETURN_PERCENT: u64 = 200;
/// What is assumed of the best of several layers; cameras send the others in halves of it.
const ASSUMED_HEIGHT: u16 = 720;

/// Gives layers of unknown height one: half or twice that of a neighbour, as browsers scale; without any neighbour, the best of
/// several is assumed to have 720 lines.
pub(crate) fn assume_heights(layers: &mut [Layer]) {
    if layers.iter().all(|layer| layer.height == 0)
        && let Some(best) = layers.last_mut()
    {
        best.height = ASSUMED_HEIGHT;
    }
    for index in 1..layers.len() {
        if layers[index].height == 0 && layers[index - 1].height > 0 {
            layers[index].height = layers[index - 1].height.saturating_mul(2);
        }
    }
    for index in (1..layers.len()).rev() {
        if layers[index - 1].height == 0 {
            layers[index - 1].height = (layers[index].height / 2).max(1);
        }
    }
}

/// The index of the smallest layer that is enough for a picture shown with `height` physical pixels.
pub(crate) fn enough(layers: &[Layer], height: u16) -> usize {
    let is_enough = |layer: &Layer| u32::from(layer.height) * 100 >= u32::from(height) * ENOUGH_PERCENT;
    layers.iter().position(is_enough).unwrap_or(layers.len().saturating_sub(1))
}

impl Demand {
    fn layers(&self) -> &[Layer] {
        &self.layers[..usize::from(self.count)]
    }

    /// The layers that are not larger than what is shown.
    fn useful(&self) -> &[Layer] {
        let layers = self.layers();
        if layers.is_empty() { layers } else { &layers[..=enough(layers, self.height)] }
    }

    /// What must be there for it to get its best, in bits per second.
    pub(crate) fn needed_bps(&self) -> u64 {
        self.useful().last().map_or(0, |layer| cost(layer, layer.temporal - 1) * RISE_PERCENT / 100)
    }

    /// Every share it may get, from the cheapest. Temporal layers go before spatial ones. A camera is not shown at a quarter of its
    /// frame rate while a smaller picture would move; a screen is: its text must be readable, and it seldom moves.
    fn steps(&self) -> impl Iterator<Item = (usize, Share, u64)> + '_ {
        let sharp = self.importance == Importance::Screen;
        self.useful().iter().enumerate().flat_map(move |(index, layer)| {
            let least = if sharp || index == 0 { 0 } else { layer.temporal.saturating_sub(2) };
            (least..layer.temporal).map(move |temporal| (index, Share { rank: layer.rank, temporal }, cost(layer, temporal)))
        })
    }

    /// The lowest step, and the highest.
    pub(crate) fn least(&self) -> Option<Share> {
        self.steps().next().map(|(_, share, _)| share)
    }

    pub(crate) fn best(&self) -> Option<Share> {
        self.steps().last().map(|(_, share, _)| share)
    }

    /// The share as it is kept in mind: all temporal layers are all of them, also those that were not seen yet.
    pub(crate) fn whole(&self, share: Share) -> Share {
        let all = self.layers().iter().any(|layer| layer.rank == share.rank && share.temporal + 1 >= layer.temporal);
        if all { Share { temporal: u8::MAX, ..share } } else { share }
    }

    /// It has this share, or a better one.
    fn holds(&self, share: Share) -> bool {
        self.current.is_some_and(|current| share <= current)
    }

    /// The best share up to the layer with this index that `budget` carries.
    fn best_within(&self, budget: i64, up_to: usize) -> Option<(Share, u64)> {
        let affordable = |share: Share, cost: u64| match self.holds(share) {
            true => fits(cost, KEEP_PERCENT, budget),
            false => self.may_rise && fits(cost, RISE_PERCENT, budget),
        };
        let steps = self.steps().filter(|(index, share, cost)| *index <= up_to && affordable(*share, *cost));
        steps.last().map(|(_, share, cost)| (share, cost))
    }
}

/// So many percent of `cost` are there.
fn fits(cost: u64, percent: u64, budget: i64) -> bool {
    i128::from(cost) * i128::from(percent) <= i128::from(budget) * 100
}

fn cost(layer: &Layer, temporal: u8) -> u64 {
    layer.bps[usize::from(temporal).min(TEMPORAL_MAX - 1)]
}

/// What everybody gets. Reused, so that it costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Allocation {
    /// Of each demand; `None`: nothing.
    pub shares: Vec<Option<Share>>,
    spent: Vec<u64>,
    order: Vec<u16>,
}

impl Allocation {
    /// Divides `budget_bps` among `demands`.
    pub(crate) fn divide(&mut self, demands: &[Demand], budget_bps: u64) {
        self.shares.clear();
        self.shares.resize(demands.len(), None);
        self.spent.clear();
        self.spent.resize(demands.len(), 0);
        self.order.clear();
        self.order.extend(0..demands.len() as u16);
        self.order.sort_unstable_by_key(|&index| {
            let demand = &demands[usize::from(index)];
            (std::cmp::Reverse((demand.importance, demand.height)), index)
        });
        // What is kept although it is a little more than there is leaves a debt.
        let mut left = i64::try_from(budget_bps).unwrap_or(i64::MAX);
        let ordered = std::mem::take(&mut self.order);
        for (place, &index) in ordered.iter().enumerate() {
            let percents = if place == 0 { (FIRST_KEEP_PERCENT, FIRST_RISE_PERCENT) } else { (KEEP_PERCENT, RISE_PERCENT) };
            self.begin(usize::from(index), demands, percents, &mut left);
        }
        let raised = |importance: Importance| importance != Importance::Ordinary;
        for &index in ordered.iter().filter(|index| raised(demands[usize::from(**index)].importance)) {
            self.raise(usize::from(index), demands, usize::MAX, &mut left);
        }
        for layer in 0..ENCODINGS_MAX {
            for &index in ordered.iter().filter(|index| !raised(demands[usize::from(**index)].importance)) {
                self.raise(usize::from(index), demands, layer, &mut left);
            }
        }
        self.order = ordered;
    }

    /// The most important of all.
    pub(crate) fn first(&self) -> Option<usize> {
        self.order.first().map(|index| usize::from(*index))
    }

    /// The lowest step.
    fn begin(&mut self, index: usize, demands: &[Demand], (keep, rise): (u64, u64), left: &mut i64) {
        let demand = &demands[index];
        let Some((_, share, cost)) = demand.steps().next() else { return };
        let held = demand.holds(share);
        let percent = if held { keep } else { rise };
        let may = held || demand.may_rise || fits(cost, RETURN_PERCENT, *left);
        if may && fits(cost, percent, *left) {
            self.shares[index] = Some(share);
            self.spent[index] = cost;
            *left -= cost as i64;
        }
    }

    fn raise(&mut self, index: usize, demands: &[Demand], up_to: usize, left: &mut i64) {
        let Some(has) = self.shares[index] else { return };
        let budget = left.saturating_add(self.spent[index] as i64);
        if let Some((share, cost)) = demands[index].best_within(budget, up_to).filter(|(share, _)| *share > has) {
            self.shares[index] = Some(share);
            self.spent[index] = cost;
            *left = budget - cost as i64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KBPS: u64 = 1000;

    /// Three layers of 180, 360 and 720 lines, with three temporal layers of half, a quarter and a quarter of the rate.
    fn simulcast() -> ([Layer; ENCODINGS_MAX], u8) {
        let layer = |rank: u8, height: u16, kbps: u64| Layer {
            rank,
            height,
            bps: [kbps * KBPS / 2, kbps * KBPS * 3 / 4, kbps * KBPS, kbps * KBPS],
            temporal: 3,
        };
        ([layer(0, 180, 160), layer(1, 360, 600), layer(2, 720, 2000), Layer::default()], 3)
    }

    fn demand(importance: Importance, height: u16) -> Demand {
        let (layers, count) = simulcast();
        Demand { importance, height, layers, count, current: None, may_rise: true }
    }

    fn divide(demands: &[Demand], kbps: u64) -> Vec<Option<(u8, u8)>> {
        let mut allocation = Allocation::default();
        allocation.divide(demands, kbps * KBPS);
        allocation.shares.iter().map(|share| share.map(|share| (share.rank, share.temporal))).collect()
    }

    fn share(rank: u8, temporal: u8) -> Option<Share> {
        Some(Share { rank, temporal })
    }

    #[test]
    fn a_picture_gets_the_smallest_layer_that_is_enough_for_its_size() {
        for (height, rank) in [(1, 0), (180, 0), (225, 0), (226, 1), (450, 1), (451, 2), (720, 2), (2000, 2)] {
            assert_eq!(divide(&[demand(Importance::Ordinary, height)], 10_000), [Some((rank, 2))], "shown with {height}");
        }
    }

    #[test]
    fn a_camera_that_is_alone_gets_what_fits_and_loses_frame_rate_before_size() {
        // With a tenth of headroom, but for the lowest step of the first: what it costs is in the comment.
        let table = [
            (79, None),
            (90, Some((0, 0))),  // 80
            (140, Some((0, 1))), // 120
            (180, Some((0, 2))), // 160
            (400, Some((0, 2))),
            (500, Some((1, 1))), // 450, because a quarter of the frame rate (300) is not shown of a larger picture
            (700, Some((1, 2))), // 600
            (1600, Some((1, 2))),
            (1700, Some((2, 1))), // 1500
            (2300, Some((2, 2))), // 2000
        ];
        for (kbps, expected) in table {
            assert_eq!(divide(&[demand(Importance::Pinned, 720)], kbps), [expected], "{kbps} kbit/s");
            assert_eq!(divide(&[demand(Importance::Ordinary, 720)], kbps), [expected], "{kbps} kbit/s");
        }
    }

    #[test]
    fn a_screen_keeps_its_resolution_before_its_frame_rate() {
        let table = [(90, Some((0, 0))), (340, Some((1, 0))), (1100, Some((2, 0))), (1700, Some((2, 1))), (2300, Some((2, 2)))];
        for (kbps, expected) in table {
            assert_eq!(divide(&[demand(Importance::Screen, 1080)], kbps), [expected], "{kbps} kbit/s");
        }
    }

    #[test]
    fn nobody_pauses_before_somebody_else_gets_better() {
        let nine: Vec<Demand> = (0..9).map(|_| demand(Importance::Ordinary, 360)).collect();
        // Nine lowest steps cost 720.
        assert!(divide(&nine, 750).iter().all(|share| *share == Some((0, 0))));
        let shares = divide(&nine, 700);
        assert_eq!(shares.iter().filter(|share| share.is_none()).count(), 1, "{shares:?}");
        assert_eq!(shares[8], None, "the last of equals goes first");
    }

    #[test]
    fn importance_decides_over_what_is_left_then_size() {
        let demands = [
            demand(Importance::Ordinary, 200),
            demand(Importance::Ordinary, 300),
            demand(Importance::Speaking, 300),
            demand(Importance::Pinned, 720),
            demand(Importance::Screen, 1080),
        ];
        assert_eq!(divide(&demands, 12_000), [Some((0, 2)), Some((1, 2)), Some((1, 2)), Some((2, 2)), Some((2, 2))], "everything fits");
        // The screen's 2000, then the pinned one's 1500, and of the rest the lowest layer for everybody.
        assert_eq!(divide(&demands, 4_000), [Some((0, 2)), Some((0, 2)), Some((0, 2)), Some((2, 1)), Some((2, 2))]);
        // Not enough for everybody's lowest step: the smallest picture goes first.
        assert_eq!(divide(&demands, 330), [None, Some((0, 0)), Some((0, 0)), Some((0, 0)), Some((0, 0))]);
        assert_eq!(divide(&demands, 0), [None; 5]);
    }

    #[test]
    fn the_others_rise_one_layer_each_in_turn() {
        let four: Vec<Demand> = (0..4).map(|_| demand(Importance::Ordinary, 360)).collect();
        // All have 160 fully (640) before the first gets 600.
        assert!(divide(&four, 700).iter().all(|share| *share == Some((0, 2))));
        assert_eq!(divide(&four, 1200), [Some((1, 2)), Some((0, 2)), Some((0, 2)), Some((0, 2))]);
    }

    #[test]
    fn what_one_has_is_kept_while_it_fits_and_more_takes_headroom_and_leave() {
        let at = |current, may_rise| Demand { current, may_rise, ..demand(Importance::Ordinary, 360) };
        assert_eq!(divide(&[at(share(1, 2), true)], 580), [Some((1, 2))], "600 is kept with 580");
        assert_eq!(divide(&[at(share(0, 2), true)], 640), [Some((1, 1))], "600 is not begun with 640");
        assert_eq!(divide(&[at(share(0, 2), false)], 10_000), [Some((0, 2))], "not yet");
        assert_eq!(divide(&[at(share(1, 2), false)], 500), [Some((1, 1))], "down at once");
        assert_eq!(divide(&[at(share(2, 2), false)], 10_000), [Some((1, 2))], "a smaller view needs less");
        assert_eq!(divide(&[at(share(0, 0), true)], 64), [Some((0, 0))], "the last step of the only one");
        assert_eq!(divide(&[at(share(0, 0), true)], 63), [None]);
        assert_eq!(divide(&[at(None, false)], 150), [None], "paused for lack of bandwidth until it may rise");
        assert_eq!(divide(&[at(None, false)], 10_000), [Some((0, 0))], "or there is far more than it needs");
    }

    #[test]
    fn temporal_layers_that_were_not_seen_yet_are_no_rise() {
        let mut some = demand(Importance::Ordinary, 720);
        some.layers[2].temporal = 1;
        let had = some.whole(Share { rank: 2, temporal: 0 });
        let now = Demand { current: Some(had), may_rise: false, ..demand(Importance::Ordinary, 720) };
        assert_eq!(divide(&[now], 2000), [Some((2, 2))]);
        assert_eq!(now.whole(Share { rank: 2, temporal: 1 }), Share { rank: 2, temporal: 1 });
    }

    #[test]
    fn what_nobody_sends_is_not_given() {
        let mut some = demand(Importance::Ordinary, 720);
        some.layers[1] = some.layers[2];
        some.count = 2;
        assert_eq!(divide(&[some], 10_000), [Some((2, 2))]);
        assert_eq!(divide(&[some], 1500), [Some((0, 2))]);
        some.count = 0;
        assert_eq!(divide(&[some], 10_000), [None]);
    }

    #[test]
    fn unknown_heights_follow_from_the_neighbours() {
        let with = |heights: &[u16]| {
            let mut layers: Vec<Layer> = heights.iter().map(|&height| Layer { height, ..Layer::default() }).collect();
            assume_heights(&mut layers);
            layers.iter().map(|layer| layer.height).collect::<Vec<_>>()
        };
        assert_eq!(with(&[0, 0, 0]), [180, 360, 720]);
        assert_eq!(with(&[0]), [720]);
        assert_eq!(with(&[270, 0, 0]), [270, 540, 1080]);
        assert_eq!(with(&[0, 0, 1080]), [270, 540, 1080]);
        assert_eq!(with(&[0, 480, 0]), [240, 480, 960]);
        assert_eq!(with(&[]), [0; 0]);
    }

    #[test]
    fn no_table_makes_it_spend_more_than_there_is_or_panic() {
        let importances = [Importance::Ordinary, Importance::Speaking, Importance::Pinned, Importance::Screen];
        let mut state = 1u64;
        let mut next = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..20_000 {
            let demands: Vec<Demand> = (0..next(12))
                .map(|_| {
                    let mut some = demand(importances[next(4) as usize], 1 + next(1100) as u16);
                    some.count = next(5) as u8;
                    for layer in &mut some.layers {
                        layer.temporal = 1 + next(4) as u8;
                        layer.bps = [0; 4].map(|_: u64| next(3000) * KBPS);
                        layer.bps.sort_unstable();
                    }
                    some.may_rise = next(2) == 0;
                    some.current = (next(2) == 0).then(|| Share { rank: next(4) as u8, temporal: next(4) as u8 });
                    some
                })
                .collect();
            let budget = next(8000) * KBPS;
            let mut allocation = Allocation::default();
            allocation.divide(&demands, budget);
            let spent: u64 = allocation.spent.iter().sum();
            assert!(spent * FIRST_KEEP_PERCENT <= budget * 100, "{spent} of {budget}");
        }
    }
}
