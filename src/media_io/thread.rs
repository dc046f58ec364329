//! The loop of one media worker's thread.

use super::Alive;
use super::command::{Command, Inbox};
use super::exchange::Exchange;
use super::placement::Load;
use super::socket::Sockets;
use super::stats::IoStats;
use super::sys::{RECEIVE_MESSAGES, ReceiveBatch};
use auftakt_media::Path;
use auftakt_media::id::TrackId;
use auftakt_media::worker::{Event, Flushed, LocalPacket, Stray, Worker};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// `recvmmsg` calls per socket before what they brought is sent on: bounds what the first datagram waits for the last.
const ROUNDS_MAX: usize = 4;
/// Commands per turn, and the time they may take: media goes on while a school joins (an offer takes up to a millisecond).
const COMMANDS_PER_TURN: usize = 64;
const COMMANDS_TIME: Duration = Duration::from_millis(2);
/// Without anything to do the thread looks this often whether rooms have made room for waiting events.
const IDLE: Duration = Duration::from_millis(250);
/// The same while events do wait.
const EVENTS_WAIT: Duration = Duration::from_millis(5);
/// A turn this soon after the one before counts as load, see `MediaConfig::gather`.
const BUSY_TURN: Duration = Duration::from_millis(1);

pub(super) struct Thread {
    pub(super) worker: Worker,
    pub(super) sockets: Sockets,
    pub(super) inbox: Inbox,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) gather: Duration,
    /// When there are other workers.
    pub(super) exchange: Option<Exchange>,
    pub(super) load: Arc<Load>,
    /// Dropped when this thread ends, however it does.
    pub(super) _alive: Alive,
}

/// What one turn leaves for the next.
struct Turn {
    stats: IoStats,
    /// Who wants to know about keyframe requests for tracks this process feeds.
    local_tracks: HashMap<TrackId, Arc<AtomicBool>>,
    last_batch: Instant,
    /// When the load was told, and the packets there had been by then.
    measured: (Instant, u64),
    /// When the next turn may begin, on a busy worker.
    gather_until: Option<Instant>,
    /// The eventfd was seen readable.
    called: bool,
    events_wait: bool,
    commands_left: bool,
}

impl Thread {
    /// Until told to stop.
    pub(super) fn run(mut self) {
        let mut buffers = ReceiveBatch::new();
        let mut turn = Turn {
            stats: IoStats::default(),
            local_tracks: HashMap::new(),
            last_batch: Instant::now(),
            measured: (Instant::now(), 0),
            gather_until: None,
            called: false,
            events_wait: false,
            commands_left: false,
        };
        while !self.stop.load(Ordering::Acquire) {
            self.wait(&mut turn);
            let now = Instant::now();
            let received = self.receive(now, &mut buffers, &mut turn.stats);
            turn.gather_until = None;
            if received > 0 {
                let busy = now.duration_since(turn.last_batch) < BUSY_TURN + self.gather;
                turn.gather_until = (busy && !self.gather.is_zero()).then(|| now + self.gather);
                turn.stats.batches += 1;
                turn.last_batch = now;
            }
            self.carry_out_commands(now, &mut turn);
            if self.worker.poll_timeout().is_some_and(|at| at <= now) {
                self.worker.handle_timeout(now);
            }
            if let Some(exchange) = &mut self.exchange {
                exchange.announce(&mut self.worker);
                exchange.wake();
            }
            self.send(now, &mut turn.stats);
            self.hand_out_events(&mut turn);
            self.tell_load(now, &mut turn);
        }
    }

    /// Until there is something to read, to carry out or to time out; on a busy worker until some of it has gathered: there surely is
    /// something then, and going to sleep once and waking once is most of what a small turn costs.
    fn wait(&mut self, turn: &mut Turn) {
        if let Some(at) = turn.gather_until.filter(|_| !turn.commands_left) {
            turn.stats.gathers += 1;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            return;
        }
        let idle = if turn.events_wait { EVENTS_WAIT } else { IDLE };
        let due = self.worker.poll_timeout().map_or(idle, |at| at.saturating_duration_since(Instant::now()).min(idle));
        let due = if turn.commands_left { Duration::ZERO } else { due };
        let inbox = PollFd::new(self.inbox.as_fd(), PollFlags::POLLIN);
        let mut fds = [inbox.clone(), inbox.clone(), inbox];
        for (fd, socket) in fds[1..].iter_mut().zip(self.sockets.iter()) {
            *fd = PollFd::new(socket.as_fd(), PollFlags::POLLIN);
        }
        // An interruption is as good as a wake-up.
        let ready = ppoll(&mut fds, Some(TimeSpec::from_duration(due)), None).unwrap_or(0);
        turn.stats.wakeups += 1;
        turn.called = ready > 0 && fds[0].any().unwrap_or(true);
    }

