//! Which SSRC is which encoding of which track, learned from the offer or from header extensions of authenticated packets.

use super::track::TrackKey;

/// What an SSRC of a publisher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub track: TrackKey,
    /// Index in the track's encodings.
    pub encoding: u8,
}

/// Bound SSRCs of one peer: ten uplinks of four encodings, each with retransmissions, and some that were replaced.
const BINDINGS_MAX: usize = 128;

/// Few and searched in order of first use: faster than a hash of any kind.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    ssrcs: Vec<u32>,
    targets: Vec<Binding>,
}

impl Bindings {
    #[inline]
    pub(crate) fn get(&self, ssrc: u32) -> Option<Binding> {
        let index = self.ssrcs.iter().position(|&s| s == ssrc)?;
        Some(self.targets[index])
    }

    /// Any SSRC of the peer's, for feedback about the whole transport.
    pub(crate) fn first_ssrc(&self) -> Option<u32> {
        self.ssrcs.first().copied()
    }

    /// False when there are too many.
    pub(crate) fn bind(&mut self, ssrc: u32, binding: Binding) -> bool {
        self.unbind(ssrc);
        let room = self.ssrcs.len() < BINDINGS_MAX;
        if room {
            self.ssrcs.push(ssrc);
            self.targets.push(binding);
        }
        room
    }

    pub(crate) fn unbind(&mut self, ssrc: u32) {
        if let Some(index) = self.ssrcs.iter().position(|&s| s == ssrc) {
            self.ssrcs.remove(index);
            self.targets.remove(index);
        }
    }

    pub(crate) fn unbind_track(&mut self, track: TrackKey) {
        while let Some(index) = self.targets.iter().position(|b| b.track == track) {
            self.ssrcs.remove(index);
            self.targets.remove(index);
        }
    }
}
