//! What tokio code wants of the worker, and the ring it comes through.

use auftakt_media::codec::Codec;
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, LayerLimit, Muted, OfferError, SeatMids, Viewing};
use bytes::Bytes;
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::stats::MediaStats;

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
    Stats(oneshot::Sender<MediaStats>),
}

/// The sending end; the receiving end is woken through an eventfd, which its poll watches beside the sockets.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    commands: mpsc::Sender<Command>,
    waker: Arc<EventFd>,
    overflows: Arc<AtomicU64>,
}

/// A place in the ring, kept for later.
#[derive(Debug)]
pub(super) struct Reserved {
    permit: mpsc::OwnedPermit<Command>,
    waker: Arc<EventFd>,
}

pub(super) struct Inbox {
    commands: mpsc::Receiver<Command>,
    waker: Arc<EventFd>,
    overflows: Arc<AtomicU64>,
}

pub(super) fn ring(capacity: usize) -> io::Result<(Ring, Inbox)> {
    let waker = Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?);
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
        wake(&self.waker);
    }
}

impl Reserved {
    pub(super) fn send(self, command: Command) {
        self.permit.send(command);
        wake(&self.waker);
    }
}

fn wake(waker: &EventFd) {
    // Fails only when 2^64 - 1 wake-ups wait, and then one is due anyway.
    let _ = waker.write(1);
}

impl Inbox {
    pub(super) fn next(&mut self) -> Option<Command> {
        self.commands.try_recv().ok()
    }

    /// To be called before the ring is read: what comes later wakes again.
    pub(super) fn clear_wakeups(&self) {
        // Fails only when there is none.
        let _ = self.waker.read();
    }

    /// Local packets that found the ring full.
    pub(super) fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }
}

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waker.as_fd()
    }
}