    /// Hands what has arrived to the worker. Returns the number of datagrams.
    fn receive(&mut self, now: Instant, buffers: &mut ReceiveBatch, stats: &mut IoStats) -> u64 {
        let before = stats.datagrams_received;
        for socket in self.sockets.iter_mut() {
            for _ in 0..ROUNDS_MAX {
                let count = socket.receive(buffers, stats);
                if let Some(exchange) = &self.exchange {
                    exchange.take_news(&mut self.worker);
                }
                for i in 0..count {
                    let Some(message) = buffers.message(i) else { continue };
                    socket.note_drops(&message, stats);
                    if message.truncated {
                        stats.datagrams_truncated += 1;
                        continue;
                    }
                    for datagram in message.data.chunks_mut(message.segment_size) {
                        stats.datagrams_received += 1;
                        if let Some(stray) = self.worker.handle_datagram(now, message.path, datagram) {
                            hand_on(self.exchange.as_mut(), &mut self.worker, stray, message.path, datagram, stats);
                        }
                    }
                }
                if count < RECEIVE_MESSAGES {
                    break;
                }
            }
        }
        let mut received = stats.datagrams_received - before;
        if let Some(exchange) = &self.exchange {
            let strays = exchange.take_strays(now, &mut self.worker);
            stats.strays_taken += strays;
            received += strays;
        }
        received
    }

    /// Once a second, for whoever places rooms.
    fn tell_load(&self, now: Instant, turn: &mut Turn) {
        let elapsed = now.duration_since(turn.measured.0);
        if elapsed >= Duration::from_secs(1) {
            let handled = self.worker.packets_handled();
            self.load.set_packets_per_second((handled - turn.measured.1) * 1000 / elapsed.as_millis() as u64);
            turn.measured = (now, handled);
        }
    }

    /// Everything the worker has to say now.
    fn send(&mut self, now: Instant, stats: &mut IoStats) {
        loop {
            let flushed = self.worker.flush(now);
            let batch = self.worker.transmits();
            self.sockets.send(batch, stats);
            batch.clear();
            if flushed == Flushed::Done {
                return;
            }
        }
    }

    fn carry_out_commands(&mut self, now: Instant, turn: &mut Turn) {
        if std::mem::take(&mut turn.called) {
            self.inbox.clear_wakeups();
        }
        for _ in 0..COMMANDS_PER_TURN {
            let Some(command) = self.inbox.next() else {
                turn.commands_left = false;
                return;
            };
            turn.stats.commands += 1;
            self.carry_out(now, command, turn);
            if now.elapsed() >= COMMANDS_TIME {
                break;
            }
        }
        // The eventfd has been read: whoever is left must not be forgotten.
        turn.commands_left = true;
    }

    fn carry_out(&mut self, now: Instant, command: Command, turn: &mut Turn) {
        let worker = &mut self.worker;
        // A reply that nobody waits for any more is dropped: the caller removes what it does not want.
        match command {
            Command::Offer { peer, offer, seats, reply } => drop(reply.send(worker.accept_offer(now, peer, &offer, &seats))),
            Command::Remove(peer) => worker.remove_peer(now, peer),
            Command::Assign { peer, mid, source } => worker.assign(now, peer, mid, source),
            Command::SetMuted { track, muted } => worker.set_muted(track, muted),
            Command::SetViewing { peer, mid, viewing } => worker.set_viewing(now, peer, mid, viewing),
            Command::SetLayerLimit { peer, mid, limit } => worker.set_layer_limit(peer, mid, limit),
            Command::AddLocal { codec, keyframe_wanted, reply } => {
                let track = worker.add_local_track(now, codec);
                turn.local_tracks.insert(track, keyframe_wanted);
                // Nobody would ever end it.
                if reply.send(track).is_err() {
                    turn.local_tracks.remove(&track);
                    worker.remove_local_track(now, track);
                }
            }
            Command::RemoveLocal(track) => {
                turn.local_tracks.remove(&track);
                worker.remove_local_track(now, track);
            }
            Command::PushLocal { track, timestamp, marker, keyframe_start, payload } => {
                worker.push_local(now, track, LocalPacket { timestamp, marker, keyframe_start, payload: &payload });
            }
            Command::Stats(reply) => {
                let io = IoStats { command_overflows: self.inbox.overflows(), ..turn.stats };
                drop(reply.send((worker.stats(), io)));
            }
        }
    }

    fn hand_out_events(&mut self, turn: &mut Turn) {
        while self.events.capacity() > 0 {
            turn.events_wait = false;
            let Some(event) = self.worker.poll_event() else { return };
            if let Event::KeyframeWanted { track } = event
                && let Some(wanted) = turn.local_tracks.get(&track)
            {
                wanted.store(true, Ordering::Release);
                continue;
            }
            // Room was made sure of above, so it fails only when nobody listens any more.
            let _ = self.events.try_send(event);
        }
        turn.events_wait = true;
    }
}

#[cold]
fn hand_on(exchange: Option<&mut Exchange>, worker: &mut Worker, stray: Stray, path: Path, datagram: &[u8], stats: &mut IoStats) {
    if exchange.is_some_and(|exchange| exchange.hand_on(stray, path, datagram)) {
        stats.strays_handed_on += 1;
    } else {
        worker.count_lost_stray();
    }
}
