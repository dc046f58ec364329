//! Which simulcast layer is enough.
//!
//! The rule is fixed for now: the best layer that is coming in and that the limit allows. The estimator of a conference will move
//! the limit.

use super::LayerLimit;
use super::track::{Encoding, Track};
use std::cmp::Ordering;

/// The encoding a receiver should get; `None` when nothing fits.
pub(crate) fn choose(track: &Track, limit: LayerLimit) -> Option<usize> {
    let allowed = match limit {
        LayerLimit::Best => u8::MAX,
        LayerLimit::UpTo(layer) => layer,
        LayerLimit::Paused => return None,
    };
    let is_active = |index: usize| track.active >> index & 1 == 1;
    let mut best: Option<usize> = None;
    for index in (0..track.encodings.len()).filter(|i| is_active(*i)) {
        let rank = (0..track.encodings.len()).filter(|other| *other != index && is_better(track, index, *other)).count();
        let improves = best.is_none_or(|b| is_better(track, index, b));
        if rank <= usize::from(allowed) && improves {
            best = Some(index);
        }
    }
    best
}

/// Clients list their encodings from small to large or the other way round, so the rates decide, once they differ clearly; until
/// then small to large, as our own page does.
fn is_better(track: &Track, this: usize, other: usize) -> bool {
    match compare_rates(&track.encodings[this], &track.encodings[other]) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => this > other,
    }
}

/// Layers differ by a factor of two to four; below one and a half it is chance.
fn compare_rates(this: &Encoding, other: &Encoding) -> Ordering {
    let (Some(a), Some(b)) = (this.rate(), other.rate()) else { return Ordering::Equal };
    if a * 2 > b * 3 {
        Ordering::Greater
    } else if b * 2 > a * 3 {
        Ordering::Less
    } else {
        Ordering::Equal
    }
}
