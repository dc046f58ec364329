//! Counters and gauges of one worker.

use crate::drops::DropCounters;

/// A copy of the worker's counters, and how full its tables are.
#[derive(Clone, Debug, Default)]
pub struct WorkerStats {
    /// Everything that happened so far.
    pub counters: Counters,
    /// What is held now. All zero when every peer and local track is removed.
    pub gauges: Gauges,
}

/// Monotonic.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Datagrams handed in.
    pub datagrams_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Media packets that entered a ring (recovered ones too).
    pub packets_received: u64,
    /// Of those, through a retransmission.
    pub packets_recovered: u64,
    /// Media packets sent to receivers for the first time.
    pub packets_forwarded: u64,
    /// Bytes of the same, as sent.
    pub bytes_forwarded: u64,
    /// Packets sent again because a receiver asked.
    pub packets_retransmitted: u64,
    /// Packets of padding sent to probe a receiver's network.
    pub packets_padded: u64,
    /// Sequence numbers asked for again from publishers.
    pub nacks_sent: u64,
    /// Keyframe requests sent to publishers.
    pub keyframes_requested: u64,
    /// Drops by name.
    pub drops: DropCounters,
}

/// Sizes of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Peers, connected or not.
    pub peers: usize,
    /// Uplink and local tracks.
    pub tracks: usize,
    /// Encodings of these tracks that have been seen.
    pub encodings: usize,
    /// Downlink sections.
    pub slots: usize,
    /// Downlink sections with a source.
    pub subscriptions: usize,
    /// Authenticated 4-tuples.
    pub addresses: usize,
    /// ICE user names that are answered.
    pub ufrags: usize,
    /// Entries in the timer queue.
    pub timers: usize,
    /// Tracks waiting to be forwarded.
    pub dirty: usize,
}
