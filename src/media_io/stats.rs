//! Counters of the IO around a worker.

use auftakt_media::worker::WorkerStats;

/// A copy of everything that is counted, one entry per worker.
#[derive(Clone, Debug, Default)]
pub struct MediaStats {
    /// What the workers did.
    pub workers: Vec<WorkerStats>,
    /// What their threads did.
    pub io: Vec<IoStats>,
    /// Rooms that each has.
    pub rooms: Vec<usize>,
}

/// Monotonic counters of one worker's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct IoStats {
    /// Returns from poll.
    pub wakeups: u64,
    /// Times the thread let datagrams gather, see [`super::MediaConfig::gather`].
    pub gathers: u64,
    /// Batches handed to the worker.
    pub batches: u64,
    /// `recvmmsg` calls.
    pub receive_calls: u64,
    /// Messages they returned; with GRO one message is many datagrams.
    pub messages_received: u64,
    /// Datagrams in those.
    pub datagrams_received: u64,
    /// Datagrams longer than our buffers: cut short by the kernel and dropped by us.
    pub datagrams_truncated: u64,
    /// Datagrams the kernel dropped because our receive buffer was full.
    pub kernel_drops: u64,
    /// `sendmmsg` calls.
    pub send_calls: u64,
    /// Messages they took; with GSO one message is many datagrams.
    pub messages_sent: u64,
    /// Datagrams in those.
    pub datagrams_sent: u64,
    /// Times the kernel refused a GSO send, which was then repeated datagram by datagram.
    pub gso_refused: u64,
    /// Datagrams dropped because the kernel's send buffer stayed full.
    pub send_buffer_full: u64,
    /// Datagrams the kernel would not send for another reason (no route, blocked, too big).
    pub send_errors: u64,
    /// Datagrams for an address family we do not listen on.
    pub no_socket: u64,
    /// Datagrams that belonged to another worker and were handed to it.
    pub strays_handed_on: u64,
    /// Datagrams that other workers handed to this one.
    pub strays_taken: u64,
    /// Commands carried out.
    pub commands: u64,
    /// Packets of local tracks that found the command ring full.
    pub command_overflows: u64,
}
