//! What goes out: one arena of bytes, and who gets which part of it.

use crate::path::Path;
use std::net::{IpAddr, SocketAddr};

/// The kernel refuses more segments in one GSO send (UDP_MAX_SEGMENTS).
pub const RUN_SEGMENTS_MAX: usize = 64;
/// A GSO send is one IP packet before it is cut: 65,535 bytes less headers, with room to spare.
pub const RUN_BYTES_MAX: usize = 60_000;
/// When the arena holds this much, [`super::Worker::flush`] returns so that the bytes are sent while they are in the cache.
pub(crate) const ARENA_SOFT_MAX: usize = 512 * 1024;
/// Beyond this nothing is added (answers and retransmissions are dropped as overload).
pub(crate) const ARENA_HARD_MAX: usize = 4 * 1024 * 1024;

/// Datagrams to send, in order. Reused: [`TransmitBatch::clear`] keeps the memory.
#[derive(Debug, Default)]
pub struct TransmitBatch {
    pub(crate) bytes: Vec<u8>,
    segments: Vec<Segment>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    to: Path,
    start: u32,
    len: u32,
}

/// Datagrams to one destination that one system call can send (UDP GSO): all of `segment_size` but the last, which may be shorter.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Where to.
    pub to: SocketAddr,
    /// From which of our addresses; `None`: the system chooses.
    pub from: Option<IpAddr>,
    /// The datagrams, one after the other.
    pub bytes: &'a [u8],
    /// Size of each datagram but the last, in bytes.
    pub segment_size: usize,
    /// How many datagrams.
    pub count: usize,
}

impl TransmitBatch {
    /// Nothing to send.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// How many datagrams there are.
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.segments.clear();
    }

    /// The datagrams one by one.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.segments.iter().map(|s| (s.to.remote, &self.bytes[s.start as usize..(s.start + s.len) as usize]))
    }

    /// The datagrams in runs that one GSO send takes each.
    pub fn runs(&self) -> Runs<'_> {
        Runs { batch: self, next: 0 }
    }

    /// No room for one more datagram.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= ARENA_HARD_MAX
    }

    /// Enough to be worth sending before more is added.
    pub(crate) fn is_ripe(&self) -> bool {
        self.bytes.len() >= ARENA_SOFT_MAX
    }

    /// Makes the bytes written since `start` a datagram for `to`. Everything before `start` already belongs to one. Nothing written
    /// (what could not be sealed is taken back) is no datagram.
    #[inline]
    pub(crate) fn commit(&mut self, to: Path, start: usize) {
        let len = self.bytes.len() - start;
        if len > 0 {
            self.segments.push(Segment { to, start: start as u32, len: len as u32 });
        }
    }

    /// Copies a finished datagram in.
    pub(crate) fn push(&mut self, to: Path, datagram: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(datagram);
        self.commit(to, start);
    }
}

/// See [`TransmitBatch::runs`].
#[derive(Debug)]
pub struct Runs<'a> {
    batch: &'a TransmitBatch,
    next: usize,
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let segments = &self.batch.segments[self.next..];
        let first = segments.first()?;
        let (mut count, mut bytes) = (1, first.len as usize);
        for segment in &segments[1..] {
            let contiguous = segment.start as usize == first.start as usize + bytes;
            let fits = segment.len <= first.len && bytes + segment.len as usize <= RUN_BYTES_MAX && count < RUN_SEGMENTS_MAX;
            if segment.to != first.to || !contiguous || !fits {
                break;
            }
            count += 1;
            bytes += segment.len as usize;
            if segment.len < first.len {
                break;
            }
        }
        self.next += count;
        let start = first.start as usize;
        let Path { remote: to, local: from } = first.to;
        Some(Run { to, from, bytes: &self.batch.bytes[start..start + bytes], segment_size: first.len as usize, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(datagrams: &[(u16, usize)]) -> Vec<(u16, usize, usize)> {
        let mut batch = TransmitBatch::default();
        for &(port, len) in datagrams {
            batch.push(SocketAddr::from(([127, 0, 0, 1], port)).into(), &vec![1; len]);
        }
        assert_eq!(batch.runs().map(|r| r.bytes.len()).sum::<usize>(), datagrams.iter().map(|d| d.1).sum());
        batch.runs().map(|r| (r.to.port(), r.segment_size, r.count)).collect()
    }

    #[test]
    fn equal_sizes_to_one_destination_are_one_run_and_a_shorter_one_ends_it() {
        assert_eq!(runs(&[(1, 100), (1, 100), (1, 60), (1, 100)]), [(1, 100, 3), (1, 100, 1)]);
        assert_eq!(runs(&[(1, 100), (2, 100), (2, 101), (1, 100)]), [(1, 100, 1), (2, 100, 1), (2, 101, 1), (1, 100, 1)]);
        assert_eq!(runs(&[]), []);
    }

    #[test]
    fn what_leaves_from_another_of_our_addresses_is_another_run() {
        let mut batch = TransmitBatch::default();
        let remote = SocketAddr::from(([127, 0, 0, 1], 1));
        for local in [1, 1, 2] {
            batch.push(Path { remote, local: Some(IpAddr::from([127, 0, 0, local])) }, &[1; 100]);
        }
        let runs: Vec<_> = batch.runs().map(|run| (run.from, run.count)).collect();
        assert_eq!(runs, [(Some(IpAddr::from([127, 0, 0, 1])), 2), (Some(IpAddr::from([127, 0, 0, 2])), 1)]);
    }

    #[test]
    fn a_run_is_what_the_kernel_takes() {
        assert_eq!(runs(&[(1, 10); 130]), [(1, 10, 64), (1, 10, 64), (1, 10, 2)]);
        assert_eq!(runs(&[(1, 1200); 60]), [(1, 1200, 50), (1, 1200, 10)]);
    }
}
