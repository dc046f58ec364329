//! What tokio code wants of the worker, and the ring it comes through.

use auftakt_media::codec::Codec;
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, LayerLimit, Muted, OfferError, SeatMids, Viewing, WorkerStats};
use bytes::Bytes;
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::stats::IoStats;

pub(super) enum Command {
    Offer { peer: PeerId, offer: String, seats: Vec<SeatMids>, reply: oneshot::Sender<Result<Accepted, OfferError>> },
    Remove(PeerId),
    Assign { peer: PeerId, mid: Mid, source: Option<TrackId> },
    SetMuted { track: TrackId, muted: Muted },
    SetViewing { peer: PeerId, mid: Mid, viewing: Viewing },
    SetLayerLimit { peer: PeerId, mid: Mid, limit: LayerLimit },
    AddLocal { codec: Codec, keyframe_wanted: Arc<AtomicBool>, reply: oneshot::Sender<TrackId> },
    RemoveLocal(TrackId),
    PushLocal { track: TrackId, timestamp: u32, marker: bool, keyframe_start: bool, payload: Bytes },
    Stats(oneshot::Sender<(WorkerStats, IoStats)>),
}

/// The sending end; the receiving end is woken through an eventfd, which its poll watches beside the sockets.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    commands: mpsc::Sender<Command>,
    waker: Waker,
    overflows: Arc<AtomicU64>,
}

/// A place in the ring, kept for later.
#[derive(Debug)]
pub(super) struct Reserved {
    permit: mpsc::OwnedPermit<Command>,
    waker: Waker,
}

/// Ends a worker's sleep.
#[derive(Clone, Debug)]
pub(super) struct Waker(Arc<EventFd>);

impl Waker {
    pub(super) fn wake(&self) {
        // Fails only when 2^64 - 1 wake-ups wait, and then one is due anyway.
        let _ = self.0.write(1);
    }
}

pub(super) struct Inbox {
    commands: mpsc::Receiver<Command>,
    waker: Waker,
    overflows: Arc<AtomicU64>,
}

pub(super) fn ring(capacity: usize) -> io::Result<(Ring, Inbox)> {
    let waker = Waker(Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?));
    let overflows = Arc::new(AtomicU64::new(0));
    let (sender, receiver) = mpsc::channel(capacity);
    let ring = Ring { commands: sender, waker: waker.clone(), overflows: overflows.clone() };
    Ok((ring, Inbox { commands: receiver, waker, overflows }))
}

impl Ring {
    /// Waits while the ring is full. `false`: the worker is gone.
    pub(super) async fn send(&self, command: Command) -> bool {
        let sent = self.commands.send(command).await.is_ok();
        self.wake();
        sent
    }

    /// For what is worthless when late: dropped and counted when the ring is full. `false`: the worker is gone.
    pub(super) fn send_or_drop(&self, command: Command) -> bool {
        match self.commands.try_send(command) {
            Ok(()) => self.wake(),
            Err(TrySendError::Full(_)) => {
                self.overflows.fetch_add(1, Ordering::Relaxed);
            }
            Err(TrySendError::Closed(_)) => return false,
        }
        true
    }

    /// Keeps a place for a command that must get through from where nothing can wait. `None`: the worker is gone.
    pub(super) async fn reserve(&self) -> Option<Reserved> {
        let permit = self.commands.clone().reserve_owned().await.ok()?;
        Some(Reserved { permit, waker: self.waker.clone() })
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

impl Reserved {
    pub(super) fn send(self, command: Command) {
        self.permit.send(command);
        self.waker.wake();
    }
}

impl Inbox {
    pub(super) fn next(&mut self) -> Option<Command> {
        self.commands.try_recv().ok()
    }

    /// To be called before the ring is read: what comes later wakes again.
    pub(super) fn clear_wakeups(&self) {
        // Fails only when there is none.
        let _ = self.waker.0.read();
    }

    /// Local packets that found the ring full.
    pub(super) fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }
}

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waker.0.as_fd()
    }
}
