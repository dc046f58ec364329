//! Which simulcast layer is enough.
//!
//! The rule is fixed for now: the best layer that is coming in and that the limit allows. The estimator of a conference will move
//! the limit.

use super::LayerLimit;
use super::track::{ENCODINGS_MAX, Encoding, Track};
use std::cmp::Ordering;

/// Of each encoding, how many others it is better than.
pub(crate) type Ranks = [u8; ENCODINGS_MAX];

/// The order of a track's encodings as it is known now.
pub(crate) fn ranks(track: &Track) -> Ranks {
    let count = track.encodings.len();
    std::array::from_fn(|this| (0..count).filter(|other| this < count && *other != this && is_better(track, this, *other)).count() as u8)
}

/// The encoding a receiver should get that is `accepted` by it; `None` when nothing fits.
pub(crate) fn choose(track: &Track, limit: LayerLimit, accepted: impl Fn(&Encoding) -> bool) -> Option<usize> {
    let allowed = match limit {
        LayerLimit::Best => u8::MAX,
        LayerLimit::UpTo(layer) => layer,
        LayerLimit::Paused => return None,
    };
    let ranks = ranks(track);
    let fits = |index: &usize| track.active >> index & 1 == 1 && ranks[*index] <= allowed && accepted(&track.encodings[*index]);
    (0..track.encodings.len()).filter(fits).max_by_key(|index| ranks[*index])
}

/// Clients list their encodings from small to large or the other way round, so the rates decide, once they differ clearly; until
/// then small to large, as our own page does.
fn is_better(track: &Track, this: usize, other: usize) -> bool {
    match compare_rates(&track.encodings[this], &track.encodings[other]) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => track.encodings[this].order > track.encodings[other].order,
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
